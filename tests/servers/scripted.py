"""A small IMAP server that says exactly what a test tells it to, also what no server may say.

    def talk(peer: Peer) -> None:
        peer.log_in()
        tag, command = peer.command()
        peer.say(b"* 1 EXISTS", tag + b" OK done")

    with Scripted(talk) as server:
        session = ImapSession.open(server.server(), "secret")

Each connection runs the script in a thread of its own. An error of the script is raised when the server closes.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tui_mail.model import Security, Server

CAPABILITIES = b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN IDLE UIDPLUS MOVE ESEARCH"

Script = Callable[["Peer"], None]


class Peer:
    """One connection, seen from the server."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None, seen: list[bytes]) -> None:
        self.sock = sock
        self.seen = seen
        self._context = context
        self._buffer = b""

    def send(self, octets: bytes) -> None:
        """Send octets in one packet."""
        self.sock.sendall(octets)

    def say(self, *lines: bytes) -> None:
        """Send lines, all in one packet."""
        self.send(b"".join(line + b"\r\n" for line in lines))

    def line(self) -> bytes:
        """The client's next line without its end. EOFError when it hung up."""
        while b"\n" not in self._buffer:
            octets = self.sock.recv(65_536)
            if not octets:
                raise EOFError
            self._buffer += octets
        line, _, self._buffer = self._buffer.partition(b"\n")
        self.seen.append(line.rstrip(b"\r"))
        return line.rstrip(b"\r")

    def octets(self, count: int) -> bytes:
        """The client's next octets: a literal."""
        while len(self._buffer) < count:
            self._buffer += self.sock.recv(65_536)
        octets, self._buffer = self._buffer[:count], self._buffer[count:]
        self.seen.append(octets)
        return octets

    def command(self, expected: bytes = b"") -> tuple[bytes, bytes]:
        """Tag and text of the next command, which begins with `expected`."""
        tag, _, text = self.line().partition(b" ")
        assert text.upper().startswith(expected), (expected, text)
        return tag, text

    def answer(self, expected: bytes, *lines: bytes, status: bytes = b"OK done") -> None:
        """Read the command `expected`, send `lines` and the tagged status."""
        tag, _ = self.command(expected)
        self.say(*lines, tag + b" " + status)

    def log_in(self, capabilities: bytes = CAPABILITIES, *, before: bytes = b"") -> None:
        """Greet, take any password, and confirm what the client enables."""
        self.say(b"* OK [CAPABILITY %s] ready" % (before or capabilities))
        tag, _ = self.command(b"AUTHENTICATE PLAIN ")
        self.say(tag + b" OK [CAPABILITY %s] logged in" % capabilities)
        if b"ENABLE" in capabilities.split():
            tag, text = self.command(b"ENABLE ")
            self.say(b"* ENABLED " + text.split(b" ", 1)[1], tag + b" OK enabled")

    def select(self, *lines: bytes, exists: int = 3, modseq: int = 0) -> None:
        """Open any folder: UIDVALIDITY 1, UIDNEXT `exists` + 1."""
        told = [b"* OK [HIGHESTMODSEQ %d] highest" % modseq] if modseq else []
        self.answer(
            b"SELECT ",
            b"* %d EXISTS" % exists,
            b"* OK [UIDVALIDITY 1] valid",
            b"* OK [UIDNEXT %d] next" % (exists + 1),
            *told,
            *lines,
            status=b"OK [READ-WRITE] open",
        )

    def encrypt(self) -> None:
        """The server's side of a TLS handshake, now."""
        assert self._context is not None
        self.sock = self._context.wrap_socket(self.sock, server_side=True)

    def wait_for_end(self) -> None:
        """Read until the client hangs up."""
        with contextlib.suppress(OSError):
            while octets := self.sock.recv(65_536):
                self.seen.append(octets)


class Scripted:
    """Listens on loopback; `certificate` is a folder with ca.pem, server.pem and server.key."""

    def __init__(
        self, script: Script, *, certificate: Path | None = None, tls: bool = False, address: str = "127.0.0.1"
    ) -> None:
        self.address = address
        self.seen: list[bytes] = []
        """Every line and literal that clients sent, without line ends."""
        self._script = script
        self._certificate = certificate
        self._tls = tls
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._peers: list[Peer] = []
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(peer.sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        if error is None and self._errors:
            raise self._errors[0]

    def server(self, security: Security = Security.NONE, **more: str) -> Server:
        """How to log in here as anna."""
        ca = str(self._certificate / "ca.pem") if self._certificate else ""
        settings = {"user": "anna", "ca_file": ca, **more}
        return Server(self.address, self.port, security, **settings)  # type: ignore[arg-type]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        context = None
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate / "server.pem", self._certificate / "server.key")
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, self._listener.accept()[0], context)

    def _serve(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(sock, context, self.seen)
        self._peers.append(peer)
        try:
            if self._tls:
                peer.encrypt()
            self._script(peer)
        except (OSError, EOFError):
            pass
        except BaseException as error:
            self._errors.append(error)
        finally:
            peer.sock.close()
