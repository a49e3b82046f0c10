"""Servers whose folders are labels (Gmail): one message stands in several folders at once, and always in All Mail.

What belongs here: what that changes about moving, copying and deleting. What must never be here: commands (sync), or
anything for servers whose folders are folders.

Such a server names each message itself (`message.identity`, `gm:…`), and that is how its account is known. To move a
message there is to take one label off it and to put another one on: where it is already, it is still there only once,
and what is moved out of All Mail to another label stays in All Mail. Only Trash and Junk take it from everywhere else,
and only there can it be deleted for ever.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tui_mail.model import Role
from tui_mail.store.database import Transaction

GMAIL = "gm:"
"""Begins the identity of a message on such a server."""

_FACTS = (
    "account_id, flags, keywords, date, internaldate, size, subject, from_, to_, cc, message_id, msgid_hash, thread,"
    " refs, list_id, has_attachments, snippet, identity, labels, kind"
)
_SAME = "o.account_id = m.account_id AND o.identity = m.identity AND o.identity != '' AND o.id != m.id"
_LABELLED = f"m.identity LIKE '{GMAIL}%'"


def are_labels(sql: sqlite3.Connection, account: int) -> bool:
    """Whether the folders of an account are labels."""
    query = "SELECT 1 FROM message WHERE account_id = ? AND identity != '' AND identity >= ? AND identity < ? LIMIT 1"
    return sql.execute(query, (account, GMAIL, "gm;")).fetchone() is not None


def to_archive(sql: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """What is to be moved to All Mail so that these messages are archived: what of them stands in the inbox.

    One that is not in the inbox leaves the label under which it is shown; Sent, Drafts and All Mail it cannot leave.
    """
    found = list[int]()
    for id_ in ids:
        in_inbox = sql.execute(
            f"SELECT o.id FROM message m JOIN message o ON {_SAME} JOIN folder f ON f.id = o.view_folder"  # noqa: S608
            " WHERE m.id = ? AND f.role = ? LIMIT 1",
            (id_, Role.INBOX),
        ).fetchone()
        role = _shown_as(sql, id_)
        if role == Role.INBOX or (in_inbox is None and role in (Role.NONE, Role.TRASH, Role.JUNK, Role.ARCHIVE)):
            found.append(id_)
        elif in_inbox is not None:
            found.append(in_inbox[0])
    return found


def outside_trash(sql: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """Those that have to go to Trash before they can be deleted for ever: elsewhere that only takes a label off."""
    return [id_ for id_ in ids if _shown_as(sql, id_) not in (None, Role.TRASH, Role.JUNK)]


def is_there(sql: sqlite3.Connection, message_id: int, folder_id: int) -> bool:
    """Whether a folder shows a message already, so that moving it there shows it no second time."""
    query = (
        f"SELECT 1 FROM message m JOIN message o ON {_SAME} WHERE m.id = ? AND {_LABELLED}"  # noqa: S608
        " AND o.folder_id = ? AND o.view_folder = o.folder_id LIMIT 1"
    )
    return sql.execute(query, (message_id, folder_id)).fetchone() is not None


def hidden_in(sql: sqlite3.Connection, message_id: int) -> int | None:
    """The folder that a message is being moved to, in which it is not shown because it is there already."""
    row = sql.execute(
        "SELECT j.target FROM message m JOIN journal_item i ON i.message_id = m.id"  # noqa: S608
        f" JOIN journal j ON j.id = i.journal_id WHERE m.id = ? AND {_LABELLED} AND m.view_folder IS NULL"
        " AND m.folder_id IS NOT NULL AND i.stage < 2"
        " AND j.kind = 'move' AND j.state IN ('queued', 'running') ORDER BY j.id DESC LIMIT 1",
        (message_id,),
    ).fetchone()
    return None if row is None else int(row[0])


def twin_in(sql: sqlite3.Connection, message_id: int, folder_id: int) -> tuple[int, int] | None:
    """(id, UID) of another row of the message that a folder has; None where it has none."""
    row = sql.execute(
        f"SELECT o.id, o.uid FROM message m JOIN message o ON {_SAME} WHERE m.id = ? AND {_LABELLED}"  # noqa: S608
        " AND +o.folder_id = ? AND o.uid IS NOT NULL ORDER BY +o.uid DESC LIMIT 1",  # not by way of the folder
        (message_id, folder_id),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def others(sql: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """The rows of the same messages in other folders: they have their flags in common."""
    found = set[int]()
    for id_ in ids:
        query = f"SELECT o.id FROM message m JOIN message o ON {_SAME} WHERE m.id = ? AND {_LABELLED}"  # noqa: S608
        found |= {row[0] for row in sql.execute(query, (id_,))}
    return list(found)


def place_kept(sql: sqlite3.Connection, message_id: int, target: int) -> tuple[int, int] | None:
    """(folder_id, UID) at which a message stays although it is moved to `target`; None when it leaves its place."""
    row = sql.execute(
        "SELECT m.folder_id, m.uid FROM message m JOIN folder f ON f.id = m.folder_id JOIN folder t ON t.id = ?"  # noqa: S608
        f" WHERE m.id = ? AND {_LABELLED} AND m.uid IS NOT NULL AND f.role = ? AND t.id != f.id"
        " AND t.role NOT IN (?, ?)",
        (target, message_id, Role.ALL, Role.TRASH, Role.JUNK),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def keeps(sql: sqlite3.Connection, account: int, folder_id: int, target: int) -> bool:
    """Whether what is moved from one folder to another stays where it was: then it is to be copied."""
    rows = sql.execute("SELECT id, role FROM folder WHERE id IN (?, ?)", (folder_id, target))
    roles = {id_: role for id_, role in rows if id_ in (folder_id, target)}
    stays = roles.get(folder_id) == Role.ALL and roles.get(target) not in (Role.ALL, Role.TRASH, Role.JUNK)
    return stays and are_labels(sql, account)


def leave_stand_in(txn: Transaction, message_id: int, folder_id: int, uid: int) -> int:
    """A row for the place that a message left and is still at; gives its id. The caller refreshes its view."""
    retired = txn.sql.execute(
        f"SELECT o.id FROM message m JOIN message o ON {_SAME} WHERE m.id = ? AND o.folder_id IS NULL"  # noqa: S608
        " AND o.uid IS NULL AND o.view_folder IS NULL AND NOT o.unborn AND o.size = m.size"
        " AND NOT EXISTS (SELECT 1 FROM journal_item i WHERE i.message_id = o.id) ORDER BY o.id DESC LIMIT 1",
        (message_id,),
    ).fetchone()
    if retired is None:
        cursor = txn.sql.execute(
            f"INSERT INTO message ({_FACTS}) SELECT {_FACTS} FROM message WHERE id = ?",  # noqa: S608
            (message_id,),
        )
        assert cursor.lastrowid is not None
        retired = (cursor.lastrowid,)
    txn.sql.execute(
        "UPDATE message SET folder_id = ?, uid = ?, lost_since = 0,"
        " (flags, keywords, msgid_hash) = (SELECT flags, keywords, msgid_hash FROM message WHERE id = ?) WHERE id = ?",
        (folder_id, uid, message_id, retired[0]),
    )
    return int(retired[0])


def _shown_as(sql: sqlite3.Connection, message_id: int) -> str | None:
    """The role of the folder that shows a message; None when none does."""
    row = sql.execute(
        "SELECT f.role FROM message m JOIN folder f ON f.id = m.view_folder WHERE m.id = ?", (message_id,)
    ).fetchone()
    return None if row is None else str(row[0])
