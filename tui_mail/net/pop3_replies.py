"""What a POP3 server says: a reply, a line of a listing, what it offers, and a refusal as one of our errors.

What belongs here: octets → plain values and errors (RFC 1939, 2449, 3206, 6856), without a network. What must never be
here: a socket, or a name of a message that is believed without a look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from tui_mail.errors import AuthenticationRefused, CommandRefused, MailError, ServerBusy
from tui_mail.model import Server
from tui_mail.net.busy import LONGEST, seconds_told
from tui_mail.net.failures import SAFE, leave_alone, lost
from tui_mail.net.refusals import login_sentence
from tui_mail.records import frozen

TEXT_LIMIT = 2_000
"""Characters of a server's words that are kept."""
UIDL_LIMIT = 512
"""Octets of the longest UIDL that is taken; RFC 1939 allows 70, some servers have more."""

_STATUS = re.compile(rb"(\+OK|-ERR)(?![A-Za-z0-9])[ \t]*(.*)|\+(?:[ \t]+(.*))?", re.DOTALL)
_CODE = re.compile(rb"\[([A-Za-z][A-Za-z0-9/_.-]{0,60})(?: [^\]]{0,200})?\][ \t]*")
_SIZE = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+([0-9]{1,18})(?:[ \t].*)?", re.DOTALL)
_UIDL = re.compile(rb"[ \t]*([0-9]{1,10})[ \t]+(.*)", re.DOTALL)
_LATER = {"SYS/TEMP", "IN-USE", "LOGIN-DELAY"}
_LATER_WORDS = re.compile(
    r"too many|try again (?:later|in|after)\b|temporar|unavailable|throttl|rate limit|server busy"
    r"|(?:already|being) (?:locked|in use)|\block(?:ed)? (?:busy|by)|(?:lock|open) (?:the )?mail ?(?:box|drop)"
    r"|another (?:pop3? )?session",
    re.IGNORECASE,
)


@frozen
class Reply:
    """The first line of an answer, which is all of it for most commands."""

    kind: Literal["ok", "err", "more"]
    """`more`: the server waits for the next step of a login."""
    code: str
    """Response code (RFC 2449 section 8), in capitals, such as "SYS/TEMP"; empty when there is none."""
    text: str
    """The server's words behind the code, untrusted."""

    @property
    def is_ok(self) -> bool:
        """Done."""
        return self.kind == "ok"

    def __str__(self) -> str:
        sign = {"ok": "+OK", "err": "-ERR", "more": "+"}[self.kind]
        return " ".join(filter(None, (sign, self.code and f"[{self.code}]", self.text)))


@frozen
class Listed:
    """One message of a listing."""

    number: int
    """Its name in this session alone, from 1."""
    size: int
    """Octets as the server counts them, which is not always what it sends."""
    uidl: str
    """Its name in every session, as far as the server keeps its word; empty when it gives none that can be used."""


def reply_of(line: bytes, host: str, hidden: Iterable[bytes] = ()) -> Reply:
    """The reply that a line is, without its end; what is `hidden` stands in no word of it, nor of an error.

    Raises ProtocolViolation when it is none.
    """
    match = _STATUS.fullmatch(line)
    if match is None:
        raise nonsense(host, f"reply {without(line, hidden)[:200]!r}")
    if match[1] is None:
        return Reply("more", "", without(match[3] or b"", hidden).decode("utf-8", "replace").strip()[:TEXT_LIMIT])
    code = _CODE.match(match[2])
    words = without(match[2][code.end() :] if code else match[2], hidden).decode("utf-8", "replace")
    return Reply(
        "ok" if match[1] == b"+OK" else "err", code[1].decode().upper() if code else "", words.strip()[:TEXT_LIMIT]
    )


def without(octets: bytes, hidden: Iterable[bytes]) -> bytes:
    """What a server said, without the secrets that it may have repeated."""
    for secret in hidden:
        octets = octets.replace(secret, "•••".encode()) if secret else octets
    return octets


def size_entry(line: bytes) -> tuple[int, int] | None:
    """(number, octets) of a line of LIST; None for what makes no sense."""
    match = _SIZE.fullmatch(line)
    return (int(match[1]), int(match[2])) if match and int(match[1]) else None


