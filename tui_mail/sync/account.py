"""One account, kept in agreement with its server: a worker thread with a queue of small jobs, and its watchers.

What belongs here: what is done next, when to connect and reconnect, and what the status line says about it.
What must never be here: how a folder is compared (folder) or a change is carried out (replay).

Jobs are short (a window of headers, a batch of bodies, one change) and named by what they are about, so that
asking twice is asking once. The smallest number goes first: a message that somebody opened waits for one
short job at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    MailError,
    SecretUnavailable,
    StoreError,
)
from tui_mail.model import Account, AccountStatus, BodyArrived, ChangeFailed, Event, LinkState, Role, StatusChanged
from tui_mail.net.connection import Backoff, Wake
from tui_mail.net.imap import ImapSession
from tui_mail.store import due, folders, messages
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.sync import bodies, plan
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.replay import replay_next
from tui_mail.sync.watch import Watcher
from tui_mail.text import safe_line

POLL_SECONDS = 60.0
"""How often all folders are asked for news where the server cannot tell by itself."""
FORGET_SECONDS = 3600
"""How long a message that vanished from one folder may turn up in another and still be the same."""

BODY, JOURNAL, SCREEN, INBOX, LIST, OTHER, FILL_SCREEN, FILL_INBOX, FILL_OTHER, BODIES, TIDY = range(11)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A thing to do: its kind is a bound method's name, `about` the folder or message id it is for."""

    kind: str
    about: int = 0


