"""The texts of messages that are too large to be brought here whole, and what is wished for of such messages.

What belongs here: the tables `excerpt` and `wish` of bodies.db. They are no bodies: whoever needs a message as it is
asks `bodies`, which knows nothing of them. An excerpt goes when the whole message comes, or when the message goes.

A wish is a row, because the process that has it need not be the one that talks to the server: it waits until the row
is gone (done, or nobody wants it any more) or says why it cannot be.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from concurrent.futures import Future
from dataclasses import asdict

from tui_mail.excerpt import TEXT, Away, Excerpt
from tui_mail.records import frozen
from tui_mail.store.bodies import writing
from tui_mail.store.database import Database, Transaction

WISHED_SECONDS = 45
"""How long a wish is worth something if nobody renews it: whoever had it may be gone."""
RENEW_SECONDS = 5.0


@frozen
class Wish:
    """What somebody waits for: the text of a message (TEXT), all of it (WHOLE), or a part."""

    message_id: int
    section: str
    encoding: str
    octets: int
    problem: str = ""


def save(db: Database, message_id: int, excerpt: Excerpt) -> None:
    """Keep an excerpt durably. Blocks. Raises StoreError."""
    row = (
        message_id,
        excerpt.size,
        excerpt.cut,
        json.dumps([asdict(one) for one in excerpt.away]),
        hashlib.sha256(excerpt.octets).digest(),
        zlib.compress(excerpt.octets, 1),
    )

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.execute("INSERT OR REPLACE INTO excerpt VALUES (?, ?, ?, ?, ?, ?)", row)

    db.run(job, urgent=True)


def load(sql: sqlite3.Connection, message_id: int) -> Excerpt | None:
    """The excerpt of a message; None when there is none, or it is no longer what was stored. `sql` reads bodies.db."""
    query = "SELECT size, cut, away, sha256, raw FROM excerpt WHERE message_id = ?"
    row = sql.execute(query, (message_id,)).fetchone()
    if row is None:
        return None
    try:
        octets = zlib.decompress(row[4])
        away = tuple(Away(**one) for one in json.loads(row[2]))
    except (zlib.error, ValueError, TypeError):
        return None
    return Excerpt(octets, row[0], row[1], away) if hashlib.sha256(octets).digest() == row[3] else None


def is_here(sql: sqlite3.Connection, message_id: int) -> bool:
    """Quick: whether there is an excerpt. `sql` reads bodies.db."""
    return sql.execute("SELECT 1 FROM excerpt WHERE message_id = ?", (message_id,)).fetchone() is not None


def ids(sql: sqlite3.Connection) -> list[int]:
    """All messages of which there is an excerpt. `sql` reads bodies.db."""
    return [row[0] for row in sql.execute("SELECT message_id FROM excerpt")]


def wish(db: Database, account: str, wished: Wish) -> Future[None]:
    """Say that somebody waits for this, of a message of this account; the engine is to be told."""
    row = (wished.message_id, wished.section, account, wished.encoding, wished.octets, time.time(), "")

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.execute("INSERT OR REPLACE INTO wish VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    return db.write(job, urgent=True)


def wishes(sql: sqlite3.Connection, account: str) -> list[Wish]:
    """What is waited for of an account, texts first. `sql` reads bodies.db."""
    query = (
        "SELECT message_id, section, encoding, octets FROM wish WHERE account = ? AND problem = '' AND asked > ?"
        " ORDER BY section != ?, asked"
    )
    return [Wish(*row) for row in sql.execute(query, (account, time.time() - WISHED_SECONDS, TEXT))]


def wishing(sql: sqlite3.Connection) -> set[str]:
    """The accounts of which something is waited for. `sql` reads bodies.db."""
    since = time.time() - WISHED_SECONDS
    return {row[0] for row in sql.execute("SELECT account FROM wish WHERE problem = '' AND asked > ?", (since,))}


def problem_of(sql: sqlite3.Connection, message_id: int, section: str) -> str | None:
    """Why a wish cannot be fulfilled; empty while it may be, None when it is gone. `sql` reads bodies.db."""
    query = "SELECT problem FROM wish WHERE message_id = ? AND section = ?"
    row = sql.execute(query, (message_id, section)).fetchone()
    return None if row is None else str(row[0])


def renew(db: Database, message_id: int, section: str) -> None:
    """Somebody waits still. Returns at once."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.execute(
                "UPDATE wish SET asked = ? WHERE message_id = ? AND section = ?",
                (time.time(), message_id, section),
            )

    db.write(job, urgent=True)


def settle(db: Database, message_id: int, section: str, problem: str = "") -> Future[None]:
    """A wish is fulfilled or nobody's any more, or (`problem`) cannot be fulfilled."""

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            if problem:
                sql.execute(
                    "UPDATE wish SET problem = ? WHERE message_id = ? AND section = ?", (problem, message_id, section)
                )
            else:
                sql.execute("DELETE FROM wish WHERE message_id = ? AND section = ?", (message_id, section))

    return db.write(job, urgent=True)


def sweep(db: Database) -> None:
    """At the start of an engine: a file is only fetched for those who still wait for it, and say so again."""
    now = time.time()

    def job(_: Transaction) -> None:
        with writing(db) as sql:
            sql.execute("DELETE FROM wish WHERE asked < ?", (now - WISHED_SECONDS,))
            sql.execute("UPDATE wish SET asked = ? WHERE section != ? AND asked < ?", (now - WISHED_SECONDS, TEXT, now))

    db.run(job)
