"""Reading windows of messages for the screen: by key or by id, never by counting rows.

What belongs here: turning columns into rows. What must never be here: writing.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any

from tui_mail.model import Address, Flag, Row, RowState
from tui_mail.store.many import chunks, marks
from tui_mail.store.messages import FIELD, RECORD
from tui_mail.text import SafeText

_STATES = (RowState.SYNCED, RowState.PENDING, RowState.FAILED)

PIECE = 50_000
"""Characters of a list of ids that are turned into numbers at once."""

_COLUMNS = (
    *("m.id", "a.name", "m.view_folder", "m.uid", "m.date", "m.from_", "m.to_", "m.subject", "m.snippet"),
    *("m.view_flags", "m.view_keywords", "m.size", "m.has_attachments", "m.has_body", "m.message_id", "m.thread"),
    "m.state",
)
_NAMED = ", ".join(f"{column} AS c{number}" for number, column in enumerate(_COLUMNS))
_SELECT = f"SELECT {_NAMED} FROM message m JOIN account a ON a.id = m.account_id"  # noqa: S608
_NAMES = ", ".join(f"c{number}" for number in range(len(_COLUMNS)))
_AS_JSON = f"SELECT json_group_array(json_array({_NAMES})) FROM "  # noqa: S608


def first_rows(sql: sqlite3.Connection, folder_id: int, limit: int, unread: bool = False) -> list[Row]:
    """The newest rows of a folder."""
    where = f" AND NOT m.view_flags & {int(Flag.SEEN)}" if unread else ""
    window = f"{_SELECT} WHERE m.view_folder = ?{where} ORDER BY m.date DESC, m.id DESC LIMIT ?"
    return _rows(sql, window, (folder_id, limit))


def ids_of(sql: sqlite3.Connection, folder_id: int) -> array[int]:
    """The ids of everything displayed in a folder, newest first, eight octets each."""
    return ids_in(sql, "SELECT id FROM message WHERE view_folder = ? ORDER BY date DESC, id DESC", (folder_id,))


def ids_in(sql: sqlite3.Connection, query: str, values: Sequence[object]) -> array[int]:
    """What a query of one column `id` gives, eight octets each."""
    return numbers(sql.execute(f"SELECT group_concat(id) FROM ({query})", values).fetchone()[0])  # noqa: S608


def numbers(text: str | None) -> array[int]:
    """A list of numbers as SQLite joins them. In pieces: a list of a million strings would be fifty megabytes."""
    found, at = array("q"), 0
    while text and at < len(text):
        end = text.find(",", at + PIECE)
        end = len(text) if end < 0 else end
        found.extend(map(int, text[at:end].split(",")))
        at = end + 1
    return found


def rows_of(sql: sqlite3.Connection, ids: Sequence[int]) -> list[Row]:
    """Rows in the order of `ids`; what does not exist or is displayed nowhere is left out."""
    found = dict[int, Row]()
    for chunk in chunks(list(ids)):
        some = f"{_SELECT} WHERE m.id IN ({marks(chunk)}) AND m.view_folder IS NOT NULL"
        for row in _rows(sql, some, chunk):
            found[row.id] = row
    return [found[id_] for id_ in ids if id_ in found]


def _rows(sql: sqlite3.Connection, query: str, values: Sequence[object]) -> list[Row]:
    """The rows of a query, as one JSON text.

    SQLite gives the interpreter away at every row, and a busy worker gives it back a millisecond later: a window
    of a hundred rows took a hundred milliseconds during a sync. One row is one such pause.
    """
    text = sql.execute(f"{_AS_JSON}({query})", values).fetchone()[0]
    return [_row(row) for row in json.loads(text)]


def unpacked(text: str) -> tuple[Address, ...]:
    """The addresses of a column, as `messages` packs them."""
    if not text:
        return ()
    pairs = (record.partition(FIELD) for record in text.split(RECORD))
    return tuple(Address(SafeText(name), SafeText(email)) for name, _, email in pairs)


def _row(row: tuple[Any, ...]) -> Row:
    (id_, account, folder, uid, date, from_, to, subject, snippet, flags, keywords, size, files, body, mid, thread,
     state) = row  # fmt: skip
    return Row(
        id=id_,
        account=account,
        folder_id=folder,
        uid=uid or 0,
        date=date,
        from_=unpacked(from_),
        to=unpacked(to),
        subject=SafeText(subject),
        snippet=SafeText(snippet),
        flags=Flag(flags),
        keywords=tuple(keywords.split()) if keywords else (),
        size=size,
        has_attachments=bool(files),
        has_body=body == 1,
        message_id=mid,
        thread=thread,
        state=_STATES[state],
    )
