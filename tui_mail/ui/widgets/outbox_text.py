"""How one message that is being sent reads as one line, what there is to say of it, and what the status line says.

What belongs here: words and marks for how far a message and each of its recipients is. Pure functions of plain values.
What must never be here: Textual, the store.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from tui_mail.outgoing import Draft, OutboxEntry, Recipient, RecipientState, SendState
from tui_mail.sizes import size_label
from tui_mail.ui.later import hour_words
from tui_mail.ui.widgets.cells import clip, fit, steady, width
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.row_text import Calendar

Run = tuple[str, str]
UNDO_LONGEST = 310
"""Seconds: what waits longer before its first try was sent for later."""
DATE = 6
"""Cells of the hour or day."""
WIDE = 70
"""Cells from which the hour is shown."""
_ASKED = {
    RecipientState.WAITING: ("·", "quiet", "not told yet"), RecipientState.ACCEPTED: ("✓", "done", "accepted"),
    RecipientState.DEFERRED: ("⟳", "waiting", "not now"), RecipientState.REFUSED: ("✗", "failed", "refused"),
    RecipientState.UNKNOWN: ("?", "waiting", "perhaps: the answer never came"),
}  # fmt: skip
_LOOKS = {"done": "mark", "waiting": "warning", "failed": "warning", "quiet": "quiet"}
"""Looks of the list → looks of the reader, which shows the details."""


def mark_run(entry: OutboxEntry) -> Run:
    """How far it is, in one mark."""
    match entry.state:
        case SendState.QUEUED:
            return ("⟳", "waiting") if entry.attempts else ("✉", "mark")
        case SendState.SENDING:
            return "⟳", "mark"
        case SendState.UNKNOWN:
            return ("⟳", "mark") if entry.is_moving else ("?", "waiting")
        case SendState.FAILED:
            return "✗", "failed"
        case SendState.CANCELLED:
            return "–", "quiet"
        case _:
            return "✓", "done"


def state_run(entry: OutboxEntry, now: float) -> Run:
    """How far it is, in words."""
    match entry.state:
        case SendState.QUEUED:
            return _queued_words(entry, now), "waiting" if entry.attempts else "what"
        case SendState.SENDING:
            return "sending…", "what"
        case SendState.UNKNOWN if entry.is_moving:
            return "sent · the server has yet to say that it has it", "what"
        case SendState.UNKNOWN:
            return "perhaps sent: the line broke after the last byte", "waiting"
        case SendState.FAILED:
            return counted(
                entry.recipients, "not tried"
            ) or f"not sent: {entry.error or 'the server refused it'}", "failed"
        case SendState.CANCELLED:
            return "taken back", "quiet"
        case SendState.ACCEPTED:
            return f"sent · the copy for Sent {'has no folder' if entry.error else 'is on its way'}", "done"
        case _:
            words = counted(entry.recipients) or "sent"
            return f"{words} · copy {entry.copy}" if entry.copy else words, "quiet"


def counted(recipients: Sequence[Recipient], waiting: str = "to come") -> str:
    """How many are how far, as in "2 accepted, 1 refused"; empty when all are alike."""
    states = [one.state for one in recipients]
    if len(set(states)) < 2:
        return ""
    names = {
        RecipientState.ACCEPTED: "accepted", RecipientState.REFUSED: "refused", RecipientState.DEFERRED: "put off",
        RecipientState.WAITING: waiting, RecipientState.UNKNOWN: "unknown",
    }  # fmt: skip
    return ", ".join(f"{states.count(state)} {word}" for state, word in names.items() if state in states)


def entry_runs(entry: OutboxEntry, cells: int, now: float, *, cursor: bool) -> list[Run]:
    """One message as runs of (text, look)."""
    mark, look = mark_run(entry)
    words, state_look = state_run(entry, now)
    over = not entry.is_open
    wide = cells >= WIDE
    state_room = min(52, cells * 42 // 100)
    people = ", ".join(str(one.email) for one in entry.recipients)
    room = cells - state_room - 6 - (DATE + 2 if wide else 0)
    who = clip(f"To {people}" if wide else people, max(12, room * 3 // 5))
    subject = clip(f" · {steady(entry.subject) or '(no subject)'}", room - width(who))
    return [
        ("▌" if cursor else " ", "bar"),
        (mark, look),
        ("  ", ""),
        *([(fit(Calendar.at(now).label(entry.created, short=True), DATE), "quiet"), ("  ", "")] if wide else []),
        (who, "quiet" if over else "what"),
        (fit(subject, room - width(who)), "quiet"),
        ("  ", ""),
        (fit(words, state_room), "quiet" if over else state_look),
    ]


def entry_details(entry: OutboxEntry, now: float, keys: Mapping[str, str]) -> Document:
    """Everything there is to say of one message: what can be done, each recipient, each try."""
    head: tuple[Run, ...] = (
        (steady(entry.subject) or "(no subject)", "strong"),
        (f" · {entry.account} · {size_label(entry.size)} · {_tries(entry)}", "quiet"),
    )
    body = [Paragraph(head), Paragraph(((_advice(entry, keys), ""),))]
    if entry.error:
        body.append(Paragraph(((str(entry.error), "warning"),)))
    column = min(44, max((width(one.email) for one in entry.recipients), default=0))
    for one in entry.recipients:
        mark, look, words = _asked(one, entry)
        said = f"{one.code} {one.reply}".strip() if one.code else str(one.reply)
        begin = ((f"{mark} ", _LOOKS[look]), (fit(one.email, column), ""), ("  ", ""))
        body.append(Paragraph(((words, _LOOKS[look]), (f"  {said}" if said else "", "quiet")), begin))
    body += [Paragraph(((str(note), "quiet"),), (("  ", ""),)) for note in reversed(entry.attempt_notes)]
    return Document([], body)


def serving(entry: OutboxEntry | None) -> tuple[str, ...]:
    """The actions of the outbox that do something to a message."""
    if entry is None:
        return ()
    match entry.state:
        case SendState.QUEUED:
            return "outbox.edit", "outbox.cancel", "outbox.retry"
        case SendState.FAILED:
            return "outbox.edit", "outbox.cancel", "outbox.retry", "outbox.remove"
        case SendState.UNKNOWN if not entry.is_moving:
            return "outbox.again", "outbox.sent"
        case SendState.DONE | SendState.CANCELLED:
            return ("outbox.remove",)
        case _:
            return ()


NOBODY = "Taken back: nobody has got it."
KEPT = "Those who have it keep it; nobody else gets it."


def back_words(entry: OutboxEntry, draft: Draft | None) -> str:
    """What is said of a message that was taken back."""
    if draft is None and entry.is_with_some:
        return KEPT
    if draft is None:
        return NOBODY
    if entry.is_with_some:
        return "It is a draft again for those who have not got it; the others keep theirs."
    return "Taken back; it is a draft again."


def removed_words(entry: OutboxEntry, draft: Draft | None, key: str) -> str:
    """What is said of a message that was taken out of the list; `key` goes to the drafts."""
    if draft is None:
        return "Removed from this list."
    rest = " for those who have not got it" if entry.is_with_some else ""
    return f"Given up; it is a draft again{rest} ({key} shows it)."


def title_runs(entries: Sequence[OutboxEntry]) -> tuple[list[Run], list[Run]]:
    """What stands above the outbox."""
    failed = sum(entry.state is SendState.FAILED for entry in entries)
    unknown = sum(entry.state is SendState.UNKNOWN and not entry.is_moving for entry in entries)
    moving = sum(entry.is_open for entry in entries) - failed - unknown
    sent = sum(entry.state in (SendState.DONE, SendState.ACCEPTED) for entry in entries)
    left: list[Run] = [(" Outbox", "strong")]
    if moving:
        left.append((f" · {moving} on {'its' if moving == 1 else 'their'} way", "quiet"))
    if unknown:
        left.append((f" · {unknown} perhaps sent", "warning"))
    if failed:
        left.append((f" · {failed} not sent", "error"))
    return left, [(f"{sent} sent today ", "quiet")] if sent else []


def sending_runs(
    entries: Sequence[OutboxEntry], drafts: int, undo: str, now: float, outbox: str = ""
) -> list[list[Run]]:
    """What the status line says of drafts and sending, from the longest to the shortest.

    `undo`: the key, if it serves; `outbox`: the keys that show it. What failed is said as long as it is there; what was
    taken over is said no more.
    """
    soon = [entry for entry in entries if entry.state is SendState.QUEUED and _in_window(entry, now)]
    timed = [entry for entry in entries if entry.state is SendState.QUEUED and _is_timed(entry, now)]
    needing = [entry for entry in entries if entry.needs_person and entry.next_try > now]
    moving = [
        entry for entry in entries
        if entry.state is SendState.SENDING
        or (entry.state is SendState.UNKNOWN and entry.is_moving)
        or (entry.state is SendState.QUEUED and entry not in soon + timed + needing)
    ]  # fmt: skip
    unknown = sum(entry.state is SendState.UNKNOWN and not entry.is_moving for entry in entries)
    failed = sum(entry.state is SendState.FAILED for entry in entries)
    long: list[Run] = []
    short: list[Run] = []

    def add(words: str, brief: str, look: str) -> None:
        for runs, text in ((long, words), (short, brief)):
            runs.extend([*([("  ", "")] if runs else []), (text, look)])

    if drafts:
        add(f"✎ {drafts} draft{'s' * (drafts != 1)} open", f"✎ {drafts}", "quiet")
    if soon:
        left = max(1, int(max(entry.not_before for entry in soon) - now + 0.999))
        add(f"✉ {len(soon)} sending {left} s", f"✉ {len(soon)} {left} s", "accent")
        if undo:
            long.extend([("  ", ""), (undo, "key"), (" undo", "quiet")])
            short.extend([(" ", ""), (undo, "key")])
    if moving:
        tried = [
            entry for entry in moving
            if entry.state is SendState.QUEUED and (entry.attempts or (entry.error and entry.next_try > now))
        ]  # fmt: skip
        word = "waits" if tried and len(moving) == len(tried) else "sending"
        add(f"✉ {len(moving)} {word}", f"✉ {len(moving)}", "quiet")
    if needing:
        add(f"✗ {len(needing)} need{'s' * (len(needing) == 1)} you", f"✗ {len(needing)}", "error")
        if outbox:
            for runs in (long, short):
                runs.extend([(" · ", "quiet"), (outbox, "key")])
    if timed:
        first = min(entry.not_before for entry in timed)
        add(f"✉ {len(timed)} {_hour(first, now)}", f"✉ {len(timed)} later", "quiet")
    if unknown:
        add(f"? {unknown} perhaps sent", f"? {unknown}", "warning")
    if failed:
        add(f"✗ {failed} not sent", f"✗ {failed}", "error")
    return [long, short]


def _asked(one: Recipient, entry: OutboxEntry) -> tuple[str, str, str]:
    """Mark, look and words for a recipient; of one whom no server was asked about, once nobody asks any more."""
    if entry.state is SendState.FAILED and one.state is RecipientState.WAITING:
        return "–", "waiting", "not sent" if one.code else "not tried"
    return _ASKED[one.state]


def way_problem(entries: Sequence[OutboxEntry], account: str, now: float) -> str:
    """What keeps the account's mail from going out; empty when nothing is known to."""
    held = [
        one for one in entries
        if one.account == account and one.state is SendState.QUEUED and one.error and one.next_try > now
    ]  # fmt: skip
    if any(one.needs_person for one in held):
        return "sending needs you first: it waits in the outbox"
    return "no way to its server: it waits in the outbox" if any(not one.attempts for one in held) else ""


