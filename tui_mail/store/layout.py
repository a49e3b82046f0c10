"""For which protocol the mail of each account is laid out in this store, and a change of that which is under way.

What belongs here: three notes for each account in the table `meta`. What must never be here: carrying a change out
(conversion), config.toml.

An account is changed in three commits: the intent here, the account in config.toml, the rows here. The second one is
what decides: before it everything is as it was, after it the rows follow at the next start at the latest.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from tui_mail.model import Protocol
from tui_mail.records import frozen
from tui_mail.store.database import Transaction
from tui_mail.store.files import meta


@frozen
class Intent:
    """What an account is to become as soon as config.toml says so."""

    protocol: Protocol
    beside: str = ""
    """IMAP: what the account is called that keeps what is on this computer."""
    upload: bool = False
    """IMAP: what is only on this computer goes to the server, too."""


def laid_out_for(sql: sqlite3.Connection, name: str) -> Protocol | None:
    """The protocol that the rows of an account are for; None while there is nothing that only one could read."""
    known = noted(sql, name)
    if known is not None:
        return known
    row = sql.execute(
        "SELECT EXISTS (SELECT 1 FROM maildrop d WHERE d.account_id = a.id),"
        " EXISTS (SELECT 1 FROM folder f WHERE f.account_id = a.id AND (f.uidvalidity > 1 OR f.highestmodseq > 0))"
        " FROM account a WHERE a.name = ?",
        (name,),
    ).fetchone()
    if row is None or not any(row):
        return None
    return Protocol.POP3 if row[0] else Protocol.IMAP


def noted(sql: sqlite3.Connection, name: str) -> Protocol | None:
    """The same, as far as it was written down."""
    value = meta(sql, f"protocol:{name}")
    return None if value is None else Protocol(value)


def lay_out(txn: Transaction, name: str, protocol: Protocol) -> None:
    """The rows of an account are for this protocol."""
    _note(txn, f"protocol:{name}", protocol.value)


def intent_of(sql: sqlite3.Connection, name: str) -> Intent | None:
    """The change of an account that is under way."""
    value = meta(sql, f"convert:{name}")
    if value is None:
        return None
    told = json.loads(value)
    return Intent(Protocol(told["protocol"]), told["beside"], told["upload"])


def intend(txn: Transaction, name: str, intent: Intent | None) -> None:
    """Begin a change, or (None) end it."""
    _note(txn, f"convert:{name}", None if intent is None else json.dumps(asdict(intent)))


def beside(sql: sqlite3.Connection, account: int) -> int:
    """The account that keeps what is only here of an IMAP account that was a POP3 account; 0: there is none."""
    return int(meta(sql, f"beside:{account}") or 0)


def set_beside(txn: Transaction, account: int, other: int) -> None:
    """`other` keeps what is only here of `account`; 0: none does."""
    _note(txn, f"beside:{account}", str(other) if other else None)


def is_to_be_uploaded(sql: sqlite3.Connection, account: int) -> bool:
    """Whether what is only here goes to the server once it is known what that has."""
    return meta(sql, f"upload:{account}") is not None


def set_to_be_uploaded(txn: Transaction, account: int, *, wanted: bool) -> None:
    """Note that, or that it has been seen to."""
    _note(txn, f"upload:{account}", "1" if wanted else None)


def _note(txn: Transaction, key: str, value: str | None) -> None:
    if value is None:
        txn.sql.execute("DELETE FROM meta WHERE key = ?", (key,))
    else:
        txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
