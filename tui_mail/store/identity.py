"""Which message is which, when its UID cannot tell: after a move without COPYUID, a new UIDVALIDITY, a lost answer.

What belongs here: the rule by which a message that vanished from one place and one that appears in another are the
same. What must never be here: UIDs given by the server, which always go before this rule.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType

from tui_mail.model import Flag, HeaderFields
from tui_mail.records import frozen
from tui_mail.store import labels
from tui_mail.store.database import Transaction
from tui_mail.store.stages import copied_into

Key = tuple[int, int]
"""Hash and size: what a server gives back unchanged wherever the message goes."""


def message_hash(message_id: str) -> int:
    """63 bits of a Message-ID: small in an index, and nobody can choose a collision that matters."""
    return int.from_bytes(blake2b(message_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def identity_hash(fields: HeaderFields, internaldate: int) -> int:
    """The hash of the Message-ID, or where there is none, of what else tells messages apart."""
    if fields.message_id:
        return message_hash(fields.message_id)
    senders = " ".join(address.email for address in fields.from_)
    return message_hash(f"\n{fields.date}\n{internaldate}\n{senders}\n{fields.subject}")


SIMILAR = 4_096
"""Octets by which two tellings of one message's size may differ: some servers only guess it."""


@frozen
class Likeness:
    """What is stored, or told, of a message that tells it from others under the same UID."""

    key: int
    """identity_hash."""
    size: int
    """Octets; 0 unknown."""
    internaldate: int = 0

    def may_be(self, other: Likeness) -> bool:
        """False when the two are different messages for certain."""
        if not self.size or not other.size:
            return True
        return self.key == other.key and abs(self.size - other.size) <= max(SIMILAR, self.size // 4)


def likenesses(sql: sqlite3.Connection, folder_id: int, uids: Iterable[int]) -> dict[int, Likeness]:
    """By UID, of those that are stored."""
    found = dict[int, Likeness]()
    for uid in uids:
        row = sql.execute(
            "SELECT msgid_hash, size, internaldate FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid)
        ).fetchone()
        if row is not None:
            found[uid] = Likeness(*row)
    return found


def homeless(sql: sqlite3.Connection, account: int, folder_id: int) -> dict[Key, list[tuple[int, int]]]:
    """(id, internaldate) of messages that may be what now appears in the folder.

    Those expected there come first, and those last that we may have moved to another folder. Not those of which we
    sent a copy there: that is what appears.
    """
    found, copied = dict[Key, list[tuple[int, int]]](), copied_into(sql, account).get(folder_id, set())
    for id_, key, size, date in sql.execute(
        "SELECT id, msgid_hash, size, internaldate FROM message WHERE account_id = ?1 AND uid IS NULL AND NOT unborn"
        " AND (folder_id IS NULL OR folder_id = ?2) ORDER BY folder_id IS NULL, EXISTS ("
        "SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id WHERE i.message_id = message.id"
        " AND i.stage < 2 AND j.kind = 'move' AND j.attempts > 0 AND j.target != ?2"
        " AND j.state IN ('queued', 'running')"
        "), lost_since DESC",
        (account, folder_id),
    ):
        if id_ not in copied:
            found.setdefault((key, size), []).append((id_, date))
    return found


def best(candidates: list[tuple[int, int]], internaldate: int) -> int:
    """Take the likeliest of several candidates: the one of the same date, else the first."""
    same = next((one for one in candidates if one[1] == internaldate), candidates[0])
    candidates.remove(same)
    return same[0]


def absorb(txn: Transaction, id_: int, twin: int) -> None:
    """Give a message the place of its twin, which is gone then; what a person did to the twin is done to it.

    The caller refreshes the view of `id_`.
    """
    place = txn.sql.execute(
        "SELECT folder_id, uid, flags, keywords, view_folder, view_flags FROM message WHERE id = ?", (twin,)
    ).fetchone()
    txn.sql.execute("UPDATE OR IGNORE journal_item SET message_id = ? WHERE message_id = ?", (id_, twin))
    txn.sql.execute(  # it is forgotten later, with its body, which others may have in common with it; found it is not
        "UPDATE message SET folder_id = NULL, uid = NULL, view_folder = NULL, msgid_hash = -1, lost_since = ?"
        " WHERE id = ?",
        (int(time.time()), twin),
    )
    txn.count(place[4], -1, -int(not place[5] & Flag.SEEN))
    txn.sql.execute(
        "UPDATE message SET folder_id = ?, uid = ?, flags = ?, keywords = ?, lost_since = 0 WHERE id = ?",
        (*place[:4], id_),
    )


def find_twins(
    txn: Transaction, folder_id: int, ids: Sequence[int], probes: Mapping[int, int] = MappingProxyType({})
) -> list[int]:
    """Give each of these messages the place of its twin in the folder; returns those that have none there.

    A twin is a row that a sync made of this very message, before it was known where that went. `probes`: the UIDs from
    which on that of a message must be; what lay there before is a copy, however alike.
    """
    alone, taken, twins = list[int](), set[int](), dict[Key, list[tuple[int, int, int]]]()
    if ids:
        for twin, key, size, date, uid in txn.sql.execute(
            "SELECT id, msgid_hash, size, internaldate, uid FROM message WHERE folder_id = ? AND uid IS NOT NULL"
            " ORDER BY uid DESC",
            (folder_id,),
        ):
            twins.setdefault((key, size), []).append((twin, date, uid))
    for id_ in ids:
        if (same := labels.twin_in(txn.sql, id_, folder_id)) is not None:
            taken.add(same[0])
            absorb(txn, id_, same[0])
            continue
        key, size, date = txn.sql.execute(
            "SELECT msgid_hash, size, internaldate FROM message WHERE id = ?", (id_,)
        ).fetchone()
        rest = twins.get((key, size), [])
        alike = [(twin, date) for twin, date, uid in rest if uid >= probes.get(id_, 0) and twin not in taken]
        if alike:
            twin = best(alike, date)
            taken.add(twin)
            absorb(txn, id_, twin)
        else:
            alone.append(id_)
    return alone
