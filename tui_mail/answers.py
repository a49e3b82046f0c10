"""What a command answers: one JSON document for programs, lines for people, built from the same facts.

What belongs here: the shape of every document and line on stdout. What must never be here: reading the store,
talking to servers, exit codes.

Texts of messages are SafeText already; names that go back to a server are not, so `line` escapes whatever a
terminal would obey. The result is the same JSON.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tui_mail.dated import FOLLOW_UP, SNOOZED, moment_of
from tui_mail.model import (
    Account,
    AccountStatus,
    Address,
    Change,
    Conversation,
    Flag,
    Folder,
    Message,
    Row,
    Server,
    Severity,
)
from tui_mail.outgoing import OutboxEntry, SendState
from tui_mail.paths import Paths
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.client.telling import Told
    from tui_mail.mime.invitation import Invitation
    from tui_mail.sync.plan_drop import Deletion

_OBEYED = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SEAL_MARKS = {"good": "✓", "unproven": "~", "unknown": "?", "bad": "✗"}
_FLAG_NAMES = (
    ("seen", Flag.SEEN),
    ("answered", Flag.ANSWERED),
    ("flagged", Flag.FLAGGED),
    ("draft", Flag.DRAFT),
    ("deleted", Flag.DELETED),
)


class Arguments(argparse.Namespace):
    """What was asked for; `paths` and `json` are always there."""

    paths: Paths
    json: bool


def answer(given: Arguments, document: object, *lines: str) -> None:
    """The answer of a command: the document with --json, else the lines."""
    if given.json:
        line(document)
    else:
        for text in lines:
            print(text)


def line(document: object) -> None:
    """One JSON document on one line, written at once."""
    text = json.dumps(document, ensure_ascii=False)
    print(_OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], text), flush=True)


def moment(epoch: int) -> str | None:
    """A moment as JSON says it; None for never."""
    return datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z") if epoch > 0 else None


def outbox_json(entry: OutboxEntry) -> dict[str, Any]:
    """A message of the outbox."""
    return {
        "id": entry.id,
        "account": entry.account,
        "message_id": entry.message_id,
        "subject": entry.subject,
        "state": entry.state.value,
        "recipients": [
            {"email": one.email, "state": one.state.value, "code": one.code, "reply": one.reply}
            for one in entry.recipients
        ],
        "attempts": entry.attempts,
        "next_try": moment(entry.next_try) if entry.state is SendState.QUEUED else None,
        "copy": entry.copy,
        "error": entry.error,
    }


def outbox_lines(entry: OutboxEntry) -> list[str]:
    """The same for people: one line for the message, and one for each recipient."""
    when = ""
    if entry.state is SendState.QUEUED:
        when = f", at {datetime.fromtimestamp(entry.next_try).astimezone():%H:%M:%S}"
    copy = f", copy {entry.copy}" if entry.copy else ""
    lines = [f"{entry.id:>6}  {entry.state.value}{when}{copy}  {entry.subject or '(no subject)'}"]
    for one in entry.recipients:
        words = f": {one.code} {one.reply}" if one.code else ""
        lines.append(f"        {one.email} {one.state.value}{words}")
    return lines


# --- documents --------------------------------------------------------------------------------


def account_json(account: Account) -> dict[str, Any]:
    """An account of config.toml; no secret is in it."""
    return {
        "account": account.name,
        "name": account.full_name,
        "email": account.email,
        "protocol": account.protocol.value,
        "incoming": _leg(account.incoming) if account.incoming.host else None,
        "outgoing": _leg(account.outgoing) if account.outgoing is not None else None,
    }


def _leg(server: Server) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "security": server.security.value, "user": server.user}


def status_json(status: AccountStatus) -> dict[str, Any]:
    """How an account's line is; `error` is empty unless it is down."""
    return {
        "account": status.account,
        "state": status.state.value,
        "done": status.done,
        "total": status.total,
        "pending": status.pending,
        "failed": status.failed,
        "error": status.sentence if status.state.is_down else "",
    }


def folder_json(folder: Folder) -> dict[str, Any]:
    """A folder and its counts."""
    return {
        "account": folder.account,
        "name": folder.name,
        "role": folder.role.value,
        "total": folder.total,
        "unread": folder.unread,
    }


def row_json(row: Row, folder: Folder) -> dict[str, Any]:
    """A message as a list knows it."""
    return {
        "id": row.id,
        "account": row.account,
        "folder": folder.name,
        "uid": row.uid,
        "message_id": row.message_id,
        "thread": f"{row.thread:016x}",
        "date": iso(row.date),
        "from": addresses(row.from_),
        "to": addresses(row.to),
        "subject": row.subject,
        "flags": flag_names(row),
        "size": row.size,
        "has_attachments": row.has_attachments,
        "snippet": row.snippet,
        "state": row.state.value,
        **({"until": iso(until)} if (until := _until(row)) is not None else {}),
    }


