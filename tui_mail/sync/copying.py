"""Copies and uploads: the two commands that double a message when they are repeated, so they never are unasked.

What belongs here: COPY, APPEND, and MOVE for servers without it. What must never be here: commands that repeat
without effect (replay).

Before such a command goes out, the UID from which on its work will be found is stored. When its answer is lost, the
change waits (the server may still be at it), then the target is searched from that UID on; what is not there, and
cannot have been there, is sent again. Where it may have been (somebody took messages out of the target since, renamed
it, made it anew), all folders are compared first (store/sought).
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from functools import partial

from tui_mail.errors import CommandRefused, StoreError
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Flag
from tui_mail.net.imap import HeaderRow, UidSet
from tui_mail.store import bodies, folders, messages, unborn
from tui_mail.store import due as due_changes
from tui_mail.store.database import Transaction
from tui_mail.store.due import Due, DueItem
from tui_mail.store.folders import FolderState
from tui_mail.store.identity import identity_hash
from tui_mail.store.stages import Stage
from tui_mail.sync import checking, rearranging
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.listing import UNTOLD_CODES

LATE_SECONDS = 5
"""How long the server may still be at work on a command whose answer was lost."""


def copy(sync: FolderSync, due: Due, folder_id: int, target: FolderState, items: list[DueItem]) -> set[int]:
    """Copy messages of the open folder; returns folders to be looked at."""
    found, missing = _made_before(sync, due, target, items)
    if found:
        sync.db.run(partial(due_changes.moved, target=target.id, places=list(found.items())))
    if not missing:
        return {target.id}
    copies = _copy(sync, folder_id, target, missing)
    if copies is None:
        return {folder_id}
    places = [(item, copies.get(item.uid or 0)) for item in missing]
    sync.db.run(partial(due_changes.moved, target=target.id, places=places))
    return {target.id} if found or any(uid is None for _, uid in places) else set()


def copy_then_expunge(
    sync: FolderSync, due: Due, folder_id: int, target: FolderState, items: list[DueItem]
) -> set[int]:
    """MOVE for servers without it (RFC 6851 section 3.3), each step remembered.

    What another client takes between the two steps is left alone. Its change waits until it is found, and goes on from
    there: the message ends in one place, and that is ours.
    """
    places = dict[int, int | None]()
    copied = [item for item in items if item.stage is not Stage.REMOVING]
    if copied:
        found, missing = _made_before(sync, due, target, copied)
        places |= {item.message_id: uid for item, uid in found.items()}
        if missing:
            copies = _copy(sync, folder_id, target, missing)
            if copies is None:
                return {folder_id}
            places |= {item.message_id: copies.get(item.uid or 0) for item in missing}
        copied = [*found, *missing]
        items = [item for item in items if item in copied or item.stage is Stage.REMOVING]
    if not items:
        return {target.id}
    if sync.open(folder_id) is None:
        return {folder_id}
    marks_first = sync.session.has("UIDPLUS")  # who takes a marked one takes the mark; without, marking is removing
    if marks_first:
        sync.session.add_flags(UidSet.from_uids(item.uid for item in items if item.uid is not None), Flag.DELETED)
    taken = _taken_meanwhile(sync, copied)
    items = [item for item in items if item not in taken]
    uids, gone = [item.uid for item in items if item.uid is not None], [item.uid or 0 for item in taken]

    def job(txn: Transaction) -> None:
        due_changes.set_stage(txn, items, Stage.REMOVING)
        messages.lose(txn, folder_id, gone)

    sync.db.run(job)
    if not marks_first:
        sync.session.add_flags(UidSet.from_uids(uids), Flag.DELETED)
    elif uids:
        sync.session.expunge_uids(UidSet.from_uids(uids))
    told = [(item, places.get(item.message_id)) for item in items]
    sync.db.run(partial(due_changes.moved, target=target.id, places=told))
    return {target.id, folder_id} if taken else {target.id}


def _taken_meanwhile(sync: FolderSync, copied: list[DueItem]) -> list[DueItem]:
    """Of messages of the open folder that were just copied: those that somebody moved away in between.

    Nothing of ours has removed them yet, so a message that is not there any more was taken by another client.
    """
    if not copied:
        return []
    sync.session.noop(keep=True)  # or it tells what this connection knew before
    uids = UidSet.from_uids(item.uid for item in copied if item.uid is not None)
    updates = [update for part in uids.lines() for update in sync.session.flags(str(part))[0]]
    missing = set(uids).difference(update.uid for update in updates)
    gone = checking.left_marked(sync.session, updates)
    gone.update(checking.proven_gone(sync.session, missing, checking.searched(sync.session)) if missing else ())
    return [item for item in copied if item.uid in gone]


def upload(sync: FolderSync, due: Due, items: list[DueItem]) -> set[int]:
    """Store a message made here on the server; returns folders to be looked at."""
    target = folders.state(sync.db.read(), due.effect.target or 0)
    if target is None:
        raise CommandRefused("The folder to put it into is gone from the server; the message is kept here.")
    target = rearranging.made(sync, target)
    found, missing = _made_before(sync, due, target, items)
    places: list[tuple[DueItem, int | None]] = list(found.items())
    for item in missing:
        raw = bodies.load(sync.db.read_bodies(), item.message_id)
        facts = unborn.flags_and_date(sync.db.read(), item.message_id)
        if raw is None or facts is None:
            raise StoreError("A message to be uploaded is not readable here; nothing was sent.")
        _remember(sync, target, [item])
        flags, when = facts
        try:
            told = sync.session.append_message(target.name, raw, flags, when)
        except CommandRefused as refusal:
            if refusal.code != "TRYCREATE" and target.uidvalidity:
                raise
            sync.session.make_folder(target.name)
            told = sync.session.append_message(target.name, raw, flags, when)
        known = told is not None and target.uidvalidity in (0, told[0])
        places.append((item, told[1] if told is not None and known else None))
    sync.db.run(partial(due_changes.moved, target=target.id, places=places))
    return {target.id}


def _copy(sync: FolderSync, folder_id: int, target: FolderState, items: list[DueItem]) -> dict[int, int] | None:
    """Old → new UIDs as far as the server tells; None when the folder cannot be opened any more."""
    _remember(sync, target, items)
    if sync.open(folder_id) is None:
        return None
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
    try:
        copies = sync.session.copy_messages(uids, target.name) or {}
    except CommandRefused as refusal:
        if refusal.code != "TRYCREATE":
            raise
        sync.session.make_folder(target.name)
        copies = sync.session.copy_messages(uids, target.name) or {}
    return copies if target.uidvalidity in (0, sync.session.copied_validity) else {}


def _remember(sync: FolderSync, target: FolderState, items: list[DueItem]) -> None:
    """Store from which UID on the work will be found, and until when to wait should the answer be lost."""
    probe, late = _next_uid(sync, target), int(time.time()) + LATE_SECONDS
    sync.db.run(lambda txn: due_changes.set_stage(txn, items, Stage.SENT, probe=probe, next_try=late))


def _made_before(
    sync: FolderSync, due: Due, target: FolderState, items: list[DueItem]
) -> tuple[dict[DueItem, int], list[DueItem]]:
    """What an earlier try, whose answer was lost, has put into the target (with UIDs); and what it has not.

    What is in neither is looked for in all folders: it may have been there, or the target is another one now.
    """
    sent = [item for item in items if item.probe]
    if due.attempts == 0 or not sent:
        return {}, items
    missing = [item for item in items if not item.probe]
    sync.selected = None  # only SELECT tells which UIDs the server has given
    try:
        opened = sync.open(target.id)
        if opened is None and target.uidvalidity:  # it was made anew: `stages.forget_probes` has noted that
            return {}, missing
        rows = list(sync.session.headers(f"{min(item.probe for item in sent)}:*"))
    except CommandRefused as refusal:
        if refusal.code in UNTOLD_CODES:
            raise
        rows = []
    found, there = _alike(rows, sent), {row.uid for row in rows}
    given = sync.selected[1].uidnext if sync.selected is not None else 0  # all below it, that is
    sought, now = list[DueItem](), int(time.time())
    for item in sent:
        if item not in found:
            sure = item.probe <= given and all(uid in there for uid in range(item.probe, given))
            (missing if sure else sought).append(item)
    if sought:
        sync.db.run(lambda txn: due_changes.set_stage(txn, sought, Stage.SOUGHT, probe=now))
    return found, missing


def found_in(sync: FolderSync, target: FolderState, items: list[DueItem]) -> list[DueItem]:
    """Those of which the target has what is like them, with a UID from their probe on; opens the target."""
    if not items or sync.open(target.id) is None:
        return []
    return list(_alike(list(sync.session.headers(f"{min(item.probe for item in items)}:*")), items))


def _alike(rows: list[HeaderRow], sent: list[DueItem]) -> dict[DueItem, int]:
    """The UIDs of those rows that were made of these messages, from the UID on that was noted before."""
    alike = defaultdict[tuple[int, int], list[int]](list)
    for row in sorted(rows, key=lambda row: row.uid):
        alike[identity_hash(parse_headers(row.header), row.internaldate), row.size].append(row.uid)
    found = dict[DueItem, int]()
    for item in sent:
        uid = next((uid for uid in alike[item.key] if uid >= item.probe), 0)
        if uid:
            alike[item.key].remove(uid)
            found[item] = uid
    return found


def _next_uid(sync: FolderSync, target: FolderState) -> int:
    """The UID from which on a copy will be found in the target, which is made if it is not there yet."""
    with contextlib.suppress(CommandRefused):
        if uidnext := sync.session.status(target.name).uidnext:
            return uidnext
    try:
        sync.open(target.id)
    except CommandRefused:
        sync.session.make_folder(target.name)
        sync.open(target.id)
    return max(checking.present(sync.session, sync.session.exists).ranges, default=(0, 0))[1] + 1
