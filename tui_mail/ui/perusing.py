"""What can be done with the message that is read, besides answering and filing it.

What belongs here: which action is whose. What must never be here: doing it; each subject has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.text import SafeText, safe_line
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.inviting import Inviting
from tui_mail.ui.picturing import Picturing
from tui_mail.ui.showing import Showing
from tui_mail.ui.taking import Taking
from tui_mail.ui.unsealing import Unsealing
from tui_mail.ui.wholly import Wholly
from tui_mail.ui.within import Within

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


class Perusing:
    """The actions of the reader."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self.within = Within(screen)
        self.picturing = Picturing(screen)
        self.unsealing = Unsealing(screen)
        self.taking = Taking(screen)
        self.table: dict[str, Callable[[], None]] = {
            "message.attachments": self.attachments,
            "reader.find": self.within.ask,
            "message.answer": Inviting(screen).answer,
            "reader.pictures": self.picturing.ask,
            "reader.pictures_ask": self.picturing.forget,
            "reader.decrypt": self.unsealing.open,
            "reader.new": self._only_new,
            "reader.hidden": self._hidden,
            "reader.shown": Showing(screen).toggle,
            "reader.charset": self._other_charset,
            "message.whole": Wholly(screen).fetch,
            "message.save": self.taking.save,
            "message.pipe": self.taking.pipe,
            "message.pipe_raw": lambda: self.taking.pipe(raw=True),
        }

    def attachments(self) -> None:
        """A box with the files of the message."""
        from tui_mail.ui.screens.attachments import Attachments

        screen = self._screen
        message = at_hand(screen)
        if message is None:
            return
        if not message.attachments:
            screen.say(SafeText("No attachments in this message."))
            return
        screen.app.push_screen(Attachments(screen, message, screen.reading.octets, screen.reading.message_id))

    def _only_new(self) -> None:
        if not self._screen.reader.toggle_old():
            self._screen.say(SafeText("All of this message is new."))
        elif self._screen.reader.document.only_new:
            self._screen.say(SafeText("Only what is new"))

    def _hidden(self) -> None:
        """What an HTML letter holds and nobody was to see."""
        screen = self._screen
        if at_hand(screen) is None:
            return
        if not screen.reading.show_hidden():
            screen.say(SafeText("Nothing in this message is hidden."))
        elif screen.reading.shows_hidden and (message := screen.reading.message) is not None:
            screen.say(safe_line(f"Hidden by the sender: {message.hidden}, marked ▒ and no part of the text"))

    def _other_charset(self) -> None:
        """Wrong letters: the person says what they are."""
        from tui_mail.mime.recoded import CHOICES, with_charset
        from tui_mail.ui.screens.picker import Choice, Picker

        screen = self._screen
        if screen.reading.message is None:
            return

        def picked(charset: str | None) -> None:
            if charset is not None:
                read = f"Read as {charset}; what is stored is as it was."
                screen.reading.read_otherwise(
                    lambda raw: with_charset(raw, charset), lambda: screen.say(SafeText(read))
                )

        choices = [Choice(name, name, words) for name, words in CHOICES]
        screen.app.push_screen(Picker("Read it as", choices), picked)
