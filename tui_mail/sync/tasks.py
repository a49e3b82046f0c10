"""The jobs of one account: what is done with a line, one short piece at a time.

What belongs here: each job, and which jobs follow from it. What must never be here: what is done next, connecting, or
waiting (account); how a folder is compared (folder), a change carried out (replay) or a body fetched (bodies).

Jobs are short (a window of headers, a batch of bodies, one change) and named by what they are about, so that
asking twice is asking once. The smallest number goes first: a message that somebody opened waits for one
short job at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tui_mail.attention import Attention
from tui_mail.errors import CommandRefused, UnsafeArgument
from tui_mail.model import Account, BodyArrived, ChangeFailed, Event, Role, SearchAnswered
from tui_mail.net.connection import Wake
from tui_mail.net.imap import ImapSession
from tui_mail.store import contacts, due, folders, threads
from tui_mail.store.database import Database
from tui_mail.sync import asking
from tui_mail.sync.alarms import ring
from tui_mail.sync.arrivals import obey
from tui_mail.sync.bodies import CANNOT_BE_HAD, BodyFetch, fetch_one, forget_lost, newest_wanted
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.granting import Granting
from tui_mail.sync.homecoming import bring_home, in_doubt
from tui_mail.sync.jobs import Job, Jobs, Troubles, Urgency
from tui_mail.sync.late import LateMail
from tui_mail.sync.listing import canonical, read_list
from tui_mail.sync.replay import replay_next
from tui_mail.sync.watchers import Watchers
from tui_mail.text import safe_line

POLL_SECONDS = 60.0
"""How often all folders are asked for news, in one command, where the server does not tell it by itself."""
SLOW_POLL_SECONDS = 120.0
"""The same where that takes a command for each folder."""
NET_SECONDS = 300.0
"""The same where the server tells all news by itself: nothing may be lost for long."""
CHECK_SECONDS = 45.0
"""How long the line may be quiet before it is tried."""
FORGET_SECONDS = 3600
"""How long a message that vanished from one folder may turn up in another and still be the same."""
OPEN_TRIES = 3
"""Lines that may break while one opened message is fetched."""


class Tasks:
    """The jobs, and the queue that they wait in. The worker's thread does them; any thread asks."""

    def __init__(
        self,
        account: Account,
        db: Database,
        emit: Callable[[Event], None],
        attention: Attention,
        connect: Callable[[Wake], ImapSession],
    ) -> None:
        self.account = account
        self.account_id = 0
        self.db = db
        self._emit = emit
        self._attention = attention
        self._lock = threading.Condition()
        self._wake: Wake | None = None
        """Ends the waiting on the worker's own line; made by its thread."""
        self._idling = False
        self._jobs = Jobs()
        self._news: set[str] = set()
        """Names of folders in which something happened; "" for the list of folders."""
        self._troubles = Troubles()
        self._bodies = BodyFetch()
        self._granting = Granting()
        self._asking = asking.Asking()
        self._late = LateMail()
        self._wanted: dict[int, int] = {}
        """Opened messages whose body is waited for, and how often that was begun."""
        self._doubtful: set[int] = set()
        """Messages that were fetched, or could not be, because only their octets tell whether they are here."""
        self._screen = 0
        self._listed = False  # over this line
        self._listed_at = 0.0
        self._looked = self._looked_before = 0
        self._absent = frozenset[int]()
        self._session: ImapSession | None = None
        self._sync: FolderSync | None = None
        self._watchers = Watchers(account.name, connect, self._heard)
        self._compared: dict[int, float] = {}
        """Of each folder, when its last comparison began."""

    def compared_at(self, folder_id: int) -> float:
        """When the last comparison of a folder began that went well (time.time()); 0 never. Any thread."""
        return self._compared.get(folder_id, 0.0)

    # --- asking, from any thread --------------------------------------------------------------

    def grant(self) -> None:
        """Somebody wishes for something of a large message (store/excerpts)."""
        self._ask(Urgency.BODY, Job("_grant"))

    def _ask(self, urgency: Urgency, job: Job) -> None:
        with self._lock:
            self._jobs.ask(urgency, job)
            self._poke()

    def _ask_anew(self, folder_id: int) -> None:
        """A person wants to see it: tried even if it was refused a moment ago."""
        job = Job("_refresh", folder_id)
        self._troubles.worked(job)
        self._ask(Urgency.SCREEN, job)

    def _heard(self, name: str) -> None:
        """A watcher's news. Its thread, of which there are many in a year, opens no connection to the store."""
        with self._lock:
            self._news.add(name)
            self._poke()

    def _poke(self) -> None:
        """End the worker's wait; the lock is held."""
        self._lock.notify_all()
        if self._idling and self._wake is not None:
            self._wake.set()

    def _sort_news(self) -> None:
        """Make jobs of what the watchers heard."""
        with self._lock:
            news, self._news = self._news, set()
        for name in news:
            state = folders.by_name(self.db.read(), self.account_id, canonical(name)) if name else None
            if state is None:
                self._ask(Urgency.LIST, Job("_list"))
            else:
                self._ask_refresh(state.id)

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

    # --- jobs ---------------------------------------------------------------------------------

    def _refresh(self, folder_id: int) -> None:
        assert self._sync is not None
        began = time.time()
        more = self._sync.refresh(folder_id)
        self._compared[folder_id] = began
        if more:
            self._ask_fill(folder_id)
        self._late.after_refresh(self._sync, folder_id)
        ring(self.db, time.time())  # another computer may have set an alarm that has gone off
        obey(self.db, self.account)
        self._ask(Urgency.JOURNAL, Job("_replay"))  # what came to muted conversations was marked
        self._ask(Urgency.BODIES, Job("_fetch_bodies"))
        self._watchers.keep()

    def _backfill(self, folder_id: int) -> None:
        assert self._sync is not None
        if self._sync.backfill(folder_id):
            self._ask_fill(folder_id)
        else:
            obey(self.db, self.account)  # from now on, what comes is news

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
        self._absent = listing.absent
        for state in listing.changed:
            self._ask_refresh(state.id)
        for state in listing.unfinished:
            self._ask_fill(state.id)
        self._ask(Urgency.BODIES, Job("_fetch_bodies"))
        self._ask(Urgency.TIDY, Job("_tidy"))
        self._ask(Urgency.HARVEST, Job("_harvest"))
        self._listed = True
        self._watchers.keep()

    def _poll(self, _: int) -> None:
        """The time has come for what waited, for a look at what nobody tells, or to see whether the line lives."""
        assert self._session is not None
        assert self._sync is not None
        next_try = due.next_due_time(self.db.read(), self.account_id)
        if next_try is not None and next_try <= time.time():
            self._replay(0)
        for folder_id in self._late.take(self._sync):
            self._ask_refresh(folder_id)
        if self._until_list() <= 0:
            self._list(0)
        elif time.time() - self._session.heard > CHECK_SECONDS / 2:
            news = self._session.noop(keep=True)
            if news and self._sync.selected is not None:
                self._ask_refresh(self._sync.selected[0])

    def _until_list(self) -> float:
        """Seconds until all folders are to be asked for news."""
        assert self._session is not None
        every = POLL_SECONDS if self._session.has("LIST-STATUS") else SLOW_POLL_SECONDS
        return self._listed_at + (NET_SECONDS if self._watchers.see_all else every) - time.monotonic()

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

    def _search(self, folder_id: int) -> None:
        """Have the server search a folder; a refusal is an answer."""
        assert self._sync is not None
        with self._lock:
            question = self._asking.question
            if question is None or folder_id not in self._asking.left:
                return
        try:
            answer = asking.ask(self._sync, self.account.name, question, folder_id)
        except (CommandRefused, UnsafeArgument) as refusal:
            answer = SearchAnswered(question.number, self.account.name, folder_id, problem=refusal.shown)
        with self._lock:
            if self._asking.question is not question:
                return
            self._asking.left.discard(folder_id)
        self._emit(answer)

    def _fetch_bodies(self, _: int) -> None:
        assert self._sync is not None
        if self._bodies.fetch_batch(self._sync, self.account.keep_bodies):
            self._ask(Urgency.BODIES, Job("_fetch_bodies"))
        else:
            self._ask(Urgency.TIDY, Job("_bring_home"))
            self._ask(Urgency.BODIES, Job("_fetch_large"))

    def _fetch_large(self, _: int) -> None:
        """What is too large to come with the rest comes last, a portion at a time."""
        assert self._sync is not None
        if self._bodies.left_large and not self._granting.fetch_large(
            self._sync, newest_wanted(self.account.keep_bodies, time.time())
        ):
            self._bodies.left_large = False
        elif self._bodies.left_large:
            self._ask(Urgency.BODIES, Job("_fetch_large"))

    def _grant(self, _: int) -> None:
        """What somebody waits for of large messages, a portion at a time."""
        assert self._sync is not None
        if self._granting.grant(self._sync, self.account.name):
            self._ask(Urgency.LIST, Job("_grant"))

    def _harvest(self, _: int) -> None:
        """Take note of who writes and is written to, and of what belongs together, a few messages at a time."""
        if self.db.run(contacts.harvest) | self.db.run(threads.place):
            self._ask(Urgency.HARVEST, Job("_harvest"))

    def _tidy(self, _: int) -> None:
        """All folders have been looked at since `_looked`, and once before: what was lost then and still is, is gone.

        Once does not do: somebody may have moved a message from a folder not yet looked at into one that was.
        """
        if not self._have_read_all():
            return
        looked, self._looked_before = self._looked_before, self._looked
        if self.db.run(lambda txn: due.give_up(txn, self.account_id, looked)):
            self._ask(Urgency.JOURNAL, Job("_replay"))
        forget_lost(self.db, self.account_id, min(looked, int(time.time()) - FORGET_SECONDS))
        self._ask(Urgency.TIDY, Job("_bring_home"))

    def _bring_home(self, _: int) -> None:
        """What was on this computer only, while this was a POP3 account, is compared with what the server has."""
        if not self._have_read_all():
            return
        if bring_home(self.db, self.account_id):
            self._ask(Urgency.JOURNAL, Job("_replay"))
        doubtful = set(in_doubt(self.db, self.account_id)) - self._doubtful
        self._doubtful |= doubtful
        for message_id in doubtful:
            self._ask(Urgency.TIDY, Job("_fetch_body", message_id))
        if doubtful:
            self._ask(Urgency.HARVEST, Job("_bring_home"))

    def _have_read_all(self) -> bool:
        states = [state for state in folders.states(self.db.read(), self.account_id) if state.id not in self._absent]
        return all(state.complete or self._troubles.leaves_out(Job("_refresh", state.id)) for state in states)
