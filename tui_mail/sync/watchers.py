"""The watchers of one account: one for the inbox (or, with NOTIFY, for everything), one for the folder on the screen.

What belongs here: which watchers run, and how many lines the server is known to allow. What must never be here: what
they hear (the worker's business).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import partial

from tui_mail.errors import CertificateRefused, MailError, ServerBusy
from tui_mail.net.connection import Wake
from tui_mail.net.imap import ImapSession
from tui_mail.sync.watch import Watcher

AGAIN_SECONDS = 300.0
"""How long after its start a watcher that ended is started again, while the worker's own line lives."""
FEWER_SECONDS = 600.0
"""How long to get by with fewer lines after the server said that there are too many; twice as long each time…"""
FEWER_LONGEST = 3600.0
"""…up to this."""
ALL = 2
"""Lines that we would like to have beside the worker's."""


class Watchers:
    """Starts, renews and ends them. Any thread."""

    def __init__(
        self,
        account: str,
        connect: Callable[[Wake], ImapSession],
        heard: Callable[[str], None],
    ) -> None:
        """`heard` as Watcher has it."""
        self._account = account
        self._connect = connect
        self._heard = heard
        self._lock = threading.RLock()
        self._running: dict[str, tuple[Watcher, float]] = {}
        self._screen = ""
        self._may_run = False
        self._most = ALL
        self._fewer_until = 0.0
        self._fewer_for = FEWER_SECONDS

    @property
    def heard_at(self) -> float:
        """time.time() of the last byte on any of the lines, 0 when there is none."""
        return max((watcher.heard_at for watcher in self._all()), default=0.0)

    @property
    def silent_for(self) -> float:
        """Seconds for which the server has owed an answer on the line that waits longest."""
        return max((watcher.silent_for for watcher in self._all()), default=0.0)

    @property
    def broken(self) -> bool:
        """True while one of the lines broke and could not be made anew."""
        return any(watcher.broken for watcher in self._all())

    @property
    def see_all(self) -> bool:
        """True while one line tells the news of all folders."""
        return any(watcher.sees_all and watcher.live for watcher in self._all())

    @property
    def unwatched(self) -> str:
        """The folder that the worker should watch on its own line while it has nothing to do; "" when there is none."""
        with self._lock:
            if not self._may_run or self.see_all:
                return ""
            if self._allowed() < 1 or not self._runs("inbox"):
                return self._screen or "INBOX"
            return self._screen if self._allowed() < ALL else ""

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

    def fewer(self, lines: int = 0, *, for_good: bool = False) -> None:
        """The server allows no more than so many lines beside the worker's: get by with them for a while.

        `for_good`: until the worker's own line was made anew.
        """
        with self._lock:
            if self._fewer_until and time.monotonic() > self._fewer_until:  # tried again in vain
                self._fewer_for = min(FEWER_LONGEST, 2 * self._fewer_for)
            self._most = min(lines, self._allowed())
            self._fewer_until = math.inf if for_good else time.monotonic() + self._fewer_for
            for key in ("screen", "inbox")[: ALL - self._most]:
                running = self._running.get(key)
                if running is not None:
                    running[0].stop()

    def renew(self) -> None:
        """Make every line anew at once."""
        for watcher in self._all():
            watcher.renew()

    def stop(self, wait: float = 0.5) -> None:
        """End all, until `keep`."""
        with self._lock:
            self._may_run = False
            if self._fewer_until == math.inf:
                self._fewer_until = 0.0
            ending = self._all()
            self._running.clear()
        for watcher in ending:
            watcher.stop()
        for watcher in ending:
            watcher.join(timeout=wait)

    def _unwelcome(self, key: str, error: MailError) -> None:
        """The server wants no such line (on a watcher's thread, which ends).

        A password that is refused here while the worker's line lives on is not tried again before that line was made
        anew, for accounts get locked by less; should the worker be refused too, it asks the person.
        """
        left = 0 if key == "inbox" else 1
        if isinstance(error, ServerBusy):
            self.fewer(left)
        elif not isinstance(error, CertificateRefused):
            self.fewer(left, for_good=True)
        self._heard("INBOX")  # the worker looks, and then watches by itself

    def _start_missing(self) -> None:
        if self._allowed() < 1:
            return
        self._run("inbox", "INBOX", watch_all=True)
        inbox = self._running["inbox"][0]
        if not self._screen or inbox.sees_all or self._allowed() < ALL:
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
        watcher = Watcher(
            f"{self._account}-{key}",
            self._connect,
            folder,
            self._heard,
            partial(self._unwelcome, key),
            watch_all=watch_all,
        )
        self._running[key] = (watcher, now)
        watcher.start()

    def _allowed(self) -> int:
        return ALL if time.monotonic() >= self._fewer_until else self._most

    def _runs(self, key: str) -> bool:
        running = self._running.get(key)
        return running is not None and running[0].is_alive() and not running[0].over

    def _all(self) -> list[Watcher]:
        return [watcher for watcher, _ in list(self._running.values())]
