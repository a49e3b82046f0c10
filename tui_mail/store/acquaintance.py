"""What the mail that is here says about a sender: whether they wrote before, and to whom the person writes.

Reads only; every question takes a millisecond or so, except `domains_written_to`.
"""

from __future__ import annotations

import sqlite3

from tui_mail.model import Role
from tui_mail.store import folders
from tui_mail.store.contacts import MARK

_NOT_COUNTED = (Role.SENT, Role.JUNK, Role.TRASH, Role.DRAFTS)


def standing(sql: sqlite3.Connection, message_id: int, email: str) -> tuple[bool, bool]:
    """(whether this message is the first from its sender's address, whether the person wrote there).

    It is only said to be the first when all mail of the account has been listed and looked at.
    """
    row = sql.execute("SELECT sent, received FROM contact WHERE email = ?", (email.casefold(),)).fetchone()
    sent, received = row if row is not None else (0, 0)
    place = sql.execute(
        "SELECT m.account_id, f.role FROM message m JOIN folder f ON f.id = m.view_folder WHERE m.id = ?", (message_id,)
    ).fetchone()
    if sent or place is None or received > 1:
        return False, bool(sent)
    account, role = place
    newest = sql.execute("SELECT MAX(id) FROM message").fetchone()[0]
    mark = sql.execute("SELECT value FROM meta WHERE key = ?", (MARK,)).fetchone()
    is_known = mark is not None and int(mark[0]) >= newest and all(s.complete for s in folders.states(sql, account))
    return is_known and received - (role not in _NOT_COUNTED) <= 0, False


def namesake(sql: sqlite3.Connection, name: str, email: str) -> str:
    """The address, written to, of somebody of this name; empty when this address is one, or nobody has the name."""
    if len(name.split()) < 2:
        return ""
    rows = sql.execute(
        "SELECT email, shown FROM contact WHERE sent > 0 AND name = ? COLLATE NOCASE ORDER BY sent DESC LIMIT 20",
        (name,),
    ).fetchall()
    return "" if not rows or any(row[0] == email.casefold() for row in rows) else str(rows[0][1])


def domains_written_to(sql: sqlite3.Connection) -> frozenset[str]:
    """The domains of all addresses that the person wrote to."""
    return frozenset(row[0].rpartition("@")[2] for row in sql.execute("SELECT email FROM contact WHERE sent > 0"))


def newest_received(sql: sqlite3.Connection, account: str, limit: int, size: int) -> list[int]:
    """The newest messages in an account's inbox that are here whole, not larger than `size`."""
    return [
        row[0]
        for row in sql.execute(
            "SELECT m.id FROM folder f JOIN account a ON a.id = f.account_id JOIN message m ON m.view_folder = f.id"
            " WHERE a.name = ? AND f.role = ? AND m.has_body = 1 AND m.size < ?"
            " ORDER BY m.date DESC, m.id DESC LIMIT ?",
            (account, Role.INBOX, size, limit),
        )
    ]