def thread_json(row: Row, said: Conversation, folder: Folder) -> dict[str, Any]:
    """A thread as a list knows it: its newest message in the folder, and what is behind that."""
    return {
        **row_json(row, folder),
        "messages": said.count,
        "unread_messages": len(said.unread),
        "people": addresses(said.people),
        "muted": said.muted,
        "ids": sorted(said.here),
    }


def message_json(told: Told) -> dict[str, Any]:
    """What `show` adds to a row."""
    message = told.message
    return {
        "cc": addresses(message.cc),
        "bcc": addresses(message.bcc),
        "reply_to": addresses(message.reply_to),
        "text": told.text,
        "links": [link.url for link in message.links],
        "attachments": [
            {
                "index": p.index,
                "filename": p.filename,
                "content_type": p.content_type,
                "size": p.size,
                "risk": p.risk,
                "on_server": p.away,
            }
            for p in message.attachments
        ],
        "on_server": message.away,
        "trust": {
            "warnings": list(message.warnings),
            "remote_images": message.remote_images,
            "trackers": message.trackers,
            "remarks": [{"kind": o.kind, "severity": o.severity.value, "sentence": o.sentence} for o in message.trust],
        },
        "protection": _protection_json(told),
        "invitation": _invitation_json(told.invitation) if told.invitation is not None else None,
        "headers": [[name, value] for name, value in message.headers],
    }


def _protection_json(told: Told) -> dict[str, Any] | None:
    """How it is signed or encrypted; None when it is neither."""
    seal = told.seal
    if not told.kind and seal is None:
        return None
    return {
        "kind": told.kind.value,
        "encrypted": told.is_sealed,
        "signature": seal.trust.value if seal is not None else None,
        "sentence": seal.sentence if seal is not None else "",
    }


def _invitation_json(invitation: Invitation) -> dict[str, Any]:
    """What a calendar asks for; moments as the calendar has them, in its own zone."""
    start, end, organizer = invitation.start, invitation.end, invitation.organizer
    return {
        "method": invitation.method,
        "uid": safe_line(invitation.uid),
        "sequence": invitation.sequence,
        "summary": invitation.summary,
        "start": start.isoformat() if start is not None else None,
        "end": end.isoformat() if end is not None else None,
        "zone": invitation.zone,
        "repeats": invitation.repeats,
        "where": invitation.where,
        "organizer": addresses((organizer,))[0] if organizer is not None else None,
        "attendees": [
            {**addresses((one.address,))[0], "status": one.status, "optional": one.optional}
            for one in invitation.attendees
        ],
        "cancelled": invitation.cancelled,
        "description": invitation.description,
    }


def change_json(change: Change, *, in_history: bool = False) -> dict[str, Any]:
    """An action and how far it is; history says more of it, but not every message."""
    document: dict[str, Any] = {
        "change": change.id,
        "batch": change.batch,
        "account": change.account,
        "kind": change.kind.value,
        "state": change.state.value,
        "summary": change.summary,
        "count": change.count,
    }
    if not in_history:
        return document | {"ids": list(change.message_ids)}
    return document | {
        "accounts": list(change.accounts),
        "created": iso(change.created),
        "undone": change.undone,
        "undoable": change.undoable,
        "why_not": change.why_not,
        "error": change.error,
    }


def addresses(people: tuple[Address, ...]) -> list[dict[str, str]]:
    """People as name and email."""
    return [{"name": address.name, "email": address.email} for address in people]


def flag_names(row: Row) -> list[str]:
    """The flags of a message by name, then its keywords."""
    return [name for name, flag in _FLAG_NAMES if flag in row.flags] + list(row.keywords)


