"""Who we are to an SMTP server: EHLO, encryption if it is still missing, and the login.

What belongs here: everything between the greeting and the first message. What must never be here: a password on a
line that is not encrypted (unless the server is this computer, or the person allowed otherwise), or a word from before
TLS that is believed after it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence

from tui_mail.errors import AuthenticationRefused, CertificateRefused, MailError, Unreachable, UnsafeArgument
from tui_mail.model import Security
from tui_mail.net.bearer import bearer, explained
from tui_mail.net.connection import is_loopback
from tui_mail.net.failures import SAFE, leave_alone
from tui_mail.net.refusals import login_sentence, no_way_in
from tui_mail.net.smtp_line import Line
from tui_mail.net.smtp_replies import Reply, later, nonsense, said

EHLO = b"EHLO [127.0.0.1]\r\n"
"""The same from every computer: its name and its address are nobody's business (RFC 5321 section 4.1.3)."""
_ROUNDS = 4
"""Most challenges that a login answers."""


def log_in(line: Line, secret: str, timeout: float) -> Mapping[str, str]:
    """Greet, encrypt if that is still to be done, log in; the extensions, in capitals, with their parameters.

    Each answer has `timeout` seconds. Raises CertificateRefused, AuthenticationRefused, UnsafeArgument, Unreachable,
    ConnectionLost and ServerBusy, ProtocolViolation.
    """
    offered = greet(line, timeout)
    if _wants_login(line, secret, offered):
        _authenticate(line, secret, frozenset(offered.get("AUTH", "").upper().split()), timeout)
    return offered


def greet(line: Line, timeout: float) -> Mapping[str, str]:
    """Everything before a login: the greeting, EHLO, encryption; the extensions, in capitals, with their parameters.

    Nothing about the person is sent. Raises as `log_in` does.
    """
    greeting = line.greeting(timeout)
    line.witness.greeted(greeting.text)
    _welcome(line, greeting)
    offered = _introduce(line, timeout)
    if line.server.security is Security.STARTTLS:
        _start_tls(line, offered, timeout)
        offered = _introduce(line, timeout)
    line.witness.offered([f"{word} {more}".strip() for word, more in offered.items()])
    return offered


def _welcome(line: Line, reply: Reply) -> None:
    """Raise when the server turns this computer away."""
    host = line.server.host
    if reply.is_ok:
        return
    line.close()
    if reply.is_transient:
        raise later(host, reply)
    if not reply.is_permanent:
        raise nonsense(host, f"to a greeting: {reply}")
    raise Unreachable(
        f"{host} turns this computer away{said(reply)}. Nothing was sent. {SAFE} It may be the network that you are "
        "on; if it stays so elsewhere too, ask the provider.",
        str(reply),
    )


def _introduce(line: Line, timeout: float) -> dict[str, str]:
    line.command(EHLO, patience=timeout)
    reply = line.reply(timeout)
    _welcome(line, reply)
    offered: dict[str, str] = {}
    for text in reply.lines[1:]:
        word, _, parameters = text.partition(" ")
        if word.upper().startswith("AUTH="):  # as it was before RFC 2554, and still is beside it
            word, parameters = "AUTH", f"{word[5:]} {parameters}"
        offered[word.upper()] = f"{offered.get(word.upper(), '')} {parameters}".strip()
    return offered


def _start_tls(line: Line, offered: Mapping[str, str], timeout: float) -> None:
    server = line.server
    reply = None
    if "STARTTLS" in offered:
        line.command(b"STARTTLS\r\n", patience=timeout)
        reply = line.reply(timeout)
        if reply.code == 220:
            line.encrypt(timeout)
            return
        if reply.is_transient:
            line.close()
            raise later(server.host, reply)
    line.close()
    what = "refuses to encrypt" if reply else "does not offer to encrypt"
    raise CertificateRefused(
        f"{server.host} {what} the connection on port {server.port}, so nothing was sent, not even the user name. "
        f'{SAFE} Try security = "tls" with the TLS port (SMTP 465), or ask the provider; in a strange network, someone '
        "may be tampering with the connection.",
        str(reply or "no STARTTLS"),
    )


