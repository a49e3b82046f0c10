"""Looking for words inside the message that is read.

What belongs here: the line that asks, which place is looked at, what is said of it. What must never be here: finding
(`widgets/hits`), painting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


class Within:
    """The search inside one message."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._last = ""

    @property
    def is_on(self) -> bool:
        """Words are marked in the reader."""
        return self._screen.reader.hits is not None

    def ask(self) -> None:
        """Ask for words."""
        from tui_mail.ui.screens.find_prompt import FindPrompt

        def answered(words: str | None) -> None:
            if words is None or not words.strip():
                self.end()
                return
            self._last = words.strip()
            self.look_for(self._last)
            self._say()

        self._screen.app.push_screen(FindPrompt(self, self._last), answered)

    def look_for(self, words: str) -> int:
        """Mark them; how many there are."""
        count = self._screen.reader.find(words.strip())
        if not count:
            self._screen.reader.end_find()
        return count

    def step(self, by: int) -> bool:
        """To the next place, or the one before; False when nothing is looked for."""
        if not self.is_on:
            return False
        self._screen.reader.step_hit(by)
        self._say()
        return True

    def end(self) -> bool:
        """Nothing is looked for any more; False when nothing was."""
        was_on = self.is_on
        self._screen.reader.end_find()
        return was_on

    def _say(self) -> None:
        hits, keys = self._screen.reader.hits, self._screen.keymap
        if hits is None:
            self._screen.say(safe_line(f"“{self._last}” is not in this message."))
            return
        next_one, before = keys.shown("message.next_unread"), keys.shown("message.previous_unread")
        self._screen.say(
            safe_line(
                f"{hits.current + 1:,} of {hits.count:,} “{hits.words}” · {next_one} next {before} previous · Esc ends"
            )
        )
