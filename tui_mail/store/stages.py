"""How far the server has carried out a change for one of its messages, as `journal_item.stage` and `probe` keep it.

What belongs here: the stages, and what becomes of them when the UIDs of a folder lose their meaning. What must never
be here: what a stage leads to (due, sync).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from enum import IntEnum

from tui_mail.store.database import Transaction


class Stage(IntEnum):
    """Below DONE there is something left to do."""

    SOUGHT = -2
    """A copy or an upload was sent, and what came of it may be in any folder: looked for since `probe` (epoch)."""
    SENT = -1
    """A copy or an upload was sent; what came of it has the UID `probe` in the target, or a higher one.

    A move in two steps is here until its original is being removed: nothing of ours has touched that.
    """
    TODO = 0
    """Nothing was sent, or what may be repeated: a UID MOVE, whose work has UIDs from `probe` on."""
    REMOVING = 1
    """A move in two steps: the copy is in the target, and the original is being removed."""
    DONE = 2


UNTOUCHED = f"({Stage.SOUGHT:d}, {Stage.SENT:d})"
"""For SQL: a message that is being moved and is lost was not taken away by us."""


def forget_probes(txn: Transaction, folder_id: int) -> None:
    """UIDs of a folder mean nothing any more: what was sent into it is no longer found by them.

    Also what the server refused meanwhile, for that may be tried again.
    """
    txn.sql.execute(
        "UPDATE journal_item SET stage = ?, probe = ? WHERE probe > 0 AND journal_id IN"
        " (SELECT id FROM journal WHERE target = ? AND state IN ('queued', 'running', 'failed'))"
        " AND (stage = ? OR stage = ? AND journal_id IN (SELECT id FROM journal WHERE kind IN ('copy', 'append')))",
        (Stage.SOUGHT, int(time.time()), folder_id, Stage.SENT, Stage.TODO),
    )


def forget_moves(txn: Transaction, ids: Iterable[int]) -> None:
    """These messages are not where a UID MOVE was sent for them: what is found of them elsewhere is not half moved."""
    moves = "SELECT id FROM journal WHERE kind = 'move' AND state IN ('queued', 'running', 'failed')"
    txn.sql.executemany(
        "UPDATE journal_item SET probe = 0 WHERE message_id = ? AND stage = ? AND probe > 0"  # noqa: S608
        f" AND journal_id IN ({moves})",
        ((id_, Stage.TODO) for id_ in ids),
    )


def copied_into(sql: sqlite3.Connection, account: int) -> dict[int, set[int]]:
    """By folder: messages of which a copy was sent into it that may be there. What turns up there is that copy."""
    found = dict[int, set[int]]()
    for target, id_ in sql.execute(
        "SELECT j.target, COALESCE(i.source, i.message_id) FROM journal j JOIN journal_item i ON i.journal_id = j.id"  # noqa: S608
        f" WHERE j.account_id = ? AND j.state IN ('queued', 'running') AND j.kind IN ('move', 'copy')"
        f" AND i.stage IN {UNTOUCHED}",
        (account,),
    ):
        found.setdefault(target, set()).add(id_)
    return found
