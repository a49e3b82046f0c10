"""What a server says when it wants fewer connections, or to be left alone for a while, and for how long.

What belongs here: the words that servers use for it, and what to make of them. What must never be here: waiting.
"""

from __future__ import annotations

import re

from tui_mail.records import frozen

BUSY_CODES = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
"""Response codes that mean later, not never (RFC 5530)."""
LONGEST = 86_400.0
"""Seconds that any server is believed at most."""
THROTTLED = 300.0
"""Seconds to wait when no time was told."""

_TOO_MANY = re.compile(
    r"too many (?:[\w-]+ ){0,3}(?:connections|sessions|logins|clients)"
    r"|(?:maximum|max\.?) (?:[\w-]+ ){0,4}connections?\b"
    r"|connection limit|connections? (?:[\w-]+ ){0,3}exceeded",
    re.IGNORECASE,
)
_THROTTLE = re.compile(
    r"\b(?:is|are|being|been|was) throttled|rate limit (?:hit|reached|exceeded)|too many (?:requests|commands)"
    r"|exceeded command or bandwidth limits|suggested backoff time",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"(?:suggested backoff time:?|(?:try|retry)(?: again)? (?:in|after))"
    r"\s*(\d{1,12})\s*(ms|milli|sec|min|hour|h\b|m\b|s\b)?",
    re.IGNORECASE,
)
_UNITS = {"ms": 0.001, "milli": 0.001, "min": 60.0, "m": 60.0, "hour": 3600.0, "h": 3600.0}


@frozen
class Busy:
    """What the server asks for."""

    too_many: bool
    """It allows fewer connections at the same time."""
    seconds: float
    """How long to stay away at least; 0 when that was not told."""


def busy(code: str, text: str) -> Busy | None:
    """What a NO, BAD or BYE with this response code and text asks for; None when it speaks of something else."""
    if _TOO_MANY.search(text):
        return Busy(True, seconds_told(text))
    if code == "THROTTLED" or (code in ("", "LIMIT", "OVERQUOTA", "ALERT", "UNAVAILABLE") and _THROTTLE.search(text)):
        return Busy(False, seconds_told(text) or THROTTLED)
    return None


def seconds_told(text: str) -> float:
    """The time that a server names, in seconds; 0 when it names none.

    A number without a unit that would be hours as seconds is taken for milliseconds, which Exchange counts in.
    """
    told = _TOLD.search(text)
    if told is None:
        return 0.0
    number, unit = float(told[1]), (told[2] or "").lower()
    factor = _UNITS.get(unit, 1.0) if unit else (0.001 if number > 3600 else 1.0)
    return min(LONGEST, number * factor)
