"""The outbox on this disk: what is being sent, recipient by recipient, and how far it is.

What belongs here: what a person puts there, asks of it, and sees of it. What must never be here: what the sender
reports (delivery), talking to servers (sync/sending), composing (mime). Each arrow is one commit:

    queued ⇄ sending → unknown ⇢ queued (a person asks) or accepted (a person, or the Sent folder, says so)
      │          └→ accepted → done       queued → cancelled: a draft again       any recipient refused → failed

`sending` has not sent the final dot: after a crash it is `queued` again. `unknown` may have: it is never sent again
unasked (RFC 5321 section 4.5.4.1 would allow it; a reader who gets a letter twice does not).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence

from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Role
from tui_mail.outgoing import Draft, Envelope, OutboxEntry, Purpose, Recipient, RecipientState, SendState
from tui_mail.records import frozen
from tui_mail.store import drafts, folders, purposes
from tui_mail.store.database import Transaction
from tui_mail.store.delivery import believe, change, finish, hurry, needs_person
from tui_mail.text import SafeText, safe_line

_OPEN = "state NOT IN ('done', 'cancelled')"
_SELECT = (
    "SELECT o.id, a.name, o.message_id, o.subject, o.state, o.attempts, o.next_try, o.not_before, o.created, o.size,"
    " o.error, o.draft_id, o.copy_note, o.notes, o.account_id FROM outbox o JOIN account a ON a.id = o.account_id"
)
_MARKS = {Purpose.REPLY: "answered", Purpose.FORWARD: "forwarded", Purpose.REDIRECT: "forwarded"}


@frozen
class Parcel:
    """A message to be sent, frozen."""

    account: str
    envelope: Envelope
    message_id: str
    subject: str
    size: int
    blob: int
    kept_blob: int
    draft: int = 0
    source: int = 0
    purpose: Purpose = Purpose.NEW


@frozen
class Frozen:
    """What a draft can be made of that is there no more."""

    kept_blob: int
    source: int
    purpose: Purpose


Anew = Callable[[Sequence[str]], Draft]
"""Gives a draft, with its Message-ID, to those of these addresses."""


def queue(txn: Transaction, parcel: Parcel, now: int, not_before: int) -> int:
    """Freeze a message into the outbox, now, to be sent at `not_before` at the earliest (both epoch); gives its number.

    Raises NotFound when its draft is gone: sent already, or discarded.
    """
    if parcel.draft:
        drafts.begin_sending(txn, parcel.draft)
    envelope = parcel.envelope
    options = {
        "utf8": envelope.utf8,
        "eight_bit": envelope.eight_bit,
        "dsn": envelope.dsn,
        "envelope_id": envelope.envelope_id,
    }
    cursor = txn.sql.execute(
        "INSERT INTO outbox (account_id, state, message_id, subject, size, blob, kept_blob, sender, options, draft_id,"
        " source, mark, next_try, not_before, created) VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            folders.account_id(txn, parcel.account),
            parcel.message_id,
            parcel.subject,
            parcel.size,
            parcel.blob,
            parcel.kept_blob,
            envelope.sender,
            json.dumps(options),
            parcel.draft or None,
            parcel.source or None,
            _MARKS.get(parcel.purpose, ""),
            not_before,
            not_before,
            now,
        ),
    )
    assert cursor.lastrowid is not None
    txn.sql.executemany(
        "INSERT INTO outbox_recipient (outbox_id, place, email) VALUES (?, ?, ?)",
        ((cursor.lastrowid, place, email) for place, email in enumerate(envelope.recipients)),
    )
    txn.outgoing = True
    return cursor.lastrowid


def cancel(txn: Transaction, outbox_id: int, anew: Anew | None = None, *, draft_lost: bool = False) -> int:
    """Queued or failed → cancelled, if no server has taken it; gives its draft, which is open again (0: none).

    `anew` makes the draft where there is none (any more). Those who have it keep it: then the draft is for the others,
    and must be made unless a person goes without one (`draft_lost`).

    Raises NotFound, and UsageError with the reason why it is too late.
    """
    row = txn.sql.execute("SELECT state, draft_id, accepted FROM outbox WHERE id = ?", (outbox_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no message {outbox_id} in the outbox; `tui-mail outbox` shows them.")
    state, draft, accepted = row
    if state not in ("queued", "failed"):
        reasons = {
            "sending": "It is being sent at this moment; look again in a few seconds.",
            "unknown": "It may have been sent already; nobody can take it back.",
            "cancelled": "It was taken back already.",
        }
        raise UsageError(reasons.get(state, "It was sent already."))
    if draft is not None:
        drafts.reopen(txn, draft)
    elif anew is not None:
        written = anew(_lacking(txn.sql, outbox_id))
        draft = drafts.save(txn, written, written.message_id).id
    elif accepted and not draft_lost:  # sent to some while somebody looked: what the others lack must not be lost
        raise UsageError("A server took it for some of them at this moment; look again.")
    if accepted:
        txn.sql.execute(
            "UPDATE outbox_recipient SET state = 'refused', reply = 'not sent: you stopped it'"
            " WHERE outbox_id = ? AND state IN ('waiting', 'deferred')",
            (outbox_id,),
        )
        change(txn, "state = 'accepted', error = ''", "id = ?", outbox_id)
        finish(txn, outbox_id)
    else:
        change(txn, "state = 'cancelled', error = ''", "id = ?", outbox_id)
    return draft or 0


def retry(txn: Transaction, outbox_id: int) -> None:
    """Queued or failed → queued, due now: those that were not accepted are tried again. Raises NotFound, UsageError."""
    state = _state(txn.sql, outbox_id)
    if state not in ("queued", "failed"):
        raise UsageError("Only what waits or was refused can be tried again.")
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'waiting' WHERE outbox_id = ? AND state = 'refused'", (outbox_id,)
    )
    change(txn, "state = 'queued', next_try = 0, error = ''", "id = ?", outbox_id)


def send_again(txn: Transaction, outbox_id: int) -> None:
    """Unknown → queued, because a person says so: with the same Message-ID. Raises NotFound, UsageError."""
    if _state(txn.sql, outbox_id) != "unknown":
        raise UsageError("It is known what became of that message.")
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'waiting' WHERE outbox_id = ? AND state = 'unknown'", (outbox_id,)
    )
    change(txn, "state = 'queued', next_try = 0, error = ''", "id = ?", outbox_id)


def take_as_sent(txn: Transaction, outbox_id: int) -> None:
    """Unknown → accepted, because a person says so. Raises NotFound, UsageError."""
    if _state(txn.sql, outbox_id) != "unknown":
        raise UsageError("It is known what became of that message.")
    believe(txn, outbox_id, "you said that it was sent")


def retry_all(txn: Transaction, account: str | None = None) -> None:
    """What waits for its next try, of one account or all, goes now; the undo window and chosen hours stay."""
    for (id_,) in txn.sql.execute("SELECT id FROM account WHERE ?1 IS NULL OR name = ?1", (account,)).fetchall():
        hurry(txn, id_)


def forget(txn: Transaction, outbox_id: int) -> None:
    """Take a message that is done or cancelled out of the outbox."""
    row = txn.sql.execute("SELECT state, copy_state FROM outbox WHERE id = ?", (outbox_id,)).fetchone()
    if row is not None and row[0] in ("done", "cancelled") and row[1] != "wanted":
        txn.sql.execute("DELETE FROM outbox_recipient WHERE outbox_id = ?", (outbox_id,))
        txn.sql.execute("DELETE FROM outbox WHERE id = ?", (outbox_id,))
        txn.outgoing = True


def frozen_of(sql: sqlite3.Connection, outbox_id: int) -> Frozen | None:
    """A message as it is to be taken back without a draft; None when it has one, or is an answer that makes itself."""
    row = sql.execute(
        "SELECT kept_blob, source, mark, accepted FROM outbox"
        " WHERE id = ? AND draft_id IS NULL AND state IN ('queued', 'failed')",
        (outbox_id,),
    ).fetchone()
    if row is None:
        return None
    blob, source, mark, accepted = row
    if source and not accepted:  # to an invitation: that is answered anew where it is read
        return None
    return Frozen(blob, source or 0, Purpose.FORWARD if mark == "forwarded" else Purpose.REPLY if mark else Purpose.NEW)


def entries(sql: sqlite3.Connection, *, done_since: int | None = None) -> list[OutboxEntry]:
    """What is being sent, the newest first; with `done_since` (epoch) also what was sent or taken back since then."""
    rows = sql.execute(
        f"{_SELECT} WHERE o.{_OPEN} OR o.copy_state = 'wanted' OR o.created >= ? ORDER BY o.id DESC",
        (1 << 62 if done_since is None else done_since,),
    ).fetchall()
    return [_entry(sql, row) for row in rows]


def entry(sql: sqlite3.Connection, outbox_id: int) -> OutboxEntry | None:
    """One message of the outbox, also when it is done."""
    row = sql.execute(
        f"{_SELECT} WHERE o.id = ?",
        (outbox_id,),
    ).fetchone()
    return None if row is None else _entry(sql, row)


def has_work(sql: sqlite3.Connection, account: int) -> bool:
    """True when a sender of this account has something to do, now or later."""
    query = (
        "SELECT 1 FROM outbox WHERE account_id = ? AND (state NOT IN ('done', 'cancelled', 'failed')"
        " OR copy_state = 'wanted') LIMIT 1"
    )
    return sql.execute(query, (account,)).fetchone() is not None


def version(sql: sqlite3.Connection) -> int:
    """Grows whenever a draft or the outbox changed."""
    row = sql.execute("SELECT value FROM meta WHERE key = 'outgoing'").fetchone()
    return 0 if row is None else int(row[0])


def _state(sql: sqlite3.Connection, outbox_id: int) -> str:
    row = sql.execute("SELECT state FROM outbox WHERE id = ?", (outbox_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no message {outbox_id} in the outbox; `tui-mail outbox` shows them.")
    return str(row[0])


def _lacking(sql: sqlite3.Connection, outbox_id: int) -> list[str]:
    """The recipients who have not got it."""
    query = "SELECT email FROM outbox_recipient WHERE outbox_id = ? AND state != 'accepted' ORDER BY place"
    return [row[0] for row in sql.execute(query, (outbox_id,))]


def _entry(sql: sqlite3.Connection, row: Sequence[object]) -> OutboxEntry:
    (
        id_,
        account,
        message_id,
        subject,
        state,
        attempts,
        next_try,
        not_before,
        created,
        size,
        error,
        draft,
        copy,
        notes,
        owner,
    ) = row
    if state == SendState.ACCEPTED:  # sent; only where the copy is to go can be wrong
        error = purposes.lacking(sql, int(str(owner)), Role.SENT)
    return OutboxEntry(
        id=int(str(id_)),
        account=str(account),
        message_id=str(message_id),
        subject=safe_line(str(subject)),
        recipients=tuple(_recipients(sql, int(str(id_)))),
        state=SendState(str(state)),
        attempts=int(str(attempts)),
        next_try=int(str(next_try)),
        not_before=int(str(not_before)),
        created=int(str(created)),
        size=int(str(size)),
        error=safe_line(str(error)),
        draft=int(str(draft or 0)),
        copy=safe_line(str(copy)),
        attempt_notes=tuple(safe_line(note) for note in json.loads(str(notes))),
        needs_person=state == SendState.QUEUED and needs_person(sql, int(str(owner)), int(str(next_try))),
    )


def _recipients(sql: sqlite3.Connection, outbox_id: int) -> Iterable[Recipient]:
    for email, state, code, reply in sql.execute(
        "SELECT email, state, code, reply FROM outbox_recipient WHERE outbox_id = ? ORDER BY place", (outbox_id,)
    ).fetchall():
        yield Recipient(safe_line(email), RecipientState(state), code, SafeText(safe_line(reply)))
