"""An account's rows, made from those of a POP3 account into those of an IMAP account, and the other way round.

What belongs here: what stands in the way, and the one transaction for each way. What must never be here: config.toml,
servers, deciding that it is to be done.

To IMAP: everything that is here stays where it is, in an account of this computer only; what the server lists is
looked for there (twins) and taken over. To POP3: every folder becomes one of this computer, and every message is known
as one that the maildrop may list, under a name that no server gives, until its header tells which one it is.
"""

from __future__ import annotations

import sqlite3
import time

from tui_mail.model import Protocol, Role
from tui_mail.records import frozen
from tui_mail.store import folders, layout, local
from tui_mail.store.database import Transaction
from tui_mail.store.layout import Intent
from tui_mail.store.maildrop import EXPECTED
from tui_mail.store.messages import refresh_view
from tui_mail.store.twins import index

_OWNED = ("message", "journal", "outbox", "draft")
_LOCAL_ROLES = {Role.NONE, *local.ROLES}


@frozen
class Standing:
    """What an account holds, and what must be done before it can be another one."""

    messages: int = 0
    """Displayed ones."""
    without_body: int = 0
    """Messages that are not whole on this computer."""
    unread_folders: int = 0
    """Folders that have not been read to their end."""
    waiting: int = 0
    """Changes on their way to the server."""
    failed: int = 0
    """Changes that the server refused."""
    outgoing: int = 0
    """Messages on their way out."""


def standing(sql: sqlite3.Connection, name: str) -> Standing:
    """How an account stands; all 0 for one that the store does not know."""
    row = sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        return Standing()
    account: int = row[0]

    def count(query: str) -> int:
        found: int = sql.execute(f"SELECT COUNT(*) FROM {query}", (account,)).fetchone()[0]  # noqa: S608
        return found

    return Standing(
        messages=count("message WHERE account_id = ? AND view_folder IS NOT NULL"),
        without_body=count("message WHERE account_id = ? AND view_folder IS NOT NULL AND has_body != 1"),
        unread_folders=count(
            "folder f WHERE account_id = ? AND selectable AND uidvalidity > 0 AND (synced_min_uid != 1"
            " OR EXISTS (SELECT 1 FROM message m WHERE m.folder_id = f.id AND m.uid IS NULL))"
        ),
        waiting=count("journal WHERE account_id = ? AND state IN ('queued', 'running')"),
        failed=count("journal WHERE account_id = ? AND state = 'failed'"),
        outgoing=count("outbox WHERE account_id = ? AND (state NOT IN ('done', 'cancelled') OR copy_state = 'wanted')"),
    )


def is_free(sql: sqlite3.Connection, name: str) -> bool:
    """Whether the store has nothing of an account of that name."""
    row = sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        return True
    query = "SELECT 1 FROM {} WHERE account_id = ? LIMIT 1"
    return all(sql.execute(query.format(table), row).fetchone() is None for table in _OWNED)


def whole(sql: sqlite3.Connection, name: str) -> list[int]:
    """The messages of an account whose octets are said to be here."""
    query = "SELECT m.id FROM message m JOIN account a ON a.id = m.account_id WHERE a.name = ? AND m.has_body = 1"
    return [row[0] for row in sql.execute(query, (name,))]


def carry_out(txn: Transaction, name: str, intent: Intent) -> None:
    """Make the rows of an account those of its new protocol; nothing when they are."""
    if layout.laid_out_for(txn.sql, name) is intent.protocol:
        return
    if intent.protocol is Protocol.IMAP:
        _to_imap(txn, name, intent)
    else:
        _to_pop3(txn, name)
    layout.lay_out(txn, name, intent.protocol)


