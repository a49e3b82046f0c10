"""Messages that sleep: in a folder of their account, with the moment at which they come back.

What belongs here: putting them there and bringing them back, as changes of the journal. What must never be here: when
that is looked for (sync.alarms), or what a person may type (ui).

What sleeps is an ordinary message in the folder Snoozed with two keywords, `$Snoozed` and one with the moment: any
program can read it there, and any tui_mail of the same mailbox wakes it. Waking is one transaction, which moves the
message out of what is looked at: it happens once, however often the program dies. Two computers that wake the same one
do the same to it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tui_mail.dated import SNOOZED, moment_of, stamp, stamps
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import folders, journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect
from tui_mail.store.many import chunks, marks

MARK = "$Snoozed"
FOLDER = "Snoozed"
WOKE = "came back:"
"""What history says of what woke."""

_SLEEPING = (
    "SELECT m.id, m.view_keywords FROM message m WHERE m.view_folder = ? AND instr(lower(m.view_keywords), 'snoozed-')"
    " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
    "  WHERE i.message_id = m.id AND j.state = 'failed' AND j.verb = ?)"
)
"""Not what the server refused to bring back: a person has to say that it is to be tried again."""


def folder_name(sql: sqlite3.Connection, account: int) -> str:
    """What the folder is called in an account."""
    return folders.prefix(sql, account) + FOLDER


def is_ours(sql: sqlite3.Connection, account: int, name: str) -> bool:
    """Whether a folder is the one in which messages sleep."""
    return name == folder_name(sql, account)


def snooze(txn: Transaction, ids: Iterable[int], until: float) -> int | None:
    """Have messages sleep until a moment (epoch), also those that do already; returns the batch."""
    word, batch = stamp(SNOOZED, until), None
    verb = "snoozed"
    for account, group in _by_account(txn.sql, ids).items():
        name = folder_name(txn.sql, account)
        there = folders.by_name(txn.sql, account, name)
        target = there.id if there is not None else folders.add_unmade(txn, account, name)
        for old, some in _by_stamps(txn.sql, group).items():
            effect = Effect(ChangeKind.FLAGS, add_keywords=f"{MARK} {word}", remove_keywords=_without(old, word))
            batch = journal.record(txn, effect, some, verb, batch=batch) or batch
        batch = journal.record(txn, Effect(ChangeKind.MOVE, target), group, verb, batch=batch) or batch
    return batch


def unsnooze(txn: Transaction, ids: Iterable[int]) -> int | None:
    """Bring messages back now, as read or unread as they are; those that do not sleep stay. Returns the batch."""
    batch = None
    for account, group in _by_account(txn.sql, ids).items():
        there = folders.by_name(txn.sql, account, folder_name(txn.sql, account))
        inbox = folders.by_role(txn.sql, account, Role.INBOX)
        asleep = [id_ for id_ in group if there is not None and _view_folder(txn.sql, id_) == there.id]
        if inbox is not None and asleep:
            batch = forget(txn, asleep, "woke", batch) or batch
            batch = journal.record(txn, Effect(ChangeKind.MOVE, inbox.id), asleep, "woke", batch=batch) or batch
    return batch


def forget(txn: Transaction, ids: Iterable[int], verb: str, batch: int | None) -> int | None:
    """Messages that a person moved elsewhere do not sleep any more; a change of the same batch."""
    for old, some in _by_stamps(txn.sql, list(ids)).items():
        if old:
            effect = Effect(ChangeKind.FLAGS, remove_keywords=f"{MARK} {old}")
            batch = journal.record(txn, effect, some, verb, batch=batch) or batch
    return batch


def due(sql: sqlite3.Connection, now: float) -> list[tuple[int, int, int]]:
    """(account, inbox, message) of what is to wake."""
    found = list[tuple[int, int, int]]()
    for account, folder in _folders(sql):
        inbox = folders.by_role(sql, account, Role.INBOX)
        for id_, keywords in sql.execute(_SLEEPING, (folder, WOKE)).fetchall() if inbox is not None else ():
            moment = moment_of(SNOOZED, keywords.split())
            if moment is not None and moment <= now and inbox is not None:
                found.append((account, inbox.id, id_))
    return found


def next_moment(sql: sqlite3.Connection) -> int | None:
    """When the next message wakes (epoch); None when none sleeps."""
    moments = [
        moment
        for _, folder in _folders(sql)
        for _, keywords in sql.execute(_SLEEPING, (folder, WOKE)).fetchall()
        if (moment := moment_of(SNOOZED, keywords.split())) is not None
    ]
    return min(moments, default=None)


def wake(txn: Transaction, now: float) -> int:
    """Bring back what is due, as unread mail; nothing that undo takes back by itself. Returns how many."""
    groups = defaultdict[tuple[int, int], list[int]](list)
    for account, inbox, id_ in due(txn.sql, now):
        groups[account, inbox].append(id_)
    for (_, inbox), ids in groups.items():
        batch: int | None = None
        for old, some in _by_stamps(txn.sql, ids).items():
            effect = Effect(ChangeKind.FLAGS, remove=Flag.SEEN, remove_keywords=f"{MARK} {old}")
            batch = journal.record(txn, effect, some, WOKE, batch=batch, undoable=False) or batch
        batch = journal.record(txn, Effect(ChangeKind.MOVE, inbox), ids, WOKE, batch=batch, undoable=False) or batch
        if batch is not None:
            journal.pass_over(txn, batch)
    return sum(len(ids) for ids in groups.values())


def _folders(sql: sqlite3.Connection) -> list[tuple[int, int]]:
    """(account, folder) of every folder in which messages sleep, and of which one has any."""
    rows = sql.execute(
        "SELECT account_id, id, name FROM folder WHERE (name = ?1 OR name LIKE '%' || ?1) AND total > 0", (FOLDER,)
    ).fetchall()
    return [(account, id_) for account, id_, name in rows if is_ours(sql, account, name)]


def _by_account(sql: sqlite3.Connection, ids: Iterable[int]) -> dict[int, list[int]]:
    found = defaultdict[int, list[int]](list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        for id_, account in sql.execute(
            f"SELECT id, account_id FROM message WHERE view_folder IS NOT NULL AND id IN ({marks(chunk)})",  # noqa: S608
            chunk,
        ):
            found[account].append(id_)
    return found


def _by_stamps(sql: sqlite3.Connection, ids: Sequence[int]) -> dict[str, list[int]]:
    """Messages by the moments that they carry: undo gives every one its own back."""
    found = defaultdict[str, list[int]](list)
    for chunk in chunks(list(ids)):
        for id_, keywords in sql.execute(
            f"SELECT id, view_keywords FROM message WHERE id IN ({marks(chunk)})",  # noqa: S608
            chunk,
        ):
            found[" ".join(stamps(SNOOZED, keywords.split()))].append(id_)
    return found


def _without(words: str, word: str) -> str:
    return " ".join(one for one in words.split() if one != word)


def _view_folder(sql: sqlite3.Connection, id_: int) -> int | None:
    row = sql.execute("SELECT view_folder FROM message WHERE id = ?", (id_,)).fetchone()
    return None if row is None else row[0]
