"""What must be known of messages that are on this computer only, kept beside their octets: mail.db may be lost.

What belongs here: the table `local` of bodies.db, and making mail.db anew from it. What must never be here: messages
that a server has; those are read from it again.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_mail.mime.headers import BLOCK_LIMIT, parse_headers
from tui_mail.model import Flag, Role
from tui_mail.paths import Paths
from tui_mail.store import folders, local
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction
from tui_mail.store.files import meta, migrate_bodies, migrate_mail, open_for_writing, translated
from tui_mail.store.many import chunks, marks
from tui_mail.store.messages import INSERT, Arrival, columns, refresh_view


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that is about to be shown in the inbox."""

    message_id: int
    uidl: str
    size: int
    """As the server listed it."""


def note_arrivals(db: Database, account: str, arrived: Sequence[Arrived], when: int) -> None:
    """Before mail.db shows them: so that no message is ever here without being known here."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.executemany(
                "INSERT OR REPLACE INTO local VALUES (?, ?, 'INBOX', 'inbox', 0, '', ?, ?, ?)",
                ((one.message_id, account, when, one.uidl, one.size) for one in arrived),
            )

    db.run(job)


def note(db: Database, ids: Sequence[int]) -> None:
    """Where these messages of local accounts are by now, and with which flags; those that are gone are forgotten."""

    def job(txn: Transaction) -> None:
        for chunk in chunks(list(ids)):
            rows = txn.sql.execute(
                "SELECT m.id, a.name, f.name, f.role, m.flags, m.keywords, m.internaldate,"  # noqa: S608
                " COALESCE(d.uidl, ''), COALESCE(d.size, m.size) FROM message m JOIN account a ON a.id = m.account_id"
                " JOIN folder f ON f.id = m.folder_id LEFT JOIN maildrop d ON d.message_id = m.id"
                f" WHERE m.id IN ({marks(chunk)}) AND m.has_body = 1",
                chunk,
            ).fetchall()
            gone = set(chunk).difference(row[0] for row in rows)
            with writing(db) as sql:
                sql.executemany("INSERT OR REPLACE INTO local VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
                sql.executemany("DELETE FROM local WHERE message_id = ?", ((id_,) for id_ in gone))

    db.run(job)


def rename(db: Database, account: str, new_name: str) -> None:
    """What was known of one account is that of another one now, which no server lists."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.execute("UPDATE local SET account = ?, uidl = '' WHERE account = ?", (new_name, account))

    db.run(job)


@dataclass(frozen=True, slots=True)
class Noted:
    """How a message was when it was last noted."""

    message_id: int
    folder: str
    role: Role
    flags: Flag
    keywords: str


def noted(db: Database, account: str) -> list[Noted]:
    """What is known of an account's messages."""
    return [
        Noted(id_, folder, Role(role), Flag(flags), keywords)
        for id_, folder, role, flags, keywords in db.read_bodies().execute(
            "SELECT message_id, folder, role, flags, keywords FROM local WHERE account = ?", (account,)
        )
    ]


def forget(db: Database, ids: Sequence[int]) -> None:
    """These are messages of a server now."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.executemany("DELETE FROM local WHERE message_id = ?", ((id_,) for id_ in ids))

    db.run(job)


def recover(paths: Paths) -> int:
    """Make a mail.db that was lost anew, where messages were on this computer only; returns how many there are.

    To be called before the store is opened. Octets of messages that a server has go: nothing tells which they were.
    Raises StoreError.
    """
    lost, bodies_path = paths.data / "mail.db", paths.data / "bodies.db"
    if lost.exists() or not bodies_path.exists():
        return 0
    with translated(bodies_path):
        kept = open_for_writing(bodies_path)
        try:
            migrate_bodies(kept)
            found = kept.execute("SELECT * FROM local ORDER BY message_id").fetchall()
            return _rebuilt(lost, kept, found) if found else 0
        finally:
            kept.close()


def _rebuilt(lost: Path, kept: sqlite3.Connection, found: Sequence[tuple[Any, ...]]) -> int:
    """All or nothing: the file gets its name when it is whole, and not when another process was quicker."""
    unfinished = lost.with_name(f"mail.rebuilt.{os.getpid()}.db")
    unfinished.unlink(missing_ok=True)
    mail = open_for_writing(unfinished)
    try:
        migrate_mail(mail)
        mail.execute("BEGIN IMMEDIATE")
        txn = Transaction(mail)
        for id_, account, folder, role, flags, keywords, when, uidl, size in found:
            _one(txn, kept, id_, (account, folder, role), (flags, keywords, when), (uidl, size))
        txn.settle()
        mail.execute("COMMIT")
        identity = meta(mail, "store_id")
        mail.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        mail.execute("PRAGMA journal_mode = DELETE")
    finally:
        mail.close()
    try:
        os.link(unfinished, lost)
    except FileExistsError:
        return 0
    finally:
        unfinished.unlink(missing_ok=True)
    for statement in (
        "DELETE FROM body WHERE message_id NOT IN (SELECT message_id FROM local)",
        "DELETE FROM same",
        "DELETE FROM blob",
    ):
        kept.execute(statement)
    kept.execute("INSERT OR REPLACE INTO meta VALUES ('store_id', ?)", (identity,))
    return len(found)


def _one(
    txn: Transaction,
    kept: sqlite3.Connection,
    id_: int,
    place: tuple[str, str, str],
    state: tuple[int, str, int],
    listed: tuple[str, int],
) -> None:
    row = kept.execute("SELECT codec, raw FROM body WHERE message_id = ?", (id_,)).fetchone()
    if row is None:
        return
    raw: bytes = zlib.decompress(row[1]) if row[0] else row[1]
    (account, name, role), (flags, keywords, when), (uidl, size) = place, state, listed
    owner = local.prepare(txn, account)
    known = folders.by_name(txn.sql, owner, name)
    folder = known.id if known else local.made(txn, owner, name, Role(role))
    arrival = Arrival(0, Flag(flags), tuple(keywords.split()), when, len(raw), parse_headers(raw[: BLOCK_LIMIT + 2]))
    names = INSERT.partition("(")[2].partition(")")[0]
    values = columns(owner, folder, arrival)
    txn.sql.execute(
        f"INSERT INTO message (id, {names}) VALUES (?{', ?' * len(values)})",  # noqa: S608
        (id_, *values),
    )
    txn.sql.execute(
        "UPDATE message SET folder_id = NULL, uid = NULL, view_folder = NULL, has_body = 1 WHERE id = ?", (id_,)
    )
    local.place(txn, folder, [id_])
    refresh_view(txn, [id_])
    if uidl:
        txn.sql.execute(
            "INSERT OR IGNORE INTO maildrop VALUES (?, ?, ?, ?, 0, ?, ?)", (owner, uidl, id_, size, when, when)
        )
