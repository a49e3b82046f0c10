"""Undo and redo: what they say, and where the cursor goes.

What belongs here: naming what was taken back or done again, in the words that it was done with.
What must never be here: how it is taken back; the journal knows.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.model import Change
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

LOOK_BACK = 200
"""Changes among which the one that was taken back is looked for."""


class Revising:
    """Undo and redo of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._gone = False

    def gone_for_ever(self) -> None:
        """Messages were deleted for ever: whoever presses undo next means them."""
        self._gone = True

    def something_else_was_done(self) -> None:
        """Undo is about that now."""
        self._gone = False

    def undo(self) -> None:
        """Take back the newest action."""
        if self._gone:
            self._gone = False
            key = self._screen.keymap.shown("undo")
            self._say(f"Deleted for ever is for ever. {key} again undoes what was done before.")
            return
        before = self._undoable()

        def done(change: Change | None) -> None:
            if change is None:
                self._say("Nothing to undo.")
                return
            left = self._undoable()
            words = next((words for batch, words in before.items() if batch not in left), _count(change))
            self._came_back(change, f"Undone: {words}", f" · {self._screen.keymap.shown('redo')} do again")

        self._when_done(self._client.undo(), done)

    def redo(self) -> None:
        """Do again what was taken back last."""

        def done(change: Change | None) -> None:
            if change is None:
                self._say("Nothing to do again.")
            else:
                self._came_back(change, f"Done again: {change.summary}", f" · {self._screen.keymap.shown('undo')} undo")

        self._when_done(self._client.redo(), done)

    def _came_back(self, change: Change, words: str, hint: str) -> None:
        self._say(words + hint)
        self._screen.messages.listing.unhide(change.message_ids)
        self._screen.acted()
        self._screen.reload(urgent=True, onto=change.message_ids[0] if change.message_ids else 0)

    def _undoable(self) -> dict[int, str]:
        """What could be taken back, by batch, newest first."""
        found: dict[int, str] = {}
        for change in self._client.changes(LOOK_BACK):
            if change.undoable:
                found.setdefault(change.batch, change.summary)
        return found

    def _when_done(self, future: Future[Change | None], done: Callable[[Change | None], None]) -> None:
        self._screen.bridge.when_done(future, done, self._screen.problem)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))


def _count(change: Change) -> str:
    return f"{change.count:,} message{'s' * (change.count != 1)}"
