"""The two database files themselves: opening, settings, migrations, and what their errors mean to a person.

What belongs here: everything about a file before anybody reads or writes mail in it. What must never be here:
threads and transactions (database).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tui_mail.errors import StoreDamaged, StoreError, StoreFull, StoreReadOnly

SCHEMA_VERSION = 6
BODIES_VERSION = 5

_SCHEMAS = {number: "schema.sql" if number == 1 else f"schema_{number}.sql" for number in range(1, SCHEMA_VERSION + 1)}

LOCKED_SECONDS = 20.0
"""How long a write waits for another process."""

_BODIES_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE body (
    message_id INTEGER PRIMARY KEY,
    codec INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    raw BLOB NOT NULL
);
"""


_BODIES_SCHEMA_2 = """
CREATE TABLE same (message_id INTEGER PRIMARY KEY, as_id INTEGER NOT NULL);
CREATE INDEX same_as ON same (as_id);
"""
"""Messages whose octets are those of another one, which is kept once."""

_BODIES_SCHEMA_3 = """
CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    codec INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    made INTEGER NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE local (
    message_id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    folder TEXT NOT NULL,
    role TEXT NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    internaldate INTEGER NOT NULL,
    uidl TEXT NOT NULL,
    size INTEGER NOT NULL
);
"""
"""Octets that are no message of a server (attachments of drafts, messages on their way out); and what must be known of
messages that are on this computer only, should mail.db be lost."""

