"""The journal, carried out on the server: in order, what does the same together, safe to repeat after any loss.

What belongs here: turning changes into commands, and what the server answered into the journal's state. Copies and
uploads are `copying`, changes of folders `rearranging`. What must never be here: what a change means locally
(store/journal), or when to try again (the worker).

Why repeating is safe: `+FLAGS`/`-FLAGS` and UID EXPUNGE repeat without effect; a UID MOVE of what was moved
already names UIDs that no longer exist and moves nothing, and what a killed server has moved by half is ended; before
something is copied or uploaded again, the target is searched for what an earlier, unanswered try may have made.

A change that cannot be carried out now waits, and holds up no other one; a message that is not where it was is
looked for in all folders before its change is let go.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial

from tui_mail.errors import CommandRefused, UnsafeArgument
from tui_mail.model import ChangeKind, Flag
from tui_mail.net.busy import BUSY_CODES
from tui_mail.net.imap import UidSet
from tui_mail.records import frozen
from tui_mail.store import due as due_changes
from tui_mail.store import folders, keeping, labels, messages
from tui_mail.store.database import Transaction
from tui_mail.store.due import Due, DueItem
from tui_mail.store.folders import FolderState
from tui_mail.store.journal import FOLDER_KINDS, Effect
from tui_mail.store.messages import ServerFlags
from tui_mail.store.stages import Stage
from tui_mail.sync import checking, copying, rearranging
from tui_mail.sync.folder import FolderSync

CHUNK = 500
"""Messages in one command: a lost answer repeats no more than this."""

BUSY_TRIES = 20
GONE_CODE = "EXPUNGEISSUED"
"""Somebody removed one of the messages (RFC 5530 3), and the server did nothing: it is to be looked for."""
LINES_BROKEN = 3
"""Tries that ended with the line: from then on everything else goes first, should this change be what breaks it."""
LOOKS = 6
"""Tries to find a folder that cannot be opened, which somebody may have renamed."""

log = logging.getLogger(__name__)


@frozen
class Outcome:
    """What came of one change, or of several that were carried out together."""

    refresh: frozenset[int] = frozenset()
    """Folders to be looked at next, because the server did not say where messages are now."""
    failed: tuple[tuple[int, str], ...] = ()
    """Changes that the server refused, each with the sentence."""
    searching: bool = False
    """True when a message is not where it was, or folders changed: the list is to be read."""

    def joined(self, other: Outcome) -> Outcome:
        """Both."""
        return Outcome(self.refresh | other.refresh, self.failed + other.failed, self.searching or other.searching)


def replay_next(sync: FolderSync) -> Outcome | None:
    """Carry out the oldest change that is due, and what can go with it; None when none is.

    Raises ServerError when the line breaks.
    """
    db, now = sync.db, int(time.time())
    first = due_changes.next_due(db.read(), sync.account_id, now)
    if first is None:
        return None
    again = 0 if first.attempts < LINES_BROKEN else now + min(300, 5 * 2 ** min(first.attempts - LINES_BROKEN, 6))
    group = [first, *due_changes.companions(db.read(), sync.account_id, first)]
    group = db.run(lambda txn: [due for due in group if due_changes.begin(txn, due.id, again)])
    if not group:
        return Outcome()  # taken back between two looks
    if len(group) > 1:
        refresh = set[int]()
        try:
            _carry_out(sync, group, refresh)
        except (CommandRefused, UnsafeArgument) as refusal:
            log.info("%d changes refused together: %s", len(group), refusal.detail)
        else:
            return _ended(sync, group, refresh)
    outcome = Outcome()
    for due in group:
        outcome = outcome.joined(_alone(sync, due, now))
    return outcome


def _alone(sync: FolderSync, due: Due, now: int) -> Outcome:
    """Carry out one change; a refusal is its own."""
    db, refresh = sync.db, set[int]()
    try:
        _carry_out(sync, [due], refresh)
    except (CommandRefused, UnsafeArgument) as refusal:
        if getattr(refusal, "code", "") in BUSY_CODES and due.attempts < BUSY_TRIES:
            until = now + min(3600, 30 * 2**due.attempts)
            db.run(lambda txn: due_changes.postpone(txn, due.id, until))
            return Outcome(frozenset(refresh))
        if getattr(refusal, "code", "") == GONE_CODE and due.attempts < LOOKS:
            db.run(lambda txn: due_changes.postpone(txn, due.id, now))
            held = {item.folder_id for item in due_changes.due_items(db.read(), due.id)}
            return Outcome(frozenset(refresh | {id_ for id_ in held if id_ is not None}), searching=True)
        log.warning("change %d refused: %s", due.id, refusal.detail or refusal.sentence)
        sentence = refusal.sentence
        left = due_changes.due_items(db.read(), due.id)
        db.run(lambda txn: due_changes.fail(txn, due.id, sentence))
        partly = {item.folder_id for item in left if item.folder_id is not None} | {due.effect.target or 0}
        return Outcome(frozenset(refresh | partly - {0}), ((due.id, sentence),), due.effect.kind in FOLDER_KINDS)
    return _ended(sync, [due], refresh)


def _ended(sync: FolderSync, group: list[Due], refresh: set[int]) -> Outcome:
    """Finish what is done; what is left of a change waits."""
    waiting = [due for due in group if due_changes.due_items(sync.db.read(), due.id)]
    now = int(time.time())

    def job(txn: Transaction) -> None:
        for due in group:
            if due in waiting:
                due_changes.postpone(txn, due.id, now + min(60, 2 ** min(due.attempts + 1, 6)))
            else:
                due_changes.finish(txn, due.id)

    sync.db.run(job)
    target = folders.state(sync.db.read(), group[0].effect.target or 0)
    if target is not None and not target.uidvalidity and not waiting:
        refresh = {*refresh, target.id}  # it was made for this: nobody has read it yet
    return Outcome(frozenset(refresh), (), bool(waiting) or group[0].effect.kind in FOLDER_KINDS)


def _carry_out(sync: FolderSync, group: list[Due], refresh: set[int]) -> None:
    """Do what can be done now; what stays behind in the journal waits for its folder. Adds to `refresh`."""
    first = group[0]
    effect = first.effect
    if effect.kind in FOLDER_KINDS:
        rearranging.carry_out(sync, effect)
        return
    if effect.kind is ChangeKind.APPEND:
        items = [item for item in due_changes.due_items(sync.db.read(), first.id) if item.stage is not Stage.SOUGHT]
        if items:
            refresh |= copying.upload(sync, first, items)
        return
    by_folder, elsewhere = defaultdict[int, list[DueItem]](list), list[DueItem]()
    for item in [item for due in group for item in _placed(sync, due) if item.stage is not Stage.SOUGHT]:
        if effect.kind is ChangeKind.EXPUNGE and item.folder_id not in (None, item.from_folder):
            elsewhere.append(item)  # somebody took it out of the trash: it is not deleted for ever
        elif item.folder_id is not None and item.uid is not None:
            by_folder[item.folder_id].append(item)
    if elsewhere:
        sync.db.run(lambda txn: due_changes.set_stage(txn, elsewhere, Stage.DONE))
    for folder_id, items in by_folder.items():
        if effect.kind is ChangeKind.MOVE and folder_id == effect.target:
            there = [(item, item.uid) for item in items]
            sync.db.run(partial(due_changes.moved, target=folder_id, places=there))
            continue
        try:
            opened = sync.open(folder_id)
        except CommandRefused as refusal:
            if refusal.code in BUSY_CODES or first.attempts >= LOOKS:
                raise
            continue
        if opened is None:
            refresh.add(folder_id)
            continue
        now = {item for due in group for item in due_changes.due_items(sync.db.read(), due.id)}
        items = [item for item in items if item in now]  # what opening has shown to be elsewhere is looked for first
        for at in range(0, len(items), CHUNK):
            refresh |= _one_command(sync, first, folder_id, items[at : at + CHUNK])


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
    """Messages of one folder, which is open; returns folders to be looked at."""
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
    if due.effect.kind is not ChangeKind.FLAGS and not sync.holds(folder_id, uids):
        if due.attempts >= LOOKS:
            raise CommandRefused("The server has other messages where these were. Nothing was done to them.")
        return {folder_id}
    _check_rights(sync, due.effect)
    if due.effect.kind is ChangeKind.FLAGS:
        _change_flags(sync, due.effect, folder_id, uids, items)
        return set()
    half_done = any(item.stage is not Stage.TODO for item in items)  # begun in two steps, when MOVE was not offered
    can_move = due.effect.kind is ChangeKind.MOVE and sync.session.has("MOVE") and not half_done
    tells = can_move and sync.session.has("UIDPLUS")
    if due.effect.kind is not ChangeKind.EXPUNGE and not tells:
        items = _still_there(sync, folder_id, items)
        uids = UidSet.from_uids(item.uid for item in items if item.uid is not None)
        if not items:
            return {folder_id}
    if due.effect.kind is ChangeKind.EXPUNGE:
        sync.session.add_flags(uids, Flag.DELETED)
        if sync.session.has("UIDPLUS"):  # else it stays marked there, and is shown no more
            sync.session.expunge_uids(uids)
        sync.db.run(lambda txn: due_changes.expunged(txn, items))
        return set()
    target = folders.state(sync.db.read(), due.effect.target or 0)
    if target is None:
        raise CommandRefused("The folder to put them into is gone from the server; the messages are where they were.")
    target = rearranging.made(sync, target)
    if due.effect.kind is ChangeKind.COPY or labels.keeps(sync.db.read(), sync.account_id, folder_id, target.id):
        return copying.copy(sync, due, folder_id, target, items)
    if can_move and due.attempts and (halfway := _halfway(sync, folder_id, target, items)):
        refresh = copying.copy_then_expunge(sync, due, folder_id, target, halfway)
        return refresh | {folder_id, target.id}  # what was not begun waits for its next turn
    if can_move:
        try:
            if sync.open(folder_id) is None:
                return {folder_id}
            return _move(sync, folder_id, target, uids, items)
        except CommandRefused:
            if sync.session.has("MOVE"):
                raise  # else it offered what it does not know: the long way, at once
            _check_rights(sync, due.effect)
    return copying.copy_then_expunge(sync, due, folder_id, target, items)


def _check_rights(sync: FolderSync, effect: Effect) -> None:
    """Refuse what the server would drop without a word: it said so when the folder was opened (RFC 9051 7.1)."""
    if effect.kind is ChangeKind.COPY or sync.selected is None:
        return
    may = sync.selected[1].changeable
    needed = effect.add | effect.remove
    if effect.kind is ChangeKind.EXPUNGE or (effect.kind is ChangeKind.MOVE and not sync.session.has("MOVE")):
        needed = Flag.DELETED
    if not may or needed & ~may:
        raise CommandRefused("This folder may only be read, says the server. The messages are as they were.")


def _change_flags(sync: FolderSync, effect: Effect, folder_id: int, uids: UidSet, items: list[DueItem]) -> None:
    """Flags, and keywords, which not every server keeps: what came of them is read back, and of which messages."""
    wanted = tuple(effect.add_keywords.split())
    if effect.add or wanted:
        sync.session.add_flags(uids, effect.add, wanted)
    if effect.remove or effect.remove_keywords:
        sync.session.remove_flags(uids, effect.remove, tuple(effect.remove_keywords.split()))
    kept = [update for part in uids.lines() for update in sync.session.flags(str(part))[0]]
    truth = [ServerFlags(update.uid, update.flags, update.keywords) for update in kept]
    gone = _gone(sync, [item.uid for item in items if item.uid is not None], {update.uid for update in kept})
    done = [item for item in items if item.uid not in gone]
    there = {word.casefold() for update in kept for word in update.keywords}
    missing = [word for word in wanted if kept and word.casefold() not in there]
    own = [word for word in missing if keeping.is_kept_here(word)]

    def job(txn: Transaction) -> None:
        keeping.keep(txn, [item.message_id for item in done], own)
        due_changes.flagged(txn, effect, done)
        messages.update_flags(txn, folder_id, truth)
        messages.lose(txn, folder_id, gone)  # the change waits until they are found

    sync.db.run(job)
    if len(missing) > len(own):
        words = ", ".join(sorted(word.casefold() for word in missing if word not in own))
        raise CommandRefused(f"The server does not keep keywords of one's own ({words}). Nothing was lost.")


def _still_there(sync: FolderSync, folder_id: int, items: list[DueItem]) -> list[DueItem]:
    """Those that nobody took out of the open folder; the others are looked for, and their change waits until then.

    Asked before a command whose answer does not tell which messages it found.
    """
    uids = UidSet.from_uids(item.uid for item in items if item.uid is not None and item.stage is not Stage.REMOVING)
    updates = [update for part in uids.lines() for update in sync.session.flags(str(part))[0]]
    gone = _gone(sync, uids, {update.uid for update in updates}) | checking.left_marked(sync.session, updates)
    if gone:
        sync.db.run(lambda txn: messages.lose(txn, folder_id, gone))
    return [item for item in items if item.uid not in gone]


def _halfway(sync: FolderSync, folder_id: int, target: FolderState, items: list[DueItem]) -> list[DueItem]:
    """Those that the target has a copy of, while their original is there too: a server was killed within a MOVE.

    They are being moved in two steps from then on. The folder may not be open afterwards.
    """
    copies = copying.found_in(sync, target, [item for item in items if item.probe and item.stage is Stage.TODO])
    if not copies or sync.open(folder_id) is None:
        return []
    halfway = _still_there(sync, folder_id, copies)
    sync.db.run(lambda txn: due_changes.set_stage(txn, halfway, Stage.SENT))
    return [replace(item, stage=Stage.SENT) for item in halfway]


def _gone(sync: FolderSync, uids: Iterable[int], there: Collection[int]) -> set[int]:
    """Those of `uids` that are in the open folder no more, for certain."""
    missing = [uid for uid in uids if uid not in there]
    return set(checking.proven_gone(sync.session, missing, checking.searched(sync.session))) if missing else set()


def _move(sync: FolderSync, folder_id: int, target: FolderState, uids: UidSet, items: list[DueItem]) -> set[int]:
    unsent = [item for item in items if not item.probe]
    sync.db.run(lambda txn: due_changes.set_stage(txn, unsent, Stage.TODO, probe=target.uidnext))
    try:
        places = sync.session.move_messages(uids, target.name) or {}
    except CommandRefused as refusal:
        if refusal.code != "TRYCREATE" and target.uidvalidity:
            raise
        sync.session.make_folder(target.name)
        places = sync.session.move_messages(uids, target.name) or {}
    if target.uidvalidity and sync.session.copied_validity not in (0, target.uidvalidity):
        places = {}  # UIDs of what is not the folder that is known: looked for by what the messages are
    gone = set[int]()
    if sync.session.has("UIDPLUS"):  # else no server tells where they are
        gone = _gone(sync, uids, places)
        items = [item for item in items if item.uid in places]
    moved = [(item, places.get(item.uid or 0)) for item in items]

    def job(txn: Transaction) -> None:
        due_changes.moved(txn, target.id, moved)
        messages.lose(txn, folder_id, gone)  # taken away before, or by an earlier try: looked for, the target first

    sync.db.run(job)
    return {target.id} if gone or any(uid is None for _, uid in moved) else set()
