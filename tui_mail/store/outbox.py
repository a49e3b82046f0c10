"""The outbox on this disk: what is being sent, recipient by recipient, and how far it is.

What belongs here: the tables `outbox` and `outbox_recipient`; each function that writes is one arrow of the state
machine and one commit. What must never be here: talking to servers (sync/sending), composing (mime).

    queued ⇄ sending → unknown ⇢ queued (a person asks) or accepted (a person, or the Sent folder, says so)
      │          └→ accepted → done       queued → cancelled: a draft again       any recipient refused → failed

`sending` has not sent the final dot: after a crash it is `queued` again. `unknown` may have: it is never sent again
unasked (RFC 5321 section 4.5.4.1 would allow it; a reader who gets a letter twice does not).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_mail.errors import NotFound, UsageError
from tui_mail.model import ChangeKind, Flag
from tui_mail.outgoing import Envelope, OutboxEntry, Purpose, Recipient, RecipientState, SendState
from tui_mail.store import drafts, folders, journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect
from tui_mail.text import SafeText, safe_line

NOTES_LIMIT = 30
"""Most tries whose words are kept."""
_OPEN = "state NOT IN ('done', 'cancelled')"
_MARKS = {Purpose.REPLY: "answered", Purpose.FORWARD: "forwarded", Purpose.REDIRECT: "forwarded"}


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Job:
    """What a sender needs of one message."""

    id: int
    envelope: Envelope
    """With those recipients only that are still to be told."""
    blob: int
    attempts: int
    created: int


@dataclass(frozen=True, slots=True)
class Copy:
    """What is to be filed in Sent."""

    id: int
    message_id: str
    subject: str
    kept_blob: int
    size: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said of a recipient."""

    state: RecipientState
    code: int = 0
    reply: str = ""


