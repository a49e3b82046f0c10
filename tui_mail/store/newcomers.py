"""Mail that has just come into a folder: which messages those are.

What belongs here: telling them from what was there, what a person moved or made, and what is read already.
What must never be here: whom it is told to.
"""

from __future__ import annotations

import sqlite3

from tui_mail.model import Flag, Row
from tui_mail.records import frozen
from tui_mail.store import rows

MOST = 1_000
"""More newcomers than this are not counted."""

_NEWCOMERS = (
    "SELECT m.id FROM message m WHERE m.folder_id = ? AND m.uid >= ? AND m.uid < ? AND m.id > ?"  # noqa: S608
    f" AND m.view_folder = m.folder_id AND NOT m.view_flags & {int(Flag.SEEN | Flag.DELETED | Flag.DRAFT)}"
    " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
    "  WHERE i.message_id = m.id AND j.kind != 'flags') ORDER BY m.uid DESC LIMIT ?"
)


@frozen
class Mark:
    """How far a folder was known at some moment."""

    uidvalidity: int
    uidnext: int
    newest: int
    """The highest id of any message; 0 where only the journal moves messages, and one may wait for its place."""


def mark(sql: sqlite3.Connection, folder_id: int, *, local: bool) -> Mark | None:
    """How far a folder is known; None while nothing of it was read. `local`: it is on this computer only."""
    moment = "SELECT uidvalidity, uidnext, (SELECT COALESCE(MAX(id), 0) FROM message) FROM folder WHERE id = ?"
    row = sql.execute(moment, (folder_id,)).fetchone()
    if row is None or not row[0] or not row[1]:
        return None
    return Mark(row[0], row[1], 0 if local else row[2])


def between(sql: sqlite3.Connection, folder_id: int, before: Mark, after: Mark) -> list[Row]:
    """Unread messages that came between two marks, the newest first; none when the folder is another one since.

    What came by a person's own doing (an upload, a copy, an undo) is in the journal, or was here before.
    """
    if after.uidvalidity != before.uidvalidity:
        return []
    found = sql.execute(_NEWCOMERS, (folder_id, before.uidnext, after.uidnext, before.newest, MOST)).fetchall()
    return rows.rows_of(sql, [id_ for (id_,) in found])
