"""Reading the threads of a folder: which there are, what a line of the list says of each, and what is behind it.

What belongs here: queries for lists by thread. What must never be here: writing; which message belongs to which thread
(threads).

A conversation is seen from a folder: its newest message there stands for it, and an action is about those that are
there. What the account has of it elsewhere (Sent, Archive) is counted and can be unfolded, but not what is in Trash or
Junk, and a message that is in the folder too is not there twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from tui_mail.model import Address, Conversation, Flag
from tui_mail.records import frozen
from tui_mail.store.rows import numbers, unpacked
from tui_mail.threaded import Threads

LOOKED_AT = 100
"""Messages of a thread that are looked at in the folder, and as many elsewhere: the newest."""


def threads_of(sql: sqlite3.Connection, folder_id: int, newest: int = -1) -> Threads:
    """The threads of a folder, or those of its newest messages: by key, quick whatever its size."""
    ids, threads = sql.execute(
        "SELECT group_concat(id), group_concat(thread) FROM"
        " (SELECT id, thread FROM message WHERE view_folder = ? ORDER BY date DESC, id DESC LIMIT ?)",
        (folder_id, newest),
    ).fetchone()
    return Threads.of(numbers(ids), numbers(threads))


def conversations_of(
    sql: sqlite3.Connection, folder_id: int | Sequence[int], groups: Sequence[Sequence[int]]
) -> dict[int, Conversation]:
    """What a list of one or several folders says of the threads that have these messages there, by the newest."""
    here = _here(sql, [one for group in groups for one in group[:LOOKED_AT]])
    elsewhere = _elsewhere(sql, folder_id, [group[0] for group in groups if group])
    found = dict[int, Conversation]()
    for group in groups:
        known = [here[one] for one in group[:LOOKED_AT] if one in here]
        if not known:
            continue
        others = _others(known, elsewhere.get(group[0], ()))
        people = dict[str, Address]()
        for member in sorted([*known, *others], key=lambda one: (one.date, one.id)):
            for address in unpacked(member.from_)[:1]:
                people.setdefault(address.email.casefold() or address.name, address)
        found[group[0]] = Conversation(
            count=len(group) + len(others),
            here=frozenset(group),
            unread=frozenset(one.id for one in known if not one.flags & Flag.SEEN),
            starred=frozenset(one.id for one in known if one.flags & Flag.FLAGGED),
            people=tuple(people.values()),
            muted=any(one.muted for one in known),
        )
    return found


def members_of(sql: sqlite3.Connection, folder_id: int | Sequence[int], group: Sequence[int]) -> list[int]:
    """All messages of the thread that has these in a folder (or several), newest first, those elsewhere too."""
    known = list(_here(sql, group).values())
    if not known:
        return []
    others = _others(known, _elsewhere(sql, folder_id, group[:1]).get(group[0], ()))
    return [one.id for one in sorted([*known, *others], key=lambda one: (one.date, one.id), reverse=True)]


def whole(sql: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    """These messages, and what is in one thread and in one folder with them. Reads whole folders' indexes."""
    found = dict[int, None]()
    for id_ in ids:
        row = sql.execute("SELECT view_folder, thread FROM message WHERE id = ?", (id_,)).fetchone()
        if id_ in found or row is None:
            continue
        query = "SELECT id FROM message WHERE view_folder = ? AND thread = ? ORDER BY date DESC, id DESC"
        found.update(dict.fromkeys([one for (one,) in sql.execute(query, row)]))
    return list(found)


@frozen
class _Member:
    id: int
    date: int
    from_: str
    key: int
    flags: int = 0
    muted: int = 0


def _here(sql: sqlite3.Connection, ids: Sequence[int]) -> dict[int, _Member]:
    """Messages by their ids. As one JSON text: see `rows`."""
    text = sql.execute(
        "SELECT json_group_array(json_array(id, date, from_, msgid_hash, view_flags,"
        " thread IN (SELECT thread FROM muted))) FROM message WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ).fetchone()[0]
    return {row[0]: _Member(*row) for row in json.loads(text)}


def _elsewhere(sql: sqlite3.Connection, shown: int | Sequence[int], heads: Sequence[int]) -> dict[int, list[_Member]]:
    """What other folders of the accounts have of the threads of these messages, by message; the newest of each."""
    text = sql.execute(
        "SELECT json_group_array(json_array(h.value, json((SELECT json_group_array(json_array(o.id, o.date, o.from_,"
        " o.msgid_hash)) FROM (SELECT m.id, m.date, m.from_, m.msgid_hash FROM member t"
        " CROSS JOIN message m ON m.id = t.message_id CROSS JOIN folder f ON f.id = m.view_folder"
        " WHERE t.thread = (SELECT thread FROM message WHERE id = h.value)"
        " AND m.account_id IN (SELECT account_id FROM folder WHERE id IN (SELECT value FROM json_each(?1)))"
        " AND f.id NOT IN (SELECT value FROM json_each(?1)) AND f.role NOT IN ('trash', 'junk')"
        " ORDER BY t.message_id DESC LIMIT ?2) o)))) FROM json_each(?3) h",
        (json.dumps([shown] if isinstance(shown, int) else list(shown)), LOOKED_AT, json.dumps(list(heads))),
    ).fetchone()[0]
    return {head: [_Member(*row) for row in rows] for head, rows in json.loads(text) if rows}


def _others(known: Iterable[_Member], elsewhere: Iterable[_Member]) -> list[_Member]:
    """Those elsewhere that are not in the folder too, each once."""
    taken = {one.key for one in known}
    found = list[_Member]()
    for one in elsewhere:
        if one.key not in taken:
            taken.add(one.key)
            found.append(one)
    return found
