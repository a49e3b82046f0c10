"""Which conversation a message belongs to.

What belongs here: the column `thread`, the tables `alias` and `member`, joining threads. What must never be here: what
a list of conversations shows (conversations).

Messages belong together that name each other in Message-ID, References or In-Reply-To, directly or by way of messages
that are not here (RFC 5256, REFERENCES, without its merging by subject), in whichever order they come and wherever
they lie; and those that the server of their account calls one conversation (Gmail's X-GM-THRID). A thread is called
after the hash of one of those names. Most begin no thread of their own: `alias` says after which one theirs is called.
So a message is placed by looking up what it names, and two threads are joined by one row of `alias` and by renaming
the smaller one.

A message is stored under the oldest name that it tells itself, which nearly always is the right one, and placed after
that: a few new ones in the same transaction, many when there is nothing else to do. Hashes lie all over a table, and
two hundred at a time, placing cost a third of the time in which mail is indexed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from tui_mail.store.database import Transaction
from tui_mail.store.identity import message_hash

FULL = 500
"""Messages of one thread: what comes later begins the next one, and what would be larger is not joined. Nobody reads
such a conversation as one, and who knows the Message-IDs of others could join everything that they have."""

FEW = 50
"""So many messages are placed in the transaction that stores them…"""
MANY = 500
"""…and so many in one write when there is nothing else to do."""

_MARK = "placed"


def named(account: int, thread: str, references: Sequence[str]) -> tuple[str, ...]:
    """What the column `refs` holds: what a message names; before it, how the server calls its conversation.

    No message can name that: a Message-ID has no control character. And it is another one in each account.
    """
    return (f"\x1d{account}:{thread}", *references) if thread else tuple(references)


def place_few(txn: Transaction) -> None:
    """Place the messages that are not placed, if they are few."""
    rows = _unplaced(txn.sql, FEW + 1)
    if len(rows) <= FEW:
        _place(txn, rows)


def place(txn: Transaction) -> bool:
    """Place the next messages that are not placed; False when there are none left."""
    rows = _unplaced(txn.sql, MANY)
    _place(txn, rows)
    return bool(rows)


def forget(txn: Transaction, ids: Iterable[int]) -> None:
    """These messages are about to be deleted."""
    txn.sql.executemany(
        "DELETE FROM member WHERE (thread, message_id) IN (SELECT thread, id FROM message WHERE id = ?)",
        ((id_,) for id_ in ids),
    )


def forget_unused(txn: Transaction) -> None:
    """An account's messages were deleted: forget the Message-IDs of threads of which nothing is left."""
    txn.sql.execute("DELETE FROM member WHERE message_id NOT IN (SELECT id FROM message)")
    shorter = 1
    while shorter > 0:
        shorter = txn.sql.execute(
            "UPDATE alias SET thread = (SELECT a.thread FROM alias a WHERE a.id_hash = alias.thread)"
            " WHERE thread IN (SELECT id_hash FROM alias)"
        ).rowcount
    txn.sql.execute("DELETE FROM alias WHERE thread NOT IN (SELECT thread FROM message)")
    txn.sql.execute("DELETE FROM muted WHERE thread NOT IN (SELECT thread FROM message)")


class _Forest:
    """What is known of the threads that some messages name: a union-find whose links are the rows of `alias`."""

    def __init__(self, txn: Transaction, named: Iterable[tuple[int, ...]]) -> None:
        self._txn = txn
        self._links = dict[int, int]()
        """What `alias` says, and will…"""
        self._fresh = dict[int, int]()
        """…and of that, what is to be written."""
        self._renamed = dict[int, int]()
        asked = set[int]().union(*named)
        unread = asked
        while unread:
            found = _links(txn.sql, unread)
            self._links.update(found)
            unread = set(found.values()) - asked
            asked |= unread
        self._sizes = _sizes(txn.sql, asked.difference(self._links))
        self._stored = set(self._sizes)

    def place(self, group: tuple[int, ...]) -> int:
        """The thread of a message that names these, the oldest first."""
        roots = list(dict.fromkeys(map(self._root, group)))
        thread = roots[0]
        if len(roots) > 1:
            thread = max(roots, key=self._size)
            for root in roots:
                if root != thread:
                    self._join(root, thread)
        if self._size(thread) >= FULL:
            thread = self._next(thread)
        self._sizes[thread] = self._size(thread) + 1
        return thread

    def name(self, thread: int) -> int:
        """What a thread is called after everything was joined."""
        while thread in self._renamed:
            thread = self._renamed[thread]
        return thread

    def save(self) -> None:
        """Write what was learnt."""
        self._txn.sql.executemany("INSERT OR REPLACE INTO alias VALUES (?, ?)", sorted(self._fresh.items()))

    def _size(self, thread: int) -> int:
        return self._sizes.get(thread, 0)

    def _root(self, one: int) -> int:
        links, root, passed = self._links, one, list[int]()
        while root in links:
            passed.append(root)
            root = links[root]
        for step in passed[:-1]:
            links[step] = self._fresh[step] = root
        return root

    def _join(self, thread: int, into: int) -> None:
        self._links[thread] = self._fresh[thread] = into
        if not self._size(thread) or self._size(thread) + self._size(into) > FULL:
            return
        self._sizes[into] += self._sizes.pop(thread)
        self._renamed[thread] = into
        if thread in self._stored:
            sql = self._txn.sql
            rows = sql.execute(f"SELECT DISTINCT view_folder FROM message WHERE {_OF_THREAD}", (thread,))  # noqa: S608
            _tell(self._txn, [row[0] for row in rows])
            sql.execute(f"UPDATE message SET thread = ?2 WHERE {_OF_THREAD}", (thread, into))  # noqa: S608
            sql.execute("UPDATE member SET thread = ? WHERE thread = ?", (into, thread))
            sql.execute("UPDATE OR REPLACE muted SET thread = ? WHERE thread = ?", (into, thread))
            self._stored.add(into)

    def _next(self, thread: int) -> int:
        """The thread that goes on where one is full: whatever is found to belong to that one goes there."""
        following = message_hash(f"\n{thread}")
        self._links[thread] = self._fresh[thread] = following
        self._txn.sql.execute("INSERT OR IGNORE INTO muted SELECT ? FROM muted WHERE thread = ?", (following, thread))
        return following


