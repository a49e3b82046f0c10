"""When the screen looks at what changed: at once, but only now and then while a folder is read for the first time.

What belongs here: gathering what changed until it is looked at. What must never be here: what is shown then.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.timer import Timer

FILLING_PAUSE = 0.3
"""Seconds between two looks while a folder is being read for the first time."""


class Pacing:
    """Gathers folders and statuses that changed, and calls `look` with them when it is time."""

    def __init__(
        self, set_timer: Callable[[float, Callable[[], None]], Timer], look: Callable[[set[int], bool], None]
    ) -> None:
        self._set_timer = set_timer
        self._look = look
        self._changed: set[int] = set()
        self._status_changed = False
        self._looked_at = 0.0
        self._timer: Timer | None = None

    def note(self, folders: set[int], statuses: bool, *, filling: bool) -> None:
        """These changed."""
        self._changed |= folders
        self._status_changed |= statuses
        wait = self._looked_at + FILLING_PAUSE - time.monotonic() if filling else 0.0
        if wait > 0:
            if self._timer is None:
                self._timer = self._set_timer(wait, self._look_now)
        elif self._timer is None:
            self._look_now()

    def _look_now(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        changed, self._changed = self._changed, set()
        status_changed, self._status_changed = self._status_changed, False
        self._look(changed, status_changed)
        self._looked_at = time.monotonic()
