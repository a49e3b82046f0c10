"""From a greeting to a session: STARTTLS, the password, and what the server can do.

The order is the protection: nothing secret leaves before TLS stands (or the person allowed otherwise), and
nothing that came before TLS is believed after it.
"""

from __future__ import annotations

import contextlib
import re
from base64 import b64encode

from tui_mail import __version__
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    MailError,
    ServerBusy,
    UnsafeArgument,
)
from tui_mail.model import Security
from tui_mail.net.bearer import bearer, explained
from tui_mail.net.busy import BUSY_CODES, seconds_told
from tui_mail.net.connection import is_loopback
from tui_mail.net.failures import SAFE, leave_alone
from tui_mail.net.names import quoted
from tui_mail.net.quirks import quirks_of
from tui_mail.net.refusals import login_sentence, no_way_in
from tui_mail.net.talk import Conversation
from tui_mail.net.wire import Octets

_BUSY_WORDS = re.compile(r"too many|try again|temporar|unavailable|throttl|rate limit|server busy", re.IGNORECASE)


def log_in(talk: Conversation, secret: str) -> frozenset[str]:
    """Encrypt if that is still to be done, log in, learn the capabilities; the extensions that were ENABLED.

    Raises CertificateRefused, AuthenticationRefused, UnsafeArgument, ConnectionLost, ProtocolViolation.
    """
    wire = talk.wire
    greet(talk)
    if wire.greeting.status != "PREAUTH":
        talk.capabilities_now, offered = frozenset(), talk.capabilities_now
        talk.witness.offered(sorted(offered))
        _authenticate(talk, secret, offered)
    wire.state = "AUTH"
    if not talk.capabilities_now:
        talk.run("say what it can do", b"CAPABILITY", patience=20)
    enabled = _introduce(talk)
    if "COMPRESS=DEFLATE" in talk.capabilities_now and quirks_of(talk.host).compress and not is_loopback(talk.host):
        compress(talk)
    return enabled


def greet(talk: Conversation, patience: float = 20) -> None:
    """Everything before a login: encryption, and what the server can do then. Nothing about the person is sent.

    Raises CertificateRefused, ConnectionLost, ProtocolViolation.
    """
    greeting = talk.wire.greeting
    if talk.server.security is Security.STARTTLS:
        if greeting.status == "PREAUTH":
            raise CertificateRefused(
                f"{talk.host} says that you are logged in already and so leaves no room for encryption, as someone "
                f"tampering with the connection would do. It was closed, and nothing was sent. {SAFE}"
            )
        _start_tls(talk, patience)
    elif greeting.code == "CAPABILITY":
        talk.note_capabilities(greeting.data)
    if not talk.capabilities_now:
        talk.run("say what it can do", b"CAPABILITY", patience=patience)


def compress(talk: Conversation) -> bool:
    """COMPRESS DEFLATE (RFC 4978); False when the server would rather not."""
    try:
        talk.run("compress", b"COMPRESS DEFLATE", patience=20)
    except CommandRefused:
        return False
    with talk.translated():
        talk.wire.compress()
    return True


def _start_tls(talk: Conversation, patience: float) -> None:
    try:
        talk.run("begin encryption", b"STARTTLS", patience=patience)
    except CommandRefused as error:
        raise CertificateRefused(
            f"{talk.host} refuses to encrypt the connection on port {talk.port}, so the password was not sent. {SAFE} "
            'Try security = "tls" with the TLS port (IMAP 993), or ask the provider.',
            error.detail,
        ) from error
    with talk.translated():
        talk.wire.encrypt()
    talk.drain_events()
    talk.capabilities_now = frozenset()
    talk.wire.offer(talk.capabilities_now)


def _authenticate(talk: Conversation, secret: str, offered: frozenset[str]) -> None:
    server = talk.server
    if re.search(r"[\r\n\0]", server.user + secret):
        raise UnsafeArgument(
            f"The user name or password for {talk.host} holds a line break or a NUL character. Nothing was sent. "
            "Correct it in the account's settings, or in what password_command prints."
        )
    explanation: list[str] = []
    try:
        if server.auth == "oauth2":
            _bearer(talk, secret, offered, explanation)
        elif "AUTH=PLAIN" in offered:
            _sasl(talk, b"PLAIN", f"\0{server.user}\0{secret}".encode(), offered)
        elif "LOGINDISABLED" in offered:
            names = frozenset(word[5:] for word in offered if word.startswith("AUTH="))
            raise AuthenticationRefused(no_way_in(server, names, offers_tls="STARTTLS" in offered))
        else:
            talk.run("log in", b"LOGIN", _string(server.user), _string(secret), patience=60)
    except (CommandRefused, ServerBusy) as error:
        raise _refusal(talk, error, secret, "".join(explanation[:1])) from None


