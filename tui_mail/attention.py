"""Giving way to the person: background work pauses for a moment when a key was pressed.

Threads of one Python process share one interpreter, so a worker that parses headers takes time from the screen.
The screen calls `Attention.demand` with every key; loops that work through many messages call `give_way` now and
then. While a key is held down, indexing goes on at a fraction of its speed and the screen at all of its own.
"""

from __future__ import annotations

import time

PERIOD = 0.04
"""Seconds that a key demands: about what it takes to answer it with a picture."""
LONGEST = 0.12
"""Seconds that one call gives way at most, so that work goes on while a key is held down."""
STEP = 0.004


class Attention:
    """Whether somebody is at the keys right now. Any thread."""

    def __init__(self) -> None:
        self._last = 0.0

    def demand(self) -> None:
        """A key was pressed."""
        self._last = time.monotonic()

    @property
    def quiet_for(self) -> float:
        """Seconds since the last key."""
        return time.monotonic() - self._last

    @property
    def is_demanded(self) -> bool:
        """A key is being answered right now."""
        return self.quiet_for < PERIOD

    def give_way(self) -> None:
        """Sleep while a key is being answered."""
        if not self.is_demanded:
            return
        latest = time.monotonic() + LONGEST
        while self.is_demanded and time.monotonic() < latest:
            time.sleep(STEP)
