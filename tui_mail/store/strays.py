"""Messages that another client moved, and that were seen in their new place before they were missed in their old one.

What belongs here: joining the two rows of such a message: it keeps its id, and what waits to be done to it is done.
What must never be here: messages that turn up after they were missed (`messages.insert`), or that we moved ourselves
(`identity.find_twins`).

An older copy, however alike, is not what was moved: only a row counts that came since all folders were last compared,
or a few times before, because a comparison of all takes a while.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tui_mail.store.database import Transaction
from tui_mail.store.files import meta
from tui_mail.store.identity import Key, absorb, best
from tui_mail.store.many import chunks, marks
from tui_mail.store.stages import UNTOUCHED, copied_into

COMPARISONS = 8
"""What was here so many comparisons of all folders ago is an older copy."""


def note_comparison(txn: Transaction, account: int) -> None:
    """All folders have been compared."""
    newest: int = txn.sql.execute("SELECT COALESCE(MAX(id), 0) FROM message").fetchone()[0]
    noted = [*_noted(txn.sql, account), newest][-COMPARISONS:]
    value = " ".join(map(str, noted))
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"arrivals:{account}", value))


def follow(txn: Transaction, ids: Iterable[int]) -> None:
    """Find those of these lost messages that were seen elsewhere already; the caller refreshes their view.

    Not those that we may have moved ourselves, whose answer was lost: the folder that they went to tells first.
    """
    moving = (
        "SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id WHERE i.message_id = ? AND i.stage < 2"  # noqa: S608
        f" AND i.stage NOT IN {UNTOUCHED} AND j.kind = 'move' AND j.attempts > 0 AND j.state IN ('queued', 'running')"
    )
    find(txn, [id_ for id_ in ids if txn.sql.execute(moving, (id_,)).fetchone() is None])


def find(txn: Transaction, ids: Sequence[int]) -> set[int]:
    """Give lost messages the places of the rows that were made of them elsewhere; returns those that have one now.

    A row in a folder that we sent a copy of the message to is that copy, and not what another client moved.
    """
    found, lost = set[int](), defaultdict[int, list[tuple[int, Key, int]]](list)
    for id_ in ids:
        row = txn.sql.execute(
            "SELECT account_id, msgid_hash, size, internaldate FROM message"
            " WHERE id = ? AND folder_id IS NULL AND uid IS NULL AND NOT unborn",
            (id_,),
        ).fetchone()
        if row is not None:
            lost[row[0]].append((id_, (row[1], row[2]), row[3]))
    for account, messages in lost.items():
        newcomers = _newcomers(txn.sql, account, [key for _, (key, _), _ in messages])
        copied = copied_into(txn.sql, account)
        for id_, key, date in messages:
            alike = [
                (one, its_date)
                for one, its_date, folder in newcomers.get(key, [])
                if one > id_ and id_ not in copied.get(folder, ())
            ]
            if alike:
                twin = best(alike, date)
                newcomers[key] = [one for one in newcomers[key] if one[0] != twin]
                absorb(txn, id_, twin)
                found.add(id_)
    return found


def has_newcomer(sql: sqlite3.Connection, account: int, message_id: int) -> bool:
    """Whether a message that is alike came lately."""
    key, size = sql.execute("SELECT msgid_hash, size FROM message WHERE id = ?", (message_id,)).fetchone()
    return any(id_ > message_id for id_, _, _ in _newcomers(sql, account, [key]).get((key, size), []))


def _noted(sql: sqlite3.Connection, account: int) -> list[int]:
    """The greatest ids at the latest comparisons, oldest first."""
    return [int(word) for word in (meta(sql, f"arrivals:{account}") or "").split()]


def _newcomers(sql: sqlite3.Connection, account: int, hashes: Sequence[int]) -> dict[Key, list[tuple[int, int, int]]]:
    """(id, internaldate, folder_id) of messages of these hashes that came lately, newest first."""
    noted, found = _noted(sql, account), dict[Key, list[tuple[int, int, int]]]()
    since = noted[0] if len(noted) == COMPARISONS else 0
    for chunk in chunks(list(dict.fromkeys(hashes))):
        for id_, key, size, date, folder in sql.execute(
            "SELECT id, msgid_hash, size, internaldate, folder_id FROM message WHERE id > ? AND account_id = ?"  # noqa: S608
            f" AND uid IS NOT NULL AND msgid_hash IN ({marks(chunk)}) ORDER BY id DESC",
            (since, account, *chunk),
        ):
            found.setdefault((key, size), []).append((id_, date, folder))
    return found
