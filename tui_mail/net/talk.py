"""A conversation with an IMAP server: command, responses, completion; what came unasked is kept as events.

What belongs here: the loop that every command runs through, and the one place where exceptions of libraries
become ours. What must never be here: a single IMAP command's meaning.
"""

from __future__ import annotations

import contextlib
import imaplib
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

from imapclient import IMAPClient

from tui_mail.errors import CommandRefused, ConnectionLost, MailError, ProtocolViolation
from tui_mail.model import Security, Server
from tui_mail.net.connection import Wake, refuse_cleartext
from tui_mail.net.failures import SAFE, ended, leave_alone, lost
from tui_mail.net.replies import IdleEvent, Malformed, StatusLine, event_of, untagged
from tui_mail.net.wire import BUDGET, PATIENCE, Octets, Pieces, Wire
from tui_mail.net.witness import NOBODY, Witness

EVENTS_LIMIT = 20_000
"""Most unasked events kept; beyond, a caller resynchronizes anyway."""

Take = Callable[[str, int, list[bytes]], bool]
"""Is given kind, number and rest of an untagged response; True when it belongs to the command."""
Answer = Callable[[bytes], bytes]
"""Is given what follows the `+` of a continuation; what to send back."""


class Conversation(IMAPClient):  # type: ignore[misc]
    """imapclient on a Wire, with every command through `run`. One thread at a time, except for `shut`."""

    def __init__(
        self, server: Server, *, wake: Wake | None = None, timeout: float = 20.0, witness: Witness = NOBODY
    ) -> None:
        refuse_cleartext(server)
        self.witness = witness
        self.server = server
        self.wake = wake
        self.capabilities_now: frozenset[str] = frozenset()
        self._patience = timeout
        self._events: list[IdleEvent] = []
        self._open_stream = b""
        self._replies: dict[bytes, StatusLine] = {}
        self._leaving = False
        try:
            super().__init__(server.host, server.port, ssl=server.security is Security.TLS, timeout=timeout)
            self.peer = str(self.wire.sock.getpeername()[0])
            """Address of the server."""
        except MailError:
            raise
        except (OSError, EOFError, ValueError, imaplib.IMAP4.error) as error:
            raise lost(error, server.host) from error
        self._imap.debug = 0
        self.folder_encode = False
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:
        return Wire(self.server, timeout=self._patience, witness=self.witness)

    def _set_read_timeout(self) -> None:
        """The wire keeps its own deadlines; its socket never blocks."""

    @property
    def wire(self) -> Wire:
        """The line below."""
        wire: Wire = self._imap
        return wire

    @property
    def heard(self) -> float:
        """time.time() of the last octets from the server."""
        return self.wire.heard

    def capabilities(self) -> tuple[bytes, ...]:
        """What imapclient's own methods ask before they use an extension."""
        return tuple(name.encode() for name in sorted(self.capabilities_now))

    def note_capabilities(self, words: bytes) -> None:
        """Believe this list of capabilities from now on."""
        self.capabilities_now = frozenset(words.decode("ascii", "replace").upper().split())
        self.wire.offer(self.capabilities_now)

    # --- one command --------------------------------------------------------------------------

    def run(
        self,
        doing: str,
        *parts: bytes | Octets,
        take: Take | None = None,
        answer: Answer | None = None,
        budget: int = BUDGET,
        patience: float = PATIENCE,
    ) -> StatusLine:
        """Send a command and read to its end. `doing` completes "The server refused to …".

        Raises CommandRefused for NO and BAD, ConnectionLost, ProtocolViolation, UnsafeArgument.
        """
        with self.translated():
            tag = self.begin(*parts, budget=budget, patience=patience)
            return self.finish(tag, doing, take, answer)

    def begin(self, *parts: bytes | Octets, budget: int = BUDGET, patience: float = PATIENCE) -> bytes:
        """Send a command without waiting; what a left stream still owes is read first."""
        if self._open_stream:
            stream, self._open_stream = self._open_stream, b""
            with contextlib.suppress(CommandRefused):
                self.finish(stream, "go on")
        self.wire.begin(budget, patience)
        return self.wire.start(*parts)

    def finish(self, tag: bytes, doing: str, take: Take | None = None, answer: Answer | None = None) -> StatusLine:
        """Read until the command `tag` is complete."""
        while True:
            reply = self._replies.pop(tag, None) or self.place(self.wire.receive(), tag, take, answer)
            if reply is not None:
                return self.accepted(reply, doing)

    def streamed(
        self, doing: str, rows: Callable[[bytes], Iterator[Any]], *parts: bytes, budget: int
    ) -> Generator[Any, None, None]:
        """Yield what `rows(tag)` makes of the answer. A caller may leave at any row: the rest is read later."""
        with self.translated():
            tag = self.begin(*parts, budget=budget)
            self._open_stream = tag
            for row in rows(tag):
                yield row
                if self._open_stream != tag:
                    raise RuntimeError("another command ended this stream")
            self._open_stream = b""
            self.status_kept(tag, doing)

    def place(
        self, pieces: Pieces, tag: bytes, take: Take | None = None, answer: Answer | None = None
    ) -> StatusLine | None:
        """Put one response where it belongs; the status when it completes `tag`."""
        done = self.wire.tagged(pieces)
        if done is not None:
            self.wire.tagged_commands.pop(done[0], None)
            if done[1].code == "CAPABILITY" and done[1].status == "OK":
                self.note_capabilities(done[1].data)
            if done[0] == tag:
                return done[1]
            self._replies[done[0]] = done[1]
            return None
        if pieces[0].startswith(b"+"):
            if answer is not None:
                self.wire.send(answer(pieces[0][1:].strip()) + b"\r\n")
            return None
        try:
            kind, number, rest = untagged(pieces)
        except Malformed:
            return None
        if take is not None and take(kind, number, rest):
            return None
        if kind == "CAPABILITY":
            self.note_capabilities(rest[0])
        elif kind == "BYE" and not self._leaving:
            bye = StatusLine.parse(b"BYE " + rest[0])
            raise ended(self.host, bye.text if bye else "", bye.code if bye else "")
        else:
            self.note(pieces)
        return None

    def completes(self, pieces: Pieces, tag: bytes, take: Take | None = None) -> bool:
        """Put one response where it belongs; True when it completes `tag`, whose status is then kept."""
        reply = self.place(pieces, tag, take)
        if reply is not None:
            self._replies[tag] = reply
        return reply is not None

    def status_kept(self, tag: bytes, doing: str) -> StatusLine:
        """The status that `completes` kept. Raises CommandRefused."""
        return self.accepted(self._replies.pop(tag), doing)

    def note(self, pieces: Pieces) -> None:
        """Keep what came unasked, if it says something about folders or messages."""
        event = event_of(pieces)
        if event is not None and event.kind != "ok" and len(self._events) < EVENTS_LIMIT:
            self._events.append(event)

    def accepted(self, reply: StatusLine, doing: str) -> StatusLine:
        """The reply itself when it is OK. Raises CommandRefused, and ServerBusy when nothing else would be answered."""
        if reply.status == "OK":
            return reply
        asked = leave_alone(self.host, reply.code, reply.text)
        if asked is not None and not asked.too_many:
            raise asked
        said = f": “{reply.text.rstrip('.')}”" if reply.text else ""
        bad = reply.status == "BAD"
        verb = "could not make sense of the request to" if bad else "refused to"
        raise CommandRefused(
            f"{self.host} {verb} {doing}{said}. Nothing was lost.",
            f"{reply.status} [{reply.code}] {reply.text}",
            code=reply.code,
            bad=bad,
        )

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Let only our own exceptions out; close a connection that can no longer be understood."""
        try:
            yield
        except (ConnectionLost, ProtocolViolation):
            self.wire.shutdown()
            raise
        except MailError:
            raise
        except (OSError, EOFError, ValueError, zlib.error, imaplib.IMAP4.error) as error:
            closed = not self.wire.alive
            self.wire.shutdown()
            if closed:
                raise ConnectionLost(f"The connection to {self.host} was closed. {SAFE}", repr(error)) from error
            raise lost(error, self.host) from error

    # --- events and the end -------------------------------------------------------------------

    def drain_events(self) -> list[IdleEvent]:
        """What came unasked with other commands since the last call."""
        events, self._events = self._events, []
        return events

    def shut(self) -> None:
        """End the connection at once, from any thread; whoever uses it gets ConnectionLost."""
        self.wire.cut()

    def leave(self) -> None:
        """LOGOUT, for at most a second; never raises."""
        self._leaving = True
        with contextlib.suppress(MailError):
            if self.wire.alive:
                self.run("log out", b"LOGOUT", patience=1.0)
        self.wire.shutdown()

    @property
    def silent_for(self) -> float:
        """Seconds for which the server has owed an answer without a word, 0 when it owes none. From any thread."""
        since = self.wire.blocked_since
        return time.monotonic() - since if since else 0.0
