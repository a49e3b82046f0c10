"""The line to an SMTP server: its replies, each whole before a deadline, and commands that no early word answers.

What belongs here: which lines belong to one reply (RFC 5321 section 4.2.1). What must never be here: the meaning of a
reply, or octets and time, which are those of every line (line).

A reply has one deadline for all of it, so that a server cannot buy time with single octets.
"""

from __future__ import annotations

import re
import time

from tui_mail.net.failures import not_this_protocol, too_much
from tui_mail.net.line import BaseLine
from tui_mail.net.smtp_replies import LINE_LIMIT, LINES_LIMIT, REPLY_LIMIT, Reply, is_last, later, nonsense, reply_of

TLS_PORT = 465

_GREETING = re.compile(rb"(220|[45][0-9]{2})([ -]|$)")


class Line(BaseLine):
    """One connection; see BaseLine."""

    line_limit = LINE_LIMIT
    unread_limit = REPLY_LIMIT

    def greeting(self, patience: float) -> Reply:
        """The server's first words. Raises ProtocolViolation when no SMTP server speaks there."""
        with self.greeted(TLS_PORT, patience) as deadline:
            first = self.read_line(deadline)
            if not _GREETING.match(first):
                raise not_this_protocol(self.server, first, "SMTP")
            return self._reply([first], deadline)

    def reply(self, patience: float) -> Reply:
        """The next reply, whole within `patience` seconds. Raises ConnectionLost, ProtocolViolation."""
        with self.translated():
            deadline = time.monotonic() + patience
            return self._reply([self.read_line(deadline)], deadline)

    def command(self, *lines: bytes, patience: float) -> None:
        """Send whole lines at once. Raises ConnectionLost, and ProtocolViolation when the server spoke unasked."""
        if self.spoken():  # never taken for the answer to what is about to be asked
            reply = self.reply(patience)
            self.close()
            if reply.code == 421:
                raise later(self.server.host, reply)
            raise nonsense(self.server.host, f"unasked: {reply}")
        self.transmit(b"".join(lines), patience)

    def _reply(self, lines: list[bytes], deadline: float) -> Reply:
        host, size = self.server.host, 0
        while not is_last(lines[-1], host):
            size += len(lines[-1])
            if len(lines) >= LINES_LIMIT or size > REPLY_LIMIT:
                raise too_much(host, f"a reply of more than {len(lines)} lines")
            lines.append(self.read_line(deadline))
        return reply_of(lines, host)
