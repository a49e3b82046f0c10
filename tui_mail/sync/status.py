"""What the status line says about an account.

What belongs here: the one AccountStatus of an account, told when it changes. What must never be here: deciding what
state the account is in (the worker's business).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from tui_mail.errors import MailError, StoreError
from tui_mail.model import AccountStatus, Event, LinkState, StatusChanged
from tui_mail.store import due, folders
from tui_mail.store.database import Database
from tui_mail.text import SafeText

COUNT_SECONDS = 0.2
"""Least time between two counts of a sync that goes on: jobs are shorter, and nobody reads faster."""

log = logging.getLogger(__name__)


class StatusReport:
    """The status of one account, and whom to tell. The worker's thread writes, any reads `now`."""

    def __init__(self, account: str, db: Database, emit: Callable[[Event], None]) -> None:
        self.now = AccountStatus(account, LinkState.STARTING)
        self.account_id = 0
        """0 until the store knows the account."""
        self._db = db
        self._emit = emit
        self._counted = 0.0

    def say(self, **changes: object) -> None:
        """Change some fields; the numbers of waiting and failed changes follow the journal. Never raises StoreError."""
        waiting, failed = self.now.pending, self.now.failed
        try:
            waiting, failed = due.open_counts(self._db.read(), self.account_id)
        except StoreError as error:  # the line's state is said all the same
            log.warning("account %s: %s", self.now.account, error.detail)
        status = replace(self.now, pending=waiting, failed=failed, **changes)  # type: ignore[arg-type]
        if status != self.now:
            self.now = status
            self._emit(StatusChanged(status))

    def connected(self, heard: float) -> None:
        """The line stands."""
        self.say(state=LinkState.SYNCING, heard=heard, retry_at=0.0, sentence=SafeText(""), exit_code=0)

    def down(self, state: LinkState, error: MailError, seconds: float | None) -> None:
        """The line is down, and will be tried again in so many seconds (None: when a person says so)."""
        retry_at = time.time() + seconds if seconds is not None else 0.0
        said = {"sentence": error.shown, "exit_code": error.exit_code, "retry_at": retry_at}
        self.say(state=state, done=0, total=0, **said)

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
