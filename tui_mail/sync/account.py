"""One account, kept in agreement with its server: a worker thread that does small jobs, and its watchers.

What belongs here: what is done next, when to connect, reconnect and wait, and what the status line says about it.
What must never be here: what a job does (tasks).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from tui_mail.attention import Attention
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConfigError,
    MailError,
    SecretUnavailable,
    ServerBusy,
    ServerError,
    StoreError,
    UnsafeArgument,
)
from tui_mail.model import Account, AccountStatus, BodyArrived, Event, LinkState, Question, Role, SearchAnswered
from tui_mail.net.connection import Backoff, Wake
from tui_mail.net.imap import ImapSession, Selected
from tui_mail.store import due, folders
from tui_mail.store.database import Database
from tui_mail.store.folders import FolderState
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.jobs import Job, Urgency
from tui_mail.sync.opening import opened
from tui_mail.sync.settling import settle
from tui_mail.sync.status import StatusReport, disk_state
from tui_mail.sync.tasks import CHECK_SECONDS, Tasks
from tui_mail.sync.watch import HEALTHY_SECONDS, SLICE_SECONDS

SOON_SECONDS = 10
"""A change that is tried again within this time is waited for by `until_idle`."""
UNTRUSTED_SECONDS = 300.0
"""How often a server whose certificate was refused is tried: the network, not the server, may have been wrong."""
CROWDED_SECONDS = 60.0
"""How often a server is tried that has no room for even one connection."""
DEAD_SECONDS = 30.0
"""Silence in the middle of an answer after which the line is given up if a watcher's is dead too."""
COUNTED = ("_replay", "_fetch_body", "_fetch_bodies", "_grant", "_fetch_large")
"""Jobs that count broken lines for each change or message, so that one keeps no other from being done."""
BEHIND = frozenset(("_refresh", "_backfill", "_list", "_fetch_bodies", "_fetch_large", "_tidy", "_harvest"))
"""Jobs that nobody waits for: they give way to a key."""
ANYWHERE = "192.0.2.1"
"""An address that stands for the whole network (RFC 5737), until the server's is known."""

log = logging.getLogger(__name__)


