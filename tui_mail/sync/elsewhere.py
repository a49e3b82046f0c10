"""The accounts' status in a process that is not the engine: what the engine, in another process, wrote into the store.

Light on purpose: the screen needs it before any engine is loaded. What must never be here: writing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from tui_mail.model import Account, AccountStatus, Event, LinkState, StatusChanged
from tui_mail.paths import Paths
from tui_mail.store import links
from tui_mail.store.database import Database
from tui_mail.sync.lock import SILENT_SECONDS, heartbeat
from tui_mail.text import SafeText

BELIEVED_SECONDS = 180.0
"""An engine that lives says something once a minute; what is older was said by one that is stopped, or stuck."""
UNHEARD_SECONDS = 5.0
"""How long to wait for a sign that an engine heard what it was asked."""

_SILENT = SafeText(
    "Another tui-mail keeps this account up to date, and has said nothing for minutes. Mail is safe; end that one."
)


class Elsewhere:
    """Reads what the engine of another process says; only to be asked while that process holds the engine's lock."""

    def __init__(self, paths: Paths, db: Database, emit: Callable[[Event], None]) -> None:
        self._paths = paths
        self._db = db
        self._emit = emit
        self._beat, self._heard = (0, 0.0), time.monotonic()
        """Its last sign of life, and when that was seen: this clock stands still while the computer sleeps."""
        self._was_silent = False
        self._seen: dict[str, AccountStatus] = {}
        self._asked = 0.0

    def status(self, account: str) -> AccountStatus:
        """What is known of an account."""
        return self._read(account)[0]

    def wait(self, account: str, timeout: float, ask: Callable[[], None]) -> bool:
        """Wait until the engine, whom the first call `ask`s, has looked at everything and has nothing left to send.

        False when that takes longer. An engine that does not hear is believed when it says that all is well.
        """
        if not self._asked:
            self._asked = time.time()
            ask()
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while True:
            status, told = self._read(account)
            heard = told >= self._asked or time.time() - self._asked > UNHEARD_SECONDS
            if heard and status.state is LinkState.LIVE and not status.pending:
                return True
            if time.monotonic() >= deadline:
                return False
            pause.wait(0.02)

    def turned(self) -> bool:
        """Whether it has fallen silent, or is heard again, since this was asked."""
        was, self._was_silent = self._was_silent, bool(self._silent())
        return was is not self._was_silent

    def look(self, accounts: Iterable[Account]) -> None:
        """Tell what is different now."""
        for account in accounts:
            status = self.status(account.name)
            if self._seen.get(account.name) != status:
                self._seen[account.name] = status
                self._emit(StatusChanged(status))

    def _read(self, account: str) -> tuple[AccountStatus, float]:
        status, told = links.told(self._db.read()).get(account, (AccountStatus(account, LinkState.STARTING), 0.0))
        if process := self._silent():
            said = SafeText(
                f"The other tui-mail (pid {process}) does not answer. Mail is safe; continue that one, or end it."
            )
            return AccountStatus(account, LinkState.UNANSWERED, status.heard, sentence=said, exit_code=75), told
        if told and time.time() - told > BELIEVED_SECONDS:
            status = AccountStatus(account, LinkState.OFFLINE, heard=status.heard, sentence=_SILENT, exit_code=75)
        return status, told

    def _silent(self) -> int:
        """The process that holds the lock and gives no sign of life; 0 when it does, or never did."""
        last = heartbeat(self._paths)
        if last != self._beat:
            self._beat, self._heard = last, time.monotonic()
        return last[0] if time.monotonic() - self._heard > SILENT_SECONDS else 0
