"""Messages made here that the server has never had: copies on their way, and what is to be uploaded.

What belongs here: how such a row begins and how long it is kept. It is born when the server has taken it (`due.moved`).
What must never be here: when it is sent (journal, due).

No message that a server lists is ever taken for one of these before it was sent, however alike they are.
"""

from __future__ import annotations

import sqlite3
import time

from tui_mail.model import Flag
from tui_mail.store.database import Transaction
from tui_mail.store.messages import INSERT, Arrival, columns

_COPIED = (
    "account_id, date, internaldate, size, subject, from_, to_, cc, message_id, msgid_hash, thread, refs, list_id,"
    " has_attachments, snippet, identity, kind"
)


def copy_unborn(txn: Transaction, message_id: int) -> int:
    """A copy of a message as it is displayed, in no folder yet; gives its id."""
    cursor = txn.sql.execute(
        f"INSERT INTO message ({_COPIED}, flags, keywords, view_flags, view_keywords, lost_since, unborn)"  # noqa: S608
        f" SELECT {_COPIED}, view_flags, view_keywords, view_flags, view_keywords, ?, 1 FROM message WHERE id = ?",
        (int(time.time()), message_id),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def copy_for(txn: Transaction, account: int, message_id: int) -> int:
    """The same for another account."""
    id_ = copy_unborn(txn, message_id)
    txn.sql.execute("UPDATE message SET account_id = ?, identity = '' WHERE id = ?", (account, id_))
    return id_


def insert_unborn(txn: Transaction, account: int, arrival: Arrival) -> int:
    """A message made here, in no folder yet (`arrival.uid` does not matter); gives its id.

    One that no change speaks of within an hour is forgotten: store its body and record the change at once.
    """
    cursor = txn.sql.execute(INSERT, columns(account, 0, arrival))
    id_ = cursor.lastrowid
    assert id_ is not None
    txn.sql.execute(
        "UPDATE message SET folder_id = NULL, uid = NULL, view_folder = NULL, lost_since = ?, unborn = 1 WHERE id = ?",
        (int(time.time()), id_),
    )
    return id_


def insert_numbered(txn: Transaction, account: int, id_: int, arrival: Arrival) -> None:
    """The row of a message under the number that its octets have, in no folder yet: mail.db was lost."""
    names = INSERT.partition("(")[2].partition(")")[0]
    values = columns(account, 0, arrival)
    txn.sql.execute(
        f"INSERT INTO message (id, {names}) VALUES (?{', ?' * len(values)})",  # noqa: S608
        (id_, *values),
    )
    txn.sql.execute(
        "UPDATE message SET folder_id = NULL, uid = NULL, view_folder = NULL, has_body = 1 WHERE id = ?", (id_,)
    )


def flags_and_date(sql: sqlite3.Connection, message_id: int) -> tuple[Flag, int] | None:
    """The flags and the INTERNALDATE (epoch) to upload a message with; None when it is gone."""
    row = sql.execute("SELECT flags, internaldate FROM message WHERE id = ?", (message_id,)).fetchone()
    return None if row is None else (Flag(row[0]), row[1])
