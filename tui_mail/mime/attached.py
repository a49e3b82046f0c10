"""One attachment on its way out of a message: its octets, and what they claim to be.

What belongs here: taking an attachment out. What must never be here: writing files (`client/saving`), showing them,
judging them (`risks`).
"""

from __future__ import annotations

from tui_mail.mime.packed import contents
from tui_mail.mime.parse import MESSAGE_LIMIT, attachment_bytes
from tui_mail.mime.structure import outline
from tui_mail.model import Part
from tui_mail.records import frozen


@frozen
class Attached:
    """An attachment with its content."""

    part: Part
    content: bytes
    charset: str = ""
    """As the sender named it, for text."""


def attached(raw: bytes, index: int) -> Attached:
    """The attachment that a Message lists as `index`. Raises NotFound."""
    part, content = attachment_bytes(raw, index)
    entity, _ = contents(outline(raw[:MESSAGE_LIMIT])).attachments[index - 1]
    return Attached(part, content, entity.parameters.get("charset", ""))
