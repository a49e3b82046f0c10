"""Where the server has which messages, as far as that is stored: UIDs, flags and numbers of them, by folder.

What belongs here: reading the server's side of the table `message`. What must never be here: writing, what is shown.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from tui_mail.model import Flag


def place_of(sql: sqlite3.Connection, message_id: int) -> tuple[int, int, int, int] | None:
    """(account_id, folder_id, uid, size) where the server has the message; None when it is nowhere known."""
    row = sql.execute(
        "SELECT account_id, folder_id, uid, size FROM message WHERE id = ? AND uid IS NOT NULL", (message_id,)
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2], row[3])


def message_id_of(sql: sqlite3.Connection, message_id: int) -> str:
    """The Message-ID of a message; empty when it has none."""
    row = sql.execute("SELECT message_id FROM message WHERE id = ?", (message_id,)).fetchone()
    return "" if row is None else str(row[0])


def is_elsewhere(sql: sqlite3.Connection, folder_id: int, key: tuple[int, int]) -> bool:
    """Whether another folder of the account has a message of this identity (identity.Key)."""
    query = (
        "SELECT 1 FROM message m JOIN folder f ON f.id = ?1 AND f.account_id = m.account_id"
        " WHERE m.msgid_hash = ?2 AND m.size = ?3 AND m.folder_id != ?1 LIMIT 1"
    )
    return sql.execute(query, (folder_id, *key)).fetchone() is not None


def uids_of(sql: sqlite3.Connection, folder_id: int, from_uid: int = 0) -> list[int]:
    """Stored UIDs of a folder from `from_uid` up, ascending."""
    return [
        row[0]
        for row in sql.execute(
            "SELECT uid FROM message WHERE folder_id = ? AND uid >= ? ORDER BY uid", (folder_id, from_uid)
        )
    ]


def flags_of(sql: sqlite3.Connection, folder_id: int) -> dict[int, tuple[int, tuple[str, ...]]]:
    """The server's flags and keywords of every stored UID of a folder, as last seen."""
    return {
        uid: (flags, tuple(keywords.split()) if keywords else ())
        for uid, flags, keywords in sql.execute(
            "SELECT uid, flags, keywords FROM message WHERE folder_id = ? AND uid IS NOT NULL", (folder_id,)
        )
    }


def stored_count(sql: sqlite3.Connection, folder_id: int) -> int:
    """How many of the server's messages in a folder are stored."""
    count: int = sql.execute(
        "SELECT COUNT(*) FROM message WHERE folder_id = ? AND uid IS NOT NULL", (folder_id,)
    ).fetchone()[0]
    return count


def unseen_count(sql: sqlite3.Connection, folder_id: int) -> int:
    r"""How many of them the server has without \Seen."""
    count: int = sql.execute(
        "SELECT COUNT(*) FROM message WHERE folder_id = ? AND uid IS NOT NULL AND NOT flags & ?", (folder_id, Flag.SEEN)
    ).fetchone()[0]
    return count


def highest_uid(sql: sqlite3.Connection, folder_id: int) -> int:
    """The highest stored UID of a folder, 0 when there is none."""
    found: int = sql.execute(
        "SELECT COALESCE(MAX(uid), 0) FROM message WHERE folder_id = ? AND uid IS NOT NULL", (folder_id,)
    ).fetchone()[0]
    return found


def ids_at(sql: sqlite3.Connection, folder_id: int, ranges: Sequence[tuple[int, int]]) -> list[int]:
    """The messages whose UIDs in a folder lie in these ranges, both ends included."""
    query = (
        "SELECT m.id FROM json_each(?) r CROSS JOIN message m ON m.folder_id = ?"
        " AND m.uid BETWEEN json_extract(r.value, '$[0]') AND json_extract(r.value, '$[1]')"
    )
    return [row[0] for row in sql.execute(query, (json.dumps(ranges), folder_id))]


def not_whole(sql: sqlite3.Connection, account: str) -> list[int]:
    """The folders of an account of which some messages, or their bodies, are not here."""
    query = (
        "SELECT f.id FROM folder f JOIN account a ON a.id = f.account_id WHERE a.name = ? AND f.selectable"
        " AND f.uidvalidity > 0 AND (f.synced_min_uid != 1"
        " OR EXISTS (SELECT 1 FROM message m WHERE m.folder_id = f.id AND m.uid IS NOT NULL AND m.has_body != 1))"
    )
    return [row[0] for row in sql.execute(query, (account,))]
