"""search.db: the words of all messages. It can be made again from mail.db and bodies.db, and deleted at any time.

What belongs here: the file, its tables, and whether it is about this store. What must never be here: what is put into
it (search_index) or asked of it (search).

It is a file of its own so that it never holds up or endangers what cannot be made again. Its rows are known by the ids
of mail.db, so a file that was made for another mail.db is thrown away.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tui_mail.paths import Paths
from tui_mail.store.files import Reader, meta, migrate, open_for_writing, quoted, translated

VERSION = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE head USING fts5(
    from_, to_, cc, subject, content='', columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE inside USING fts5(
    filename, body, content='', columnsize=0, tokenize='ascii');
INSERT INTO head (head, rank) VALUES ('hashsize', 262144);
INSERT INTO inside (inside, rank) VALUES ('hashsize', 262144);
CREATE TABLE doc (
    id INTEGER PRIMARY KEY,
    date INTEGER NOT NULL,
    has_body INTEGER NOT NULL DEFAULT 0,
    words BLOB NOT NULL
);
CREATE INDEX doc_has_body ON doc (has_body);
CREATE TABLE body (id INTEGER PRIMARY KEY, words BLOB NOT NULL);
CREATE TABLE word (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE part USING fts5(
    word, content='word', content_rowid='id', columnsize=0, detail=none, tokenize='trigram case_sensitive 1');
"""
"""`doc` and `body` keep, compressed, what was indexed: without it nothing can be taken out again. `date` is that of the
message, which tells a number that was given to another message. `part` finds words by what is inside them."""


def path_of(paths: Paths) -> Path:
    """Where the file is."""
    return paths.cache / "search.db"


def stamp_of(mail_path: Path, store_id: str) -> str:
    """What tells one mail.db from another: one that was lost and made again, or restored, gives numbers anew."""
    with translated(mail_path):
        return f"{store_id} {mail_path.stat().st_ino}"


def open_index(paths: Paths, mail_path: Path, store_id: str) -> sqlite3.Connection:
    """Both files, search.db to be written to; it is made anew when it is damaged, or about another mail.db.

    Raises StoreError.
    """
    path, stamp = path_of(paths), stamp_of(mail_path, store_id)
    with translated(path):
        for _ in range(2):
            sql: sqlite3.Connection | None = None
            try:
                sql = open_for_writing(path, uri=True)
                newest = sql.execute("PRAGMA user_version").fetchone()[0] <= VERSION
                if newest:
                    migrate(sql, VERSION, {1: _SCHEMA}.__getitem__)
                    sql.execute("INSERT OR IGNORE INTO meta VALUES ('about', ?)", (stamp,))
                    if meta(sql, "about") == stamp:
                        sql.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is indexed again
                        sql.execute("ATTACH DATABASE ? AS mail", (f"file:{quoted(mail_path)}?mode=ro",))
                        sql.execute("PRAGMA main.cache_size = -1024")
                        sql.execute("PRAGMA mail.cache_size = -256")
                        return sql
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            if sql is not None:
                sql.close()
            throw_away(paths)
    raise AssertionError("a new file is about this store")


def open_for_search(paths: Paths, mail_path: Path, store_id: str) -> sqlite3.Connection | None:
    """Both files, to be asked; None while there is no index of this store. Raises StoreError."""
    path = path_of(paths)
    if not path.exists():
        return None
    stamp = stamp_of(mail_path, store_id)
    with translated(path):
        sql = sqlite3.connect(
            f"file:{quoted(path)}?mode=ro", uri=True, isolation_level=None, check_same_thread=False, factory=Reader
        )
        try:
            sql.execute("PRAGMA busy_timeout = 5000")
            sql.execute("PRAGMA temp_store = MEMORY")
            if sql.execute("PRAGMA user_version").fetchone()[0] == VERSION and meta(sql, "about") == stamp:
                sql.execute("ATTACH DATABASE ? AS mail", (f"file:{quoted(mail_path)}?mode=ro",))
                sql.execute("PRAGMA main.cache_size = -1024")
                sql.execute("PRAGMA mail.cache_size = -1024")
                sql.execute("PRAGMA query_only = ON")
                return sql
        except BaseException:
            sql.close()
            raise
        sql.close()
    return None


def throw_away(paths: Paths) -> None:
    """Begin anew: nothing is lost but time."""
    path = path_of(paths)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return any(word in str(error) for word in ("malformed", "not a database", "vtable constructor failed", "no such"))
