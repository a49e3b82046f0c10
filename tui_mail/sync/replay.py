"""The journal, carried out on the server: one change at a time, in order, safe to repeat after any loss.

What belongs here: turning a change into commands, and what the server answered into the journal's state.
What must never be here: what a change means locally (store/journal), or when to try again (the worker).

Why repeating is safe: `+FLAGS`/`-FLAGS` and UID EXPUNGE repeat without effect; a UID MOVE of what was moved
already names UIDs that no longer exist and moves nothing; where MOVE is missing, a copy is only sent after the
target was searched for one that an earlier, unanswered try may have made.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial

from tui_mail.errors import CommandRefused
from tui_mail.model import ChangeKind, Flag
from tui_mail.net.imap import UidSet
from tui_mail.store import due as due_changes
from tui_mail.store import folders
from tui_mail.store.due import Due, DueItem
from tui_mail.store.folders import FolderState
from tui_mail.sync.folder import FolderSync

CHUNK = 500
"""Messages in one command: a lost answer repeats no more than this."""

BUSY_CODES = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")
"""Answers that mean later, not never (RFC 5530)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change."""

    change_id: int
    refresh: frozenset[int] = frozenset()
    """Folders to be looked at next, because the server did not say where messages are now."""
    failed: str = ""
    """The sentence, when the server refused."""


def replay_next(sync: FolderSync) -> Outcome | None:
    """Carry out the oldest waiting change; None when nothing is due. Raises ServerError when the line breaks."""
    db = sync.db
    due = due_changes.next_due(db.read(), sync.account_id, time.time())
    if due is None:
        return None
    db.run(lambda txn: due_changes.begin(txn, due.id))
    try:
        refresh = _carry_out(sync, due)
    except CommandRefused as refusal:
        if refusal.code in BUSY_CODES and due.attempts < 20:
            until = int(time.time()) + min(3600, 30 * 2**due.attempts)
            db.run(lambda txn: due_changes.postpone(txn, due.id, until))
            return Outcome(due.id)
        log.warning("change %d refused: %s", due.id, refusal.detail)
        sentence = refusal.sentence
        db.run(lambda txn: due_changes.fail(txn, due.id, sentence))
        return Outcome(due.id, failed=sentence)
    left = due_changes.due_items(db.read(), due.id)
    if not left:
        db.run(lambda txn: due_changes.finish(txn, due.id))
    elif any(item.folder_id is not None and item.uid is None for item in left):
        until = int(time.time()) + 2  # its folder is read first, then the UID is known
        db.run(lambda txn: due_changes.postpone(txn, due.id, until))
        refresh |= {item.folder_id for item in left if item.folder_id is not None}
    return Outcome(due.id, frozenset(refresh))


def _carry_out(sync: FolderSync, due: Due) -> set[int]:
    by_folder = defaultdict[int, list[DueItem]](list)
    gone = list[int]()
    for item in due_changes.due_items(sync.db.read(), due.id):
        if item.folder_id is None:
            gone.append(item.message_id)  # deleted elsewhere: nothing is left to change
        elif item.uid is not None:
            by_folder[item.folder_id].append(item)
    if gone:
        sync.db.run(lambda txn: due_changes.set_stage(txn, due.id, gone, 2))
    refresh = set[int]()
    for folder_id, items in by_folder.items():
        if due.effect.kind is ChangeKind.MOVE and folder_id == due.effect.target:
            there: list[tuple[int, int | None]] = [(item.message_id, item.uid) for item in items]
            sync.db.run(partial(due_changes.moved, change_id=due.id, target=folder_id, places=there))
            continue
        if sync.open(folder_id, writable=True) is None:
            refresh.add(folder_id)
            continue
        for at in range(0, len(items), CHUNK):
            refresh |= _one_command(sync, due, folder_id, items[at : at + CHUNK])
    return refresh


def _one_command(sync: FolderSync, due: Due, folder_id: int, items: list[DueItem]) -> set[int]:
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
    ids = [item.message_id for item in items]
    if due.effect.kind is ChangeKind.FLAGS:
        effect = due.effect
        if effect.add or effect.add_keywords:
            sync.session.add_flags(uids, effect.add, tuple(effect.add_keywords.split()))
        if effect.remove or effect.remove_keywords:
            sync.session.remove_flags(uids, effect.remove, tuple(effect.remove_keywords.split()))
        sync.db.run(lambda txn: due_changes.flagged(txn, due, ids))
        return set()
    if due.effect.kind is ChangeKind.EXPUNGE:
        sync.session.add_flags(uids, Flag.DELETED)
        sync.session.expunge_uids(uids)
        sync.db.run(lambda txn: due_changes.expunged(txn, due.id, ids))
        return set()
    target = folders.state(sync.db.read(), due.effect.target or 0)
    if target is None:
        raise CommandRefused("The folder to move to is gone from the server; the messages are where they were.")
    if sync.session.has("MOVE"):
        return _move(sync, due, target, uids, items)
    return _copy_then_expunge(sync, due, folder_id, target, items)


def _move(sync: FolderSync, due: Due, target: FolderState, uids: UidSet, items: list[DueItem]) -> set[int]:
    try:
        places = sync.session.move_messages(uids, target.name) or {}
    except CommandRefused as refusal:
        if refusal.code != "TRYCREATE":
            raise
        sync.session.make_folder(target.name)
        places = sync.session.move_messages(uids, target.name) or {}
    moved = [(item.message_id, places.get(item.uid or 0)) for item in items]
    sync.db.run(lambda txn: due_changes.moved(txn, due.id, target.id, moved))
    return {target.id} if any(uid is None for _, uid in moved) else set()


def _copy_then_expunge(
    sync: FolderSync, due: Due, folder_id: int, target: FolderState, items: list[DueItem]
) -> set[int]:
    """MOVE for servers without it (RFC 6851 section 3.3), one message at a time, each step remembered."""
    for item in items:
        assert item.uid is not None
        uid = UidSet.from_uids([item.uid])
        if item.stage == 0 and not _copied_before(sync, due, target, item):
            if sync.open(folder_id, writable=True) is None:
                return {folder_id}
            probe = sync.session.status(target.name).uidnext
            sync.db.run(partial(due_changes.set_stage, change_id=due.id, ids=[item.message_id], stage=0, probe=probe))
            sync.session.copy_messages(uid, target.name)
        sync.db.run(partial(due_changes.set_stage, change_id=due.id, ids=[item.message_id], stage=1))
        if sync.open(folder_id, writable=True) is None:
            return {folder_id}
        sync.session.add_flags(uid, Flag.DELETED)
        if sync.session.has("UIDPLUS"):
            sync.session.expunge_uids(uid)
        place: list[tuple[int, int | None]] = [(item.message_id, None)]
        sync.db.run(partial(due_changes.moved, change_id=due.id, target=target.id, places=place))
    return {target.id}


def _copied_before(sync: FolderSync, due: Due, target: FolderState, item: DueItem) -> bool:
    """True when an earlier try, whose answer was lost, already put the copy into the target."""
    if due.attempts == 0 or item.probe == 0 or not item.msgid:
        return False
    if sync.open(target.id) is None and folders.state(sync.db.read(), target.id) is not None:
        sync.refresh(target.id)
    return bool(sync.session.find_message_id(item.msgid, item.probe))