class AccountWorker(threading.Thread):
    """The engine of one IMAP account. `start` it, ask it for things from any thread, `stop` it."""

    def __init__(
        self,
        account: Account,
        db: Database,
        secret: Callable[[Account], str],
        emit: Callable[[Event], None],
    ) -> None:
        """`secret` may block and raise SecretUnavailable; it is called on this account's threads only."""
        super().__init__(name=f"account-{account.name}", daemon=True)
        self.account = account
        self.db = db
        self._secret = secret
        self._emit = emit
        self._lock = threading.Condition()
        self._jobs: dict[Job, tuple[int, int]] = {}
        self._order = 0
        self._wanted: set[int] = set()
        self._done = False
        self._again = False
        self._screen = 0
        self._watchers: dict[str, Watcher] = {}
        self._session: ImapSession | None = None
        self._sync: FolderSync | None = None
        self._idle_for: list[threading.Event] = []
        self.account_id = 0
        self.status = AccountStatus(account.name, LinkState.STARTING)

    # --- asking, from any thread --------------------------------------------------------------

    def want_body(self, message_id: int) -> None:
        """Fetch this body before anything else; BodyArrived follows, also when the server cannot be reached."""
        with self._lock:
            self._wanted.add(message_id)
            offline = self.status.state in (LinkState.OFFLINE, LinkState.REFUSED)
        if offline:
            self._emit(BodyArrived(message_id, self.status.sentence))
        self._ask(BODY, Job("_fetch_body", message_id))

    def replay(self) -> None:
        """A change was written to the due."""
        self._ask(JOURNAL, Job("_replay"))

    def look_at(self, folder_id: int) -> None:
        """Put the folder that is on the screen now first, and watch it."""
        with self._lock:
            self._screen = folder_id
        self._ask(SCREEN, Job("_refresh", folder_id))
        state = folders.state(self.db.read(), folder_id)
        if state is not None and state.role is not Role.INBOX:
            self._watch_screen(state.name)

    def refresh(self, folder_id: int | None = None) -> None:
        """Compare this folder with the server now; all of them when None."""
        self._ask(LIST, Job("_list")) if folder_id is None else self._ask(SCREEN, Job("_refresh", folder_id))

    def retry(self) -> None:
        """Try again now: connect if there is no line, and ask for the password anew if it was refused."""
        with self._lock:
            self._again = True
            self._lock.notify_all()

    def until_idle(self, timeout: float) -> bool:
        """Wait until nothing is left to do; False when it takes longer or the server is out of reach."""
        event = threading.Event()
        with self._lock:
            self._idle_for.append(event)
            self._lock.notify_all()
        return event.wait(timeout)

    def stop(self) -> None:
        """End soon; returns at once. `join` waits."""
        with self._lock:
            self._done = True
            self._lock.notify_all()
        for watcher in list(self._watchers.values()):
            watcher.stop()
        session = self._session
        if session is not None:
            session.shut()

    # --- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Connect, work, and connect again, until stopped."""
        try:
            self._run_until_stopped()
        finally:
            self._stop_watchers()

    def _run_until_stopped(self) -> None:
        backoff = Backoff()
        while not self._done:
            began = time.monotonic()
            try:
                self._prepare()
                self._work()
            except (AuthenticationRefused, CertificateRefused, SecretUnavailable) as error:
                self._pause(LinkState.REFUSED, error, None)
            except StoreError as error:
                self._pause(LinkState.OFFLINE, error, 30.0)
            except MailError as error:
                if time.monotonic() - began > 60:
                    backoff.reset()
                self._pause(LinkState.OFFLINE, error, backoff.next())
            except Exception as error:  # a thread's top: the person is told, the log has the rest
                if self._done:
                    return
                log.exception("account %s", self.account.name)
                unknown = MailError("tui-mail met an error of its own; mail is safe. It tries again.", repr(error))
                self._pause(LinkState.OFFLINE, unknown, max(10.0, backoff.next()))

    def _prepare(self) -> None:
        """The account's rows, so that INBOX can be read before the list of folders is known."""
        if self.account_id:
            return

        def job(txn: Transaction) -> int:
            account_id = folders.account_id(txn, self.account.name)
            if folders.by_name(txn.sql, account_id, "INBOX") is None:
                folders.add(txn, account_id, KnownFolder("INBOX", "", Role.INBOX, selectable=True))
            return account_id

        self.account_id = self.db.run(job)

    def _connect(self, wake: Wake | None = None) -> ImapSession:
        return ImapSession.open(self.account.incoming, self._secret(self.account), wake=wake)

    def _work(self) -> None:
        self._say(state=LinkState.CONNECTING, sentence=self.status.sentence)
        self._session = session = self._connect()
        try:
            self._sync = FolderSync(session, self.db, self.account_id)
            self._say(state=LinkState.SYNCING, heard=session.heard, retry_at=0.0, sentence=safe_line(""), exit_code=0)
            self._first_jobs()
            while not self._done:
                job = self._next_job()
                if job is not None:
                    self._do(job)
                    self._progress()
        finally:
            self._session = self._sync = None
            session.leave()

    def _first_jobs(self) -> None:
        with self._lock:
            self._jobs.clear()
            self._again = False
        inbox = folders.by_name(self.db.read(), self.account_id, "INBOX")
        if inbox is not None:
            self._ask(INBOX, Job("_refresh", inbox.id))
        if self._screen:
            self._ask(SCREEN, Job("_refresh", self._screen))
        for message_id in list(self._wanted):
            self._ask(BODY, Job("_fetch_body", message_id))
        self._ask(JOURNAL, Job("_replay"))
        self._ask(LIST, Job("_list"))

    def _next_job(self) -> Job | None:
        """The most urgent job; waits for one, and polls when the time has come."""
        with self._lock:
            if not self._jobs and not self._done and not self._again:
                for event in self._idle_for:
                    event.set()
                self._idle_for.clear()
                self._lock.wait(self._until_poll())
            if self._again:
                self._again = False
                return Job("_list")
            if not self._jobs:
                return Job("_poll") if not self._done else None
            job = min(self._jobs, key=self._jobs.__getitem__)
            del self._jobs[job]
            return job

    def _do(self, job: Job) -> None:
        try:
            getattr(self, job.kind)(job.about)
        except CommandRefused as refusal:  # one folder or message cannot be had: the rest goes on
            log.warning("%s %s %d: %s", self.account.name, job.kind, job.about, refusal.detail or refusal.sentence)
            if job.kind == "_refresh":
                self._ask(TIDY, Job("_list_later"))

    def _until_poll(self) -> float:
        next_try = due.next_due_time(self.db.read(), self.account_id)
        return POLL_SECONDS if next_try is None else max(0.05, min(POLL_SECONDS, next_try - time.time()))

    def _ask(self, priority: int, job: Job) -> None:
        with self._lock:
            self._order += 1
            before = self._jobs.get(job)
            if before is None or priority < before[0]:
                self._jobs[job] = (priority, self._order)
            self._lock.notify_all()

    def _pause(self, state: LinkState, error: MailError, seconds: float | None) -> None:
        """Say what is wrong and wait: for the time, or (None) until a person asks to try again."""
        if self._done:
            return
        log.info("account %s: %s", self.account.name, error.detail or error.sentence)
        self._stop_watchers()
        retry_at = time.time() + seconds if seconds is not None else 0.0
        self._say(state=state, sentence=error.shown, exit_code=error.exit_code, retry_at=retry_at, done=0, total=0)
        for message_id in list(self._wanted):
            self._emit(BodyArrived(message_id, error.shown))
        with self._lock:
            clock, ticks = time.time(), time.monotonic()
            deadline = None if seconds is None else ticks + seconds
            while not self._done and not self._again and (deadline is None or time.monotonic() < deadline):
                self._lock.wait(1.0 if deadline is None else min(1.0, max(0.01, deadline - time.monotonic())))
                if time.time() - clock - (time.monotonic() - ticks) > 20 and seconds is not None:
                    break  # the computer slept: the network may be another one
            self._again = False

    # --- jobs ---------------------------------------------------------------------------------

    def _refresh(self, folder_id: int) -> None:
        assert self._sync is not None
        more = self._sync.refresh(folder_id)
        if more:
            self._ask(self._rank(folder_id, FILL_SCREEN, FILL_INBOX, FILL_OTHER), Job("_backfill", folder_id))
        self._ask(BODIES, Job("_fetch_bodies"))
        self._start_watchers()

    def _backfill(self, folder_id: int) -> None:
        assert self._sync is not None
        if self._sync.backfill(folder_id):
            self._ask(self._rank(folder_id, FILL_SCREEN, FILL_INBOX, FILL_OTHER), Job("_backfill", folder_id))

    def _replay(self, _: int) -> None:
        assert self._sync is not None
        outcome = replay_next(self._sync)
        if outcome is None:
            return
        if outcome.failed:
            self._emit(ChangeFailed(outcome.change_id, safe_line(outcome.failed)))
        for folder_id in outcome.refresh:
            self._ask(SCREEN, Job("_refresh", folder_id))
        self._ask(JOURNAL, Job("_replay"))

    def _list(self, _: int) -> None:
        """The list of folders, and which of them have something new."""
        assert self._session is not None
        listed = self._session.list_all()
        roles = plan.assign_roles([(f.name, f.delimiter, f.flags) for f in listed])
        known = [
            KnownFolder(
                "INBOX" if f.name.upper() == "INBOX" else f.name,
                f.delimiter,
                roles.get(f.name, Role.NONE),
                selectable=not f.flags & {"\\noselect", "\\nonexistent"},
            )
            for f in listed
        ]
        if known:  # an empty list is a broken answer: every account has an INBOX
            self.db.run(lambda txn: folders.replace_list(txn, self.account_id, known))
        sql = self.db.read()
        statuses = {f.name: f.status for f in listed}
        for state in folders.states(sql, self.account_id):
            status = statuses.get(state.name)
            progress = plan.Known(state.uidvalidity, state.uidnext, state.highestmodseq, state.synced_min_uid)
            if status is None or plan.needs_refresh(
                progress,
                messages.stored_count(sql, state.id) if state.complete else -1,
                uidvalidity=status.uidvalidity,
                uidnext=status.uidnext,
                highestmodseq=status.highestmodseq,
                messages=status.messages,
            ):
                self._ask(self._rank(state.id, SCREEN, INBOX, OTHER), Job("_refresh", state.id))
            elif not state.complete:
                self._ask(self._rank(state.id, FILL_SCREEN, FILL_INBOX, FILL_OTHER), Job("_backfill", state.id))
        self._ask(BODIES, Job("_fetch_bodies"))
        self._ask(TIDY, Job("_tidy"))

    def _list_later(self, _: int) -> None:
        """A folder could not be opened: perhaps it is gone. Looked up once everything else is done."""
        if time.time() - self._listed_at > 5:
            self._list(0)

    _listed_at = 0.0

    def _poll(self, _: int) -> None:
        self._listed_at = time.time()
        waiting, _failed = due.open_counts(self.db.read(), self.account_id)
        if waiting:
            self._replay(0)
        else:
            self._list(0)

    def _fetch_body(self, message_id: int) -> None:
        assert self._sync is not None
        problem = bodies.fetch_one(self._sync, message_id)
        with self._lock:
            self._wanted.discard(message_id)
        self._emit(BodyArrived(message_id, problem))

    def _fetch_bodies(self, _: int) -> None:
        assert self._sync is not None
        if bodies.fetch_batch(self._sync, self.account.keep_bodies):
            self._ask(BODIES, Job("_fetch_bodies"))

    def _tidy(self, _: int) -> None:
        bodies.forget_lost(self.db, self.account_id, int(time.time()) - FORGET_SECONDS)

    def _rank(self, folder_id: int, screen: int, inbox: int, other: int) -> int:
        if folder_id == self._screen:
            return screen
        state = folders.state(self.db.read(), folder_id)
        return inbox if state is not None and state.role is Role.INBOX else other

    # --- watchers -----------------------------------------------------------------------------

    def _start_watchers(self) -> None:
        if "inbox" not in self._watchers and not self._done:
            self._watch("inbox", "INBOX", watch_all=True)

    def _watch_screen(self, name: str) -> None:
        """A second IDLE for the folder on the screen, where the first connection cannot see everything."""
        inbox = self._watchers.get("inbox")
        screen = self._watchers.get("screen")
        if screen is not None:
            screen.watch(name)
        elif inbox is not None and inbox.live and not inbox.sees_all:
            self._watch("screen", name, watch_all=False)

    def _watch(self, key: str, name: str, *, watch_all: bool) -> None:
        watcher = Watcher(
            f"{self.account.name}-{key}", self._connect, name, self._heard, self._slept, watch_all=watch_all
        )
        self._watchers[key] = watcher
        watcher.start()

    def _stop_watchers(self) -> None:
        for watcher in self._watchers.values():
            watcher.stop()
        for watcher in self._watchers.values():
            watcher.join(timeout=0.5)
        self._watchers.clear()

    def _heard(self, name: str) -> None:
        """A watcher's news (on its thread)."""
        if not name:
            self._ask(LIST, Job("_list"))
            return
        state = folders.by_name(self.db.read(), self.account_id, name)
        if state is None:
            self._ask(LIST, Job("_list"))
        else:
            self._ask(self._rank(state.id, SCREEN, INBOX, OTHER), Job("_refresh", state.id))

    def _slept(self) -> None:
        """The computer slept (on a watcher's thread): the working line is as dead as the watcher's."""
        session = self._session
        if session is not None:
            session.shut()

    # --- status -------------------------------------------------------------------------------

    def _progress(self) -> None:
        """What the status line says after a job."""
        sql = self.db.read()
        states = folders.states(sql, self.account_id)
        behind = [state for state in states if not state.complete]
        session = self._session
        heard = max([session.heard if session else 0.0, *(w.heard_at for w in self._watchers.values())])
        if behind:
            stored = {folder.id: folder.total for folder in folders.all_folders(sql, self.account.name)}
            self._say(
                state=LinkState.SYNCING,
                heard=heard,
                done=sum(min(stored.get(s.id, 0), s.on_server) for s in behind),
                total=sum(s.on_server for s in behind),
            )
        else:
            self._say(state=LinkState.LIVE, heard=heard, done=0, total=0)

    def _say(self, **changes: object) -> None:
        waiting, failed = due.open_counts(self.db.read(), self.account_id)
        status = replace(self.status, pending=waiting, failed=failed, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._emit(StatusChanged(status))
