"""Every action of a person, as durable rows: what is to be done on the server, what came of it, how to take it back.

What belongs here: recording an action with its local effect in one transaction, undo and redo, history. The
server's side of the same tables is `due`. What must never be here: talking to servers.

A change names messages, not UIDs: where a message is on the server is looked up when the change is replayed,
so it cannot hit another message after a move or a UIDVALIDITY change.
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tui_mail.model import Change, ChangeKind, ChangeState, Flag
from tui_mail.store.database import Transaction
from tui_mail.store.messages import chunks, marks, refresh_view, with_keywords
from tui_mail.text import safe_line


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to each of its messages."""

    kind: ChangeKind
    target: int | None = None
    """MOVE: folder_id."""
    add: Flag = Flag.NONE
    remove: Flag = Flag.NONE
    add_keywords: str = ""
    remove_keywords: str = ""
    """FLAGS: keywords, parted by spaces."""

    def changes(self, folder: int | None, flags: int, keywords: str) -> bool:
        """Whether a message that is displayed like this would be displayed differently."""
        if folder is None:
            return False
        if self.kind is ChangeKind.MOVE:
            return folder != self.target
        if self.kind is ChangeKind.EXPUNGE:
            return True
        words = with_keywords(keywords, self.add_keywords, self.remove_keywords)
        return (flags & ~self.remove | self.add) != flags or set(words.split()) != set(keywords.split())

    def inverse(self, home: int | None) -> Effect:
        """What takes it back, for messages that came from the folder `home`."""
        if self.kind is ChangeKind.MOVE:
            return Effect(ChangeKind.MOVE, target=home)
        return Effect(
            self.kind,
            add=self.remove,
            remove=self.add,
            add_keywords=self.remove_keywords,
            remove_keywords=self.add_keywords,
        )


def record(
    txn: Transaction,
    effect: Effect,
    ids: Iterable[int],
    verb: str,
    *,
    batch: int | None = None,
    undo_of: int | None = None,
    again: bool = False,
    undoable: bool = True,
) -> int | None:
    """Write an action and its local effect; messages that it would not change are left out.

    A new action (no `undo_of`, not `again`) leaves nothing to be redone. Returns the batch (the given one, or a new
    one), None when there was nothing to do. What is not `undoable` is what nobody asked for: marking read what was
    opened. Messages of several accounts become one change each; the caller sees to
    it that a move stays inside its account.
    """
    touched = defaultdict[int, list[tuple[int, int | None]]](list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        for id_, account, folder, flags, keywords in txn.sql.execute(
            "SELECT id, account_id, view_folder, view_flags, view_keywords FROM message"  # noqa: S608
            f" WHERE id IN ({marks(chunk)})",
            chunk,
        ):
            if effect.changes(folder, flags, keywords):
                touched[account].append((id_, folder))
    if touched and undo_of is None and undoable and not again:
        txn.sql.execute("UPDATE journal SET undone = -1 WHERE undone > 0")
    for account, items in touched.items():
        cursor = txn.sql.execute(
            "INSERT INTO journal (account_id, batch, kind, state, target, add_flags, remove_flags, add_keywords,"
            " remove_keywords, verb, undo_of, undone, created) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account,
                batch or 0,
                effect.kind,
                effect.target,
                int(effect.add),
                int(effect.remove),
                effect.add_keywords,
                effect.remove_keywords,
                verb,
                undo_of,
                0 if undoable else -1,
                int(time.time()),
            ),
        )
        change_id = cursor.lastrowid
        if batch is None:
            batch = change_id
            txn.sql.execute("UPDATE journal SET batch = ? WHERE id = ?", (batch, change_id))
        txn.sql.executemany(
            "INSERT INTO journal_item (journal_id, message_id, from_folder) VALUES (?, ?, ?)",
            ((change_id, id_, folder) for id_, folder in items),
        )
        refresh_view(txn, [id_ for id_, _ in items])
    return batch if touched else None


