"""Watching over the lines: noticing that the computer slept, came into another network, or waits in vain.

What belongs here: one thread for the whole engine that looks at every account now and then. What must never be here:
a command to a server, or a write into the store: this thread never waits for anything.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from tui_mail.net.connection import source_address

TICK_SECONDS = 2.0
"""How often to look."""
BEAT_SECONDS = 5.0
SLEPT_SECONDS = 15.0
"""A look that comes so much later than it should: the computer slept, and the lines did not outlive it."""

log = logging.getLogger(__name__)


class Watched(Protocol):
    """An account, as this thread sees it."""

    def look(self, source: Callable[[str], str]) -> None:
        """See whether the lines live, and whether `source(peer)`, our address on the way there, is another one now."""

    def network_changed(self, why: str) -> None:
        """Give up every line and make it anew, without waiting."""


class Vigil(threading.Thread):
    """Looks at all accounts until stopped."""

    def __init__(
        self,
        accounts: Sequence[Watched],
        *,
        clock: Callable[[], float] = time.time,
        source: Callable[[str], str] = source_address,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock` goes on while the computer sleeps; `beat` is told every few seconds that this process lives."""
        super().__init__(name="vigil", daemon=True)
        self._accounts = accounts
        self._clock = clock
        self._source = source
        self._beat = beat
        self._over = threading.Event()

    def stop(self) -> None:
        """End; returns at once."""
        self._over.set()

    def run(self) -> None:
        """Look every two seconds."""
        before, beaten = self._clock(), 0.0
        while not self._over.wait(TICK_SECONDS):
            now = self._clock()
            slept, before = now - before - TICK_SECONDS > SLEPT_SECONDS, now
            if time.monotonic() - beaten >= BEAT_SECONDS:
                beaten = time.monotonic()
                self._beat()
            for account in self._accounts:
                try:
                    if slept:
                        account.network_changed("the computer slept")
                    account.look(self._source)
                except Exception:  # a thread's top
                    log.exception("vigil")
