"""What was answered to an invitation, out of the answers that were sent.

What belongs here: finding them. Everything blocks. What must never be here: reading calendars (`mime/invitation`).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.mime.at_sight import calendar_part
from tui_mail.mime.attached import attached
from tui_mail.mime.invitation import Invitation, read_invitation
from tui_mail.model import Flag, Row

if TYPE_CHECKING:
    from tui_mail.client import MailClient

LOOKED_AT = 8
"""One's own messages of a conversation that are looked at, the newest first."""


def answer_to(client: MailClient, row: Row, invitation: Invitation, me: Collection[str]) -> str:
    """The status that was sent last for this very invitation (ACCEPTED …); empty where that is not known.

    Only of a message that is marked as answered: before, the answer is on its way and may be taken back.
    """
    if not row.flags & Flag.ANSWERED or not invitation.can_be_answered:
        return ""
    members = client.members(row.folder_id, [row.id])
    own = [one for one in client.rows(members) if any(sender.email.lower() in me for sender in one.from_)]
    for one in own[:LOOKED_AT]:
        with suppress(ArithmeticError, LookupError, TypeError, ValueError, MailError):  # the card does without it
            reply = _invitation(client, one)
            if reply is not None and reply.answers(invitation) and reply.attendees:
                return reply.attendees[0].status
    return ""


def _invitation(client: MailClient, row: Row) -> Invitation | None:
    message, raw = client.message(row.id), client.raw(row.id)
    index = calendar_part(message) if message is not None else 0
    return read_invitation(attached(raw, index).content) if index and raw is not None else None
