"""Looking for words inside the message that is read.

What belongs here: the line that asks, which place is looked at, what is said of it. What must never be here: finding
(`widgets/hits`), painting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.text import safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.widgets.hits import Hits, find

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.document import Document

AT_ONCE = 2_000
"""Paragraphs that are looked through while the screen waits: some milliseconds."""


class Within:
    """The search inside one message."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._last = self._wanted = ""
        self._missed: Document | None = None
        """Where the last words were not found: a key that steps says so, and does not go to another message."""

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
            self._last, self._missed = words.strip(), None
            self.look_for(self._last, lambda _: self._say())

        self._screen.app.push_screen(FindPrompt(self, self._last), answered)

    def look_for(self, words: str, told: Callable[[int], None]) -> None:
        """Mark them, and tell how many there are; in a long message a thread looks, and the newest words win."""
        reader, wanted = self._screen.reader, words.strip()
        self._wanted = wanted
        document, paragraphs = reader.document, reader.unfolded()

        def done(hits: Hits) -> None:
            if self._wanted == wanted and reader.document is document:
                reader.show_hits(hits)
                told(hits.count)

        if len(paragraphs) <= AT_ONCE:
            done(find(paragraphs, wanted))
        else:
            aside(self._screen.bridge, lambda: find(paragraphs, wanted), done, self._screen.problem)

    def step(self, by: int) -> bool:
        """To the next place, or the one before; False when nothing is looked for."""
        if not self.is_on:
            return self._say_missed()
        self._screen.reader.step_hit(by)
        self._say()
        return True

    def end(self) -> bool:
        """Nothing is looked for any more; False when nothing was."""
        was_on, self._wanted = self.is_on or self._has_missed, ""
        self._missed = None
        self._screen.reader.end_find()
        return was_on

    @property
    def _has_missed(self) -> bool:
        return self._missed is not None and self._missed is self._screen.reader.document

    def _say_missed(self) -> bool:
        if self._has_missed:
            self._say()
        return self._has_missed

    def _say(self) -> None:
        hits, keys = self._screen.reader.hits, self._screen.keymap
        if hits is None:
            self._missed = self._screen.reader.document
            self._screen.say(safe_line(f"“{self._last}” is not in this message · Esc ends"))
            return
        next_one, before = keys.shown("message.next_unread"), keys.shown("message.previous_unread")
        self._screen.say(
            safe_line(
                f"{hits.current + 1:,} of {hits.count:,} “{hits.words}” · {next_one} next {before} previous · Esc ends"
            )
        )
