"""Which message is which where a server's name for it does not tell: its header does.

What belongs here: reading headers for that, and comparing them with what is here. What must never be here: deciding
which names are to be doubted (plan_drop), writing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_mail.mime.headers import parse_headers
from tui_mail.net.pop3 import Pop3Session
from tui_mail.store import bodies, maildrop
from tui_mail.store.database import Database
from tui_mail.store.maildrop import Known
from tui_mail.sync.plan_drop import Entry

_RECEIVED = re.compile(rb"^received:((?:.*\r\n[ \t])*.*)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Told:
    """The doubtful entries of a listing, each under a name that is good for it alone."""

    here: list[Entry] = field(default_factory=list)
    new: list[Entry] = field(default_factory=list)
    names: list[tuple[str, int, int]] = field(default_factory=list)
    """(UIDL, message id, listed size) of those that are here and were called otherwise."""


def told_apart(
    db: Database,
    account: int,
    session: Pop3Session,
    entries: Sequence[Entry],
    known: Mapping[str, Known],
    *,
    whole: bool,
    among: Collection[int] | None = None,
    strictly: bool = False,
) -> Told:
    """Look at the headers of `entries`; what TOP does not show is read `whole` for that, or else counts as new.

    `among`: the messages that may be one of these; None: any. `strictly`: where most names are as they were, a second
    copy of a message is likelier than another name for it, and one is taken for the other by its whole header only.

    Raises what a session raises, and StoreError.
    """
    told, taken, often = Told(), set[int](), Counter[str]()
    by_number = {entry.number: entry for entry in entries}
    for number, header in _headers(session, list(by_number), whole):
        entry = by_number.pop(number)
        before = known.get(entry.uidl)
        if before is not None and _is_it(db, before, header):
            told.here.append(entry)
            continue
        if before is not None or not entry.uidl:
            name = hashlib.sha256(header).hexdigest()[:32]
            often[name] += 1
            entry = replace(entry, uidl=f"top:{name}:{often[name]}")
        if entry.uidl in known:
            told.here.append(entry)
            continue
        alike = maildrop.alike(db.read(), account, parse_headers(header), entry.size)
        free = (id_ for id_ in alike if id_ not in taken and (among is None or id_ in among))
        one = next((id_ for id_ in free if not strictly or _has_come_so(db, id_, header)), 0)
        if one:
            taken.add(one)
            told.names.append((entry.uidl, one, entry.size))
        (told.here if one else told.new).append(entry)
    if not whole:
        told.new += (replace(entry, uidl=entry.uidl or f"?{entry.number}") for entry in by_number.values())
    return told


def _headers(session: Pop3Session, numbers: Sequence[int], whole: bool) -> Iterator[tuple[int, bytes]]:
    """The header of each message; with `whole` also of those that TOP does not show, by reading them."""
    left = set(numbers)
    for number, header in session.top(numbers):
        left.discard(number)
        yield number, header
    if not whole:
        return
    for number, raw in session.retrieve(sorted(left)):
        if isinstance(raw, bytes):
            yield number, _header_of(raw)


def _header_of(raw: bytes) -> bytes:
    head, end, _ = raw.partition(b"\r\n\r\n")
    return head + end


def _is_it(db: Database, before: Known, header: bytes) -> bool:
    """Whether this is the message that had the name before it was gone from the listings.

    Where its octets are here no more, nothing can be compared. Then the name counts, unless the server had deleted it.
    """
    raw = bodies.load(db.read_bodies(), before.message_id)
    return not before.deleted if raw is None else _header_of(raw) == header


def _has_come_so(db: Database, message_id: int, header: bytes) -> bool:
    """Whether a message has this header, or came the same way: every delivery leaves a trace of its own."""
    raw = bodies.load(db.read_bodies(), message_id)
    if raw is None:
        return False
    before = _header_of(raw)
    return before == header or (bool(_trace(header)) and _trace(before) == _trace(header))


def _trace(header: bytes) -> list[bytes]:
    """The Received fields (RFC 5321, section 4.4), which servers do not change when they move a mailbox."""
    return [b" ".join(value.split()) for value in _RECEIVED.findall(header)]
