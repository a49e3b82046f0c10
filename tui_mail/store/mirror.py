"""What must be known of what is on this computer only, kept beside the octets: mail.db may be lost.

What belongs here: the tables `local`, `local_folder` and `listed` of bodies.db, and making mail.db anew from them. What
must never be here: messages that a server has; those are read from it again.

It is written within the write of mail.db that makes it true, and is durable before that: whatever is done half when
mail.db is lost is as it was to be, and whatever is done half otherwise is done once more.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_mail.mime.headers import BLOCK_LIMIT, parse_headers
from tui_mail.mime.kinds import holds_invitation
from tui_mail.model import Flag, Kind, Role
from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.store import bodies, folders, local, parts, unborn, unsent
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction
from tui_mail.store.files import begin, meta, migrate_bodies, migrate_mail, open_for_writing, translated
from tui_mail.store.many import chunks, marks
from tui_mail.store.messages import Arrival


@frozen
class Arrived:
    """A message that is about to be shown in the inbox."""

    message_id: int
    uidl: str
    size: int
    """As the server listed it."""


def note_arrivals(db: Database, account: str, arrived: Sequence[Arrived], when: int) -> None:
    """Before mail.db shows them: so that no message is ever here without being known here.

    What came under these names before and was never shown, because the program was ended, is forgotten for them.
    """

    def job(txn: Transaction) -> None:
        with writing(db) as sql:
            for one in arrived:
                row = sql.execute(
                    "SELECT message_id FROM listed WHERE account = ? AND uidl = ?", (account, one.uidl)
                ).fetchone()
                if row is not None and not _is_shown(txn.sql, row[0]):
                    sql.execute("DELETE FROM local WHERE message_id = ?", row)
            sql.executemany(
                "INSERT OR REPLACE INTO local VALUES (?, ?, 'INBOX', 'inbox', 0, '', ?)",
                ((one.message_id, account, when) for one in arrived),
            )
            sql.executemany(
                "INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, 0, ?)",
                ((account, one.uidl, one.message_id, one.size, when) for one in arrived),
            )

    db.run(job)


def note(db: Database, txn: Transaction, ids: Sequence[int]) -> None:
    """Where these messages of local accounts are by now, and with which flags; those that are gone are forgotten."""
    for chunk in chunks(list(ids)):
        rows = txn.sql.execute(
            "SELECT m.id, a.name, f.name, f.role, m.flags, m.keywords, m.internaldate"  # noqa: S608
            " FROM message m JOIN account a ON a.id = m.account_id JOIN folder f ON f.id = m.folder_id"
            f" WHERE m.id IN ({marks(chunk)}) AND m.has_body = 1",
            chunk,
        ).fetchall()
        gone = set(chunk).difference(row[0] for row in rows)
        with writing(db) as sql:
            sql.executemany("INSERT OR REPLACE INTO local VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            sql.executemany("DELETE FROM local WHERE message_id = ?", ((id_,) for id_ in gone))


def note_folders(db: Database, txn: Transaction, account: int) -> None:
    """Which folders a local account has by now."""
    name = folders.account_name(txn.sql, account)
    now = set(txn.sql.execute("SELECT name, role FROM folder WHERE account_id = ?", (account,)).fetchall())
    noted = db.bodies_sql.execute("SELECT name, role FROM local_folder WHERE account = ?", (name,)).fetchall()
    if set(noted) != now:
        with writing(db) as sql:
            sql.execute("DELETE FROM local_folder WHERE account = ?", (name,))
            sql.executemany("INSERT INTO local_folder VALUES (?, ?, ?)", ((name, *row) for row in now))


def note_names(db: Database, txn: Transaction, account: int, uidls: Iterable[str]) -> None:
    """What is remembered by now of messages of the maildrop; what is not is forgotten."""
    name = folders.account_name(txn.sql, account)
    for chunk in chunks(list(uidls)):
        rows = txn.sql.execute(
            "SELECT ?, uidl, message_id, size, deleted, first_seen FROM maildrop"  # noqa: S608
            f" WHERE account_id = ? AND uidl IN ({marks(chunk)})",
            (name, account, *chunk),
        ).fetchall()
        gone = set(chunk).difference(row[1] for row in rows)
        with writing(db) as sql:
            sql.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?, ?)", rows)
            sql.executemany("DELETE FROM listed WHERE account = ? AND uidl = ?", ((name, uidl) for uidl in gone))


def catch_up(db: Database, txn: Transaction, account: int) -> None:
    """What an older tui-mail did not note: the account's folders, and names of messages that are here no more."""
    note_folders(db, txn, account)
    name = folders.account_name(txn.sql, account)
    uidls = [row[0] for row in txn.sql.execute("SELECT uidl FROM maildrop WHERE account_id = ?", (account,))]
    noted = db.bodies_sql.execute("SELECT COUNT(*) FROM listed WHERE account = ?", (name,)).fetchone()[0]
    if noted < len(uidls):
        note_names(db, txn, account, uidls)


