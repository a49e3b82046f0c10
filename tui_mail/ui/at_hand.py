"""The message that an action on its content is about: the one that is seen, and never another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.model import Message
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


def when_at_hand(screen: Triage, action: Callable[[], None]) -> Callable[[], None]:
    """The action, once the message is read that it is about: in the list, that is the one under the cursor."""

    def acting() -> None:
        reading, messages = screen.reading, screen.messages
        if screen.place is Place.LIST and messages.current is not None and reading.message_id != messages.current_id:
            reading.open(messages.current, messages.listing.row_at(messages.cursor + 1))
        reading.when_read(action)

    return acting


def at_hand(screen: Triage) -> Message | None:
    """What is in the reader; None, and a word, when it is not here, or when the list stands on another message."""
    reading = screen.reading
    if screen.place is not Place.READER and reading.message_id != screen.messages.current_id:
        screen.say(SafeText(f"Open the message first: {screen.keymap.shown('message.open')}"))
        return None
    if reading.message is None:
        screen.say(SafeText("The message is not here yet." if reading.message_id else "There is no message here."))
    return reading.message
