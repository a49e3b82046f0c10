"""The line in which a search is typed. Loaded with the first search: Textual's Input is not needed before.

What belongs here: the field. What must never be here: what is done with what is typed (finding).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.widgets import Input

from tui_mail.ui.widgets.typing import editing_keys


class SearchBox(Input):
    """Where the query is typed."""

    KEYS: ClassVar[Mapping[str, str]] = {
        key: action for key, action in editing_keys(Input.BINDINGS).items() if key != "enter"
    }

    def __init__(self) -> None:
        super().__init__(
            id="search",
            compact=True,
            select_on_focus=False,
            placeholder="/ words  from:anna  subject:lunch  is:unread  has:attachment  newer:7d  -not  OR",
        )

    def clear_quietly(self) -> None:
        """Empty it, and tell nobody."""
        with self.prevent(Input.Changed):
            self.value = ""

    async def takes(self, key: str, character: str | None) -> bool:
        """Type or edit at once; False for other keys."""
        if key in self.KEYS:
            await self.run_action(self.KEYS[key])
            return True
        if character is None or not character.isprintable():
            return False
        self.insert_text_at_cursor(character)
        return True
