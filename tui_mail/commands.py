"""What each command of the command line does; `cli` parses the words and turns errors into exit codes.

What belongs here: one function a command, from parsed arguments to an exit code. Data goes to stdout, words for
people and progress to stderr; with --json, stdout is one JSON document (`watch`: one a line).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import queue
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tui_mail.client import MailClient
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.errors import ConfigError, MailError, NotFound, UsageError
from tui_mail.model import (
    Account,
    AccountStatus,
    Address,
    BodyArrived,
    Change,
    ChangeState,
    Event,
    Flag,
    Folder,
    FoldersChanged,
    LinkState,
    Message,
    Protocol,
    Row,
    Security,
    Server,
    StatusChanged,
)
from tui_mail.paths import Paths

OPEN_SECONDS = 30.0
"""How long `show` waits for a body."""
REPLAY_SECONDS = 15.0
"""How long an action waits for the server before it leaves the rest to the next sync."""
WATCHED_ROWS = 500
"""Newest rows of a folder in which `watch` tells single messages apart."""

_PORTS = {
    (Protocol.IMAP, Security.TLS): 993,
    (Protocol.POP3, Security.TLS): 995,
    (Protocol.POP3, Security.STARTTLS): 110,
    (Protocol.POP3, Security.NONE): 110,
}


class Arguments(argparse.Namespace):
    """What was asked for; `paths` and `json` are always there."""

    paths: Paths
    json: bool


# --- accounts ---------------------------------------------------------------------------------


def account_add(given: Arguments) -> int:
    """Write an account into config.toml; a password that no command gives goes to the keyring."""
    protocol, security = Protocol(given.protocol), Security(given.security)
    if not given.host:
        raise UsageError("Say which server holds the mail: --host imap.example.org.")
    incoming = Server(
        host=given.host,
        port=given.port or _PORTS.get((protocol, security), 143),
        security=security,
        user=given.user or given.email,
        auth=given.auth,
        password_command=tuple(shlex.split(given.password_command or "")),
        ca_file=given.ca_file,
        fingerprint=given.fingerprint,
        allow_cleartext=given.allow_cleartext,
    )
    outgoing = None
    if given.smtp_host:
        smtp_security = Security(given.smtp_security)
        outgoing = Server(
            host=given.smtp_host,
            port=given.smtp_port or (465 if smtp_security is Security.TLS else 587),
            security=smtp_security,
            user=given.smtp_user or incoming.user,
            auth=given.smtp_auth,
            password_command=tuple(shlex.split(given.smtp_password_command or "")) or incoming.password_command,
            ca_file=given.smtp_ca_file or incoming.ca_file,
            fingerprint=given.smtp_fingerprint,
            allow_cleartext=given.allow_cleartext,
        )
    account = Account(
        name=given.name or given.email.rpartition("@")[2],
        full_name=given.full_name,
        email=given.email,
        protocol=protocol,
        incoming=incoming,
        outgoing=outgoing,
        keep_bodies=given.keep_bodies,
    )
    configuration.add_account(given.paths, account)
    if not incoming.password_command and incoming.auth == "password":
        try:
            secrets.store_secret(account, "incoming", _typed_password(account))
        except MailError:
            configuration.remove_account(given.paths, account.name)
            raise
    _answer(
        given, {"account": account.name}, f"Added {account.name}. `tui-mail sync` reads it now, `tui-mail` opens it."
    )
    return 0


def account_list(given: Arguments) -> int:
    """The accounts of config.toml, and what is wrong in it."""
    config = configuration.load(given.paths)
    for problem in config.problems:
        print(problem.sentence, file=sys.stderr)
    listed = [
        {
            "account": account.name,
            "name": account.full_name,
            "email": account.email,
            "protocol": account.protocol.value,
            "incoming": _leg(account.incoming),
            "outgoing": _leg(account.outgoing) if account.outgoing is not None else None,
        }
        for account in config.accounts
    ]
    lines = [
        f"{a.name}\t{a.email}\t{a.protocol} {a.incoming.host}:{a.incoming.port} {a.incoming.security}"
        for a in config.accounts
    ]
    _answer(given, listed, *lines)
    return 0 if config.accounts or not config.problems else ConfigError.exit_code


# --- talking to servers -----------------------------------------------------------------------


def sync(given: Arguments) -> int:
    """Bring store and servers into agreement once."""
    with _client(given, keep_bodies="all" if given.bodies else "opened") as client:
        names = _account_names(client, given.account)
        if given.folder:
            client.watch_folder(client.find_folder(given.folder, given.account).id)
        client.start()
        worst, finished = 0, list[dict[str, Any]]()
        with _progress(client):
            for name in names:
                status = _settled(client, name, given.timeout)
                worst = max(worst, _exit_of(status))
                finished.append(_status_json(status))
        for status_json in finished:
            if status_json["error"]:
                print(f"{status_json['account']}: {status_json['error']}", file=sys.stderr)
        totals = {name: sum(f.total for f in client.folders() if f.account == name) for name in names}
        document = [{**entry, "messages": totals[entry["account"]]} for entry in finished]
        _answer(given, document, *(f"{name}: {totals[name]} messages" for name in names if not worst))
        return worst


def watch(given: Arguments) -> int:
    """Stay connected and print one JSON line for every change, until interrupted."""
    with _client(given) as client:
        names = set(_account_names(client, given.account))
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: events.put(None))
        client.subscribe(events.put)
        known = {folder.id: _snapshot(client, folder.id) for folder in client.folders()}
        client.start()
        while (event := events.get()) is not None:
            if isinstance(event, StatusChanged) and event.status.account in names:
                _line({"event": "status", **_status_json(event.status)})
            elif isinstance(event, FoldersChanged):
                for folder_id in event.folder_ids:
                    folder = client.folder(folder_id)
                    if folder is None or folder.account not in names:
                        continue
                    before, now = known.get(folder_id, {}), _snapshot(client, folder_id)
                    known[folder_id] = now
                    for line in _differences(before, now):
                        _line({"account": folder.account, "folder": folder.shown, **line})
                    _line({"event": "folder", **_folder_json(folder)})
    return 0


# --- reading ----------------------------------------------------------------------------------


def folders(given: Arguments) -> int:
    """All folders."""
    with _client(given) as client:
        found = client.folders()
        lines = (f"{f.account}\t{f.shown}\t{f.role.value or '-'}\t{f.unread}/{f.total}" for f in found)
        _answer(given, [_folder_json(folder) for folder in found], *lines)
    return 0


def list_rows(given: Arguments) -> int:
    """The newest rows of a folder."""
    with _client(given) as client:
        folder = client.find_folder(given.folder)
        found = client.first_rows(folder.id, given.limit, unread=given.unread)
        lines = (f"{row.id}\t{_when(row.date)}\t{_marks(row)}\t{_people(row.from_)}\t{row.subject}" for row in found)
        _answer(given, [_row_json(row, folder) for row in found], *lines)
    return 0


def show(given: Arguments) -> int:
    """One message: its headers and its text."""
    with _client(given) as client:
        row = client.row(given.id)
        if row is None:
            raise NotFound(f"There is no message {given.id}; `tui-mail list inbox` shows the numbers.")
        raw = client.raw(given.id) or _fetched(client, given.id)
        if given.raw:
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            return 0
        message = client.message(given.id)
        folder = client.folder(row.folder_id)
        if message is None or folder is None:
            raise NotFound(f"Message {given.id} was moved or deleted while it was read.")
        if given.headers and not given.json:
            print("\n".join(f"{name}: {value}" for name, value in message.headers))
            return 0
        _answer(given, {**_row_json(row, folder), **_message_json(message)}, *_message_lines(message))
    return 0


# --- acting -----------------------------------------------------------------------------------


def mark(given: Arguments) -> int:
    """Set and clear flags."""
    add = (Flag.SEEN if given.seen else Flag.NONE) | (Flag.FLAGGED if given.star else Flag.NONE)
    add |= Flag.ANSWERED if given.answered else Flag.NONE
    remove = (Flag.SEEN if given.unseen else Flag.NONE) | (Flag.FLAGGED if given.unstar else Flag.NONE)
    if not (add or remove or given.keyword or given.no_keyword) or add & remove:
        raise UsageError("Say what to mark: --seen or --unseen, --star or --unstar, --answered, --keyword K.")
    with _client(given) as client:
        _known(client, given.ids)
        change = client.mark(
            given.ids, add=add, remove=remove, add_keywords=given.keyword, remove_keywords=given.no_keyword
        )
        return _acted(given, client, change)


def move(given: Arguments) -> int:
    """Move messages to a folder of their account."""
    with _client(given) as client:
        rows = _known(client, given.ids)
        target = client.find_folder(given.folder, None if ":" in given.folder else rows[0].account)
        foreign = [row.id for row in rows if row.account != target.account]
        if foreign:
            raise UsageError(f"Messages {foreign} are of another account than {target.shown}; nothing was moved.")
        return _acted(given, client, client.move(given.ids, target.id))


def archive(given: Arguments) -> int:
    """Move messages to the archive."""
    with _client(given) as client:
        _known(client, given.ids)
        return _acted(given, client, client.archive(given.ids))


def delete(given: Arguments) -> int:
    """Move messages to the trash, or with --forever out of it."""
    with _client(given) as client:
        rows = _known(client, given.ids)
        if given.forever:
            trash = {f.id for f in client.folders() if f.role == "trash"}
            if any(row.folder_id not in trash for row in rows):
                raise UsageError("--forever works on messages in the trash; nothing was deleted.")
            return _acted(given, client, client.expunge(given.ids))
        return _acted(given, client, client.delete(given.ids))


def junk(given: Arguments) -> int:
    """Move messages to the junk folder."""
    with _client(given) as client:
        _known(client, given.ids)
        return _acted(given, client, client.junk(given.ids))


def undo(given: Arguments) -> int:
    """Take the newest action back, or show what was done."""
    with _client(given) as client:
        if given.list:
            done = client.changes()
            lines = (
                f"{_when(c.created)}\t{c.state}\t{c.summary}{'' if c.undoable else '  (cannot be undone)'}"
                for c in done
            )
            _answer(given, [_change_json(change, undoable=True) for change in done], *lines)
            return 0
        return _acted(given, client, client.undo(), nothing="There is nothing to undo.")


# --- shared -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _client(given: Arguments, keep_bodies: str | None = None) -> Iterator[MailClient]:
    config = configuration.load(given.paths)
    for problem in config.problems:
        print(problem.sentence, file=sys.stderr)
    if not config.accounts:
        raise ConfigError("There is no account in config.toml; `tui-mail account add` makes one.")
    used = config.accounts
    if keep_bodies is not None:
        used = tuple(replace(account, keep_bodies=keep_bodies) for account in used)
    client = MailClient(given.paths, used)
    try:
        yield client
    finally:
        client.stop()


def _account_names(client: MailClient, wanted: str | None) -> list[str]:
    names = [account.name for account in client.accounts]
    if wanted is None:
        return names
    if wanted not in names:
        raise NotFound(f"There is no account {wanted!r}; `tui-mail account list` shows them.")
    return [wanted]


def _known(client: MailClient, ids: Sequence[int]) -> list[Row]:
    rows = client.rows(ids)
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing:
        raise NotFound(f"There is no message {missing[0]}; nothing was done. `tui-mail list inbox` shows the numbers.")
    return rows


def _acted(given: Arguments, client: MailClient, future: Future[Change | None], nothing: str = "") -> int:
    """Report an action, and tell the server about it now if nobody else does."""
    change = future.result()
    if change is None:
        _answer(given, None, nothing or "Nothing to do: it is so already.")
        return 0
    client.start()
    deadline = time.monotonic() + REPLAY_SECONDS
    state = client.state_of(change)
    while state in (ChangeState.QUEUED, ChangeState.RUNNING) and time.monotonic() < deadline:
        line = next((s for s in client.statuses() if s.account == change.account), None)
        if line is not None and line.state in (LinkState.OFFLINE, LinkState.REFUSED):
            print(f"{line.sentence} The action is kept and will be sent.", file=sys.stderr)
            break
        threading.Event().wait(0.02)
        state = client.state_of(change)
    _answer(given, _change_json(replace(change, state=state)), f"{change.summary} ({state})")
    if state is ChangeState.FAILED:
        return 1
    waiting = state in (ChangeState.QUEUED, ChangeState.RUNNING)
    return 75 if waiting and given.wait else 0


def _fetched(client: MailClient, message_id: int) -> bytes:
    """The body, brought here first. Raises what kept it away."""
    arrived: queue.SimpleQueue[BodyArrived] = queue.SimpleQueue()

    def hear(event: Event) -> None:
        if isinstance(event, BodyArrived) and event.message_id == message_id:
            arrived.put(event)

    client.subscribe(hear)
    client.start()
    deadline, asked = time.monotonic() + OPEN_SECONDS, False
    while time.monotonic() < deadline:
        if not asked and client.is_settled:
            client.request_body(message_id)
            asked = True
        with contextlib.suppress(queue.Empty):
            event = arrived.get(timeout=0.05)
            if event.problem:
                raise MailError(event.problem)
        raw = client.raw(message_id)
        if raw is not None:
            return raw
    raise MailError("The message did not come within half a minute; it is safe on the server. Try again.")


def _settled(client: MailClient, name: str, timeout: float) -> AccountStatus:
    """Wait until an account has nothing left to do, is out of reach, or the time is over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = next(s for s in client.statuses() if s.account == name)
        if status.state in (LinkState.OFFLINE, LinkState.REFUSED):
            return status
        if client.is_settled:
            if client.wait_until_synced(name, 0.2):
                return next(s for s in client.statuses() if s.account == name)
        else:
            threading.Event().wait(0.02)
    return next(s for s in client.statuses() if s.account == name)


