"""The outbox from the sender's side: what is due, and each arrow of the state machine, one commit each.

What belongs here: what sync/sending reads and reports. What must never be here: what a person asks for (outbox),
talking to servers.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping

from tui_mail.errors import UsageError
from tui_mail.model import ChangeKind, Flag, HeaderFields
from tui_mail.outgoing import Envelope, RecipientState, SendState
from tui_mail.records import frozen
from tui_mail.store import drafts, journal
from tui_mail.store.database import Transaction
from tui_mail.store.identity import message_hash
from tui_mail.store.journal import Effect

NOTES_LIMIT = 30
"""Most tries whose words are kept."""
_UNANSWERED = (
    "The program ended before the server had answered, so nobody knows whether this was sent. It is not sent again by"
    " itself: look among your sent mail, or ask a recipient, then send it again or mark it as sent."
)
NEWEST = 300
"""How many of the newest sent messages one is looked for among."""


@frozen
class Job:
    """What a sender needs of one message."""

    id: int
    envelope: Envelope
    """With those recipients only that are still to be told."""
    blob: int
    attempts: int
    created: int


@frozen
class Copy:
    """What is to be filed in Sent."""

    id: int
    message_id: str
    subject: str
    kept_blob: int
    size: int
    accepted: int


@frozen
class Said:
    """What a server said of a recipient."""

    state: RecipientState
    code: int = 0
    reply: str = ""


def recover(txn: Transaction, account: int) -> None:
    """The last engine ended in the middle: what had not sent its final dot is safe to send; the rest is a question."""
    change(txn, "error = ?", "account_id = ? AND state = 'unknown' AND error = ''", _UNANSWERED, account)
    change(txn, "state = 'queued'", "account_id = ? AND state = 'sending'", account)


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
    if not change(txn, "state = 'sending', attempts = attempts + 1", "id = ? AND state = 'queued'", outbox_id):
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
    if not change(txn, "state = 'unknown'", "id = ? AND state = 'sending'", outbox_id):
        raise UsageError("That message is not being sent any more.")
    _note_recipients(txn, outbox_id, said)


def dot_stayed(txn: Transaction, outbox_id: int) -> None:
    """Unknown → sending: the line broke, or the server spoke, before an octet of the dot was written after all."""
    if change(txn, "state = 'sending'", "id = ? AND state = 'unknown' AND error = ''", outbox_id):
        txn.sql.execute(
            "UPDATE outbox_recipient SET state = 'waiting' WHERE outbox_id = ? AND state = 'unknown'", (outbox_id,)
        )


def settled(txn: Transaction, outbox_id: int, said: Mapping[str, Said], note: str, again: int = 0) -> SendState:
    """The server has spoken: → accepted, failed, or queued for those that are refused for now. Gives the state.

    `again` is when those are tried again (epoch).

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
    change(txn, "state = ?, error = '', next_try = ?", "id = ?", state, again, outbox_id)
    append_note(txn, outbox_id, note)
    finish(txn, outbox_id)
    return state


def hold(txn: Transaction, account: int, until: int, sentence: str, *, for_person: bool = False) -> None:
    """Nothing of an account can be sent now, which is no try: all that is due waits until then, and says why.

    So does what was held before. `for_person`: only a person can mend it.
    """
    due = (account, int(time.time()), _held(txn.sql, account)[0])
    change(
        txn,
        "state = 'queued', next_try = ?, error = ?, attempts = attempts - (state = 'sending')",
        "account_id = ? AND (state = 'sending' OR state = 'queued' AND (next_try <= ? OR next_try = ?))",
        until,
        sentence[:500],
        *due,
    )
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"held:{account}", f"{until} {int(for_person)}"))


def needs_person(sql: sqlite3.Connection, account: int, next_try: int) -> bool:
    """Whether what waits until then is held by something that only a person can mend."""
    return _held(sql, account) == (next_try, True)


def release(txn: Transaction, account: int, *, for_person: bool) -> None:
    """What is held need not wait any longer, but for its hour; with `for_person` also what only a person can mend."""
    until, person = _held(txn.sql, account)
    if until and (for_person or not person):
        change(txn, "next_try = not_before", "account_id = ? AND state = 'queued' AND next_try = ?", account, until)


def _held(sql: sqlite3.Connection, account: int) -> tuple[int, bool]:
    """(until when the account's mail was held last, whether for a person); (0, False): never."""
    row = sql.execute("SELECT value FROM meta WHERE key = ?", (f"held:{account}",)).fetchone()
    if row is None:
        return 0, False
    until, _, person = row[0].partition(" ")
    return int(until), person == "1"


def hurry(txn: Transaction, account: int) -> None:
    """The network is another one: what waits for a connection or its next try goes now, but not before its hour."""
    change(txn, "next_try = not_before", "account_id = ? AND state = 'queued' AND next_try > not_before", account)


def postpone(txn: Transaction, outbox_id: int, until: int, sentence: str) -> None:
    """Sending → queued: not sent, and safe to try again at `until` (epoch)."""
    what = "state = 'queued', next_try = ?, error = ?"
    change(txn, what, "id = ? AND state = 'sending'", until, sentence[:500], outbox_id)
    append_note(txn, outbox_id, sentence)


