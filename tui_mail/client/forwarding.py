"""Several messages forwarded in one, each attached as a whole.

What belongs here: which one the draft begins with, and how the others are added. What must never be here: how one
message is forwarded (mime/answering).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_mail.errors import NotFound, UsageError
from tui_mail.mime import answering, compose
from tui_mail.mime.seals import SEALED, kind_of
from tui_mail.outgoing import Begun
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.client.composing import Desk, Mail

MANY = 100
"""Messages that are attached at once at most: more is an export."""


def together(desk: Desk, mail: Mail, message_ids: Sequence[int]) -> Begun:
    """A draft that begins with the first. Raises MailError when one of them is not to be had."""
    if len(message_ids) > MANY:
        raise UsageError(f"{len(message_ids):,} messages are too many to attach ({MANY} at most); nothing was begun.")
    first, *others = message_ids
    begun = desk.begin(
        first,
        lambda raw, message, account, ours: answering.forward(
            raw, message, ours, attached=True, language=account.language
        ),
    )
    files, notes = [], list(begun.notes)
    for id_ in others:
        row = mail.row(id_)
        if row is None:
            raise NotFound("One of these messages is no longer here.")
        octets = compose.for_others(mail.whole(id_))
        if kind_of(octets) in SEALED:
            notes.append(safe_line(f"“{row.subject}”: {answering.FOR_YOU_ALONE}"))
        files.append(desk.attachment(f"{row.subject or 'message'}.eml", octets, "message/rfc822"))
    draft = replace(begun.draft, attachments=(*begun.draft.attachments, *files))
    return Begun(draft, tuple(notes))
