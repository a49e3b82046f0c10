"""Messages on disk: inserting what a server listed, following its changes, reading windows for the screen.

What belongs here: the table `message`, and the rule that joins a message that vanished from one place with
one that appears in another. What must never be here: deciding what to fetch (sync), or what a person did
(the journal calls `refresh_view` to lay its changes over the server's truth).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tui_mail.model import Address, Flag, HeaderFields, Kind, Role
from tui_mail.records import frozen
from tui_mail.store import folders, labels, strays, threads, twins
from tui_mail.store.database import Transaction
from tui_mail.store.identity import Likeness, best, find_twins, homeless, identity_hash, message_hash
from tui_mail.store.many import chunks, marks
from tui_mail.store.stages import UNTOUCHED, forget_moves, forget_probes
from tui_mail.text import SafeText

FIELD, RECORD = "\x1f", "\x1e"
"""Separators inside a column; SafeText never holds them."""


@frozen
class Arrival:
    """A message as the server lists it in one folder."""

    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    internaldate: int
    size: int
    fields: HeaderFields
    identity: str = ""
    """The server's own name of its content, the same in every folder of the account; empty when it tells none."""
    labels: tuple[str, ...] = ()
    thread: str = ""
    """The server's own name of its conversation, in the account; empty when it tells none."""


@frozen
class ServerFlags:
    """The flags of one message as the server has them now."""

    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    """None: they were not asked for."""


KEPT = "SELECT message_id, group_concat(word, ' ') FROM kept_keyword WHERE message_id IN ({}) GROUP BY message_id"
"""Keywords that are kept here because the server does not."""


def insert(txn: Transaction, account: int, folder_id: int, arrivals: Sequence[Arrival]) -> int:
    """Store what the server lists in a folder; known UIDs only have their flags updated. Returns how many were new.

    A message that was lost from another place of the account, or that a change moved here without the server
    telling the UID, is recognised by Message-ID and size and keeps its id, its body and its unfinished changes.
    """
    if not arrivals:
        return 0
    low, high = min(a.uid for a in arrivals), max(a.uid for a in arrivals)
    known = _undisputed(txn, folder_id, low, high, arrivals)
    repeated = [ServerFlags(a.uid, a.flags, a.keywords) for a in arrivals if a.uid in known]
    if repeated:
        update_flags(txn, folder_id, repeated)
    candidates = homeless(txn.sql, account, folder_id)
    fresh = list[Arrival]()
    adopted = list[int]()
    told = (
        twins.Told(a.uid, a.size, a.internaldate, a.fields)
        for a in arrivals
        if a.uid not in known and not candidates.get((identity_hash(a.fields, a.internaldate), a.size))
    )
    here = twins.take_over(txn, account, told)
    for arrival in arrivals:
        if arrival.uid in known:
            continue
        known.add(arrival.uid)
        if arrival.uid in here:
            adopted.append(_adopt(txn, here[arrival.uid], folder_id, arrival))
            continue
        alike = candidates.get((identity_hash(arrival.fields, arrival.internaldate), arrival.size))
        if alike:
            adopted.append(_adopt(txn, best(alike, arrival.internaldate), folder_id, arrival))
        else:
            fresh.append(arrival)
    refresh_view(txn, adopted)
    txn.sql.executemany(INSERT, (columns(account, folder_id, arrival) for arrival in fresh))
    txn.count(folder_id, len(fresh), sum(1 for a in fresh if not a.flags & Flag.SEEN))
    if 0 < len(fresh) <= threads.FEW:
        threads.place_few(txn)
    return len(fresh)


def update_flags(txn: Transaction, folder_id: int, updates: Iterable[ServerFlags]) -> None:
    """The server's flags of messages in a folder; unknown UIDs are passed over."""
    changed = list[int]()
    for update in updates:
        row = txn.sql.execute(
            "SELECT id, flags, keywords, labels FROM message WHERE folder_id = ? AND uid = ?", (folder_id, update.uid)
        ).fetchone()
        words = " ".join(sorted(update.keywords))
        if row is not None and update.labels is not None and row[3] != (told := _joined(update.labels)):
            txn.sql.execute("UPDATE message SET labels = ? WHERE id = ?", (told, row[0]))
        if row is not None and (row[1], row[2]) != (int(update.flags), words):
            txn.sql.execute(
                "UPDATE message SET flags = ?, keywords = ? WHERE id = ?", (int(update.flags), words, row[0])
            )
            changed.append(row[0])
    refresh_view(txn, changed)


