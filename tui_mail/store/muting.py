"""Muted conversations: what comes to them counts as read.

What belongs here: which they are, and marking what comes to them. What must never be here: what a conversation is
(threads).

It is known on this computer only: many servers keep no keywords of one's own. That a message is read, every one keeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from tui_mail.model import ChangeKind, Flag
from tui_mail.store import journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect


def mute(txn: Transaction, message_id: int, *, muted: bool) -> None:
    """Mute the conversation of a message, or no longer; the lists of its folders are told."""
    row = txn.sql.execute("SELECT thread FROM message WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        return
    txn.sql.execute("INSERT OR IGNORE INTO muted VALUES (?)" if muted else "DELETE FROM muted WHERE thread = ?", row)
    query = (
        "SELECT DISTINCT view_folder FROM message"
        " WHERE id = ? OR id IN (SELECT message_id FROM member WHERE thread = ?)"
    )
    for (folder,) in txn.sql.execute(query, (message_id, *row)).fetchall():
        txn.count(folder, 0, 0)


def newest(txn: Transaction) -> int:
    """The id of the message that was stored last."""
    row = txn.sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    return 0 if row is None else int(row[0])


def hush_after(txn: Transaction, message_id: int) -> None:
    """The same for every message that was stored after this one."""
    hush(txn, [row[0] for row in txn.sql.execute("SELECT id FROM message WHERE id > ?", (message_id,))])


def hush(txn: Transaction, ids: Iterable[int]) -> None:
    """Mark these messages, which just came, as read where they belong to a muted conversation; for the server too."""
    if txn.sql.execute("SELECT 1 FROM muted LIMIT 1").fetchone() is None:
        return
    query = (
        "SELECT id FROM message WHERE id IN (SELECT value FROM json_each(?)) AND NOT view_flags & ?"
        " AND thread IN (SELECT thread FROM muted)"
    )
    unread = [row[0] for row in txn.sql.execute(query, (json.dumps(list(ids)), int(Flag.SEEN)))]
    effect = Effect(ChangeKind.FLAGS, None, Flag.SEEN)
    journal.record(txn, effect, unread, "came muted:", undoable=False)
