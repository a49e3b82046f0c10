"""The subject of an answer: one "Re: " or "Fwd: ", whatever the programs before us piled up in their languages."""

from __future__ import annotations

import re

LONGEST = 1_000

_REPLY = "re|aw|antw|antwort|sv|vs|réf|ref|odp|odpowiedź|rif|r|ynt|res|回复|回覆|答复|답장|отв|atb|vb"
_FORWARD = "fwd|fw|wg|tr|rv|enc|fs|doorst|i|pd|转发|轉寄|전달|пересл|vl"
_PREFIX = re.compile(
    rf"\s*(?:(?P<reply>{_REPLY})|(?P<forward>{_FORWARD}))"
    r"(?:\[\d{1,4}\]|\(\d{1,4}\)|\*\d{1,4})?[ \t\xa0]?[:：][ \t\xa0]*",
    re.IGNORECASE,
)
_LIST_TAG = re.compile(r"\s*\[[^\[\]]{1,60}\]\s*")


def reply_subject(subject: str) -> str:
    """The subject behind "Re: "; that it was forwarded before stays."""
    _, was_forwarded, rest = _parted(subject)
    return f"Re: {'Fwd: ' if was_forwarded else ''}{rest}".rstrip()


def forward_subject(subject: str) -> str:
    """The subject behind "Fwd: "; that it was an answer stays."""
    was_reply, _, rest = _parted(subject)
    return f"Fwd: {'Re: ' if was_reply else ''}{rest}".rstrip()


def is_forward(subject: str) -> bool:
    """It begins with a mark of being forwarded: an answer to a forwarded message does not."""
    found = _PREFIX.match(subject)
    return found is not None and found["forward"] is not None


def base_subject(subject: str) -> str:
    """The subject without any of those marks, by which answers stand beside what they answer."""
    return _parted(subject)[2]


def _parted(subject: str) -> tuple[bool, bool, str]:
    """(was an answer, was forwarded, the subject without those marks; a list's tag stays, marks behind it go)."""
    subject = subject[:LONGEST].strip()
    was_reply, was_forwarded, position = _marks(subject, 0)
    tag = _LIST_TAG.match(subject, position)
    if tag is not None:
        reply_behind, forward_behind, behind = _marks(subject, tag.end())
        if behind > tag.end():
            rest = f"{subject[position : tag.end()].strip()} {subject[behind:]}"
            return was_reply or reply_behind, was_forwarded or forward_behind, rest
    return was_reply, was_forwarded, subject[position:].strip()


def _marks(subject: str, position: int) -> tuple[bool, bool, int]:
    was_reply = was_forwarded = False
    while found := _PREFIX.match(subject, position):
        was_reply |= found["reply"] is not None
        was_forwarded |= found["forward"] is not None
        position = found.end()
    return was_reply, was_forwarded, position
