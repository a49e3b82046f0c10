"""A POP3 maildrop as this computer knows it: which of its messages are here, and which the server has deleted.

What belongs here: the table `maildrop`, and putting a message into the local inbox in the same transaction as its row.
What must never be here: talking to servers, deciding what to fetch or to delete (sync/plan_drop).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from tui_mail.model import HeaderFields, Role
from tui_mail.records import frozen
from tui_mail.store import local, muting
from tui_mail.store.database import Transaction
from tui_mail.store.identity import message_hash
from tui_mail.store.many import chunks, marks

EXPECTED = "expected "
"""What the name of a message begins with that came another way and that the server may list. No UIDL has a blank."""
SLACK = 512
"""Octets by which two servers may count the same message differently."""


@frozen
class Known:
    """One message of the maildrop that is, or was, here."""

    uidl: str
    message_id: int
    size: int
    """As the server listed it."""
    deleted: int
    """When the server confirmed that it deleted it (epoch); 0: it did not."""
    first_seen: int
    last_seen: int = 0
    """When the last visit began that had it listed."""


@frozen
class Fetched:
    """A message that was just fetched, with its octets in bodies.db under `message_id`, in no folder yet."""

    uidl: str
    message_id: int
    size: int


def known(sql: sqlite3.Connection, account: int) -> dict[str, Known]:
    """Everything that was ever fetched and not forgotten, by UIDL."""
    return {
        row[0]: Known(*row)
        for row in sql.execute(
            "SELECT uidl, message_id, size, deleted, first_seen, last_seen FROM maildrop WHERE account_id = ?",
            (account,),
        )
    }


def keep(txn: Transaction, account: int, fetched: Sequence[Fetched], now: int) -> list[int]:
    """Show fetched messages in the inbox; one that is there already by its UIDL is not shown twice. Gives new ids."""
    kept = list[int]()
    for one in fetched:
        cursor = txn.sql.execute(
            "INSERT OR IGNORE INTO maildrop VALUES (?, ?, ?, ?, 0, ?, ?)",
            (account, one.uidl, one.message_id, one.size, now, now),
        )
        if cursor.rowcount:
            kept.append(one.message_id)
    inbox = local.folder_for(txn, account, Role.INBOX)
    local.place(txn, inbox, kept)
    muting.hush(txn, kept)
    return kept


def know_as(txn: Transaction, account: int, names: Iterable[tuple[str, int, int]], now: int) -> None:
    """The server calls messages that are here by other names now: (UIDL, message id, listed size)."""
    names = list(names)
    txn.sql.executemany(
        "DELETE FROM maildrop WHERE account_id = ? AND uidl = ?",
        ((account, f"{EXPECTED}{message_id}") for _, message_id, _ in names),
    )
    txn.sql.executemany(
        "INSERT OR IGNORE INTO maildrop VALUES (?, ?, ?, ?, 0, ?, ?)",
        ((account, uidl, message_id, size, now, now) for uidl, message_id, size in names),
    )


def visited(sql: sqlite3.Connection, account: int) -> int:
    """When the last visit began that got a listing (epoch); 0: never."""
    row = sql.execute("SELECT value FROM meta WHERE key = ?", (f"visited:{account}",)).fetchone()
    return 0 if row is None else int(row[0])


def missing(sql: sqlite3.Connection, account: int, since: int, before: int) -> dict[str, tuple[Known, int]]:
    """(what is known, when it was listed last) of messages that we left there and that are not listed any more.

    They were listed again after they had been fetched, after `since` and last before `before` (epoch).
    """
    return {
        row[0]: (Known(*row[:5]), row[5])
        for row in sql.execute(
            "SELECT uidl, message_id, size, deleted, first_seen, last_seen FROM maildrop"
            " WHERE account_id = ? AND deleted = 0 AND last_seen > first_seen AND last_seen > ? AND last_seen < ?",
            (account, since, before),
        )
    }


def seen(txn: Transaction, account: int, uidls: Iterable[str], now: int) -> None:
    """A visit that began now has these listed, of what is known."""
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"visited:{account}", str(now)))
    txn.sql.executemany(
        "UPDATE maildrop SET last_seen = ? WHERE account_id = ? AND uidl = ?",
        ((now, account, uidl) for uidl in uidls),
    )


def deleted(txn: Transaction, account: int, uidls: Iterable[str], now: int) -> None:
    """The server confirmed that it deleted these."""
    txn.sql.executemany(
        "UPDATE maildrop SET deleted = ? WHERE account_id = ? AND uidl = ?", ((now, account, uidl) for uidl in uidls)
    )


def forget(txn: Transaction, account: int, before: int) -> list[str]:
    """Forget what the server deleted and has not listed since `before` (epoch); gives its UIDLs."""
    forgotten = "FROM maildrop WHERE account_id = ? AND deleted > 0 AND last_seen < ?"
    uidls = [row[0] for row in txn.sql.execute(f"SELECT uidl {forgotten}", (account, before))]
    txn.sql.execute(f"DELETE {forgotten}", (account, before))
    return uidls


def thrown_away(sql: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Those of these messages that are in the trash here, or were deleted for ever."""
    left = set(ids)
    for chunk in chunks(list(ids)):
        left.difference_update(
            row[0]
            for row in sql.execute(
                "SELECT m.id FROM message m JOIN folder f ON f.id = m.view_folder"  # noqa: S608
                f" WHERE m.id IN ({marks(chunk)}) AND f.role != 'trash'",
                chunk,
            )
        )
    return left


