"""One visit to a POP3 maildrop: what is new is brought here, and only then may the server delete anything.

What belongs here: the order of steps, each of which can be the last one. What must never be here: when to visit (the
worker), what to fetch and delete (plan_drop).

RETR → octets durable in bodies.db → row, inbox and UIDL in one commit → DELE → QUIT and its answer → noted as deleted.
Before a DELE is sent, the octets are read back and compared with their hash: this may be the only copy from then on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui_mail.errors import CommandRefused, ServerError
from tui_mail.net.pop3 import Pop3Session
from tui_mail.records import frozen
from tui_mail.store import bodies, maildrop, mirror, others
from tui_mail.store.database import Database, Transaction
from tui_mail.store.maildrop import Fetched, Known
from tui_mail.store.making import make_many
from tui_mail.store.mirror import Arrived
from tui_mail.sync.plan_drop import Deletion, Entry, Foretold, missing, plan, to_delete, why
from tui_mail.sync.telling import Told, told_apart

BATCH_MESSAGES, BATCH_OCTETS = 50, 4_000_000
BATCH_SECONDS = 2.0
"""Most that is committed at once: so much is fetched again after a crash."""
FORGET_SECONDS = 90 * 86_400

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Fetching:
    """How far a visit that has something to fetch is."""

    done: int
    """Messages of the maildrop that are here…"""
    total: int
    """…out of how many."""
    octets: int
    """As the server counts them: of those that are here…"""
    octets_total: int
    """…out of how many."""


Progress = Callable[[Fetching], None]


@frozen
class Visit:
    """What came of one session."""

    new: int
    deleted: int
    refused: int
    """Messages that the server would not give; they stay there."""
    left: int
    """Messages that were not reached because somebody stopped it."""


@frozen
class _Sorted:
    """A listing by what is known of it."""

    here: list[Entry]
    new: list[Entry]
    names: list[tuple[str, int, int]]
    """(UIDL, message id, size) of those that are here under another name."""
    total: int


class Drop:
    """The maildrop of one account."""

    def __init__(self, db: Database, account: str, account_id: int, policy: str) -> None:
        """`policy` as config.toml has it: never | at_once | when_deleted | "N days"."""
        self._db = db
        self._account = account
        self._id = account_id
        self._policy = policy
        self._unlisted = dict[int, list[int]]()
        """Messages that are here and that what this visit fetches may be, by their size."""

    def visit(self, session: Pop3Session, progress: Progress, stopped: Callable[[], bool]) -> Visit:
        """Fetch, delete what may be, and end the session. Raises ServerError and StoreError; nothing is lost then."""
        found = self._sorted(session)
        began = max(int(time.time()), maildrop.visited(self._db.read(), self._id) + 1)  # a clock may be set back
        self._note(found, began)
        self._unlisted = maildrop.unlisted(self._db.read(), self._id, began) if found.new else {}
        here, new = found.here, sorted(found.new, key=lambda entry: -entry.number)  # the newest first, as people read
        octets = sum(entry.size for entry in here)
        fetching = Fetching(len(here), len(here) + len(new), octets, octets + sum(entry.size for entry in new))
        refused, kept = 0, list[Entry]()

        def came(entry: Entry) -> None:
            self._came(entry, fetching, progress)

        for batch, failed in self._batches(session, new, stopped, began, came):
            kept += batch
            refused += failed
        deleted = [] if stopped() else self._delete(session, [*here, *kept])
        session.quit()
        now = int(time.time())
        if deleted:
            now = int(time.time())
            self._db.run(lambda txn: self._deleted(txn, deleted, now))
        self._note_others(here, new, kept, began)
        return Visit(len(kept), len(deleted), refused, len(new) - len(kept) - refused)

    def foretell(self, session: Pop3Session) -> Foretold:
        """What `visit` would fetch and have the server delete. Nothing is changed, here or there."""
        found, now = self._sorted(session, dry=True), int(time.time())
        known = maildrop.known(self._db.read(), self._id)
        known |= {uidl: Known(uidl, message_id, size, 0, now) for uidl, message_id, size in found.names}
        known |= {entry.uidl: Known(entry.uidl, 0, entry.size, 0, now) for entry in found.new}
        chosen, unreadable = self._chosen([*found.here, *found.new], known)
        in_trash = maildrop.shown(self._db.read(), [known[entry.uidl].message_id for entry in chosen])
        deletions = [
            Deletion(one, why(self._policy, one, in_trash=one.message_id in in_trash, now=now))
            for one in (replace(known[entry.uidl], size=entry.size) for entry in chosen)
        ]
        left = [replace(known[entry.uidl], size=entry.size) for entry in unreadable]
        return Foretold(found.total, len(found.new), tuple(deletions), tuple(left))

    # --- what is there ------------------------------------------------------------------------

    def _sorted(self, session: Pop3Session, *, dry: bool = False) -> _Sorted:
        listing = session.listing()
        known = maildrop.known(self._db.read(), self._id)
        planned = plan(listing, known, maildrop.visited(self._db.read(), self._id))
        told, late, renamed = Told(), Told(), Told()
        if planned.look:
            told = told_apart(self._db, self._id, session, planned.look, known, whole=not dry)
        if planned.expected:
            among = maildrop.expected(self._db.read(), self._id)
            among.difference_update(id_ for _, id_, _ in told.names)
            late = told_apart(self._db, self._id, session, planned.expected, known, whole=not dry, among=among)
        if planned.renamed:
            among = missing(known, {entry.uidl for entry in (*planned.here, *told.here)})
            among.difference_update(id_ for _, id_, _ in told.names)
            renamed = told_apart(
                self._db, self._id, session, planned.renamed, known, whole=False, among=among, strictly=True
            )
        here = [*planned.here, *told.here, *late.here, *renamed.here]
        new = [*planned.fetch, *told.new, *late.new, *renamed.new]
        return _Sorted(here, new, [*told.names, *late.names, *renamed.names], len(listing))

    def _note(self, found: _Sorted, began: int) -> None:
        """What was listed, and under which names."""
        listed = [entry.uidl for entry in found.here]

        def job(txn: Transaction) -> None:
            self._know_as(txn, found.names, began)
            maildrop.seen(txn, self._id, listed, began)

        self._db.run(job)

    def _know_as(self, txn: Transaction, names: Sequence[tuple[str, int, int]], now: int) -> None:
        maildrop.know_as(txn, self._id, names, now)
        mirror.note_names(self._db, txn, self._id, [uidl for uidl, _, _ in names])

    def _deleted(self, txn: Transaction, uidls: Sequence[str], now: int) -> None:
        maildrop.deleted(txn, self._id, uidls, now)
        mirror.note_names(self._db, txn, self._id, uidls)

    def _note_others(self, here: Sequence[Entry], new: Sequence[Entry], kept: Sequence[Entry], began: int) -> None:
        """Whether somebody else takes mail away: what we left there, and would leave there, is not listed any more."""
        before = others.signs(self._db.read(), self._id)
        known = maildrop.known(self._db.read(), self._id)
        listed = {entry.uidl for entry in (*here, *new)}
        ids = {known[uidl].message_id for uidl in listed if uidl in known}
        found = maildrop.missing(self._db.read(), self._id, before.until, began)
        left = {uidl: one for uidl, (one, _) in found.items() if uidl not in listed and one.message_id not in ids}
        thrown_away = maildrop.thrown_away(self._db.read(), [one.message_id for one in left.values()])
        entries = [Entry(0, one.size, uidl) for uidl, one in left.items()]
        ours = {entry.uidl for entry in to_delete(self._policy, entries, left, thrown_away, began)}
        gone = {uidl: found[uidl][1] for uidl in left if uidl not in ours}
        fetched = {entry.uidl for entry in kept}
        unfetched = [entry.uidl for entry in new if entry.uidl not in fetched and entry.uidl not in known]
        signs = others.after_listing(before, listed, gone, unfetched, began)
        if signs != before:
            self._db.run(lambda txn: others.note(txn, self._id, signs))

    # --- bringing it here -----------------------------------------------------------------------

    def _batches(
        self,
        session: Pop3Session,
        new: Sequence[Entry],
        stopped: Callable[[], bool],
        visit: int,
        came: Callable[[Entry], None],
    ) -> Iterator[tuple[list[Entry], int]]:
        """Batches that are here durably, and how many of each the server refused to give; `came` is told of each one.

        Of a slow line a batch is what came in a few seconds; when it breaks, what came before that is kept.
        """
        by_number = {entry.number: entry for entry in new}
        for numbers in _portions(new):
            if stopped():
                return
            got, refused, began = list[tuple[Entry, bytes]](), 0, time.monotonic()
            try:
                for number, raw in session.retrieve(numbers):
                    if isinstance(raw, CommandRefused):
                        log.warning("account %s: message %d: %s", self._account, number, raw.detail)
                        refused += 1
                        continue
                    got.append((by_number[number], raw))
                    came(by_number[number])
                    if time.monotonic() - began > BATCH_SECONDS:
                        self._keep(got, visit)
                        yield [entry for entry, _ in got], refused
                        got, refused, began = [], 0, time.monotonic()
            except ServerError:
                self._keep(got, visit)
                raise
            self._keep(got, visit)
            yield [entry for entry, _ in got], refused

    @staticmethod
    def _came(entry: Entry, fetching: Fetching, progress: Progress) -> None:
        fetching.done += 1
        fetching.octets += entry.size
        progress(fetching)

    def _keep(self, got: Sequence[tuple[Entry, bytes]], began: int) -> None:
        """`began`: when the visit did, so that all that it had listed was last seen at one moment."""
        got = self._without_known(got, began)
        if not got:
            return
        now = int(time.time())
        ids = make_many(self._db, self._account, [raw for _, raw in got], now)
        arrived = [Arrived(id_, entry.uidl, entry.size) for (entry, _), id_ in zip(got, ids, strict=True)]
        mirror.note_arrivals(self._db, self._account, arrived, now)
        fetched = [Fetched(entry.uidl, id_, entry.size) for (entry, _), id_ in zip(got, ids, strict=True)]
        self._db.run(lambda txn: maildrop.keep(txn, self._id, fetched, began))

    def _without_known(self, got: Sequence[tuple[Entry, bytes]], now: int) -> Sequence[tuple[Entry, bytes]]:
        """Those that are not here under another name, octet for octet: a header without Message-ID cannot tell."""
        same = list[tuple[str, int, int]]()
        for entry, raw in got:
            alike = self._unlisted.get(len(raw), [])
            id_ = next((id_ for id_ in alike if bodies.load(self._db.read_bodies(), id_) == raw), 0)
            if id_:
                alike.remove(id_)
                same.append((entry.uidl, id_, entry.size))
        if not same:
            return got
        self._db.run(lambda txn: self._know_as(txn, same, now))
        known = {uidl for uidl, _, _ in same}
        return [one for one in got if one[0].uidl not in known]

    # --- deleting -------------------------------------------------------------------------------

    def _delete(self, session: Pop3Session, here: Sequence[Entry]) -> list[str]:
        """Mark on the server what may go; it goes when the session ends well."""
        known = maildrop.known(self._db.read(), self._id)
        wanted = {entry.number: entry.uidl for entry in self._chosen(here, known)[0]}
        marked = session.delete(list(wanted)) if wanted else []
        return [wanted[number] for number in marked]

    def _chosen(self, entries: Sequence[Entry], known: dict[str, Known]) -> tuple[list[Entry], list[Entry]]:
        """What the policy gives up: (the server may delete it, it may not because this disk cannot read it)."""
        if self._policy == "never":
            return [], []
        ids = [one.message_id for entry in entries if (one := known.get(entry.uidl)) and one.message_id]
        gone = maildrop.thrown_away(self._db.read(), ids)
        chosen = to_delete(self._policy, entries, known, gone, time.time())
        shown = maildrop.shown(self._db.read(), [known[entry.uidl].message_id for entry in chosen])
        sql, whole, unreadable = self._db.read_bodies(), list[Entry](), list[Entry]()
        for entry in chosen:
            id_ = known[entry.uidl].message_id
            readable = id_ not in shown or bodies.load(sql, id_) is not None  # deleted for ever: nothing to read back
            (whole if readable else unreadable).append(entry)
        return whole, unreadable


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