class AccountWorker(Tasks, threading.Thread):
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
        threading.Thread.__init__(self, name=f"account-{account.name}", daemon=True)
        Tasks.__init__(self, account, db, emit, attention or Attention(), self._connect)
        self._secret = secret
        self._backoff = Backoff()
        self._doing: Job | None = None
        self._done = False
        self._again = False
        self._hurry = False
        """The network is another one: a pause ends."""
        self._crowded = False
        """The last connection was refused because there are too many."""
        self._way = (ANYWHERE, "")
        """The server's address, and ours on the way there."""
        self._read: tuple[int, Selected] | None = None
        """The folder that was open when it was last read before waiting."""
        self._idle_for: list[threading.Event] = []
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
            offline = self.status.state.is_down
        if offline:
            self._emit(BodyArrived(message_id, self.status.sentence))
        self._ask(Urgency.BODY, Job("_fetch_body", message_id))

    def search(self, question: Question) -> None:
        """Have the server search folders; SearchAnswered follows for each, also when it cannot be reached."""
        with self._lock:
            self._asking.begin(question)
            offline = self.status.state.is_down
        if offline:
            self._emit(SearchAnswered(question.number, self.account.name, 0, problem=self.status.sentence))
        for folder_id in question.folder_ids:
            self._ask(Urgency.SCREEN, Job("_search", folder_id))

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
        if folder_id is not None:
            self._ask_anew(folder_id)
            return
        self._listed = False
        self._report.begin_again()
        self._ask(Urgency.LIST, Job("_list"))

    def retry(self) -> None:
        """Try again now: connect if there is no line, and ask for the password anew if it was refused."""
        with self._lock:
            self._again = True
            self._troubles.forgive()
            self._poke()

    def until_idle(self, timeout: float) -> bool:
        """Wait until nothing is left to do; False when it takes longer or the server is out of reach."""
        event = threading.Event()
        with self._lock:
            self._idle_for.append(event)
            self._poke()
        return event.wait(timeout)

    def network_changed(self, why: str) -> None:
        """Give up every line and make it anew without waiting: the computer slept, or is in another network."""
        log.info("account %s: %s", self.account.name, why)
        self._backoff.reset()
        with self._lock:
            self._hurry = True
            self._poke()
        session = self._session
        if session is not None:
            session.shut()
        self._watchers.renew()

    def look(self, source: Callable[[str], str]) -> None:
        """Called every other second: do the lines live, and do they still begin at the address that is ours?"""
        session = self._session
        peer = session.peer if session is not None else self._way[0]
        ours, before = source(peer), self._way
        if ours or session is None:
            self._way = (peer, ours)
            if ours and before[0] == peer and before[1] != ours and (before[1] or session is None):
                self.network_changed(f"the way to {peer} begins at {ours} now")
        heard = max(session.heard if session is not None else 0.0, self._watchers.heard_at)
        self._report.look(heard, self._silence)
        if session is not None and session.silent_for > DEAD_SECONDS and self._watchers.broken:
            session.shut()

    def stop(self) -> None:
        """End soon; returns at once. `join` waits."""
        with self._lock:
            self._done = True
            self._poke()
        session = self._session
        if session is not None:
            session.shut()
        self._watchers.stop(wait=0.0)

    # --- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Connect, work, and connect again, until stopped."""
        self._wake = Wake()
        try:
            self._run_until_stopped()
        finally:
            self._watchers.stop()
            self._granting.stop()
            with self._lock:
                self._wake.close()
                self._wake = None

    def _run_until_stopped(self) -> None:
        while not self._done:
            with self._lock:  # a change of the network from now on is one that the next line does not know of
                self._hurry = False
            try:
                self._prepare()
                self._work()
            except (AuthenticationRefused, SecretUnavailable, ConfigError) as error:
                self._pause(LinkState.REFUSED, error, None)
            except CertificateRefused as error:
                self._pause(LinkState.REFUSED, error, UNTRUSTED_SECONDS)
            except StoreError as error:
                self._pause(disk_state(error), error, 30.0)
            except ServerBusy as error:
                self._pause(LinkState.OFFLINE, error, self._stay_away(error), hurried=not error.seconds)
            except MailError as error:
                if self._doing is not None and self._doing.kind not in COUNTED and isinstance(error, ServerError):
                    self._troubles.broke(self._doing)
                self._pause(LinkState.OFFLINE, error, self._backoff.next())
            except Exception as error:  # a thread's top: the person is told, the log has the rest
                if self._done:
                    return
                log.exception("account %s", self.account.name)
                unknown = MailError("tui-mail met an error of its own; mail is safe. It tries again.", repr(error))
                self._pause(LinkState.OFFLINE, unknown, max(10.0, self._backoff.next()))

    def _prepare(self) -> None:
        """The account's rows, so that INBOX can be read before the list of folders is known."""
        if self.account_id:
            return
        settle(self.db, self.account)
        self._report.account_id = self.account_id = self.db.run(lambda txn: folders.prepare(txn, self.account.name))

    def _connect(self, wake: Wake | None) -> ImapSession:
        """A line of our own."""
        server = self.account.incoming
        return opened(self.account, self._secret, lambda secret: ImapSession.open(server, secret, wake=wake))

    def _work(self) -> None:
        self._report.say(state=LinkState.CONNECTING, sentence=self.status.sentence)
        self._session = session = self._connect(self._wake)
        began = time.time()
        self._crowded = False
        try:
            self._sync = FolderSync(session, self.db, self.account_id, self._attention)
            self._report.connected(session.heard)
            self._first_jobs()
            while not self._done:
                job = self._next_job()
                if job is not None:
                    self._do(job)
                    self._say_progress(session)
        finally:
            self._session = self._sync = None
            if session.heard - began > HEALTHY_SECONDS:
                self._backoff.reset()
            session.leave()

    def _say_progress(self, session: ImapSession) -> None:
        with self._lock:  # it stays live while it looks here and there, and gets live when there is nothing to look at
            listed = self._listed and (self.status.state is LinkState.LIVE or not self._jobs.hold("_refresh", "_list"))
        self._report.progress(max(session.heard, self._watchers.heard_at), listed=listed)

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
        self.grant()
        for folder_id in list(self._asking.left):
            self._ask(Urgency.SCREEN, Job("_search", folder_id))
        self._ask(Urgency.JOURNAL, Job("_replay"))
        self._ask(Urgency.LIST, Job("_list"))

    def _next_job(self) -> Job | None:
        """The most urgent job; waits for one, and polls when the time has come. None: look again."""
        self._sort_news()
        folder, wait = "", 0.0
        with self._lock:
            if not (self._jobs or self._news or self._done or self._again):
                folder, wait = self._watchers.unwatched, self._until_poll()
                if folder and self._wake is not None:
                    self._wake.clear()
                    self._idling = True
                else:
                    self._lock.wait(wait)
        if folder:
            self._idle(folder, min(wait, SLICE_SECONDS))
        with self._lock:
            if self._done or self._news:
                return None
            if self._again:
                self._again = False
                return Job("_list")
            return self._jobs.take() if self._jobs else Job("_poll")

    def _idle(self, name: str, seconds: float) -> None:
        """Wait for a job, or for news of a folder that no other line watches."""
        assert self._session is not None
        assert self._sync is not None
        try:
            folder = folders.by_name(self.db.read(), self.account_id, name)
            if folder is not None and self._session.has("IDLE"):
                if not self._has_read(folder):
                    self._do(Job("_refresh", folder.id))  # nobody tells what came before the folder was opened
                    self._read = self._sync.selected
                if self._has_read(folder):
                    if self._session.idle(seconds, keep=True):
                        self._ask_refresh(folder.id)
                    return
        except CommandRefused as refusal:
            log.info("account %s: %s", self.account.name, refusal.detail)
        finally:
            with self._lock:
                self._idling = False
        with self._lock:
            if not (self._jobs or self._news or self._done or self._again):
                self._lock.wait(seconds)

    def _has_read(self, folder: FolderState) -> bool:
        """True when the folder is open, and was read since it was opened."""
        assert self._session is not None
        assert self._sync is not None
        opened = self._sync.selected
        same = opened is not None and opened is self._read and opened[0] == folder.id
        return same and self._session.selected == folder.name

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
        """Seconds until there is something to do, or the line is to be tried; the lock is held."""
        next_try = due.next_due_time(self.db.read(), self.account_id)
        until_due = CHECK_SECONDS if next_try is None else next_try - time.time()
        if until_due > SOON_SECONDS:
            for event in self._idle_for:
                event.set()
            self._idle_for.clear()
        return max(0.05, min(CHECK_SECONDS, until_due, self._until_list(), self._late.seconds()))

    def _silence(self) -> float:
        """Seconds for which the server has owed an answer that somebody may wait for."""
        session = self._session
        own = session.silent_for if session is not None else 0.0
        heard = max(session.heard if session is not None else 0.0, self._watchers.heard_at)
        return max(own, min(self._watchers.silent_for, time.time() - heard))

    def _stay_away(self, error: ServerBusy) -> float:
        """For how many seconds; the first time that there are too many connections, the others may have been ours."""
        seconds = self._backoff.next()
        if error.too_many:
            self._watchers.fewer()
            if self._crowded:
                seconds = max(seconds, CROWDED_SECONDS)
            self._crowded = True
        return max(seconds, error.seconds * random.uniform(1.0, 1.1))  # noqa: S311

    def _pause(self, state: LinkState, error: MailError, seconds: float | None, *, hurried: bool = True) -> None:
        """Say what is wrong and wait: for the time, or (None) until a person asks to try again.

        Another network ends the wait if it is `hurried` and not for a person.
        """
        if self._done:
            return
        log.info("account %s: %s", self.account.name, error.detail or error.sentence)
        self._doing = None
        self._watchers.stop()
        self._report.down(state, error, seconds)
        for message_id in list(self._wanted):
            self._emit(BodyArrived(message_id, error.shown))
        with self._lock:
            question, waits = self._asking.question, bool(self._asking.left)
        if question is not None and waits:
            self._emit(SearchAnswered(question.number, self.account.name, 0, problem=error.shown))
        may_hurry = hurried and seconds is not None
        with self._lock:
            self._lock.wait_for(lambda: self._done or self._again or (self._hurry and may_hurry), seconds)
            self._again = False
