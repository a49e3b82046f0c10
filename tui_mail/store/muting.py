"""Muted conversations: what comes to them counts as read.

What belongs here: finding it, and writing that it is read, for the server too. What must never be here: muting; that
is a keyword like any other, which a person sets on the messages of a conversation.
"""

from __future__ import annotations

from tui_mail.model import ChangeKind, Flag
from tui_mail.store import journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect

MUTED = "$Muted"


def hush(txn: Transaction, folder_id: int) -> bool:
    """Mark what came to muted conversations as read, and as muted; True when something did.

    Costs as much as there are muted messages. What a person marks as unread again stays so: it has the keyword.
    """
    ids = [
        row[0]
        for row in txn.sql.execute(
            "SELECT DISTINCT m.id FROM message k CROSS JOIN member t ON t.thread = k.thread"
            " CROSS JOIN message m ON m.id = t.message_id"
            " WHERE instr(lower(k.view_keywords), '$muted') > 0 AND k.account_id = m.account_id AND m.view_folder = ?"
            " AND NOT m.view_flags & ? AND instr(lower(m.view_keywords), '$muted') = 0",
            (folder_id, int(Flag.SEEN)),
        )
    ]
    effect = Effect(ChangeKind.FLAGS, None, Flag.SEEN, Flag.NONE, MUTED, "")
    return journal.record(txn, effect, ids, "muted", undoable=False) is not None
