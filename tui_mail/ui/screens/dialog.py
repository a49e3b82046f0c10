"""The base of every screen that lies over another one and goes away again."""

from __future__ import annotations

from typing import TypeVar

from textual import screen
from textual.await_complete import AwaitComplete

T = TypeVar("T")


class ModalScreen(screen.ModalScreen[T]):  # noqa: TID251
    """Textual's own, but it is closed once.

    Keys that were typed ahead still reach a screen that has just been closed; a second `Esc` would close the one
    below it, and end the program when there is none.
    """

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Go away, with a result; nothing happens when it is gone already."""
        return super().dismiss(result) if self in self.app.screen_stack else AwaitComplete()