def _wants_login(line: Line, secret: str, offered: Mapping[str, str]) -> bool:
    """Whether there is a login to go through. Raises AuthenticationRefused when it is wanted and cannot be had."""
    server = line.server
    if not server.user or ("AUTH" not in offered and (not secret or is_loopback(server.host))):
        return False
    if "AUTH" in offered:
        return True
    line.close()
    if "STARTTLS" in offered:
        raise AuthenticationRefused(no_way_in(server, frozenset(), offers_tls=True), "no AUTH before STARTTLS")
    raise AuthenticationRefused(
        f"{server.host} offers no way to log in on port {server.port}, so the password was not sent. {SAFE} Use the "
        'port for sending (465 or 587); if this server needs no login, set user = "" for the outgoing server.',
        "no AUTH",
    )


def _authenticate(line: Line, secret: str, mechanisms: frozenset[str], timeout: float) -> None:
    server = line.server
    if re.search("[\r\n\0\ud800-\udfff]", server.user + secret):
        line.close()
        raise UnsafeArgument(
            f"The user name or password for {server.host} holds a line break, a NUL character or something that is no "
            "text. Nothing was sent. Correct it in the account's settings, or in what password_command prints."
        )
    mechanism, initial, answers = _exchange(line, secret, mechanisms)
    words = [b"AUTH", mechanism] if initial is None else [b"AUTH", mechanism, b64encode(initial)]
    line.command(b" ".join(words) + b"\r\n", patience=timeout)
    reply = line.reply(timeout)
    explanation = ""
    for turn in range(_ROUNDS):
        if reply.code != 334:
            break
        explanation = explanation or explained(reply.text.encode())
        # a challenge to somebody with nothing left to say is a refusal in the making: an empty line brings it on
        line.command((b64encode(answers[turn]) if turn < len(answers) else b"") + b"\r\n", patience=timeout)
        reply = line.reply(timeout)
    if reply.code != 235:
        line.close()
        raise _refusal(line, reply, secret, [initial or b"", *answers], explanation) from None


def _exchange(line: Line, secret: str, offered: frozenset[str]) -> tuple[bytes, bytes | None, list[bytes]]:
    """The mechanism, its initial response, and what its challenges are answered with (RFC 4954, 4616, 7628).

    Raises AuthenticationRefused when the server offers none that fits.
    """
    server, user, password = line.server, line.server.user.encode(), secret.encode()
    if server.auth == "oauth2":
        if (token := bearer(server, secret, offered)) is not None:
            return token.mechanism, token.initial, [token.acknowledgement]
    elif "PLAIN" in offered:
        plain = b"\0" + user + b"\0" + password
        return b"PLAIN", plain, [plain]
    elif "LOGIN" in offered:
        return b"LOGIN", None, [user, password]
    line.close()
    raise AuthenticationRefused(no_way_in(server, offered, offers_tls=False), f"offered: {' '.join(sorted(offered))}")


def _refusal(line: Line, reply: Reply, secret: str, answers: Sequence[bytes], explanation: str) -> MailError:
    """Why the login failed. The server's words may repeat what was sent, so the secret is taken out of them."""
    server, words = line.server, reply.text
    coded = [b64encode(answer).decode() for answer in answers if secret and secret.encode() in answer]
    for hidden in (secret, *coded):
        words = words.replace(hidden, "•••") if hidden else words
        explanation = explanation.replace(hidden, "•••") if hidden else explanation
    reply = Reply(reply.code, words)
    if reply.is_transient or reply.enhanced.startswith("4.") or leave_alone(server.host, "", words) is not None:
        return later(server.host, reply)
    if not reply.is_permanent:
        return nonsense(server.host, f"to a login: {reply}")
    return AuthenticationRefused(login_sentence(server, str(reply), said(reply), explanation), str(reply))
