"""What stands between the head of a message and its text, because it takes a thread to know: an invitation.

What belongs here: whether a message has such a card, and making it. Everything that makes one blocks.
"""

from __future__ import annotations

from collections.abc import Callable

from tui_mail.errors import MailError
from tui_mail.mime.at_sight import calendar_part
from tui_mail.model import Message
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.document import Paragraph

Octets = Callable[[], bytes | None]


def has_card(message: Message) -> bool:
    """Quick: whether there is something to be made."""
    return bool(calendar_part(message))


def cards(message: Message, octets: Octets, keymap: Keymap, me: frozenset[str]) -> list[Paragraph]:
    """The lines of all cards of a message. Blocks: call it on a thread."""
    index = calendar_part(message)
    return _invitation(message, index, octets, keymap, me) if index else []


def _invitation(message: Message, index: int, octets: Octets, keymap: Keymap, me: frozenset[str]) -> list[Paragraph]:
    from tui_mail.mime.attached import attached
    from tui_mail.mime.invitation import read_invitation
    from tui_mail.ui.widgets.invitation_card import card

    raw = octets()
    try:
        invitation = read_invitation(attached(raw, index).content) if raw is not None else None
        key = keymap.shown("message.answer")
        return card(invitation, message.from_, me, key, text=message.text) if invitation is not None else []
    except (ArithmeticError, LookupError, TypeError, ValueError, MailError):  # the message opens, whatever it brings
        return []
