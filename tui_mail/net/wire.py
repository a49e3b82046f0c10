"""The line to an IMAP server: octets in both directions, and limits on what a server may do to us.

What belongs here: buffer, lines and literals, the one place where octets are sent, time and size limits,
STARTTLS, COMPRESS, waiting. What must never be here: the meaning of a response beyond "tagged, untagged,
continuation", or a log of what was sent (passwords pass here).

A command has a byte budget and may keep us waiting `patience` seconds plus one second per `FLOOR` octets
received: that bounds a slow drip and still lets a big answer come over a slow line. Time that the caller
spends between two responses does not count.
"""

from __future__ import annotations

import contextlib
import imaplib
import random
import re
import socket
import ssl
import time
import zlib
from collections import deque
from typing import Any, NoReturn

from tui_mail.errors import CertificateRefused, ConnectionLost, ProtocolViolation, UnsafeArgument
from tui_mail.model import Security, Server
from tui_mail.net.connection import Outcome, Wake, dial, ready, secure, speaks_tls
from tui_mail.net.failures import SAFE, ended, no_greeting, not_this_protocol, too_much, wants_tls
from tui_mail.net.replies import StatusLine
from tui_mail.net.witness import NOBODY, Witness
from tui_mail.records import frozen

CRLF = b"\r\n"
CHUNK = 262_144
TLS_RECORD = 16_384
"""ssl allocates what is asked for and gives one record at most."""
LINE_LIMIT = 64 * 1024 * 1024
"""Longest line, octets: a SEARCH answer of a folder with ten million messages."""
LITERALS_LIMIT = 1_000
"""Most literals in one response."""
BUDGET = 16 * 1024 * 1024
"""Octets that an ordinary command may answer."""
PATIENCE = 60.0
GREETING = 3.0
"""Seconds of silence after which a TLS port is suspected: there, each side would wait for the other's first word."""
FLOOR = 2_048
"""Octets per second below which a line is not worth waiting for."""
RATIO_FREE, RATIO = 64 * 1024 * 1024, 500
"""Inflated octets of a command from which on COMPRESS may yield at most RATIO for one."""

_FORBIDDEN = re.compile(rb"[\r\n\0]")


@frozen
class Octets:
    """An argument sent as a literal, the only one that may hold CR, LF or 8-bit octets."""

    data: bytes


Pieces = list[bytes]
"""One response: text, literal, text, …, text; the `{n}` markers are left out."""