_BODIES_SCHEMA_4 = """
CREATE TABLE local_folder (
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;
CREATE TABLE listed (
    account TEXT NOT NULL,
    uidl TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    size INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    PRIMARY KEY (account, uidl)
) WITHOUT ROWID;
INSERT OR IGNORE INTO listed SELECT account, uidl, message_id, size, 0, internaldate FROM local WHERE uidl != '';
ALTER TABLE local RENAME TO local_3;
CREATE TABLE local (
    message_id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    folder TEXT NOT NULL,
    role TEXT NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    internaldate INTEGER NOT NULL
);
INSERT INTO local SELECT message_id, account, folder, role, flags, keywords, internaldate FROM local_3;
DROP TABLE local_3;
CREATE TABLE outgoing (
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
"""Folders that are on this computer only, also empty ones; what is remembered of a maildrop, also of messages that are
here no more: several names of one message, and what was deleted here and must not come again; and what is being written
and sent."""

_BODIES_SCHEMA_5 = """
CREATE TABLE excerpt (
    message_id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    away TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE wish (
    message_id INTEGER NOT NULL,
    section TEXT NOT NULL,
    account TEXT NOT NULL,
    encoding TEXT NOT NULL,
    octets INTEGER NOT NULL,
    asked REAL NOT NULL,
    problem TEXT NOT NULL,
    PRIMARY KEY (message_id, section)
) WITHOUT ROWID;
"""
"""Of large messages, the text without the whole; and what somebody waits for of such messages."""

_BODIES_SCHEMAS = (_BODIES_SCHEMA, _BODIES_SCHEMA_2, _BODIES_SCHEMA_3, _BODIES_SCHEMA_4, _BODIES_SCHEMA_5)


def begin(sql: sqlite3.Connection) -> None:
    """Begin a write."""
    _patiently(sql, "BEGIN IMMEDIATE")


def _patiently(sql: sqlite3.Connection, statement: str) -> None:
    """Run what another process may hold up for a moment.

    SQLite's own waiting sleeps longer and longer, so that a busy neighbour would win every time, and it does not wait
    at all when two make a new file's journal at once.
    """
    deadline = time.monotonic() + LOCKED_SECONDS
    sql.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                sql.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.001)
    finally:
        sql.execute("PRAGMA busy_timeout = 10000")


class Reader(sqlite3.Connection):
    """A connection whose queries raise StoreError, also on threads that must not know SQLite."""

    def execute(self, *query: Any) -> sqlite3.Cursor:
        """Run a query. Raises StoreError."""
        try:
            return super().execute(*query)
        except sqlite3.Error as error:
            raise as_store_error(error, Path("mail.db")) from error


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about `path` into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_store_error(error, path) from error
    except OSError as error:
        raise StoreReadOnly(
            f"{path} cannot be written ({error.strerror}); nothing was changed. "
            "Check the rights of that folder, or use another one with --home.",
            repr(error),
        ) from error


def as_store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite about `path` means to a person."""
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return StoreFull(
            "The disk is full or failing; the mail on the server and what was stored before is safe. "
            f"Make room for {path.parent}, and tui-mail goes on where it was.",
            text,
        )
    if "readonly" in text or "unable to open" in text:
        return StoreReadOnly(
            f"{path} cannot be written; nothing was changed. "
            "Check the rights of that folder, or use another one with --home.",
            text,
        )
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return StoreDamaged(
            f"The database {path} is damaged; the mail on your server is safe. "
            f"Move that file away and start again: everything is read from the server anew.",
            text,
        )
    return StoreError(f"The store {path} did not do what it should ({text}); nothing was changed.", text)


def open_for_writing(path: Path, *, uri: bool = False) -> sqlite3.Connection:
    """The file, made 0600 if need be, with the settings of a writer; `uri`: others are attached by their URI."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    elif not os.access(path, os.W_OK):  # SQLite would open it for reading, and say so at the first write
        raise sqlite3.OperationalError("attempt to write a readonly database")
    elif path.stat().st_mode & 0o077:
        path.chmod(0o600)
    name = f"file:{quoted(path)}" if uri else path
    sql = sqlite3.connect(name, isolation_level=None, check_same_thread=False, uri=uri)
    sql.execute("PRAGMA busy_timeout = 10000")
    sql.execute("PRAGMA page_size = 8192")
    _patiently(sql, "PRAGMA journal_mode = WAL")
    sql.execute("PRAGMA synchronous = FULL")
    sql.execute("PRAGMA cache_size = -2048")
    sql.execute("PRAGMA temp_store = MEMORY")
    sql.execute("PRAGMA wal_autocheckpoint = 2000")
    return sql


def migrate_mail(sql: sqlite3.Connection) -> None:
    """Bring mail.db to the newest version; a new one gets its identity."""

    def script(step: int) -> str:
        from importlib import resources  # heavy, and needed for a new store only

        name = _SCHEMAS.get(step)
        return resources.files("tui_mail.store").joinpath(name).read_text("utf-8") if name else ""

    migrate(sql, SCHEMA_VERSION, script)
    if meta(sql, "store_id") is None:
        sql.execute("INSERT OR IGNORE INTO meta VALUES ('store_id', ?)", (secrets.token_hex(16),))


def migrate_bodies(sql: sqlite3.Connection) -> None:
    """Bring bodies.db to the newest version."""
    migrate(sql, BODIES_VERSION, lambda step: _BODIES_SCHEMAS[step - 1])


def migrate(sql: sqlite3.Connection, newest: int, script: Callable[[int], str]) -> None:
    """Bring the file from its `user_version` to `newest`, each step in a transaction of its own."""
    version: int = sql.execute("PRAGMA user_version").fetchone()[0]
    if version > newest:
        raise StoreError(
            "This mail store was written by a newer tui-mail; nothing was changed. "
            "Install that version again, or a later one."
        )
    for step in range(version + 1, newest + 1):
        sql.execute("BEGIN IMMEDIATE")
        try:
            if sql.execute("PRAGMA user_version").fetchone()[0] < step:  # another process may have been quicker
                for statement in _statements(script(step)):
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {step}")
            sql.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has ended the transaction already
                sql.execute("ROLLBACK")
            raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: executescript would commit the transaction they belong to."""
    lines = list[str]()
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines.clear()


def meta(sql: sqlite3.Connection, key: str) -> str | None:
    """A value of the file's own notes; None when it is not there."""
    row = sql.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def quoted(path: Path) -> str:
    """A path as it stands in a URI."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