def uidl_entry(line: bytes) -> tuple[int, str] | None:
    """(number, name) of a line of UIDL; the name is empty when it cannot be one. None for what makes no sense."""
    match = _UIDL.fullmatch(line)
    if match is None or not int(match[1]):
        return None
    octets = match[2].rstrip(b" \t")
    name = octets.decode("utf-8", "replace")
    usable = len(octets) <= UIDL_LIMIT and name.isprintable() and "\ufffd" not in name
    return int(match[1]), name if usable else ""


def offers(lines: Iterable[bytes]) -> dict[str, str]:
    """Capabilities (RFC 2449 section 5), in capitals, with their parameters."""
    found: dict[str, str] = {}
    for line in lines:
        word, _, parameters = line.decode("utf-8", "replace").strip().partition(" ")
        found[word.upper()] = f"{found.get(word.upper(), '')} {parameters}".strip()
    return found


def number_in(offered: Mapping[str, str], capability: str) -> int | None:
    """The number that a capability begins with, such as LOGIN-DELAY's seconds; None when there is none."""
    word = offered.get(capability, "").partition(" ")[0]
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None


def said(reply: Reply) -> str:
    """The server's words to end a sentence with; empty when it had none."""
    return f": “{reply.text.rstrip('.')}”" if reply.text else ""


def later(host: str, reply: Reply, *, delay: int = 0) -> ServerBusy | None:
    """The wish to be asked again later, in a response code or in words that leave no doubt; None when it is none.

    `delay`: the seconds between logins that the server asks for, for [LOGIN-DELAY].
    """
    if (asked := leave_alone(host, reply.code, reply.text)) is not None:
        return asked
    seconds = seconds_told(reply.text)
    if reply.code == "IN-USE":
        sentence = f"The mailbox at {host} is in use by another program or device just now{said(reply)}."
    elif reply.code == "LOGIN-DELAY":
        sentence = f"{host} asks for more time between two visits{said(reply)}."
        seconds = seconds or min(LONGEST, float(delay))
    elif reply.code in _LATER:
        sentence = f"{host} cannot do this just now{said(reply)}."
    else:
        return None
    return ServerBusy(
        f"{sentence} {SAFE} It is tried again later.", str(reply), seconds=seconds, in_use=reply.code == "IN-USE"
    )


def refused(host: str, what: str, reply: Reply) -> MailError:
    """A reply that is no consent to `what` (words after "to", such as "list the mail")."""
    if reply.kind != "err":
        return nonsense(host, f"out of place: {reply}")
    return later(host, reply) or _refused(host, what, reply)


def message_refused(host: str, what: str, reply: Reply) -> CommandRefused:
    """The same about one message among others; raises what concerns them all: ServerBusy and ProtocolViolation."""
    if reply.kind != "err":
        raise nonsense(host, f"out of place: {reply}")
    if (asked := leave_alone(host, reply.code, reply.text)) is not None:
        raise asked
    return _refused(host, what, reply)


def _refused(host: str, what: str, reply: Reply) -> CommandRefused:
    return CommandRefused(f"{host} refused to {what}{said(reply)}. {SAFE}", str(reply), code=reply.code)


def login_refused(server: Server, reply: Reply, *, delay: int = 0, explanation: str = "") -> MailError:
    """Why a login failed. A fault of the server is not taken for a wrong password.

    `explanation`: what it said of a token, in words.
    """
    host = server.host
    if reply.kind != "err":
        return nonsense(host, f"to a login: {reply}")
    if reply.code == "SYS/PERM":
        return refused(host, f"open the mailbox of {server.user}", reply)
    if (busy := later(host, reply, delay=delay)) is not None:
        return busy
    if not reply.code and _LATER_WORDS.search(reply.text):
        return ServerBusy(
            f"{host} lets nobody in just now{said(reply)}. {SAFE} It is tried again later.",
            str(reply),
            seconds=seconds_told(reply.text),
        )
    return AuthenticationRefused(login_sentence(server, str(reply), said(reply), explanation), str(reply))


def nonsense(host: str, detail: str) -> MailError:
    """The server said something that is no answer to what it was asked."""
    return lost(ValueError(detail), host)
