"""A former POP3 account whose server has been read: what was done here to messages that the server has is done there.

What belongs here: carrying flags and folders over, joining what only its octets show to be the same, and giving the
server what it lacks when that is wanted. What must never be here: knowing messages again as they are listed (twins).

Every step is repeated until it is noted as done, and repeating changes nothing: flags that are set stay set, a message
that is where it belongs is not moved, and what was uploaded is known by its octets.
"""

from __future__ import annotations

import logging
from collections import defaultdict

from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import bodies, folders, journal, keeping, labels, layout, mirror, purposes, twins, unborn
from tui_mail.store.database import Database, Transaction
from tui_mail.store.journal import Effect, Item
from tui_mail.store.messages import refresh_view
from tui_mail.store.mirror import Noted

KEPT_FLAGS = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED
"""Set there as they are here. Unread is carried over, too: many servers take for read what POP3 has fetched."""
FILED = (Role.NONE, Role.ARCHIVE, Role.JUNK, Role.TRASH)
"""A message that is in such a folder here was put there by the person; the server may have it in its inbox still."""

log = logging.getLogger(__name__)


def bring_home(db: Database, account: int) -> bool:
    """All folders of the account have been read; True when the journal holds something new."""
    other = layout.beside(db.read(), account)
    if not other or any(purposes.lacking(db.read(), account, role) for role in purposes.CHOOSABLE):
        return False  # a folder that was chosen is awaited: nothing is filed anywhere else
    _join(db, account)
    name = folders.account_name(db.read(), other)
    noted = {one.message_id: one for one in mirror.noted(db, name)}
    here = twins.are_here(db.read(), account, noted)
    wrote = False
    if here:
        told = [(noted[id_], Role(role), Flag(flags), keywords) for id_, role, flags, keywords in here]
        wrote = db.run(lambda txn: _do_again(txn, account, told)) is not None
        mirror.forget(db, [id_ for id_, *_ in here])
        log.info("%d messages of %s are on the server", len(here), name)
    if layout.is_to_be_uploaded(db.read(), account) and not in_doubt(db, account):
        wrote |= _upload(db, account)
    return wrote


def in_doubt(db: Database, account: int) -> list[int]:
    """Messages of the server that only their octets, which are not here, can tell from some that are here."""
    return [twin for _, twin, is_whole in twins.nameless(db.read(), account) if not is_whole]


def _join(db: Database, account: int) -> None:
    """What has no Message-ID and is the same octet for octet; and what was uploaded."""
    pairs, sql = dict[int, int](), db.read_bodies()
    for id_, twin, is_whole in twins.nameless(db.read(), account):
        if not is_whole or id_ in pairs or twin in pairs.values():
            continue
        raw = bodies.load(sql, id_)
        if raw is not None and raw == bodies.load(sql, twin):
            pairs[id_] = twin
    pairs |= dict(bodies.shared_with(sql, [id_ for id_, _, _ in twins.left(db.read(), account)]))

    def job(txn: Transaction) -> None:
        for id_, twin in pairs.items():
            twins.join(txn, account, id_, twin)
        refresh_view(txn, pairs)

    if pairs:
        db.run(job)


def _do_again(txn: Transaction, account: int, told: list[tuple[Noted, Role, Flag, str]]) -> int | None:
    batch: int | None = None
    marks = defaultdict[tuple[Flag, Flag, str], list[int]](list)
    moves = defaultdict[tuple[Role, str], list[int]](list)
    for noted, role, flags, keywords in told:
        words = " ".join(word for word in noted.keywords.split() if word not in keywords.split())
        add, remove = noted.flags & KEPT_FLAGS & ~flags, flags & Flag.SEEN & ~noted.flags
        if add or remove or words:
            marks[add, remove, words].append(noted.message_id)
        if role is Role.INBOX and noted.role in FILED:
            moves[noted.role, noted.folder].append(noted.message_id)
    for (add, remove, words), ids in marks.items():
        effect = Effect(ChangeKind.FLAGS, add=add, remove=remove, add_keywords=words)
        batch = journal.record(txn, effect, ids, "marked as before:", batch=batch) or batch
    for (role, name), ids in moves.items():
        if role is Role.ARCHIVE and labels.are_labels(txn.sql, account):
            continue  # all mail is there already
        effect = Effect(ChangeKind.MOVE, _folder(txn, account, role, name))
        batch = journal.record(txn, effect, ids, "filed as before:", batch=batch) or batch
    if batch is not None:
        journal.pass_over(txn, batch)
    return batch


def _folder(txn: Transaction, account: int, role: Role, name: str) -> int:
    """The folder of the server that a folder here stands for; made when the first message goes there."""
    if role is not Role.NONE:
        known = folders.by_role(txn.sql, account, role)
        return known.id if known is not None else folders.for_role(txn, account, role)
    called = folders.local_as_remote(txn.sql, account, name)
    known = folders.by_name(txn.sql, account, called)
    return known.id if known is not None else folders.add_unmade(txn, account, called)


def _upload(db: Database, account: int) -> bool:
    """Give the server copies of what it lacks; what is here stays until the copy is there.

    The copies are forgotten within the hour if this is killed before their changes are written.
    """
    left = twins.left(db.read(), account)
    copies = db.run(lambda txn: [unborn.copy_for(txn, account, id_) for id_, _, _ in left])
    bodies.share(db, list(zip(copies, (id_ for id_, _, _ in left), strict=True)))

    def job(txn: Transaction) -> None:
        batch: int | None = None
        for copy, (_, name, role) in zip(copies, left, strict=True):
            target = _folder(txn, account, Role(role), name)
            batch = journal.record_upload(txn, account, target, copy, "uploaded:", batch) or batch
        _upload_moments(txn, account, copies, batch)
        if batch is not None:
            journal.pass_over(txn, batch)
        layout.set_to_be_uploaded(txn, account, wanted=False)

    db.run(job)
    return bool(left)


def _upload_moments(txn: Transaction, account: int, copies: list[int], batch: int | None) -> None:
    """Until when uploaded messages sleep: an upload takes no keywords along, and they would sleep for ever."""
    by_words = defaultdict[str, list[Item]](list)
    for copy in copies:
        row = txn.sql.execute("SELECT view_keywords FROM message WHERE id = ?", (copy,)).fetchone()
        words = " ".join(word for word in row[0].split() if keeping.is_kept_here(word)) if row is not None else ""
        if words:
            by_words[words].append(Item(copy, None))
    for words, items in by_words.items():
        effect = Effect(ChangeKind.FLAGS, add_keywords=words)
        journal.write_change(txn, account, effect, items, "uploaded:", batch)
