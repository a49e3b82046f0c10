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

from tui_mail.attention import Attention
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    MailError,
    SecretUnavailable,
    ServerError,
    StoreError,
    UnsafeArgument,
)
from tui_mail.model import Account, AccountStatus, BodyArrived, ChangeFailed, Event, LinkState, Role
from tui_mail.net.connection import Backoff, Wake
from tui_mail.net.imap import ImapSession
from tui_mail.store import due, folders
from tui_mail.store.database import Database
from tui_mail.sync.bodies import CANNOT_BE_HAD, BodyFetch, fetch_one, forget_lost
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.jobs import Job, Jobs, Troubles, Urgency, wait_awake
from tui_mail.sync.listing import canonical, read_list
from tui_mail.sync.replay import replay_next
from tui_mail.sync.status import StatusReport
from tui_mail.sync.watchers import Watchers
from tui_mail.text import safe_line

POLL_SECONDS = 60.0
"""How often all folders are asked for news where the server cannot tell by itself."""
FORGET_SECONDS = 3600
"""How long a message that vanished from one folder may turn up in another and still be the same."""

SOON_SECONDS = 10
"""A change that is tried again within this time is waited for by `until_idle`."""
UNTRUSTED_SECONDS = 300.0
"""How often a server whose certificate was refused is tried: the network, not the server, may have been wrong."""
COUNTED = ("_replay", "_fetch_body", "_fetch_bodies")
"""Jobs that count broken lines for each change or message, so that one keeps no other from being done."""
OPEN_TRIES = 3
"""Lines that may break while one opened message is fetched."""

BEHIND = frozenset(("_refresh", "_backfill", "_list", "_fetch_bodies", "_tidy"))
"""Jobs that nobody waits for: they give way to a key."""

log = logging.getLogger(__name__)


