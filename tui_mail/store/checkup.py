"""Whether what is on this disk is what was stored: the files of the database, and every message against its hash.

What belongs here: reading and comparing. What must never be here: mending; what is damaged is left as it is.
"""

from __future__ import annotations

import sqlite3

from tui_mail.records import frozen
from tui_mail.store import blobs, bodies
from tui_mail.text import SafeText, safe_line


@frozen
class Checkup:
    """What was found."""

    whole: int
    """Messages whose octets are what was stored."""
    damaged: tuple[int, ...]
    """Ids of those whose octets are not, or are gone."""
    troubles: tuple[SafeText, ...]
    """What SQLite says of its files, and what drafts and messages of the outbox lack."""


def check(mail: sqlite3.Connection, bodies_sql: sqlite3.Connection) -> Checkup:
    """Read everything; takes about a second for 20 MB. The connections read mail.db and bodies.db."""
    troubles = [
        safe_line(f"{name}: {line}")
        for name, sql in (("mail.db", mail), ("bodies.db", bodies_sql))
        for (line,) in sql.execute("PRAGMA integrity_check(10)")
        if line != "ok"
    ]
    troubles += [
        safe_line(f"bodies.db: file {blob}, of a draft or of the outbox, is not what was stored")
        for blob in blobs.damaged(bodies_sql)
    ]
    ids = [row[0] for row in mail.execute("SELECT id FROM message WHERE has_body = 1 ORDER BY id")]
    damaged = [id_ for id_ in ids if bodies.load(bodies_sql, id_) is None]
    return Checkup(len(ids) - len(damaged), tuple(damaged), tuple(troubles))
