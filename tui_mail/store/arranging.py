"""Putting messages into another order than by date: ids in, ids out, and the screen is not held up meanwhile.

What belongs here: what each order means for a row. What must never be here: which order a list has (the screen), and
which messages it holds (rows, merged, search).

Of many messages not for the thread of a screen.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from tui_mail.mime.subjects import base_subject
from tui_mail.model import Flag
from tui_mail.orders import MARKED, Order, Sort, halves
from tui_mail.store.messages import FIELD, RECORD
from tui_mail.store.rows import ids_in

_OF_THESE = "FROM json_each(?) j CROSS JOIN message m ON m.id = j.value"
_HAS = {
    Sort.UNREAD: f"m.view_flags & {int(Flag.SEEN)} = 0",
    Sort.STARRED: f"m.view_flags & {int(Flag.FLAGGED)} != 0",
    Sort.FILES: "m.has_attachments != 0",
}
_NUMBER = {Sort.ARRIVAL: "m.internaldate", Sort.SIZE: "m.size"}
_BETWEEN = "\x1d"
"""Between two texts; SafeText never holds it."""
_RUN = 2_000
"""Texts that are sorted at once: that cannot be interrupted."""
_LONGEST = 200
"""Characters of a text that count."""


def arranged(sql: sqlite3.Connection, ids: array[int], order: Order, *, by_recipient: bool = False) -> array[int]:
    """These messages, which come newest first, in another order; `by_recipient`: whom a sender's list is of."""
    if order.sort is Sort.DATE:
        return ids[::-1] if order.turned else ids
    if order.sort in MARKED:
        return halves(ids, having(sql, ids, order.sort), order)
    way = "DESC" if order.turned != (order.sort in _NUMBER) else "ASC"
    if order.sort in _NUMBER:
        query = f"SELECT m.id {_OF_THESE} ORDER BY {_NUMBER[order.sort]} {way}, j.key"
        return ids_in(sql, query, (_json(ids),))
    column, key = ("m.subject", subject_key) if order.sort is Sort.SUBJECT else ("m.from_", sender_key)
    return _by_text(ids, _texts(sql, ids, "m.to_" if by_recipient and key is sender_key else column), key, order.turned)


def having(sql: sqlite3.Connection, ids: Sequence[int], sort: Sort) -> frozenset[int]:
    """Those of these messages that are unread, or starred, or have files."""
    return frozenset(ids_in(sql, f"SELECT m.id {_OF_THESE} WHERE {_HAS[sort]}", (_json(ids),)))


def subject_key(subject: str) -> str:
    """A subject as people look for it: answers stand beside what they answer."""
    return folded(base_subject(subject) if ":" in subject else subject)


def sender_key(addresses: str) -> str:
    """The name of the first address of a column, else the address itself."""
    name, _, email = addresses.partition(RECORD)[0].partition(FIELD)
    return folded(name or email)


def folded(text: str) -> str:
    """A text as it is compared: without accents, and capital letters are no others."""
    if text.isascii():
        return text.lower().strip()
    plain = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()


def _texts(sql: sqlite3.Connection, ids: Sequence[int], column: str) -> Iterator[str]:
    """A column of each message, as one text out of SQLite (see `rows`)."""
    joined = f"group_concat(coalesce({column}, ''), char(29))"
    query = f"SELECT {joined} FROM json_each(?) j LEFT JOIN message m ON m.id = j.value"  # noqa: S608
    found = sql.execute(query, (_json(ids),)).fetchone()[0]
    return iter(found.split(_BETWEEN)) if ids else iter(())


def _by_text(ids: array[int], texts: Iterable[str], key: Callable[[str], str], turned: bool) -> array[int]:
    """By what is read from these texts, those without one last; a thread that does so can be interrupted anywhere."""
    read = dict[str, str]()
    keys = [read[text] if text in read else read.setdefault(text, key(text)) for text in texts]
    runs = [
        sorted(filter(keys.__getitem__, range(at, min(at + _RUN, len(keys)))), key=keys.__getitem__, reverse=turned)
        for at in range(0, len(keys), _RUN)
    ]
    places = chain(
        heapq.merge(*runs, key=keys.__getitem__, reverse=turned), (p for p, one in enumerate(keys) if not one)
    )
    return array("q", (ids[place] for place in places))


def _json(ids: Iterable[int]) -> str:
    return json.dumps(list(ids))
