"""What config.toml may say about reading: the table [reading].

What belongs here: one rule per key, as in `rules`. What must never be here: what the screen does with it (ui).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

ADVANCES = ("next", "previous", "list")
"""What is shown when the message that is read was put away: the next older one, the next newer one, or the list."""
PICTURES = ("auto", "blocks", "terminal")
"""Who paints pictures: the terminal where it is known to, half blocks everywhere, or the terminal in any case."""
READING_KEYS = ("auto_advance", "pictures")


def reading_of(reader: Reader, document: Mapping[str, Any]) -> tuple[str, str]:
    """The table [reading]: its two keys."""
    path, table = ("reading",), reader.table((), document, "reading")
    reader.unknown(path, table, READING_KEYS)
    advance = reader.choice(path, table, "auto_advance", ADVANCES, ADVANCES[0])
    return advance, reader.choice(path, table, "pictures", PICTURES, PICTURES[0])
