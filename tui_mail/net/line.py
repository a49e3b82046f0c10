"""The line to a server that is spoken to in lines: octets out, lines in, and limits on what a server may do to us.

What belongs here: what SMTP and POP3 have in common, that is connecting, the buffer, time limits, STARTTLS. What must
never be here: the meaning of a line, or a log of what was sent (passwords pass here).

What we send may be held up for `patience` seconds at a time, and in all for as many plus one for each `FLOOR` octets
taken: a slow line is not a silent one.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Iterator

from tui_mail.errors import CertificateRefused, MailError
from tui_mail.model import Security, Server
from tui_mail.net.connection import dial, ready, refuse_cleartext, secure, speaks_tls, tls_version
from tui_mail.net.failures import SAFE, lost, no_greeting, too_much, wants_tls
from tui_mail.net.witness import NOBODY, Witness

CHUNK = 65_536
QUICK = 3.0
"""Seconds of silence after which a TLS port is known to want TLS: there, each side would wait for the other's word.
On other ports silence may be meant, and whoever cannot bear it is put on a blacklist."""
FLOOR = 512
"""Octets per second below which a line is not worth waiting for."""


class BaseLine:
    """One connection. One thread at a time; only `cut` may come from another. Every error of it closes it."""

    line_limit = 4_096
    """Longest line, octets."""
    unread_limit = 65_536
    """Octets that are taken while nobody reads lines."""

    def __init__(self, server: Server, *, timeout: float, witness: Witness = NOBODY) -> None:
        """Connect, and encrypt when the port is a TLS port. Raises Unreachable, CertificateRefused, ConnectionLost."""
        refuse_cleartext(server)
        self.server = server
        self.witness = witness
        self.alive = True
        self.heard = time.time()
        """When the last octet came, seconds since the epoch."""
        self._buffer = bytearray()
        self._ended = False
        self._sock: socket.socket = dial(server, timeout=timeout)
        self._sock.setblocking(False)
        witness.connected(str(self._sock.getpeername()[0]))
        if server.security is Security.TLS:
            self._encrypt(timeout)

    @property
    def tls(self) -> str:
        """The version of TLS that protects the line, "TLS 1.3"; empty while none does."""
        return tls_version(self._sock)

    # --- receiving ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def greeted(self, tls_port: int, patience: float) -> Iterator[float]:
        """Around the reading of the server's first words: the deadline for them, and the errors of this moment.

        `tls_port` is the protocol's port for TLS from the start.
        """
        server = self.server
        wrong_port = server.port == tls_port and server.security is not Security.TLS
        try:
            yield time.monotonic() + (min(QUICK, patience) if wrong_port else patience)
        except (OSError, EOFError) as error:
            self.close()
            silent = isinstance(error, TimeoutError) and server.security is not Security.TLS
            if silent and speaks_tls(server, timeout=min(QUICK, patience)):
                raise wants_tls(server) from error
            raise no_greeting(server, error) from error
        except MailError:
            self.close()
            raise

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Around what reads: whatever comes of it is one of our errors, and closes the line."""
        try:
            yield
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise lost(error, self.server.host) from error
        except MailError:
            self.close()
            raise

    def spoken(self) -> bool:
        """True when the server said something, or hung up, before anything was asked. Does not wait."""
        try:
            while self._fill():
                if len(self._buffer) > self.unread_limit:
                    break
        except (OSError, EOFError, ValueError):
            self._ended = True
        return self._ended or bool(self._buffer)

    def read_line(self, deadline: float, *, keep_cr: bool = False) -> bytes:
        """The next line without its end, until `deadline` (monotonic). Raises OSError, EOFError, ProtocolViolation."""
        while (end := self._buffer.find(b"\n", 0, self.line_limit)) < 0:
            if len(self._buffer) >= self.line_limit:
                raise too_much(self.server.host, "a line without end")
            self._wait_and_fill(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line if keep_cr else line.removesuffix(b"\r")

    def _wait_and_fill(self, deadline: float) -> None:
        while not self._fill():
            left = deadline - time.monotonic()
            if left <= 0 or ready(self._sock, left) == "timeout":
                raise TimeoutError("no reply in time")

    def _fill(self) -> bool:
        """Append what has arrived; False when that is nothing. EOFError at the end."""
        if self._ended:
            raise EOFError("the server closed the connection")
        try:
            octets = self._sock.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        if not octets:
            raise EOFError("the server closed the connection")
        self._buffer += octets
        self.heard = time.time()
        return True

    # --- sending ------------------------------------------------------------------------------

    def transmit(self, octets: bytes, patience: float, *, heed: bool = False) -> bool:
        """Send octets. With `heed`, stop as soon as the server says something: False. Raises ConnectionLost."""
        try:
            return self._transmit(octets, patience, heed)
        except (OSError, EOFError, ValueError) as error:
            if heed and self.spoken() and self._buffer:
                return False  # it said why before it hung up
            self.close()
            raise lost(error, self.server.host) from error

    def _transmit(self, octets: bytes, patience: float, heed: bool) -> bool:
        waited, sent = 0.0, 0
        with memoryview(octets) as view:
            while sent < len(view):
                try:
                    sent += self._sock.send(view[sent : sent + CHUNK])
                    continue
                except (BlockingIOError, ssl.SSLWantWriteError):
                    for_write = True
                except ssl.SSLWantReadError:
                    for_write = False
                began, allowed = time.monotonic(), min(patience, patience + sent / FLOOR - waited)
                if allowed <= 0 or not self._await_room(allowed, for_write, heed):
                    raise TimeoutError("the server takes no more data")
                if heed and self.spoken():
                    return False
                waited += time.monotonic() - began
        return True

    def _await_room(self, timeout: float, for_write: bool, heed: bool) -> bool:
        """Wait until octets can be sent, or (`heed`) something has arrived; False when neither comes in time."""
        wanted = selectors.EVENT_WRITE if for_write else selectors.EVENT_READ
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, wanted | (selectors.EVENT_READ if heed else 0))
            return bool(selector.select(timeout))

    # --- TLS, and the end ---------------------------------------------------------------------

    def encrypt(self, timeout: float) -> None:
        """Change to TLS, as the server just agreed to. Octets that came before encryption are never believed."""
        if self._buffer:
            self.close()
            raise CertificateRefused(
                f"{self.server.host} sent data before encryption began, as someone tampering with the connection would "
                f"do. It was closed, and nothing was sent. {SAFE}",
                "octets between the consent to TLS and its handshake",
            )
        try:
            self._encrypt(timeout)
        except MailError:
            self.close()
            raise

    def _encrypt(self, timeout: float) -> None:
        encrypted = secure(self._sock, self.server, timeout=timeout)
        self._sock = encrypted
        self.witness.encrypted(encrypted)

    def cut(self) -> None:
        """End the connection from any thread: whoever waits on it gets an end of file."""
        self.alive = False
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection now; what had come and was not read is forgotten. Never raises."""
        self.cut()
        self._sock.close()
        self._buffer.clear()