def _in_window(entry: OutboxEntry, now: float) -> bool:
    return not entry.attempts and entry.not_before > now and entry.not_before - entry.created <= UNDO_LONGEST


def _is_timed(entry: OutboxEntry, now: float) -> bool:
    return not entry.attempts and entry.not_before > now and entry.not_before - entry.created > UNDO_LONGEST


def _queued_words(entry: OutboxEntry, now: float) -> str:
    if _in_window(entry, now):
        return f"sending in {max(1, int(entry.not_before - now + 0.999))} s"
    if _is_timed(entry, now):
        return f"sending {_hour(entry.not_before, now)}"
    told = counted(entry.recipients)
    again = (
        f"again at {time.strftime('%H:%M', time.localtime(entry.next_try))}"
        if entry.next_try > now
        else "waiting for a connection"
    )
    if entry.attempts:
        again += f" (try {entry.attempts + 1})"
    return f"{told} · {again}" if told else again


def _hour(when: int, now: float) -> str:
    words = hour_words(datetime.fromtimestamp(when).astimezone(), datetime.fromtimestamp(now).astimezone())
    return f"at {words}" if words[0].isdigit() else words


def _tries(entry: OutboxEntry) -> str:
    return f"{entry.attempts} {'tries' if entry.attempts != 1 else 'try'}"


