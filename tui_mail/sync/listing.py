"""The list of folders, and which of them have something new.

What belongs here: what LIST and STATUS say, made into the stored list. What must never be here: opening folders.
"""

from __future__ import annotations

import time
from functools import partial

from tui_mail.errors import CommandRefused, UnsafeArgument
from tui_mail.model import Role
from tui_mail.net.busy import BUSY_CODES
from tui_mail.net.imap import FolderStatus, ImapSession
from tui_mail.records import frozen
from tui_mail.store import folders, messages, places, purposes
from tui_mail.store.database import Database
from tui_mail.store.folders import FolderState, KnownFolder
from tui_mail.sync import plan

UNTOLD_CODES = BUSY_CODES | {"NOPERM"}
"""Refusals that do not say that a folder is gone."""
INBOX = "INBOX"
"""The one name without case (RFC 9051 5.1)."""


@frozen
class Listing:
    """What is to be done after looking at the list."""

    changed: list[FolderState]
    """Folders that differ from what is stored."""
    unfinished: list[FolderState]
    """Others of which not everything has been read yet."""
    absent: frozenset[int] = frozenset()
    """Folders that are only here: to be made, or the target of a change and gone from the server."""


def canonical(name: str) -> str:
    """INBOX in capitals, every other name as it is."""
    return INBOX if name.upper() == INBOX else name


def read_list(session: ImapSession, db: Database, account_id: int) -> Listing:
    """Make the stored list equal to the server's, and compare their counters.

    Those of the open folder say nothing: a server may tell what this connection knew before (RFC 9051 6.3.11).
    """
    listed = session.list_all()
    roles = plan.assign_roles([(f.name, f.delimiter, f.flags) for f in listed])
    known, statuses = dict[str, KnownFolder](), dict[str, FolderStatus | None]()
    aside = {plan.aside(state.name, state.id) for state in folders.being_deleted(db.read(), account_id)}
    for folder in listed:
        name = canonical(folder.name)
        if name in aside:
            continue
        selectable = not folder.flags & {"\\noselect", "\\nonexistent"}
        if name not in known:
            known[name] = KnownFolder(name, folder.delimiter, roles.get(folder.name, Role.NONE), selectable)
            statuses[name] = folder.status
    if known:  # an empty list is a broken answer: every account has an INBOX
        _keep_what_exists(session, db, account_id, known)
        db.run(lambda txn: folders.replace_list(txn, account_id, known.values()))
    changed, unfinished, absent = list[FolderState](), list[FolderState](), set[int]()
    for state in folders.states(db.read(), account_id):
        if known and state.name not in known:  # a change that waits speaks of it
            absent.add(state.id)
            if state.uidvalidity:
                db.run(partial(messages.orphan_folder, folder_id=state.id))  # what was in it may be anywhere
            continue
        status = statuses.get(state.name)
        if status is None or state.name == session.selected or _differs(db, state, status):
            changed.append(state)
        elif not state.complete:
            unfinished.append(state)
    changed.sort(key=lambda state: state.complete)  # a line that breaks soon must still get further each time
    return Listing(changed, unfinished, frozenset(absent))


def _differs(db: Database, state: FolderState, status: FolderStatus) -> bool:
    """Whether a folder is to be looked at, by its counters."""
    sql = db.read()
    return plan.needs_refresh(
        plan.Known(state.uidvalidity, state.uidnext, state.highestmodseq, state.synced_min_uid),
        places.stored_count(sql, state.id) if state.complete else -1,
        places.unseen_count(sql, state.id) if state.complete else -1,
        uidvalidity=status.uidvalidity,
        uidnext=status.uidnext,
        highestmodseq=status.highestmodseq,
        messages=status.messages,
        told_unseen=status.unseen,
        seconds=time.time() - state.scanned,
    )


def _keep_what_exists(session: ImapSession, db: Database, account_id: int, known: dict[str, KnownFolder]) -> None:
    """A folder that is missing from the list, or is said to hold no mail any more, is asked for by name.

    Only when the server refuses it then, it is gone, and INBOX never is.
    """
    for state in folders.states(db.read(), account_id):
        listed = known.get(state.name)
        if (listed is not None and listed.selectable) or (not state.uidvalidity and state.name != INBOX):
            continue
        if state.name == INBOX or exists(session, state.name):
            delimiter = listed.delimiter if listed else next((folder.delimiter for folder in known.values()), "")
            role = purposes.of_account(db.read(), account_id).told.get(state.name, state.role)
            known[state.name] = KnownFolder(state.name, delimiter, role, selectable=True)
        elif listed is not None:  # the name stays, for folders below it; what was in it is gone
            db.run(partial(messages.orphan_folder, folder_id=state.id))


def exists(session: ImapSession, name: str) -> bool:
    """Whether the server answers to the name; one that is too busy to tell has it.

    It is opened, too: Dovecot may tell the counters of a folder that somebody else renamed a moment ago.
    """
    try:
        session.status(name)
        session.open_folder(name, read_only=True)
    except CommandRefused as refusal:
        return refusal.code in UNTOLD_CODES
    except UnsafeArgument:
        return False
    return True