class Wire(imaplib.IMAP4):
    """imaplib's connection on a buffer of our own. One thread at a time; only `cut` may come from another."""

    def __init__(self, server: Server, *, timeout: float = 20.0, witness: Witness = NOBODY) -> None:
        self.server = server
        self.witness = witness
        self.buffer = bytearray()
        self.position = 0
        """Octets of `buffer` before this are consumed."""
        self.heard = 0.0
        self.alive = True
        self.blocked_since = 0.0
        """time.monotonic() since when an answer is waited for in vain; 0 while none is."""
        self.greeting = StatusLine("", "", b"", "")
        self._timeout = timeout
        self._scanned = 0
        self.waiting: deque[Pieces] = deque()
        """Responses that came while a literal waited for its go-ahead."""
        self._inflate: Any = None
        self._deflate: Any = None
        self._literal_plus = self._literal_minus = False
        self.begin()
        super().__init__(server.host, server.port, timeout)

    # --- limits -------------------------------------------------------------------------------

    def begin(self, budget: int = BUDGET, patience: float = PATIENCE) -> None:
        """A new command: it may answer `budget` octets and be silent for `patience` seconds in all."""
        self._left = budget
        self._patience = patience
        self._waited = 0.0
        self._received = 0
        self._inflated = self._wire_in = 0

    def offer(self, capabilities: frozenset[str]) -> None:
        """Which kinds of literals the server takes without being asked first (RFC 7888)."""
        self._literal_plus = "LITERAL+" in capabilities
        self._literal_minus = "LITERAL-" in capabilities

    # --- what imaplib calls -------------------------------------------------------------------

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect, and encrypt when the server's port is a TLS port."""
        self.host, self.port = self.server.host, self.server.port
        self.sock: socket.socket = dial(self.server, timeout=timeout or self._timeout)
        self.witness.connected(str(self.sock.getpeername()[0]))
        if self.server.security is Security.TLS:
            self._secure(timeout or self._timeout)
        self.sock.setblocking(False)

    def _connect(self) -> None:
        prefix: Any = imaplib.Int2AP(random.randint(4096, 65535))  # noqa: S311
        self.tagpre = prefix
        self.tagre = re.compile(b"(?P<tag>" + prefix + rb"\d+) (?P<type>[A-Z]+) (?P<data>.*)", re.ASCII)
        quick = min(GREETING, self._timeout)
        silent = self.server.security is not Security.TLS and self.wait(quick) == "timeout"
        if silent and speaks_tls(self.server, timeout=quick):
            raise wants_tls(self.server)
        self.begin(64 * 1024, self._timeout)
        try:
            line = self.readline().rstrip(CRLF)
        except (OSError, EOFError) as error:
            raise no_greeting(self.server, error) from error
        greeting = StatusLine.parse(line[2:]) if line.startswith(b"* ") else None
        if greeting is not None:
            self.witness.greeted(greeting.text)
        if greeting is None or greeting.status not in ("OK", "PREAUTH", "BYE"):
            raise not_this_protocol(self.server, line)
        if greeting.status == "BYE":
            raise ended(self.host, greeting.text, greeting.code)
        self.greeting = greeting
        self.welcome = line
        self.state = "AUTH" if greeting.status == "PREAUTH" else "NONAUTH"
        self.capabilities = ()
        self.PROTOCOL_VERSION = "IMAP4REV1"

    def readline(self) -> bytes:
        """The next line with its end."""
        end = self._line_end()
        while end < 0:
            if len(self.buffer) - self.position > LINE_LIMIT:
                raise too_much(self.host, "a line without end")
            self.fill()
            end = self._line_end()
        line: bytes = bytes(self.buffer[self.position : end])
        self.position = self._scanned = end
        return line

    def read(self, size: int) -> bytes:
        """Exactly `size` octets."""
        if size > self._left + len(self.buffer):
            raise too_much(self.host, f"a literal of {size} octets")
        self.need(size)
        start = self.position
        self.position = self._scanned = start + size
        with memoryview(self.buffer) as view:
            return bytes(view[start : start + size])

    def send(self, data: bytes) -> None:  # type: ignore[override]
        """Send one line or a piece of one. Every argument passes here; literals alone take another way.

        Raises UnsafeArgument on CR, LF or NUL anywhere but in the CRLF at the end.
        """
        if _FORBIDDEN.search(data[:-2] if data.endswith(CRLF) else data):
            raise UnsafeArgument(
                "Something that was to be sent to the server holds a line break or a NUL character, which could be "
                "read as another command. Nothing was sent. Remove that character and try again."
            )
        self._transmit(data)

    def shutdown(self) -> None:
        """Close the connection now; never raises."""
        self.alive = False
        self.state = "LOGOUT"
        sock = getattr(self, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            sock.close()

    def __del__(self) -> None:
        self.shutdown()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> NoReturn:
        """Not imaplib's way: see `encrypt`."""
        raise NotImplementedError

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would keep the last ten lines, passwords among them."""

    def _mesg(self, s: str, secs: float | None = None) -> None:
        """Say nothing on the terminal."""

    # --- commands and responses ---------------------------------------------------------------

    def start(self, *parts: bytes | Octets) -> bytes:
        """Send a command, its parts joined by spaces; its tag. Raises UnsafeArgument before any octet left."""
        if not self.alive:
            raise ConnectionLost(f"The connection to {self.host} is closed. {SAFE} It is made anew by itself.")
        for part in parts:
            if isinstance(part, bytes) and _FORBIDDEN.search(part):
                self.send(part)
        tag: bytes = self._new_tag()
        line = tag
        for part in parts:
            if isinstance(part, bytes):
                line += b" " + part
                continue
            size = len(part.data)
            ahead = self._literal_plus or (self._literal_minus and size <= 4_096)
            self.send(line + b" {%d%s}\r\n" % (size, b"+" if ahead else b""))
            if not ahead and not self._go_ahead(tag):
                return tag
            self._transmit(part.data)
            line = b""
        self.send(line + CRLF)
        return tag

    def receive(self, keep: int = BUDGET) -> Pieces:
        """The next whole response. Of a literal longer than `keep`, only that many octets are kept."""
        if self.waiting:
            return self.waiting.popleft()
        return self._fresh(keep)

    def _fresh(self, keep: int = BUDGET) -> Pieces:
        line = self.readline()
        pieces: Pieces = []
        while True:
            text = line.rstrip(CRLF)
            at = text.rfind(b"{", max(0, len(text) - 24)) if text.endswith(b"}") else -1
            count = text[at + 1 : -1].rstrip(b"+") if at >= 0 else b""
            if not count.isdigit() or (not pieces and not _may_hold_literals(text)):
                pieces.append(text)
                return pieces
            size = int(count)
            if len(pieces) >= 2 * LITERALS_LIMIT or size > self._left + len(self.buffer):
                raise too_much(self.host, f"{len(pieces)} pieces, then a literal of {size} octets")
            pieces += (text[:at], self.read(min(size, keep)))
            self._skip(size - min(size, keep))
            line = self.readline()

    def tagged(self, pieces: Pieces) -> tuple[bytes, StatusLine] | None:
        """Tag and status when the response completes a command; None for untagged and continuation.

        Raises ProtocolViolation for a response that is none of the three, or completes what was never sent.
        """
        line = pieces[0]
        if line.startswith((b"* ", b"+")):
            return None
        tag, _, rest = line.partition(b" ")
        status = StatusLine.parse(rest)
        if tag not in self.tagged_commands or status is None or status.status not in ("OK", "NO", "BAD"):
            raise ProtocolViolation(
                f"{self.host} sent something that is no answer. {SAFE} The connection was closed and is made anew.",
                f"response {line[:200]!r}",
            )
        return tag, status

    def _go_ahead(self, tag: bytes) -> bool:
        """Wait for the `+` before a literal; False when the command was refused instead."""
        while True:
            pieces = self._fresh()
            if pieces[0].startswith(b"+"):
                return True
            self.waiting.append(pieces)
            done = self.tagged(pieces)
            if done and done[0] == tag:
                return False

    # --- STARTTLS and COMPRESS ----------------------------------------------------------------

    def encrypt(self) -> None:
        """Change to TLS after the server's OK to STARTTLS. Octets that came before encryption are never believed."""
        if len(self.buffer) > self.position:
            self.shutdown()
            raise CertificateRefused(
                f"{self.host} sent data before encryption began, as someone tampering with the connection would do. "
                f"It was closed, and nothing was sent. {SAFE}",
                "octets after the STARTTLS reply",
            )
        self.buffer.clear()
        self.position = self._scanned = 0
        self.untagged_responses.clear()
        self._secure(self._timeout)

    def _secure(self, timeout: float) -> None:
        encrypted = secure(self.sock, self.server, timeout=timeout)
        self.sock = encrypted
        self.witness.encrypted(encrypted)

    def compress(self) -> None:
        """Change to DEFLATE after the server's OK to COMPRESS (RFC 4978)."""
        self._inflate = zlib.decompressobj(-15)
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        rest = bytes(self.buffer[self.position :])
        del self.buffer[self.position :]
        if rest:
            self._accept(rest)

    # --- octets -------------------------------------------------------------------------------

    def need(self, size: int) -> None:
        """Have at least `size` octets behind `position`."""
        while len(self.buffer) - self.position < size:
            self.fill()

    def fill(self) -> None:
        """Append at least one octet to `buffer`; what was consumed is dropped, so `position` becomes 0."""
        before = len(self.buffer) - self.position
        while not self.fill_ready() or len(self.buffer) - self.position == before:
            self._pause()

    def fill_ready(self) -> bool:
        """Append what has arrived already, without waiting; False when that is nothing. EOFError at the end."""
        if self.position:
            self._scanned = max(0, self._scanned - self.position)
            del self.buffer[: self.position]
            self.position = 0
        if self._inflate is not None and self._inflate.unconsumed_tail:
            self._accept(b"")
            return True
        try:
            octets = self.sock.recv(TLS_RECORD if isinstance(self.sock, ssl.SSLSocket) else CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        if not octets:
            raise EOFError("the server closed the connection")
        self.heard = time.time()
        self._received += len(octets)
        self._accept(octets)
        return True

    def has_line(self) -> bool:
        """True when the start of a response is in the buffer, to its line's end."""
        return self._line_end() >= 0

    def wait(self, timeout: float, wake: Wake | None = None) -> Outcome:
        """Wait for octets, `wake`, or `timeout` seconds; honours what TLS or DEFLATE hold back."""
        held = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0
        if held or (self._inflate is not None and self._inflate.unconsumed_tail):
            return "ready"
        return ready(self.sock, timeout, wake=wake)

    def cut(self) -> None:
        """End the connection from another thread: whoever waits on it gets an end of file."""
        self.alive = False
        with contextlib.suppress(OSError, AttributeError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _line_end(self) -> int:
        found = self.buffer.find(b"\n", max(self._scanned, self.position))
        if found < 0:
            self._scanned = len(self.buffer)
            return -1
        return found + 1

    def _skip(self, size: int) -> None:
        while size:
            held = min(size, len(self.buffer) - self.position)
            self.position += held
            self._scanned = self.position
            size -= held
            if size:
                self.fill()

    def _pause(self) -> None:
        began, allowed = time.monotonic(), self._patience + self._received / FLOOR - self._waited
        if allowed <= 0 or self._owed(allowed) == "timeout":
            raise TimeoutError(f"nothing for {self._waited:.0f} s")
        self._waited += time.monotonic() - began

    def _owed(self, timeout: float, *, write: bool = False) -> Outcome:
        self.blocked_since = time.monotonic()
        try:
            return ready(self.sock, timeout, write=True) if write else self.wait(timeout)
        finally:
            self.blocked_since = 0.0

    def _accept(self, octets: bytes) -> None:
        if self._inflate is not None:
            self._wire_in += len(octets)
            octets = self._inflate.decompress(self._inflate.unconsumed_tail + octets, CHUNK)
            self._inflated += len(octets)
            if self._inflated > max(RATIO_FREE, RATIO * self._wire_in):
                raise too_much(self.host, "a compression bomb")
        self._left -= len(octets)
        if self._left < 0:
            raise too_much(self.host, "the byte budget of the command is used up")
        self.buffer += octets

    def _transmit(self, data: bytes) -> None:
        if self._deflate is not None:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        with memoryview(data) as view:
            sent = 0
            while sent < len(data):
                try:
                    sent += self.sock.send(view[sent : sent + CHUNK])
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError) as full:
                    if self._owed(self._patience, write=not isinstance(full, ssl.SSLWantReadError)) == "timeout":
                        raise TimeoutError("the server takes no more data") from None


def _may_hold_literals(line: bytes) -> bool:
    """False for a status line: its words are for people, and a `{5}` at their end announces nothing."""
    return line.startswith(b"* ") and StatusLine.parse(line[2:]) is None