def _advice(entry: OutboxEntry, keys: Mapping[str, str]) -> str:
    edit, back = keys["outbox.edit"], keys["outbox.cancel"]
    match entry.state:
        case SendState.QUEUED:
            return (
                f"Nobody has it yet. {edit} goes on writing, {back} takes it back."
                if not entry.is_with_some
                else f"Some have it. It goes on by itself; {keys['outbox.retry']} tries now."
            )
        case SendState.SENDING | SendState.UNKNOWN if entry.is_moving:
            return "It is being handed to the server at this moment."
        case SendState.UNKNOWN:
            return (
                "The server may have it, or not; it is not sent again unasked. Look in Sent or ask the recipient; then "
                f"{keys['outbox.sent']} takes it as sent, {keys['outbox.again']} {keys['outbox.again']} sends it again."
            )
        case SendState.FAILED:
            retry, remove = keys["outbox.retry"], keys["outbox.remove"]
            if entry.is_with_some:
                return f"Some have it. {edit} writes to the others, {retry} tries them again, {remove} gives up."
            return f"{edit} puts it right, {retry} tries again, {remove} gives it up: then it is a draft again."
        case SendState.CANCELLED:
            return "It was taken back before it was sent."
        case _ if any(one.state is RecipientState.REFUSED for one in entry.recipients):
            return "Sent to those who have it; to the others it is over."
        case _:
            return f"Sent. Its copy: {entry.copy}." if entry.copy else "Sent."
