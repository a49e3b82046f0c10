"""One visit to a POP3 maildrop: what is new is brought here, and only then may the server delete anything.

What belongs here: the order of steps, each of which can be the last one. What must never be here: when to visit (the
worker), what to fetch and delete (plan_drop).

RETR → octets durable in bodies.db → row, inbox and UIDL in one commit → DELE → QUIT and its answer → noted as deleted.
Before a DELE is sent, the octets are read back and compared with their hash: this may be the only copy from then on.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui_mail.errors import CommandRefused
from tui_mail.mime.headers import parse_headers
from tui_mail.net.pop3 import Pop3Session
from tui_mail.store import bodies, maildrop, mirror, others
from tui_mail.store.database import Database
from tui_mail.store.maildrop import Fetched, Known
from tui_mail.store.making import make_many
from tui_mail.store.mirror import Arrived
from tui_mail.sync.plan_drop import Entry, plan, to_delete

BATCH_MESSAGES, BATCH_OCTETS = 50, 4_000_000
"""Most that is committed at once: so much is fetched again after a crash."""
FORGET_SECONDS = 90 * 86_400

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told (messages here, messages of the maildrop)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one session."""

    new: int
    deleted: int
    refused: int
    """Messages that the server would not give; they stay there."""
    left: int
    """Messages that were not reached because somebody stopped it."""


