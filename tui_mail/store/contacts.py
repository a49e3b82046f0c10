"""Whom a person writes to and hears from, harvested from the mail itself.

What belongs here: the table `contact`. What must never be here: address books of other programs (config/book).

Addresses that were written to count most: a person completes those, not the senders of newsletters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tui_mail.model import Address, Role
from tui_mail.store.database import Transaction
from tui_mail.store.rows import unpacked
from tui_mail.text import safe_line

BATCH = 500
"""Messages harvested in one write: a few milliseconds."""
MARK = "harvested"
"""Key in `meta`: the newest message that was looked at."""


def harvest(txn: Transaction) -> bool:
    """Take the addresses out of the next messages that were not looked at; False when there are none left."""
    row = txn.sql.execute("SELECT value FROM meta WHERE key = ?", (MARK,)).fetchone()
    seen = 0 if row is None else int(row[0])
    rows = txn.sql.execute(
        "SELECT m.id, m.date, m.from_, m.to_, m.cc, f.role FROM message m LEFT JOIN folder f ON f.id = m.view_folder"
        " WHERE m.id > ? ORDER BY m.id LIMIT ?",
        (seen, BATCH),
    ).fetchall()
    if not rows:
        return False
    for _, date, from_, to, cc, role in rows:
        if role == Role.SENT:
            for address in (*unpacked(to), *unpacked(cc)):
                _count(txn, address, date, sent=1)
        elif role not in (Role.JUNK, Role.TRASH, Role.DRAFTS):
            for address in unpacked(from_):
                _count(txn, address, date, received=1)
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (MARK, str(rows[-1][0])))
    return True


def written_to(txn: Transaction, addresses: Sequence[tuple[str, str]], when: int, protection: str) -> None:
    """A message goes to these (name, e-mail): they are known from now on, and how it is protected ("pgp sign")."""
    for name, email in addresses:
        _count(txn, Address(safe_line(name), safe_line(email)), when, sent=1)
        txn.sql.execute("UPDATE contact SET protection = ? WHERE email = ?", (protection, email.casefold()))


def protection(sql: sqlite3.Connection, emails: Sequence[str]) -> str:
    """How the last messages to all of these were protected ("pgp sign encrypt"); empty when they differ."""
    found = set[str]()
    for email in emails:
        row = sql.execute("SELECT protection FROM contact WHERE email = ?", (email.casefold(),)).fetchone()
        found.add("" if row is None else str(row[0]))
    return found.pop() if len(found) == 1 else ""


def matching(sql: sqlite3.Connection, prefix: str, limit: int) -> list[Address]:
    """Contacts of whom a word of the name, or the address, begins with `prefix`; those written to most come first."""
    wanted = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return [
        Address(safe_line(name), safe_line(email))
        for name, email in sql.execute(
            "SELECT name, shown FROM contact WHERE email LIKE ?1 || '%' ESCAPE '\\' OR name LIKE ?1 || '%' ESCAPE '\\'"
            " OR name LIKE '% ' || ?1 || '%' ESCAPE '\\' OR email LIKE '%@' || ?1 || '%' ESCAPE '\\'"
            " ORDER BY sent > 0 DESC, sent * 4 + received DESC, last DESC LIMIT ?2",
            (wanted, limit),
        )
    ]


def known(sql: sqlite3.Connection, *, written: bool) -> set[str]:
    """Every address (folded) that was ever written to, or (not `written`) seen at all."""
    query = "SELECT email FROM contact WHERE sent > 0" if written else "SELECT email FROM contact"
    return {row[0] for row in sql.execute(query)}


def lists(sql: sqlite3.Connection) -> set[str]:
    """Addresses (folded) that mailing lists seem to have: those in To or Cc that the List-Id of the message speaks of.

    That of club@lists.example is "club.lists.example" or begins so (RFC 2919 section 2); who else is in To or Cc is a
    person. Written to, or in From, are lists as well as people.
    """
    found = set[str]()
    query = "SELECT list_id, to_, cc FROM message WHERE list_id != '' ORDER BY id DESC LIMIT 2000"
    for list_id, to, cc in sql.execute(query):
        emails = (address.email.casefold() for address in (*unpacked(to), *unpacked(cc)))
        named = f"{list_id.casefold().rpartition('<')[2]}."
        found.update(email for email in emails if named.startswith(f"{email.rpartition('@')[0]}."))
    return found


def _count(txn: Transaction, address: Address, date: int, *, sent: int = 0, received: int = 0) -> None:
    email = str(address.email)
    if "@" not in email or len(email) > 254:
        return
    txn.sql.execute(
        "INSERT INTO contact (email, shown, name, sent, received, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT (email) DO UPDATE SET sent = sent + ?4, received = received + ?5,"
        " name = CASE WHEN ?3 != '' AND (?6 >= last OR name = '') THEN ?3 ELSE name END,"
        " shown = CASE WHEN ?6 >= last THEN ?2 ELSE shown END, last = MAX(last, ?6)",
        (email.casefold(), email, str(address.name)[:200], sent, received, date),
    )
