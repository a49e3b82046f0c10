"""Looks at a server that cannot be trusted (yet): what speaks there, which certificate it shows, what time it has.

What belongs here: a few harmless words to a port, and what comes back. What must never be here: a credential, or a
result that a session could go by. Nothing is verified here, so everything seen is only good for a sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import ssl
import time
from dataclasses import replace

from tui_mail.errors import MailError
from tui_mail.model import Protocol, Security, Server
from tui_mail.net.line import BaseLine
from tui_mail.records import frozen

QUICK = 3.0
"""Seconds in which a server that speaks first has spoken."""
_LINES = 60
"""Most lines that are read of an answer."""
_KINDS = (
    ("imap", re.compile(rb"\* (OK|PREAUTH|BYE)\b")),
    ("pop3", re.compile(rb"(\+OK|-ERR)\b")),
    ("smtp", re.compile(rb"[245]\d\d[ -]")),
    ("http", re.compile(rb"HTTP/\d|<(!|html)", re.IGNORECASE)),
)
_DATE = re.compile(r"\b[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(:\d\d)?( ?[+-]\d{4}| GMT)?")


@frozen
class Certificate:
    """What a certificate says of itself."""

    names: tuple[str, ...]
    """The hosts that it is for; untrusted."""
    issuer: str
    """Who signed it; untrusted."""
    begins: int
    ends: int
    """First and last second in which it is valid."""
    fingerprint: str
    """SHA-256 of all of it, hex."""


@frozen
class Sight:
    """What a port was seen to speak."""

    kind: str = "nothing"
    """imap | pop3 | smtp | http | other | silent: it takes connections and says nothing | nothing: no connection."""
    tls: bool = False
    """TLS from the start."""
    starttls: bool = False
    """It offers to begin TLS, and does."""
    certificate: Certificate | None = None
    date: str = ""
    """A date in its first words, as it stands there; untrusted."""

    def speaks(self, service: str) -> bool:
        """It is a server for this ("imap", "pop3", "smtp"), and encrypts."""
        return self.kind == service and (self.tls or self.starttls)


def service_of(protocol: Protocol, leg: str) -> str:
    """What a leg is to speak: imap, pop3 or smtp."""
    return "smtp" if leg == "outgoing" else protocol.value


def look(server: Server, service: str, *, timeout: float = 8.0) -> Sight:
    """What speaks on that port. First nothing is said, then TLS is tried, then HTTP. Never raises a MailError."""
    deadline = time.monotonic() + timeout
    first = _look_tls if server.security is Security.TLS else _look_plain
    other = _look_plain if server.security is Security.TLS else _look_tls
    seen = first(server, service, deadline)
    if seen.kind in ("silent", "other"):
        seen = max(seen, other(server, service, deadline), key=_worth)
    if seen.kind in ("silent", "other"):
        seen = max(seen, _look_http(server, deadline), key=_worth)
    return seen


def date_in(words: str) -> str:
    """The date that a server's first words hold, as it stands there; empty when there is none."""
    found = _DATE.search(words)
    return found[0] if found else ""


def certificate_of(line: ssl.SSLSocket) -> Certificate | None:
    """The certificate that a TLS connection goes by; None when there is none, or none that can be read."""
    return described(line.getpeercert(binary_form=True) or b"")


