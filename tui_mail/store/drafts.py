"""Drafts on this disk: what is being written, saved with every pause, and its copy in the server's Drafts folder.

What belongs here: the tables `draft` and `draft_blob`, and the change that stores a newer version on the server before
the older one is deleted there. What must never be here: turning a draft into octets (mime), sending (outbox).

A row is the truth of a draft while it is open here; the copy on the server is made from it. So a draft survives the
program at any moment, and two versions of it are never both all that there is.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import asdict, fields, replace

from tui_mail.errors import NotFound
from tui_mail.model import ChangeKind, Role
from tui_mail.outgoing import Attachment, Draft, Protection, Purpose
from tui_mail.store import folders, journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect, Item
from tui_mail.store.messages import refresh_view

_KEPT_APART = ("id", "message_id", "copy", "updated", "account")
_GONE = "That draft is gone: it was sent or discarded."


def save(txn: Transaction, draft: Draft, message_id: str) -> Draft:
    """Write what was typed; a draft without id gets one, and `message_id` for good. Raises NotFound when it is gone."""
    now = int(time.time())
    if not draft.id:
        account = folders.account_id(txn, draft.account)
        draft = replace(draft, message_id=draft.message_id or message_id, updated=now)
        cursor = txn.sql.execute(
            "INSERT INTO draft (account_id, message_id, content, copy, updated) VALUES (?, ?, ?, ?, ?)",
            (account, draft.message_id, _content(draft), draft.copy or None, now),
        )
        assert cursor.lastrowid is not None
        draft = replace(draft, id=cursor.lastrowid)
    else:
        cursor = txn.sql.execute(
            "UPDATE draft SET account_id = ?, content = ?, version = version + 1, updated = ?"
            " WHERE id = ? AND state = 'open'",
            (folders.account_id(txn, draft.account), _content(draft), now, draft.id),
        )
        if not cursor.rowcount:
            raise NotFound(_GONE)
    txn.sql.execute("DELETE FROM draft_blob WHERE draft_id = ?", (draft.id,))
    txn.sql.executemany(
        "INSERT OR IGNORE INTO draft_blob VALUES (?, ?)", ((draft.id, file.blob) for file in draft.attachments)
    )
    txn.outgoing = True
    return replace(draft, updated=now)


def load(sql: sqlite3.Connection, draft_id: int) -> Draft | None:
    """A draft that is open; None when it is being sent, or gone."""
    return next(iter(_drafts(sql, "d.id = ? AND d.state = 'open'", (draft_id,))), None)


def of_copy(sql: sqlite3.Connection, message_id: int) -> Draft | None:
    """The open draft whose copy in the Drafts folder is this message."""
    return next(iter(_drafts(sql, "d.copy = ? AND d.state = 'open'", (message_id,))), None)


def is_being_sent(sql: sqlite3.Connection, message_id: int) -> bool:
    """True for a copy in the Drafts folder whose draft is in the outbox."""
    return sql.execute("SELECT 1 FROM draft WHERE copy = ? AND state = 'sending'", (message_id,)).fetchone() is not None


def all_open(sql: sqlite3.Connection) -> list[Draft]:
    """Every open draft, the one saved last first."""
    return list(_drafts(sql, "d.state = 'open'", ()))


def not_kept(sql: sqlite3.Connection) -> list[Draft]:
    """Open drafts whose newest version is in no Drafts folder: what a program that ended suddenly left."""
    return list(_drafts(sql, "d.state = 'open' AND d.version > d.kept", ()))


def version_of(sql: sqlite3.Connection, draft_id: int) -> int:
    """How often a draft was saved; 0 when it is gone."""
    row = sql.execute("SELECT version FROM draft WHERE id = ?", (draft_id,)).fetchone()
    return 0 if row is None else int(row[0])


def keep(txn: Transaction, draft_id: int, version: int, unborn: int) -> int | None:
    """Store a version, which is the unborn message `unborn` by now, in the Drafts folder; the older one goes after it.

    Returns the batch of the journal, None when the draft is gone or was saved again meanwhile.
    """
    row = txn.sql.execute(
        "SELECT account_id, copy, version FROM draft WHERE id = ? AND state = 'open'", (draft_id,)
    ).fetchone()
    if row is None or row[2] != version:
        return None
    account, older, _ = row
    target = folders.for_role(txn, account, Role.DRAFTS)
    effect = Effect(ChangeKind.APPEND, target)
    batch = journal.write_change(txn, account, effect, [Item(unborn, None)], "kept as draft:", None, undoable=False)
    if older is not None:
        _delete_copy(txn, older, after=batch)
    txn.sql.execute("UPDATE draft SET copy = ?, kept = ? WHERE id = ?", (unborn, version, draft_id))
    txn.outgoing = True
    return batch


def discard(txn: Transaction, draft_id: int, copy: int = 0) -> None:
    """Forget a draft, because it was sent or is not wanted, and delete its copy in the Drafts folder.

    `copy` is that of a draft which was never saved here.
    """
    row = txn.sql.execute("SELECT copy FROM draft WHERE id = ?", (draft_id,)).fetchone()
    held = row[0] if row is not None else copy
    if held:
        _delete_copy(txn, held)
    txn.sql.execute("DELETE FROM draft WHERE id = ?", (draft_id,))
    txn.sql.execute("DELETE FROM draft_blob WHERE draft_id = ?", (draft_id,))
    txn.outgoing = True


def begin_sending(txn: Transaction, draft_id: int) -> None:
    """It is in the outbox now, and cannot be edited meanwhile. Raises NotFound when it is there already, or gone."""
    cursor = txn.sql.execute("UPDATE draft SET state = 'sending' WHERE id = ? AND state = 'open'", (draft_id,))
    if not cursor.rowcount:
        raise NotFound(_GONE)


def reopen(txn: Transaction, draft_id: int) -> None:
    """It was taken out of the outbox: a draft again."""
    txn.sql.execute("UPDATE draft SET state = 'open' WHERE id = ?", (draft_id,))
    txn.outgoing = True


def _delete_copy(txn: Transaction, copy: int, after: int | None = None) -> None:
    """Delete a copy, once the change `after` is done; one that no server has heard of is not sent at all."""
    row = txn.sql.execute("SELECT account_id, view_folder FROM message WHERE id = ?", (copy,)).fetchone()
    if row is None:
        return
    unsent = txn.sql.execute(
        "SELECT j.id FROM journal j JOIN journal_item i ON i.journal_id = j.id WHERE i.message_id = ?"
        " AND j.kind = 'append' AND j.state IN ('queued', 'failed') AND j.attempts = 0",
        (copy,),
    ).fetchone()
    if unsent is not None:
        txn.sql.execute("UPDATE journal SET state = 'cancelled', undone = -1 WHERE id = ?", unsent)
        txn.sql.execute("UPDATE journal SET after = ? WHERE after = ?", (after, unsent[0]))
        refresh_view(txn, [copy])
    elif row[1] is not None:
        effect, items = Effect(ChangeKind.EXPUNGE), [Item(copy, row[1])]
        batch = journal.write_change(txn, row[0], effect, items, "replaced a draft:", None, undoable=False)
        txn.sql.execute("UPDATE journal SET after = ? WHERE id = ?", (after, batch))


def _content(draft: Draft) -> str:
    return json.dumps({key: value for key, value in asdict(draft).items() if key not in _KEPT_APART})


def _drafts(sql: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Iterable[Draft]:
    known = {field.name for field in fields(Draft)}
    for id_, account, message_id, content, copy, updated in sql.execute(
        "SELECT d.id, a.name, d.message_id, d.content, d.copy, d.updated FROM draft d"  # noqa: S608
        f" JOIN account a ON a.id = d.account_id WHERE {where} ORDER BY d.updated DESC, d.id DESC",
        values,
    ).fetchall():
        said = {key: value for key, value in json.loads(content).items() if key in known}
        said["attachments"] = tuple(Attachment(**file) for file in said.get("attachments", ()))
        said["references"] = tuple(said.get("references", ()))
        said["purpose"] = Purpose(said.get("purpose", Purpose.NEW))
        said["protection"] = Protection(said.get("protection", Protection.NONE))
        yield Draft(**said, account=account, id=id_, message_id=message_id, copy=copy or 0, updated=updated)
