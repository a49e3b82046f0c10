"""What mail-parser says about a message's header, as a second reader beside ours.

The one door to the mailparser library. It is given the header and the bare structure, never large bodies: it
would copy them several times over. It raises on crafted messages and logs their bytes, so whatever it raises
means "nothing known", and its logger is silenced before it sees the first message.
"""

from __future__ import annotations

import logging
from dataclasses import field

from tui_mail.mime.structure import Entity, Outline
from tui_mail.records import frozen

_BODY_KEPT = 2_000
"""Octets of a text body left in the skeleton."""
_MARKS_LIMIT = 2_000
_ENTITIES_LIMIT = 200

_INCOMPLETE = frozenset({"CloseBoundaryNotFoundDefect", "StartBoundaryNotFoundDefect"})


@frozen
class Facts:
    """Header facts; empty when mail-parser could not read the message."""

    emails: dict[str, list[str]] = field(default_factory=dict)
    """Addresses by lower-case field name, without names; only where the structure is beyond doubt."""
    date: int | None = None
    is_incomplete: bool = False


def of(whole: Outline) -> Facts:
    """Ask mail-parser."""
    _silence()
    import mailparser

    try:
        skeleton, has_end = _skeleton(whole)
        parsed = mailparser.parse_from_bytes(skeleton)
        emails = {
            name: [email for _, email in addresses]
            for name, addresses in (
                ("from", parsed.from_),
                ("to", parsed.to),
                ("cc", parsed.cc),
                ("bcc", parsed.bcc),
                ("reply-to", parsed.reply_to),
            )
        }
        date = int(parsed.date.timestamp()) if parsed.date else None
        return Facts(emails, date, has_end and bool(_INCOMPLETE & set(parsed.defects_categories)))
    except Exception:
        return Facts()


def _silence() -> None:
    logger = logging.getLogger("mailparser")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)


def _skeleton(whole: Outline) -> tuple[bytes, bool]:
    """The message with its bodies cut short and attached messages emptied; only the header if it is monstrous.

    And whether the end of the message is in it.
    """
    header = whole.root.header
    if whole.too_deep or whole.too_many or whole.parts > _ENTITIES_LIMIT or _is_monstrous(header):
        lines = [line for line in header.split(b"\n") if not _is_monstrous(line)]
        return b"\n".join(lines)[:64_000] + b"\n\n", False
    out: list[bytes] = []
    position = 0
    for leaf in _leaves(whole.root):
        kept = 0 if leaf.content_type.startswith("message/") else _BODY_KEPT
        if leaf.end - leaf.body > kept:
            out.append(whole.raw[position : leaf.body + kept])
            position = leaf.end
    out.append(whole.raw[position : position + 64_000])
    return b"".join(out), position + 64_000 >= len(whole.raw)


def _is_monstrous(header: bytes) -> bool:
    """So many parts of addresses and parameters that mail-parser would take seconds."""
    return any(header.count(mark) > _MARKS_LIMIT for mark in (b",", b";", b"@", b"<", b"(", b'"'))


def _leaves(entity: Entity) -> list[Entity]:
    if not entity.is_multipart:
        return [entity]
    return [leaf for child in entity.children for leaf in _leaves(child)]
