"""What can be done with the message that is read, besides answering and filing it.

What belongs here: which action is whose. What must never be here: doing it; each subject has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.text import SafeText
from tui_mail.ui.within import Within

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


class Perusing:
    """The actions of the reader."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self.within = Within(screen)
        self.table: dict[str, Callable[[], None]] = {
            "message.attachments": self.attachments,
            "reader.find": self.within.ask,
        }

    def attachments(self) -> None:
        """A box with the files of the message."""
        from tui_mail.ui.screens.attachments import Attachments

        screen = self._screen
        message, message_id = screen.reading.message, screen.reading.message_id
        if message is None or not message.attachments:
            screen.say(SafeText("No attachments in this message." if message else "The message is not here yet."))
            return
        screen.app.push_screen(Attachments(screen, message_id, message, screen.reading.octets))