def _to_imap(txn: Transaction, name: str, intent: Intent) -> None:
    local_id = local.prepare(txn, name)
    _take_in(txn, local_id, intent.beside)
    txn.sql.execute("UPDATE account SET name = ? WHERE id = ?", (intent.beside, local_id))
    layout.lay_out(txn, intent.beside, Protocol.LOCAL)
    txn.sql.execute("DELETE FROM maildrop WHERE account_id = ?", (local_id,))
    txn.sql.execute("UPDATE journal SET undone = -1 WHERE undone > 0 AND account_id = ?", (local_id,))
    account = folders.prepare(txn, name)
    layout.set_beside(txn, account, local_id)
    layout.set_to_be_uploaded(txn, account, wanted=intent.upload)
    index(txn)
    txn.lists.update((account, local_id))


def _take_in(txn: Transaction, account: int, name: str) -> None:
    """What was put into the account that config.toml promised, between a kill and this: a draft, perhaps."""
    row = txn.sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        return
    for table in _OWNED:
        txn.sql.execute(f"UPDATE {table} SET account_id = ? WHERE account_id = ?", (account, *row))  # noqa: S608
    for id_, called, role in txn.sql.execute("SELECT id, name, role FROM folder WHERE account_id = ?", row).fetchall():
        same = folders.by_name(txn.sql, account, called)
        target = same.id if same is not None else local.made(txn, account, called, Role(role))
        touched = txn.sql.execute("SELECT id FROM message WHERE folder_id = ?1 OR view_folder = ?1", (id_,)).fetchall()
        held = txn.sql.execute("SELECT id FROM message WHERE folder_id = ?", (id_,)).fetchall()
        local.place(txn, target, [one[0] for one in held])
        txn.sql.execute("UPDATE journal SET target = ? WHERE target = ?", (target, id_))
        txn.sql.execute("UPDATE journal_item SET from_folder = ? WHERE from_folder = ?", (target, id_))
        refresh_view(txn, [one[0] for one in touched])
        txn.sql.execute("DELETE FROM folder WHERE id = ?", (id_,))
    txn.sql.execute("DELETE FROM account WHERE id = ?", row)


def _to_pop3(txn: Transaction, name: str) -> None:
    account, now = folders.account_id(txn, name), int(time.time())
    taken = set[str]()
    held = txn.sql.execute(
        "SELECT id, name, delimiter, role FROM folder WHERE account_id = ? ORDER BY id", (account,)
    ).fetchall()
    txn.sql.execute("UPDATE folder SET name = char(0) || id WHERE account_id = ?", (account,))  # none is in the way
    for id_, called, delimiter, role in held:
        txn.sql.execute(
            "UPDATE folder SET name = ?, delimiter = ?, role = ?, selectable = 1, uidvalidity = 1, synced_min_uid = 1,"
            " highestmodseq = 0, on_server = 0, scanned = 0, uidnext = 1 +"
            " (SELECT COALESCE(MAX(uid), 0) FROM message WHERE folder_id = folder.id) WHERE id = ?",
            (
                _local_name(called, delimiter, taken),
                local.DELIMITER,
                role if Role(role) in _LOCAL_ROLES else Role.NONE,
                id_,
            ),
        )
        expected = txn.sql.execute("SELECT id FROM message WHERE folder_id = ? AND uid IS NULL", (id_,)).fetchall()
        local.place(txn, id_, [row[0] for row in expected])
    local.prepare(txn, name)
    txn.sql.execute(
        "INSERT OR IGNORE INTO maildrop SELECT account_id, ? || id, id, size, ?, ?, ? FROM message"
        " WHERE account_id = ? AND has_body = 1 AND folder_id IS NOT NULL",
        (EXPECTED, now, now, now, account),
    )
    layout.set_beside(txn, account, 0)
    layout.set_to_be_uploaded(txn, account, wanted=False)
    txn.lists.add(account)
    txn.folders.update(row[0] for row in txn.sql.execute("SELECT id FROM folder WHERE account_id = ?", (account,)))


def _local_name(name: str, delimiter: str, taken: set[str]) -> str:
    """What a folder is called where levels are parted by a slash."""
    if delimiter not in ("", local.DELIMITER):
        name = name.replace(local.DELIMITER, "-").replace(delimiter, local.DELIMITER)
    found, number = name, 2
    while found.casefold() in taken:
        found, number = f"{name} ({number})", number + 1
    taken.add(found.casefold())
    return found
