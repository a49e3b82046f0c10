"""What the store holds of an account as a whole, whose mailbox that was, and taking all of it away.

What belongs here: what must be known before an account goes or gets another server. What must never be here: deciding
whether it may (client/leaving), single messages.

An account of config.toml finds its mail here by its name alone. So when it goes and its mail stays, a note says which
mailbox the mail is of, lest an account of the same name takes it for its own.
"""

from __future__ import annotations

import json
import sqlite3

from tui_mail.model import Account
from tui_mail.records import frozen
from tui_mail.store import bodies, due, mirror, threads
from tui_mail.store.database import Database, Transaction
from tui_mail.store.files import meta
from tui_mail.store.many import chunks, marks

_LEFT = "left:{}"


@frozen
class Holdings:
    """How much of an account is in the store."""

    messages: int = 0
    """Displayed ones."""
    only_here: int = 0
    """Those of them that no server is known to have: local folders of POP3, and what was never uploaded."""
    waiting: int = 0
    """Changes that the server has not been told, refused ones too."""
    sending: int = 0
    """Messages in the outbox that are not done."""
    undecided: int = 0
    """Those of them that wait for a person: refused, or perhaps sent."""
    drafts: int = 0
    """Open drafts whose newest version is in no Drafts folder."""

    @property
    def anything(self) -> bool:
        """There is something at all."""
        return bool(self.messages or self.waiting or self.sending or self.drafts)


def of_account(sql: sqlite3.Connection, bodies_sql: sqlite3.Connection, name: str) -> Holdings:
    """What the store holds under the name of an account; `bodies_sql` reads bodies.db."""
    row = sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        return Holdings()

    def count(query: str) -> int:
        return int(sql.execute(f"SELECT COUNT(*) FROM {query}", row).fetchone()[0])  # noqa: S608

    local = int(bodies_sql.execute("SELECT COUNT(*) FROM local WHERE account = ?", (name,)).fetchone()[0])
    return Holdings(
        messages=count("message WHERE account_id = ? AND view_folder IS NOT NULL"),
        only_here=local + count("message WHERE account_id = ? AND unborn AND view_folder IS NOT NULL"),
        waiting=sum(due.open_counts(sql, row[0])),
        sending=count("outbox WHERE account_id = ? AND (state NOT IN ('done', 'cancelled') OR copy_state = 'wanted')"),
        undecided=count("outbox WHERE account_id = ? AND state IN ('failed', 'unknown')"),
        drafts=count("draft WHERE account_id = ? AND state = 'open' AND version > kept"),
    )


def note_left(txn: Transaction, account: Account) -> None:
    """The account goes, and its mail stays: note whose it is."""
    server = account.incoming
    mailbox = json.dumps([account.protocol.value, server.user, server.host])
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_LEFT.format(account.name), mailbox))


def left_of(sql: sqlite3.Connection, name: str) -> tuple[str, str, str] | None:
    """(protocol, user, host) of the mailbox whose mail an account of that name left; None when nobody noted it."""
    noted = meta(sql, _LEFT.format(name))
    if noted is None:
        return None
    protocol, user, host = json.loads(noted)
    return str(protocol), str(user), str(host)


def remove(db: Database, name: str) -> int:
    """Take away everything of an account; returns how many messages that were. Blocks for seconds.

    Killed in the middle, it is done by doing it again: the row of the account goes last.
    """
    row = db.read().execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        return 0
    account = int(row[0])
    ids = [one[0] for one in db.read().execute("SELECT id FROM message WHERE account_id = ?", (account,))]
    for chunk in chunks(ids):
        db.run(lambda _, chunk=chunk: _remove_octets(db, chunk))  # type: ignore[misc]
    db.run(lambda _: mirror.forget_account(db, name))
    db.run(lambda txn: _remove_rows(txn, account, name))
    return len(ids)


def _remove_octets(db: Database, ids: list[int]) -> None:
    bodies.delete(db, ids)
    with bodies.writing(db) as sql:
        sql.executemany("DELETE FROM local WHERE message_id = ?", ((id_,) for id_ in ids))


def _remove_rows(txn: Transaction, account: int, name: str) -> None:
    sql = txn.sql
    ids = [one[0] for one in sql.execute("SELECT id FROM message WHERE account_id = ?", (account,))]
    for chunk in chunks(ids):
        sql.execute(f"DELETE FROM wanted WHERE message_id IN ({marks(chunk)})", chunk)  # noqa: S608
    for statement in (
        "DELETE FROM journal_item WHERE journal_id IN (SELECT id FROM journal WHERE account_id = ?)",
        "DELETE FROM journal WHERE account_id = ?",
        "DELETE FROM outbox_recipient WHERE outbox_id IN (SELECT id FROM outbox WHERE account_id = ?)",
        "DELETE FROM outbox WHERE account_id = ?",
        "DELETE FROM draft_blob WHERE draft_id IN (SELECT id FROM draft WHERE account_id = ?)",
        "DELETE FROM draft WHERE account_id = ?",
        "DELETE FROM maildrop WHERE account_id = ?",
        "DELETE FROM message WHERE account_id = ?",
        "DELETE FROM folder WHERE account_id = ?",
        "DELETE FROM account WHERE id = ?",
    ):
        sql.execute(statement, (account,))
    threads.forget_unused(txn)
    sql.execute("DELETE FROM link WHERE account = ?", (name,))
    by_name = [_LEFT.format(name), f"protocol:{name}", f"convert:{name}"]
    by_id = [f"{word}:{account}" for word in ("beside", "upload", "others", "visited")]
    sql.executemany("DELETE FROM meta WHERE key = ?", ((key,) for key in (*by_name, *by_id)))
    txn.outgoing = True
    txn.lists.add(account)
