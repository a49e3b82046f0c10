"""Reminders of messages that nobody answers: they stay where they are, and are marked when it is time.

What belongs here: what carries a reminder, whether somebody answered, and marking, as changes of the journal. What must
never be here: when that is looked for (sync.alarms), or what a person may type (ui).

A message that waits for an answer has the keywords `$Awaiting` and followup-MOMENT. When the moment has come, and no
later message of its conversation is from somebody else, it gets a star and `$FollowUp` instead; an answer takes either
mark off again. Nothing is moved or copied, so nothing can be doubled or lost; every computer reads the same marks.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable

from tui_mail.dated import FOLLOW_UP, moment_of, stamp, stamps
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.records import frozen
from tui_mail.store import journal
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect
from tui_mail.store.many import chunks, marks
from tui_mail.store.rows import unpacked
from tui_mail.store.snoozing import WOKE

AWAITING, DUE = "$Awaiting", "$FollowUp"
WAITS = "waits for an answer:"
UNANSWERED = "nobody answered:"
"""What history says of what became due…"""
ANSWERED = "was answered:"
"""…and of what was answered in time, or later."""

IsMine = Callable[[str], bool]
"""Whether an address is one of the person's own."""

_MARKED = (
    "SELECT m.id, m.thread, m.internaldate, m.from_, m.view_keywords, COALESCE(f.role, '') FROM message m"
    " JOIN folder f ON f.id = m.view_folder WHERE instr(lower(m.view_keywords), 'followup') > 0 AND m.account_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
    "  WHERE i.message_id = m.id AND j.state = 'failed' AND j.verb IN (?, ?))"
)
_LATER = (
    "SELECT o.from_ FROM member k JOIN message o ON o.id = k.message_id JOIN folder f ON f.id = o.view_folder"
    " WHERE k.thread = ? AND o.id != ? AND o.internaldate >= ? AND f.role NOT IN ('sent', 'drafts')"
)


_FILED = (
    "SELECT m.id, a.moment, a.message_id FROM awaited a"
    " JOIN folder f ON f.account_id = a.account_id AND f.role = 'sent'"
    " JOIN message m ON m.view_folder = f.id AND m.date >= a.sent - 172800 AND m.message_id = a.message_id"
    " WHERE a.account_id = ?"
)
FORGET_SECONDS = 30 * 86_400
"""So long after its moment, what was never filed is not waited for any more."""


@frozen
class Verdict:
    """What becomes of the marks of an account's messages."""

    due: tuple[int, ...]
    answered: tuple[int, ...]
    filed: tuple[tuple[int, int, str], ...] = ()
    """(message, moment, Message-ID) of what was sent with the wish for a reminder, and is in the Sent folder now."""

    @property
    def is_empty(self) -> bool:
        """Nothing is to be done."""
        return not (self.due or self.answered or self.filed)


def remind(txn: Transaction, ids: Iterable[int], moment: float) -> int | None:
    """Have a person reminded of messages at a moment (epoch) if nobody answers; returns the batch."""
    word = stamp(FOLLOW_UP, moment)
    return _mark(txn, ids, WAITS, f"{AWAITING} {word}", word)


def expect(txn: Transaction, account: int, message_id: str, sent: int, moment: int) -> None:
    """The same of a message that is about to be sent (its Message-ID), as soon as it is in the Sent folder."""
    txn.sql.execute("INSERT OR REPLACE INTO awaited VALUES (?, ?, ?, ?)", (account, message_id, sent, moment))


def forget(txn: Transaction, ids: Iterable[int]) -> int | None:
    """No reminder, and no mark that one was due; returns the batch."""
    return _mark(txn, ids, "no reminder of:", "", "")


def judge(sql: sqlite3.Connection, account: int, now: float, is_mine: IsMine) -> Verdict:
    """Which messages are due, and which were answered. What was answered before its moment is told then."""
    due, answered = list[int](), list[int]()
    for id_, thread, date, senders, keywords, role in sql.execute(_MARKED, (account, UNANSWERED, ANSWERED)).fetchall():
        words = keywords.split()
        moment = moment_of(FOLLOW_UP, words)
        was_due = DUE.casefold() in {word.casefold() for word in words}
        if not was_due and (moment is None or moment > now):
            continue
        own = {one.email.casefold() for one in unpacked(senders)} if role == Role.SENT else set[str]()
        if _is_answered(sql, thread, id_, date, lambda email, own=own: email.casefold() in own or is_mine(email)):  # type: ignore[misc]
            answered.append(id_)
        elif not was_due or moment is not None:
            due.append(id_)
    return Verdict(tuple(due), tuple(answered), tuple(sql.execute(_FILED, (account,)).fetchall()))


