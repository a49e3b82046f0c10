"""The line in which a search is typed. Loaded with the first search: Textual's Input is not needed before.

What belongs here: the field. What must never be here: what is done with what is typed (finding).
"""

from __future__ import annotations

from textual.widgets import Input


class SearchBox(Input):
    """Where the query is typed."""

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
