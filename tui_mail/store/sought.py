"""What became of copies and uploads whose answer was lost, once their UID does not tell it: decided by all folders.

What belongs here: finding what such a command made by what it is, after every folder has been compared since, and the
decision to send it again when it made nothing. What must never be here: the search by UID (sync/copying), or messages
that another client moved (strays).

Why: somebody may have moved what arrived out of its folder, renamed the folder or made it anew, before we could look.
Sent again at once, it would be there twice; refused, what a person did would be half done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tui_mail.store import labels, strays
from tui_mail.store.database import Transaction
from tui_mail.store.identity import absorb, find_twins
from tui_mail.store.messages import refresh_view
from tui_mail.store.stages import UNTOUCHED, Stage


def decide(txn: Transaction, account: int, before: int) -> set[int]:
    """Settle what is looked for since before `before` (epoch): found, or to be sent again. Returns the changes."""
    rows = txn.sql.execute(
        "SELECT i.journal_id, i.message_id, j.kind, j.target, m.unborn FROM journal j"
        " JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
        " WHERE j.account_id = ? AND j.state IN ('queued', 'running') AND i.stage = ? AND i.probe < ? ORDER BY j.id",
        (account, Stage.SOUGHT, before),
    ).fetchall()
    for change, id_, kind, target, unborn in rows:
        stage = Stage.TODO
        if unborn:
            if _born(txn, id_, target):
                stage = Stage.DONE
        elif kind == "move" and not labels.are_labels(txn.sql, account) and strays.has_newcomer(txn.sql, account, id_):
            stage = Stage.REMOVING
        txn.sql.execute(
            "UPDATE journal_item SET stage = ?, probe = 0 WHERE journal_id = ? AND message_id = ?", (stage, change, id_)
        )
        refresh_view(txn, [id_])
    return {change for change, *_ in rows}


def take_copies(txn: Transaction, missing: Iterable[tuple[int, int]]) -> set[int]:
    """Messages, by (change, message), that are nowhere but in the copies that were sent: those are the messages now.

    Returns which. A message that was to be copied is not: if its copy arrived, that is a message of its own.
    """
    found = set[int]()
    for change, id_ in missing:
        row = txn.sql.execute(
            "SELECT j.target, i.probe, i.stage FROM journal j JOIN journal_item i ON i.journal_id = j.id"  # noqa: S608
            f" WHERE j.id = ? AND j.kind = 'move' AND i.message_id = ? AND i.stage IN {UNTOUCHED}",
            (change, id_),
        ).fetchone()
        if row is not None:
            target, probe, stage = row
            if not find_twins(txn, target, [id_], {id_: probe if stage == Stage.SENT else 0}):
                found.add(id_)
    for change, copy, target in _copies(txn.sql, missing):
        if _born(txn, copy, target):
            txn.sql.execute(
                "UPDATE journal_item SET stage = ? WHERE journal_id = ? AND message_id = ?", (Stage.DONE, change, copy)
            )
            refresh_view(txn, [copy])
    return found


def _copies(sql: sqlite3.Connection, missing: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(change, copy, target) of copies that were sent, of messages that are missing."""
    query = (
        "SELECT j.id, i.message_id, j.target FROM journal j JOIN journal_item i ON i.journal_id = j.id"  # noqa: S608
        f" WHERE j.id = ? AND j.kind = 'copy' AND i.source = ? AND i.stage IN {UNTOUCHED}"
    )
    return [row for one in missing for row in sql.execute(query, one).fetchall()]


def _born(txn: Transaction, id_: int, target: int) -> bool:
    """Give a message made here the place of a row that came since: the server has it after all. False: there is none.

    Its own row is older than any that a sync made of what was sent.
    """
    row = txn.sql.execute(
        "SELECT o.id FROM message m JOIN message o ON o.account_id = m.account_id AND o.msgid_hash = m.msgid_hash"
        " AND o.size = m.size AND o.id > m.id AND o.uid IS NOT NULL WHERE m.id = ? AND m.unborn"
        " ORDER BY o.folder_id != ?, o.id LIMIT 1",
        (id_, target),
    ).fetchone()
    if row is None:
        return False
    absorb(txn, id_, row[0])
    txn.sql.execute("UPDATE message SET unborn = 0 WHERE id = ?", (id_,))
    return True