def lose(txn: Transaction, folder_id: int, uids: Iterable[int]) -> None:
    """Take UIDs that are gone from the folder off it; the messages are kept unseen until `forget_lost`."""
    lost = list[int]()
    for uid in uids:
        row = txn.sql.execute("SELECT id FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid)).fetchone()
        if row is not None:
            lost.append(row[0])
    lose_messages(txn, lost, alone=True)


def lose_messages(txn: Transaction, ids: Iterable[int], *, alone: bool = False) -> None:
    """The server no longer has these messages where they were; `alone`: not because their whole folder is gone.

    One that a change was moving, and that a sync of the target has already seen there, is what was seen: not when all
    that was made so far is a copy, for then it was another client that took the original.
    """
    now = int(time.time())
    ids = list(ids)
    txn.sql.executemany(
        "UPDATE message SET folder_id = NULL, uid = NULL, lost_since = ? WHERE id = ?", ((now, id_) for id_ in ids)
    )
    under_way = defaultdict[int, dict[int, int]](dict)
    for chunk in chunks(ids):
        for id_, target, probe in txn.sql.execute(
            "SELECT i.message_id, j.target, i.probe FROM journal_item i CROSS JOIN journal j ON j.id = i.journal_id"  # noqa: S608
            f" WHERE i.message_id IN ({marks(chunk)}) AND i.stage < 2 AND i.stage NOT IN {UNTOUCHED}"
            " AND j.kind = 'move' AND j.attempts > 0 AND j.state IN ('queued', 'running')",
            chunk,
        ):
            under_way[target][id_] = probe
    for target, moving in under_way.items():
        find_twins(txn, target, list(moving), moving)
    if alone:
        strays.follow(txn, ids)
        forget_moves(txn, ids)
    refresh_view(txn, ids)


def orphan_folder(txn: Transaction, folder_id: int) -> None:
    """No UID of the folder means anything now: it is read anew, and its messages are known again by what they are."""
    lose_messages(txn, [row[0] for row in txn.sql.execute("SELECT id FROM message WHERE folder_id = ?", (folder_id,))])
    forget_probes(txn, folder_id)
    folders.set_progress(txn, folder_id, uidvalidity=0, uidnext=0, highestmodseq=0, synced_min_uid=0, scanned=0)


def settle(txn: Transaction, folder_id: int) -> None:
    """The folder has been read: a message expected there after a move is there, or it is lost."""
    expected = [
        row[0] for row in txn.sql.execute("SELECT id FROM message WHERE folder_id = ? AND uid IS NULL", (folder_id,))
    ]
    missing = find_twins(txn, folder_id, expected)
    refresh_view(txn, set(expected).difference(missing))
    lose_messages(txn, missing)


def is_expecting(sql: sqlite3.Connection, folder_id: int) -> bool:
    """True when a change moved messages into the folder whose UIDs there are not known yet."""
    query = "SELECT 1 FROM message WHERE folder_id = ? AND uid IS NULL LIMIT 1"
    return sql.execute(query, (folder_id,)).fetchone() is not None


def forget_lost(txn: Transaction, account: int, before: int) -> list[int]:
    """Delete messages lost before `before` (epoch) that no unfinished change speaks of; returns their ids.

    What was made here and the server refused is kept, and so is what can be done again: there is no other copy.
    """
    ids = [
        row[0]
        for row in txn.sql.execute(
            "SELECT id FROM message WHERE account_id = ? AND uid IS NULL AND folder_id IS NULL AND lost_since < ?"
            " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
            "  WHERE i.message_id = message.id AND i.stage < 2 AND (j.state IN ('queued', 'running')"
            "  OR unborn AND (j.state = 'failed' OR j.state = 'cancelled' AND j.undone > 0)))",
            (account, before),
        )
    ]
    threads.forget(txn, ids)
    txn.sql.executemany("DELETE FROM message WHERE id = ?", ((id_,) for id_ in ids))
    return ids


def refresh_view(txn: Transaction, ids: Iterable[int]) -> None:
    """Lay every unfinished change over the server's truth, for these messages, and keep the counters true."""
    for chunk in chunks(list(ids)):
        places = marks(chunk)
        overlay = dict[int, list[tuple[str, str, int | None, int, int, str, str]]]()
        for id_, *change in txn.sql.execute(
            "SELECT i.message_id, j.kind, j.state, j.target, j.add_flags, j.remove_flags,"  # noqa: S608
            " j.add_keywords, j.remove_keywords"
            " FROM journal_item i CROSS JOIN journal j ON j.id = i.journal_id"
            f" WHERE i.message_id IN ({places}) AND i.stage < 2 AND j.state IN ('queued', 'running', 'failed')"
            " ORDER BY j.id",
            chunk,
        ):
            overlay.setdefault(id_, []).append(tuple(change))
        kept = dict(txn.sql.execute(KEPT.format(places), chunk).fetchall())
        for id_, home, flags, keywords, identity, *seen in txn.sql.execute(
            "SELECT id, folder_id, flags, keywords, identity, view_folder, view_flags, view_keywords, state"  # noqa: S608
            f" FROM message WHERE id IN ({places})",
            chunk,
        ).fetchall():
            state, folder = 0, home
            keywords = with_keywords(keywords, kept.get(id_, ""), "")
            for kind, change_state, target, add, remove, add_words, remove_words in overlay.get(id_, ()):
                if change_state == "failed":
                    state = 2
                    continue
                state = 1
                if kind in ("move", "copy", "append"):
                    folder = target
                elif kind == "expunge":
                    folder = None
                else:
                    flags = flags & ~remove | add
                    keywords = with_keywords(keywords, add_words, remove_words)
            if identity and folder not in (home, None) and labels.is_there(txn.sql, id_, folder):
                folder = None
            if [folder, flags, keywords, state] == seen:
                continue
            txn.sql.execute(
                "UPDATE message SET view_folder = ?, view_flags = ?, view_keywords = ?, state = ? WHERE id = ?",
                (folder, flags, keywords, state, id_),
            )
            was_unread, is_unread = int(not seen[1] & Flag.SEEN), int(not flags & Flag.SEEN)
            if folder == seen[0]:
                txn.count(folder, 0, is_unread - was_unread)
            else:
                txn.count(seen[0], -1, -was_unread)
                txn.count(folder, 1, is_unread)


def with_keywords(keywords: str, add: str, remove: str) -> str:
    """A column of keywords after adding and removing some; RFC 9051 2.3.2 compares them without regard to case."""
    if not add and not remove:
        return keywords
    unwanted = {word.casefold() for word in remove.split()} | {word.casefold() for word in add.split()}
    return " ".join(sorted([word for word in keywords.split() if word.casefold() not in unwanted] + add.split()))


# --- looking up ------------------------------------------------------------------------------


def account_of(sql: sqlite3.Connection, message_id: int) -> str | None:
    """The name of the account that a message belongs to."""
    row = sql.execute(
        "SELECT a.name FROM message m JOIN account a ON a.id = m.account_id WHERE m.id = ?", (message_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def kind(sql: sqlite3.Connection, message_id: int) -> Kind:
    """What a message was found to be."""
    row = sql.execute("SELECT kind FROM message WHERE id = ?", (message_id,)).fetchone()
    return Kind.UNKNOWN if row is None else Kind(row[0])


def accounts_of(sql: sqlite3.Connection, ids: Sequence[int]) -> list[tuple[int, int]]:
    """(message id, account_id) of those that exist."""
    found = list[tuple[int, int]]()
    for chunk in chunks(list(ids)):
        found += sql.execute(f"SELECT id, account_id FROM message WHERE id IN ({marks(chunk)})", chunk)  # noqa: S608
    return found


def of_account_among(sql: sqlite3.Connection, ids: Sequence[int], account: str) -> list[int]:
    """Those of an account, in the order of `ids`; a tenth of a second for 100,000."""
    query = (
        "SELECT j.value FROM json_each(?) j CROSS JOIN message m ON m.id = j.value"
        " WHERE m.account_id = (SELECT id FROM account WHERE name = ?) ORDER BY j.key"
    )
    return [row[0] for row in sql.execute(query, (json.dumps(list(ids)), account))]


def outside_role_among(sql: sqlite3.Connection, ids: Sequence[int], role: Role) -> list[int]:
    """Those that are in no folder of a role, in the order of `ids`."""
    query = (
        "SELECT j.value FROM json_each(?) j CROSS JOIN message m ON m.id = j.value"
        " WHERE m.view_folder NOT IN (SELECT id FROM folder WHERE role = ?) ORDER BY j.key"
    )
    return [row[0] for row in sql.execute(query, (json.dumps(list(ids)), role))]


def of_message_id(sql: sqlite3.Connection, message_id: str) -> int:
    """A displayed message of this Message-ID; 0 when there is none. Looks at every row: not for the UI thread."""
    row = sql.execute(
        "SELECT id FROM message WHERE msgid_hash = ? AND message_id = ? AND view_folder IS NOT NULL LIMIT 1",
        (message_hash(message_id), message_id),
    ).fetchone()
    return 0 if row is None else int(row[0])


def of_account(sql: sqlite3.Connection, account: int) -> list[int]:
    """Every message of an account."""
    return [row[0] for row in sql.execute("SELECT id FROM message WHERE account_id = ?", (account,))]


def displayed_in(sql: sqlite3.Connection, folder_id: int) -> list[int]:
    """The ids of the messages that are displayed in a folder, newest first."""
    query = "SELECT id FROM message WHERE view_folder = ? ORDER BY date DESC, id DESC"
    return [row[0] for row in sql.execute(query, (folder_id,))]


def bodiless(
    sql: sqlite3.Connection, account: int, newer_than: int, limit: int, without: Sequence[int] = ()
) -> list[tuple[int, int, int, int]]:
    """(message id, folder_id, uid, size), newest first, of messages whose body is not here; not of some folders."""
    query = (
        "SELECT id, folder_id, uid, size FROM message WHERE account_id = ? AND has_body = 0 AND uid IS NOT NULL"  # noqa: S608
        f" AND date >= ? AND folder_id NOT IN ({marks(without)}) ORDER BY date DESC LIMIT ?"
    )
    return [(row[0], row[1], row[2], row[3]) for row in sql.execute(query, (account, newer_than, *without, limit))]


def large_bodiless(sql: sqlite3.Connection, account: int, newer_than: int, limit: int) -> int | None:
    """The newest message up to `limit` octets that was too large to come with the others, and is not here."""
    query = (
        "SELECT id FROM message WHERE account_id = ? AND has_body = 2 AND uid IS NOT NULL AND date >= ? AND size <= ?"
        " ORDER BY date DESC LIMIT 1"
    )
    row = sql.execute(query, (account, newer_than, limit)).fetchone()
    return None if row is None else int(row[0])


def wanted(sql: sqlite3.Connection) -> list[tuple[int, int]]:
    """(message id, account_id) of bodies that a process without an engine asked for."""
    return [
        (row[0], row[1])
        for row in sql.execute("SELECT w.message_id, m.account_id FROM wanted w JOIN message m ON m.id = w.message_id")
    ]


def want(txn: Transaction, message_id: int) -> None:
    """Ask the engine in another process for a body."""
    txn.sql.execute("INSERT OR REPLACE INTO wanted VALUES (?, ?)", (message_id, int(time.time())))


def take_wanted(txn: Transaction) -> list[tuple[int, int]]:
    """What was asked for, which from now on is the caller's to fetch."""
    found = wanted(txn.sql)
    txn.sql.execute("DELETE FROM wanted")
    return found


def set_has_body(txn: Transaction, known: Iterable[tuple[int, int]]) -> None:
    """(message id, 1 stored | 2 beyond the policy | 3 the server will not give it)."""
    txn.sql.executemany("UPDATE message SET has_body = ? WHERE id = ?", ((value, id_) for id_, value in known))


def set_invitations(txn: Transaction, ids: Iterable[int]) -> None:
    """These messages turned out to hold something for a calendar."""
    for id_ in ids:
        row = txn.sql.execute("SELECT view_folder, kind FROM message WHERE id = ?", (id_,)).fetchone()
        if row is not None and row[1] != Kind.CALENDAR:
            txn.sql.execute("UPDATE message SET kind = ? WHERE id = ?", (int(Kind.CALENDAR), id_))
            txn.count(row[0], 0, 0)


def set_snippets(txn: Transaction, snippets: Iterable[tuple[int, SafeText]]) -> None:
    """The first words of messages that were read whole."""
    for id_, snippet in snippets:
        row = txn.sql.execute("SELECT view_folder, snippet FROM message WHERE id = ?", (id_,)).fetchone()
        if row is not None and row[1] != snippet:
            txn.sql.execute("UPDATE message SET snippet = ? WHERE id = ?", (snippet, id_))
            txn.count(row[0], 0, 0)


# --- columns ----------------------------------------------------------------------------------

_COLUMNS = (
    "account_id, folder_id, uid, flags, keywords, view_folder, view_flags, view_keywords, date, internaldate, size,"
    " subject, from_, to_, cc, message_id, msgid_hash, thread, refs, list_id, has_attachments, identity, labels,"
    " kind"
)
INSERT = f"INSERT INTO message ({_COLUMNS}) VALUES ({', '.join('?' * 24)})"  # noqa: S608


def columns(account: int, folder_id: int, arrival: Arrival) -> tuple[object, ...]:
    """The values of INSERT for a message that a server lists in a folder."""
    fields = arrival.fields
    own_hash = identity_hash(fields, arrival.internaldate)
    names = threads.named(account, arrival.thread, fields.references)
    root = message_hash(names[0]) if names else own_hash
    date = fields.date
    if date is None or not 0 < date <= arrival.internaldate + 86_400:  # no message comes from the future
        date = arrival.internaldate
    return (
        account,
        folder_id,
        arrival.uid,
        int(arrival.flags),
        " ".join(sorted(arrival.keywords)),
        folder_id,
        int(arrival.flags),
        " ".join(sorted(arrival.keywords)),
        date,
        arrival.internaldate,
        arrival.size,
        fields.subject,
        _packed(fields.from_),
        _packed(fields.to),
        _packed(fields.cc),
        fields.message_id,
        own_hash,
        root,
        " ".join(names),
        fields.list_id,
        int(fields.has_attachments),
        arrival.identity,
        _joined(arrival.labels) if arrival.labels else "",
        int(fields.kind),
    )


def _undisputed(txn: Transaction, folder_id: int, low: int, high: int, arrivals: Sequence[Arrival]) -> set[int]:
    """The stored UIDs in a range; a row whose UID is another message on the server loses it."""
    query = "SELECT uid, id, msgid_hash, size FROM message WHERE folder_id = ? AND uid BETWEEN ? AND ?"
    known = {row[0]: (row[1], Likeness(*row[2:])) for row in txn.sql.execute(query, (folder_id, low, high))}
    wrong = dict[int, int]()
    for arrival in arrivals if known else ():
        id_, mine = known.get(arrival.uid, (0, None))
        if mine is None:
            continue
        theirs = Likeness(identity_hash(arrival.fields, arrival.internaldate), arrival.size)
        if not mine.may_be(theirs) or (not mine.size and arrival.size):
            wrong.setdefault(arrival.uid, id_)
    lose_messages(txn, wrong.values())
    return set(known).difference(wrong)


def _adopt(txn: Transaction, id_: int, folder_id: int, arrival: Arrival) -> int:
    txn.sql.execute(
        "UPDATE message SET folder_id = ?1, uid = ?2, flags = ?3, keywords = ?4, lost_since = 0, labels = ?6,"
        " identity = CASE WHEN ?5 = '' THEN identity ELSE ?5 END WHERE id = ?7",
        (
            folder_id,
            arrival.uid,
            int(arrival.flags),
            " ".join(sorted(arrival.keywords)),
            arrival.identity,
            _joined(arrival.labels),
            id_,
        ),
    )
    return id_


def _joined(labels: tuple[str, ...]) -> str:
    return FIELD.join(label.replace(FIELD, "") for label in labels)


def _packed(addresses: tuple[Address, ...]) -> str:
    return RECORD.join(f"{a.name}{FIELD}{a.email}" for a in addresses)
