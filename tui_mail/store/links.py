"""What the engine says of each account's line, for the processes that are not the engine.

What belongs here: writing and reading that. What must never be here: whether it may be believed (sync/elsewhere).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields

from tui_mail.model import AccountStatus, LinkState
from tui_mail.store.database import Transaction
from tui_mail.text import safe_line

_FIELDS = frozenset(field.name for field in fields(AccountStatus))


def tell(txn: Transaction, status: AccountStatus, now: float) -> None:
    """Write what an account's status is at `now` (time.time())."""
    words = json.dumps(asdict(status), ensure_ascii=False, separators=(",", ":"))
    txn.sql.execute(
        "INSERT INTO link (account, status, told) VALUES (?, ?, ?)"
        " ON CONFLICT (account) DO UPDATE SET status = excluded.status, told = excluded.told",
        (status.account, words, now),
    )


def begin(txn: Transaction, statuses: Iterable[AccountStatus], now: float) -> None:
    """Another engine begins: what the last one said is no longer true."""
    txn.sql.execute("DELETE FROM link")
    for status in statuses:
        tell(txn, status, now)


def told(sql: sqlite3.Connection) -> dict[str, tuple[AccountStatus, float]]:
    """By account: the status, and when it was written. What another version wrote and this one cannot read is left."""
    found = dict[str, tuple[AccountStatus, float]]()
    for account, words, when in sql.execute("SELECT account, status, told FROM link"):
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            said = {name: value for name, value in json.loads(words).items() if name in _FIELDS}
            said |= {"account": account, "state": LinkState(said["state"]), "sentence": safe_line(said["sentence"])}
            said["notice"] = safe_line(said.get("notice", ""))
            found[account] = (AccountStatus(**said), float(when))
    return found
