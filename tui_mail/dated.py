"""Keywords that carry a moment: until when a message sleeps, and when somebody is to be reminded of it.

What belongs here: how such a keyword is written and read. Pure functions. What must never be here: what becomes of the
message then (store.snoozing, store.reminding).

The moment stands in the keyword itself, so that every computer that reads the mailbox knows it. It is a whole quarter
of an hour, in UTC, so that a server with room for few keywords in a folder has to remember few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

SNOOZED = "snoozed-"
FOLLOW_UP = "followup-"
QUARTER = 900
"""Seconds; a moment is rounded up to it: nothing comes before its time."""
LATEST = 253_402_300_000
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)z")


def stamp(prefix: str, moment: float) -> str:
    """The keyword of a moment (epoch): snoozed-20261201T0800Z."""
    return f"{prefix}{datetime.fromtimestamp(kept(moment), UTC):%Y%m%dT%H%MZ}"


def kept(moment: float) -> int:
    """The moment (epoch) that is kept for this one."""
    return min(LATEST, -(-int(moment) // QUARTER) * QUARTER)


def moment_of(prefix: str, keywords: Iterable[str]) -> int | None:
    """The moment (epoch) of the first such keyword; None when there is none that can be read. Any case."""
    for word in keywords:
        low = word.casefold()
        found = _MOMENT.fullmatch(low[len(prefix) :]) if low.startswith(prefix) else None
        if found is not None:
            try:
                return int(datetime(*map(int, found.groups()), tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]
            except ValueError:
                continue
    return None


def stamps(prefix: str, keywords: Iterable[str]) -> list[str]:
    """Those of the keywords that carry such a moment, or seem to."""
    return [word for word in keywords if word.casefold().startswith(prefix)]
