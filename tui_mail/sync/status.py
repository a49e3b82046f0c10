"""What the status line says about an account.

What belongs here: the one AccountStatus of an account, told when it changes. What must never be here: deciding what
state the account is in (the worker's business).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from tui_mail.errors import StoreError
from tui_mail.model import AccountStatus, Event, LinkState, StatusChanged
from tui_mail.store import due, folders
from tui_mail.store.database import Database

COUNT_SECONDS = 0.2
"""Least time between two counts of a sync that goes on: jobs are shorter, and nobody reads faster."""

log = logging.getLogger(__name__)


class StatusReport:
    """The status of one account, and whom to tell. The worker's thread writes, any reads `now`."""

    def __init__(self, account: str, db: Database, emit: Callable[[Event], None]) -> None:
        self.now = AccountStatus(account, LinkState.STARTING)
        self._db = db
        self._emit = emit
        self._counted = 0.0

    def say(self, account_id: int, **changes: object) -> None:
        """Change some fields; the numbers of waiting and failed changes follow the journal. Never raises StoreError."""
        waiting, failed = self.now.pending, self.now.failed
        try:
            waiting, failed = due.open_counts(self._db.read(), account_id)
        except StoreError as error:  # the line's state is said all the same
            log.warning("account %s: %s", self.now.account, error.detail)
        status = replace(self.now, pending=waiting, failed=failed, **changes)  # type: ignore[arg-type]
        if status != self.now:
            self.now = status
            self._emit(StatusChanged(status))

    def progress(self, account_id: int, heard: float) -> None:
        """After a job: live when every folder has been read, else how far it is. `heard` as AccountStatus has it."""
        sql = self._db.read()
        behind = [state for state in folders.states(sql, account_id) if not state.complete]
        if not behind:
            self.say(account_id, state=LinkState.LIVE, heard=heard, done=0, total=0)
            return
        if self.now.state is LinkState.SYNCING and time.monotonic() - self._counted < COUNT_SECONDS:
            return
        self._counted = time.monotonic()
        stored = {folder.id: folder.total for folder in folders.all_folders(sql, self.now.account)}
        self.say(
            account_id,
            state=LinkState.SYNCING,
            heard=heard,
            done=sum(min(stored.get(state.id, 0), state.on_server) for state in behind),
            total=sum(state.on_server for state in behind),
        )
