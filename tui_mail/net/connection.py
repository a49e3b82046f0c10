"""From a host name to a trusted line: names, TCP, keepalive, TLS policy, back-off, and waking a sleeping thread.

What belongs here: everything about a connection that does not depend on the mail protocol spoken on it.
What must never be here: an unverified TLS connection, or a retry that lowers the protection.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import random
import select
import socket
import ssl
import time
from typing import Literal

from tui_mail.errors import CertificateRefused, MailError
from tui_mail.model import Security, Server
from tui_mail.net.addresses import connect_first, places_of
from tui_mail.net.failures import cleartext_refused, connect_failure, tls_failure

Outcome = Literal["ready", "wake", "timeout"]


class Wake:
    """Ends another thread's wait. Level-triggered: it stays set until `clear`. Safe from every thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def set(self) -> None:
        """Wake whoever waits, now or next time."""
        with contextlib.suppress(OSError):
            self._writer.send(b"!")

    def clear(self) -> None:
        """Forget every `set` so far."""
        with contextlib.suppress(OSError):
            while self._reader.recv(4096):
                pass

    def fileno(self) -> int:
        """The descriptor that becomes readable; -1 after `close`."""
        return self._reader.fileno()

    def close(self) -> None:
        """Give the descriptors back."""
        self._reader.close()
        self._writer.close()


class Backoff:
    """How long to wait before the next try: doubling from about a second to about five minutes, with jitter."""

    def __init__(self) -> None:
        self._tries = 0

    def next(self) -> float:
        """Seconds until the next try; the first is at most one second away."""
        tries, self._tries = self._tries, min(self._tries + 1, 16)
        if not tries:
            return random.uniform(0.2, 1.0)  # noqa: S311
        return float(min(300, 2 * 2 ** (tries - 1)) * random.uniform(0.5, 1.5))  # noqa: S311

    def reset(self) -> None:
        """Start over; to be called after a minute of health."""
        self._tries = 0


def is_loopback(host: str) -> bool:
    """True when `host` is this computer, by name or by address; no name is looked up."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_cleartext(server: Server) -> None:
    """Raise CertificateRefused when a password would cross a network unencrypted without the person's consent."""
    if server.security is Security.NONE and not (server.allow_cleartext or is_loopback(server.host)):
        raise cleartext_refused(server)


def tls_context(server: Server) -> ssl.SSLContext:
    """A context that trusts what `server` says: the system's authorities, `ca_file`'s, or one certificate.

    TLS 1.2 or later. With a fingerprint the context itself refuses every other certificate, so that no
    caller can forget to. Raises CertificateRefused when `ca_file` cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=server.ca_file or None)
    except (OSError, ValueError) as error:
        raise CertificateRefused(
            f"The file of trusted authorities for {server.host}, {server.ca_file}, cannot be read. "
            "Nothing was sent. Correct ca_file in config.toml.",
            repr(error),
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.fingerprint:
        pin = server.fingerprint.replace(":", "").replace(" ", "").lower()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.sslsocket_class = type("PinnedSocket", (_PinnedSocket,), {"pin": pin})
    return context


def dial(server: Server, *, timeout: float = 15.0) -> socket.socket:
    """A TCP connection with keepalive. Raises Unreachable with the reason in a person's words."""
    try:
        sock = connect_first(places_of(server.host, server.port), timeout)
    except (OSError, UnicodeError, OverflowError) as error:
        raise connect_failure(error, server) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", 60),
        ("TCP_KEEPALIVE", 60),
        ("TCP_KEEPINTVL", 20),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 60_000),
    ):
        if hasattr(socket, option):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock


def source_address(peer: str) -> str:
    """The address of this computer on the way to `peer`, another one in another network; "" when there is no way.

    Nothing is sent: a datagram socket that is connected only looks the way up.
    """
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((peer, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def secure(sock: socket.socket, server: Server, *, timeout: float = 15.0) -> ssl.SSLSocket:
    """TLS on `sock`, verified, non-blocking; the whole handshake within `timeout` seconds.

    Closes `sock` and raises CertificateRefused, Unreachable or ConnectionLost when it does not come about.
    """
    deadline = time.monotonic() + timeout
    line: socket.socket = sock
    try:
        context = tls_context(server)
        sock.setblocking(False)
        line = context.wrap_socket(sock, server_hostname=server.host, do_handshake_on_connect=False)
        while True:
            try:
                line.do_handshake()
                return line
            except ssl.SSLWantReadError:
                outcome = ready(line, deadline - time.monotonic())
            except ssl.SSLWantWriteError:
                outcome = ready(line, deadline - time.monotonic(), write=True)
            if outcome == "timeout":
                raise TimeoutError("TLS handshake")
    except MailError:
        line.close()
        raise
    except (OSError, ValueError) as error:
        line.close()
        raise tls_failure(error, server) from error


def tls_version(sock: socket.socket) -> str:
    """The version of TLS that protects a connection, "TLS 1.3"; empty when none does."""
    version = sock.version() if isinstance(sock, ssl.SSLSocket) else None
    return (version or "").replace("TLSv", "TLS ")


def speaks_tls(server: Server, *, timeout: float = 5.0) -> bool:
    """Whether TLS begins at once on that port. A look only: nothing is verified and nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(MailError, OSError, ValueError), dial(server, timeout=timeout) as sock:
        sock.settimeout(timeout)
        with context.wrap_socket(sock):
            return True
    return False


def ready(sock: socket.socket, timeout: float, *, write: bool = False, wake: Wake | None = None) -> Outcome:
    """Wait until `sock` can be read (or written), `wake` is set, or `timeout` seconds have passed."""
    woken = wake.fileno() if wake else -1
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLOUT if write else select.POLLIN)
        if woken >= 0:
            poll.register(woken, select.POLLIN)
        found = [descriptor for descriptor, _ in poll.poll(max(0.0, timeout) * 1000)]
    else:
        waiting = [woken] if woken >= 0 else []
        lists = select.select(
            waiting if write else [sock.fileno(), *waiting], [sock.fileno()] if write else [], [], max(0.0, timeout)
        )
        found = [*lists[0], *lists[1]]
    if sock.fileno() in found:
        return "ready"
    return "wake" if found else "timeout"


class _PinnedSocket(ssl.SSLSocket):
    """Trusts exactly one certificate, whatever its name, issuer and dates."""

    pin = ""

    def do_handshake(self, block: bool = False) -> None:
        """Handshake, then compare the certificate's SHA-256 with the pin."""
        super().do_handshake(block)
        certificate = self.getpeercert(binary_form=True) or b""
        found = hashlib.sha256(certificate).hexdigest()
        if not hmac.compare_digest(found, self.pin):
            raise ssl.SSLCertVerificationError(f"fingerprint {found} is not the trusted one")