def queue(txn: Transaction, parcel: Parcel, not_before: int) -> int:
    """Freeze a message into the outbox, to be sent at `not_before` (epoch) at the earliest; gives its number.

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
            int(time.time()),
        ),
    )
    assert cursor.lastrowid is not None
    txn.sql.executemany(
        "INSERT INTO outbox_recipient (outbox_id, place, email) VALUES (?, ?, ?)",
        ((cursor.lastrowid, place, email) for place, email in enumerate(envelope.recipients)),
    )
    txn.outgoing = True
    return cursor.lastrowid


# --- the sender's side --------------------------------------------------------------------------


def recover(txn: Transaction, account: int) -> None:
    """The last engine ended in the middle: what had not sent its final dot is safe to send."""
    _set(txn, "state = 'queued'", "account_id = ? AND state = 'sending'", account)


def next_due(sql: sqlite3.Connection, account: int, now: float) -> int | None:
    """The oldest message that may be sent now; None when there is none."""
    row = sql.execute(
        "SELECT id FROM outbox WHERE account_id = ? AND state = 'queued' AND next_try <= ? ORDER BY id LIMIT 1",
        (account, now),
    ).fetchone()
    return None if row is None else int(row[0])


def next_time(sql: sqlite3.Connection, account: int) -> int | None:
    """When the next message may be sent (epoch); None when none waits."""
    row = sql.execute(
        "SELECT MIN(next_try) FROM outbox WHERE account_id = ? AND state = 'queued'", (account,)
    ).fetchone()
    return None if row[0] is None else int(row[0])


def claim(txn: Transaction, outbox_id: int) -> Job | None:
    """Queued → sending; None when it was taken back meanwhile."""
    if not _set(txn, "state = 'sending', attempts = attempts + 1", "id = ? AND state = 'queued'", outbox_id):
        return None
    sender, options, blob, attempts, created = txn.sql.execute(
        "SELECT sender, options, blob, attempts, created FROM outbox WHERE id = ?", (outbox_id,)
    ).fetchone()
    waiting = txn.sql.execute(
        "SELECT email FROM outbox_recipient WHERE outbox_id = ? AND state IN ('waiting', 'deferred') ORDER BY place",
        (outbox_id,),
    ).fetchall()
    envelope = Envelope(sender, tuple(row[0] for row in waiting), **json.loads(options))
    return Job(outbox_id, envelope, blob, attempts, created)


def dot_goes_out(txn: Transaction, outbox_id: int, said: Mapping[str, Said]) -> None:
    """Sending → unknown, before the last octets are written; `said` is what came of each RCPT.

    Raises UsageError when it is not being sent: whoever is about to send the dot must not.
    """
    if not _set(txn, "state = 'unknown'", "id = ? AND state = 'sending'", outbox_id):
        raise UsageError("That message is not being sent any more.")
    _note_recipients(txn, outbox_id, said)


def settled(txn: Transaction, outbox_id: int, said: Mapping[str, Said], note: str) -> SendState:
    """The server has spoken: → accepted, failed, or queued for those that are refused for now. Gives the state.

    What hangs on acceptance happens in the same commit: the draft goes, the answered message is marked.
    """
    _note_recipients(txn, outbox_id, said)
    states = _recipient_states(txn.sql, outbox_id)
    if RecipientState.ACCEPTED in states:
        _accepted_once(txn, outbox_id)
    if states & {RecipientState.DEFERRED, RecipientState.WAITING}:
        state = SendState.QUEUED
    elif RecipientState.REFUSED in states:
        state = SendState.FAILED
    else:
        state = SendState.ACCEPTED
    _set(txn, "state = ?, error = ''", "id = ?", state, outbox_id)
    _append_note(txn, outbox_id, note)
    _finish(txn, outbox_id)
    return state


def postpone(txn: Transaction, outbox_id: int, until: int, sentence: str, *, counts: bool = True) -> None:
    """Sending → queued: not sent, and safe to try again at `until`; a try that does not count is not one."""
    what = "state = 'queued', next_try = ?, error = ?" + ("" if counts else ", attempts = MAX(0, attempts - 1)")
    _set(txn, what, "id = ? AND state IN ('sending', 'queued')", until, sentence[:500], outbox_id)
    _append_note(txn, outbox_id, sentence)


def refuse(txn: Transaction, outbox_id: int, sentence: str, said: Mapping[str, Said] | None = None) -> None:
    """→ failed: nobody but a person can do something about it. Those not yet accepted are refused."""
    _note_recipients(txn, outbox_id, said or {})
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'refused' WHERE outbox_id = ? AND state IN ('waiting', 'deferred')",
        (outbox_id,),
    )
    _set(txn, "state = 'failed', error = ?", "id = ? AND state IN ('sending', 'queued')", sentence[:500], outbox_id)
    _append_note(txn, outbox_id, sentence)


def left_unknown(txn: Transaction, outbox_id: int, sentence: str) -> None:
    """The answer to the final dot is lost; what is to be done is said by `sentence`."""
    _set(txn, "error = ?", "id = ? AND state = 'unknown'", sentence[:500], outbox_id)
    _append_note(txn, outbox_id, sentence)


def copies_wanted(sql: sqlite3.Connection, account: int) -> list[Copy]:
    """Accepted messages whose Sent copy is still to be seen to, the oldest first."""
    return [
        Copy(*row)
        for row in sql.execute(
            "SELECT id, message_id, subject, kept_blob, size, accepted FROM outbox"
            " WHERE account_id = ? AND copy_state = 'wanted' ORDER BY id",
            (account,),
        )
    ]


def unknown(sql: sqlite3.Connection, account: int) -> list[Copy]:
    """Messages of which nobody knows whether the server has them."""
    return [
        Copy(*row)
        for row in sql.execute(
            "SELECT id, message_id, subject, kept_blob, size, created FROM outbox"
            " WHERE account_id = ? AND state = 'unknown' ORDER BY id",
            (account,),
        )
    ]


def copy_seen_to(txn: Transaction, outbox_id: int, note: str) -> bool:
    """The Sent copy is where it belongs (or cannot be); False when that was noted before."""
    done = _set(txn, "copy_state = 'done', copy_note = ?", "id = ? AND copy_state = 'wanted'", note, outbox_id)
    _finish(txn, outbox_id)
    return done


def found_in_sent(txn: Transaction, outbox_id: int) -> None:
    """Unknown → accepted: the server itself put it among the sent mail, so it has it."""
    if _set(txn, "copy_state = 'wanted'", "id = ? AND state = 'unknown'", outbox_id):
        _take_as_sent(txn, outbox_id, "found among the sent mail on the server")
        copy_seen_to(txn, outbox_id, "by the server")


# --- a person's side ----------------------------------------------------------------------------


def cancel(txn: Transaction, outbox_id: int) -> int:
    """Queued or failed → cancelled, if no server has taken it; gives its draft, which is open again (0: none).

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
    if accepted:  # some have it: the others will not get it
        txn.sql.execute(
            "UPDATE outbox_recipient SET state = 'refused', reply = 'not sent: you stopped it'"
            " WHERE outbox_id = ? AND state IN ('waiting', 'deferred')",
            (outbox_id,),
        )
        _set(txn, "state = 'accepted', error = ''", "id = ?", outbox_id)
        _finish(txn, outbox_id)
        return 0
    _set(txn, "state = 'cancelled', error = ''", "id = ?", outbox_id)
    if draft is not None:
        drafts.reopen(txn, draft)
    return draft or 0


