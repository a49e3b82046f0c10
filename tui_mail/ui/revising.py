"""Undo and redo: what they say, and where the cursor goes.

What belongs here: naming what was taken back or done again, in the words that it was done with.
What must never be here: how it is taken back, and what cannot be; the journal knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.errors import CannotUndo, MailError
from tui_mail.model import Change
from tui_mail.text import SafeText
from tui_mail.ui.screens.words import TOOK_BACK

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


class Revising:
    """Undo and redo of the triage screen, and of the history above it."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client

    def undo(self, batch: int | None = None) -> None:
        """Take back one action, or else the newest."""

        def done(change: Change | None) -> None:
            if change is None:
                self._say("Nothing to undo.")
            else:
                words = change.summary.removeprefix(TOOK_BACK)
                self._came_back(change, f"Undone: {words} · {self._screen.keymap.shown('redo')} do again")

        def failed(error: MailError) -> None:
            if not isinstance(error, CannotUndo):
                self._screen.problem(error)
                return
            again = f" · {self._screen.keymap.shown('undo')} again undoes what was done before" if batch is None else ""
            self._say(error.shown.removesuffix(".") + (again or "."))
            self._screen.standing.acted()

        self._screen.bridge.when_done(self._client.undo(batch), done, failed, opens=True)

    def redo(self) -> None:
        """Do again what was taken back last."""

        def done(change: Change | None) -> None:
            if change is None:
                self._say("Nothing to do again.")
            else:
                self._came_back(change, f"Done again: {change.summary} · {self._screen.keymap.shown('undo')} undo")

        self._screen.bridge.when_done(self._client.redo(), done, self._screen.problem, opens=True)

    def _came_back(self, change: Change, words: str) -> None:
        self._say(words)
        self._screen.messages.listing.unhide(change.message_ids)
        self._screen.standing.acted()
        self._screen.reload(urgent=True, onto=change.message_ids)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
