"""Taking back what was done, and doing it again: many steps, after a restart, after the server has carried it out.

What belongs here: what answers an action, and why some cannot be answered. What must never be here: how an action is
written (journal), or carried out (the engine).

What the server has not been told is cancelled; what it may have been told is answered by the inverse action, which is
a change like any other. `journal.undone` keeps the order: 0 never undone, a count when it was, -1 neither to be
undone nor redone (nobody asked for it, or time went on), -2 passed over.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from tui_mail.errors import CannotUndo, NotFound
from tui_mail.model import ChangeKind, ChangeState, Role
from tui_mail.store import folders, journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import FOLDER_KINDS, Effect, Recorded
from tui_mail.store.messages import refresh_view

_NEWEST = (
    "SELECT batch FROM journal WHERE undone = 0 AND undo_of IS NULL AND state != 'cancelled' ORDER BY id DESC LIMIT 1"
)

GONE = "The messages are gone from the server."
BACK = "It is as it was before already: another program took it back."


def undo(txn: Transaction, batch: int | None = None) -> int | None:
    """Take an action back, the newest if none is named; returns the batch that does it (or that was cancelled).

    None when there is nothing to take back. Raises CannotUndo and NotFound before anything is changed.
    """
    if batch is None:
        row = txn.sql.execute(_NEWEST).fetchone()
        if row is None:
            return None
        batch = row[0]
    assert batch is not None
    changes = journal.of_batch(txn.sql, batch)
    if not changes:
        raise NotFound(f"There is no action {batch}, or not any more; `tui-mail undo --list` shows what was done.")
    reason = why_not(txn.sql, batch, changes)
    if reason:
        raise CannotUndo(reason)
    for change in changes:
        wanted = {ChangeKind.FOLDER_DELETE: change.effect.name, ChangeKind.FOLDER_RENAME: change.effect.name}
        _check_free(txn.sql, change, wanted.get(change.effect.kind, "") if _may_be_known(change) else "")
    inverse: int | None = None
    for change in reversed(changes):
        inverse = _take_back(txn, change, batch, inverse) or inverse
    if inverse is None and all(_is_carried_out(change) for change in changes):
        raise CannotUndo(BACK if _any_shown(txn.sql, batch) else GONE)
    txn.sql.execute(
        "UPDATE journal SET undone = (SELECT MAX(undone, 0) + 1 FROM (SELECT MAX(undone) AS undone FROM journal))"
        " WHERE batch = ?",
        (batch,),
    )
    return inverse or batch


def next_undo(sql: sqlite3.Connection) -> int | None:
    """The batch that `undo` takes when none is named; None when there is nothing to take back."""
    row = sql.execute(_NEWEST).fetchone()
    return None if row is None else int(row[0])


def pass_over(txn: Transaction) -> None:
    """The newest action cannot be taken back, and the person knows: the next undo takes the one before."""
    txn.sql.execute(f"UPDATE journal SET undone = -2 WHERE batch = ({_NEWEST})")  # noqa: S608


def redo(txn: Transaction) -> int | None:
    """Do again what was undone last, unless something else was done since; returns the new batch or None.

    Raises CannotUndo before anything is changed.
    """
    row = txn.sql.execute(
        "SELECT batch FROM journal WHERE undone > 0 AND undo_of IS NULL ORDER BY undone DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    if _answer_cancelled(txn, row[0]):
        txn.sql.execute("UPDATE journal SET undone = 0 WHERE batch = ?", (row[0],))
        return int(row[0])
    changes = journal.of_batch(txn.sql, row[0])
    for change in changes:
        wanted = {ChangeKind.FOLDER_CREATE: change.effect.name, ChangeKind.FOLDER_RENAME: change.effect.new_name}
        _check_free(txn.sql, change, wanted.get(change.effect.kind, ""))
    batch: int | None = None
    for change in changes:
        batch = _do_again(txn, change, batch) or batch
    txn.sql.execute("UPDATE journal SET undone = -1 WHERE batch = ?", (row[0],))
    return batch


def _answer_cancelled(txn: Transaction, batch: int) -> bool:
    """Drop what takes the batch back and has not been sent, so that the batch stands; False when that cannot be."""
    answers = txn.sql.execute(
        "SELECT id, account_id, state, attempts, kind, target FROM journal WHERE undo_of = ? AND state != 'cancelled'",
        (batch,),
    ).fetchall()
    stands = all(change.state is not ChangeState.CANCELLED for change in journal.of_batch(txn.sql, batch))
    if not answers or not stands or any(state != "queued" or attempts for _, _, state, attempts, _, _ in answers):
        return False
    for id_, account, _, _, kind, target in answers:
        txn.sql.execute("UPDATE journal SET state = 'cancelled' WHERE id = ?", (id_,))
        refresh_view(txn, [item.message_id for item in journal.items_of(txn.sql, id_)])
        txn.lists.add(account)
        if kind == ChangeKind.FOLDER_CREATE:
            folders.forget_unmade(txn, target or 0)
    return True


def why_not(sql: sqlite3.Connection, batch: int, changes: Sequence[Recorded]) -> str:
    """Why a batch cannot be taken back, in one sentence; empty when it can."""
    row = sql.execute("SELECT MAX(undo_of) FROM journal WHERE batch = ?", (batch,)).fetchone()
    if not changes:
        return "There is no such action."
    if row[0] is not None:
        return "This took another action back; redo does that one again."
    if is_undone(sql, batch) or all(change.state is ChangeState.CANCELLED for change in changes):
        return "It has been undone already."
    if _is_of_another_account(sql, batch):
        return "Its messages are on a server now, and the account was not then; what can be undone came later."
    if any(c.effect.kind is ChangeKind.EXPUNGE and _may_be_known(c) for c in changes):
        return "What was deleted for ever cannot come back."
    folder_changes = [change for change in changes if change.effect.kind in FOLDER_KINDS]
    for change in folder_changes:
        if reason := _folder_in_the_way(sql, change):
            return reason
    if not folder_changes and all(_may_be_known(change) for change in changes) and not _any_left(sql, batch):
        return GONE
    return ""


def _is_of_another_account(sql: sqlite3.Connection, batch: int) -> bool:
    """True when one of its messages was given to the account that the server of a former POP3 account has."""
    query = (
        "SELECT 1 FROM journal j JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
        " WHERE j.batch = ? AND m.account_id != j.account_id LIMIT 1"
    )
    return sql.execute(query, (batch,)).fetchone() is not None


def is_undone(sql: sqlite3.Connection, batch: int) -> bool:
    """Whether a batch was taken back."""
    query = "SELECT 1 FROM journal WHERE undo_of = ? AND state != 'cancelled' LIMIT 1"
    return sql.execute(query, (batch,)).fetchone() is not None


def _is_carried_out(change: Recorded) -> bool:
    """Whether the server has done it, or may be about to; else it is only taken off the list of what is to be done."""
    is_open = change.state in (ChangeState.QUEUED, ChangeState.RUNNING)
    return change.state is not ChangeState.FAILED and (not is_open or _may_be_known(change))


def _may_be_known(change: Recorded) -> bool:
    """Whether the server may have carried (some of) it out."""
    return change.attempts > 0


def _any_left(sql: sqlite3.Connection, batch: int) -> bool:
    return (
        sql.execute(
            "SELECT 1 FROM journal j JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
            " WHERE j.batch = ? AND (m.folder_id IS NOT NULL OR m.view_folder IS NOT NULL OR m.lost_since > 1"
            " OR m.unborn) LIMIT 1",
            (batch,),
        ).fetchone()
        is not None
    )


def _any_shown(sql: sqlite3.Connection, batch: int) -> bool:
    query = (
        "SELECT 1 FROM journal j JOIN journal_item i ON i.journal_id = j.id JOIN message m ON m.id = i.message_id"
        " WHERE j.batch = ? AND m.view_folder IS NOT NULL LIMIT 1"
    )
    return sql.execute(query, (batch,)).fetchone() is not None


def _check_free(sql: sqlite3.Connection, change: Recorded, name: str) -> None:
    """No other folder may have the name on the server, also not one that is about to lose it. Raises CannotUndo."""
    other = folders.by_name(sql, change.account, name) if name else None
    if other is not None and other.id != change.effect.target:
        raise CannotUndo(f"The server has yet to let go of the name {name!r}; try again in a moment.", for_now=True)


def _folder_in_the_way(sql: sqlite3.Connection, change: Recorded) -> str:
    effect, state = change.effect, folders.state(sql, change.effect.target or 0)
    if effect.kind is ChangeKind.FOLDER_CREATE and state is not None:
        shown = folders.one_folder(sql, state.id)
        if shown is not None and shown.total and _may_be_known(change):
            return "The folder is no longer empty; delete it instead."
    if effect.kind is ChangeKind.FOLDER_RENAME:
        if state is None:
            return "The folder is gone."
        account = folders.account_name(sql, change.account)
        if any(f.name == effect.name and f.id != state.id for f in folders.all_folders(sql, account)):
            return "There is another folder of the old name now."
    return ""


def _take_back(txn: Transaction, change: Recorded, batch: int, inverse: int | None) -> int | None:
    """Cancel one row or answer it; returns the batch of the answer."""
    items, effect = journal.items_of(txn.sql, change.id), change.effect
    if not _is_carried_out(change):
        txn.sql.execute("UPDATE journal SET state = 'cancelled' WHERE id = ?", (change.id,))
        refresh_view(txn, [item.message_id for item in items])
        txn.lists.add(change.account)
        if effect.kind is ChangeKind.FOLDER_CREATE:
            folders.forget_unmade(txn, effect.target or 0)
    if not _may_be_known(change):
        return None
    verb = f"took back: {change.verb}"
    if effect.kind in FOLDER_KINDS:
        if change.state is ChangeState.FAILED:
            return None
        return journal.record_folder(txn, change.account, _answer(effect), verb, batch=inverse, undo_of=batch)
    homes = defaultdict[int | None, list[int]](list)
    for item in items:
        homes[item.from_folder if effect.kind is ChangeKind.MOVE else None].append(item.message_id)
    for home, group in homes.items():
        if effect.kind in (ChangeKind.COPY, ChangeKind.APPEND):
            answer = Effect(ChangeKind.MOVE, folders.for_role(txn, change.account, Role.TRASH))
        else:
            answer = effect.inverse(home)
        inverse = journal.record(txn, answer, group, verb, batch=inverse, undo_of=batch) or inverse
    return inverse


def _answer(effect: Effect) -> Effect:
    """What takes a change of a folder back."""
    if effect.kind is ChangeKind.FOLDER_CREATE:
        return Effect(ChangeKind.FOLDER_DELETE, effect.target, name=effect.name)
    if effect.kind is ChangeKind.FOLDER_DELETE:
        return Effect(ChangeKind.FOLDER_CREATE, effect.target, name=effect.name)
    return Effect(effect.kind, effect.target, name=effect.new_name, new_name=effect.name)


def _do_again(txn: Transaction, change: Recorded, batch: int | None) -> int | None:
    """One row of what was undone, once more; returns the batch."""
    items, effect = journal.items_of(txn.sql, change.id), change.effect
    if effect.kind in FOLDER_KINDS:
        return journal.record_folder(txn, change.account, effect, change.verb, batch=batch, again=True)
    ids = [item.message_id for item in items]
    if effect.kind not in (ChangeKind.COPY, ChangeKind.APPEND):
        return journal.record(txn, effect, ids, change.verb, batch=batch, again=True)
    unborn = [
        item
        for item in items
        if txn.sql.execute("SELECT 1 FROM message WHERE id = ? AND unborn", (item.message_id,)).fetchone()
    ]
    if unborn:
        batch = journal.write_change(txn, change.account, effect, unborn, change.verb, batch)
    back = Effect(ChangeKind.MOVE, effect.target)
    return journal.record(txn, back, ids, change.verb, batch=batch, again=True) or batch
