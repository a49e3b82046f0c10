"""The list of folders, and which of them have something new.

What belongs here: what LIST and STATUS say, made into the stored list. What must never be here: opening folders.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from tui_mail.errors import CommandRefused
from tui_mail.model import Role
from tui_mail.net.imap import FolderStatus, ImapSession
from tui_mail.store import folders, messages
from tui_mail.store.database import Database
from tui_mail.store.folders import FolderState, KnownFolder
from tui_mail.sync import plan

INBOX = "INBOX"
"""The one name without case (RFC 9051 5.1)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is to be done after looking at the list."""

    changed: list[FolderState]
    """Folders that differ from what is stored."""
    unfinished: list[FolderState]
    """Others of which not everything has been read yet."""


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
    for folder in listed:
        name = canonical(folder.name)
        selectable = not folder.flags & {"\\noselect", "\\nonexistent"}
        if name not in known:
            known[name] = KnownFolder(name, folder.delimiter, roles.get(folder.name, Role.NONE), selectable)
            statuses[name] = folder.status
    if known:  # an empty list is a broken answer: every account has an INBOX
        _keep_what_exists(session, db, account_id, known)
        db.run(lambda txn: folders.replace_list(txn, account_id, known.values()))
    sql = db.read()
    changed, unfinished = list[FolderState](), list[FolderState]()
    for state in folders.states(sql, account_id):
        if state.name not in known:
            continue  # made here, and not there yet
        status = statuses.get(state.name)
        if (
            status is None
            or state.name == session.selected
            or plan.needs_refresh(
                plan.Known(state.uidvalidity, state.uidnext, state.highestmodseq, state.synced_min_uid),
                messages.stored_count(sql, state.id) if state.complete else -1,
                uidvalidity=status.uidvalidity,
                uidnext=status.uidnext,
                highestmodseq=status.highestmodseq,
                messages=status.messages,
            )
        ):
            changed.append(state)
        elif not state.complete:
            unfinished.append(state)
    changed.sort(key=lambda state: state.complete)  # a line that breaks soon must still get further each time
    return Listing(changed, unfinished)


def _keep_what_exists(session: ImapSession, db: Database, account_id: int, known: dict[str, KnownFolder]) -> None:
    """A folder that is missing from the list is only gone when the server says so of itself, and INBOX never is."""
    for state in folders.states(db.read(), account_id):
        if state.name in known or (not state.uidvalidity and state.name != INBOX):
            continue
        with contextlib.suppress(CommandRefused):
            if state.name != INBOX:
                session.status(state.name)
            delimiter = next((folder.delimiter for folder in known.values()), "")
            known[state.name] = KnownFolder(state.name, delimiter, state.role, selectable=True)
