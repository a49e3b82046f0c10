"""Several tries at once, each with its time, for somebody who wants to know the outcome of each as it comes.

What belongs here: threads, and what becomes of a try that takes too long. What must never be here: what is tried.

A thread that waits for a network cannot be stopped; it is left alone instead. It ends by itself, and nobody listens any
more to what it has to say.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from tui_mail.errors import MailError, Unreachable

T = TypeVar("T")

MOST = 6
"""Tries that run at the same time."""
LIMIT = 5.5
"""Seconds after which nobody waits for a try any more; each of its own steps has five."""
GLANCE = 0.05
"""Seconds between two looks whether to stop."""


class Tries:
    """Runs tries on daemon threads, and hands their outcomes to one thread, in the order in which they come."""

    def __init__(self, stop: threading.Event, until: float) -> None:
        """`until` (monotonic): the end of all waiting; `stop` ends it at once."""
        self._stop = stop
        self._until = until
        self._queued: deque[_Try] = deque()
        self._running: list[_Try] = []
        self._ended: queue.SimpleQueue[_Try] = queue.SimpleQueue()

    def add(self, work: Callable[[], T], then: Callable[[T | MailError], None], *, first: bool = False) -> None:
        """Try `work` when there is room; `then` is given what it returns, or why it failed. `first`: before others."""
        made = _Try(work, then)
        if first:
            self._queued.appendleft(made)
        else:
            self._queued.append(made)

    def wait(self, until: float = float("inf")) -> bool:
        """Hand over one outcome. False when there is nothing to wait for, or no time left (`until` is another end)."""
        end = min(self._until, until)
        while not self._stop.is_set() and (self._queued or self._running):
            while self._queued and len(self._running) < MOST:
                self._begin(self._queued.popleft())
            now = time.monotonic()
            if now >= end:
                return False
            late = next((one for one in self._running if now - one.began > LIMIT), None)
            if late is not None:
                late.outcome = Unreachable("There was no answer in time.")
                return self._hand_over(late)
            try:
                ended = self._ended.get(timeout=min(GLANCE, end - now))
            except queue.Empty:
                continue
            if ended in self._running:
                return self._hand_over(ended)
        return False

    def _begin(self, one: _Try) -> None:
        one.began = time.monotonic()
        self._running.append(one)
        threading.Thread(target=one.run, args=(self._ended,), name="discovery", daemon=True).start()

    def _hand_over(self, one: _Try) -> bool:
        self._running.remove(one)
        one.then(one.outcome)
        return True


class _Try:
    def __init__(self, work: Callable[[], T], then: Callable[[T | MailError], None]) -> None:
        self.began = 0.0
        self.work: Callable[[], object] = work
        self.then: Callable[[object], None] = then  # type: ignore[assignment]
        self.outcome: object = None

    def run(self, ended: queue.SimpleQueue[_Try]) -> None:
        outcome: object
        try:
            outcome = self.work()
        except MailError as error:
            outcome = error
        except Exception as error:  # a thread's top
            logging.getLogger(__name__).exception("a try ended")
            outcome = MailError("tui-mail met an error of its own.", repr(error))
        if self.outcome is None:
            self.outcome = outcome
            ended.put(self)
