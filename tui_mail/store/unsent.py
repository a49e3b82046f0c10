"""What is being written and what is being sent, kept beside the octets: mail.db may be lost.

What belongs here: the table `outgoing` of bodies.db, and drafts, the outbox, and uploads of what was written here, made
anew from it. What must never be here: writing, sending and uploading themselves (drafts, outbox, delivery, sync).

As each row is here before mail.db has it, it is never behind: what is `queued` here has not been sent, and what may
have been sent is `unknown` here too. So the outbox goes on after a loss as after any crash.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from tui_mail.mime.headers import BLOCK_LIMIT, parse_headers
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import bodies, folders, journal, unborn
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.store.journal import Effect, Item
from tui_mail.store.messages import Arrival
from tui_mail.store.stages import Stage

Columns = dict[str, Any]

_DRAFTS = (
    "SELECT a.name AS account, d.* FROM draft d JOIN account a ON a.id = d.account_id"
    " WHERE d.state = 'sending' OR d.version > d.kept"
)
_OUTBOX = (
    "SELECT a.name AS account, o.* FROM outbox o JOIN account a ON a.id = o.account_id"
    " WHERE o.state NOT IN ('done', 'cancelled') OR o.copy_state = 'wanted'"
)
_UPLOADS = (
    "SELECT a.name AS account, m.id, m.flags, m.internaldate, f.name, f.role, f.delimiter, j.verb,"  # noqa: S608
    " COALESCE(NULLIF(i.probe, 0), f.uidnext, 1) AS probe"
    " FROM journal j JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
    " JOIN account a ON a.id = j.account_id JOIN folder f ON f.id = j.target"
    " WHERE j.state IN ('queued', 'running', 'failed') AND m.unborn AND i.stage < 2"
    f" AND {journal.OWN_UPLOAD}"
)
"""Sent copies and drafts that no server has yet."""


def note(db: Database, txn: Transaction) -> None:
    """What is being written and sent by now; within the write that changed it, and durable before that.

    Of drafts only those whose newest words are in no Drafts folder, and not on their way there.
    """
    now = {("draft", row["id"], row.pop("account"), json.dumps(row)) for row in _rows(txn.sql, _DRAFTS)}
    for row in _rows(txn.sql, _OUTBOX):
        account = row.pop("account")
        row["recipients"] = _rows(txn.sql, "SELECT * FROM outbox_recipient WHERE outbox_id = ?", row["id"])
        now.add(("outbox", row["id"], account, json.dumps(row)))
    for row in _rows(txn.sql, _UPLOADS):
        now.add(("upload", row.pop("id"), row.pop("account"), json.dumps(row)))
    noted = set(db.bodies_sql.execute("SELECT kind, id, account, content FROM outgoing").fetchall())
    if now != noted:
        with writing(db) as sql:
            sql.executemany("DELETE FROM outgoing WHERE kind = ? AND id = ?", (row[:2] for row in noted - now))
            sql.executemany("INSERT OR REPLACE INTO outgoing VALUES (?, ?, ?, ?)", now - noted)


def leave(kept: sqlite3.Connection) -> None:
    """In bodies.db nothing is left of files and messages on their way out but what is named here."""
    named = set[int]()
    for kind, content in kept.execute("SELECT kind, content FROM outgoing WHERE kind != 'upload'"):
        row: Columns = json.loads(content)
        named.update((row["blob"], row["kept_blob"]) if kind == "outbox" else _files(row))
    gone = {row[0] for row in kept.execute("SELECT id FROM blob")} - named
    kept.executemany("DELETE FROM blob WHERE id = ?", ((id_,) for id_ in gone))


def write_again(txn: Transaction, kept: sqlite3.Connection) -> None:
    """In a new mail.db, in which the messages are already: drafts, and the outbox.

    What they say of a message that is not there (one that a server has gets another number) is left out.
    """
    order = "SELECT kind, id, account, content FROM outgoing ORDER BY kind = 'upload' DESC, kind, id"
    for kind, id_, account, content in kept.execute(order).fetchall():
        row: Columns = json.loads(content)
        row["account_id"] = folders.account_id(txn, account)
        if kind == "upload":
            raw = bodies.load(kept, id_)
            if raw is not None and _if_there(txn, "message", id_) is None:
                _upload_again(txn, id_, raw, row)
        elif kind == "draft":
            row["copy"] = _if_there(txn, "message", row["copy"])
            _insert(txn, "draft", row)
            for blob in _files(row):
                _insert(txn, "draft_blob", {"draft_id": row["id"], "blob": blob})
        else:
            recipients = row.pop("recipients")
            row["source"] = _if_there(txn, "message", row["source"])
            row["draft_id"] = _if_there(txn, "draft", row["draft_id"])
            _insert(txn, "outbox", row)
            for recipient in recipients:
                _insert(txn, "outbox_recipient", recipient)


def _upload_again(txn: Transaction, id_: int, raw: bytes, noted: Columns) -> None:
    """It is looked for on the server before it is sent: that it had arrived may be what was lost."""
    account, name = noted["account_id"], noted["name"]
    arrival = Arrival(
        0, Flag(noted["flags"]), (), noted["internaldate"], len(raw), parse_headers(raw[: BLOCK_LIMIT + 2])
    )
    unborn.insert_numbered(txn, account, id_, arrival)
    txn.sql.execute("UPDATE message SET unborn = 1, lost_since = ? WHERE id = ?", (int(time.time()), id_))
    known = folders.by_name(txn.sql, account, name)
    as_it_was = KnownFolder(name, noted["delimiter"], Role(noted["role"]), selectable=True)
    target = known.id if known is not None else folders.add(txn, account, as_it_was)
    effect = Effect(ChangeKind.APPEND, target)
    batch = journal.write_change(txn, account, effect, [Item(id_, None)], noted["verb"], None, undoable=False)
    txn.sql.execute("UPDATE journal SET attempts = 1 WHERE batch = ?", (batch,))
    txn.sql.execute(
        "UPDATE journal_item SET stage = ?, probe = ? WHERE journal_id IN (SELECT id FROM journal WHERE batch = ?)",
        (Stage.SENT, max(1, noted["probe"]), batch),
    )


def _rows(sql: sqlite3.Connection, query: str, *values: object) -> list[Columns]:
    cursor = sql.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _insert(txn: Transaction, table: str, row: Columns) -> None:
    """A row, as far as this version of the table has its columns."""
    known = [one[1] for one in txn.sql.execute(f"PRAGMA table_info({table})") if one[1] in row]
    marks = ", ".join("?" * len(known))
    txn.sql.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(known)}) VALUES ({marks})",  # noqa: S608
        [row[name] for name in known],
    )


def _if_there(txn: Transaction, table: str, id_: int | None) -> int | None:
    found = txn.sql.execute(f"SELECT id FROM {table} WHERE id = ?", (id_,)).fetchone()  # noqa: S608
    return None if found is None else id_


def _files(draft: Columns) -> list[int]:
    """The octets of a draft's attachments."""
    return [file["blob"] for file in json.loads(draft["content"]).get("attachments", ())]
