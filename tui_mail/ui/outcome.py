"""What came of the last action: the line says so, and undo is about that action and no other.

What belongs here: waiting for an action to be durable, and what is said when it could not be. What must never be here:
what an action does to the lists.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from tui_mail.errors import MailError
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

T = TypeVar("T")


class Outcome:
    """Of the last action that a person could want to undo."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._running = 0
        """Actions of which nobody knows yet what came."""
        self._not_done = ""
        self._then: Callable[[], None] | None = None
        """What waits for them."""

    def follow(
        self, future: Future[T], done: Callable[[T], None], words: str, failed: Callable[[], None] = lambda: None
    ) -> None:
        """Call `done` once it is; else say that it was not: `words` are those for what was done, "Moved to Trash:"."""
        self._running += 1

        def was_done(result: T) -> None:
            self._not_done = ""
            done(result)
            self._ended()

        def was_not(error: MailError) -> None:
            self._not_done = not_done(words)
            failed()
            self._screen.say(SafeText(f"{self._not_done}: {error.shown}"))
            self._screen.problem(error)
            self._ended()

        self._screen.bridge.when_done(future, was_done, was_not)

    def forget(self) -> None:
        """Something else was done since, which undo is about."""
        self._not_done = ""

    def before_undo(self, undo: Callable[[], None]) -> None:
        """Undo once it is certain what came of the last action; if that was not done, say so instead, once."""
        if self._running:
            opened, earlier = self._screen.bridge.opens(), self._then

            def certain() -> None:
                opened()
                if earlier is not None:
                    earlier()
                self.before_undo(undo)

            self._then = certain
        elif self._not_done:
            words, self._not_done = self._not_done, ""
            key = self._screen.keymap.shown("undo")
            self._screen.say(SafeText(f"{words}, so nothing was undone · {key} again undoes what was done before"))
        else:
            undo()

    def _ended(self) -> None:
        self._running -= 1
        if not self._running and self._then is not None:
            then, self._then = self._then, None
            then()


def not_done(words: str) -> str:
    """What is said of an action that was not done, in the words for one that was."""
    words = words.rstrip(":")
    return f"Not {words[:1].lower()}{words[1:]}"