def refuse(txn: Transaction, outbox_id: int, sentence: str, said: Mapping[str, Said] | None = None) -> None:
    """→ failed: nobody but a person can do something about it.

    Whom a server put off is refused; whom none was asked about still waits.
    """
    _note_recipients(txn, outbox_id, said or {})
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'refused' WHERE outbox_id = ? AND state = 'deferred'", (outbox_id,)
    )
    change(txn, "state = 'failed', error = ?", "id = ? AND state IN ('sending', 'queued')", sentence[:500], outbox_id)
    append_note(txn, outbox_id, sentence)


def left_unknown(txn: Transaction, outbox_id: int, sentence: str) -> None:
    """The answer to the final dot is lost; what is to be done is said by `sentence`."""
    change(txn, "error = ?", "id = ? AND state = 'unknown'", sentence[:500], outbox_id)
    append_note(txn, outbox_id, sentence)


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
    done = change(txn, "copy_state = 'done', copy_note = ?", "id = ? AND copy_state = 'wanted'", note, outbox_id)
    finish(txn, outbox_id)
    return done


def found_in_sent(txn: Transaction, outbox_id: int) -> None:
    """Unknown → accepted: the server itself put it among the sent mail, so it has it."""
    if change(txn, "copy_state = 'wanted'", "id = ? AND state = 'unknown'", outbox_id):
        believe(txn, outbox_id, "found among the sent mail on the server")
        copy_seen_to(txn, outbox_id, "by the server")


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
    change(txn, "accepted = ?, copy_state = 'wanted', draft_id = NULL", "id = ?", int(time.time()), outbox_id)
    if draft is not None:
        drafts.discard(txn, draft)
    if source is not None and mark:
        effect = (
            Effect(ChangeKind.FLAGS, add=Flag.ANSWERED | Flag.SEEN)  # what was answered was read
            if mark == "answered"
            else Effect(ChangeKind.FLAGS, add=Flag.SEEN, add_keywords="$Forwarded")
        )
        journal.record(txn, effect, [source], f"marked {mark}:", undoable=False)


def believe(txn: Transaction, outbox_id: int, note: str) -> None:
    """Unknown → accepted; `note` says on whose word."""
    txn.sql.execute(
        "UPDATE outbox_recipient SET state = 'accepted' WHERE outbox_id = ? AND state = 'unknown'", (outbox_id,)
    )
    settled(txn, outbox_id, {}, note)


def finish(txn: Transaction, outbox_id: int) -> None:
    """Accepted → done once its copy is seen to."""
    change(txn, "state = 'done'", "id = ? AND state = 'accepted' AND copy_state = 'done'", outbox_id)


def _recipient_states(sql: sqlite3.Connection, outbox_id: int) -> set[RecipientState]:
    rows = sql.execute("SELECT DISTINCT state FROM outbox_recipient WHERE outbox_id = ?", (outbox_id,))
    return {RecipientState(row[0]) for row in rows}


def _note_recipients(txn: Transaction, outbox_id: int, said: Mapping[str, Said]) -> None:
    txn.sql.executemany(
        "UPDATE outbox_recipient SET state = ?, code = ?, reply = ? WHERE outbox_id = ? AND email = ?"
        " AND state NOT IN ('accepted', 'refused')",
        ((one.state, one.code, one.reply[:1000], outbox_id, email) for email, one in said.items()),
    )


def append_note(txn: Transaction, outbox_id: int, note: str) -> None:
    """Add what happened at a try to what is remembered of the message."""
    notes: list[str] = json.loads(txn.sql.execute("SELECT notes FROM outbox WHERE id = ?", (outbox_id,)).fetchone()[0])
    if note:
        notes = [*notes, f"{time.strftime('%d %b %H:%M')} {note[:500]}"][-NOTES_LIMIT:]
        txn.sql.execute("UPDATE outbox SET notes = ? WHERE id = ?", (json.dumps(notes), outbox_id))


def change(txn: Transaction, what: str, where: str, *values: object) -> bool:
    """Update rows of the outbox; True when there were any."""
    changed = txn.sql.execute(f"UPDATE outbox SET {what} WHERE {where}", values).rowcount > 0  # noqa: S608
    txn.outgoing |= changed
    return changed


def size_limit(sql: sqlite3.Connection, account: str) -> int:
    """How many octets the account's server takes at most, as it said last; 0 while that is not known."""
    row = sql.execute("SELECT value FROM meta WHERE key = ?", (f"size_limit:{account}",)).fetchone()
    return 0 if row is None else int(row[0])


def learn_size_limit(txn: Transaction, account: str, limit: int) -> None:
    """Remember what the server said."""
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"size_limit:{account}", str(limit)))


def find_copy(sql: sqlite3.Connection, folder_id: int, fields: HeaderFields) -> int | None:
    """The message among the newest of a folder on the server that is the one of these fields; None when none is.

    Some servers give a message another Message-ID when they file it; then it is known by its date and subject.
    """
    row = sql.execute(
        "SELECT id FROM (SELECT id, msgid_hash, date, subject FROM message WHERE folder_id = ? AND uid IS NOT NULL"
        " ORDER BY uid DESC LIMIT ?) WHERE msgid_hash = ? OR (date = ? AND subject = ?) LIMIT 1",
        (folder_id, NEWEST, message_hash(fields.message_id), fields.date, fields.subject),
    ).fetchone()
    return None if row is None else int(row[0])
