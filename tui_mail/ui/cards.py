"""What stands between the head of a message and its text, because it takes a thread to know: an invitation.

What belongs here: whether a message has such a card, and making it. Everything that makes one blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.mime.at_sight import calendar_part
from tui_mail.model import Message
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.document import Paragraph

if TYPE_CHECKING:
    from tui_mail.mime.invitation import Invitation

Octets = Callable[[], bytes | None]
Answered = Callable[["Invitation"], str]


def has_card(message: Message) -> bool:
    """Quick: whether there is something to be made."""
    return bool(calendar_part(message))


def cards(
    message: Message, octets: Octets, keymap: Keymap, me: frozenset[str], answered: Answered = lambda _: ""
) -> list[Paragraph]:
    """The lines of all cards of a message. Blocks: call it on a thread.

    `answered` tells what was answered to an invitation.
    """
    index = calendar_part(message)
    return _invitation(message, index, octets, keymap, me, answered) if index else []


def _invitation(
    message: Message, index: int, octets: Octets, keymap: Keymap, me: frozenset[str], answered: Answered
) -> list[Paragraph]:
    from tui_mail.mime.attached import attached
    from tui_mail.mime.invitation import read_invitation
    from tui_mail.ui.widgets.invitation_card import card

    raw = octets()
    try:
        invitation = read_invitation(attached(raw, index).content) if raw is not None else None
        if invitation is None:
            return []
        key, status = keymap.shown("message.answer"), answered(invitation)
        return card(invitation, message.from_, me, key, text=message.text, answered=status)
    except (ArithmeticError, LookupError, TypeError, ValueError, MailError):  # the message opens, whatever it brings
        return []
