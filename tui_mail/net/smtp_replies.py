"""What an SMTP server says: one reply, what became of one message, and a refusal as one of our errors.

What belongs here: octets → Reply → error (RFC 5321 section 4.2), without a network. What must never be here: a socket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field

from tui_mail.errors import MailError, MessageDeferred, MessageRefused, ProtocolViolation, ServerBusy
from tui_mail.net.busy import seconds_told
from tui_mail.net.failures import SAFE, leave_alone, too_much
from tui_mail.records import frozen

LINE_LIMIT = 4_096
"""Longest line of a reply, octets; RFC 5321 allows 512."""
LINES_LIMIT = 100
"""Most lines of a reply; the longest honest one is a list of extensions."""
REPLY_LIMIT = 65_536
"""Longest reply, octets."""
TEXT_LIMIT = 2_000
"""Characters of a server's words that are kept."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |$)")


@frozen
class Reply:
    """One reply of a server."""

    code: int
    text: str
    """The server's words, untrusted, on one line; an enhanced status that every line repeats stands once."""
    lines: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The same as it came: where each line means something of its own (EHLO)."""

    @property
    def is_ok(self) -> bool:
        """Done (2xx)."""
        return self.code // 100 == 2

    @property
    def is_transient(self) -> bool:
        """Refused for now (4xx)."""
        return self.code // 100 == 4

    @property
    def is_permanent(self) -> bool:
        """Refused for good (5xx)."""
        return self.code // 100 == 5

    @property
    def enhanced(self) -> str:
        """The enhanced status (RFC 3463), such as "5.1.1"; empty when there is none."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


@frozen
class Delivery:
    """What a server made of one message."""

    recipients: Mapping[str, Reply]
    """What it said of each recipient, in the order of the envelope."""
    final: Reply | None
    """What it said to the whole message; None: no recipient was accepted, and nothing of it was transmitted."""


def is_last(line: bytes, host: str) -> bool:
    """Whether this line ends a reply. Raises ProtocolViolation when it is no line of a reply at all."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise nonsense(host, f"reply {line[:200]!r}")
    return match[2] != b"-"


def reply_of(lines: Sequence[bytes], host: str) -> Reply:
    """The reply that these lines are, without their ends. Raises ProtocolViolation when they do not belong together."""
    codes = {line[:3] for line in lines}
    if len(codes) != 1 or sum(map(len, lines)) > REPLY_LIMIT or len(lines) > LINES_LIMIT:
        raise too_much(host, f"{len(lines)} lines with the codes {sorted(codes)[:5]!r}")
    texts = tuple(line[4:].decode("utf-8", "replace").strip() for line in lines)
    status = _ENHANCED.match(texts[0])
    repeated = f"{status[0]} " if status else ""
    words = [texts[0], *(text.removeprefix(repeated) for text in texts[1:])]
    return Reply(int(codes.pop()), " ".join(filter(None, words))[:TEXT_LIMIT], texts)


def said(reply: Reply) -> str:
    """The server's words to end a sentence with; empty when it had none."""
    return f": “{reply.text.rstrip('.')}”" if reply.text else ""


def later(host: str, reply: Reply) -> ServerBusy:
    """The server wants to be left alone for a while, or to end the connection (421)."""
    return leave_alone(host, "", reply.text) or ServerBusy(
        f"{host} takes nothing just now{said(reply)}. {SAFE} It is tried again later.",
        str(reply),
        seconds=seconds_told(reply.text),
    )


def refusal(host: str, reply: Reply) -> MailError:
    """A reply that is no consent, to something that concerns the whole message."""
    if reply.code == 421 or (reply.is_transient and leave_alone(host, "", reply.text) is not None):
        return later(host, reply)
    if reply.is_transient:
        return MessageDeferred(
            f"{host} does not take the message just now{said(reply)}. It waits in the outbox and is sent again later.",
            str(reply),
            code=reply.code,
        )
    if reply.is_permanent:
        return MessageRefused(
            f"{host} does not take the message{said(reply)}. It was not sent and is kept in the outbox: change it, or "
            "ask the provider.",
            str(reply),
            code=reply.code,
        )
    return nonsense(host, f"out of place: {reply}")


def nonsense(host: str, detail: str) -> ProtocolViolation:
    """The server said something that is no answer to what it was asked."""
    return ProtocolViolation(
        f"{host} sent something that is no answer. {SAFE} The connection was closed and is made anew.", detail
    )
