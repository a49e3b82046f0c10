"""The engine's clock: what is due at some moment is done then, at the next start, or when it is first heard of.

What belongs here: when to look. What must never be here: what is due, and what becomes of it (store.snoozing,
store.reminding), or servers: what is done here is in the journal, and the workers carry it out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from tui_mail.errors import MailError
from tui_mail.model import Account, AccountStatus, LinkState
from tui_mail.store import reminding, snoozing
from tui_mail.store.database import Database
from tui_mail.sync.rulebook import Rulebook

LOOK_SECONDS = 15.0
"""How often it is looked at most: another process may have set an alarm, another computer too, the clock
may jump, rules may be others."""

log = logging.getLogger(__name__)


class Worker(Protocol):
    """What carries changes out."""

    account: Account
    account_id: int

    @property
    def status(self) -> AccountStatus:
        """How its line is."""

    def replay(self) -> None:
        """A change was written to the journal."""

    def refresh(self) -> None:
        """Look for mail now."""


def ring(db: Database, now: float) -> int:
    """Do what is due; gives how many messages that was about. Raises StoreError."""
    return db.run(lambda txn: snoozing.wake(txn, now)) if snoozing.due(db.read(), now) else 0


def remind(db: Database, account: int, now: float, is_mine: Callable[[str], bool]) -> int:
    """Mark what nobody answered, and what was. Raises StoreError.

    Only when the account is in agreement with its server, which may have an answer that is not here yet.
    """
    verdict = reminding.judge(db.read(), account, now, is_mine)
    return 0 if verdict.is_empty else db.run(lambda txn: reminding.ring(txn, account, now, is_mine))


def own_addresses(accounts: Iterable[Account]) -> Callable[[str], bool]:
    """Whether an address is a person's own: of an account, or one of its aliases, of which some are patterns."""
    exact, domains = set[str](), set[str]()
    for account in accounts:
        for address in (account.email, *account.aliases):
            email = address.rpartition("<")[2].rstrip("> ").casefold()
            (domains if email.startswith("*@") else exact).add(email.removeprefix("*@"))
    return lambda email: email.casefold() in exact or ("@" in email and email.casefold().rpartition("@")[2] in domains)


class Alarms(threading.Thread):
    """Looks, and sleeps until there is something to look for."""

    def __init__(
        self, db: Database, workers: Iterable[Worker], rulebook: Rulebook, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(name="alarms", daemon=True)
        self._rulebook = rulebook
        self._db = db
        self._workers = list(workers)
        self._clock = clock
        self._is_mine = own_addresses(worker.account for worker in self._workers)
        self._over = threading.Event()

    def run(self) -> None:
        """Until stopped."""
        pause = 0.0
        while not self._over.wait(pause):
            try:
                pause = self._look()
            except MailError as error:  # the workers say what is wrong with the store
                log.info("alarms: %s", error.detail or error.sentence)
                pause = LOOK_SECONDS
            except Exception:  # a thread's top: the log has it, and the next look may do better
                log.exception("alarms")
                pause = LOOK_SECONDS

    def stop(self) -> None:
        """End at once; what is due is done at the next start."""
        self._over.set()

    def _look(self) -> float:
        """Do what is due; gives the seconds until the next look."""
        self._rulebook.keep_up(self._workers)
        if ring(self._db, self._clock()):
            for worker in self._workers:
                worker.replay()
        for worker in self._workers:
            if worker.status.state is LinkState.LIVE and remind(
                self._db, worker.account_id, self._clock(), self._is_mine
            ):
                worker.replay()
        moment = snoozing.next_moment(self._db.read())
        until = LOOK_SECONDS if moment is None else moment - self._clock()
        return max(0.2, min(LOOK_SECONDS, until))
