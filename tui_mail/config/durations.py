"""Spans of time as a person writes them in config.toml: "5 minutes", "90 seconds", 300.

What belongs here: words to seconds and back. What must never be here: which span is right for what (rules).
"""

from __future__ import annotations

import re

_UNITS = {"second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "m": 60, "hour": 3_600, "h": 3_600}
_WORDS = re.compile(r"(\d{1,7}) ?([a-z]+?)s?", re.ASCII)


def seconds_of(value: object) -> int | None:
    """The seconds that `value` means: a text with a unit, or a number of seconds. None when it means none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _WORDS.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    unit = _UNITS.get(found[2]) if found else None
    return int(found[1]) * unit if found and unit else None


def words_of(seconds: int) -> str:
    """The same as text, in the largest unit that needs no fraction."""
    for unit, size in (("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'s' * (seconds != size)}"
    return f"{seconds} second{'s' * (seconds != 1)}"
