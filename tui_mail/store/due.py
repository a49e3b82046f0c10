"""The journal from the server's side: which change is due, for which messages, and what the server did with it.

What belongs here: what replay reads and reports. Each report is one transaction that moves the journal and the
server's truth (`message.folder_id, uid, flags`) together, so a crash between two commands repeats only what was
not reported. What must never be here: what a person did (journal).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.model import ChangeKind, Flag
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect
from tui_mail.store.messages import refresh_view, with_keywords


@dataclass(frozen=True, slots=True)
class Due:
    """A change that waits for the server."""

    id: int
    effect: Effect
    attempts: int


@dataclass(frozen=True, slots=True)
class DueItem:
    """One message of a change, and where the server has it now (`uid` None: not known yet)."""

    message_id: int
    folder_id: int | None
    uid: int | None
    stage: int
    probe: int
    msgid: str
    size: int


def next_due(sql: sqlite3.Connection, account: int, now: float) -> Due | None:
    """The oldest change of an account that waits; None while it is not yet time for it.

    Changes go out in the order in which they were made, because later ones may build on earlier ones.
    """
    row = sql.execute(
        "SELECT id, attempts, next_try, kind, target, add_flags, remove_flags, add_keywords, remove_keywords"
        " FROM journal"
        " WHERE account_id = ? AND state IN ('queued', 'running') ORDER BY id LIMIT 1",
        (account,),
    ).fetchone()
    if row is None or row[2] > now:
        return None
    id_, attempts, _, kind, target, add, remove, *words = row
    return Due(id_, Effect(ChangeKind(kind), target, Flag(add), Flag(remove), *words), attempts)


def next_due_time(sql: sqlite3.Connection, account: int) -> int | None:
    """When the oldest waiting change of an account is to be tried; None when nothing waits."""
    row = sql.execute(
        "SELECT next_try FROM journal WHERE account_id = ? AND state IN ('queued', 'running') ORDER BY id LIMIT 1",
        (account,),
    ).fetchone()
    return None if row is None else int(row[0])


def due_items(sql: sqlite3.Connection, change_id: int) -> list[DueItem]:
    """The messages of a change that the server has not confirmed, with their places there."""
    return [
        DueItem(*row)
        for row in sql.execute(
            "SELECT i.message_id, m.folder_id, m.uid, i.stage, i.probe, COALESCE(m.message_id, ''), COALESCE(m.size, 0)"
            " FROM journal_item i LEFT JOIN message m ON m.id = i.message_id"
            " WHERE i.journal_id = ? AND i.stage < 2",
            (change_id,),
        )
    ]


def begin(txn: Transaction, change_id: int) -> None:
    """The change is about to be sent: from now on the server may know it."""
    txn.sql.execute("UPDATE journal SET state = 'running', attempts = attempts + 1 WHERE id = ?", (change_id,))


def set_stage(txn: Transaction, change_id: int, ids: Sequence[int], stage: int, probe: int | None = None) -> None:
    """How far the server has carried the change out for these messages."""
    txn.sql.executemany(
        "UPDATE journal_item SET stage = ?, probe = COALESCE(?, probe) WHERE journal_id = ? AND message_id = ?",
        ((stage, probe, change_id, id_) for id_ in ids),
    )


def moved(txn: Transaction, change_id: int, target: int, places: Iterable[tuple[int, int | None]]) -> None:
    """The server moved messages: (id, UID in `target`, or None when it did not say)."""
    done = list[int]()
    for id_, uid in places:
        if uid is not None:  # what a sync of the target saw first is the same message
            for (twin,) in txn.sql.execute(
                "SELECT id FROM message WHERE folder_id = ? AND uid = ? AND id != ?", (target, uid, id_)
            ).fetchall():
                _drop(txn, twin)
        txn.sql.execute(
            "UPDATE message SET folder_id = ?, uid = ?, lost_since = ? WHERE id = ? AND NOT"
            " (folder_id = ? AND uid IS NOT NULL)",
            (target, uid, 0 if uid else int(time.time()), id_, target),
        )
        done.append(id_)
    set_stage(txn, change_id, done, 2)
    refresh_view(txn, done)


def flagged(txn: Transaction, due: Due, ids: Sequence[int]) -> None:
    """The server changed the flags of messages."""
    effect = due.effect
    for id_ in ids:
        row = txn.sql.execute("SELECT flags, keywords FROM message WHERE id = ?", (id_,)).fetchone()
        if row is not None:
            words = with_keywords(row[1], effect.add_keywords, effect.remove_keywords)
            flags = row[0] & ~effect.remove | effect.add
            txn.sql.execute("UPDATE message SET flags = ?, keywords = ? WHERE id = ?", (int(flags), words, id_))
    set_stage(txn, due.id, ids, 2)
    refresh_view(txn, ids)


def expunged(txn: Transaction, change_id: int, ids: Sequence[int]) -> None:
    """The server deleted messages for ever."""
    set_stage(txn, change_id, ids, 2)
    txn.sql.executemany(
        "UPDATE message SET folder_id = NULL, uid = NULL, lost_since = 1 WHERE id = ?", ((id_,) for id_ in ids)
    )
    refresh_view(txn, ids)


def finish(txn: Transaction, change_id: int) -> None:
    """Nothing of the change is left to do."""
    txn.sql.execute("UPDATE journal SET state = 'done', error = '' WHERE id = ?", (change_id,))
    refresh_view(txn, _messages(txn.sql, change_id))


def postpone(txn: Transaction, change_id: int, until: int) -> None:
    """The server asked to come back later."""
    txn.sql.execute("UPDATE journal SET state = 'queued', next_try = ? WHERE id = ?", (until, change_id))


def fail(txn: Transaction, change_id: int, sentence: str) -> None:
    """The server refused; what is shown goes back to what the server has."""
    txn.sql.execute("UPDATE journal SET state = 'failed', error = ? WHERE id = ?", (sentence[:500], change_id))
    refresh_view(txn, _messages(txn.sql, change_id))


def retry_failed(txn: Transaction, account: int | None = None) -> int:
    """Queue what failed again; returns how many changes."""
    rows = txn.sql.execute(
        "SELECT id FROM journal WHERE state = 'failed' AND (?1 IS NULL OR account_id = ?1)", (account,)
    ).fetchall()
    for (id_,) in rows:
        txn.sql.execute("UPDATE journal SET state = 'queued', next_try = 0, error = '' WHERE id = ?", (id_,))
        refresh_view(txn, _messages(txn.sql, id_))
    return len(rows)


def open_counts(sql: sqlite3.Connection, account: int) -> tuple[int, int]:
    """(waiting, failed) changes of an account."""
    waiting = failed = 0
    for state, count in sql.execute(
        "SELECT state, COUNT(*) FROM journal WHERE account_id = ? AND state IN ('queued', 'running', 'failed')"
        " GROUP BY state",
        (account,),
    ):
        if state == "failed":
            failed += count
        else:
            waiting += count
    return waiting, failed


def _messages(sql: sqlite3.Connection, change_id: int) -> list[int]:
    return [r[0] for r in sql.execute("SELECT message_id FROM journal_item WHERE journal_id = ?", (change_id,))]


def _drop(txn: Transaction, id_: int) -> None:
    row = txn.sql.execute("SELECT view_folder, view_flags FROM message WHERE id = ?", (id_,)).fetchone()
    txn.sql.execute("DELETE FROM message WHERE id = ?", (id_,))
    txn.count(row[0], -1, -int(not row[1] & Flag.SEEN))
