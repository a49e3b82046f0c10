"""What an account's worker has to do: small jobs by name and urgency, and which of them are left out for a while.

What belongs here: the order of jobs. What must never be here: what a job does (account), or any I/O.
"""

from __future__ import annotations

import time
from enum import IntEnum, auto

from tui_mail.records import frozen

OFTEN = 3
"""Lines that must break during the same job, one after the other, before it is left out."""
LEFT_OUT_SECONDS = 60.0
LONGEST_SECONDS = 3600.0


class Urgency(IntEnum):
    """What goes first, the smallest before all."""

    BODY = auto()
    JOURNAL = auto()
    SCREEN = auto()
    INBOX = auto()
    LIST = auto()
    OTHER = auto()
    FILL_SCREEN = auto()
    FILL_INBOX = auto()
    FILL_OTHER = auto()
    TIDY = auto()
    HARVEST = auto()
    BODIES = auto()


@frozen
class Job:
    """A thing to do: its kind is a method's name, `about` the folder or message id it is for."""

    kind: str
    about: int = 0


class Jobs:
    """Jobs that wait, each once. Not thread-safe: the worker's lock guards it."""

    def __init__(self) -> None:
        self._waiting: dict[Job, tuple[int, int]] = {}
        self._order = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def ask(self, urgency: int, job: Job) -> None:
        """Add a job; one that waits already keeps its place, or gets a better one."""
        self._order += 1
        before = self._waiting.get(job)
        if before is None or urgency < before[0]:
            self._waiting[job] = (urgency, self._order)

    def take(self) -> Job:
        """The most urgent one, the oldest of its urgency."""
        job = min(self._waiting, key=self._waiting.__getitem__)
        del self._waiting[job]
        return job

    def hold(self, *kinds: str) -> bool:
        """True when a job of one of these kinds waits."""
        return any(job.kind in kinds for job in self._waiting)

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()


class Troubles:
    """Jobs that go wrong again and again, and would keep everything else from being done."""

    def __init__(self) -> None:
        self._counts: dict[Job, int] = {}
        self._until: dict[Job, float] = {}

    def broke(self, job: Job) -> None:
        """The line broke during it."""
        self._wrong(job, self._counts.get(job, 0) + 1 - OFTEN)

    def refused(self, job: Job) -> None:
        """The server refused it: it is left out at once."""
        self._wrong(job, max(0, self._counts.get(job, OFTEN - 1) + 1 - OFTEN))

    def worked(self, job: Job) -> None:
        """It went well."""
        self._counts.pop(job, None)
        self._until.pop(job, None)

    def leaves_out(self, job: Job) -> bool:
        """True while the job is not to be done."""
        return self._until.get(job, 0.0) > time.monotonic()

    def forgive(self) -> None:
        """A person asked to try again."""
        self._counts.clear()
        self._until.clear()

    def _wrong(self, job: Job, times: int) -> None:
        self._counts[job] = times + OFTEN
        if times >= 0:
            self._until[job] = time.monotonic() + min(LONGEST_SECONDS, LEFT_OUT_SECONDS * 2 ** min(times, 10))