def retry(txn: Transaction, outbox_id: int) -> None:
    """Queued or failed → queued, due now: those that were not accepted are tried again. Raises NotFound, UsageError."""
    state = _state(txn.sql, outbox_id)
    if state not in ("queued", "failed"):
        raise UsageError("Only what waits or was refused can be tried again.")
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'waiting' WHERE outbox_id = ? AND state = 'refused'", (outbox_id,)
    )
    _set(txn, "state = 'queued', next_try = 0, error = ''", "id = ?", outbox_id)


def send_again(txn: Transaction, outbox_id: int) -> None:
    """Unknown → queued, because a person says so: with the same Message-ID. Raises NotFound, UsageError."""
    if _state(txn.sql, outbox_id) != "unknown":
        raise UsageError("It is known what became of that message.")
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'waiting' WHERE outbox_id = ? AND state = 'unknown'", (outbox_id,)
    )
    _set(txn, "state = 'queued', next_try = 0, error = ''", "id = ?", outbox_id)


def take_as_sent(txn: Transaction, outbox_id: int) -> None:
    """Unknown → accepted, because a person says so. Raises NotFound, UsageError."""
    if _state(txn.sql, outbox_id) != "unknown":
        raise UsageError("It is known what became of that message.")
    _take_as_sent(txn, outbox_id, "you said that it was sent")


def retry_all(txn: Transaction, account: int | None = None) -> None:
    """What waits for its next try goes now; the undo window and chosen hours stay."""
    _set(
        txn,
        "next_try = not_before",
        "state = 'queued' AND next_try > not_before AND (?1 IS NULL OR account_id = ?1)",
        account,
    )


def forget(txn: Transaction, outbox_id: int) -> None:
    """Take a message that is done, cancelled or failed out of the outbox; a draft of it goes too."""
    row = txn.sql.execute("SELECT state, draft_id FROM outbox WHERE id = ?", (outbox_id,)).fetchone()
    if row is not None and row[0] in ("done", "cancelled", "failed"):
        if row[0] == "failed" and row[1] is not None:
            drafts.discard(txn, row[1])
        txn.sql.execute("DELETE FROM outbox_recipient WHERE outbox_id = ?", (outbox_id,))
        txn.sql.execute("DELETE FROM outbox WHERE id = ?", (outbox_id,))
        txn.outgoing = True


def entries(sql: sqlite3.Connection, *, done_since: int | None = None) -> list[OutboxEntry]:
    """What is being sent, the newest first; with `done_since` (epoch) also what was sent or taken back since then."""
    rows = sql.execute(
        "SELECT o.id, a.name, o.message_id, o.subject, o.state, o.attempts, o.next_try, o.not_before, o.created,"  # noqa: S608
        " o.size, o.error, o.draft_id, o.copy_note, o.notes FROM outbox o JOIN account a ON a.id = o.account_id"
        f" WHERE o.{_OPEN} OR o.copy_state = 'wanted' OR o.created >= ? ORDER BY o.id DESC",
        (1 << 62 if done_since is None else done_since,),
    ).fetchall()
    return [_entry(sql, row) for row in rows]


