"""A message made here: its row that nobody sees yet, and its octets, durable before a change shows and sends it.

What belongs here: the order of these steps, so that a crash between two leaves nothing half done (a row that no change
speaks of is forgotten within the hour). What must never be here: the change itself (journal, drafts).
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.mime.headers import BLOCK_LIMIT, parse_headers
from tui_mail.model import Flag, HeaderFields
from tui_mail.store import bodies, folders, threads, unborn
from tui_mail.store.database import Database, Transaction
from tui_mail.store.messages import Arrival


def make(db: Database, account: str, raw: bytes, flags: Flag, when: int) -> int:
    """Keep CRLF octets as a message of an account that no server has heard of; gives its id. Blocks.

    `when` is its INTERNALDATE (epoch).
    """
    arrival = Arrival(0, flags, (), when, len(raw), fields_of(raw))
    (id_,) = db.run(lambda txn: _insert(txn, account, [arrival]), urgent=True)
    bodies.save(db, [bodies.pack(id_, raw)], urgent=True)
    return id_


def make_many(db: Database, account: str, raws: Sequence[bytes], when: int) -> list[int]:
    """The same for several at once, unread; gives their ids in order."""
    arrivals = [Arrival(0, Flag.NONE, (), when, len(raw), fields_of(raw)) for raw in raws]
    ids = db.run(lambda txn: _insert(txn, account, arrivals))
    bodies.save(db, [bodies.pack(id_, raw) for id_, raw in zip(ids, raws, strict=True)])
    return ids


def fields_of(raw: bytes) -> HeaderFields:
    """What the header of whole octets says."""
    return parse_headers(raw[: BLOCK_LIMIT + 2])


def _insert(txn: Transaction, account: str, arrivals: Sequence[Arrival]) -> list[int]:
    owner = folders.account_id(txn, account)
    ids = [unborn.insert_unborn(txn, owner, arrival) for arrival in arrivals]
    threads.place_few(txn)
    return ids