class Drop:
    """The maildrop of one account."""

    def __init__(self, db: Database, account: str, account_id: int, policy: str) -> None:
        """`policy` as config.toml has it: never | at_once | when_deleted | "N days"."""
        self._db = db
        self._account = account
        self._id = account_id
        self._policy = policy
        self._listed_at = 0

    def visit(self, session: Pop3Session, progress: Progress, stopped: Callable[[], bool]) -> Visit:
        """Fetch, delete what may be, and end the session. Raises ServerError and StoreError; nothing is lost then."""
        here, new, total = self._sorted(session)
        done, refused, kept = len(here), 0, list[Entry]()
        progress(done, total)
        for batch, failed in self._batches(session, new, stopped):
            kept += batch
            refused += failed
            done += len(batch)
            progress(done, total)
        deleted = [] if stopped() else self._delete(session, [*here, *kept])
        session.quit()
        now = int(time.time())
        if deleted:
            self._db.run(lambda txn: maildrop.deleted(txn, self._id, deleted, now))
        self._note_others(here, new, kept, now)
        return Visit(len(kept), len(deleted), refused, len(new) - len(kept) - refused)

    def would_delete(self, session: Pop3Session) -> list[Known]:
        """What the next visit would have the server delete, of what is here already. Nothing is changed."""
        here, _, _ = self._sorted(session, write=False)
        known = maildrop.known(self._db.read(), self._id)
        return [known[entry.uidl] for entry in self._deletable(here, known)]

    # --- what is there ------------------------------------------------------------------------

    def _sorted(self, session: Pop3Session, *, write: bool = True) -> tuple[list[Entry], list[Entry], int]:
        """(what is here, what is new, how many there are)."""
        listing = session.listing()
        known = maildrop.known(self._db.read(), self._id)
        planned = plan(listing, known)
        here, new = list(planned.here), list(planned.fetch)
        names, now = list[tuple[str, int, int]](), int(time.time())
        for looked, among in ((planned.look, None), (planned.expected, self._expected())):
            if not looked:
                continue
            named, alike = self._named(session, looked, known, among)
            new += [entry for entry in named if entry.uidl not in known and entry.uidl not in alike]
            here += [entry for entry in named if entry.uidl in known or entry.uidl in alike]
            names += [(entry.uidl, alike[entry.uidl], entry.size) for entry in named if entry.uidl in alike]
        if write and names:
            self._db.run(lambda txn: maildrop.know_as(txn, self._id, names, now))
        self._listed_at = now
        if write and here:
            listed = [entry.uidl for entry in here]
            self._db.run(lambda txn: maildrop.seen(txn, self._id, listed, now))
        return here, new, len(listing)

    def _expected(self) -> set[int]:
        return {id_ for ids in maildrop.expected(self._db.read(), self._id).values() for id_ in ids}

    def _named(
        self, session: Pop3Session, entries: Sequence[Entry], known: dict[str, Known], among: set[int] | None = None
    ) -> tuple[list[Entry], dict[str, int]]:
        """Entries with a name made of their header where they have none; and those that are here under another name.

        `among`: the messages that may be one of these; None: any.
        """
        sizes, named = {entry.number: entry for entry in entries}, list[Entry]()
        taken, alike, often = set[int](), dict[str, int](), Counter[str]()
        for number, header in session.top([entry.number for entry in entries]):
            entry = sizes[number]
            if not entry.uidl:
                name = hashlib.sha256(header).hexdigest()[:32]
                often[name] += 1
                entry = replace(entry, uidl=f"top:{name}:{often[name]}")
            named.append(entry)
            if entry.uidl not in known:
                found = maildrop.alike(self._db.read(), self._id, parse_headers(header), entry.size)
                one = next((id_ for id_ in found if id_ not in taken and (among is None or id_ in among)), 0)
                if one:
                    taken.add(one)
                    alike[entry.uidl] = one
        return named, alike

    def _note_others(self, here: Sequence[Entry], new: Sequence[Entry], kept: Sequence[Entry], now: int) -> None:
        """Whether somebody else takes mail away: what we left there, and would leave there, is not listed any more."""
        before = others.signs(self._db.read(), self._id)
        known = maildrop.known(self._db.read(), self._id)
        listed = {entry.uidl for entry in (*here, *new)}
        ids = {known[uidl].message_id for uidl in listed if uidl in known}
        found = maildrop.missing(self._db.read(), self._id, before.until, self._listed_at)
        left = {uidl: one for uidl, (one, _) in found.items() if uidl not in listed and one.message_id not in ids}
        thrown_away = maildrop.thrown_away(self._db.read(), [one.message_id for one in left.values()])
        entries = [Entry(0, one.size, uidl) for uidl, one in left.items()]
        ours = {entry.uidl for entry in to_delete(self._policy, entries, left, thrown_away, now)}
        gone = {uidl: found[uidl][1] for uidl in left if uidl not in ours}
        fetched = {entry.uidl for entry in kept}
        unfetched = [entry.uidl for entry in new if entry.uidl not in fetched and entry.uidl not in known]
        signs = others.after_listing(before, listed, gone, unfetched, now)
        if signs != before:
            self._db.run(lambda txn: others.note(txn, self._id, signs))

    # --- bringing it here -----------------------------------------------------------------------

    def _batches(
        self, session: Pop3Session, new: Sequence[Entry], stopped: Callable[[], bool]
    ) -> Iterator[tuple[list[Entry], int]]:
        """Batches that are here durably, and how many of each the server refused to give."""
        by_number = {entry.number: entry for entry in new}
        for numbers in _portions(new):
            if stopped():
                return
            got, refused = list[tuple[Entry, bytes]](), 0
            for number, raw in session.retrieve(numbers):
                if isinstance(raw, CommandRefused):
                    log.warning("account %s: message %d: %s", self._account, number, raw.detail)
                    refused += 1
                else:
                    got.append((by_number[number], raw))
            self._keep(got)
            yield [entry for entry, _ in got], refused

    def _keep(self, got: Sequence[tuple[Entry, bytes]]) -> None:
        now = int(time.time())
        got = self._without_expected(got, now)
        if not got:
            return
        ids = make_many(self._db, self._account, [raw for _, raw in got], now)
        arrived = [Arrived(id_, entry.uidl, entry.size) for (entry, _), id_ in zip(got, ids, strict=True)]
        mirror.note_arrivals(self._db, self._account, arrived, now)
        fetched = [Fetched(entry.uidl, id_, entry.size) for (entry, _), id_ in zip(got, ids, strict=True)]
        self._db.run(lambda txn: maildrop.keep(txn, self._id, fetched, now))

    def _without_expected(self, got: Sequence[tuple[Entry, bytes]], now: int) -> Sequence[tuple[Entry, bytes]]:
        """Those that did not come another way before, octet for octet: a header without Message-ID cannot tell."""
        waiting, same = maildrop.expected(self._db.read(), self._id), list[tuple[str, int, int]]()
        for entry, raw in got if waiting else ():
            for id_ in waiting.get(len(raw), []):
                if bodies.load(self._db.read_bodies(), id_) == raw:
                    waiting[len(raw)].remove(id_)
                    same.append((entry.uidl, id_, entry.size))
                    break
        if not same:
            return got
        self._db.run(lambda txn: maildrop.know_as(txn, self._id, same, now))
        known = {uidl for uidl, _, _ in same}
        return [one for one in got if one[0].uidl not in known]

    # --- deleting -------------------------------------------------------------------------------

    def _delete(self, session: Pop3Session, here: Sequence[Entry]) -> list[str]:
        """Mark on the server what may go; it goes when the session ends well."""
        known = maildrop.known(self._db.read(), self._id)
        wanted = {entry.number: entry.uidl for entry in self._deletable(here, known)}
        marked = session.delete(list(wanted)) if wanted else []
        return [wanted[number] for number in marked]

    def _deletable(self, here: Iterable[Entry], known: dict[str, Known]) -> list[Entry]:
        if self._policy == "never":
            return []
        here = list(here)
        ids = [known[entry.uidl].message_id for entry in here if entry.uidl in known]
        gone = maildrop.thrown_away(self._db.read(), ids)
        chosen = to_delete(self._policy, here, known, gone, time.time())
        sql = self._db.read_bodies()
        return [
            entry
            for entry in chosen
            if known[entry.uidl].message_id in gone or bodies.load(sql, known[entry.uidl].message_id) is not None
        ]


def _portions(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Numbers of messages that are committed together."""
    portion, octets = list[int](), 0
    for entry in entries:
        if portion and (len(portion) >= BATCH_MESSAGES or octets + entry.size > BATCH_OCTETS):
            yield portion
            portion, octets = [], 0
        portion.append(entry.number)
        octets += entry.size
    if portion:
        yield portion
