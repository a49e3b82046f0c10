"""The line to a POP3 server: replies, listings and whole messages, of lines of any length.

What belongs here: where an answer ends (RFC 1939 section 3), and how long and how large it may be. What must never be
here: the meaning of a reply, or of a message.

A reply has one deadline for all of it. What is longer may pause for `patience` seconds at a time, and takes in all as
many plus one for each `FLOOR` octets: a server cannot buy time with single octets, and a slow line is not a silent one.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

from tui_mail.errors import MailError
from tui_mail.model import Server
from tui_mail.net.failures import ended, not_this_protocol, too_much
from tui_mail.net.line import FLOOR, BaseLine
from tui_mail.net.pop3_replies import Reply, later, nonsense, reply_of
from tui_mail.net.witness import NOBODY, Witness

TLS_PORT = 995
CAPABILITIES_LIMIT = 65_536
"""Octets of a list of capabilities."""

_GREETING = re.compile(rb"(\+OK|-ERR)(?![A-Za-z0-9])")


class Pop3Line(BaseLine):
    """One connection; see BaseLine."""

    def __init__(self, server: Server, *, timeout: float, witness: Witness = NOBODY) -> None:
        super().__init__(server, timeout=timeout, witness=witness)
        self.hidden: tuple[bytes, ...] = ()
        """Secrets, in every form in which they are sent: no reply and no error repeats them."""
        self._eol = b"\r\n"

    # --- short answers ------------------------------------------------------------------------

    def greeting(self, patience: float) -> Reply:
        """The server's first words. Raises ProtocolViolation when no POP3 server speaks there."""
        with self.greeted(TLS_PORT, patience) as deadline:
            first = self.read_line(deadline)
            if not _GREETING.match(first):
                raise not_this_protocol(self.server, first, "POP3")
            return reply_of(first, self.server.host)

    def reply(self, patience: float) -> Reply:
        """The first line of the next answer, within `patience` seconds. Raises ConnectionLost, ProtocolViolation."""
        with self.translated():
            line = self.read_line(time.monotonic() + patience, keep_cr=True)
            self._eol = b"\r\n" if line.endswith(b"\r") else b"\n"
            return reply_of(line.removesuffix(b"\r"), self.server.host, self.hidden)

    def command(self, *lines: bytes, patience: float) -> None:
        """Send whole lines at once. Raises ConnectionLost, and ProtocolViolation when the server spoke unasked."""
        if self.spoken():  # never taken for the answer to what is about to be asked
            raise self._unasked(patience)
        self.transmit(b"".join(lines), patience)

    def _unasked(self, patience: float) -> MailError:
        """Why the server speaks first: most say so before they hang up on somebody who was silent for too long."""
        reply = self.reply(patience)
        self.close()
        if reply.kind == "err":
            return later(self.server.host, reply) or ended(self.server.host, reply.text, reply.code)
        return nonsense(self.server.host, f"unasked: {reply}")

    # --- long answers -------------------------------------------------------------------------

    def lines(self, patience: float, limit: int) -> Iterator[bytes]:
        """The lines of an answer, of `limit` octets at most, each as it comes.

        To be read to its end, or the line is out of step. Raises ConnectionLost, ProtocolViolation.
        """
        with self.translated():
            began, taken = time.monotonic(), 0
            while (line := self.read_line(_until(began, taken, patience))) != b".":
                taken += len(line) + 2
                if taken > limit:
                    raise too_much(self.server.host, f"a list of more than {limit} octets")
                yield line[1:] if line.startswith(b".") else line

    def block(self, patience: float, limit: int) -> bytes:
        """The octets of a message, of `limit` at most, as they came but for the dots that are doubled on the way.

        Only a dot between two line ends, such as this server makes them, ends it: with a bare LF in a message, its
        sender could else say what the server's next answer is. Raises ConnectionLost, ProtocolViolation.
        """
        with self.translated():
            return self._block(patience, limit)

    def _block(self, patience: float, limit: int) -> bytes:
        eol, found, began = self._eol, io.BytesIO(), time.monotonic()  # BytesIO hands its octets out without a copy
        end, dots = eol + b"." + eol, eol + b".."
        while len(self._buffer) < 1 + len(eol):
            self._wait_and_fill(_until(began, 0, patience))
        if self._buffer.startswith(b"." + eol):
            del self._buffer[: 1 + len(eol)]
            return b""
        if self._buffer.startswith(b".."):
            del self._buffer[:1]
        while (at := self._buffer.find(end)) < 0:
            taken = found.tell() + len(self._buffer)
            if taken > limit:
                raise too_much(self.server.host, f"a message of more than {limit} octets")
            settled = self._settled(eol)
            found.write(self._buffer[:settled].replace(dots, dots[:-1]))
            del self._buffer[:settled]
            self._wait_and_fill(_until(began, taken, patience))
        found.write(self._buffer[: at + len(eol)].replace(dots, dots[:-1]))
        del self._buffer[: at + len(end)]
        if found.tell() > limit:
            raise too_much(self.server.host, f"a message of more than {limit} octets")
        return found.getvalue()

    def _settled(self, eol: bytes) -> int:
        """How many octets of the buffer belong neither to the end nor to a doubled dot that is only half there."""
        at = self._buffer.rfind(eol)
        if at > 0:
            return at
        if at == 0 and len(self._buffer) <= 2 * len(eol) + 1:
            return 0
        return max(0, len(self._buffer) - 1)


def _until(began: float, taken: int, patience: float) -> float:
    """The moment (monotonic) until which a long answer may keep us waiting, `taken` octets after it `began`."""
    return min(time.monotonic(), began + taken / FLOOR) + patience
