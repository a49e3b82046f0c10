"""What must not happen when a store comes back from a backup: what waited then may have been done since.

What belongs here: turning "is to be done" into a question. What must never be here: copying files (backup).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from tui_mail.store import due
from tui_mail.store.database import Transaction
from tui_mail.store.delivery import change, copy_seen_to
from tui_mail.store.files import migrate_mail, open_for_writing

_UNSENT = (
    "This waited to be sent when the backup was made, and may have been sent since. It is not sent by itself: look"
    " among your sent mail, then send it again or mark it as sent."
)
_UNFILED = "it was about to be filed when the backup was made"
_UNDONE = "This waited when the backup was made, and may have been done since. Retry it if it is still to be done."


def quieted(mail: Path, local: Collection[str]) -> None:
    """Have a mail.db out of a backup send nothing, and tell servers nothing, that nobody asks for again.

    Changes of the `local` accounts go on: there is no server that could have been told.
    """
    with contextlib.closing(open_for_writing(mail)) as sql:
        migrate_mail(sql)
        txn = Transaction(sql)
        sql.execute("BEGIN IMMEDIATE")
        sql.execute(
            "UPDATE outbox_recipient SET state = 'unknown' WHERE state IN ('waiting', 'deferred') AND outbox_id IN"
            " (SELECT id FROM outbox WHERE state IN ('queued', 'sending'))"
        )
        change(txn, "state = 'unknown', error = ?", "state IN ('queued', 'sending')", _UNSENT)
        for id_, account in sql.execute(
            "SELECT o.id, a.name FROM outbox o JOIN account a ON a.id = o.account_id WHERE o.copy_state = 'wanted'"
        ).fetchall():
            if account not in local:
                copy_seen_to(txn, id_, _UNFILED)
        for id_, account in sql.execute(
            "SELECT j.id, a.name FROM journal j JOIN account a ON a.id = j.account_id"
            " WHERE j.state IN ('queued', 'running') ORDER BY j.id"
        ).fetchall():
            if account not in local:
                due.fail(txn, id_, _UNDONE)
        txn.settle()
        sql.execute("COMMIT")
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sql.execute("PRAGMA journal_mode = DELETE")