_OF_THREAD = "id IN (SELECT message_id FROM member WHERE thread = ?1)"


def _unplaced(sql: sqlite3.Connection, limit: int) -> list[list[Any]]:
    """(id, hash, Message-ID, references, thread, folder) of messages that are not placed."""
    text = sql.execute(
        "SELECT json_group_array(json_array(id, msgid_hash, message_id, refs, thread, view_folder)) FROM"
        " (SELECT * FROM message WHERE id > COALESCE((SELECT value FROM meta WHERE key = ?), 0) ORDER BY id LIMIT ?)",
        (_MARK, limit),
    ).fetchone()[0]
    found: list[list[Any]] = json.loads(text)
    return found


def _place(txn: Transaction, rows: list[list[Any]]) -> None:
    if not rows:
        return
    hashes = dict[str, int]()
    named = [_names(row, hashes) for row in rows]
    forest = _Forest(txn, named)
    threads = [forest.place(group) for group in named]
    forest.save()
    threads = [forest.name(thread) for thread in threads]
    members = sorted((thread, row[0]) for row, thread in zip(rows, threads, strict=True))
    txn.sql.executemany("INSERT OR IGNORE INTO member VALUES (?, ?)", members)
    other = [(thread, row[0]) for row, thread in zip(rows, threads, strict=True) if thread != row[4]]
    txn.sql.executemany("UPDATE message SET thread = ? WHERE id = ?", other)
    moved = {id_ for _, id_ in other}
    _tell(txn, {row[5] for row in rows if row[0] in moved})
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_MARK, str(rows[-1][0])))


def _names(row: list[Any], hashes: dict[str, int]) -> tuple[int, ...]:
    """The hashes of what a message names, the oldest first, its own name last; `hashes` are those known so far."""
    _, own, message_id, refs, *_ = row
    if message_id and own < 0:  # a row that another took the place of has lost its hash
        own = message_hash(message_id)
    if not refs:
        return (own,)
    names = refs.split(" ")
    for name in names:
        if name not in hashes:
            hashes[name] = message_hash(name)
    return (*[hashes[name] for name in names], own)


def _links(sql: sqlite3.Connection, hashes: Iterable[int]) -> dict[int, int]:
    """What `alias` says of these. As one JSON text: SQLite gives the interpreter away at every row (see `rows`)."""
    text = sql.execute(
        "SELECT json_group_array(id_hash), json_group_array(thread) FROM alias"
        " WHERE id_hash IN (SELECT value FROM json_each(?))",
        (json.dumps(list(hashes)),),
    ).fetchone()
    return dict(zip(json.loads(text[0]), json.loads(text[1]), strict=True))


def _sizes(sql: sqlite3.Connection, threads: Iterable[int]) -> dict[int, int]:
    """How many messages each of these threads has, if any."""
    text = sql.execute(
        "SELECT json_group_array(t), json_group_array(n) FROM (SELECT thread AS t, COUNT(*) AS n FROM member"
        " WHERE thread IN (SELECT value FROM json_each(?)) GROUP BY thread)",
        (json.dumps(list(threads)),),
    ).fetchone()
    return dict(zip(json.loads(text[0]), json.loads(text[1]), strict=True))


def _tell(txn: Transaction, folders: Iterable[int | None]) -> None:
    """Lists of these folders are other ones now."""
    for folder in folders:
        txn.count(folder, 0, 0)
        if folder is not None:
            txn.rearranged.add(folder)