def _refusal(talk: Conversation, error: MailError, secret: str, explanation: str) -> MailError:
    """Why the login failed. The server's words may repeat what was sent, so the secret is taken out of them."""
    words = error.detail
    encoded = b64encode(f"\0{talk.server.user}\0{secret}".encode()).decode()
    for hidden in (secret, encoded):
        words = words.replace(hidden, "•••") if hidden else words
        explanation = explanation.replace(hidden, "•••") if hidden else explanation
    text, code = words.partition("] ")[2], words.partition("[")[2].partition("]")[0]
    said = f": “{text.rstrip('.')}”" if text else ""
    if (asked := leave_alone(talk.host, code, text)) is not None:
        return asked
    if code in BUSY_CODES or _BUSY_WORDS.search(text):
        sentence = f"{talk.host} lets nobody in just now{said}. {SAFE} It is tried again later."
        return ServerBusy(sentence, words, seconds=seconds_told(text))
    return AuthenticationRefused(login_sentence(talk.server, words, said, explanation), words)


def _sasl(talk: Conversation, mechanism: bytes, response: bytes, offered: frozenset[str]) -> None:
    coded = b64encode(response)
    if "SASL-IR" in offered and quirks_of(talk.host).sasl_ir:
        talk.run("log in", b"AUTHENTICATE", mechanism, coded, answer=lambda _: b"", patience=60)
        return
    left = [coded]
    talk.run("log in", b"AUTHENTICATE", mechanism, answer=lambda _: left.pop() if left else b"", patience=60)


def _bearer(talk: Conversation, token: str, offered: frozenset[str], explanation: list[str]) -> None:
    """Log in with a token; why the server does not want it is added to `explanation`."""
    mechanisms = frozenset(word.removeprefix("AUTH=") for word in offered if word.startswith("AUTH="))
    exchange = bearer(talk.server, token, mechanisms)
    if exchange is None:
        raise AuthenticationRefused(
            f"{talk.host} accepts no access token (OAuth) on this connection. Nothing was sent. {SAFE} "
            'Set auth = "password", or ask the provider.',
            f"offered: {' '.join(sorted(offered))}",
        )

    def acknowledge(challenge: bytes) -> bytes:
        explanation.append(explained(challenge))
        return b64encode(exchange.acknowledgement)

    coded = b64encode(exchange.initial)
    if "SASL-IR" in offered and quirks_of(talk.host).sasl_ir:
        talk.run("log in", b"AUTHENTICATE", exchange.mechanism, coded, answer=acknowledge, patience=60)
        return
    left = [coded]
    talk.run(
        "log in",
        b"AUTHENTICATE",
        exchange.mechanism,
        answer=lambda challenge: left.pop() if left else acknowledge(challenge),
        patience=60,
    )


def _introduce(talk: Conversation) -> frozenset[str]:
    """ID and ENABLE in one round trip; the extensions that `* ENABLED` confirmed."""
    can = talk.capabilities_now
    enabled: set[str] = set()

    def take(kind: str, _: int, rest: list[bytes]) -> bool:
        if kind == "ENABLED":
            enabled.update(rest[0].decode("ascii", "replace").upper().split())
        return kind in ("ENABLED", "ID")

    wanted = b"QRESYNC" if "QRESYNC" in can and quirks_of(talk.host).qresync else b"CONDSTORE"
    with talk.translated():
        tags = []
        if "ID" in can or quirks_of(talk.host).introduce:
            tags.append(talk.begin(b'ID ("name" "tui_mail" "version" %s)' % quoted(__version__.encode())))
        if "ENABLE" in can and wanted.decode() in can:
            tags.append(talk.begin(b"ENABLE", wanted))
        for tag in tags:
            with contextlib.suppress(CommandRefused):
                talk.finish(tag, "introduce itself", take)
    return frozenset(enabled)


def _string(text: str) -> bytes | Octets:
    octets = text.encode()
    return quoted(octets) if text.isascii() and text.isprintable() else Octets(octets)
