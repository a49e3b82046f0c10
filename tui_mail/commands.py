"""What each command about mail does; `cli` parses the words and turns errors into exit codes.

What belongs here: one function a command, from parsed arguments to an exit code, and the waiting it takes. Data
goes to stdout, words for people and progress to stderr; `answers` gives both their shape.
"""

from __future__ import annotations

import base64
import contextlib
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from tui_mail.answers import (
    Arguments,
    addresses,
    answer,
    change_json,
    change_line,
    flag_names,
    folder_json,
    folder_line,
    header_lines,
    line,
    message_json,
    message_lines,
    row_json,
    row_line,
    status_json,
)
from tui_mail.client import MailClient
from tui_mail.config import accounts as configuration
from tui_mail.errors import ConfigError, ConnectionLost, MailError, NotFound, UsageError
from tui_mail.model import (
    AccountStatus,
    BodyArrived,
    Change,
    ChangeState,
    Event,
    Flag,
    FoldersChanged,
    LinkState,
    Protocol,
    Row,
    StatusChanged,
)
from tui_mail.text import SafeText, safe_line

OPEN_SECONDS = 30.0
"""How long `show` waits for a body."""
REPLAY_SECONDS = 15.0
"""How long an action waits for the server before it leaves the rest to the next sync."""
WATCHED_ROWS = 500
"""Newest rows of a folder in which `watch` tells single messages apart."""

DOWN = (LinkState.OFFLINE, LinkState.REFUSED)

# --- talking to servers -----------------------------------------------------------------------


def sync(given: Arguments) -> int:
    """Bring store and servers into agreement once."""
    with _client(given, keep_bodies="all" if given.bodies else "opened") as client:
        names = _account_names(client, given.account)
        if given.folder:
            client.watch_folder(client.find_folder(given.folder, given.account).id)
        client.start()
        with _progress(client):
            statuses = [_settled(client, name, given.timeout) for name in names]
        codes, totals = list[int](), dict[str, int]()
        for status in statuses:
            code, words = _outcome(client, status, given.timeout)
            codes.append(code)
            totals[status.account] = sum(f.total for f in client.folders() if f.account == status.account)
            if words:
                print(safe_line(f"{status.account}: {words}"), file=sys.stderr)
        document = [{**status_json(status), "messages": totals[status.account]} for status in statuses]
        done = [status for status, code in zip(statuses, codes, strict=True) if code == 0]
        answer(given, document, *(safe_line(f"{s.account}: {totals[s.account]} messages") for s in done))
        return max(codes, default=0)


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
                line({"event": "status", **status_json(event.status)})
            elif isinstance(event, FoldersChanged):
                for folder_id in event.folder_ids:
                    folder = client.folder(folder_id)
                    if folder is None or folder.account not in names:
                        continue
                    before, now = known.get(folder_id, {}), _snapshot(client, folder_id)
                    known[folder_id] = now
                    for change in _differences(before, now):
                        line({**change, "account": folder.account, "folder": folder.name})
                    line({"event": "folder", **folder_json(folder)})
    return 0


# --- reading ----------------------------------------------------------------------------------


def folders(given: Arguments) -> int:
    """All folders."""
    with _client(given) as client:
        found = client.folders()
        answer(given, [folder_json(folder) for folder in found], *map(folder_line, found))
    return 0


def list_rows(given: Arguments) -> int:
    """The newest rows of a folder."""
    with _client(given) as client:
        folder = client.find_folder(given.folder)
        found = client.first_rows(folder.id, given.limit, unread=given.unread)
        answer(given, [row_json(row, folder) for row in found], *map(row_line, found))
    return 0