def ring(txn: Transaction, account: int, now: float, is_mine: IsMine) -> int:
    """Mark what is due and take the marks off what was answered; nothing that undo takes back by itself."""
    verdict = judge(txn.sql, account, now, is_mine)
    for ids, verb, mark, add in (
        (verdict.due, UNANSWERED, DUE, Flag.FLAGGED),
        (verdict.answered, ANSWERED, "", Flag.NONE),
    ):
        batch = _mark(txn, ids, verb, mark, "", add=add, asked=False)
        if batch is not None:
            journal.pass_over(txn, batch)
    for id_, moment, message_id in verdict.filed:
        word = stamp(FOLLOW_UP, moment)
        batch = _mark(txn, [id_], WAITS, f"{AWAITING} {word}", word, asked=False)
        if batch is not None:
            journal.pass_over(txn, batch)
        txn.sql.execute("DELETE FROM awaited WHERE account_id = ? AND message_id = ?", (account, message_id))
    txn.sql.execute("DELETE FROM awaited WHERE moment < ?", (int(now) - FORGET_SECONDS,))
    return len(verdict.due) + len(verdict.answered) + len(verdict.filed)


def any_marked(sql: sqlite3.Connection) -> bool:
    """Whether some message waits for an answer, or has waited in vain."""
    marked = "instr(lower(view_keywords), 'followup') > 0 AND view_folder IS NOT NULL"
    query = f"SELECT 1 FROM message INDEXED BY message_follow_up WHERE {marked} LIMIT 1"  # noqa: S608
    return sql.execute(query).fetchone() is not None


def newest_change(sql: sqlite3.Connection) -> int:
    """The number of the newest change of the journal."""
    return int(sql.execute("SELECT COALESCE(MAX(id), 0) FROM journal").fetchone()[0])


def rung_after(sql: sqlite3.Connection, change_id: int) -> list[tuple[bool, int]]:
    """(whether it slept, message) of what came back or became due by a change after this one."""
    query = (
        "SELECT DISTINCT j.verb = ?1, i.message_id FROM journal j JOIN journal_item i ON i.journal_id = j.id"
        " WHERE j.id > ?2 AND j.undo_of IS NULL AND j.verb IN (?1, ?3) ORDER BY j.id"
    )
    return [(bool(slept), id_) for slept, id_ in sql.execute(query, (WOKE, change_id, UNANSWERED))]


def _is_answered(sql: sqlite3.Connection, thread: int, id_: int, date: int, is_mine: IsMine) -> bool:
    return any(
        not is_mine(one.email)
        for (senders,) in sql.execute(_LATER, (thread, id_, date)).fetchall()
        for one in unpacked(senders)
    )


def _mark(
    txn: Transaction,
    ids: Iterable[int],
    verb: str,
    add_words: str,
    kept: str,
    *,
    add: Flag = Flag.NONE,
    asked: bool = True,
) -> int | None:
    """Put these words on messages instead of those that are about reminders."""
    groups = defaultdict[str, list[int]](list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        for id_, keywords in txn.sql.execute(
            f"SELECT id, view_keywords FROM message WHERE view_folder IS NOT NULL AND id IN ({marks(chunk)})",  # noqa: S608
            chunk,
        ):
            groups[" ".join(stamps(FOLLOW_UP, keywords.split()))].append(id_)
    batch: int | None = None
    for old, some in groups.items():
        gone = [*old.split(), AWAITING, DUE]
        remove = " ".join(word for word in gone if word not in (kept, *add_words.split()))
        effect = Effect(ChangeKind.FLAGS, None, add, Flag.NONE, add_words, remove)
        batch = journal.record(txn, effect, some, verb, batch=batch, undoable=asked) or batch
    return batch
