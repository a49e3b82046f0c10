"""The journal, carried out on the server: one change at a time, in order, safe to repeat after any loss.

What belongs here: turning a change into commands, and what the server answered into the journal's state.
What must never be here: what a change means locally (store/journal), or when to try again (the worker).

Why repeating is safe: `+FLAGS`/`-FLAGS` and UID EXPUNGE repeat without effect; a UID MOVE of what was moved
already names UIDs that no longer exist and moves nothing; where MOVE is missing, a copy is only sent after the
target was searched for one that an earlier, unanswered try may have made.

A change that cannot be carried out now waits, and holds up no other one; a message that is not where it was is
looked for in all folders before its change is let go.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial

from tui_mail.errors import CommandRefused, UnsafeArgument
from tui_mail.mime.headers import parse_headers
from tui_mail.model import ChangeKind, Flag
from tui_mail.net.imap import UidSet
from tui_mail.store import due as due_changes
from tui_mail.store import folders, messages
from tui_mail.store.due import Due, DueItem
from tui_mail.store.folders import FolderState
from tui_mail.store.identity import identity_hash
from tui_mail.store.messages import ServerFlags
from tui_mail.sync.folder import FolderSync

CHUNK = 500
"""Messages in one command: a lost answer repeats no more than this."""

BUSY_CODES = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")
"""Answers that mean later, not never (RFC 5530)."""
BUSY_TRIES = 20
LINES_BROKEN = 3
"""Tries that ended with the line: from then on everything else goes first, should this change be what breaks it."""
LOOKS = 6
"""Tries to find a folder that cannot be opened, which somebody may have renamed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change."""

    change_id: int
    refresh: frozenset[int] = frozenset()
    """Folders to be looked at next, because the server did not say where messages are now."""
    failed: str = ""
    """The sentence, when the server refused."""
    searching: bool = False
    """True when a message is not where it was: all folders are to be looked at."""


def replay_next(sync: FolderSync) -> Outcome | None:
    """Carry out the oldest change that is due; None when none is. Raises ServerError when the line breaks."""
    db, now = sync.db, int(time.time())
    due = due_changes.next_due(db.read(), sync.account_id, now)
    if due is None:
        return None
    again = 0 if due.attempts < LINES_BROKEN else now + min(300, 5 * 2 ** min(due.attempts - LINES_BROKEN, 6))
    if not db.run(lambda txn: due_changes.begin(txn, due.id, again)):
        return Outcome(due.id)  # taken back between two looks
    refresh = set[int]()
    try:
        _carry_out(sync, due, refresh)
    except (CommandRefused, UnsafeArgument) as refusal:
        if getattr(refusal, "code", "") in BUSY_CODES and due.attempts < BUSY_TRIES:
            until = now + min(3600, 30 * 2**due.attempts)
            db.run(lambda txn: due_changes.postpone(txn, due.id, until))
            return Outcome(due.id, frozenset(refresh))
        log.warning("change %d refused: %s", due.id, refusal.detail)
        sentence = refusal.sentence
        left = due_changes.due_items(db.read(), due.id)
        db.run(lambda txn: due_changes.fail(txn, due.id, sentence))
        partly = {item.folder_id for item in left if item.folder_id is not None} | {due.effect.target or 0}
        return Outcome(due.id, frozenset(refresh | partly - {0}), failed=sentence)
    left = due_changes.due_items(db.read(), due.id)
    if not left:
        db.run(lambda txn: due_changes.finish(txn, due.id))
    else:
        until = int(time.time()) + min(60, 2 ** min(due.attempts + 1, 6))
        db.run(lambda txn: due_changes.postpone(txn, due.id, until))
    return Outcome(due.id, frozenset(refresh), searching=bool(left))


def _carry_out(sync: FolderSync, due: Due, refresh: set[int]) -> None:
    """Do what can be done now; what stays behind in the journal waits for its folder. Adds to `refresh`."""
    by_folder, elsewhere = defaultdict[int, list[DueItem]](list), list[int]()
    for item in _placed(sync, due):
        if due.effect.kind is ChangeKind.EXPUNGE and item.folder_id not in (None, item.from_folder):
            elsewhere.append(item.message_id)  # somebody took it out of the trash: it is not deleted for ever
        elif item.folder_id is not None and item.uid is not None:
            by_folder[item.folder_id].append(item)
    if elsewhere:
        sync.db.run(lambda txn: due_changes.set_stage(txn, due.id, elsewhere, 2))
    for folder_id, items in by_folder.items():
        if due.effect.kind is ChangeKind.MOVE and folder_id == due.effect.target:
            there: list[tuple[int, int | None]] = [(item.message_id, item.uid) for item in items]
            sync.db.run(partial(due_changes.moved, change_id=due.id, target=folder_id, places=there))
            continue
        try:
            opened = sync.open(folder_id)
        except CommandRefused as refusal:
            if refusal.code in BUSY_CODES or due.attempts >= LOOKS:
                raise
            continue
        if opened is None:
            refresh.add(folder_id)
            continue
        for at in range(0, len(items), CHUNK):
            refresh |= _one_command(sync, due, folder_id, items[at : at + CHUNK])


def _placed(sync: FolderSync, due: Due) -> list[DueItem]:
    """The messages of a change, after reading folders into which some were moved without a word about their UIDs."""
    items = due_changes.due_items(sync.db.read(), due.id)
    unread = {item.folder_id for item in items if item.folder_id is not None and item.uid is None}
    if due.effect.target and due.attempts and any(item.folder_id is None for item in items):
        unread.add(due.effect.target)  # an earlier try may have moved it
    for folder_id in unread:
        try:
            sync.refresh(folder_id)
        except CommandRefused:
            if due.attempts >= LOOKS:
                raise
    return due_changes.due_items(sync.db.read(), due.id) if unread else items


def _one_command(sync: FolderSync, due: Due, folder_id: int, items: list[DueItem]) -> set[int]:
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
    ids = [item.message_id for item in items]
    if due.effect.kind is ChangeKind.FLAGS:
        _change_flags(sync, due, folder_id, uids, ids)
        return set()
    if due.effect.kind is ChangeKind.EXPUNGE:
        sync.session.add_flags(uids, Flag.DELETED)
        if sync.session.has("UIDPLUS"):  # else it stays marked there, and is shown no more
            sync.session.expunge_uids(uids)
        sync.db.run(lambda txn: due_changes.expunged(txn, due.id, ids))
        return set()
    target = folders.state(sync.db.read(), due.effect.target or 0)
    if target is None:
        raise CommandRefused("The folder to move to is gone from the server; the messages are where they were.")
    if sync.session.has("MOVE"):
        return _move(sync, due, target, uids, items)
    return _copy_then_expunge(sync, due, folder_id, target, items)


def _change_flags(sync: FolderSync, due: Due, folder_id: int, uids: UidSet, ids: list[int]) -> None:
    """Flags, and keywords, which not every server keeps: what came of them is read back."""
    effect = due.effect
    wanted = tuple(effect.add_keywords.split())
    if effect.add or wanted:
        sync.session.add_flags(uids, effect.add, wanted)
    if effect.remove or effect.remove_keywords:
        sync.session.remove_flags(uids, effect.remove, tuple(effect.remove_keywords.split()))
    kept = [update for part in uids.lines() for update in sync.session.flags(str(part))[0]] if wanted else []
    sync.db.run(lambda txn: due_changes.flagged(txn, due, ids))
    if kept:
        truth = [ServerFlags(update.uid, update.flags, update.keywords) for update in kept]
        sync.db.run(lambda txn: messages.update_flags(txn, folder_id, truth))
        missing = {word.casefold() for word in wanted}.difference(word.casefold() for u in kept for word in u.keywords)
        if missing:
            words = ", ".join(sorted(missing))
            raise CommandRefused(f"The server does not keep keywords of one's own ({words}). Nothing was lost.")


def _move(sync: FolderSync, due: Due, target: FolderState, uids: UidSet, items: list[DueItem]) -> set[int]:
    try:
        places = sync.session.move_messages(uids, target.name) or {}
    except CommandRefused as refusal:
        if refusal.code != "TRYCREATE" and target.uidvalidity:
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
        uid, copy = UidSet.from_uids([item.uid]), 0
        stage = partial(due_changes.set_stage, change_id=due.id, ids=[item.message_id])
        if item.stage == 0:
            copy = _copy_of_earlier_try(sync, due, target, item)
            if not copy:
                probe = _next_uid(sync, target)
                sync.db.run(partial(stage, stage=0, probe=probe))
                if sync.open(folder_id) is None:
                    return {folder_id}
                copy = (sync.session.copy_messages(uid, target.name) or {}).get(item.uid, 0)
            sync.db.run(partial(stage, stage=1))
        if sync.open(folder_id) is None:
            return {folder_id}
        sync.session.add_flags(uid, Flag.DELETED)
        if sync.session.has("UIDPLUS"):
            sync.session.expunge_uids(uid)
        place: list[tuple[int, int | None]] = [(item.message_id, copy or None)]
        sync.db.run(partial(due_changes.moved, change_id=due.id, target=target.id, places=place))
    return {target.id}


def _copy_of_earlier_try(sync: FolderSync, due: Due, target: FolderState, item: DueItem) -> int:
    """The UID of a copy that an earlier try, whose answer was lost, put into the target; 0 when there is none."""
    if due.attempts == 0 or item.probe == 0:
        return 0
    try:
        sync.open(target.id)
    except CommandRefused:
        return 0
    rows = [row for row in sync.session.headers(f"{item.probe}:*") if row.uid >= item.probe]
    keys = {(identity_hash(parse_headers(row.header), row.internaldate), row.size): row.uid for row in rows}
    return keys.get(item.key, 0)


def _next_uid(sync: FolderSync, target: FolderState) -> int:
    """The UID from which on a copy will be found in the target, which is made if it is not there yet."""
    try:
        uidnext = sync.session.status(target.name).uidnext
    except CommandRefused:
        sync.session.make_folder(target.name)
        uidnext = sync.session.status(target.name).uidnext
    if not uidnext:
        sync.open(target.id)
        uidnext = max(sync.session.all_uids(), default=0) + 1
    return uidnext
