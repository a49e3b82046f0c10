"""Everything that is here from one address. What must never be here: what is done with it."""

from __future__ import annotations

import sqlite3
from collections import Counter

from tui_mail.model import Flag, Role
from tui_mail.records import frozen
from tui_mail.store.labels import GMAIL
from tui_mail.store.messages import FIELD
from tui_mail.store.rows import unpacked


@frozen
class FromSender:
    """What one address sent, as it is displayed. What Gmail shows under several labels counts once in the sums."""

    email: str
    total: int = 0
    unread: int = 0
    size: int = 0
    """Octets."""
    first: int = 0
    last: int = 0
    """Dates of the oldest and the newest message."""
    folders: tuple[tuple[int, int], ...] = ()
    """(folder id, messages in it), most first."""
    in_inbox: tuple[int, ...] = ()
    """Ids, newest first; so are the next two."""
    unread_ids: tuple[int, ...] = ()
    not_in_trash: tuple[int, ...] = ()


def from_sender(sql: sqlite3.Connection, email: str) -> FromSender:
    """Look through every message; a second for a million: not for a screen's thread."""
    key = email.casefold()
    pattern = "".join(f"\\{sign}" if sign in "\\%_" else sign for sign in email)
    rows = sql.execute(
        "SELECT m.id, m.account_id, m.view_folder, f.role, m.view_flags, m.date, m.size, m.identity, m.from_"
        " FROM message m JOIN folder f ON f.id = m.view_folder WHERE m.from_ LIKE ? ESCAPE '\\'"
        " ORDER BY m.date DESC, m.id DESC",
        (f"%{FIELD}{pattern}%",),
    )
    seen, folders = set[str](), Counter[int]()
    inbox, unread, rest = list[int](), list[int](), list[int]()
    total = new = octets = first = last = 0
    for id_, account, folder, role, flags, date, size, identity, from_ in rows:
        if not any(one.email.casefold() == key for one in unpacked(from_)):
            continue
        folders[folder] += 1
        if role == Role.INBOX:
            inbox.append(id_)
        if role != Role.TRASH:
            rest.append(id_)
        is_new = not flags & Flag.SEEN
        if is_new:
            unread.append(id_)
        name = f"{account}{identity}" if identity.startswith(GMAIL) else str(id_)
        if name not in seen:
            seen.add(name)
            total, new, octets = total + 1, new + is_new, octets + size
            first, last = date, last or date
    return FromSender(
        email, total, new, octets, first, last, tuple(folders.most_common()), tuple(inbox), tuple(unread), tuple(rest)
    )
