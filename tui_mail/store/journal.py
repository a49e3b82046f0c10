"""Every action of a person, as durable rows: what is to be done on the server, for which messages.

What belongs here: recording an action with its local effect in one transaction. Taking back is `undoing`, telling
of it `history`, the server's side of the same tables `due`. What must never be here: talking to servers.

A change names messages, not UIDs: where a message is on the server is looked up when the change is replayed,
so it cannot hit another message after a move or a UIDVALIDITY change. A copy or an upload is a message of its own
from the first moment, which the server has yet to hear of (`message.unborn`).
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tui_mail.model import ChangeKind, ChangeState, Flag
from tui_mail.records import frozen
from tui_mail.store import folders, labels
from tui_mail.store.database import Transaction
from tui_mail.store.many import chunks, marks
from tui_mail.store.messages import refresh_view, with_keywords
from tui_mail.store.unborn import copy_unborn

FOLDER_KINDS = (ChangeKind.FOLDER_CREATE, ChangeKind.FOLDER_RENAME, ChangeKind.FOLDER_DELETE)
OWN_UPLOAD = "j.kind = 'append' AND (j.undone = -1 OR j.verb = 'kept as draft:')"
"""For SQL: a Sent copy or a draft is uploaded; what a person imports is on this disk elsewhere, too."""


@frozen
class Effect:
    """What a change does to each of its messages, or to a folder."""

    kind: ChangeKind
    target: int | None = None
    """MOVE, COPY, APPEND: the folder to go to. FOLDER_*: the folder that it is about."""
    add: Flag = Flag.NONE
    remove: Flag = Flag.NONE
    add_keywords: str = ""
    remove_keywords: str = ""
    """FLAGS: keywords, parted by spaces."""
    name: str = ""
    """FOLDER_*: what the folder is called…"""
    new_name: str = ""
    """…and FOLDER_RENAME: is to be called."""

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


@frozen
class Item:
    """One message of a change."""

    message_id: int
    from_folder: int | None
    source: int | None = None
    """COPY: the message that it is a copy of."""


@frozen
class Recorded:
    """One row of the journal, as it was written."""

    id: int
    account: int
    effect: Effect
    state: ChangeState
    verb: str
    attempts: int


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
    """Write an action on messages and its local effect; messages that it would not change are left out.

    A new action (no `undo_of`, not `again`) leaves nothing to be redone. Returns the batch (the given one, or a new
    one), None when there was nothing to do. What is not `undoable` is what nobody asked for: marking read what was
    opened. Messages of several accounts become one change each; the caller sees to
    it that a move stays inside its account.
    """
    touched = defaultdict[int, list[Item]](list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        for id_, account, folder, flags, keywords in txn.sql.execute(
            "SELECT id, account_id, view_folder, view_flags, view_keywords FROM message"  # noqa: S608
            f" WHERE id IN ({marks(chunk)})",
            chunk,
        ):
            if folder is None and undo_of is not None:
                folder = labels.hidden_in(txn.sql, id_)
            if effect.changes(folder, flags, keywords):
                touched[account].append(Item(id_, folder))
    if touched and undo_of is None and undoable and not again:
        _nothing_to_redo(txn)
    for account, items in touched.items():
        batch = write_change(txn, account, effect, items, verb, batch, undo_of=undo_of, undoable=undoable)
    return batch if touched else None


def record_copies(txn: Transaction, account: int, target: int, ids: Iterable[int], verb: str) -> int | None:
    """Copy displayed messages of an account to another folder of it; returns the batch, None when there are none.

    The copies are displayed at once; the items of the batch are the copies.
    """
    items = list[Item]()
    for id_ in dict.fromkeys(ids):
        row = txn.sql.execute(
            "SELECT view_folder FROM message WHERE id = ? AND account_id = ? AND view_folder IS NOT NULL",
            (id_, account),
        ).fetchone()
        if row is not None and row[0] != target:
            items.append(Item(copy_unborn(txn, id_), row[0], id_))
    if not items:
        return None
    _nothing_to_redo(txn)
    return write_change(txn, account, Effect(ChangeKind.COPY, target), items, verb, None)


def record_upload(
    txn: Transaction, account: int, target: int, message_id: int, verb: str, batch: int | None = None
) -> int | None:
    """Store an unborn message (see `unborn.insert_unborn`) in a folder of the server; None when it is gone."""
    if txn.sql.execute("SELECT 1 FROM message WHERE id = ? AND unborn", (message_id,)).fetchone() is None:
        return None
    _nothing_to_redo(txn)
    return write_change(txn, account, Effect(ChangeKind.APPEND, target), [Item(message_id, None)], verb, batch)


def record_folder(
    txn: Transaction,
    account: int,
    effect: Effect,
    verb: str,
    *,
    batch: int | None = None,
    undo_of: int | None = None,
    again: bool = False,
) -> int:
    """Make, rename or delete a folder; a new one is there at once, the others are shown as they will be."""
    if undo_of is None and not again:
        _nothing_to_redo(txn)
    is_there = effect.target is not None and folders.state(txn.sql, effect.target) is not None
    if effect.kind is ChangeKind.FOLDER_CREATE and not is_there:
        existing = folders.by_name(txn.sql, account, effect.name)
        made = existing.id if existing else folders.add_unmade(txn, account, effect.name, id_=effect.target)
        effect = Effect(effect.kind, made, name=effect.name)
    txn.lists.add(account)
    return write_change(txn, account, effect, [], verb, batch, undo_of=undo_of)


def write_change(
    txn: Transaction,
    account: int,
    effect: Effect,
    items: Sequence[Item],
    verb: str,
    batch: int | None,
    *,
    undo_of: int | None = None,
    undoable: bool = True,
) -> int:
    """One row of the journal with its items, and what they do to the view; returns the batch."""
    cursor = txn.sql.execute(
        "INSERT INTO journal (account_id, batch, kind, state, target, add_flags, remove_flags, add_keywords,"
        " remove_keywords, name, new_name, verb, undo_of, undone, created)"
        " VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account,
            batch or 0,
            effect.kind,
            effect.target,
            int(effect.add),
            int(effect.remove),
            effect.add_keywords,
            effect.remove_keywords,
            effect.name,
            effect.new_name,
            verb,
            undo_of,
            0 if undoable else -1,
            int(time.time()),
        ),
    )
    change_id = cursor.lastrowid
    assert change_id is not None
    if batch is None:
        batch = change_id
        txn.sql.execute("UPDATE journal SET batch = ? WHERE id = ?", (batch, change_id))
    txn.sql.executemany(
        "INSERT INTO journal_item (journal_id, message_id, from_folder, source) VALUES (?, ?, ?, ?)",
        ((change_id, item.message_id, item.from_folder, item.source) for item in items),
    )
    refresh_view(txn, [item.message_id for item in items])
    txn.outgoing |= is_own_upload(txn.sql, change_id)
    return batch


def is_own_upload(sql: sqlite3.Connection, change_id: int) -> bool:
    """Whether a change uploads what was written here and is nowhere else (OWN_UPLOAD)."""
    return sql.execute(f"SELECT 1 FROM journal j WHERE id = ? AND {OWN_UPLOAD}", (change_id,)).fetchone() is not None  # noqa: S608


def pass_over(txn: Transaction, batch: int) -> None:
    """Nobody pressed a key for this: undo takes it back when it is named, and history tells of it."""
    txn.sql.execute("UPDATE journal SET undone = -2 WHERE batch = ?", (batch,))


def of_batch(sql: sqlite3.Connection, batch: int) -> list[Recorded]:
    """The rows of a batch in the order in which they were written."""
    return [
        Recorded(
            id_,
            account,
            Effect(ChangeKind(kind), target, Flag(add), Flag(remove), *words),
            ChangeState(state),
            verb,
            tries,
        )
        for id_, account, state, verb, tries, kind, target, add, remove, *words in sql.execute(
            "SELECT id, account_id, state, verb, attempts, kind, target, add_flags, remove_flags, add_keywords,"
            " remove_keywords, name, new_name FROM journal WHERE batch = ? ORDER BY id",
            (batch,),
        ).fetchall()
    ]


def items_of(sql: sqlite3.Connection, change_id: int) -> list[Item]:
    """The messages of one row."""
    return [
        Item(*row)
        for row in sql.execute(
            "SELECT message_id, from_folder, source FROM journal_item WHERE journal_id = ?", (change_id,)
        )
    ]


def copies_of_bodies(sql: sqlite3.Connection, batch: int) -> list[tuple[int, int]]:
    """(copy, what it is a copy of), where the octets of the latter are here."""
    return sql.execute(
        "SELECT i.message_id, i.source FROM journal j JOIN journal_item i ON i.journal_id = j.id"
        " JOIN message m ON m.id = i.source WHERE j.batch = ? AND m.has_body = 1",
        (batch,),
    ).fetchall()


def _nothing_to_redo(txn: Transaction) -> None:
    txn.sql.execute("UPDATE journal SET undone = -1 WHERE undone > 0")
