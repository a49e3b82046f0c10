"""MailClient itself: the store opened, the engine started, asked and stopped.

What belongs here: whose job the servers are (this process, one beside it, another tui-mail), and asking it for
things. What a person sees is `reading`, what a person does `acting`. What must never be here: SQL, protocols,
widgets or printing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.attention import Attention
from tui_mail.client import purposes
from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.client.overview import Overview
from tui_mail.client.parsed import ParsedMessages
from tui_mail.client.portions import Portions
from tui_mail.client.reading import Reading
from tui_mail.client.searching import Searching
from tui_mail.client.snoozing import Snoozing
from tui_mail.client.writing import Writing
from tui_mail.config import accounts as configuration
from tui_mail.config.overlaps import overlaps
from tui_mail.config.splits import Splits
from tui_mail.errors import MailError
from tui_mail.model import (
    Account,
    AccountStatus,
    Event,
    LinkAsked,
    LinkState,
    Message,
    Part,
    Protocol,
    StatusChanged,
)
from tui_mail.notices import Notices
from tui_mail.outgoing import ComposeSettings
from tui_mail.paths import Paths
from tui_mail.store import due, folders, messages, mirror, others, outbox, unsent
from tui_mail.store.database import Database, Transaction
from tui_mail.sync.elsewhere import Elsewhere
from tui_mail.sync.pulse import Pulse, wake_engine
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from pathlib import Path

    from tui_mail.arriving import Rule, Ruled
    from tui_mail.client.newcomers import Newcomers
    from tui_mail.client.takeover import Takeover
    from tui_mail.store.backup import Backup
    from tui_mail.sync.account import AccountWorker
    from tui_mail.sync.apart import EngineApart, FarWorker
    from tui_mail.sync.engine import Engine
    from tui_mail.sync.plan_drop import Foretold
    from tui_mail.sync.pop_account import PopWorker

FETCHING = (LinkState.CONNECTING, LinkState.SYNCING, LinkState.WAITING)

log = logging.getLogger(__name__)


class MailClient(Reading, Snoozing, Writing, Searching, Overview, Portions):
    """Everything a person can see and do, for all accounts of one store."""

    def __init__(
        self,
        paths: Paths,
        accounts: Sequence[Account] | None = None,
        *,
        secret: Callable[[Account], str] | None = None,
    ) -> None:
        """Open the store; nothing is connected before `start`. Raises StoreError and ConfigError.

        `accounts` None reads config.toml; what is wrong in it is in `problems` and the rest works.
        """
        self.paths = paths
        self._began = time.time()
        self.recovered = mirror.recover(paths)
        """Messages that were on this computer only, and are shown again after mail.db was lost."""
        self.problems: tuple[SafeText, ...] = ()
        self.compose, self.notices = ComposeSettings(), Notices()
        self.searches: tuple[tuple[str, str], ...] = ()
        """Saved searches: name and query."""
        self.auto_advance = "next"
        """What is shown when the message that is read was put away: next, previous or list."""
        self.pictures = "auto"
        """Who paints pictures: the terminal where it is known to, half blocks everywhere, or the terminal."""
        self.splits: Splits | None = None
        """The tabs of the inbox, if config.toml has any."""
        self.rules: tuple[Rule, ...] = tuple(
            sorted({r for one in accounts or () for r in one.rules}, key=lambda r: r.place)
        )
        """What is done with mail that comes in, in this order."""
        if accounts is None:
            config = configuration.load(paths)
            accounts, self.compose, self.notices = config.accounts, config.compose, config.notices
            self.searches, self.splits, self.auto_advance = config.searches, config.splits, config.auto_advance
            self.rules, self.pictures = config.rules, config.pictures
            self.problems = tuple(safe_line(problem.sentence) for problem in config.problems)
        self.accounts: tuple[Account, ...] = tuple(accounts)
        self.attention = Attention()
        """Told of every key, so that the engine gives way to the screen."""
        self._sinks: list[Callable[[Event], None]] = []
        self._db = Database(paths, lambda _folders, _accounts: self._pulse.beat(), self.attention)
        self._db.on_outgoing = lambda txn: unsent.note(self._db, txn)
        self._pulse = Pulse(self._db, self._emit, self._attend)  # before the first commit, which is told to it
        purposes.keep_up(self._db, self.accounts)
        self._parsed = ParsedMessages(self.raw, self._keep_words, self.attention, self._judged, self.excerpt)
        self._secret = secret or _secret
        self._sending_secret = secret or _sending_secret
        self._engine: Engine | EngineApart | None = None
        self._elsewhere = False
        self._refused: MailError | None = None
        """Why there can be no engine here."""
        self._other = Elsewhere(self.paths, self._db, self._emit)
        self._on_screen = 0
        self._links: deque[str] = deque()
        self._takeover: Takeover | None = None
        self._starting = threading.Lock()
        self._started = False

    def start(self, *, apart: bool = False) -> None:
        """Become the engine of the store if no other process is, and start its threads. Returns at once.

        `apart` puts the engine into a process of its own, so that it takes no time from a screen; that process reads
        config.toml and the passwords by itself.
        """
        if self._started:
            return
        self._started = True
        if apart:
            self._start_apart()
            self._pulse.start()
            return
        threading.Thread(target=self._start_engine, name="engine-start", daemon=True).start()
        self._pulse.start()

    def stop(self) -> None:
        """Stop threads and processes, commit what waits, close the files; about a second at most."""
        if self._takeover is not None:
            self._takeover.close()
        self._pulse.stop()
        with self._starting:
            self._started = False
            if self._engine is not None:
                self._engine.stop()
        self._parsed.close()
        self._db.close()

    def subscribe(self, sink: Callable[[Event], None]) -> None:
        """Call `sink` with every event, on whatever thread it happens; it must return at once and never raise."""
        self._sinks.append(sink)

    # --- links of other programs ---------------------------------------------------------------

    def listen_for_links(self) -> None:
        """Take over the mailto: links that other processes of this person are asked to write to."""
        from tui_mail.client.takeover import Takeover

        self._takeover = Takeover(self.paths, self.ask_to_write)
        self._takeover.start()

    def ask_to_write(self, link: str) -> None:
        """Have the screen begin a message to a mailto: link; any thread."""
        self._links.append(link)
        self._emit(LinkAsked())

    def take_links(self) -> list[str]:
        """The links that were asked for since the last time."""
        links = list[str]()
        while self._links:
            links.append(self._links.popleft())
        return links

    # --- reading ------------------------------------------------------------------------------

    def statuses(self) -> list[AccountStatus]:
        """The state of every account's line."""
        if self._is_elsewhere:
            return [self._other.status(account.name) for account in self.accounts]
        if (refused := self._refused) is not None:
            said, code = refused.shown, refused.exit_code
            return [AccountStatus(one.name, LinkState.REFUSED, sentence=said, exit_code=code) for one in self.accounts]
        known = {name: worker.status for name, worker in self._workers.items()}
        return [known.get(account.name) or AccountStatus(account.name, LinkState.STARTING) for account in self.accounts]

    def cached_message(self, message_id: int) -> Message | None:
        """The message if it was parsed a short while ago, and all of it was here."""
        message = self._parsed.kept(message_id)
        return None if message is not None and message.away else message

    def message(self, message_id: int, charset: str = "") -> Message | None:
        """The message, parsed; None when its body is not here yet. Blocks on the parser: call it on a thread.

        `charset` (`mime.charsets.CHOICES`): what its text is read as from now on; "auto": what the message says.
        """
        return self._parsed.get(message_id, charset)

    def attachment_of(self, message_id: int, index: int) -> tuple[Part, bytes] | None:
        """An attachment and its content; None when the body is not here yet. Blocks like `message`. Raises NotFound."""
        return self._parsed.attachment(message_id, index)

    def parse(self, raw: bytes) -> Message:
        """Octets that are no message of the store, parsed where they can do no harm. Blocks like `message`."""
        return self._parsed.parse(raw)

    def prepare(self, ids: Sequence[int]) -> None:
        """Parse these messages behind the screen, as far as they are here: their first words get into their rows.

        Only the newest call counts; what an earlier one had not reached is left.
        """
        self._parsed.read_ahead(ids)

    def request_body(self, message_id: int) -> None:
        """Have the whole body fetched now, before anything else; BodyArrived follows. See `request_text`, `whole`."""
        place = messages.account_of(self._db.read(), message_id)
        worker = self._workers.get(place or "")
        if worker is not None:
            worker.want_body(message_id)
        else:
            self._db.write(lambda txn: messages.want(txn, message_id), urgent=True).add_done_callback(
                lambda _: wake_engine(self.paths)
            )

    def watch_folder(self, folder_id: int) -> None:
        """Say that this folder is on the screen: it is read first and watched."""
        self._on_screen = folder_id
        for one in self.within(folder_id):
            worker = self._worker_of(one)
            if worker is not None:
                worker.look_at(one)

    def warnings(self, *, once: bool = False) -> list[SafeText]:
        """Mailboxes that somebody else reads too, here or elsewhere; chosen folders that are not there, each time.

        `once`: only what was not said before, and from now on it was.
        """
        found, told = purposes.lacking(self._db, self.accounts), list[str]()
        if self.notices.by != "off":
            from tui_mail.client.newcomers import unknown

            found += unknown(self.folders(), self.notices)
        for overlap in overlaps(self.accounts):
            key = f"overlap:{'/'.join(overlap.accounts)}"
            if not (once and others.was_told(self._db.read(), key)):
                found.append(overlap.sentence)
                told.append(key)
        for account in self.accounts:
            if account.protocol is Protocol.POP3:
                said = others.of(self._db.read(), account.name, once=once)
                found += [said] if said else []
                if said and once:
                    self.note_told(account.name)
        if told and once:
            self._db.write(lambda txn: others.note_told(txn, told))
        return found

    def refuse_wrong_folders(self, account: Account, changes: Mapping[str, object]) -> None:
        """Raise UsageError when a folder cannot be for what these changes of config.toml say."""
        purposes.refuse_wrong_folders(self._db, account, changes)

    def keep_up_folders(self, account: Account) -> None:
        """Folders are for what config.toml says of this account from now on, here and in the engine."""
        purposes.keep_up(self._db, [account])

    def note_told(self, account: str) -> None:
        """The person has read the notice of an account's status."""
        self._db.write(lambda txn: others.tell(txn, folders.account_id(txn, account)))

    def newcomers(self) -> Newcomers:
        """Tells what mail has just come."""
        from tui_mail.client.newcomers import Newcomers

        return Newcomers(self._db, self.accounts)

    # --- asking the engine ----------------------------------------------------------------------

    def retry(self, account: str | None = None) -> Future[int]:
        """Try again now: connect, and send what the server refused before; the future tells how much that is."""
        from tui_mail.config.secrets import ask_again, invalidate

        def again(txn: Transaction) -> int:
            outbox.retry_all(txn, account)
            return due.retry_failed(txn, None if account is None else folders.account_id(txn, account))

        def wake(_: Future[int]) -> None:
            ask_again()
            if self._engine is None:
                wake_engine(self.paths)
            for name, worker in self._workers.items():
                if account in (None, name):
                    invalidate(worker.account)
                    worker.retry()
                    worker.replay()
            if self._engine is not None:
                self._engine.retry_sending()

        future = self._db.write(again, urgent=True)
        future.add_done_callback(wake)
        return future

    def sync_now(self, folder_id: int | None = None) -> None:
        """Compare with the server now: one folder, or all."""
        if self._is_elsewhere:
            wake_engine(self.paths, b"sync")
        elif folder_id is None or folder_id == ALL_INBOXES:
            for worker in self._workers.values():
                worker.refresh()
        else:
            worker_of = self._worker_of(folder_id)
            if worker_of is not None:
                worker_of.refresh(folder_id)

    def stop_fetching(self) -> bool:
        """Stop what POP3 accounts fetch until `sync_now` or the next start; False when none is at it."""
        busy = {status.account for status in self.statuses() if status.state in FETCHING}
        if not any(account.name in busy and account.protocol is Protocol.POP3 for account in self.accounts):
            return False
        if self._engine is not None and not self._is_elsewhere:
            self._engine.halt()
        else:
            wake_engine(self.paths, b"halt")
        return True

    def foretell(self, account: Account, policy: str) -> Foretold:
        """What the next visit to a POP3 maildrop would fetch, and delete there under a policy. Nothing is changed.

        Blocks: call it on a thread. Raises ServerError, SecretUnavailable and StoreError.
        """
        from tui_mail.sync.foretelling import foretell

        return foretell(self._db, account, policy, self._secret(account))

    def run_rules(self, rules: Sequence[Rule], *, dry_run: bool = False) -> list[Ruled]:
        """What rules do to all mail in the folders that they look at, or would do. Blocks. Raises ConfigError."""
        from tui_mail.client.ruling import run

        done = run(self._db, rules, [account.name for account in self.accounts], dry_run=dry_run)
        self._wake()
        return done

    def back_up(self, target: Path, progress: Callable[[int, int], None]) -> tuple[Backup, list[str]]:
        """Copy the store and its settings to a folder that is not there yet; gives what it holds and what it lacks.

        Blocks for seconds or minutes. Raises UsageError, and StoreError with nothing left of it.
        """
        from tui_mail.client.backups import take

        return take(self.paths, self._db, target, progress)

    # --- waiting (command line) ---------------------------------------------------------------

    def wait_until_synced(self, account: str, timeout: float) -> bool:
        """Block until the account has nothing left to do; False when that takes longer, or there is no line."""
        if self._is_elsewhere and any(a.name == account for a in self.accounts):
            return self._other.wait(account, timeout, lambda: wake_engine(self.paths, b"sync"))
        worker = self._workers.get(account)
        return worker is None or worker.until_idle(timeout)

    @property
    def is_settled(self) -> bool:
        """True once it is decided whether this process is the engine, another one is, or there can be none."""
        return self._engine is not None or self._elsewhere or self._refused is not None

    @property
    def is_engine(self) -> bool:
        """True when this process talks to the servers."""
        return self._engine is not None

    # --- helpers ------------------------------------------------------------------------------

    def _wake(self) -> None:
        """A change was written: whoever is the engine carries it out."""
        for worker in self._workers.values():
            worker.replay()
        if self._engine is None:
            wake_engine(self.paths)
        else:
            self._engine.send()

    @property
    def _is_elsewhere(self) -> bool:
        """True while another process is the engine of this store."""
        return self._elsewhere if self._engine is None else self._engine.elsewhere

    def _worker_of(self, folder_id: int) -> AccountWorker | PopWorker | FarWorker | None:
        folder = self.folder(folder_id)
        return self._workers.get(folder.account) if folder is not None else None

    @property
    def _workers(self) -> Mapping[str, AccountWorker | PopWorker | FarWorker]:
        return self._engine.workers if self._engine is not None else {}

    def _start_apart(self) -> None:
        from tui_mail.sync.apart import EngineApart

        self._engine = engine = EngineApart(self.paths, self.accounts, self._emit, self._pulse.beat)
        engine.start()
        if self._on_screen:
            self.watch_folder(self._on_screen)
        threading.Thread(target=self._parsed.warm, name="parser-start", daemon=True).start()

    def _start_engine(self) -> None:
        """Load the engine and become it, unless another process is (on a thread: its libraries take a while)."""
        from tui_mail.sync.engine import Engine

        with self._starting:
            if not self._started or self._engine is not None:
                return
            engine = Engine(
                self.paths,
                self._db,
                self.accounts,
                self._secret,
                self._emit,
                self.attention,
                sending_secret=self._sending_secret,
            )
            try:
                self._elsewhere = not engine.take_lock()
            except MailError as error:
                self._refused = error
                log.warning("no engine: %s", error.detail or error)
            if self._refused is None and not self._elsewhere:
                self._engine = engine
                engine.start()
        if self._on_screen:
            self.watch_folder(self._on_screen)
        if self._elsewhere:
            with contextlib.suppress(MailError):  # closed in the meantime
                self._other.look(self.accounts)
        else:
            for status in self.statuses():
                self._emit(StatusChanged(status))
        self._parsed.warm()

    def _keep_words(self, snippets: list[tuple[int, SafeText]]) -> None:
        self._db.write(lambda txn: messages.set_snippets(txn, snippets))

    def _attend(self, changed: bool) -> None:
        """Every now and then: do what other processes left, or take over when the engine they had is gone."""
        with contextlib.suppress(MailError):
            if self._engine is None:
                self._start_engine()
            elif changed:
                self._engine.attend()
            if self._is_elsewhere and (self._other.turned() or changed):
                self._other.look(self.accounts)

    def _emit(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)


def _secret(account: Account) -> str:
    """The account's password, from wherever it is kept; the keyring is only loaded when it is asked."""
    from tui_mail.config.secrets import secret

    return secret(account)


def _sending_secret(account: Account) -> str:
    """The password for sending."""
    from tui_mail.config.secrets import secret

    return secret(account, "outgoing")
