"""The journal from the server's side: which change is due, for which messages, and what the server did with it.

What belongs here: what replay reads and reports. Each report is one transaction that moves the journal and the
server's truth (`message.folder_id, uid, flags`) together, so a crash between two commands repeats only what was
not reported. What must never be here: what a person did (journal).
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from tui_mail.model import ChangeKind, Flag
from tui_mail.records import frozen
from tui_mail.store import folders, keeping, labels, sought, strays
from tui_mail.store.database import Transaction
from tui_mail.store.identity import Likeness, absorb
from tui_mail.store.journal import FOLDER_KINDS, Effect, is_own_upload
from tui_mail.store.many import marks
from tui_mail.store.messages import refresh_view, with_keywords
from tui_mail.store.stages import Stage


@frozen
class Due:
    """A change that waits for the server."""

    id: int
    effect: Effect
    attempts: int


@frozen
class DueItem:
    """One message of a change, and where the server has it now (`uid` None: not known yet)."""

    change_id: int
    message_id: int
    folder_id: int | None
    uid: int | None
    stage: Stage
    probe: int
    key: tuple[int, int]
    """Its identity (identity.Key)."""
    from_folder: int | None
    """Where it was displayed when the change was made."""
    lost_since: int
    source: int | None = None
    """COPY: the message that this one is a copy of."""


GONE_BEFORE = "Its messages had been deleted elsewhere before, so there was nothing left to do."
"""Noted of a change that is done because of that."""
_OPEN = "account_id = ? AND state IN ('queued', 'running')"
_BEFORE = (
    "EXISTS (SELECT 1 FROM journal_item mine JOIN journal_item other ON {} JOIN journal earlier"
    " ON earlier.id = other.journal_id WHERE mine.journal_id = j.id AND mine.stage < 2"
    " AND earlier.id < j.id AND earlier.state IN ('queued', 'running'))"
)
_FOLDERS_IN_ORDER = (
    "NOT EXISTS (SELECT 1 FROM journal earlier WHERE earlier.account_id = j.account_id AND earlier.id < j.id"
    " AND earlier.state IN ('queued', 'running') AND (earlier.kind LIKE 'folder%' OR j.kind LIKE 'folder%'))"
)
_ALIKE = ("other.message_id = mine.message_id", "other.source = mine.message_id", "other.message_id = mine.source")
_FREE = " AND ".join([f"NOT {_BEFORE.format(same)}" for same in _ALIKE] + [_FOLDERS_IN_ORDER])
"""No earlier change that still waits speaks of a message of this one or copies it, and none of folders is under way."""
_READY = "NOT EXISTS (SELECT 1 FROM journal first WHERE first.id = j.after AND first.state != 'done')"
"""The change that this one builds on has been carried out: the older version of a draft goes after the newer came."""
_WHAT = "id, attempts, kind, target, add_flags, remove_flags, add_keywords, remove_keywords, name, new_name, next_try"
COMPANIONS = 200
"""Most changes that are carried out as one."""


def next_due(sql: sqlite3.Connection, account: int, now: float) -> Due | None:
    """The oldest change of an account that can go out; None while there is none.

    Changes of one message go out in the order in which they were made, because later ones build on earlier ones.
    One that has to wait holds up no change of other messages.
    """
    row = sql.execute(
        f"SELECT {_WHAT}, {_READY} FROM journal j WHERE {_OPEN} ORDER BY id LIMIT 1",  # noqa: S608
        (account,),
    ).fetchone()
    if row is not None and (row[-2] > now or not row[-1]):
        row = sql.execute(
            f"SELECT {_WHAT}, 1 FROM journal j WHERE {_OPEN} AND next_try <= ? AND {_FREE} AND {_READY}"  # noqa: S608
            " ORDER BY id LIMIT 1",
            (account, now),
        ).fetchone()
    return None if row is None else _due(row[:-1])


def companions(sql: sqlite3.Connection, account: int, first: Due) -> list[Due]:
    """Later changes that do the same to other messages, and can go out together with `first`.

    A hundred messages archived one by one are one command. None may overtake a change of one of its messages, also
    not one before `first` that has to wait.
    """
    if first.effect.kind not in (ChangeKind.FLAGS, ChangeKind.MOVE) or first.attempts:
        return []
    found, behind = list[Due](), set[int]()
    for (waiting,) in sql.execute(f"SELECT id FROM journal WHERE {_OPEN} AND id < ?", (account, first.id)).fetchall():  # noqa: S608
        behind.update(_touched(sql, waiting))
    for row in sql.execute(
        f"SELECT {_WHAT} FROM journal j WHERE {_OPEN} AND id > ? ORDER BY id LIMIT {COMPANIONS}",  # noqa: S608
        (account, first.id),
    ).fetchall():
        due = _due(row)
        if due.effect.kind in FOLDER_KINDS:
            break
        ids = _touched(sql, due.id)
        if due.effect == first.effect and due.attempts == 0 and behind.isdisjoint(ids):
            found.append(due)
        else:
            behind.update(ids)
    return found


def _due(row: tuple[int, int, str, int | None, int, int, str, str, str, str, int]) -> Due:
    id_, attempts, kind, target, add, remove, *words, _ = row
    return Due(id_, Effect(ChangeKind(kind), target, Flag(add), Flag(remove), *words), attempts)


def next_due_time(sql: sqlite3.Connection, account: int) -> int | None:
    """When a change of an account can go out next (epoch); None when nothing waits."""
    row = sql.execute(
        f"SELECT next_try, {_READY} FROM journal j WHERE {_OPEN} ORDER BY id LIMIT 1",  # noqa: S608
        (account,),
    ).fetchone()
    if row is not None and (row[0] > time.time() or not row[1]):
        row = sql.execute(
            f"SELECT MIN(next_try) FROM journal j WHERE {_OPEN} AND {_FREE} AND {_READY}",  # noqa: S608
            (account,),
        ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def due_items(sql: sqlite3.Connection, change_id: int) -> list[DueItem]:
    """The messages of a change that the server has not confirmed, with their places there (COPY: of what is copied).

    The message itself may be gone from the store: then it has no folder and `lost_since` is 0.
    """
    return [
        DueItem(change_id, id_, folder_id, uid, Stage(stage), probe, (key, size), from_folder, lost_since, source)
        for id_, folder_id, uid, stage, probe, key, size, from_folder, lost_since, source in sql.execute(
            "SELECT i.message_id, m.folder_id, m.uid, i.stage, i.probe, COALESCE(m.msgid_hash, 0),"
            " COALESCE(m.size, 0), i.from_folder, COALESCE(m.lost_since, 0), i.source"
            " FROM journal_item i LEFT JOIN message m ON m.id = COALESCE(i.source, i.message_id)"
            " WHERE i.journal_id = ? AND i.stage < 2",
            (change_id,),
        )
    ]


def begin(txn: Transaction, change_id: int, next_try: int = 0) -> bool:
    """The change is about to be sent: from now on the server may know it. False when it was taken back meanwhile.

    `next_try` is when to send it again should the line break.
    """
    cursor = txn.sql.execute(
        "UPDATE journal SET state = 'running', attempts = attempts + 1, next_try = ?"
        " WHERE id = ? AND state IN ('queued', 'running')",
        (next_try, change_id),
    )
    return cursor.rowcount > 0


def give_up(txn: Transaction, account: int, before: int) -> int:
    """Let go of waiting changes of messages that are gone: lost before `before` (epoch), and found nowhere since.

    What is left of those changes is due at once. Returns how many there are. A message that was never made here is
    gone too when nobody makes it any more. What was sent and could not be found by its UID is found first, or not.
    """
    settled = sought.decide(txn, account, before)
    txn.sql.executemany("UPDATE journal SET next_try = 0 WHERE id = ?", ((id_,) for id_ in settled))
    missing = txn.sql.execute(
        "SELECT i.journal_id, i.message_id, COALESCE(i.source, i.message_id) FROM journal j"
        " JOIN journal_item i ON i.journal_id = j.id LEFT JOIN message m ON m.id = COALESCE(i.source, i.message_id)"
        " WHERE j.account_id = ? AND j.state IN ('queued', 'running')"
        " AND i.stage < 2 AND m.folder_id IS NULL AND COALESCE(m.lost_since, 0) < ?"
        " AND NOT (COALESCE(m.unborn, 0) AND EXISTS (SELECT 1 FROM journal_item b JOIN journal birth"
        "  ON birth.id = b.journal_id WHERE b.message_id = m.id AND b.stage < 2 AND birth.kind IN ('copy', 'append')"
        "  AND birth.state IN ('queued', 'running')))",
        (account, before),
    ).fetchall()
    found = strays.find(txn, list({where for _, _, where in missing}))
    strays.note_comparison(txn, account)
    found |= sought.take_copies(txn, [(id_, where) for id_, _, where in missing if where not in found])
    refresh_view(txn, found)
    due_now = {(id_,) for id_, _, _ in missing}
    rows = [(id_, message_id) for id_, message_id, where in missing if where not in found]
    txn.sql.executemany("UPDATE journal_item SET stage = 2 WHERE journal_id = ? AND message_id = ?", rows)
    txn.sql.executemany("UPDATE journal SET next_try = 0 WHERE id = ?", due_now)
    refresh_view(txn, {id_ for _, id_ in rows})
    for change_id, count in Counter(id_ for id_, _ in rows).items():  # if that is all that it was about
        txn.sql.execute(
            "UPDATE journal SET error = ? WHERE id = ? AND kind != 'copy'"
            " AND (SELECT COUNT(*) FROM journal_item WHERE journal_id = journal.id) = ?",
            (GONE_BEFORE, change_id, count),
        )
    for (id_,) in txn.sql.execute(
        "SELECT DISTINCT j.id FROM journal j JOIN journal_item i ON i.journal_id = j.id JOIN message m"  # noqa: S608
        f" ON m.id = i.message_id WHERE j.kind = 'copy' AND m.unborn AND j.id IN ({marks(rows)})",
        [id_ for id_, _ in rows],
    ).fetchall():
        fail(txn, id_, "The message was deleted elsewhere before it could be copied.")
    return len(settled | {id_ for (id_,) in due_now})


def set_stage(
    txn: Transaction, items: Iterable[DueItem], stage: Stage, *, probe: int | None = None, next_try: int | None = None
) -> None:
    """How far the server has carried changes out for these messages.

    `next_try`: should the answer to what is sent now be lost, the change waits until then.
    """
    items = list(items)
    txn.sql.executemany(
        "UPDATE journal_item SET stage = ?, probe = COALESCE(?, probe) WHERE journal_id = ? AND message_id = ?",
        ((stage, probe, item.change_id, item.message_id) for item in items),
    )
    if next_try is not None:
        changes = {(next_try, item.change_id) for item in items}
        txn.sql.executemany("UPDATE journal SET next_try = ? WHERE id = ?", changes)


def moved(txn: Transaction, target: int, places: Iterable[tuple[DueItem, int | None]]) -> None:
    """Messages are in `target` now: (message, UID there, or None when the server did not say)."""
    done, given, stand_ins = list[DueItem](), set[int](), list[int]()
    for item, told in places:
        id_ = item.message_id
        uid = None if told in given else told  # no two messages have one UID, whatever the server says
        if uid is None and (same := labels.twin_in(txn.sql, id_, target)) is not None:
            uid = same[1]
        twin = txn.sql.execute(
            "SELECT id, msgid_hash, size FROM message WHERE folder_id = ? AND uid = ? AND id != ?",
            (target, uid, id_),
        ).fetchone()
        mine = txn.sql.execute("SELECT msgid_hash, size, unborn FROM message WHERE id = ?", (id_,)).fetchone()
        txn.outgoing |= mine is not None and bool(mine[2]) and is_own_upload(txn.sql, item.change_id)
        if twin is not None and mine is not None:
            if Likeness(*mine[:2]).may_be(Likeness(*twin[1:])):
                absorb(txn, id_, twin[0])  # what a sync of the target saw first is the same message
            else:
                uid = None  # it is another message, whatever the server says
        if uid is not None:
            given.add(uid)
        kept = labels.place_kept(txn.sql, id_, target)
        txn.sql.execute(
            "UPDATE message SET folder_id = ?, uid = ?, lost_since = ?, unborn = 0 WHERE id = ? AND NOT"
            " (folder_id IS ? AND uid IS NOT NULL)",
            (target, uid, 0 if uid else int(time.time()), id_, target),
        )
        if kept is not None:
            stand_ins.append(labels.leave_stand_in(txn, id_, *kept))
        done.append(item)
    set_stage(txn, done, Stage.DONE)
    refresh_view(txn, [*(item.message_id for item in done), *stand_ins])


def flagged(txn: Transaction, effect: Effect, items: Sequence[DueItem]) -> None:
    """The server changed the flags of messages."""
    ids = [item.message_id for item in items]
    ids += labels.others(txn.sql, ids)
    for id_ in ids:
        row = txn.sql.execute("SELECT flags, keywords FROM message WHERE id = ?", (id_,)).fetchone()
        if row is not None:
            words = with_keywords(row[1], effect.add_keywords, effect.remove_keywords)
            flags = row[0] & ~effect.remove | effect.add
            txn.sql.execute("UPDATE message SET flags = ?, keywords = ? WHERE id = ?", (int(flags), words, id_))
    keeping.let_go(txn, ids, effect.remove_keywords)
    set_stage(txn, items, Stage.DONE)
    refresh_view(txn, ids)


def expunged(txn: Transaction, items: Sequence[DueItem]) -> None:
    """The server deleted messages for ever."""
    ids = [item.message_id for item in items]
    set_stage(txn, items, Stage.DONE)
    txn.sql.executemany(
        "UPDATE message SET folder_id = NULL, uid = NULL, lost_since = 1 WHERE id = ?", ((id_,) for id_ in ids)
    )
    refresh_view(txn, ids)


def finish(txn: Transaction, change_id: int) -> None:
    """Nothing of the change is left to do; it is remembered when nothing could be done."""
    txn.sql.execute(
        "UPDATE journal SET state = 'done', error = CASE error WHEN ?1 THEN ?1 ELSE '' END WHERE id = ?2",
        (GONE_BEFORE, change_id),
    )
    refresh_view(txn, _messages(txn.sql, change_id))


def postpone(txn: Transaction, change_id: int, until: int) -> None:
    """The server asked to come back later."""
    txn.sql.execute("UPDATE journal SET state = 'queued', next_try = ? WHERE id = ?", (until, change_id))


def fail(txn: Transaction, change_id: int, sentence: str) -> None:
    """The server refused; what is shown goes back to what the server has."""
    txn.sql.execute("UPDATE journal SET state = 'failed', error = ? WHERE id = ?", (sentence[:500], change_id))
    refresh_view(txn, _messages(txn.sql, change_id))
    _show_folders(txn, change_id)
    for (later,) in txn.sql.execute(
        "SELECT id FROM journal WHERE after = ? AND state = 'queued'", (change_id,)
    ).fetchall():
        fail(txn, later, sentence)


def _show_folders(txn: Transaction, change_id: int) -> None:
    """A change of a folder went another way: the tree is to be shown anew, without a folder that was not made."""
    kind, account, target = txn.sql.execute(
        "SELECT kind, account_id, target FROM journal WHERE id = ?", (change_id,)
    ).fetchone()
    if kind in FOLDER_KINDS:
        txn.lists.add(account)
        if kind == ChangeKind.FOLDER_CREATE:
            folders.forget_unmade(txn, target or 0)


def retry_failed(txn: Transaction, account: int | None = None) -> int:
    """Queue what failed again, and let everything that waits for its time go now; returns how many had failed."""
    txn.sql.execute(
        "UPDATE journal SET next_try = 0 WHERE state IN ('queued', 'running') AND (?1 IS NULL OR account_id = ?1)",
        (account,),
    )
    rows = txn.sql.execute(
        "SELECT id FROM journal WHERE state = 'failed' AND (?1 IS NULL OR account_id = ?1)", (account,)
    ).fetchall()
    for (id_,) in rows:
        txn.sql.execute("UPDATE journal SET state = 'queued', next_try = 0, error = '' WHERE id = ?", (id_,))
        refresh_view(txn, _messages(txn.sql, id_))
        _make_again(txn, id_)
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


def _touched(sql: sqlite3.Connection, change_id: int) -> list[int]:
    """The messages of a change, and those that it copies."""
    pairs = sql.execute("SELECT message_id, source FROM journal_item WHERE journal_id = ?", (change_id,)).fetchall()
    return [id_ for pair in pairs for id_ in pair if id_ is not None]


def _messages(sql: sqlite3.Connection, change_id: int) -> list[int]:
    return [r[0] for r in sql.execute("SELECT message_id FROM journal_item WHERE journal_id = ?", (change_id,))]


def _make_again(txn: Transaction, change_id: int) -> None:
    """A folder that was refused is to be made after all: it is shown again, under the id that changes know it by."""
    kind, account, target, name = txn.sql.execute(
        "SELECT kind, account_id, target, name FROM journal WHERE id = ?", (change_id,)
    ).fetchone()
    if kind in FOLDER_KINDS:
        txn.lists.add(account)
    if (
        kind == ChangeKind.FOLDER_CREATE
        and folders.state(txn.sql, target or 0) is None
        and folders.by_name(txn.sql, account, name) is None
    ):
        folders.add_unmade(txn, account, name, id_=target)
