"""What was done, told to people: one line for each key press, and how far it is.

What belongs here: reading the journal for the history screen and the command line. What must never be here: changing
it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tui_mail.model import Change, ChangeKind, ChangeState
from tui_mail.store import journal, undoing
from tui_mail.store.journal import FOLDER_KINDS
from tui_mail.text import SafeText, safe_line

FIRST_MESSAGES = 5
"""Ids of a batch that history tells; the whole batch may be a mailbox."""

_WORST = (
    ChangeState.FAILED,
    ChangeState.RUNNING,
    ChangeState.QUEUED,
    ChangeState.DONE,
    ChangeState.CANCELLED,
)


def changes(sql: sqlite3.Connection, limit: int = 100) -> list[Change]:
    """What was done, newest first; one entry for each batch, with its first messages.

    What nobody asked for (what was opened is read, a draft was kept) is told of only when the server refused it.
    """
    batches = sql.execute(
        "SELECT id FROM journal j WHERE id = batch AND NOT (undone = -1 AND undo_of IS NULL"
        " AND kind IN ('flags', 'append', 'expunge') AND state NOT IN ('failed', 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM journal answer WHERE answer.undo_of = j.batch)) ORDER BY id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    found = (_told(sql, batch, FIRST_MESSAGES) for (batch,) in batches)
    return [change for change in found if change is not None]


def change_of_batch(sql: sqlite3.Connection, batch: int) -> Change | None:
    """One batch with all its messages; None when there is no such batch."""
    return _told(sql, batch, -1)


def handled_since(sql: sqlite3.Connection, moment: int) -> int:
    """How many messages were moved or deleted since then (epoch), without what was undone or refused."""
    count: int = sql.execute(
        "SELECT COUNT(DISTINCT i.message_id) FROM journal j JOIN journal_item i ON i.journal_id = j.id"
        " WHERE j.created >= ? AND j.kind IN ('move', 'expunge') AND j.undo_of IS NULL"
        " AND j.state NOT IN ('cancelled', 'failed') AND NOT EXISTS"
        " (SELECT 1 FROM journal answer WHERE answer.undo_of = j.batch AND answer.state != 'cancelled')",
        (moment,),
    ).fetchone()[0]
    return count


def _told(sql: sqlite3.Connection, batch: int, most: int) -> Change | None:
    recorded = journal.of_batch(sql, batch)
    if not recorded:
        return None
    created: int = sql.execute("SELECT MIN(created) FROM journal WHERE batch = ?", (batch,)).fetchone()[0]
    count: int = sql.execute(
        "SELECT COUNT(DISTINCT i.message_id) FROM journal j JOIN journal_item i ON i.journal_id = j.id"
        " WHERE j.batch = ?",
        (batch,),
    ).fetchone()[0]
    ids = sql.execute(
        "SELECT DISTINCT i.message_id FROM journal j JOIN journal_item i ON i.journal_id = j.id WHERE j.batch = ?"
        " LIMIT ?",
        (batch, most),
    ).fetchall()
    accounts = [
        row[0]
        for row in sql.execute(
            "SELECT DISTINCT a.name FROM journal j JOIN account a ON a.id = j.account_id WHERE j.batch = ?", (batch,)
        )
    ]
    error = sql.execute("SELECT error FROM journal WHERE batch = ? AND error != '' LIMIT 1", (batch,)).fetchone()
    reason = undoing.why_not(sql, batch, recorded)
    states = {change.state for change in recorded}
    return Change(
        id=recorded[0].id,
        account=accounts[0] if accounts else "",
        kind=recorded[0].effect.kind,
        state=next(state for state in _WORST if state in states),
        summary=_summary(recorded, count),
        count=count,
        created=created,
        batch=batch,
        error=safe_line(error[0]) if error is not None else SafeText(""),
        undoable=not reason,
        why_not=SafeText(reason),
        undone=states == {ChangeState.CANCELLED} or undoing.is_undone(sql, batch),
        accounts=tuple(accounts),
        message_ids=tuple(row[0] for row in ids),
    )


def _summary(recorded: Sequence[journal.Recorded], count: int) -> SafeText:
    about_folder = next((change for change in recorded if change.effect.kind in FOLDER_KINDS), None)
    messages = f"{count} message{'' if count == 1 else 's'}"
    if about_folder is None:
        return safe_line(f"{recorded[0].verb} {messages}")
    with_what = f" ({messages} to the trash)" if count and about_folder.effect.kind is ChangeKind.FOLDER_DELETE else ""
    return safe_line(about_folder.verb + with_what)