def rename(db: Database, account: str, new_name: str) -> None:
    """What was known of one account is that of another one now, which no server lists."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            for table in ("local", "local_folder", "outgoing"):
                sql.execute(f"UPDATE OR REPLACE {table} SET account = ? WHERE account = ?", (new_name, account))  # noqa: S608
            sql.execute("DELETE FROM listed WHERE account = ?", (account,))

    db.run(job)


@frozen
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


def forget_account(db: Database, account: str) -> None:
    """Nothing of this account is on this computer any more; in the writer's thread."""
    with writing(db) as sql:
        for table in ("local", "local_folder", "listed", "outgoing"):
            sql.execute(f"DELETE FROM {table} WHERE account = ?", (account,))  # noqa: S608


def recover(paths: Paths) -> int:
    """Make a mail.db that was lost anew, where mail was on this computer only; returns how many messages there are.

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
            tables = ("local", "local_folder", "outgoing")
            if not any(kept.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in tables):  # noqa: S608
                return 0
            with _alone(kept):
                if not lost.exists():
                    _leave_local(kept)
                    parts.throw_away(paths.data)
            with _alone(kept):  # whoever was quicker has put mail.db there before others get the lock
                return _rebuilt(lost, kept) if not lost.exists() else 0
        finally:
            kept.close()


@contextlib.contextmanager
def _alone(kept: sqlite3.Connection) -> Iterator[None]:
    begin(kept)
    yield
    kept.execute("COMMIT")


def _leave_local(kept: sqlite3.Connection) -> None:
    """Nothing is left in bodies.db but what mail.db will know of: other numbers are given again."""
    unsent.leave(kept)
    others = (
        "SELECT message_id FROM {} WHERE message_id NOT IN (SELECT message_id FROM local)"
        " AND message_id NOT IN (SELECT id FROM outgoing WHERE kind = 'upload')"
    )
    for table in ("same", "body"):
        bodies.give_up(kept, [row[0] for row in kept.execute(others.format(table))])
    for table in ("excerpt", "wish"):
        kept.execute(f"DELETE FROM {table}")  # noqa: S608


def _rebuilt(lost: Path, kept: sqlite3.Connection) -> int:
    """All or nothing: the file gets its name when it is whole. It is the same store as before to bodies.db."""
    unfinished = lost.with_name(f"mail.rebuilt.{os.getpid()}.db")
    unfinished.unlink(missing_ok=True)
    mail = open_for_writing(unfinished)
    try:
        migrate_mail(mail)
        mail.execute("BEGIN IMMEDIATE")
        mail.execute("UPDATE meta SET value = ? WHERE key = 'store_id'", (meta(kept, "store_id"),))
        txn = Transaction(mail)
        found = kept.execute("SELECT * FROM local ORDER BY message_id").fetchall()
        unreadable = _messages(txn, kept, found)
        _names(txn, kept, unreadable)
        unsent.write_again(txn, kept)
        txn.settle()
        mail.execute("COMMIT")
        mail.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        mail.execute("PRAGMA journal_mode = DELETE")
    finally:
        mail.close()
    for suffix in ("-wal", "-shm"):  # what is left of the lost file would be written into this one
        Path(f"{lost}{suffix}").unlink(missing_ok=True)
    os.link(unfinished, lost)
    unfinished.unlink()
    return len(found) - len(unreadable)


def _messages(txn: Transaction, kept: sqlite3.Connection, found: Iterable[tuple[Any, ...]]) -> set[int]:
    """Every folder, and every message where it was; gives those whose octets are not readable."""
    held = dict[tuple[str, str, str], list[int]]()
    for place in kept.execute("SELECT account, name, role FROM local_folder").fetchall():
        held[place] = []
    unreadable, owners = set[int](), dict[str, int]()
    for id_, account, name, role, flags, keywords, when in found:
        raw = bodies.load(kept, id_)
        if raw is None:
            unreadable.add(id_)
            continue
        if account not in owners:
            owners[account] = local.prepare(txn, account)
        fields = parse_headers(raw[: BLOCK_LIMIT + 2])
        if holds_invitation(raw):
            fields = replace(fields, kind=Kind.CALENDAR)
        unborn.insert_numbered(
            txn, owners[account], id_, Arrival(0, Flag(flags), tuple(keywords.split()), when, len(raw), fields)
        )
        held.setdefault((account, name, role), []).append(id_)
    for (account, name, role), ids in held.items():
        owner = local.prepare(txn, account)
        known = folders.by_name(txn.sql, owner, name)
        local.place(txn, known.id if known else local.made(txn, owner, name, Role(role)), ids)
    return unreadable


def _names(txn: Transaction, kept: sqlite3.Connection, unreadable: Container[int]) -> None:
    """What is remembered of maildrops; no new message gets a number that is. What is unreadable is fetched again."""
    now, highest = int(time.time()), 0
    for account, uidl, id_, size, deleted, first_seen in kept.execute("SELECT * FROM listed").fetchall():
        owner = folders.account_id(txn, account)
        row = (owner, uidl, id_, size, deleted, first_seen, now)
        if id_ not in unreadable:
            txn.sql.execute("INSERT OR IGNORE INTO maildrop VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        highest = max(highest, id_)
    txn.sql.execute("DELETE FROM sqlite_sequence WHERE name = 'message'")
    txn.sql.execute(
        "INSERT INTO sqlite_sequence SELECT 'message', MAX(?, COALESCE(MAX(id), 0)) FROM message", (highest,)
    )


def _is_shown(sql: sqlite3.Connection, message_id: int) -> bool:
    return sql.execute("SELECT 1 FROM message WHERE id = ? AND NOT unborn", (message_id,)).fetchone() is not None
