"""Who we are to a POP3 server: encryption if it is still missing, what the server can do, and the login.

What belongs here: everything between the greeting and the first command about mail. What must never be here: a password
on a line that is not encrypted (unless the server is this computer, or the person allowed otherwise), or a word from
before TLS that is believed after it: STLS is the first thing that is said, whatever the greeting was.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping

from tui_mail.errors import AuthenticationRefused, CertificateRefused, Unreachable, UnsafeArgument
from tui_mail.model import Security, Server
from tui_mail.net.bearer import bearer, explained
from tui_mail.net.failures import SAFE
from tui_mail.net.pop3_line import CAPABILITIES_LIMIT, Pop3Line
from tui_mail.net.pop3_replies import Reply, later, login_refused, nonsense, number_in, offers, refused, said
from tui_mail.net.refusals import no_way_in
from tui_mail.records import frozen

_TIMESTAMP = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
"""What APOP signs (RFC 1939 section 7); with other octets in it, a server could work out the password by and by."""
_ROUNDS = 4
"""Most challenges that a login answers."""
_OPENING = 2
"""The answer to a password may take so many times as long as others: the mailbox is opened for it, and Dovecot waits 10
seconds for another session to leave it."""


@frozen
class Offered:
    """What a server says it can do."""

    words: Mapping[str, str]
    """Capabilities, in capitals, with their parameters."""
    told: bool
    """False: the server does not know CAPA, and what it can do is found out by trying."""


def log_in(line: Pop3Line, secret: str, timeout: float) -> Offered:
    """Encrypt if that is still to be done, log in; what the server offers then. The caller closes what fails.

    Each answer has `timeout` seconds. Raises CertificateRefused, AuthenticationRefused, UnsafeArgument, Unreachable,
    ConnectionLost and ServerBusy, ProtocolViolation, and CommandRefused for a mailbox that cannot be had ([SYS/PERM]).
    """
    greeting, offered = greet(line, timeout)
    _authenticate(line, secret, greeting, offered, timeout)
    after = _ask_offers(line, timeout)
    return Offered({**offered.words, **after.words}, offered.told or after.told)


def greet(line: Pop3Line, timeout: float) -> tuple[Reply, Offered]:
    """Everything before a login: the greeting, encryption, and what the server offers then.

    Nothing about the person is sent. Raises as `log_in` does.
    """
    greeting = line.greeting(timeout)
    line.witness.greeted(greeting.text)
    _welcome(line, greeting)
    if line.server.security is Security.STARTTLS:
        _start_tls(line, timeout)
    offered = _ask_offers(line, timeout)
    line.witness.offered([f"{word} {more}".strip() for word, more in offered.words.items()])
    return greeting, offered


def _welcome(line: Pop3Line, reply: Reply) -> None:
    """Raise when the server turns this computer away."""
    if reply.is_ok:
        return
    host = line.server.host
    if reply.code == "SYS/PERM":
        raise refused(host, "talk to this computer", reply)
    raise later(host, reply) or Unreachable(
        f"{host} turns this computer away{said(reply)}. Nothing was sent. {SAFE} It may be the network that you are "
        "on; if it stays so elsewhere too, ask the provider.",
        str(reply),
    )


def _start_tls(line: Pop3Line, timeout: float) -> None:
    """STLS (RFC 2595 section 4), without a look at what is offered: that could be anybody's word."""
    server = line.server
    reply = _ask(line, b"STLS", timeout)
    if reply.is_ok:
        line.encrypt(timeout)
        return
    if reply.kind != "err":
        raise nonsense(server.host, f"to STLS: {reply}")
    raise later(server.host, reply) or CertificateRefused(
        f"{server.host} refuses to encrypt the connection on port {server.port}, so nothing was sent, not even the "
        f'user name. {SAFE} Try security = "tls" with the TLS port (POP3 995), or ask the provider; in a strange '
        "network, someone may be tampering with the connection.",
        str(reply),
    )


