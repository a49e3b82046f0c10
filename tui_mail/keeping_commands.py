"""The commands that look after what is kept, here and on POP3 servers: taking it out as files, copying it.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: file formats
(mime/mailboxes), SQL.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_mail.answers import Arguments, answer, deletion_json, deletion_line
from tui_mail.client import MailClient
from tui_mail.config.rules import is_policy
from tui_mail.errors import UsageError
from tui_mail.mime.mailboxes import Stored, write_maildir, write_mbox
from tui_mail.model import Account, Protocol, Row
from tui_mail.session import account_names, opened
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.store.backup import Backup

PORTION = 500
"""Rows that are read at once."""


def export(given: Arguments) -> int:
    """Write the messages of a folder into an mbox or a Maildir; 1 when some are not on this computer."""
    with opened(given) as client:
        folder = client.find_folder(given.folder)
        missing = list[Row]()

        def messages() -> Iterator[Stored]:
            for row in _rows(client, folder.id):
                raw = client.raw(row.id)
                if raw is None:
                    missing.append(row)
                else:
                    yield Stored(raw, row.flags, row.date)

        path = Path(given.mbox or given.maildir).expanduser()
        count = write_mbox(path, messages()) if given.mbox else write_maildir(path, messages())
        if missing:
            print(
                f"{len(missing)} messages are not whole on this computer yet and were left out;"
                " `tui-mail sync --bodies` brings them here.",
                file=sys.stderr,
            )
        words = f"{count} message{'s' * (count != 1)} of {folder.name} written to {safe_line(str(path))}."
        answer(given, {"exported": count, "missing": [row.id for row in missing]}, words)
        return 1 if missing else 0


def dry_run(given: Arguments) -> int:
    """Show what the next visit to POP3 servers would have them delete, and why; nothing is fetched or deleted."""
    if given.policy is not None and not is_policy(given.policy):
        raise UsageError(f"--policy must be never, when_deleted, at_once or such as '14 days', not {given.policy!r}.")
    with opened(given) as client:
        names = account_names(client, given.account)
        accounts = [account for account in client.accounts if account.name in names]
        others = [account.name for account in accounts if account.protocol is not Protocol.POP3]
        if len(others) == len(accounts):
            raise UsageError(
                "--dry-run is for POP3, where a server can be told to delete what is here; with IMAP `sync` deletes"
                " nothing that you did not delete, and `tui-mail undo --list` shows what waits. Nothing was done."
            )
        if others:
            print(safe_line(f"With IMAP a dry run has nothing to show: {', '.join(others)}."), file=sys.stderr)
        documents, lines = list[dict[str, Any]](), list[str]()
        for account in accounts:
            if account.protocol is Protocol.POP3:
                document, said = _foretold(client, account, given.policy or account.delete_from_server)
                documents.append(document)
                lines += said
        answer(given, documents, *lines)
    return 0


def _foretold(client: MailClient, account: Account, policy: str) -> tuple[dict[str, Any], list[str]]:
    """The dry run of one account, for programs and for people."""
    found = client.foretell(account, policy)
    rows = {row.id: row for row in client.rows([deletion.known.message_id for deletion in found.deletions])}
    document = {
        "account": account.name,
        "policy": policy,
        "listed": found.listed,
        "new": found.new,
        "delete": [deletion_json(one, rows.get(one.known.message_id)) for one in found.deletions],
        "unreadable": [{"uidl": one.uidl, "size": one.size, "id": one.message_id} for one in found.unreadable],
    }
    octets = sum(deletion.known.size for deletion in found.deletions)
    lines = [deletion_line(one, rows.get(one.known.message_id)) for one in found.deletions]
    lines += [
        f"Stays on the server: message {one.message_id} is not readable on this disk ({safe_line(one.uidl)})."
        for one in found.unreadable
    ]
    lines.append(
        safe_line(
            f"{account.name}: with {policy!r} the server would delete {len(found.deletions)} of {found.listed} messages"
            f" ({octets} octets); {found.new} would be fetched first. Nothing was changed."
        )
    )
    return document, lines


def backup(given: Arguments) -> int:
    """Copy the store and the settings into a folder, beside a running screen; 1 when something in it is damaged."""
    if not any((given.paths.data / name).exists() for name in ("mail.db", "bodies.db")):
        raise UsageError(f"There is no mail in {given.paths.data}, so there is nothing to back up.")
    target = Path(given.target).expanduser().absolute()
    client = MailClient(given.paths, ())  # the mail is kept, whatever config.toml says
    try:
        with _counted("copied") as progress:
            made, left_out = client.back_up(target, progress)
    finally:
        client.stop()
    for what in left_out:
        print(safe_line(f"Not in the backup: {what}."), file=sys.stderr)
    lines = [f"{safe_line(str(target))}: {made.whole} messages, {made.octets} octets, read back and compared."]
    if made.damaged:
        lines.append(f"{len(made.damaged)} messages were damaged here already; `tui-mail doctor` names them.")
    lines.append("Passwords are not in it. `tui-mail restore` puts it back.")
    answer(given, {**_backup_json(made), "path": str(target), "left_out": left_out}, *lines)
    return 1 if made.damaged else 0


def restore(given: Arguments) -> int:
    """Put a backup back where no mail is yet."""
    from tui_mail.client import backups

    source = Path(given.source).expanduser().absolute()
    with _counted("restored") as progress:
        found, kept = backups.restore(given.paths, source, progress)
    for name in kept:
        print(f"{name} was here already and stayed as it was.", file=sys.stderr)
    answer(
        given,
        {**_backup_json(found), "path": str(given.paths.data), "kept": kept},
        f"{found.whole} messages of {safe_line(found.made)} are in {safe_line(str(given.paths.data))}.",
        "What waited for a server then is not done by itself: see `tui-mail outbox` and `tui-mail undo --list`.",
    )
    return 0


def _backup_json(made: Backup) -> dict[str, Any]:
    return {"made": made.made, "whole": made.whole, "damaged": list(made.damaged), "octets": made.octets}


@contextlib.contextmanager
def _counted(done: str) -> Iterator[Callable[[int, int], None]]:
    """A count on stderr, if somebody watches it."""

    def show(part: int, total: int) -> None:
        print(f"\r{100 * part // max(total, 1)} % {done}\x1b[K", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield lambda _part, _total: None
        return
    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr)


def _rows(client: MailClient, folder_id: int) -> Iterator[Row]:
    ids = list(client.ids(folder_id))
    for at in range(len(ids), 0, -PORTION):  # the oldest first, as files of mail have them
        yield from reversed(client.rows(ids[max(0, at - PORTION) : at]))