def entry(sql: sqlite3.Connection, outbox_id: int) -> OutboxEntry | None:
    """One message of the outbox, also when it is done."""
    row = sql.execute(
        "SELECT o.id, a.name, o.message_id, o.subject, o.state, o.attempts, o.next_try, o.not_before, o.created,"
        " o.size, o.error, o.draft_id, o.copy_note, o.notes FROM outbox o JOIN account a ON a.id = o.account_id"
        " WHERE o.id = ?",
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


def files_sent(sql: sqlite3.Connection, account: int) -> bool | None:
    """Whether the server files sent mail itself, as far as was seen; None while that is not known."""
    row = sql.execute("SELECT value FROM meta WHERE key = ?", (f"files_sent:{account}",)).fetchone()
    return None if row is None else row[0] == "yes"


def learn_files_sent(txn: Transaction, account: int, answer: bool) -> None:
    """Remember whether the server files sent mail itself."""
    row = (f"files_sent:{account}", "yes" if answer else "no")
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


# --- helpers ------------------------------------------------------------------------------------


def _accepted_once(txn: Transaction, outbox_id: int) -> None:
    """The first time that a server took it over, everything follows that hangs on it."""
    draft, source, mark, accepted = txn.sql.execute(
        "SELECT draft_id, source, mark, accepted FROM outbox WHERE id = ?", (outbox_id,)
    ).fetchone()
    if accepted:
        return
    _set(txn, "accepted = ?, copy_state = 'wanted', draft_id = NULL", "id = ?", int(time.time()), outbox_id)
    if draft is not None:
        drafts.discard(txn, draft)
    if source is not None and mark:
        effect = (
            Effect(ChangeKind.FLAGS, add=Flag.ANSWERED)
            if mark == "answered"
            else Effect(ChangeKind.FLAGS, add_keywords="$Forwarded")
        )
        journal.record(txn, effect, [source], f"marked {mark}:", undoable=False)


def _take_as_sent(txn: Transaction, outbox_id: int, note: str) -> None:
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'accepted' WHERE outbox_id = ? AND state = 'unknown'", (outbox_id,)
    )
    settled(txn, outbox_id, {}, note)


def _finish(txn: Transaction, outbox_id: int) -> None:
    """Accepted → done once its copy is seen to."""
    _set(txn, "state = 'done'", "id = ? AND state = 'accepted' AND copy_state = 'done'", outbox_id)


def _recipient_states(sql: sqlite3.Connection, outbox_id: int) -> set[RecipientState]:
    rows = sql.execute("SELECT DISTINCT state FROM outbox_recipient WHERE outbox_id = ?", (outbox_id,))
    return {RecipientState(row[0]) for row in rows}


def _note_recipients(txn: Transaction, outbox_id: int, said: Mapping[str, Said]) -> None:
    txn.sql.executemany(
        "UPDATE outbox_recipient SET state = ?, code = ?, reply = ? WHERE outbox_id = ? AND email = ?"
        " AND state NOT IN ('accepted', 'refused')",
        ((one.state, one.code, one.reply[:1000], outbox_id, email) for email, one in said.items()),
    )


def _append_note(txn: Transaction, outbox_id: int, note: str) -> None:
    notes: list[str] = json.loads(txn.sql.execute("SELECT notes FROM outbox WHERE id = ?", (outbox_id,)).fetchone()[0])
    if note:
        notes = [*notes, f"{time.strftime('%d %b %H:%M')} {note[:500]}"][-NOTES_LIMIT:]
        txn.sql.execute("UPDATE outbox SET notes = ? WHERE id = ?", (json.dumps(notes), outbox_id))


def _state(sql: sqlite3.Connection, outbox_id: int) -> str:
    row = sql.execute("SELECT state FROM outbox WHERE id = ?", (outbox_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no message {outbox_id} in the outbox; `tui-mail outbox` shows them.")
    return str(row[0])


def _set(txn: Transaction, what: str, where: str, *values: object) -> bool:
    changed = txn.sql.execute(f"UPDATE outbox SET {what} WHERE {where}", values).rowcount > 0  # noqa: S608
    txn.outgoing |= changed
    return changed


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
    ) = row
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
    )


def _recipients(sql: sqlite3.Connection, outbox_id: int) -> Iterable[Recipient]:
    for email, state, code, reply in sql.execute(
        "SELECT email, state, code, reply FROM outbox_recipient WHERE outbox_id = ? ORDER BY place", (outbox_id,)
    ).fetchall():
        yield Recipient(safe_line(email), RecipientState(state), code, SafeText(safe_line(reply)))