def undo(txn: Transaction) -> int | None:
    """Take the newest action back; returns the batch that does it (or that was cancelled), None when there is none.

    What the server has not been told is cancelled; what it may have been told is answered by the inverse action.
    """
    row = txn.sql.execute(
        "SELECT batch FROM journal WHERE undone = 0 AND undo_of IS NULL AND kind != 'expunge'"
        " AND state != 'cancelled' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    batch: int = row[0]
    inverse: int | None = None
    for change in _of_batch(txn.sql, batch):
        items = _items(txn.sql, change.id)
        if change.state is ChangeState.FAILED or change.attempts == 0:
            txn.sql.execute("UPDATE journal SET state = 'cancelled' WHERE id = ?", (change.id,))
            refresh_view(txn, [id_ for id_, _ in items])
        if change.attempts == 0:
            continue
        homes = defaultdict[int | None, list[int]](list)
        for id_, home in items:
            homes[home if change.effect.kind is ChangeKind.MOVE else None].append(id_)
        for home, group in homes.items():
            done = record(
                txn, change.effect.inverse(home), group, f"took back: {change.verb}", batch=inverse, undo_of=batch
            )
            inverse = done or inverse
    txn.sql.execute(
        "UPDATE journal SET undone = (SELECT MAX(undone, 0) + 1 FROM (SELECT MAX(undone) AS undone FROM journal))"
        " WHERE batch = ?",
        (batch,),
    )
    return inverse or batch


def redo(txn: Transaction) -> int | None:
    """Do again what was undone last, unless something else was done since; returns the new batch or None."""
    row = txn.sql.execute(
        "SELECT batch FROM journal WHERE undone > 0 AND undo_of IS NULL ORDER BY undone DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    batch: int | None = None
    for change in _of_batch(txn.sql, row[0]):
        ids = [id_ for id_, _ in _items(txn.sql, change.id)]
        batch = record(txn, change.effect, ids, change.verb, batch=batch, again=True) or batch
    txn.sql.execute("UPDATE journal SET undone = -1 WHERE batch = ?", (row[0],))
    return batch


def history(sql: sqlite3.Connection, limit: int = 100) -> list[Change]:
    """What was done, newest first; one entry for each change."""
    return [
        Change(
            id=id_,
            account=account,
            kind=ChangeKind(kind),
            state=ChangeState(state),
            summary=safe_line(f"{verb} {count} message{'' if count == 1 else 's'}"),
            count=count,
            created=created,
            batch=batch,
            error=safe_line(error),
            undoable=not undone and undo_of is None and kind != "expunge" and state != "cancelled",
        )
        for id_, account, kind, state, verb, count, created, batch, error, undone, undo_of in sql.execute(
            "SELECT j.id, a.name, j.kind, j.state, j.verb,"
            " (SELECT COUNT(*) FROM journal_item i WHERE i.journal_id = j.id),"
            " j.created, j.batch, j.error, j.undone, j.undo_of"
            " FROM journal j JOIN account a ON a.id = j.account_id ORDER BY j.id DESC LIMIT ?",
            (limit,),
        )
    ]


def change_of_batch(sql: sqlite3.Connection, batch: int) -> Change | None:
    """The first change of a batch, counted over the whole batch."""
    row = sql.execute(
        "SELECT MIN(j.id), a.name, j.kind, j.state, j.verb, j.created, COUNT(i.message_id), GROUP_CONCAT(i.message_id)"
        " FROM journal j JOIN account a ON a.id = j.account_id LEFT JOIN journal_item i ON i.journal_id = j.id"
        " WHERE j.batch = ?",
        (batch,),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    id_, account, kind, state, verb, created, count, ids = row
    return Change(
        id=id_,
        account=account,
        kind=ChangeKind(kind),
        state=ChangeState(state),
        summary=safe_line(f"{verb} {count} message{'' if count == 1 else 's'}"),
        count=count,
        created=created,
        batch=batch,
        message_ids=tuple(int(text) for text in ids.split(",")) if ids else (),
    )


# --- helpers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Recorded:
    id: int
    effect: Effect
    state: ChangeState
    verb: str
    attempts: int


def _of_batch(sql: sqlite3.Connection, batch: int) -> list[_Recorded]:
    return [
        _Recorded(
            id_, Effect(ChangeKind(kind), target, Flag(add), Flag(remove), *words), ChangeState(state), verb, tries
        )
        for id_, state, verb, tries, kind, target, add, remove, *words in sql.execute(
            "SELECT id, state, verb, attempts, kind, target, add_flags, remove_flags, add_keywords, remove_keywords"
            " FROM journal WHERE batch = ?",
            (batch,),
        ).fetchall()
    ]


def _items(sql: sqlite3.Connection, change_id: int) -> list[tuple[int, int | None]]:
    return sql.execute("SELECT message_id, from_folder FROM journal_item WHERE journal_id = ?", (change_id,)).fetchall()