def iso(seconds: int) -> str:
    """A moment in UTC; empty when no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return ""


# --- lines ------------------------------------------------------------------------------------


def deletion_json(deletion: Deletion, row: Row | None) -> dict[str, Any]:
    """A message that a POP3 server would be told to delete; what is not known here is empty."""
    one = deletion.known
    return {
        "uidl": one.uidl,
        "size": one.size,
        "id": one.message_id or None,
        "date": iso(row.date) if row else "",
        "from": addresses(row.from_) if row else [],
        "subject": row.subject if row else "",
        "why": deletion.why,
    }


def deletion_line(deletion: Deletion, row: Row | None) -> str:
    """UIDL, octets, why, time, sender, subject; parted by tabs."""
    one = deletion.known
    known = (_when(row.date), _people(row.from_), row.subject) if row else ("", "", "")
    return "\t".join((safe_line(one.uidl), str(one.size), deletion.why, *known))


def account_line(account: Account) -> str:
    """Name, address, and where the mail is; parted by tabs."""
    server = account.incoming
    place = f"{account.protocol} {server.host}:{server.port} {server.security}" if server.host else account.protocol
    return "\t".join(map(safe_line, (account.name, account.email, place)))


def folder_line(folder: Folder) -> str:
    """Account, name, role, unread of all; parted by tabs."""
    return f"{safe_line(folder.account)}\t{folder.shown}\t{folder.role.value or '-'}\t{folder.unread}/{folder.total}"


def row_line(row: Row) -> str:
    """Number, time, marks, sender, subject, and until when it sleeps or waits; parted by tabs."""
    marks = ("●" if row.unread else " ") + ("★" if row.starred else " ") + ("⎘" if row.has_attachments else " ")
    asleep = _until(row)
    until = f"\t→{_when(asleep)}" if asleep is not None else ""
    return f"{row.id}\t{_when(row.date)}\t{marks}\t{_people(row.from_)}\t{row.subject}{until}"


def _until(row: Row) -> int | None:
    """Until when (epoch) a message sleeps, or waits for an answer."""
    if not row.keywords:
        return None
    return moment_of(SNOOZED, row.keywords) or moment_of(FOLLOW_UP, row.keywords)


def thread_line(row: Row, said: Conversation) -> str:
    """As a message, but of all; with how many there are."""
    marks = ("●" if said.unread else " ") + ("★" if said.starred else " ") + ("⎘" if row.has_attachments else " ")
    many = f" ({said.count})" if said.count > 1 else ""
    return f"{row.id}\t{_when(row.date)}\t{marks}\t{_people(said.people)}{many}\t{row.subject}"


def change_line(change: Change) -> str:
    """Number, when, how far, what; parted by tabs. The number is what `undo` takes."""
    state = "undone" if change.undone else change.state.value
    refused = f"  ({change.error})" if change.error and not change.undone else ""
    final = "" if change.undoable or change.undone else f"  (cannot be undone: {change.why_not})"
    return f"{change.batch}\t{_when(change.created)}\t{state}\t{change.summary}{refused}{final}"


def header_lines(message: Message) -> Iterator[str]:
    """Every header field."""
    return (f"{name}: {value}" for name, value in message.headers)


def message_lines(told: Told) -> Iterator[str]:
    """A message as it is read."""
    message = told.message
    yield f"From: {_people(message.from_)}"
    yield f"To: {_people(message.to)}"
    if message.cc:
        yield f"Cc: {_people(message.cc)}"
    yield f"Date: {_when(message.date) if message.date is not None else '?'}"
    yield f"Subject: {message.subject}"
    for warning in message.warnings:
        yield f"! {warning}"
    if message.away:
        yield f"· {message.away}"
    for remark in message.trust:
        if remark.severity in (Severity.WARNING, Severity.DANGER):
            yield f"! {remark.sentence}"
    yield from _protection_lines(told)
    if told.invitation is not None:
        yield ""
        yield from _invitation_lines(told.invitation, told.text)
    yield ""
    yield told.text.strip("\n")
    for part in message.attachments:
        where = ", on the server" if part.away else ""
        yield f"[{part.index}] {part.filename} ({part.content_type}, {part.size} octets{where})"


def _protection_lines(told: Told) -> Iterator[str]:
    """Whether it is encrypted, and what its signature is worth."""
    if told.is_sealed:
        yield f"· {told.kind}: not opened here; the screen opens it (D)"
    if told.seal is not None:
        yield f"{_SEAL_MARKS[told.seal.trust.value]} {told.seal.sentence}"


def _invitation_lines(invitation: Invitation, text: str) -> Iterator[str]:
    """What, when (there and here), where, of whom; what is said of it, unless the text says it."""
    from tui_mail.mime.invitation_words import title_of, when_words

    yield f"{title_of(invitation)}: {invitation.summary}"
    there, here = when_words(invitation)
    if there:
        yield f"When: {there}" + (f"; here {here}" if here else "")
    organizer = invitation.organizer
    named = _people((organizer,)) if organizer is not None else ""
    for name, words in (("Repeats", invitation.repeats), ("Where", invitation.where), ("Organizer", named)):
        if words:
            yield f"{name}: {words}"
    if invitation.description and not invitation.is_said_in(text):
        yield from ("", invitation.description)


def _people(people: tuple[Address, ...]) -> str:
    return ", ".join(f"{a.name} <{a.email}>" if a.name else a.email for a in people)


def _when(seconds: int) -> str:
    return iso(seconds)[:16].replace("T", " ")
