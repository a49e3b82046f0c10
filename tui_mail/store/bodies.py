"""Raw messages on disk, compressed, each with the hash of what it must be.

What belongs here: the file bodies.db. A body is committed here before its row in mail.db says that it has one,
so a crash between the two costs a second download and nothing else. What several messages have in common (a copy, one
message in several of Gmail's folders) is kept once, under the id of one of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence

from tui_mail.mime.kinds import holds_invitation
from tui_mail.model import Kind
from tui_mail.records import frozen
from tui_mail.store.database import Database, Transaction
from tui_mail.store.files import translated
from tui_mail.store.many import marks
from tui_mail.store.messages import kind, set_has_body, set_invitations

_RAW, _ZLIB = 0, 1
SMALL = 200
"""Below this many octets compression costs more than it saves."""


@frozen
class PackedBody:
    """A body ready to be written; made on the caller's thread, because compressing takes time."""

    message_id: int
    codec: int
    size: int
    sha256: bytes
    data: bytes
    is_invitation: bool = False


def pack(message_id: int, raw: bytes) -> PackedBody:
    """Compress and hash."""
    codec, data = (_RAW, raw) if len(raw) < SMALL else (_ZLIB, zlib.compress(raw, 1))
    return PackedBody(message_id, codec, len(raw), hashlib.sha256(raw).digest(), data, holds_invitation(raw))


def save(db: Database, bodies: Sequence[PackedBody], *, urgent: bool = False) -> None:
    """Write bodies durably, then mark their rows. Raises StoreError."""

    def job(txn: Transaction) -> None:
        with writing(db) as sql:
            sql.executemany(
                "INSERT OR REPLACE INTO body VALUES (?, ?, ?, ?, ?)",
                ((b.message_id, b.codec, b.size, b.sha256, b.data) for b in bodies),
            )
            for table in ("same", "excerpt"):
                sql.executemany(f"DELETE FROM {table} WHERE message_id = ?", ((b.message_id,) for b in bodies))  # noqa: S608
        set_has_body(txn, ((b.message_id, 1) for b in bodies))
        set_invitations(txn, (b.message_id for b in bodies if b.is_invitation))

    db.run(job, urgent=urgent)


def share(db: Database, pairs: Sequence[tuple[int, int]], *, urgent: bool = False) -> set[int]:
    """(message id, id of one with the same octets): they are kept once. Durable, like `save`. Raises StoreError.

    Returns the ids of those that have a body now; one whose likeness has none here is left as it is.
    """

    def job(txn: Transaction) -> set[int]:
        shared = set[int]()
        with writing(db) as sql:
            for message_id, as_id in pairs:
                kept = _kept_under(sql, as_id)
                if _is_kept(sql, message_id):
                    shared.add(message_id)
                elif kept != message_id and _is_kept(sql, kept):
                    sql.execute("INSERT OR REPLACE INTO same VALUES (?, ?)", (message_id, kept))
                    shared.add(message_id)
        set_has_body(txn, ((id_, 1) for id_ in shared))
        alike = (one for one in pairs if one[0] in shared)
        set_invitations(txn, (id_ for id_, as_id in alike if kind(txn.sql, as_id) is Kind.CALENDAR))
        return shared

    return db.run(job, urgent=urgent)


def kept_elsewhere(sql: sqlite3.Connection, ids: Sequence[int]) -> list[tuple[int, int]]:
    """(message id, id of one whose body is here) of messages that the server says are one, as in Gmail's folders.

    It is only believed of messages that are also of one size and Message-ID. `sql` reads mail.db.
    """
    return [
        (row[0], row[1])
        for row in sql.execute(
            "SELECT m.id, MIN(o.id) FROM message m CROSS JOIN message o"  # noqa: S608
            " ON o.account_id = m.account_id AND o.identity = m.identity AND o.identity != ''"
            f" WHERE m.id IN ({marks(ids)}) AND m.identity != '' AND o.has_body = 1 AND o.id != m.id"
            " AND o.size = m.size AND o.msgid_hash IN (m.msgid_hash, -1) GROUP BY m.id",  # -1: absorbed by its twin
            ids,
        )
    ]


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


def shared_with(sql: sqlite3.Connection, ids: Iterable[int]) -> list[tuple[int, int]]:
    """(one of these messages, another one that shows the same octets)."""
    found = list[tuple[int, int]]()
    for id_ in ids:
        found += ((id_, row[0]) for row in sql.execute("SELECT message_id FROM same WHERE as_id = ?", (id_,)))
    return found


def delete(db: Database, ids: Iterable[int]) -> None:
    """Forget the bodies of messages that exist no more; runs on the writer thread, after their rows are gone.

    Octets that other messages show too stay, and are one of those's from now on.
    """
    gone = list(ids)
    if not gone:
        return
    with writing(db) as sql:
        give_up(sql, gone)


def give_up(sql: sqlite3.Connection, gone: Sequence[int]) -> None:
    """`delete`, in a transaction of bodies.db."""
    for table in ("same", "excerpt", "wish"):
        sql.executemany(f"DELETE FROM {table} WHERE message_id = ?", ((id_,) for id_ in gone))  # noqa: S608
    for id_ in gone:
        heir = sql.execute("SELECT message_id FROM same WHERE as_id = ? LIMIT 1", (id_,)).fetchone()
        if heir is None:
            sql.execute("DELETE FROM body WHERE message_id = ?", (id_,))
        else:
            sql.execute("DELETE FROM same WHERE message_id = ?", heir)
            sql.execute("UPDATE OR REPLACE body SET message_id = ? WHERE message_id = ?", (heir[0], id_))
            sql.execute("UPDATE same SET as_id = ? WHERE as_id = ?", (heir[0], id_))


@contextlib.contextmanager
def writing(db: Database) -> Iterator[sqlite3.Connection]:
    """A transaction of bodies.db, on the writer thread. Raises StoreError."""
    with translated(db.bodies_path):
        sql = db.bodies_sql
        sql.execute("BEGIN IMMEDIATE")
        try:
            yield sql
            sql.execute("COMMIT")
        except BaseException:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise


def _kept_under(sql: sqlite3.Connection, message_id: int) -> int:
    """The message under whose id the octets of this one are."""
    row = sql.execute("SELECT as_id FROM same WHERE message_id = ?", (message_id,)).fetchone()
    return message_id if row is None else int(row[0])


def _is_kept(sql: sqlite3.Connection, message_id: int) -> bool:
    return sql.execute("SELECT 1 FROM body WHERE message_id = ?", (message_id,)).fetchone() is not None
