"""What config.toml may say about the tabs of the inbox: the table [splits], a name and a search for each.

What belongs here: that table, and the tabs of those who did not write it. What must never be here: what is in a tab
(store), and whether tabs are shown: that is a key on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_mail.facets import MOST_SPLITS

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

Splits = tuple[tuple[str, str], ...]
"""Names and searches; the first that fits has a message, and what fits none is in one more."""

USUAL: Splits = (
    ("People", "kind:people"),
    ("Lists", "kind:list"),
    ("Calendar", "kind:calendar"),
    ("Notifications", "kind:notification"),
)
REST = "Rest"
"""The tab of what fits none."""


def splits_of(reader: Reader, document: Mapping[str, Any]) -> Splits | None:
    """The table [splits]; None when there is none."""
    if "splits" not in document:
        return None
    from tui_mail.understanding import understand

    path, table = ("splits",), reader.table((), document, "splits")
    found = list[tuple[str, str]]()
    for name in table:
        text = reader.string(path, table, name)
        query = understand(text)
        if query.hints:
            reader.problem((*path, name), f'"{name}": {query.hints[0]}')
        elif query.is_empty:
            reader.problem((*path, name), f'"{name}" must say which messages, such as "kind:list" or "from:ola"')
        elif len(found) == MOST_SPLITS:
            reader.problem((*path, name), f"there is room for {MOST_SPLITS} tabs")
        else:
            found.append((name, text))
    return tuple(found)
