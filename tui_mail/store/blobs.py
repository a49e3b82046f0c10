"""Octets that are no message of a server: files attached to drafts, messages on their way out.

What belongs here: the table `blob` of bodies.db. As with bodies, octets are committed here before a row of mail.db
names them, so a crash between the two leaves octets that nobody names, which `sweep` takes away.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib

from tui_mail.errors import StoreDamaged
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction

_RAW, _ZLIB = 0, 1
UNNAMED_SECONDS = 3_600
"""How long octets may be there before a row names them."""

_NAMED = "SELECT blob FROM draft_blob UNION SELECT blob FROM outbox UNION SELECT kept_blob FROM outbox"


def save(db: Database, raw: bytes) -> int:
    """Keep octets durably; gives their number. Blocks. Raises StoreError."""
    packed = zlib.compress(raw, 1)
    codec, data = (_ZLIB, packed) if len(packed) < len(raw) else (_RAW, raw)
    row = (codec, len(raw), hashlib.sha256(raw).digest(), int(time.time()), data)

    def job(_: Transaction) -> int:
        with writing(db) as sql:
            cursor = sql.execute("INSERT INTO blob (codec, size, sha256, made, raw) VALUES (?, ?, ?, ?, ?)", row)
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    return db.run(job, urgent=True)


def load(sql: sqlite3.Connection, blob: int) -> bytes:
    """The octets; `sql` reads bodies.db. Raises StoreDamaged when they are not what was stored."""
    row = sql.execute("SELECT codec, sha256, raw FROM blob WHERE id = ?", (blob,)).fetchone()
    if row is not None:
        try:
            raw: bytes = zlib.decompress(row[2]) if row[0] == _ZLIB else row[2]
        except zlib.error:
            raw = b""
        if hashlib.sha256(raw).digest() == row[1]:
            return raw
    raise StoreDamaged("A file of this message is not readable on this disk any more; attach it again.", f"blob {blob}")


def damaged(sql: sqlite3.Connection) -> list[int]:
    """The numbers of octets that are not what was stored; `sql` reads bodies.db."""
    found = list[int]()
    for (blob,) in sql.execute("SELECT id FROM blob ORDER BY id").fetchall():
        try:
            load(sql, blob)
        except StoreDamaged:
            found.append(blob)
    return found


def sweep(db: Database) -> int:
    """Take away what no draft and no message of the outbox names; returns how many there were. Blocks."""

    def job(txn: Transaction) -> int:
        named = {row[0] for row in txn.sql.execute(_NAMED)}
        with writing(db) as sql:
            old = sql.execute("SELECT id FROM blob WHERE made < ?", (int(time.time()) - UNNAMED_SECONDS,)).fetchall()
            gone = [row for row in old if row[0] not in named]
            sql.executemany("DELETE FROM blob WHERE id = ?", gone)
        return len(gone)

    return db.run(job)
