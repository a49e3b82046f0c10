"""The watchers of one account: one for the inbox (or, with NOTIFY, for everything), one for the folder on the screen.

What belongs here: which watchers run. What must never be here: what they hear (the worker's business).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tui_mail.net.connection import Wake
from tui_mail.net.imap import ImapSession
from tui_mail.sync.watch import Watcher

AGAIN_SECONDS = 300.0
"""How long after its start a watcher that was refused is started again, while the worker's own line lives."""


class Watchers:
    """Starts, renews and ends them. Any thread."""

    def __init__(
        self,
        account: str,
        connect: Callable[[Wake], ImapSession],
        heard: Callable[[str], None],
        slept: Callable[[], None],
    ) -> None:
        """`heard` and `slept` as Watcher has them."""
        self._account = account
        self._connect = connect
        self._heard = heard
        self._slept = slept
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Watcher, float]] = {}
        self._screen = ""
        self._may_run = False

    @property
    def heard_at(self) -> float:
        """time.time() of the last byte on any of the lines, 0 when there is none."""
        return max((watcher.heard_at for watcher, _ in list(self._running.values())), default=0.0)

    def show(self, name: str) -> None:
        """Watch this folder too, for it is on the screen; "" when it is the inbox."""
        with self._lock:
            self._screen = name
            if self._may_run:
                self._start_missing()

    def keep(self) -> None:
        """Start what does not run: the worker's line lives."""
        with self._lock:
            self._may_run = True
            self._start_missing()

    def stop(self, wait: float = 0.5) -> None:
        """End all, until `keep`."""
        with self._lock:
            self._may_run = False
            ending = [watcher for watcher, _ in self._running.values()]
            self._running.clear()
        for watcher in ending:
            watcher.stop()
        for watcher in ending:
            watcher.join(timeout=wait)

    def _start_missing(self) -> None:
        self._run("inbox", "INBOX", watch_all=True)
        inbox = self._running["inbox"][0]
        if not self._screen or inbox.sees_all:
            return
        running = self._running.get("screen")
        if running is not None:
            running[0].watch(self._screen)
        if running is not None or inbox.live:  # not before it is known whether one line sees everything
            self._run("screen", self._screen, watch_all=False)

    def _run(self, key: str, folder: str, *, watch_all: bool) -> None:
        running = self._running.get(key)
        now = time.monotonic()
        if running is not None and (running[0].is_alive() or now - running[1] < AGAIN_SECONDS):
            return
        name = f"{self._account}-{key}"
        watcher = Watcher(name, self._connect, folder, self._heard, self._slept, watch_all=watch_all)
        self._running[key] = (watcher, now)
        watcher.start()