def shown(sql: sqlite3.Connection, ids: Sequence[int]) -> set[int]:
    """Those of these messages that are in a folder here, be it the trash."""
    return {
        row[0]
        for chunk in chunks(list(ids))
        for row in sql.execute(
            f"SELECT id FROM message WHERE id IN ({marks(chunk)}) AND view_folder IS NOT NULL",  # noqa: S608
            chunk,
        )
    }


def expected(sql: sqlite3.Connection, account: int) -> set[int]:
    """Messages that came another way and that the server has not listed yet."""
    return {
        row[0]
        for row in sql.execute(
            "SELECT m.id FROM maildrop d JOIN message m ON m.id = d.message_id"
            " WHERE d.account_id = ? AND d.uidl >= ? AND d.uidl < ? AND m.has_body = 1",
            (account, EXPECTED, f"{EXPECTED}~"),
        )
    }


def unlisted(sql: sqlite3.Connection, account: int, visit: int) -> dict[int, list[int]]:
    """Messages that are here, and on the server for all we know, and that the visit begun then has not listed.

    By their size; those that are expected are among them.
    """
    found = dict[int, list[int]]()
    for size, id_ in sql.execute(
        "SELECT m.size, m.id FROM maildrop d JOIN message m ON m.id = d.message_id"
        " WHERE d.account_id = ?1 AND m.has_body = 1 AND (d.uidl >= ?3 AND d.uidl < ?4"
        " OR d.deleted = 0 AND d.last_seen < ?2 AND NOT EXISTS"
        " (SELECT 1 FROM maildrop o WHERE o.message_id = d.message_id"
        " AND o.account_id = ?1 AND o.last_seen >= ?2)) GROUP BY m.id ORDER BY m.id",
        (account, visit, EXPECTED, f"{EXPECTED}~"),
    ):
        found.setdefault(size, []).append(id_)
    return found


def alike(sql: sqlite3.Connection, account: int, fields: HeaderFields, size: int) -> list[int]:
    """Messages of the account that are here, of this Message-ID and Date and about this size, the likest first."""
    if not fields.message_id or fields.date is None:
        return []
    rows = sql.execute(
        "SELECT m.id FROM maildrop d JOIN message m ON m.id = d.message_id WHERE d.account_id = ? AND m.has_body = 1"
        " AND m.msgid_hash = ? AND m.date = ? AND ABS(m.size - ?4) <= MAX(?5, ?4 / 50) ORDER BY ABS(m.size - ?4)",
        (account, message_hash(fields.message_id), fields.date, size, SLACK),
    ).fetchall()
    return [row[0] for row in rows]
