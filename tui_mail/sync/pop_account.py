"""One POP3 account, or one without a server: a thread that carries changes out here and visits the maildrop.

What belongs here: when to visit, what the status line says, and doing what the journal says where no server has a word.
What must never be here: the steps of a visit (drop), the words of POP3 (net/pop3).

It looks like AccountWorker from outside: who asks for things need not know where an account's mail lives.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConfigError,
    MailError,
    SecretUnavailable,
    ServerBusy,
    StoreError,
)
from tui_mail.model import (
    Account,
    AccountStatus,
    BodyArrived,
    ChangeFailed,
    ChangeKind,
    Event,
    LinkState,
    Protocol,
    Question,
)
from tui_mail.net.connection import Backoff
from tui_mail.net.pop3 import Pop3Session
from tui_mail.store import bodies, contacts, due, local, maildrop, messages, mirror, others, threads
from tui_mail.store.database import Database, Transaction
from tui_mail.store.due import Due
from tui_mail.sync.arrivals import obey
from tui_mail.sync.bodies import forget_lost
from tui_mail.sync.drop import FORGET_SECONDS, Drop, Fetching, Visit
from tui_mail.sync.opening import opened
from tui_mail.sync.settling import settle
from tui_mail.sync.status import COUNT_SECONDS, StatusReport, disk_state
from tui_mail.text import SafeText, safe_line

BUSY_SECONDS = 60.0
"""The pause after [IN-USE]: another program has it open, or the last session is still being ended."""
MANY_NEW = 100
"""So many new messages may be a part only: some servers list a few hundred and hide the others until these are read."""
UNTRUSTED_SECONDS = 300.0
KEPT_FOR_UNDO = 3_600
"""Seconds for which what was deleted for ever keeps its octets."""
NOT_HERE = SafeText("The octets of this message are not readable on this disk; `tui-mail doctor` says more.")

log = logging.getLogger(__name__)


class PopWorker(threading.Thread):
    """The engine of one POP3 account. `start` it, ask it for things from any thread, `stop` it."""

    def __init__(
        self, account: Account, db: Database, secret: Callable[[Account], str], emit: Callable[[Event], None]
    ) -> None:
        """`secret` may block and raise SecretUnavailable; it is called on this account's thread only."""
        super().__init__(name=f"account-{account.name}", daemon=True)
        self.account = account
        self.account_id = 0
        self._db = db
        self._secret = secret
        self._emit = emit
        self._report = StatusReport(account.name, db, emit)
        self._backoff = Backoff()
        self._lock = threading.Condition()
        self._over = False
        self._halted = False
        """A person wants nothing more to be fetched until they say so."""
        self._fetching: Fetching | None = None
        """How far the visit is that is being made, or was stopped."""
        self._counted = 0.0
        self._asked = True
        """A visit is to be made now."""
        self._changes = True
        """The journal may hold something."""
        self._next = 0.0
        """When the next visit is due (monotonic)."""
        self._login_delay = 0
        """Seconds that the server of this visit wants until the next; 0 before it said so."""
        self._more = False
        """The server may have more, and wants to be left alone first."""
        self._session: Pop3Session | None = None
        self._idle_for: list[threading.Event] = []

    @property
    def status(self) -> AccountStatus:
        """What the status line says."""
        return self._report.now

    # --- asking, from any thread --------------------------------------------------------------

    def want_body(self, message_id: int) -> None:
        """Everything is here; BodyArrived says so, or that it cannot be read."""
        here = bodies.load(self._db.read_bodies(), message_id) is not None
        self._emit(BodyArrived(message_id, SafeText("") if here else NOT_HERE))

    def grant(self) -> None:
        """Nothing to fetch: messages are here whole."""

    def search(self, question: Question) -> None:
        """Nothing to ask: a POP3 server searches nothing, and what is fetched is here whole."""

    def replay(self) -> None:
        """A change was written to the journal."""
        self._poke(changes=True)

    def look_at(self, folder_id: int) -> None:
        """A folder is on the screen: it is here already."""

    def refresh(self, folder_id: int | None = None) -> None:
        """Visit the maildrop now."""
        self._poke(asked=True)

    def retry(self) -> None:
        """Visit it now, also when a password or a certificate was refused."""
        self._backoff.reset()
        self._poke(asked=True, changes=True)

    def halt(self) -> None:
        """Stop fetching until a person asks to check again; what came is kept."""
        with self._lock:
            self._halted, self._asked = True, False
        session = self._session
        if session is not None:
            session.shut()

    def until_idle(self, timeout: float) -> bool:
        """Wait until a visit was made and the journal is empty; False when it takes longer or cannot be."""
        event = threading.Event()
        with self._lock:
            self._idle_for.append(event)
        self._poke(changes=True)
        return event.wait(timeout)

    def compared_at(self, folder_id: int) -> float:
        """Local folders agree with themselves."""
        return time.time()

    def network_changed(self, why: str) -> None:
        """Another network, or the computer slept: a visit need not wait."""
        log.info("account %s: %s", self.account.name, why)
        session = self._session
        if session is not None:
            session.shut()
        self._backoff.reset()
        self._poke(asked=self.status.state is not LinkState.STOPPED)

    def look(self, source: Callable[[str], str]) -> None:
        """As Vigil asks of every account: no line is kept open here."""

    def stop(self) -> None:
        """End soon; a message that is being fetched is fetched again the next time."""
        with self._lock:
            self._over = True
            self._lock.notify_all()
        session = self._session
        if session is not None:
            session.shut()

    # --- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Carry out changes, visit, wait, until stopped."""
        while not self._over:
            try:
                self._turn()
            except StoreError as error:
                self._pause(disk_state(error), error, 30.0)
                self._wait()
            except ConfigError as error:
                self._asked = False
                self._pause(LinkState.REFUSED, error, None)
                self._wait()
            except Exception as error:  # a thread's top: the person is told, the log has the rest
                if self._over:
                    return
                log.exception("account %s", self.account.name)
                unknown = MailError("tui-mail met an error of its own; mail is safe. It tries again.", repr(error))
                self._pause(LinkState.OFFLINE, unknown, 30.0)

    def _turn(self) -> None:
        if not self.account_id:
            settle(self._db, self.account)
            self._report.account_id = self.account_id = self._db.run(self._prepare)
        with self._lock:
            changes, self._changes = self._changes, False
        if changes:
            self._carry_out()
        if self._asked or time.monotonic() >= self._next:
            self._visit()
        self._wait()

    def _carry_out(self) -> None:
        """The journal, where every change is true as soon as it is noted."""
        while not self._over:
            change = due.next_due(self._db.read(), self.account_id, time.time())
            if change is None:
                break
            self._one(change)
        self._report.say()

    def _one(self, change: Due) -> None:
        def job(txn: Transaction) -> None:
            touched = [item.message_id for item in due.due_items(txn.sql, change.id)]
            if due.begin(txn, change.id):
                local.carry_out(txn, self.account_id, change)
                due.finish(txn, change.id)
                if change.effect.kind is ChangeKind.FOLDER_RENAME:
                    touched = messages.of_account(txn.sql, self.account_id)
                mirror.note(self._db, txn, touched)
                mirror.note_folders(self._db, txn, self.account_id)

        try:
            if change.effect.kind is ChangeKind.COPY:  # with its octets, or it were nothing but a row
                items = due.due_items(self._db.read(), change.id)
                bodies.share(self._db, [(item.message_id, item.source) for item in items if item.source is not None])
            self._db.run(job, urgent=True)
        except CommandRefused as refusal:
            sentence = refusal.sentence
            self._db.run(lambda txn: due.fail(txn, change.id, sentence))
            self._emit(ChangeFailed(change.id, safe_line(sentence)))

    def _prepare(self, txn: Transaction) -> int:
        account = local.prepare(txn, self.account.name)
        mirror.catch_up(self._db, txn, account)
        return account

    def _visit(self) -> None:
        with self._lock:
            self._asked = self._halted = False
        self._fetching = None
        if self.account.protocol is Protocol.LOCAL:
            self._next = time.monotonic() + self.account.check_every
            self._tidy()
            self._report.say(state=LinkState.LIVE, heard=time.time(), retry_at=0.0, sentence=SafeText(""), exit_code=0)
            return
        self._report.say(state=LinkState.CONNECTING)
        try:
            visit = self._sessions()
        except (AuthenticationRefused, SecretUnavailable) as error:
            self._pause(LinkState.REFUSED, error, None)
        except CertificateRefused as error:
            self._pause(LinkState.REFUSED, error, UNTRUSTED_SECONDS)
        except ServerBusy as error:
            if error.in_use:
                self._db.run(self._turned_away)
                self._report.say(notice=self._notice())
            self._pause(LinkState.OFFLINE, error, max(BUSY_SECONDS, error.seconds, self._login_delay))
        except StoreError:
            raise
        except MailError as error:
            if self._halted:
                self._stopped()
            else:
                self._pause(LinkState.OFFLINE, error, max(self._backoff.next(), self._login_delay))
        else:
            self._backoff.reset()
            if obey(self._db, self.account):
                self._carry_out()
            self._tidy()
            if visit.left and self._halted:
                self._stopped()
            elif not self._more:
                again = time.time() + self._next - time.monotonic()
                counts = dict.fromkeys(("done", "total", "octets", "octets_total"), 0)
                self._report.say(
                    state=LinkState.LIVE, heard=time.time(), retry_at=again, notice=self._notice(), **counts
                )
            log.info("account %s: %s", self.account.name, visit)

    def _turned_away(self, txn: Transaction) -> None:
        before = others.signs(txn.sql, self.account_id)
        others.note(txn, self.account_id, others.after_refusal(before, int(time.time())))

    def _notice(self) -> SafeText:
        signs = others.signs(self._db.read(), self.account_id)
        return others.sentence(signs, self.account.name, int(time.time()), once=True)

    def _sessions(self) -> Visit:
        """Visits until nothing is new, one after the other unless the server wants pauses between them."""
        drop = Drop(self._db, self.account.name, self.account_id, self.account.delete_from_server)
        while True:
            self._login_delay = 0
            self._session = session = opened(self.account, self._secret, self._open)
            self._login_delay = session.login_delay
            try:
                self._report.connected(time.time())
                visit = drop.visit(session, self._progress, lambda: self._over or self._halted)
            finally:
                self._session = None
                session.close()
            self._more = bool(session.login_delay) and visit.new >= MANY_NEW
            pause = session.login_delay if self._more else max(self.account.check_every, session.login_delay)
            self._next = time.monotonic() + pause
            if not visit.new or session.login_delay or self._over or self._halted:
                return visit

    def _open(self, secret: str) -> Pop3Session:
        return Pop3Session.open(self.account.incoming, secret)

    def _progress(self, fetching: Fetching) -> None:
        self._fetching = fetching
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._counted = time.monotonic()
            self._report.say(state=LinkState.SYNCING, heard=time.time(), **asdict(fetching))

    def _stopped(self) -> None:
        """A person stopped it: the next visit is when they ask for it, or the program is started again."""
        at = asdict(self._fetching) if self._fetching is not None else {}
        self._report.say(state=LinkState.STOPPED, retry_at=0.0, **at)
        self._next = float("inf")

    def _tidy(self) -> None:
        now = int(time.time())
        forget_lost(self._db, self.account_id, now - KEPT_FOR_UNDO)
        self._db.run(lambda txn: self._forget_names(txn, now - FORGET_SECONDS))
        while not self._over and self._db.run(contacts.harvest) | self._db.run(threads.place):
            pass

    def _forget_names(self, txn: Transaction, before: int) -> None:
        forgotten = maildrop.forget(txn, self.account_id, before)
        mirror.note_names(self._db, txn, self.account_id, forgotten)

    # --- waiting ------------------------------------------------------------------------------

    def _poke(self, *, asked: bool = False, changes: bool = False) -> None:
        with self._lock:
            self._asked |= asked
            self._changes |= changes
            self._lock.notify_all()

    def _pause(self, state: LinkState, error: MailError, seconds: float | None) -> None:
        """Say what is wrong; the next visit is in so many seconds, or when a person asks."""
        log.info("account %s: %s", self.account.name, error.detail or error.sentence)
        self._report.down(state, error, seconds)
        self._next = time.monotonic() + (seconds if seconds is not None else 1e9)

    def _wait(self) -> None:
        with self._lock:
            if self.status.state is LinkState.LIVE and not (self._asked or self._changes):
                for event in self._idle_for:
                    event.set()
                self._idle_for.clear()
            self._lock.wait_for(
                lambda: self._over or self._asked or self._changes,
                max(0.0, min(self._next - time.monotonic(), 3600.0)),
            )
