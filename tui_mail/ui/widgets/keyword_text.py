"""Keywords (RFC 9051 2.3.2) as people read them: labels. What servers and programs tell each other is left out.

What belongs here: which keywords are labels, their names, and the keyword for a name. Pure functions of plain values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui_mail.dated import FOLLOW_UP, SNOOZED
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.widgets.cells import clip, steady, width

Run = tuple[str, str]
SHORTEST = 10
"""Cells in which the beginning of a name says something."""
_NAMES = {
    "$important": "Important",
    "$label1": "Important",
    "$label2": "Work",
    "$label3": "Personal",
    "$label4": "To do",
    "$label5": "Later",
}
"""What Thunderbird calls its five, and RFC 8457 its one."""
_INTERNAL = frozenset(
    {
        "forwarded", "junk", "nonjunk", "notjunk", "junkrecorded", "mdnsent", "old", "redirected",
        "receipt-handled", "recent",
    }
)  # fmt: skip
"""Older ones that are for programs; those of today begin with $."""
_KEYWORD = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


def is_label(keyword: str) -> bool:
    """A person put it there, to be seen."""
    key = keyword.casefold()
    return key in _NAMES or not (key.startswith(("$", "\\", SNOOZED, FOLLOW_UP)) or key in _INTERNAL)


def label_name(keyword: str) -> SafeText:
    """What a keyword is called: to_do → to do, $label1 → Important."""
    return SafeText(steady(_NAMES.get(keyword.casefold()) or safe_line(keyword.replace("_", " ")).strip() or "…"))


def label_names(keywords: Iterable[str]) -> list[SafeText]:
    """The labels among some keywords, by name."""
    return [label_name(one) for one in keywords if is_label(one)]


def keyword_for(name: str) -> str:
    """The keyword for a name that was typed; empty when none can be: only ASCII letters, digits, - . and _ can."""
    keyword = "_".join(name.split())
    return keyword if _KEYWORD.fullmatch(keyword) and is_label(keyword) else ""


def chips(keywords: Iterable[str], room: int) -> list[Run]:
    """Labels in brackets, as many as fit into `room` cells, each with a space after it; … for the rest of them."""
    runs: list[Run] = []
    for name in label_names(keywords):
        text = f"[{name}] "
        if width(text) > room - 2 and not runs and room >= SHORTEST:
            text = f"[{clip(name, room - 5)}] "
        if width(text) > room - 2:
            return [*runs, ("… ", "chip")] if room >= 2 else runs
        runs.append((text, "chip"))
        room -= width(text)
    return runs
