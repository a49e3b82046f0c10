"""Messages of a former POP3 account that the server of the same account, an IMAP account now, lists.

What belongs here: which of them are the same, and giving the row that is here to the account that has it on a server.
What must never be here: what was done to them here (homecoming); messages of one account that moved (identity).

A message of Drafts is left where it is, for a draft may hold on to it; so is what a change waits for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tui_mail.model import HeaderFields
from tui_mail.records import frozen
from tui_mail.store import layout
from tui_mail.store.database import Transaction
from tui_mail.store.identity import absorb, identity_hash, message_hash
from tui_mail.store.many import chunks, marks

SLACK = 512
"""Octets by which POP3 and IMAP may count the same message differently."""

FREE = (
    "m.uid IS NOT NULL AND f.role != 'drafts' AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.copy = m.id)"
    " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
    " WHERE i.message_id = m.id AND j.state IN ('queued', 'running', 'failed'))"
)
"""For SQL: a message `m` in the folder `f` that may be given away."""


@frozen
class Told:
    """What a server says of a message."""

    uid: int
    size: int
    internaldate: int
    fields: HeaderFields


def index(txn: Transaction) -> None:
    """Have messages found by their identity; only stores with such an account pay for it."""
    txn.sql.execute("CREATE INDEX IF NOT EXISTS message_here ON message (account_id, msgid_hash)")


def take_over(txn: Transaction, account: int, told: Iterable[Told]) -> dict[int, int]:
    """Give the account the messages that are here of those its server lists; gives their ids by UID.

    The caller gives them their places. Same: one Message-ID and subject, and one size, or nearly one and one date.
    """
    other = layout.beside(txn.sql, account)
    named = [one for one in told if one.fields.message_id] if other else []
    here = dict[str, list[tuple[int, int, int, str]]]()
    for chunk in chunks(list({message_hash(one.fields.message_id) for one in named})):
        for id_, size, date, subject, message_id in txn.sql.execute(
            "SELECT m.id, m.size, m.date, m.subject, m.message_id FROM message m JOIN folder f ON f.id = m.folder_id"  # noqa: S608
            f" WHERE m.account_id = ? AND m.msgid_hash IN ({marks(chunk)}) AND {FREE} ORDER BY m.id",
            (other, *chunk),
        ):
            here.setdefault(message_id, []).append((id_, size, date, subject))
    found = dict[int, int]()
    for one in named:
        rest = here.get(one.fields.message_id, [])
        same = min((row for row in rest if _is_same(row, one)), key=lambda row: abs(row[1] - one.size), default=None)
        if same is not None:
            rest.remove(same)
            found[one.uid] = same[0]
            give(txn, account, same[0], one)
    return found


def give(txn: Transaction, account: int, message_id: int, told: Told) -> None:
    """The row belongs to another account."""
    txn.sql.execute(
        "UPDATE message SET account_id = ?, internaldate = ?, size = ?, msgid_hash = ? WHERE id = ?",
        (account, told.internaldate, told.size, identity_hash(told.fields, told.internaldate), message_id),
    )


def join(txn: Transaction, account: int, message_id: int, twin: int) -> None:
    """Of a message here and one of the account that are the same, the former stays, in the place of the latter."""
    row = txn.sql.execute(
        "SELECT internaldate, size, msgid_hash FROM message WHERE id = ? AND account_id = ? AND uid IS NOT NULL",
        (twin, account),
    ).fetchone()
    if row is None:
        return
    absorb(txn, message_id, twin)
    txn.sql.execute(
        "UPDATE message SET account_id = ?, internaldate = ?, size = ?, msgid_hash = ? WHERE id = ?",
        (account, *row, message_id),
    )


def left(sql: sqlite3.Connection, account: int) -> list[tuple[int, str, str]]:
    """(message, folder, role) of what is only here and may be given to the server; not of what was thrown away."""
    return sql.execute(
        "SELECT m.id, f.name, f.role FROM message m JOIN folder f ON f.id = m.folder_id"  # noqa: S608
        f" WHERE m.account_id = ? AND m.has_body = 1 AND f.role != 'trash' AND {FREE} ORDER BY m.id",
        (layout.beside(sql, account),),
    ).fetchall()


def are_here(sql: sqlite3.Connection, account: int, ids: Iterable[int]) -> list[tuple[int, str, int, str]]:
    """(id, role of the folder, flags, keywords) of those of these messages that a server has by now."""
    found = list[tuple[int, str, int, str]]()
    for chunk in chunks(list(ids)):
        found += sql.execute(
            "SELECT m.id, COALESCE(f.role, ''), m.view_flags, m.view_keywords FROM message m"  # noqa: S608
            f" LEFT JOIN folder f ON f.id = m.view_folder WHERE m.account_id = ? AND m.id IN ({marks(chunk)})",
            (account, *chunk),
        ).fetchall()
    return found


def _is_same(row: tuple[int, int, int, str], told: Told) -> bool:
    _, size, date, subject = row
    if subject != told.fields.subject:
        return False
    return size == told.size or (date == told.fields.date and abs(size - told.size) <= max(SLACK, told.size // 50))


def nameless(sql: sqlite3.Connection, account: int) -> list[tuple[int, int, bool]]:
    """(message here, message of the account, whether its octets are here) without a Message-ID that may be the same."""
    other = layout.beside(sql, account)
    if not other:
        return []
    return [
        (id_, twin, has_body == 1)
        for id_, twin, has_body in sql.execute(
            "SELECT m.id, t.id, t.has_body FROM message m JOIN folder f ON f.id = m.folder_id"  # noqa: S608
            " JOIN message t ON t.account_id = ? AND t.size = m.size AND t.subject = m.subject AND t.message_id = ''"
            f" WHERE m.account_id = ? AND m.message_id = '' AND t.uid IS NOT NULL AND {FREE}",
            (account, other),
        )
    ]
