"""How the panes can be arranged, and which arrangement a window has room for.

What belongs here: names, sizes, and the words for both. What must never be here: widgets; styles are in tui.tcss.
"""

from __future__ import annotations

from textual.geometry import Size

LAYOUTS = {"classic": "list above reader", "columns": "three columns", "single": "list only"}
"""In the order that one key steps through, with what each is called."""
_NARROW = Size(100, 18)
_TOO_SMALL = Size(40, 8)


def next_layout(layout: str) -> str:
    """The one after it."""
    names = list(LAYOUTS)
    return names[(names.index(layout) + 1) % len(names)]


def is_narrow(size: Size) -> bool:
    """True when there is room for one pane at a time."""
    return size.width < _NARROW.width or size.height < _NARROW.height


def too_small(size: Size) -> str:
    """What a window says that has no room for mail; empty when it has."""
    if size.width >= _TOO_SMALL.width and size.height >= _TOO_SMALL.height:
        return ""
    return "Mail needs a window of 40×8 or more." if size.width >= 38 else "Window too small"
