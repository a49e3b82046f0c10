"""Folders that are on this computer only: those of a POP3 account.

What belongs here: making them, giving UIDs in them, and carrying a change of the journal out where no server has a
word. What must never be here: what a person did (journal), the maildrop.

A local folder looks like one that has been read to its end: UIDVALIDITY 1, complete. So everything that reads folders
(lists, undo, history) need not know the difference.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.errors import CommandRefused
from tui_mail.model import ChangeKind, Role
from tui_mail.store import due as due_changes
from tui_mail.store import folders, purposes
from tui_mail.store.database import Transaction
from tui_mail.store.due import Due
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import refresh_view

DELIMITER = "/"
ROLES = (Role.INBOX, Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.JUNK, Role.TRASH)


def prepare(txn: Transaction, name: str) -> int:
    """The row of the account and the folders that everybody has; gives the account."""
    account = folders.account_id(txn, name)
    chosen = purposes.chosen_for(txn.sql, name)
    for role in ROLES:
        if role not in chosen:
            folder_for(txn, account, role)
    return account


def folder_for(txn: Transaction, account: int, role: Role) -> int:
    """The local folder of a role, made when it is not there."""
    found = folders.by_role(txn.sql, account, role)
    if found is None:
        name = "INBOX" if role is Role.INBOX else folders.STANDARD_NAMES[role]
        named = folders.by_name(txn.sql, account, name)
        id_ = named.id if named else folders.add(txn, account, KnownFolder(name, DELIMITER, role, selectable=True))
    else:
        id_ = found.id
    _made(txn, id_)
    return id_


def made(txn: Transaction, account: int, name: str, role: Role = Role.NONE) -> int:
    """A new local folder."""
    id_ = folders.add(txn, account, KnownFolder(name, DELIMITER, role, selectable=True))
    _made(txn, id_)
    return id_


def place(txn: Transaction, folder_id: int, ids: Sequence[int]) -> None:
    """Messages made here are in a folder from now on, as unread or read as they are."""
    first = _uids(txn, folder_id, len(ids))
    txn.sql.executemany(
        "UPDATE message SET folder_id = ?, uid = ?, lost_since = 0, unborn = 0 WHERE id = ?",
        ((folder_id, first + at, id_) for at, id_ in enumerate(ids)),
    )
    refresh_view(txn, ids)


def carry_out(txn: Transaction, account: int, due: Due) -> None:
    """A change that was recorded is true now. Raises CommandRefused when it cannot be."""
    effect, items = due.effect, due_changes.due_items(txn.sql, due.id)
    if effect.kind is ChangeKind.FLAGS:
        due_changes.flagged(txn, effect, items)
    elif effect.kind is ChangeKind.EXPUNGE:
        due_changes.expunged(txn, items)
    elif effect.kind in (ChangeKind.MOVE, ChangeKind.COPY, ChangeKind.APPEND):
        target = folders.state(txn.sql, effect.target or 0)
        if target is None:
            raise CommandRefused("The folder to put them into is gone; the messages are where they were.")
        _made(txn, target.id)
        first = _uids(txn, target.id, len(items))
        due_changes.moved(txn, target.id, [(item, first + at) for at, item in enumerate(items)])
    elif effect.kind is ChangeKind.FOLDER_CREATE:
        _made(txn, effect.target or 0)
    elif effect.kind is ChangeKind.FOLDER_RENAME:
        folders.rename(txn, account, effect.name, effect.new_name)
    else:
        _delete(txn, account, effect.target or 0)


def _delete(txn: Transaction, account: int, folder_id: int) -> None:
    held = txn.sql.execute("SELECT 1 FROM message WHERE folder_id = ? LIMIT 1", (folder_id,)).fetchone()
    if held is not None:
        raise CommandRefused("The folder still holds mail; it was left as it is, and nothing is lost.")
    folders.deleted(txn, account, folder_id)


def _made(txn: Transaction, folder_id: int) -> None:
    """The folder is as one that was read to its end."""
    state = folders.state(txn.sql, folder_id)
    if state is not None and not state.uidvalidity:
        folders.set_progress(txn, folder_id, uidvalidity=1, uidnext=max(1, state.uidnext), synced_min_uid=1)
        txn.sql.execute("UPDATE folder SET delimiter = ? WHERE id = ?", (DELIMITER, folder_id))


def _uids(txn: Transaction, folder_id: int, count: int) -> int:
    """The first of so many new UIDs of a folder."""
    state = folders.state(txn.sql, folder_id)
    first = max(1, state.uidnext) if state is not None else 1
    folders.set_progress(txn, folder_id, uidnext=first + count)
    return first
