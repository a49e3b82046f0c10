"""The two database files and who may touch them: one writer thread, a read-only connection for each reader.

What belongs here: connections, threads, grouping writes into transactions. What must never be here: what the
tables mean (the other files of this room).

A write is a function of a `Transaction`. The writer runs several waiting ones in one commit, each behind a
savepoint, so that one failing leaves the others whole; urgent ones (a key was pressed) go before sync.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tui_mail.attention import Attention
from tui_mail.errors import MailError, StoreError
from tui_mail.paths import Paths
from tui_mail.store.files import (
    Reader,
    as_store_error,
    begin,
    meta,
    migrate_bodies,
    migrate_mail,
    open_for_writing,
    quoted,
    translated,
)

T = TypeVar("T")

GROUP_JOBS = 50
"""Most writes in one commit…"""
GROUP_SECONDS = 0.02
"""…and how long a commit may be held open for more, so that a key press waits no longer than this."""

COURTESY_SECONDS = 0.002
"""Pause after a commit that nobody waited for, in which another process may begin its own."""

log = logging.getLogger(__name__)

_UNDONE = "The store did not do what it should ({}); nothing was changed."


@dataclass(slots=True)
class Transaction:
    """What a write may use: the connection, and the list of what it changed, told to everyone after the commit."""

    sql: sqlite3.Connection
    totals: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    unread: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    folders: set[int] = field(default_factory=set)
    """Folders whose rows or counts changed."""
    rearranged: set[int] = field(default_factory=set)
    """Those in which a message came or went."""
    lists: set[int] = field(default_factory=set)
    """Accounts whose list of folders changed."""
    outgoing: bool = False
    """True when a draft, the outbox, or what is being uploaded changed."""

    def count(self, folder_id: int | None, total: int, unread: int) -> None:
        """Add to the counters of a folder; written once, at the end of this write."""
        if folder_id is not None:
            self.folders.add(folder_id)
            if total:
                self.rearranged.add(folder_id)
            self.totals[folder_id] += total
            self.unread[folder_id] += unread

    def settle(self) -> None:
        """Write the counters and versions of what changed."""
        if self.outgoing:
            self.sql.execute(
                "INSERT INTO meta VALUES ('outgoing', '1')"
                " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
            )
        for folder_id in self.folders:
            self.sql.execute(
                "UPDATE folder SET total = total + ?, unread = unread + ?, version = version + 1,"
                " arrangement = arrangement + ? WHERE id = ?",
                (self.totals[folder_id], self.unread[folder_id], folder_id in self.rearranged, folder_id),
            )


Write = Callable[[Transaction], Any]
_Item = tuple[int, int, Write | None, "Future[Any]"]


class Database:
    """mail.db and bodies.db of one installation. Threads: any. Raises StoreError everywhere."""

    def __init__(
        self,
        paths: Paths,
        on_commit: Callable[[set[int], set[int]], None] | None = None,
        attention: Attention | None = None,
    ) -> None:
        """Open or create the files, migrate them, start the writer; `on_commit(folders, accounts)` runs on it."""
        self.mail_path = paths.data / "mail.db"
        self.bodies_path = paths.data / "bodies.db"
        self.on_commit = on_commit
        self.on_outgoing: Callable[[Transaction], None] | None = None
        """Called within every write that changed a draft or the outbox."""
        self._attention = attention or Attention()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._queue: queue.PriorityQueue[_Item] = queue.PriorityQueue()
        self._order = itertools.count()
        self._closed = False
        paths.prepare()
        with translated(self.mail_path):
            self._writer_sql = open_for_writing(self.mail_path)
            migrate_mail(self._writer_sql)
        with translated(self.bodies_path):
            self.bodies_sql = open_for_writing(self.bodies_path)
            migrate_bodies(self.bodies_sql)
        self._pair_files()
        self._writer = threading.Thread(target=self._write_forever, name="store-writer", daemon=True)
        self._writer.start()

    def read(self) -> sqlite3.Connection:
        """The calling thread's read-only connection to mail.db."""
        connection: sqlite3.Connection | None = getattr(self._local, "mail", None)
        if connection is None:
            connection = self._local.mail = self._open_reader(self.mail_path)
        return connection

    def read_bodies(self) -> sqlite3.Connection:
        """The calling thread's read-only connection to bodies.db."""
        connection: sqlite3.Connection | None = getattr(self._local, "bodies", None)
        if connection is None:
            connection = self._local.bodies = self._open_reader(self.bodies_path)
        return connection

    def write(self, job: Callable[[Transaction], T], *, urgent: bool = False) -> Future[T]:
        """Run `job` in a transaction on the writer thread; the future resolves after the commit."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # whoever stops waiting for it must not take back what was asked
        if self._closed:
            future.set_exception(StoreError("The store is closed; nothing was changed."))
        else:
            self._queue.put((0 if urgent else 1, next(self._order), job, future))
        return future

    def run(self, job: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """`write`, and wait for the commit."""
        return self.write(job, urgent=urgent).result()

    def store_id(self) -> str:
        """What this mail.db and the files that belong to it have in common."""
        with translated(self.mail_path):
            return meta(self.read(), "store_id") or ""

    def data_version(self) -> int:
        """Changes whenever another connection committed (this thread's view)."""
        version: int = self.read().execute("PRAGMA data_version").fetchone()[0]
        return version

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._queue.put((9, next(self._order), None, Future()))
        self._writer.join(timeout=10)
        with self._readers_lock, contextlib.suppress(sqlite3.Error):
            for connection in self._readers:
                connection.close()

    def _open_reader(self, path: Path) -> sqlite3.Connection:
        with translated(path):
            connection = sqlite3.connect(
                f"file:{quoted(path)}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                factory=Reader,
            )
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA cache_size = -1024")
        with self._readers_lock:
            if self._closed:  # a thread that began to read while the store was closed would leave it open
                connection.close()
                raise StoreError("The store is closed.")
            self._readers.append(connection)
        return connection

    def _pair_files(self) -> None:
        """Bodies are found by message id, so they are only good together with the mail.db that gave the ids."""
        with translated(self.mail_path):
            ours = meta(self._writer_sql, "store_id")
            theirs = meta(self.bodies_sql, "store_id")
        if theirs == ours:
            return
        if theirs is not None:
            self.bodies_sql.close()
            kept = self.bodies_path.with_name(f"bodies.{theirs[:8]}.db")
            self.bodies_path.replace(kept)
            for suffix in ("-wal", "-shm"):  # they are there while another process still has the file open
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{self.bodies_path}{suffix}").replace(f"{kept}{suffix}")
            self.bodies_sql = open_for_writing(self.bodies_path)
            migrate_bodies(self.bodies_sql)
        with translated(self.bodies_path):
            self.bodies_sql.execute("INSERT OR IGNORE INTO meta VALUES ('store_id', ?)", (ours,))

    # --- the writer thread --------------------------------------------------------------------

    def _write_forever(self) -> None:
        while True:
            item = self._queue.get()
            if item[2] is None:
                break
            if item[0] > 0:
                time.sleep(COURTESY_SECONDS)
                self._attention.give_way()
            self._commit_group(item)
        with contextlib.suppress(sqlite3.Error):
            self._writer_sql.execute("PRAGMA optimize")
            self._writer_sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.bodies_sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer_sql.close()
            self.bodies_sql.close()

    def _commit_group(self, first: _Item) -> None:
        sql, finished = self._writer_sql, list[tuple["Future[Any]", Any]]()
        transaction, taken = Transaction(sql), [first]
        began = time.monotonic()
        try:
            with translated(self.mail_path):
                begin(sql)
                item: _Item | None = first
                while item is not None:
                    self._run_one(sql, item, transaction, finished)
                    item = self._next_of_group(first[0], began, len(finished))
                    taken += [item] if item is not None else []
                sql.execute("COMMIT")
        except Exception as error:  # a thread's top: whoever waits is told
            with contextlib.suppress(sqlite3.Error):
                sql.execute("ROLLBACK")
            told = error if isinstance(error, MailError) else StoreError(_UNDONE.format(error), repr(error))
            for _, _, _, future in taken:
                if not future.done():
                    future.set_exception(told)
            return
        for future, result in finished:
            future.set_result(result)
        if self.on_commit and (transaction.folders or transaction.lists or transaction.outgoing):
            try:
                self.on_commit(transaction.folders, transaction.lists)
            except Exception:  # whoever listens must not end the thread that writes
                log.exception("telling of a commit")

    def _run_one(
        self, sql: sqlite3.Connection, item: _Item, shared: Transaction, finished: list[tuple[Future[Any], Any]]
    ) -> None:
        _, _, job, future = item
        assert job is not None
        own = Transaction(sql)
        sql.execute("SAVEPOINT job")
        try:
            result = job(own)
            if own.outgoing and self.on_outgoing is not None:
                self.on_outgoing(own)
            own.settle()
        except sqlite3.Error as error:
            if not sql.in_transaction:  # SQLite itself rolled the whole transaction back: a full disk
                future.set_exception(as_store_error(error, self.mail_path))
                raise
            sql.execute("ROLLBACK TO job")
            sql.execute("RELEASE job")
            future.set_exception(as_store_error(error, self.mail_path))
        except Exception as error:
            sql.execute("ROLLBACK TO job")
            sql.execute("RELEASE job")
            future.set_exception(error)
        else:
            sql.execute("RELEASE job")
            shared.folders |= own.folders
            shared.lists |= own.lists
            shared.outgoing |= own.outgoing
            finished.append((future, result))

    def _next_of_group(self, priority: int, began: float, done: int) -> _Item | None:
        if (
            done >= GROUP_JOBS
            or (priority > 0 and self._attention.is_demanded)
            or time.monotonic() - began > GROUP_SECONDS
        ):
            return None
        try:
            item = self._queue.get_nowait()
        except queue.Empty:
            return None
        if item[2] is None or (priority == 0 and item[0] > 0):  # a key press never waits for a sync batch
            self._queue.put(item)
            return None
        return item
