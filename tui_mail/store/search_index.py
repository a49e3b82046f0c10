"""Filling search.db: comparing it with mail.db piece by piece, and putting in or taking out what differs.

What belongs here: which words of a message go where, and finding what is missing. There is no list of what is to be
done: whatever is not there yet, or no longer belongs there, is found by comparing, so that a crash, a second process or
a deleted file need no care. What must never be here: reading messages (the caller hands their words over), asking.

One transaction takes a few hundredths of a second; the caller pauses in between. Numbers are looked at again inside
the transaction, so that two processes never put one message in twice.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_mail.records import frozen
from tui_mail.store.files import begin, translated
from tui_mail.words import is_unspaced, words_of

RANGE = 4_000
"""Numbers that are compared at once."""
HEADS = 200
"""Messages whose headers go into one transaction."""
INDEXED, UNREADABLE, EXCERPTED = 1, 2, 3
"""Of a body: its words are in the index; it could not be read, and is not tried again; those of its excerpt are."""

KNOWN_WORDS = 4_000
"""Words remembered as being in the list: most of what comes is among them."""
_SEPARATOR = "\x1f"


@frozen
class BodyWords:
    """What is searched for inside a message; empty, and not `readable`, when it could not be read."""

    message_id: int
    filenames: str
    """Words parted by spaces, as `words` makes them."""
    text: str
    readable: bool = True
    excerpt: bool = False
    """The message itself is not here yet."""


@frozen
class Coverage:
    """How much of what is here can be found."""

    messages: int
    """Messages that there are."""
    headers: int
    """…whose headers are in the index…"""
    bodies: int
    """…and whose text is, too."""


class SearchIndex:
    """search.db, for the one thread that fills it. Raises StoreError everywhere."""

    def __init__(self, sql: sqlite3.Connection, path: Path) -> None:
        """`sql` is of `open_index`."""
        self._sql = sql
        self._path = path
        self._known = set[str]()

    def close(self) -> None:
        """Leave the file in one piece."""
        with contextlib.suppress(sqlite3.Error):
            self._sql.execute("PRAGMA main.wal_checkpoint(TRUNCATE)")
        self._sql.close()

    def version(self) -> int:
        """Changes whenever somebody committed to mail.db."""
        return self._number("PRAGMA mail.data_version")

    def newest(self) -> int:
        """The highest number in mail.db."""
        return self._number("SELECT COALESCE(MAX(id), 0) FROM mail.message")

    def newest_indexed(self) -> int:
        """The highest number in the index."""
        return self._number("SELECT COALESCE(MAX(id), 0) FROM doc")

    def add_heads(self, first: int, last: int) -> bool:
        """Index the headers of at most HEADS messages of a range; True when there may be more."""
        with self._writing() as sql:
            found = sql.execute(
                "SELECT m.id, m.date, m.from_, m.to_, m.cc, m.subject FROM mail.message m"
                " LEFT JOIN doc d ON d.id = m.id WHERE m.id BETWEEN ? AND ? AND d.id IS NULL LIMIT ?",
                (first, last, HEADS),
            ).fetchall()
            fresh = set[str]()
            for id_, date, *texts in found:
                columns = [" ".join(words_of(text)) for text in texts]
                sql.execute("INSERT INTO head (rowid, from_, to_, cc, subject) VALUES (?, ?, ?, ?, ?)", (id_, *columns))
                sql.execute("INSERT INTO doc (id, date, words) VALUES (?, ?, ?)", (id_, date, _packed(columns)))
                fresh.update(*(column.split() for column in columns))
            self._list_words(fresh)
        return len(found) == HEADS

    def remove_gone(self, first: int, last: int) -> int:
        """Take out what mail.db no longer has, or has another message for; gives how many there were."""
        gone = self._rows(
            "SELECT d.id FROM doc d LEFT JOIN mail.message m ON m.id = d.id"
            " WHERE d.id BETWEEN ? AND ? AND (m.id IS NULL OR m.date != d.date)",
            (first, last),
        )
        if gone:
            with self._writing() as sql:
                for (id_,) in gone:
                    self._remove(sql, id_)
        return len(gone)

    def without_body(self, first: int, last: int, limit: int) -> list[int]:
        """Messages of a range whose bodies are here and not in the index."""
        query = (
            "SELECT d.id FROM doc d JOIN mail.message m ON m.id = d.id"
            " WHERE d.id BETWEEN ? AND ? AND d.has_body IN (?, ?) AND m.has_body = 1 LIMIT ?"
        )
        return [row[0] for row in self._rows(query, (first, last, 0, EXCERPTED, limit))]

    def without_excerpt(self, ids: Sequence[int]) -> list[int]:
        """Those of these messages of which nothing is in the index but the headers, and whose bodies are not here."""
        query = (
            "SELECT d.id FROM doc d JOIN mail.message m ON m.id = d.id"
            " WHERE d.id = ? AND d.has_body = 0 AND m.has_body != 1"
        )
        return [id_ for id_ in ids if self._rows(query, (id_,))]

    def add_bodies(self, found: Sequence[BodyWords]) -> None:
        """Index the text of messages whose headers are in the index."""
        with self._writing() as sql:
            fresh = set[str]()
            for body in found:
                row = sql.execute("SELECT has_body FROM doc WHERE id = ?", (body.message_id,)).fetchone()
                if row is None or row[0] not in ((0,) if body.excerpt else (0, EXCERPTED)):
                    continue
                self._remove_inside(sql, body.message_id)
                state = EXCERPTED if body.excerpt else INDEXED if body.readable else UNREADABLE
                sql.execute("UPDATE doc SET has_body = ? WHERE id = ?", (state, body.message_id))
                if not (body.filenames or body.text):
                    continue
                columns = [body.filenames, body.text]
                sql.execute("INSERT INTO inside (rowid, filename, body) VALUES (?, ?, ?)", (body.message_id, *columns))
                sql.execute("INSERT INTO body VALUES (?, ?)", (body.message_id, _packed(columns)))
                fresh.update(body.filenames.split(), body.text.split())
            self._list_words(fresh)

    def rest(self) -> None:
        """Have the write-ahead log begin anew, as far as readers allow it, and give memory back."""
        self._known.clear()
        with translated(self._path):
            self._sql.execute("PRAGMA shrink_memory")
            self._sql.execute("PRAGMA main.wal_checkpoint(PASSIVE)")

    # --- below --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            begin(self._sql)
            try:
                yield self._sql
                self._sql.execute("COMMIT")
            except BaseException:
                self._known.clear()
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[int, ...]]:
        with translated(self._path):
            return self._sql.execute(query, values).fetchall()

    def _number(self, query: str) -> int:
        return int(self._rows(query)[0][0])

    def _remove(self, sql: sqlite3.Connection, id_: int) -> None:
        head = sql.execute("SELECT words FROM doc WHERE id = ?", (id_,)).fetchone()
        if head is not None:
            sql.execute(
                "INSERT INTO head (head, rowid, from_, to_, cc, subject) VALUES ('delete', ?, ?, ?, ?, ?)",
                (id_, *_unpacked(head[0])),
            )
        self._remove_inside(sql, id_)
        sql.execute("DELETE FROM doc WHERE id = ?", (id_,))

    def _remove_inside(self, sql: sqlite3.Connection, id_: int) -> None:
        inside = sql.execute("SELECT words FROM body WHERE id = ?", (id_,)).fetchone()
        if inside is not None:
            sql.execute(
                "INSERT INTO inside (inside, rowid, filename, body) VALUES ('delete', ?, ?, ?)",
                (id_, *_unpacked(inside[0])),
            )
            sql.execute("DELETE FROM body WHERE id = ?", (id_,))

    def _list_words(self, found: set[str]) -> None:
        """Have the words in the list in which parts of words are looked for."""
        if len(self._known) > KNOWN_WORDS:
            self._known.clear()
        fresh = [word for word in found - self._known if _has_parts(word)]
        for word in fresh:
            added = self._sql.execute("INSERT OR IGNORE INTO word (word) VALUES (?)", (word,))
            if added.rowcount:
                self._sql.execute("INSERT INTO part (rowid, word) VALUES (?, ?)", (added.lastrowid, word))
        self._known.update(fresh)


def coverage(sql: sqlite3.Connection) -> Coverage:
    """How much can be found; `sql` is of `open_for_search`.

    The index also has what is gone from the list, and may come back: that is counted out where it could hide that
    something is missing.
    """
    messages, last = sql.execute(
        "SELECT COUNT(*), COALESCE(MAX(id), 0) FROM mail.message WHERE view_folder IS NOT NULL"
    ).fetchone()
    headers, bodies, newest = sql.execute(
        "SELECT COUNT(has_body), TOTAL(has_body = 1), COALESCE(MAX(id), 0) FROM doc"
    ).fetchone()
    if headers > messages or last > newest:
        headers, bodies = sql.execute(
            "SELECT COUNT(d.has_body), TOTAL(d.has_body = 1) FROM doc d JOIN mail.message m ON m.id = d.id"
            " WHERE m.view_folder IS NOT NULL"
        ).fetchone()
    return Coverage(messages, min(headers, messages), min(int(bodies), messages))


def _has_parts(word: str) -> bool:
    """Whether parts of the word are looked for: not inside short ones, nor inside what no person wrote."""
    if len(word) < 4 or is_unspaced(word[0]):
        return False
    return len(word) <= 25 or word.isalpha()


def _packed(columns: Sequence[str]) -> bytes:
    return zlib.compress(_SEPARATOR.join(columns).encode("utf-8", "surrogatepass"), 1)


def _unpacked(words: bytes) -> list[str]:
    return zlib.decompress(words).decode("utf-8", "surrogatepass").split(_SEPARATOR)
