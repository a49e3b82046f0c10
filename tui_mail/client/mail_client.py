"""MailClient itself: reading, acting, starting and stopping the engine.

What belongs here: reading the store for whoever asks, writing what a person does, starting and stopping the
engine. What must never be here: SQL, protocols, widgets or printing.

Reads take a few milliseconds at most and may be called on the screen's thread, except where a docstring says
that they block. Actions return a Future at once: it resolves when the action is durable on this computer,
which is all that an action needs; the server follows.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.attention import Attention
from tui_mail.client import actions
from tui_mail.client.parsed import ParsedMessages
from tui_mail.client.upload import upload
from tui_mail.config import accounts as configuration
from tui_mail.errors import CannotUndo, MailError, NotFound, UsageError
from tui_mail.model import (
    Account,
    AccountStatus,
    Change,
    ChangeKind,
    ChangeState,
    Event,
    Flag,
    Folder,
    LinkState,
    Message,
    Protocol,
    Role,
    Row,
    StatusChanged,
)
from tui_mail.paths import Paths
from tui_mail.store import bodies, due, folders, history, journal, messages, rows, undoing
from tui_mail.store.database import Database, Transaction
from tui_mail.store.journal import Effect
from tui_mail.sync.elsewhere import Elsewhere
from tui_mail.sync.pulse import Pulse, wake_engine
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from tui_mail.sync.account import AccountWorker
    from tui_mail.sync.apart import EngineApart, FarWorker
    from tui_mail.sync.engine import Engine

KEYWORD = re.compile(r"[A-Za-z0-9$_.\-]{1,64}")

log = logging.getLogger(__name__)


class MailClient:
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
        self.problems: tuple[SafeText, ...] = ()
        if accounts is None:
            config = configuration.load(paths)
            accounts = config.accounts
            self.problems = tuple(safe_line(problem.sentence) for problem in config.problems)
        self.accounts: tuple[Account, ...] = tuple(accounts)
        self.attention = Attention()
        """Told of every key, so that the engine gives way to the screen."""
        self._sinks: list[Callable[[Event], None]] = []
        self._db = Database(paths, lambda _folders, _accounts: self._pulse.beat(), self.attention)
        self._parsed = ParsedMessages(self.raw, self._keep_words, self.attention)
        self._pulse = Pulse(self._db, self._emit, self._attend)
        self._secret = secret or _secret
        self._engine: Engine | EngineApart | None = None
        self._elsewhere = False
        self._other = Elsewhere(self._db, self._emit)
        self._on_screen = 0
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

    # --- reading ------------------------------------------------------------------------------

    def statuses(self) -> list[AccountStatus]:
        """The state of every account's line."""
        if self._is_elsewhere:
            return [self._other.status(account.name) for account in self.accounts]
        known = {name: worker.status for name, worker in self._workers.items()}
        return [
            known.get(account.name) or AccountStatus(account.name, LinkState.STARTING) for account in self.accounts
        ]

    def folders(self) -> list[Folder]:
        """All folders in the order of the tree: accounts as configured, roles first, then names."""
        place = {account.name: index for index, account in enumerate(self.accounts)}
        found = [folder for folder in folders.all_folders(self._db.read()) if folder.account in place]
        return sorted(found, key=lambda folder: place[folder.account])

    def folder(self, folder_id: int) -> Folder | None:
        """One folder, None when it is gone."""
        return folders.one_folder(self._db.read(), folder_id)

    def find_folder(self, name: str, account: str | None = None) -> Folder:
        """A folder by `[ACCOUNT:]NAME` or by role, of the first account that has it. Raises NotFound."""
        wanted, known = name, {a.name for a in self.accounts}
        if ":" in name and name.partition(":")[0] in known:
            account, _, wanted = name.partition(":")
        candidates = [folder for folder in self.folders() if account in (None, folder.account)]
        for folder in candidates:
            if folder.name == wanted or (folder.role and folder.role == wanted.lower()):
                return folder
        for folder in candidates:
            if folder.name.casefold() == wanted.casefold():
                return folder
        raise NotFound(
            f"There is no folder {name!r} here; `tui-mail folders` lists them, `tui-mail sync` reads them anew."
        )

    def first_rows(self, folder_id: int, limit: int = 200, *, unread: bool = False) -> list[Row]:
        """The newest rows of a folder, by key, which is quick whatever its size."""
        return rows.first_rows(self._db.read(), folder_id, limit, unread)

    def ids(self, folder_id: int) -> array[int]:
        """The ids of all rows of a folder, newest first. Blocks for a second at a million: call it on a thread."""
        return rows.ids_of(self._db.read(), folder_id)

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of these ids in this order; what is no longer displayed is left out."""
        return rows.rows_of(self._db.read(), ids)

    def row(self, message_id: int) -> Row | None:
        """One row, None when it is no longer displayed."""
        found = self.rows([message_id])
        return found[0] if found else None

    def cached_message(self, message_id: int) -> Message | None:
        """The message if it was parsed a short while ago."""
        return self._parsed.kept(message_id)

    def message(self, message_id: int) -> Message | None:
        """The message, parsed; None when its body is not here yet. Blocks on the parser: call it on a thread."""
        return self._parsed.get(message_id)

    def prepare(self, ids: Sequence[int]) -> None:
        """Parse these messages behind the screen, as far as they are here: their first words get into their rows.

        Only the newest call counts; what an earlier one had not reached is left.
        """
        self._parsed.read_ahead(ids)

    def raw(self, message_id: int) -> bytes | None:
        """The message as the server gave it; None when it is not here yet. Blocks on the disk for big ones."""
        return bodies.load(self._db.read_bodies(), message_id)

    def request_body(self, message_id: int) -> None:
        """Have the body fetched now, before anything else; BodyArrived follows."""
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
        worker = self._worker_of(folder_id)
        if worker is not None:
            worker.look_at(folder_id)

    def changes(self, limit: int = 100) -> list[Change]:
        """What was done, newest first, one entry for each key press, and how far the server has been told."""
        return history.changes(self._db.read(), limit)

    def next_undo(self) -> int:
        """The batch that `undo` takes back when none is named; 0 when there is none."""
        return undoing.next_undo(self._db.read()) or 0

    # --- acting -------------------------------------------------------------------------------

    def mark(
        self,
        ids: Iterable[int],
        *,
        add: Flag = Flag.NONE,
        remove: Flag = Flag.NONE,
        add_keywords: Sequence[str] = (),
        remove_keywords: Sequence[str] = (),
        undoable: bool = True,
    ) -> Future[Change | None]:
        """Set and clear flags and keywords; not `undoable` is for what nobody asked for.

        Raises UsageError for what RFC 9051 allows no keyword to be.
        """
        wanted = list(ids)
        for word in (*add_keywords, *remove_keywords):
            if not KEYWORD.fullmatch(word):
                raise UsageError(f"{word!r} cannot be a keyword; letters, digits, $, _ and - can.")
        words = actions.flag_words(add, remove)
        effect = Effect(ChangeKind.FLAGS, None, add, remove, " ".join(add_keywords), " ".join(remove_keywords))
        return self._act(lambda txn: journal.record(txn, effect, wanted, words, undoable=undoable))

    def move(self, ids: Iterable[int], folder_id: int) -> Future[Change | None]:
        """Move messages to a folder of their account; those of other accounts stay."""
        return self._act(actions.to_folder(ids, folder_id))

    def archive(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's archive."""
        return self._act(actions.to_role(ids, Role.ARCHIVE, "archived"))

    def delete(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's trash; what is there already stays (see `expunge`)."""
        return self._act(actions.to_role(ids, Role.TRASH, "moved to Trash:"))

    def junk(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's junk folder."""
        return self._act(actions.to_role(ids, Role.JUNK, "moved to Junk:"))

    def expunge(self, ids: Iterable[int]) -> Future[Change | None]:
        """Delete messages for ever. There is no way back."""
        return self._act(actions.deleted_for_ever(ids))

    def copy(self, ids: Iterable[int], folder_id: int) -> Future[Change | None]:
        """Copy messages to another folder of their account; the copies are there at once."""
        future = self._act(actions.copies_in(ids, folder_id))
        future.add_done_callback(self._share_bodies)
        return future

    def append(
        self, folder_id: int, raw: bytes, *, flags: Flag = Flag.SEEN, when: int | None = None
    ) -> Future[Change | None]:
        """Store a message made here in a folder, octet for octet but for line ends; it is there at once.

        `when` is its INTERNALDATE (epoch), now if left out. Raises UsageError for what no server takes (NUL).
        """
        return upload(self._db, folder_id, raw, flags, when, self._act)

    def create_folder(self, account: str, name: str) -> Future[Change | None]:
        """Make a folder; it is there at once. The future raises UsageError for a name that cannot be."""
        return self._act(actions.new_folder(account, name))

    def rename_folder(self, folder_id: int, new_name: str) -> Future[Change | None]:
        """Rename a folder, and with it those below. The future raises UsageError for a name that cannot be."""
        return self._act(actions.renamed_folder(folder_id, new_name))

    def delete_folder(self, folder_id: int) -> Future[Change | None]:
        """Move what is in a folder to the trash, then delete it. The future raises UsageError when that cannot be."""
        return self._act(actions.deleted_folder(folder_id))

    def undo(self, batch: int | None = None) -> Future[Change | None]:
        """Take an action back, the newest if none is named, whether or not the server knows of it.

        None when there is nothing left. The future raises CannotUndo with the reason; the next undo passes it over.
        """
        return self._act(actions.undone(batch))

    def redo(self) -> Future[Change | None]:
        """Do again what was undone last; None when there is nothing."""
        return self._act(undoing.redo)

    def retry(self, account: str | None = None) -> Future[int]:
        """Try again now: connect, and send what the server refused before; the future tells how much that is."""
        from tui_mail.config.secrets import invalidate

        def again(txn: Transaction) -> int:
            return due.retry_failed(txn, None if account is None else folders.account_id(txn, account))

        def wake(_: Future[int]) -> None:
            if self._engine is None:
                wake_engine(self.paths)
            for name, worker in self._workers.items():
                if account in (None, name):
                    invalidate(worker.account)
                    worker.retry()
                    worker.replay()

        future = self._db.write(again, urgent=True)
        future.add_done_callback(wake)
        return future

    def sync_now(self, folder_id: int | None = None) -> None:
        """Compare with the server now: one folder, or all."""
        if self._is_elsewhere:
            wake_engine(self.paths, b"sync")
        elif folder_id is None:
            for worker in self._workers.values():
                worker.refresh()
        else:
            worker_of = self._worker_of(folder_id)
            if worker_of is not None:
                worker_of.refresh(folder_id)

    # --- waiting (command line) ---------------------------------------------------------------

    def wait_until_synced(self, account: str, timeout: float) -> bool:
        """Block until the account has nothing left to do; False when that takes longer, or there is no line."""
        if self._is_elsewhere and any(a.name == account and a.protocol is Protocol.IMAP for a in self.accounts):
            return self._other.wait(account, timeout, lambda: wake_engine(self.paths, b"sync"))
        worker = self._workers.get(account)
        return worker is None or worker.until_idle(timeout)

    @property
    def has_mail(self) -> bool:
        """True when there is something to show before any server was asked."""
        return any(folder.total for folder in self.folders())

    @property
    def is_settled(self) -> bool:
        """True once it is decided whether this process is the engine or another one is."""
        return self._engine is not None or self._elsewhere

    def state_of(self, change: Change) -> ChangeState:
        """How far a change is by now."""
        found = history.change_of_batch(self._db.read(), change.batch)
        return found.state if found is not None else ChangeState.DONE

    @property
    def is_engine(self) -> bool:
        """True when this process talks to the servers."""
        return self._engine is not None

    # --- helpers ------------------------------------------------------------------------------

    def _act(self, job: Callable[[Transaction], int | CannotUndo | None]) -> Future[Change | None]:
        def write(txn: Transaction) -> Change | CannotUndo | None:
            batch = job(txn)
            return history.change_of_batch(txn.sql, batch) if isinstance(batch, int) else batch

        acted = Future[Change | None]()
        acted.set_running_or_notify_cancel()

        def tell(written: Future[Change | CannotUndo | None]) -> None:
            problem = written.exception()
            if problem is not None:
                acted.set_exception(problem)
                return
            result = written.result()
            if isinstance(result, CannotUndo):
                acted.set_exception(result)
                return
            if result is not None:
                self._wake()
            acted.set_result(result)

        self._db.write(write, urgent=True).add_done_callback(tell)
        return acted

    def _share_bodies(self, future: Future[Change | None]) -> None:
        """A copy has the octets of what it is a copy of; where those are not here, they are fetched like any other."""
        change = future.result() if future.exception() is None else None
        if change is not None:
            pairs = journal.copies_of_bodies(self._db.read(), change.batch)
            threading.Thread(target=bodies.share, args=(self._db, pairs), name="share-bodies", daemon=True).start()

    def _wake(self) -> None:
        """A change was written: whoever is the engine carries it out."""
        for worker in self._workers.values():
            worker.replay()
        if self._engine is None:
            wake_engine(self.paths)

    @property
    def _is_elsewhere(self) -> bool:
        """True while another process is the engine of this store."""
        return self._elsewhere if self._engine is None else self._engine.elsewhere

    def _worker_of(self, folder_id: int) -> AccountWorker | FarWorker | None:
        folder = self.folder(folder_id)
        return self._workers.get(folder.account) if folder is not None else None

    @property
    def _workers(self) -> Mapping[str, AccountWorker | FarWorker]:
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
            engine = Engine(self.paths, self._db, self.accounts, self._secret, self._emit, self.attention)
            self._elsewhere = not engine.take_lock()
            if not self._elsewhere:
                self._engine = engine
                engine.start()
        if self._on_screen:
            self.watch_folder(self._on_screen)
        if self._elsewhere:
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
            if changed and self._is_elsewhere:
                self._other.look(self.accounts)

    def _emit(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)


def _secret(account: Account) -> str:
    """The account's password, from wherever it is kept; the keyring is only loaded when it is asked."""
    from tui_mail.config.secrets import secret

    return secret(account)