def described(der: bytes) -> Certificate | None:
    """What a certificate says; None when it cannot be read."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509.oid import NameOID

    odd = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)
    try:
        found = x509.load_der_x509_certificate(der)
        try:
            other = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = [*other.get_values_for_type(x509.DNSName), *map(str, other.get_values_for_type(x509.IPAddress))]
        except x509.ExtensionNotFound:
            names = [str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return Certificate(
            names=tuple(name[:255] for name in names[:50]),
            issuer=found.issuer.rfc4514_string()[:300],
            begins=int(found.not_valid_before_utc.timestamp()),
            ends=int(found.not_valid_after_utc.timestamp()),
            fingerprint=hashlib.sha256(der).hexdigest(),
        )
    except (ValueError, OverflowError, *odd):
        return None


def _worth(seen: Sight) -> int:
    return ("nothing", "silent", "other", "http", "pop3", "smtp", "imap").index(seen.kind) + 10 * seen.tls


class _Looker(BaseLine):
    """A line on which nothing is believed."""

    def __init__(self, server: Server, deadline: float) -> None:
        left = max(0.5, deadline - time.monotonic())
        super().__init__(replace(server, security=Security.NONE, allow_cleartext=True), timeout=left)
        self._deadline = deadline

    def encrypt_unverified(self) -> Certificate | None:
        """TLS with whoever is there, of any version. Raises OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._sock.settimeout(max(0.5, self._deadline - time.monotonic()))
        encrypted = context.wrap_socket(self._sock, server_hostname=self.server.host)
        encrypted.setblocking(False)
        self._sock = encrypted
        return certificate_of(encrypted)

    def said(self, patience: float = QUICK) -> bytes:
        """The next line. Raises OSError, EOFError, MailError."""
        return self.read_line(min(self._deadline, time.monotonic() + patience))

    def asked(self, words: bytes, last: bytes) -> list[bytes]:
        """Say something; the answer's lines until one that fits the pattern `last`."""
        self.transmit(words + b"\r\n", QUICK)
        lines = list[bytes]()
        while len(lines) < _LINES and not (lines and re.match(last, lines[-1])):
            lines.append(self.said())
        return lines


def _look_plain(server: Server, service: str, deadline: float) -> Sight:
    seen = Sight()
    with contextlib.suppress(MailError, OSError, EOFError, ValueError):
        line = _Looker(server, deadline)
        try:
            seen = Sight("silent")
            seen = _greeted(line)
            if seen.kind == service:
                seen = _with_starttls(line, seen)
        finally:
            line.close()
    return seen


def _look_tls(server: Server, service: str, deadline: float) -> Sight:
    seen = Sight()
    with contextlib.suppress(MailError, OSError, EOFError, ValueError):
        line = _Looker(server, deadline)
        try:
            seen = Sight("silent")
            certificate = line.encrypt_unverified()
            seen = Sight("silent", tls=True, certificate=certificate)
            seen = replace(_greeted(line), tls=True, certificate=certificate)
        finally:
            line.close()
    return seen


def _look_http(server: Server, deadline: float) -> Sight:
    """Only where no mail server spoke: a captive portal answers this."""
    seen = Sight("silent")
    with contextlib.suppress(MailError, OSError, EOFError, ValueError):
        line = _Looker(server, deadline + QUICK)
        try:
            answer = line.asked(b"HEAD / HTTP/1.0\r\n", rb"$")
            seen = replace(seen, kind=_kind(answer[0]))
        finally:
            line.close()
    return seen


def _greeted(line: _Looker) -> Sight:
    first = line.said()
    return Sight(_kind(first), date=date_in(first.decode("utf-8", "replace")))


def _kind(first: bytes) -> str:
    return next((kind for kind, mark in _KINDS if mark.match(first)), "other")


def _with_starttls(line: _Looker, seen: Sight) -> Sight:
    """Whether TLS can be begun, by doing it."""
    with contextlib.suppress(MailError, OSError, EOFError, ValueError):
        if seen.kind == "imap":
            agreed = line.asked(b"a STARTTLS", rb"a ")[-1].upper().startswith(b"A OK")
        elif seen.kind == "pop3":
            agreed = line.asked(b"STLS", rb"[+-]")[-1].startswith(b"+OK")
        else:
            line.asked(b"EHLO [127.0.0.1]", rb"\d\d\d( |$)")
            agreed = line.asked(b"STARTTLS", rb"\d\d\d( |$)")[-1].startswith(b"220")
        if agreed:
            return replace(seen, certificate=line.encrypt_unverified(), starttls=True)
    return seen
