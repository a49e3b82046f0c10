"""Folders made, renamed and deleted on the server, safe to repeat after a lost answer.

What belongs here: the commands of RFC 9051 6.3.4 to 6.3.6, each with a look at what is there already. What must never
be here: what the tree shows meanwhile (store/folders).

A folder is only deleted when it holds nothing: what was in it has been moved to the trash by changes before this one.
"""

from __future__ import annotations

import contextlib

from tui_mail.errors import CommandRefused
from tui_mail.model import ChangeKind, Flag
from tui_mail.net.busy import BUSY_CODES
from tui_mail.net.imap import ImapSession
from tui_mail.store import folders, places
from tui_mail.store.folders import FolderState
from tui_mail.store.journal import Effect
from tui_mail.sync import checking, plan
from tui_mail.sync.folder import FolderSync
from tui_mail.sync.listing import exists


def carry_out(sync: FolderSync, effect: Effect) -> None:
    """Do it. Raises CommandRefused when the server does not want to."""
    if effect.kind is ChangeKind.FOLDER_CREATE:
        target = folders.state(sync.db.read(), effect.target or 0)
        if target is None:
            sync.session.make_folder(effect.name)
        else:
            made(sync, target)
    elif effect.kind is ChangeKind.FOLDER_RENAME:
        _rename(sync, effect)
    else:
        _delete(sync, effect)


def made(sync: FolderSync, target: FolderState) -> FolderState:
    """A folder that may be known here only, made on the server; below the server's own prefix if it has to be.

    Courier keeps all folders below INBOX, and there may be none yet to show that.
    """
    if target.uidvalidity or target.name == "INBOX":
        return target
    try:
        sync.session.make_folder(target.name)
    except CommandRefused:
        prefix, account = sync.session.prefix(), sync.account_id
        if exists(sync.session, target.name):
            return target
        if not prefix or target.name.startswith(prefix):
            raise
        name = prefix + target.name
        sync.session.make_folder(name)
        sync.db.run(lambda txn: folders.rename(txn, account, target.name, name))
        return folders.state(sync.db.read(), target.id) or target
    return target


def _rename(sync: FolderSync, effect: Effect) -> None:
    _let_go(sync, effect.target)
    try:
        sync.session.rename_folder(effect.name, effect.new_name)
    except CommandRefused:
        if exists(sync.session, effect.name) or not exists(sync.session, effect.new_name):
            raise  # else an earlier try did it, and its answer was lost
    account = sync.account_id
    sync.db.run(lambda txn: folders.rename(txn, account, effect.name, effect.new_name))


def _delete(sync: FolderSync, effect: Effect) -> None:
    """Under a name that nobody else puts mail into, so that none comes in after it was seen to be empty.

    A try that was cut off is gone on with from there; a folder that was made with the old name since is another one.
    """
    state, session = folders.state(sync.db.read(), effect.target or 0), sync.session
    if state is None:
        return
    _let_go(sync, effect.target)
    name = plan.aside(state.name, state.id)
    if not _answers_to(session, name):
        name = _set_aside(sync, state) if exists(session, state.name) else ""
    if name:
        try:
            _refuse_unless_empty(sync, state, name)
            session.delete_folder(name)
        except CommandRefused:
            if name != state.name:
                with contextlib.suppress(CommandRefused):  # it has that name again: the list will show what is there
                    session.rename_folder(name, state.name, subscribed=False)
            raise
        session.unsubscribe(state.name)
    account, gone = sync.account_id, state.id
    sync.db.run(lambda txn: folders.deleted(txn, account, gone))


def _set_aside(sync: FolderSync, state: FolderState) -> str:
    """The name that the folder has now: its own where the server does not rename it, none when it is gone."""
    name = plan.aside(state.name, state.id)
    try:
        _refuse_unless_empty(sync, state, state.name)
    except CommandRefused:
        if exists(sync.session, state.name):
            raise
        return ""  # somebody deleted or renamed it at this moment
    try:
        sync.session.rename_folder(state.name, name, subscribed=False)
    except CommandRefused as refusal:
        if refusal.code in BUSY_CODES:
            raise
        return state.name
    return name


def _answers_to(session: ImapSession, name: str) -> bool:
    """Whether there is a folder of that name, for certain. Raises CommandRefused when the server cannot tell now."""
    try:
        session.status(name)
        session.open_folder(name, read_only=True)
    except CommandRefused as refusal:
        if refusal.code in BUSY_CODES:
            raise
        return False
    return True


def _refuse_unless_empty(sync: FolderSync, state: FolderState, name: str) -> None:
    """Raises CommandRefused when the folder, which has that name now, holds mail or folders."""
    delimiter = folders.delimiter_of(sync.db.read(), sync.account_id)
    if _holds_mail(sync, state, name):
        raise CommandRefused(
            f"The folder {state.name} still holds mail on the server; it was left as it is, and nothing is lost."
        )
    if delimiter and sync.session.list_below(name, delimiter):
        raise CommandRefused(f"There are folders inside {state.name} on the server; it was left as it is.")


def _holds_mail(sync: FolderSync, state: FolderState, name: str) -> bool:
    r"""Asked by opening it too: what is deleted now is gone for ever, and counters are known to lie.

    Without UIDPLUS, what was moved out of it is still there, marked \Deleted: that is no mail any more where another
    folder has it. What somebody else marked so is. The counters are asked last, for mail may come in until it is gone.
    """
    sync.selected = None
    opened, has_uidplus = sync.session.open_folder(name, read_only=True), sync.session.has("UIDPLUS")
    rows = [] if has_uidplus or not opened.exists else list(sync.session.headers("1:*"))
    _open_inbox(sync)
    counted = sync.session.status(name)
    if opened.uidnext and counted.uidnext > opened.uidnext:
        return True
    sql, left = sync.db.read(), [row for row in rows if Flag.DELETED in row.flags]
    moved = [row for row in left if places.is_elsewhere(sql, state.id, (checking.likeness(row).key, row.size))]
    return len(moved) < max(opened.exists, counted.messages, len(rows))


def _let_go(sync: FolderSync, folder_id: int | None) -> None:
    """Open another folder than the one that changes: some servers do not rename or delete an open one."""
    sync.backlogs.pop(folder_id or 0, None)
    if sync.selected is not None and sync.selected[0] == folder_id:
        _open_inbox(sync)


def _open_inbox(sync: FolderSync) -> None:
    inbox = folders.by_name(sync.db.read(), sync.account_id, "INBOX")
    if inbox is not None:
        sync.open(inbox.id)
