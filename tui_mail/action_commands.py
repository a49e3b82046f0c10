"""What each command does that changes something: with messages, with folders, and with what was done before.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: how a change
is written (the client), how it is waited for (`session`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from tui_mail.answers import Arguments, answer, change_json, change_line
from tui_mail.client import MailClient
from tui_mail.errors import NotFound, UsageError
from tui_mail.mime.headers import parse_headers
from tui_mail.mime.mailboxes import Stored, read_messages
from tui_mail.model import Change, ChangeState, Flag, Row
from tui_mail.session import account_names, carried_out, known_rows, opened
from tui_mail.text import safe_line

RETRIED = 1_000
"""The latest actions, among which refused ones are looked for."""

# --- messages -----------------------------------------------------------------------------------


def mark(given: Arguments) -> int:
    """Set and clear flags."""
    add = (Flag.SEEN if given.seen else Flag.NONE) | (Flag.FLAGGED if given.star else Flag.NONE)
    add |= Flag.ANSWERED if given.answered else Flag.NONE
    remove = (Flag.SEEN if given.unseen else Flag.NONE) | (Flag.FLAGGED if given.unstar else Flag.NONE)
    if not (add or remove or given.keyword or given.no_keyword) or add & remove:
        raise UsageError("Say what to mark: --seen or --unseen, --star or --unstar, --answered, --keyword K.")
    with opened(given) as client:
        meant(given, client)
        change = client.mark(
            given.ids, add=add, remove=remove, add_keywords=given.keyword, remove_keywords=given.no_keyword
        )
        return acted(given, client, change)


def move(given: Arguments) -> int:
    """Move messages to a folder of their account."""
    with opened(given) as client:
        target = _target(given, client)
        return acted(given, client, client.move(given.ids, target))


def archive(given: Arguments) -> int:
    """Move messages to the archive."""
    with opened(given) as client:
        meant(given, client)
        return acted(given, client, client.archive(given.ids))


def delete(given: Arguments) -> int:
    """Move messages to the trash, or with --forever out of it."""
    with opened(given) as client:
        rows = meant(given, client)
        if given.forever:
            trash = {f.id for f in client.folders() if f.role == "trash"}
            if any(row.folder_id not in trash for row in rows):
                raise UsageError("--forever works on messages in the trash; nothing was deleted.")
            return acted(given, client, client.expunge(given.ids))
        return acted(given, client, client.delete(given.ids))


def junk(given: Arguments) -> int:
    """Move messages to the junk folder."""
    with opened(given) as client:
        meant(given, client)
        return acted(given, client, client.junk(given.ids))


def copy(given: Arguments) -> int:
    """Copy messages to a folder of their account."""
    with opened(given) as client:
        target = _target(given, client)
        return acted(given, client, client.copy(given.ids, target))


def import_messages(given: Arguments) -> int:
    """Store messages out of files in a folder."""
    with opened(given) as client:
        folder = client.find_folder(given.folder)
        found = [one for name in given.files for one in _messages_in(name, given)]
        stored = [client.append(folder.id, one.raw, flags=one.flags, when=_date_of(one)).result() for one in found]
        return _told(given, client, [change for change in stored if change is not None])


# --- folders ----------------------------------------------------------------------------------


def folder_create(given: Arguments) -> int:
    """Make a folder."""
    with opened(given) as client:
        names = account_names(client, None)
        account, colon, name = given.name.partition(":")
        if not colon or account not in names:
            account, name = names[0], given.name
            if len(names) > 1:
                raise UsageError(f"Say in which account: one of {', '.join(f'{one}:{name}' for one in names)}.")
        return acted(given, client, client.create_folder(account, name))


def folder_rename(given: Arguments) -> int:
    """Give a folder another name."""
    with opened(given) as client:
        folder = client.find_folder(given.name)
        new_name = given.new_name.removeprefix(f"{folder.account}:")
        return acted(given, client, client.rename_folder(folder.id, new_name))


def folder_delete(given: Arguments) -> int:
    """Delete a folder; what is in it goes to the trash first."""
    with opened(given) as client:
        return acted(given, client, client.delete_folder(client.find_folder(given.name).id))


# --- what was done before ---------------------------------------------------------------------


def undo(given: Arguments) -> int:
    """Take the newest action back, or show what was done."""
    with opened(given) as client:
        if given.list:
            done = client.changes()
            answer(given, [change_json(change, in_history=True) for change in done], *map(change_line, done))
            return 0
        return acted(given, client, client.undo(given.batch), nothing="There is nothing to undo.")


def redo(given: Arguments) -> int:
    """Do again what was undone last."""
    with opened(given) as client:
        return acted(given, client, client.redo(), nothing="There is nothing to do again.")


def retry(given: Arguments) -> int:
    """Send again what servers refused."""
    with opened(given) as client:
        names = set(account_names(client, given.account))
        refused = [one for one in client.changes(RETRIED) if one.state is ChangeState.FAILED and names & _accounts(one)]
        if not refused:
            answer(given, [], "Nothing was refused.")
            return 0
        client.retry(given.account).result()
        return _told(given, client, refused)


# --- shared -----------------------------------------------------------------------------------


def meant(given: Arguments, client: MailClient) -> list[Row]:
    """What an action is about, with --thread whole threads; raises NotFound for a message that is not there."""
    known_rows(client, given.ids)
    if given.thread:
        given.ids = client.whole_threads(given.ids)
    return client.rows(given.ids)


def _target(given: Arguments, client: MailClient) -> int:
    """The folder that messages are to go to. Raises UsageError when one of them is of another account."""
    rows = meant(given, client)
    target = client.find_folder(given.folder, None if ":" in given.folder else rows[0].account)
    foreign = [row.id for row in rows if row.account != target.account]
    if foreign:
        raise UsageError(f"Messages {foreign} are of another account than {target.shown}; nothing was done.")
    return target.id


def _messages_in(name: str, given: Arguments) -> list[Stored]:
    """What is in a file, a Maildir, or on stdin for "-". Raises UsageError and NotFound."""
    flags = Flag.NONE if given.unseen else Flag.SEEN
    try:
        many = read_messages(Path(name)) if name != "-" else None
        if many is not None:
            return [replace(one, flags=one.flags & ~Flag.SEEN) if given.unseen else one for one in many]
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise NotFound(f"{name} cannot be read ({error.strerror}); nothing was stored.") from error
    if raw.startswith(b"From "):
        raise UsageError("That is a whole mailbox (mbox); give its file by name. Nothing was stored.")
    if not raw.strip():
        raise UsageError(f"{name} holds no message; nothing was stored.")
    return [Stored(raw, flags, 0)]


def _date_of(one: Stored) -> int | None:
    """When a message was received, or says that it was written: it stands there in the list."""
    if one.when:
        return one.when
    return parse_headers(one.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n").date


def _accounts(change: Change) -> set[str]:
    return set(change.accounts) or {change.account}


def acted(given: Arguments, client: MailClient, future: Future[Change | None], nothing: str = "") -> int:
    """Report an action once it is as far as it comes for now."""
    change = future.result()
    if change is None:
        answer(given, None, nothing or "Nothing to do: it is so already.")
        return 0
    (now,), code = carried_out(given, client, [change])
    answer(given, change_json(now), _line(now))
    return code


def _told(given: Arguments, client: MailClient, changes: Sequence[Change]) -> int:
    """Report several actions."""
    now, code = carried_out(given, client, changes)
    answer(given, [change_json(change) for change in now], *(_line(change) for change in now))
    return code


def _line(change: Change) -> str:
    if change.state is not ChangeState.FAILED:
        return f"{change.summary} ({change.state})"
    return safe_line(f"{change.summary} (refused: {change.error})")
