"""What each command does that reads mail or keeps up with servers; `cli` parses the words.

What belongs here: one function a command, from parsed arguments to an exit code, and the waiting it takes. Data
goes to stdout, words for people and progress to stderr; `answers` gives both their shape.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tui_mail.answers import (
    Arguments,
    addresses,
    answer,
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
    thread_json,
    thread_line,
)
from tui_mail.bringing import fetched, readable
from tui_mail.client import MailClient
from tui_mail.errors import NotFound
from tui_mail.model import (
    AccountStatus,
    Conversation,
    Event,
    Folder,
    FoldersChanged,
    LinkState,
    Row,
    StatusChanged,
)
from tui_mail.orders import Order, Sort
from tui_mail.session import account_names, opened
from tui_mail.text import safe_line

THREADS_AT_ONCE = 100
"""Threads that `list --threads` reads at once."""
WATCHED_ROWS = 500
"""Newest rows of a folder in which `watch` tells single messages apart."""

# --- talking to servers -----------------------------------------------------------------------


def sync(given: Arguments) -> int:
    """Bring store and servers into agreement once."""
    with opened(given, keep_bodies="all" if given.bodies else "opened") as client:
        names = account_names(client, given.account)
        if given.folder:
            client.watch_folder(client.find_folder(given.folder, given.account).id)
        client.start()
        with _progress(client):
            statuses = [_settled(client, name, given.timeout) for name in names]
        codes, totals = list[int](), dict[str, int]()
        for status in statuses:
            code, words = _outcome(status, given.timeout)
            codes.append(code)
            totals[status.account] = sum(f.total for f in client.folders() if f.account == status.account)
            if words:
                print(safe_line(f"{status.account}: {words}"), file=sys.stderr)
        for sentence in client.warnings(once=True):
            print(sentence, file=sys.stderr)
        document = [{**status_json(status), "messages": totals[status.account]} for status in statuses]
        done = [status for status, code in zip(statuses, codes, strict=True) if code == 0]
        answer(given, document, *(safe_line(f"{s.account}: {totals[s.account]} messages") for s in done))
        return max(codes, default=0)


def watch(given: Arguments) -> int:
    """Stay connected and print one JSON line for every change, until interrupted."""
    with opened(given) as client:
        names = set(account_names(client, given.account))
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
    with opened(given) as client:
        found = client.folders()
        answer(given, [folder_json(folder) for folder in found], *map(folder_line, found))
    return 0


def list_rows(given: Arguments) -> int:
    """The first rows of a folder, the newest if nothing else is said."""
    with opened(given) as client:
        folder = client.find_place(given.folder)
        known = {one.id: one for one in client.folders()}
        order = Order(Sort(given.sort), given.reverse)
        if given.threads:
            listed = list(itertools.islice(_threads(client, folder, order, unread=given.unread), given.limit))
            document = [thread_json(row, said, known.get(row.folder_id, folder)) for row, said in listed]
            answer(given, document, *(f"{thread_line(row, said)}{_whose(row, folder)}" for row, said in listed))
            return 0
        found = client.first_in_order(folder, order, given.limit, unread=given.unread)
        document = [row_json(row, known.get(row.folder_id, folder)) for row in found]
        answer(given, document, *(f"{row_line(row)}{_whose(row, folder)}" for row in found))
    return 0


def show(given: Arguments) -> int:
    """One message: its headers and its text."""
    with opened(given) as client:
        row = client.row(given.id)
        if row is None:
            raise NotFound(f"There is no message {given.id}; `tui-mail list inbox` shows the numbers.")
        folder = client.folder(row.folder_id)
        if given.raw:
            raw = client.raw(given.id) or fetched(client, row)
            if given.json and folder is not None:
                answer(given, {**row_json(row, folder), "raw": base64.b64encode(raw).decode()})
                return 0
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            return 0
        message = readable(client, row)
        if folder is None:
            raise NotFound(f"Message {given.id} was moved or deleted while it was read.")
        if given.headers and not given.json:
            answer(given, None, *header_lines(message))
            return 0
        if message.snippet:
            row = replace(row, snippet=message.snippet)
        from tui_mail.client.telling import told

        found = told(client, row, message)
        answer(given, {**row_json(row, folder), **message_json(found)}, *message_lines(found))
    return 0


def _threads(client: MailClient, folder: Folder, order: Order, *, unread: bool) -> Iterator[tuple[Row, Conversation]]:
    """The threads of a folder in an order, each by its newest message."""
    threads = client.threads_in_order(client.threads(folder.id), folder, order)
    for at in range(0, len(threads.heads), THREADS_AT_ONCE):
        groups = [threads.group(index) for index in range(at, min(at + THREADS_AT_ONCE, len(threads.heads)))]
        said = client.conversations(folder.id, groups)
        for row in client.rows([group[0] for group in groups]):
            if row.id in said and (said[row.id].unread or not unread):
                yield row, said[row.id]


def _whose(row: Row, folder: Folder) -> str:
    """The account of a message at the end of its line, where the list is of several."""
    return "" if folder.account else f"\t{row.account}"


# --- shared -----------------------------------------------------------------------------------


def _settled(client: MailClient, name: str, timeout: float) -> AccountStatus:
    """Wait until an account has nothing left to do, is out of reach, or the time is over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        status = next(s for s in client.statuses() if s.account == name)
        if status.state.is_down:
            return status
        if client.is_settled:
            if client.wait_until_synced(name, 0.2):
                return next(s for s in client.statuses() if s.account == name)
        else:
            threading.Event().wait(0.02)
    return next(s for s in client.statuses() if s.account == name)


def _outcome(status: AccountStatus, timeout: float) -> tuple[int, str]:
    """What a sync came to: the exit code, and what there is to say about it."""
    if status.state is LinkState.LIVE and status.pending:
        return 75, f"{status.pending} changes still wait for the server; they are kept, and sent when it takes them."
    if status.state is LinkState.LIVE:
        return 0, status.sentence
    if status.state.is_down:
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