def _exit_of(status: AccountStatus) -> int:
    if status.state is LinkState.LIVE:
        return 0
    return status.exit_code or 75


@contextlib.contextmanager
def _progress(client: MailClient) -> Iterator[None]:
    """Counts on stderr while a sync goes on, if somebody watches it."""
    if not sys.stderr.isatty():
        yield
        return

    def hear(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.status.total:
            status = event.status
            print(f"\r{status.account}: {status.done:,}/{status.total:,}\x1b[K", end="", file=sys.stderr, flush=True)

    client.subscribe(hear)
    yield
    print("\r\x1b[K", end="", file=sys.stderr)


def _typed_password(account: Account) -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        import getpass

        password = getpass.getpass(f"Password of {account.incoming.user} on {account.incoming.host}: ")
    if not password:
        raise UsageError("No password was given; the account was not added. --password-command names a program for it.")
    return password


# --- as text and as JSON ----------------------------------------------------------------------


def _answer(given: Arguments, document: object, *lines: str) -> None:
    if given.json:
        _line(document)
    else:
        for line in lines:
            print(line)


def _line(document: object) -> None:
    print(json.dumps(document, ensure_ascii=False), flush=True)


def _leg(server: Server) -> dict[str, Any]:
    return {"host": server.host, "port": server.port, "security": server.security.value, "user": server.user}


def _status_json(status: AccountStatus) -> dict[str, Any]:
    return {
        "account": status.account,
        "state": status.state.value,
        "done": status.done,
        "total": status.total,
        "pending": status.pending,
        "failed": status.failed,
        "error": status.sentence if status.state in (LinkState.OFFLINE, LinkState.REFUSED) else "",
    }


def _folder_json(folder: Folder) -> dict[str, Any]:
    return {
        "account": folder.account,
        "name": folder.name,
        "role": folder.role.value,
        "total": folder.total,
        "unread": folder.unread,
    }


def _row_json(row: Row, folder: Folder) -> dict[str, Any]:
    names = (("seen", Flag.SEEN), ("answered", Flag.ANSWERED), ("flagged", Flag.FLAGGED), ("draft", Flag.DRAFT))
    return {
        "id": row.id,
        "account": row.account,
        "folder": folder.name,
        "uid": row.uid,
        "message_id": row.message_id,
        "thread": row.thread,
        "date": _iso(row.date),
        "from": _addresses(row.from_),
        "to": _addresses(row.to),
        "subject": row.subject,
        "flags": [name for name, flag in names if flag in row.flags] + list(row.keywords),
        "size": row.size,
        "has_attachments": row.has_attachments,
        "snippet": row.snippet,
        "state": row.state.value,
    }


def _message_json(message: Message) -> dict[str, Any]:
    return {
        "cc": _addresses(message.cc),
        "bcc": _addresses(message.bcc),
        "reply_to": _addresses(message.reply_to),
        "text": message.text,
        "links": [link.url for link in message.links],
        "attachments": [
            {"index": p.index, "filename": p.filename, "content_type": p.content_type, "size": p.size}
            for p in message.attachments
        ],
        "trust": {"warnings": list(message.warnings), "remote_images": message.remote_images},
        "headers": [[name, value] for name, value in message.headers],
    }


def _message_lines(message: Message) -> Iterator[str]:
    yield f"From: {_people(message.from_)}"
    yield f"To: {_people(message.to)}"
    if message.cc:
        yield f"Cc: {_people(message.cc)}"
    yield f"Date: {_when(message.date) if message.date is not None else '?'}"
    yield f"Subject: {message.subject}"
    for warning in message.warnings:
        yield f"! {warning}"
    yield ""
    yield message.text.rstrip("\n")
    for part in message.attachments:
        yield f"[{part.index}] {part.filename} ({part.content_type}, {part.size} octets)"


def _change_json(change: Change, *, undoable: bool = False) -> dict[str, Any]:
    document: dict[str, Any] = {
        "change": change.id,
        "account": change.account,
        "kind": change.kind.value,
        "state": change.state.value,
        "summary": change.summary,
        "count": change.count,
        "ids": list(change.message_ids),
    }
    if undoable:
        document |= {"undoable": change.undoable, "created": _iso(change.created), "error": change.error}
    return document


def _snapshot(client: MailClient, folder_id: int) -> dict[int, Row]:
    return {row.id: row for row in client.first_rows(folder_id, WATCHED_ROWS)}


def _differences(before: dict[int, Row], now: dict[int, Row]) -> Iterator[dict[str, Any]]:
    """Messages that came, went or have other flags, among the newest; older ones sliding in or out are no change."""
    oldest = min((row.date for row in now.values()), default=0) if len(now) >= WATCHED_ROWS else 0
    newest_known = max((row.date for row in before.values()), default=0)
    for id_, row in now.items():
        old = before.get(id_)
        if old is None:
            if not before or row.date >= newest_known or len(before) < WATCHED_ROWS:
                yield {"event": "arrived", "id": id_, "subject": row.subject, "from": _addresses(row.from_)}
        elif (old.flags, old.keywords) != (row.flags, row.keywords):
            flags = [flag.name.lower() for flag in Flag if flag in row.flags and flag.name]
            yield {"event": "flags", "id": id_, "flags": flags + list(row.keywords)}
    for id_, old in before.items():
        if id_ not in now and old.date >= oldest:
            yield {"event": "gone", "id": id_, "subject": old.subject}


def _addresses(addresses: tuple[Address, ...]) -> list[dict[str, str]]:
    return [{"name": address.name, "email": address.email} for address in addresses]


def _people(addresses: tuple[Address, ...]) -> str:
    return ", ".join(f"{a.name} <{a.email}>" if a.name else a.email for a in addresses)


def _marks(row: Row) -> str:
    return ("●" if row.unread else " ") + ("★" if row.starred else " ") + ("⎘" if row.has_attachments else " ")


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return ""


def _when(seconds: int) -> str:
    return _iso(seconds)[:16].replace("T", " ")
