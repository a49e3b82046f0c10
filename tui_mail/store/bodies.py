"""Raw messages on disk, compressed, each with the hash of what it must be.

What belongs here: the file bodies.db. A body is committed here before its row in mail.db says that it has one,
so a crash between the two costs a second download and nothing else.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.store.database import Database, Transaction
from tui_mail.store.files import translated
from tui_mail.store.messages import set_has_body

_RAW, _ZLIB = 0, 1
SMALL = 200
"""Below this many octets compression costs more than it saves."""


@dataclass(frozen=True, slots=True)
class PackedBody:
    """A body ready to be written; made on the caller's thread, because compressing takes time."""

    message_id: int
    codec: int
    size: int
    sha256: bytes
    data: bytes


def pack(message_id: int, raw: bytes) -> PackedBody:
    """Compress and hash."""
    codec, data = (_RAW, raw) if len(raw) < SMALL else (_ZLIB, zlib.compress(raw, 1))
    return PackedBody(message_id, codec, len(raw), hashlib.sha256(raw).digest(), data)


def save(db: Database, bodies: Sequence[PackedBody], *, urgent: bool = False) -> None:
    """Write bodies durably, then mark their rows. Raises StoreError."""

    def job(txn: Transaction) -> None:
        with translated(db.bodies_path):
            sql = db.bodies_sql
            sql.execute("BEGIN IMMEDIATE")
            try:
                sql.executemany(
                    "INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?, ?)",
                    ((b.message_id, b.codec, b.size, b.sha256, b.data) for b in bodies),
                )
                sql.execute("COMMIT")
            except BaseException:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")
                raise
        set_has_body(txn, ((b.message_id, 1) for b in bodies))

    db.run(job, urgent=urgent)


def share(db: Database, pairs: Sequence[tuple[int, int]]) -> None:
    """(message id, id of one with the same octets): they are kept once. Durable, like `save`. Raises StoreError.

    A message whose likeness has no body here is left as it is.
    """

    def job(txn: Transaction) -> None:
        shared = list[int]()
        with translated(db.bodies_path):
            sql = db.bodies_sql
            sql.execute("BEGIN IMMEDIATE")
            try:
                for message_id, as_id in pairs:
                    kept = _kept_under(sql, as_id)
                    is_here = sql.execute("SELECT 1 FROM body WHERE message_id = ?", (kept,)).fetchone()
                    if is_here is not None and kept != message_id:
                        sql.execute("INSERT OR REPLACE INTO same VALUES (?, ?)", (message_id, kept))
                        shared.append(message_id)
                sql.execute("COMMIT")
            except BaseException:
                if sql.in_transaction:
                    sql.execute("ROLLBACK")
                raise
        set_has_body(txn, ((id_, 1) for id_ in shared))

    db.run(job)


def load(sql: sqlite3.Connection, message_id: int) -> bytes | None:
    """The raw message, or None when it is not here or no longer what was stored."""
    query = "SELECT codec, sha256, raw FROM body WHERE message_id = ?"
    row = sql.execute(query, (message_id,)).fetchone()
    if row is None:
        row = sql.execute(query, (_kept_under(sql, message_id),)).fetchone()
    if row is None:
        return None
    try:
        raw: bytes = zlib.decompress(row[2]) if row[0] == _ZLIB else row[2]
    except zlib.error:
        return None
    return raw if hashlib.sha256(raw).digest() == row[1] else None


def delete(db: Database, ids: Iterable[int]) -> None:
    """Forget the bodies of messages that exist no more; runs on the writer thread, after their rows are gone."""
    with translated(db.bodies_path):
        sql = db.bodies_sql
        for id_ in ids:
            sql.execute("DELETE FROM same WHERE message_id = ?", (id_,))
            heir = sql.execute("SELECT message_id FROM same WHERE as_id = ? LIMIT 1", (id_,)).fetchone()
            sql.execute("BEGIN IMMEDIATE")
            if heir is None:
                sql.execute("DELETE FROM body WHERE message_id = ?", (id_,))
            else:  # another message has the same octets: they are that one's from now on
                sql.execute("DELETE FROM same WHERE message_id = ?", heir)
                sql.execute("UPDATE OR REPLACE body SET message_id = ? WHERE message_id = ?", (heir[0], id_))
                sql.execute("UPDATE same SET as_id = ? WHERE as_id = ?", (heir[0], id_))
            sql.execute("COMMIT")


def _kept_under(sql: sqlite3.Connection, message_id: int) -> int:
    row = sql.execute("SELECT as_id FROM same WHERE message_id = ?", (message_id,)).fetchone()
    return message_id if row is None else int(row[0])