def show(given: Arguments) -> int:
    """One message: its headers and its text."""
    with _client(given) as client:
        row = client.row(given.id)
        if row is None:
            raise NotFound(f"There is no message {given.id}; `tui-mail list inbox` shows the numbers.")
        raw = client.raw(given.id) or _fetched(client, row)
        folder = client.folder(row.folder_id)
        if given.raw and given.json and folder is not None:
            answer(given, {**row_json(row, folder), "raw": base64.b64encode(raw).decode()})
            return 0
        if given.raw:
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            return 0
        message = client.message(given.id)
        if message is None or folder is None:
            raise NotFound(f"Message {given.id} was moved or deleted while it was read.")
        if given.headers and not given.json:
            answer(given, None, *header_lines(message))
            return 0
        if message.snippet:
            row = replace(row, snippet=message.snippet)
        answer(given, {**row_json(row, folder), **message_json(message)}, *message_lines(message))
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
            answer(given, [change_json(change, in_history=True) for change in done], *map(change_line, done))
            return 0
        return _acted(given, client, client.undo(), nothing="There is nothing to undo.")


# --- shared -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _client(given: Arguments, keep_bodies: str | None = None) -> Iterator[MailClient]:
    config = configuration.load(given.paths)
    *others, reason = [problem.sentence for problem in config.problems] or [
        SafeText("There is no account in config.toml; `tui-mail account add` makes one.")
    ]
    for sentence in others:
        print(sentence, file=sys.stderr)
    if not config.accounts:
        raise ConfigError(reason)
    if config.problems:
        print(reason, file=sys.stderr)
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
        answer(given, None, nothing or "Nothing to do: it is so already.")
        return 0
    client.start()
    deadline = time.monotonic() + REPLAY_SECONDS
    state = client.state_of(change)
    while state in (ChangeState.QUEUED, ChangeState.RUNNING) and time.monotonic() < deadline:
        if client.is_settled and not client.is_engine and not given.wait:
            break  # the tui-mail that is running sends it
        status = _status(client, change.account)
        if status is not None and status.state in DOWN:
            print(f"{status.sentence} The action is kept and will be sent.", file=sys.stderr)
            break
        threading.Event().wait(0.02)
        state = client.state_of(change)
    answer(given, change_json(replace(change, state=state)), f"{change.summary} ({state})")
    if state is ChangeState.FAILED:
        return 1
    waiting = state in (ChangeState.QUEUED, ChangeState.RUNNING)
    return 75 if waiting and given.wait else 0


def _fetched(client: MailClient, row: Row) -> bytes:
    """The body, brought here first. Raises what kept it away."""
    message_id = row.id
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
                failure = MailError(f"The text of message {message_id} is not on this computer yet. {event.problem}")
                status = _status(client, row.account)
                if status is not None and status.state in DOWN:
                    failure.exit_code = status.exit_code or failure.exit_code
                raise failure
        raw = client.raw(message_id)
        if raw is not None:
            return raw
    raise ConnectionLost("The message did not come within half a minute; it is safe on the server. Try again.")


def _status(client: MailClient, account: str) -> AccountStatus | None:
    return next((status for status in client.statuses() if status.account == account), None)


def _settled(client: MailClient, name: str, timeout: float) -> AccountStatus:
    """Wait until an account has nothing left to do, is out of reach, or the time is over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = next(s for s in client.statuses() if s.account == name)
        if status.state in DOWN:
            return status
        if client.is_settled:
            if client.wait_until_synced(name, 0.2):
                return next(s for s in client.statuses() if s.account == name)
        else:
            threading.Event().wait(0.02)
    return next(s for s in client.statuses() if s.account == name)


def _outcome(client: MailClient, status: AccountStatus, timeout: float) -> tuple[int, str]:
    """What a sync came to: the exit code, and what there is to say about it."""
    account = next(account for account in client.accounts if account.name == status.account)
    if account.protocol is not Protocol.IMAP:
        return 1, "this version reads IMAP accounts only; nothing was changed."
    if status.state is LinkState.LIVE:
        return 0, status.sentence
    if status.state in DOWN:
        return status.exit_code or 75, status.sentence
    return 75, f"not finished within {timeout:g} seconds; what came is kept, and the next sync goes on there."


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
                yield {"event": "arrived", "id": id_, "subject": row.subject, "from": addresses(row.from_)}
        elif (old.flags, old.keywords) != (row.flags, row.keywords):
            yield {"event": "flags", "id": id_, "flags": flag_names(row)}
    for id_, old in before.items():
        if id_ not in now and old.date >= oldest:
            yield {"event": "gone", "id": id_, "subject": old.subject}
