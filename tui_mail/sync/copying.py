"""Copies and uploads: the two commands that double a message when they are repeated, so they never are unasked.

What belongs here: COPY, APPEND, and MOVE for servers without it. What must never be here: commands that repeat
without effect (replay).

Before such a command goes out, the UID from which on its work will be found is stored. When its answer is lost, the
change waits (the server may still be at it), then the target is searched from that UID on; only what is not there is
sent again.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from functools import partial

from tui_mail.errors import CommandRefused, StoreError
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Flag
from tui_mail.net.imap import UidSet
from tui_mail.store import bodies, folders, messages, unborn
from tui_mail.store import due as due_changes
from tui_mail.store.database import Transaction
from tui_mail.store.due import Due, DueItem
from tui_mail.store.folders import FolderState
from tui_mail.store.identity import identity_hash
from tui_mail.sync import checking, rearranging
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.listing import UNTOLD_CODES

_UNTOLD = (
    "The folder {} was renamed, deleted or made anew elsewhere while mail was put into it, and nobody can tell whether"
    " that arrived. Nothing was lost; look for it there before you do it again."
)
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
    """MOVE for servers without it (RFC 6851 section 3.3), each step remembered."""
    places = dict[int, int | None]()
    waiting = [item for item in items if item.stage == 0]
    if waiting:
        found, missing = _made_before(sync, due, target, waiting)
        places |= {item.message_id: uid for item, uid in found.items()}
        if missing:
            copies = _copy(sync, folder_id, target, missing)
            if copies is None:
                return {folder_id}
            places |= {item.message_id: copies.get(item.uid or 0) for item in missing}
        sync.db.run(lambda txn: due_changes.set_stage(txn, waiting, 1))
    if sync.open(folder_id) is None:
        return {folder_id}
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
    sync.session.add_flags(uids, Flag.DELETED)
    taken = _taken_meanwhile(sync, waiting)
    if sync.session.has("UIDPLUS"):
        sync.session.expunge_uids(uids)
    told = [(item, places.get(item.message_id)) for item in items if item not in taken]
    sync.db.run(partial(due_changes.moved, target=target.id, places=told))
    if taken:
        _take_back(sync, folder_id, target, taken, places)
    return {target.id, folder_id} if taken else {target.id}


def _taken_meanwhile(sync: FolderSync, copied: list[DueItem]) -> list[DueItem]:
    """Of messages of the open folder that were just copied and marked: those that somebody moved away in between.

    Nothing of ours has removed them yet, so a message that is not there any more was taken by another client.
    """
    uids = UidSet.from_uids(item.uid for item in copied if item.uid is not None)
    there = {update.uid for part in uids.lines() for update in sync.session.flags(str(part))[0]}
    missing = [item for item in copied if item.uid is not None and item.uid not in there]
    gone = checking.proven_gone(sync.session, [item.uid or 0 for item in missing], checking.searched(sync.session))
    return [item for item in missing if item.uid in gone]


def _take_back(
    sync: FolderSync, folder_id: int, target: FolderState, items: list[DueItem], places: dict[int, int | None]
) -> None:
    """Remove the copies of messages that are somewhere else by now; their change waits until they are found there.

    Else the message would be in two places: where the other client put it, and where we did.
    """
    copies = [uid for item in items if (uid := places.get(item.message_id)) is not None]
    if sync.open(target.id) is not None:
        if len(copies) < len(items):  # the server did not tell where they are
            untold = {item.message_id for item in items if places.get(item.message_id) is None}
            changes = {item.change_id for item in items}
            sent = [one for id_ in changes for one in due_changes.due_items(sync.db.read(), id_)]
            copies += _alike(sync, [one for one in sent if one.message_id in untold and one.probe]).values()
        uids = UidSet.from_uids(copies)
        sync.session.add_flags(uids, Flag.DELETED)
        if sync.session.has("UIDPLUS"):
            sync.session.expunge_uids(uids)
    gone = [item.uid for item in items if item.uid is not None]

    def job(txn: Transaction) -> None:
        due_changes.set_stage(txn, items, 0, probe=0)
        messages.lose(txn, folder_id, gone)

    sync.db.run(job)


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
    sync.db.run(lambda txn: due_changes.set_stage(txn, items, 0, probe=probe, next_try=late))


def _made_before(
    sync: FolderSync, due: Due, target: FolderState, items: list[DueItem]
) -> tuple[dict[DueItem, int], list[DueItem]]:
    """What an earlier try, whose answer was lost, has put into the target (with UIDs); and what is not there.

    Raises CommandRefused when the target went away since then, or is another one: better asked than doubled.
    """
    sent = [item for item in items if item.probe]
    if due.attempts == 0 or not sent:
        return {}, items
    try:
        if sync.open(target.id) is None and target.uidvalidity:
            raise CommandRefused(_UNTOLD.format(target.name), "other UIDs")
        found = _alike(sync, sent)
    except CommandRefused as refusal:
        if refusal.code in UNTOLD_CODES:
            raise
        if target.uidvalidity:
            raise CommandRefused(_UNTOLD.format(target.name), refusal.detail) from refusal
        return {}, items  # the folder was never there, so nothing was put into it
    return found, [item for item in items if item not in found]


def _alike(sync: FolderSync, sent: list[DueItem]) -> dict[DueItem, int]:
    """The UIDs in the open folder of what was made of these messages, from the UID on that was noted before."""
    lowest = min((item.probe for item in sent), default=0)
    rows = [row for row in sync.session.headers(f"{lowest}:*") if row.uid >= lowest] if sent else []
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
