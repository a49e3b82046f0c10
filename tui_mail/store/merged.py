"""What several folders hold, as one list: by key in each, and merged, so that the first rows cost what one folder's do.

What belongs here: queries over the message table that give everything of some folders, newest first. What must never be
here: which folders those are, writing.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence

from tui_mail.model import Flag, Row
from tui_mail.store.rows import ids_in, numbers, rows_of
from tui_mail.threaded import Threads


def newest_first(columns: str, folders: Sequence[int], where: str = "") -> str:
    """A query of `columns` over `message m`, for folders whose numbers are its values, in the order of a list.

    SQLite walks the index of each folder and merges them: with a LIMIT it reads no more than that.
    """
    one = f"SELECT {columns}, m.id AS id, m.date AS date FROM message m WHERE m.view_folder = ?{where}"  # noqa: S608
    return " UNION ALL ".join([one] * len(folders)) + " ORDER BY date DESC, id DESC"


def first_rows(sql: sqlite3.Connection, folders: Sequence[int], limit: int, unread: bool = False) -> list[Row]:
    """The newest rows of some folders."""
    if not folders:
        return []
    where = f" AND NOT m.view_flags & {int(Flag.SEEN)}" if unread else ""
    return rows_of(sql, ids_in(sql, f"{newest_first('0', folders, where)} LIMIT ?", (*folders, limit)))


def ids_of(sql: sqlite3.Connection, folders: Sequence[int]) -> array[int]:
    """The ids of everything displayed in some folders, newest first, eight octets each."""
    return ids_in(sql, newest_first("0", folders), folders) if folders else array("q")


def threads_of(sql: sqlite3.Connection, folders: Sequence[int], newest: int = -1) -> Threads:
    """The threads of some folders, or those of their newest messages; what has come to two accounts is in one."""
    if not folders:
        return Threads()
    inner = f"{newest_first('m.thread AS thread', folders)} LIMIT ?"
    query = f"SELECT group_concat(id), group_concat(thread) FROM ({inner})"  # noqa: S608
    ids, threads = sql.execute(query, (*folders, newest)).fetchone()
    return Threads.of(numbers(ids), numbers(threads))