def _ask_offers(line: Pop3Line, timeout: float) -> Offered:
    reply = _ask(line, b"CAPA", timeout)
    if reply.is_ok:
        return Offered(offers(line.lines(timeout, CAPABILITIES_LIMIT)), True)
    if reply.kind != "err":
        raise nonsense(line.server.host, f"to CAPA: {reply}")
    return Offered({}, False)


def _authenticate(line: Pop3Line, secret: str, greeting: Reply, offered: Offered, timeout: float) -> None:
    server = line.server
    if re.search("[\r\n\0\ud800-\udfff]", server.user + secret):
        raise UnsafeArgument(
            f"The user name or password for {server.host} holds a line break, a NUL character or something that is no "
            "text. Nothing was sent. Correct it in the account's settings, or in what password_command prints."
        )
    user, password = server.user.encode(), secret.encode()
    line.hidden = (password,)
    stamp = _TIMESTAMP.search(greeting.text)
    exchange = _exchange(server, secret, frozenset(offered.words.get("SASL", "").upper().split()))
    explanation = ""
    if "UTF8" in offered.words:  # else a message with addresses in other scripts is refused, or comes altered
        _ask(line, b"UTF8", timeout)
    if server.auth != "oauth2" and stamp and server.security is Security.NONE:
        digest = hashlib.md5(stamp[0].encode() + password, usedforsecurity=False).hexdigest().encode()
        reply = _ask(line, b"APOP " + user + b" " + digest, timeout * _OPENING)
    elif exchange is not None:
        reply, explanation = _sasl(line, *exchange, timeout=timeout)
    elif _takes_user_and_pass(line, offered):
        reply = _ask(line, b"USER " + user, timeout)
        if reply.is_ok:
            reply = _ask(line, b"PASS " + password, timeout * _OPENING)
    else:
        names = frozenset(offered.words.get("SASL", "").upper().split())
        raise AuthenticationRefused(
            no_way_in(server, names, offers_tls="STLS" in offered.words),
            f"offered: {' '.join(sorted(offered.words))}, SASL {offered.words.get('SASL', '')}",
        )
    if not reply.is_ok:
        delay = number_in(offered.words, "LOGIN-DELAY") or 0
        raise login_refused(server, reply, delay=delay, explanation=explanation)


def _takes_user_and_pass(line: Pop3Line, offered: Offered) -> bool:
    """Whether USER and PASS are worth trying: the server does not name only other ways, or wants encryption first."""
    server, named = line.server, offered.words
    if server.auth == "oauth2" or not offered.told or "USER" in named:
        return server.auth != "oauth2"
    return server.security is not Security.NONE and not named.get("SASL")


def _exchange(server: Server, secret: str, offered: frozenset[str]) -> tuple[bytes, list[bytes]] | None:
    """The mechanism, and what its challenges are answered with (RFC 5034, 4616, 7628); None when none fits."""
    if server.auth == "oauth2":
        token = bearer(server, secret, offered)
        return None if token is None else (token.mechanism, [token.initial, token.acknowledgement])
    plain = b"\0" + server.user.encode() + b"\0" + secret.encode()
    return (b"PLAIN", [plain]) if "PLAIN" in offered else None


def _sasl(line: Pop3Line, mechanism: bytes, answers: list[bytes], *, timeout: float) -> tuple[Reply, str]:
    """AUTH, each step when it is asked for: Exchange takes no first step in the same line.

    The last reply, and how the server explains that it wants no such token.
    """
    coded = [b64encode(answer) for answer in answers]
    line.hidden = (*line.hidden, *coded[:1])
    explanation = ""
    reply = _ask(line, b"AUTH " + mechanism, timeout)
    if reply.is_ok:
        raise nonsense(line.server.host, f"to AUTH {mechanism.decode()}: {reply}")
    for turn in range(_ROUNDS):
        if reply.kind != "more":
            break
        explanation = explanation or explained(reply.text.encode())
        # a challenge to somebody with nothing left to say is a refusal in the making: an empty line brings it on
        reply = _ask(line, coded[turn] if turn < len(coded) else b"", timeout * _OPENING)
    return reply, explanation


def _ask(line: Pop3Line, command: bytes, timeout: float) -> Reply:
    line.command(command + b"\r\n", patience=timeout)
    return line.reply(timeout)
