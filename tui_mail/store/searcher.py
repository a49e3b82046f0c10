"""One who asks the index: a connection of its own, that can be interrupted and finds a new file by itself.

What belongs here: that connection. What must never be here: what is asked (search).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from array import array
from collections.abc import Sequence

from tui_mail.errors import StoreError
from tui_mail.facets import Facets
from tui_mail.model import Account, Folder
from tui_mail.paths import Paths
from tui_mail.query import Query, lasting
from tui_mail.records import frozen
from tui_mail.store import folders, search
from tui_mail.store.database import Database
from tui_mail.store.faceting import Asked, facets_among, facets_of
from tui_mail.store.search_file import open_for_search, path_of
from tui_mail.store.search_index import Coverage, coverage
from tui_mail.text import SafeText


@frozen
class Answer:
    """What a search of this computer brought."""

    query: Query
    ids: array[int]
    """Newest first."""
    hints: tuple[SafeText, ...]
    """What was not understood, or can find nothing."""
    covered: Coverage
    added: int = 0
    """How many of them are there only because a server says so."""


class Searcher:
    """One asker. `find` blocks and is for one thread at a time; `interrupt` may come from any other."""

    def __init__(self, paths: Paths, db: Database, accounts: Sequence[Account]) -> None:
        self._paths = paths
        self._db = db
        self._names = {account.name for account in accounts}
        self._lock = threading.Lock()
        self._sql: sqlite3.Connection | None = None
        self._file = 0

    def find(self, query: Query, told: Sequence[int] = (), kept: Sequence[int] = ()) -> Answer:
        """What the index finds now, what servers told, and what stays though it was read since (search.find).

        Raises StoreError, also when it was interrupted.
        """
        sql = self._opened()
        known = self._folders()
        if sql is None:
            return Answer(query, array("q"), query.hints, Coverage(sum(folder.total for folder in known), 0, 0))
        kept = kept if lasting(query.term) != query.term else ()
        found = search.find(sql, query, known, kept=kept)
        whole = search.find(sql, query, known, told, kept) if told else found
        added = len(whole.ids) - len(found.ids)
        return Answer(query, whole.ids, query.hints + found.hints, coverage(sql), added)

    def facets(self, ids: Sequence[int], folders: Sequence[int], asked: Asked) -> Facets:
        """The facets of everything in some folders, or else of some messages. Raises StoreError."""
        sql, known = self._opened() or self._db.read(), self._folders()
        return facets_of(sql, folders, asked, known) if folders else facets_among(sql, ids, asked, known)

    def interrupt(self) -> None:
        """End what `find` is doing: something else is asked for."""
        with self._lock, contextlib.suppress(StoreError, sqlite3.Error):
            if self._sql is not None:
                self._sql.interrupt()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._sql is not None:
                self._sql.close()
                self._sql = None

    def _opened(self) -> sqlite3.Connection | None:
        """The connection; another one when the file is another one by now."""
        try:
            file = os.stat(path_of(self._paths)).st_ino
        except FileNotFoundError:
            file = 0
        if self._sql is None or file != self._file:
            self.close()
            sql = open_for_search(self._paths, self._db.mail_path, self._db.store_id())
            with self._lock:
                self._sql, self._file = sql, file
        return self._sql

    def _folders(self) -> list[Folder]:
        return [folder for folder in folders.all_folders(self._db.read()) if folder.account in self._names]
