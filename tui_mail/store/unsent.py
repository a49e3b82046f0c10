"""Drafts that are in no Drafts folder yet and messages that are in nobody's hands yet, should mail.db be lost.

What belongs here: the tables `unkept` and `unsent` of bodies.db, and making drafts of them anew. What must never be
here: writing and sending themselves (drafts, outbox, delivery).

Whether a message of the outbox was sent is not known after mail.db was lost; it is a draft then, and never sent by
itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from tui_mail.model import Flag, Role
from tui_mail.store import folders
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction

_UNKEPT = (
    "SELECT d.id, a.name, d.message_id, d.content, d.version, d.kept, d.copy, d.updated FROM draft d"
    " JOIN account a ON a.id = d.account_id WHERE d.state = 'open' AND d.version > d.kept"
)
_UNSENT = (
    "SELECT o.kept_blob, a.name, d.copy FROM outbox o JOIN account a ON a.id = o.account_id"
    " LEFT JOIN draft d ON d.id = o.draft_id WHERE o.state NOT IN ('done', 'cancelled') AND NOT o.accepted"
)


def note(db: Database, txn: Transaction) -> None:
    """What is being written and sent by now; within the write that changed it, and durable before that."""
    for table, query in (("unkept", _UNKEPT), ("unsent", _UNSENT)):
        now = {row[0]: row for row in txn.sql.execute(query).fetchall()}
        noted = {row[0]: row for row in db.bodies_sql.execute(f"SELECT * FROM {table}")}  # noqa: S608
        if now != noted:
            with writing(db) as sql:
                sql.execute(f"DELETE FROM {table}")  # noqa: S608
                _insert(sql, table, now.values())


def leave(kept: sqlite3.Connection) -> None:
    """In bodies.db: messages of local accounts that were to be sent are in their drafts; no other octets are left."""
    for blob, account, copy in kept.execute(
        "SELECT * FROM unsent WHERE account IN (SELECT account FROM local_folder) AND blob IN (SELECT id FROM blob)"
    ).fetchall():
        row = kept.execute(
            "SELECT MAX(id) + 1 FROM (SELECT MAX(message_id) AS id FROM local UNION SELECT MAX(message_id) FROM body"
            " UNION SELECT MAX(message_id) FROM listed UNION SELECT 0)"
        ).fetchone()
        kept.execute("INSERT INTO body SELECT ?, codec, size, sha256, raw FROM blob WHERE id = ?", (*row, blob))
        kept.execute(
            "INSERT INTO local SELECT ?, ?, ?, ?, ?, '', made FROM blob WHERE id = ?",
            (*row, account, *_drafts_folder(kept, account), Flag.SEEN | Flag.DRAFT, blob),
        )
        kept.execute("DELETE FROM local WHERE message_id = ?", (copy,))
    kept.execute("DELETE FROM unsent")
    named = [file["blob"] for row in kept.execute("SELECT content FROM unkept") for file in _files(row[0])]
    gone = {row[0] for row in kept.execute("SELECT id FROM blob")}.difference(named)
    kept.executemany("DELETE FROM blob WHERE id = ?", ((id_,) for id_ in gone))


def write_again(txn: Transaction, kept: sqlite3.Connection) -> None:
    """In a new mail.db: the drafts that were open."""
    for id_, account, message_id, content, version, done, copy, updated in kept.execute("SELECT * FROM unkept"):
        owner = folders.account_id(txn, account)
        txn.sql.execute(
            "INSERT INTO draft (id, account_id, message_id, content, version, kept, copy, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (id_, owner, message_id, content, version, done, copy, updated),
        )
        txn.sql.executemany(
            "INSERT OR IGNORE INTO draft_blob VALUES (?, ?)", ((id_, file["blob"]) for file in _files(content))
        )


def _insert(sql: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    for row in rows:
        sql.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


def _drafts_folder(kept: sqlite3.Connection, account: str) -> tuple[str, str]:
    """(name, role) of a local account's Drafts folder."""
    row = kept.execute(
        "SELECT name, role FROM local_folder WHERE account = ? AND role = ?", (account, Role.DRAFTS)
    ).fetchone()
    return row if row is not None else (folders.STANDARD_NAMES[Role.DRAFTS], str(Role.DRAFTS))


def _files(content: str) -> list[dict[str, int]]:
    """The attachments of a draft's content."""
    files: list[dict[str, int]] = json.loads(content).get("attachments", [])
    return files