class AccountWorker(threading.Thread):
    """The engine of one IMAP account. `start` it, ask it for things from any thread, `stop` it."""

    def __init__(
        self,
        account: Account,
        db: Database,
        secret: Callable[[Account], str],
        emit: Callable[[Event], None],
        attention: Attention | None = None,
    ) -> None:
        """`secret` may block and raise SecretUnavailable; it is called on this account's threads only."""
        super().__init__(name=f"account-{account.name}", daemon=True)
        self.account = account
        self.db = db
        self._secret = secret
        self._emit = emit
        self._attention = attention or Attention()
        self._lock = threading.Condition()
        self._jobs = Jobs()
        self._doing: Job | None = None
        self._troubles = Troubles()
        self._bodies = BodyFetch()
        self._wanted: dict[int, int] = {}
        """Opened messages whose body is waited for, and how often that was begun."""
        self._done = False
        self._again = False
        self._screen = 0
        self._watchers = Watchers(account.name, self._connect, self._heard, self._slept)
        self._listed = False  # over this line
        self._listed_at = 0.0
        self._looked = 0
        self._session: ImapSession | None = None
        self._sync: FolderSync | None = None
        self._idle_for: list[threading.Event] = []
        self.account_id = 0
        self._report = StatusReport(account.name, db, emit)

    @property
    def status(self) -> AccountStatus:
        """What the status line says."""
        return self._report.now

    # --- asking, from any thread --------------------------------------------------------------

    def want_body(self, message_id: int) -> None:
        """Fetch this body before anything else; BodyArrived follows, also when the server cannot be reached."""
        with self._lock:
            self._wanted[message_id] = 0
            offline = self.status.state in (LinkState.OFFLINE, LinkState.REFUSED)
        if offline:
            self._emit(BodyArrived(message_id, self.status.sentence))
        self._ask(Urgency.BODY, Job("_fetch_body", message_id))

    def replay(self) -> None:
        """A change was written to the journal."""
        self._ask(Urgency.JOURNAL, Job("_replay"))

    def look_at(self, folder_id: int) -> None:
        """Put the folder that is on the screen now first, and watch it."""
        with self._lock:
            self._screen = folder_id
        self._ask_anew(folder_id)
        state = folders.state(self.db.read(), folder_id)
        if state is not None:
            self._watchers.show("" if state.role is Role.INBOX else state.name)

    def refresh(self, folder_id: int | None = None) -> None:
        """Compare this folder with the server now; all of them when None."""
        self._ask(Urgency.LIST, Job("_list")) if folder_id is None else self._ask_anew(folder_id)

    def retry(self) -> None:
        """Try again now: connect if there is no line, and ask for the password anew if it was refused."""
        with self._lock:
            self._again = True
            self._troubles.forgive()
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
        session = self._session
        if session is not None:
            session.shut()
        self._watchers.stop(wait=0.0)

    # --- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Connect, work, and connect again, until stopped."""
        try:
            self._run_until_stopped()
        finally:
            self._watchers.stop()

    def _run_until_stopped(self) -> None:
        backoff = Backoff()
        while not self._done:
            began = time.monotonic()
            try:
                self._prepare()
                self._work()
            except (AuthenticationRefused, SecretUnavailable) as error:
                self._pause(LinkState.REFUSED, error, None)
            except CertificateRefused as error:
                self._pause(LinkState.REFUSED, error, UNTRUSTED_SECONDS)
            except StoreError as error:
                self._pause(LinkState.OFFLINE, error, 30.0)
            except MailError as error:
                if self._doing is not None and self._doing.kind not in COUNTED and isinstance(error, ServerError):
                    self._troubles.broke(self._doing)
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
        self._report.account_id = self.account_id = self.db.run(lambda txn: folders.prepare(txn, self.account.name))

    def _connect(self, wake: Wake | None = None) -> ImapSession:
        return ImapSession.open(self.account.incoming, self._secret(self.account), wake=wake)

    def _work(self) -> None:
        self._report.say(state=LinkState.CONNECTING, sentence=self.status.sentence)
        self._session = session = self._connect()
        try:
            self._sync = FolderSync(session, self.db, self.account_id, self._attention)
            self._report.connected(session.heard)
            self._first_jobs()
            while not self._done:
                job = self._next_job()
                if job is not None:
                    self._do(job)
                    self._report.progress(max(session.heard, self._watchers.heard_at), listed=self._listed)
        finally:
            self._session = self._sync = None
            session.leave()

    def _first_jobs(self) -> None:
        with self._lock:
            self._jobs.clear()
            self._again = self._listed = False
        inbox = folders.by_name(self.db.read(), self.account_id, "INBOX")
        if inbox is not None:
            self._ask(Urgency.INBOX, Job("_refresh", inbox.id))
        if self._screen:
            self._ask(Urgency.SCREEN, Job("_refresh", self._screen))
        for message_id in list(self._wanted):
            self._ask(Urgency.BODY, Job("_fetch_body", message_id))
        self._ask(Urgency.JOURNAL, Job("_replay"))
        self._ask(Urgency.LIST, Job("_list"))

    def _next_job(self) -> Job | None:
        """The most urgent job; waits for one, and polls when the time has come."""
        with self._lock:
            if not self._jobs and not self._done and not self._again:
                wait = self._until_poll()
                if wait > SOON_SECONDS:
                    for event in self._idle_for:
                        event.set()
                    self._idle_for.clear()
                self._lock.wait(wait)
            if self._again:
                self._again = False
                return Job("_list")
            if not self._jobs:
                return Job("_poll") if not self._done else None
            return self._jobs.take()

    def _do(self, job: Job) -> None:
        if self._troubles.leaves_out(job):
            return
        self._doing = job
        if job.kind in BEHIND:
            self._attention.give_way()
        try:
            getattr(self, job.kind)(job.about)
        except (CommandRefused, UnsafeArgument) as refusal:  # one folder or message cannot be had: the rest goes on
            log.warning("%s %s %d: %s", self.account.name, job.kind, job.about, refusal.detail or refusal.sentence)
            if job.kind in ("_refresh", "_backfill"):
                self._troubles.refused(job)
                if time.monotonic() - self._listed_at > 5:  # perhaps the folder is gone
                    self._ask(Urgency.TIDY, Job("_list"))
        else:
            self._troubles.worked(job)
        self._doing = None

    def _until_poll(self) -> float:
        next_try = due.next_due_time(self.db.read(), self.account_id)
        return POLL_SECONDS if next_try is None else max(0.05, min(POLL_SECONDS, next_try - time.time()))

    def _ask(self, urgency: Urgency, job: Job) -> None:
        with self._lock:
            self._jobs.ask(urgency, job)
            self._lock.notify_all()

    def _ask_anew(self, folder_id: int) -> None:
        """A person wants to see it: tried even if it was refused a moment ago."""
        job = Job("_refresh", folder_id)
        self._troubles.worked(job)
        self._ask(Urgency.SCREEN, job)

    def _pause(self, state: LinkState, error: MailError, seconds: float | None) -> None:
        """Say what is wrong and wait: for the time, or (None) until a person asks to try again."""
        if self._done:
            return
        log.info("account %s: %s", self.account.name, error.detail or error.sentence)
        self._doing = None
        self._watchers.stop()
        self._report.down(state, error, seconds)
        for message_id in list(self._wanted):
            self._emit(BodyArrived(message_id, error.shown))
        with self._lock:
            wait_awake(self._lock, seconds, lambda: self._done or self._again)
            self._again = False

    # --- jobs ---------------------------------------------------------------------------------

    def _refresh(self, folder_id: int) -> None:
        assert self._sync is not None
        more = self._sync.refresh(folder_id)
        if more:
            self._ask_fill(folder_id)
        self._ask(Urgency.BODIES, Job("_fetch_bodies"))
        self._watchers.keep()

    def _backfill(self, folder_id: int) -> None:
        assert self._sync is not None
        if self._sync.backfill(folder_id):
            self._ask_fill(folder_id)

    def _replay(self, _: int) -> None:
        assert self._sync is not None
        outcome = replay_next(self._sync)
        if outcome is None:
            return
        for change_id, sentence in outcome.failed:
            self._emit(ChangeFailed(change_id, safe_line(sentence)))
        for folder_id in outcome.refresh:
            self._ask(Urgency.SCREEN, Job("_refresh", folder_id))
        if outcome.searching:
            self._ask(Urgency.LIST, Job("_list"))
        self._ask(Urgency.JOURNAL, Job("_replay"))

    def _list(self, _: int) -> None:
        """The list of folders, and which of them have something new."""
        assert self._session is not None
        self._listed_at, self._looked = time.monotonic(), int(time.time())
        listing = read_list(self._session, self.db, self.account_id)
        for state in listing.changed:
            self._ask_refresh(state.id)
        for state in listing.unfinished:
            self._ask_fill(state.id)
        self._ask(Urgency.BODIES, Job("_fetch_bodies"))
        self._ask(Urgency.TIDY, Job("_tidy"))
        self._listed = True
        self._watchers.keep()

    def _poll(self, _: int) -> None:
        next_try = due.next_due_time(self.db.read(), self.account_id)
        if next_try is not None and next_try <= time.time():
            self._replay(0)
        if time.monotonic() - self._listed_at > POLL_SECONDS / 2:
            self._list(0)

    def _fetch_body(self, message_id: int) -> None:
        assert self._sync is not None
        with self._lock:
            tries = self._wanted[message_id] = self._wanted.get(message_id, 0) + 1
        problem = CANNOT_BE_HAD
        if tries <= OPEN_TRIES:
            try:
                problem = fetch_one(self._sync, message_id)
            except (CommandRefused, UnsafeArgument) as refusal:
                problem = refusal.shown
        with self._lock:
            self._wanted.pop(message_id, None)
        self._emit(BodyArrived(message_id, problem))

    def _fetch_bodies(self, _: int) -> None:
        assert self._sync is not None
        if self._bodies.fetch_batch(self._sync, self.account.keep_bodies):
            self._ask(Urgency.BODIES, Job("_fetch_bodies"))

    def _tidy(self, _: int) -> None:
        """All folders have been looked at since `_looked`: what was lost before and is still lost is gone."""
        states = folders.states(self.db.read(), self.account_id)
        if not all(state.complete or self._troubles.leaves_out(Job("_refresh", state.id)) for state in states):
            return
        looked = self._looked
        if self.db.run(lambda txn: due.give_up(txn, self.account_id, looked)):
            self._ask(Urgency.JOURNAL, Job("_replay"))
        forget_lost(self.db, self.account_id, min(looked, int(time.time()) - FORGET_SECONDS))

    def _ask_refresh(self, folder_id: int) -> None:
        self._ask(self._rank(folder_id, Urgency.SCREEN, Urgency.INBOX, Urgency.OTHER), Job("_refresh", folder_id))

    def _ask_fill(self, folder_id: int) -> None:
        urgency = self._rank(folder_id, Urgency.FILL_SCREEN, Urgency.FILL_INBOX, Urgency.FILL_OTHER)
        self._ask(urgency, Job("_backfill", folder_id))

    def _rank(self, folder_id: int, screen: Urgency, inbox: Urgency, other: Urgency) -> Urgency:
        if folder_id == self._screen:
            return screen
        state = folders.state(self.db.read(), folder_id)
        return inbox if state is not None and state.role is Role.INBOX else other

    # --- watchers -----------------------------------------------------------------------------

    def _heard(self, name: str) -> None:
        """A watcher's news (on its thread)."""
        if not name:
            self._ask(Urgency.LIST, Job("_list"))
            return
        state = folders.by_name(self.db.read(), self.account_id, canonical(name))
        if state is None:
            self._ask(Urgency.LIST, Job("_list"))
        else:
            self._ask_refresh(state.id)

    def _slept(self) -> None:
        """The computer slept (on a watcher's thread): the working line is as dead as the watcher's."""
        session = self._session
        if session is not None:
            session.shut()
