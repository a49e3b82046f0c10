"""What the status line says about an account.

What belongs here: the one AccountStatus of an account, told when it changes, to this process at once and to others
through the store. What must never be here: deciding what state the account is in (the worker's business).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from tui_mail.errors import MailError, StoreError, StoreFull
from tui_mail.model import AccountStatus, Event, LinkState, StatusChanged
from tui_mail.store import due, folders, links
from tui_mail.store.database import Database
from tui_mail.text import SafeText

COUNT_SECONDS = 0.2
"""Least time between two counts of a sync that goes on: jobs are shorter, and nobody reads faster."""
UNANSWERED_SECONDS = 10.0
"""Silence in the middle of an answer after which the status says so."""
SHARE_SECONDS = 1.0
"""Least time between two numbers of a counter that other processes are told."""
ALIVE_SECONDS = 60.0
"""How often other processes are told that nothing is different."""

log = logging.getLogger(__name__)


class StatusReport:
    """The status of one account, and whom to tell. Any thread."""

    def __init__(self, account: str, db: Database, emit: Callable[[Event], None]) -> None:
        self.now = AccountStatus(account, LinkState.STARTING)
        self.account_id = 0
        """0 until the store knows the account."""
        self._db = db
        self._emit = emit
        self._lock = threading.RLock()
        self._counted = 0.0
        self._before = LinkState.LIVE
        """What the state was before it was WAITING."""
        self._shared = self.now
        self._shared_at = 0.0

    def say(self, **changes: object) -> None:
        """Change some fields; the numbers of waiting and failed changes follow the journal. Never raises StoreError."""
        waiting, failed = self.now.pending, self.now.failed
        try:
            waiting, failed = due.open_counts(self._db.read(), self.account_id)
        except StoreError as error:  # the line's state is said all the same
            log.warning("account %s: %s", self.now.account, error.detail)
        self._change(pending=waiting, failed=failed, **changes)

    def connected(self, heard: float) -> None:
        """The line stands."""
        self.say(state=LinkState.SYNCING, heard=heard, retry_at=0.0, sentence=SafeText(""), exit_code=0)

    def down(self, state: LinkState, error: MailError, seconds: float | None) -> None:
        """The line is down, and will be tried again in so many seconds (None: when a person says so)."""
        retry_at = time.time() + seconds if seconds is not None else 0.0
        said = {"sentence": error.shown, "exit_code": error.exit_code, "retry_at": retry_at}
        self.say(state=state, done=0, total=0, octets=0, octets_total=0, **said)

    def progress(self, heard: float, *, listed: bool) -> None:
        """After a job: live when the list and every folder have been read, else how far it is."""
        sql = self._db.read()
        behind = [state for state in folders.states(sql, self.account_id) if not state.complete]
        if not behind and listed:
            self.say(state=LinkState.LIVE, heard=heard, done=0, total=0)
            return
        if self.now.state is LinkState.SYNCING and time.monotonic() - self._counted < COUNT_SECONDS:
            return
        self._counted = time.monotonic()
        stored = {folder.id: folder.total for folder in folders.all_folders(sql, self.now.account)}
        self.say(
            state=LinkState.SYNCING,
            heard=heard,
            done=sum(min(stored.get(state.id, 0), state.on_server) for state in behind),
            total=sum(state.on_server for state in behind),
        )

    def begin_again(self) -> None:
        """Everything is compared again: not live until that is done."""
        with self._lock:
            if self.now.state is LinkState.LIVE:
                self._change(state=LinkState.SYNCING)

    def look(self, heard: float, silence: Callable[[], float]) -> None:
        """Between two jobs, or in the middle of one: when was the server heard, and for how long does it owe an answer.

        `silence` is asked while nothing else can be said, so that an answer that just came is not overlooked.
        """
        with self._lock:
            state = self.now.state
            if state in (LinkState.LIVE, LinkState.SYNCING) and silence() > UNANSWERED_SECONDS:
                self._before = state
                self.say(state=LinkState.WAITING, heard=max(heard, self.now.heard))
            elif state is LinkState.WAITING and silence() <= UNANSWERED_SECONDS:
                self._change(state=self._before, heard=max(heard, self.now.heard))
            elif state is LinkState.LIVE and heard > self.now.heard + 1.0:
                self._change(heard=heard)
            elif state is LinkState.WAITING or state.is_down:
                self.say()  # what is done meanwhile waits
            if time.monotonic() - self._shared_at > ALIVE_SECONDS:
                self._share()

    def _change(self, **changes: object) -> None:
        with self._lock:
            status = replace(self.now, **changes)  # type: ignore[arg-type]
            if status == self.now:
                return
            self.now = status
            self._emit(StatusChanged(status))
            same = _without_counters(status) == _without_counters(self._shared)
            if not same or time.monotonic() - self._shared_at >= SHARE_SECONDS:
                self._share()

    def _share(self) -> None:
        status = self._shared = self.now
        self._shared_at = time.monotonic()
        self._db.write(lambda txn: links.tell(txn, status, time.time()))


def disk_state(error: StoreError) -> LinkState:
    """What the state of an account is called that a disk keeps from going on."""
    return LinkState.DISK_FULL if isinstance(error, StoreFull) else LinkState.DISK_FAILS


def _without_counters(status: AccountStatus) -> AccountStatus:
    return replace(status, heard=0.0, done=0, total=0, octets=0, octets_total=0)
