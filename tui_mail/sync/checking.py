"""Looking twice: which messages the open folder has, which are gone for certain, which are other ones than were stored.

What belongs here: questions to a server whose one answer is not enough to lose a message, or to touch one. What must
never be here: what follows from the answers (folder), writing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from tui_mail.errors import CommandRefused
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Flag
from tui_mail.net.imap import FlagUpdate, HeaderRow, ImapSession, UidSet
from tui_mail.net.sets import NO_UIDS
from tui_mail.store.identity import Likeness, identity_hash
from tui_mail.store.messages import Arrival
from tui_mail.sync import plan


def searched(session: ImapSession) -> UidSet | None:
    """What a search finds; None when the server refuses to search."""
    with contextlib.suppress(CommandRefused):
        return session.all_uids()
    return None


def present(session: ImapSession, exists: int) -> UidSet:
    """The UIDs of the open folder; asked for in another way too where a search finds less than `exists`."""
    found = searched(session) or NO_UIDS
    if len(found) >= exists:
        return found
    listed = UidSet.from_uids(update.uid for update in session.flags("1:*")[0])
    return UidSet.merged([found, listed])


def proven_gone(session: ImapSession, candidates: Iterable[int], found: UidSet | None) -> list[int]:
    """Those that a search (None: refused) does not find, and that are not there when they are asked for by UID."""
    suspects = list(candidates)
    known = None if found is None else {uid for uid in suspects if uid in found}
    suspects = plan.proven_gone(suspects, known, ())
    answered = set[int]()
    for part in UidSet.from_uids(suspects).lines():
        answered.update(update.uid for update in session.flags(str(part))[0])
    return plan.proven_gone(suspects, known, answered)


def left_marked(session: ImapSession, told: Iterable[FlagUpdate | Arrival]) -> set[int]:
    r"""The UIDs of what is deleted or moved away and cannot be removed: without UIDPLUS it stays, marked \Deleted.

    It is shown no more, and nothing is done to it: where it was moved to, it is another message.
    """
    return set() if session.has("UIDPLUS") else {one.uid for one in told if one.flags & Flag.DELETED}


def arrival(row: HeaderRow) -> Arrival:
    """A row as it is stored."""
    fields = parse_headers(row.header)
    told = (row.identity, row.labels, row.thread)
    return Arrival(row.uid, row.flags, row.keywords, row.internaldate, row.size, fields, *told)


def likeness(row: HeaderRow) -> Likeness:
    """What tells the message of a row from others."""
    return Likeness(identity_hash(parse_headers(row.header), row.internaldate), row.size)


def fits(known: Likeness | None, raw: bytes) -> bool:
    """Whether a whole message is the one that is stored under its UID; False also when that cannot be told."""
    if known is None:
        return False
    told = Likeness(identity_hash(parse_headers(raw), known.internaldate), len(raw))
    return known.size > 0 and known.key == told.key and known.may_be(told)


def has_others(session: ImapSession, known: dict[int, Likeness]) -> bool:
    """True when one of these UIDs is another message now. One that is gone does not count."""
    return any(
        row.uid in known and not known[row.uid].may_be(likeness(row))
        for part in UidSet.from_uids(known).lines()
        for row in session.headers(str(part))
    )


def rows_of(session: ImapSession, uids: UidSet) -> list[HeaderRow]:
    """Rows of these messages; one whose header the server cannot tell has none, so that it is seen at all."""
    rows = [row for part in uids.lines() for row in session.headers(str(part))]
    for uid in set(uids).difference(row.uid for row in rows):
        alone = list(session.headers(str(uid)))
        rows += alone or [
            HeaderRow(update.uid, update.flags, update.keywords, 0, 0, update.modseq, b"")
            for update in session.flags(str(uid))[0]
        ]
    return rows
