"""Searching from the command line: words in the language of `understanding`, rows out.

What belongs here: printing what was found, and how much was looked at. What must never be here: how it is found.
"""

from __future__ import annotations

import queue
import sys
import threading
import time

from tui_mail.answers import Arguments, answer, row_json, row_line
from tui_mail.client import MailClient
from tui_mail.client.searching import covered_words
from tui_mail.client.server_side import ServerSide
from tui_mail.errors import StoreError, UsageError
from tui_mail.model import Event, SearchAnswered
from tui_mail.query import Query
from tui_mail.session import opened
from tui_mail.text import safe_line
from tui_mail.understanding import understand

INDEX_SECONDS = 10.0
"""How long a search first puts into the index what is missing there; a running tui-mail does so by itself."""
OUT_OF_REACH = 69


def search(given: Arguments) -> int:
    """The newest messages that a query means; what was not understood, and what was covered, goes to stderr.

    Exit 69 when a server that was to be asked did not answer; what was found is printed nevertheless.
    """
    now = time.time()
    query = understand(" ".join(given.query), now)
    if query.is_empty:
        raise UsageError(
            f"There is nothing to search for in this: {'; '.join(query.hints)}."
            if query.hints
            else "Say what to search for, such as: tui-mail search from:anna report newer:30d"
        )
    with opened(given) as client:
        try:
            client.index_now(INDEX_SECONDS)
        except StoreError as error:  # what was put into it before can still be found
            print(error.shown, file=sys.stderr)
        side = _asked(client, query, now, given.timeout) if given.server else None
        searcher = client.searcher()
        try:
            found = searcher.find(query, side.ids if side is not None else ())
        finally:
            searcher.close()
        folders = {folder.id: folder for folder in client.folders()}
        rows = [row for row in client.rows(found.ids[: given.limit]) if row.folder_id in folders]
        for hint in (*found.hints, *(side.hints if side is not None else ())):
            print(hint, file=sys.stderr)
        words = [f"{len(found.ids):,} found", covered_words(found.covered)]
        if len(rows) < len(found.ids):
            words.insert(1, f"the newest {len(rows):,} shown")
        if side is not None:
            words.append(side.words(found.added))
            for account, problem in side.problems.items():
                print(f"{safe_line(account)}: {problem}", file=sys.stderr)
        print(" · ".join(words), file=sys.stderr)
        answer(given, [row_json(row, folders[row.folder_id]) for row in rows], *map(row_line, rows))
    return OUT_OF_REACH if side is not None and side.problems else 0


def _asked(client: MailClient, query: Query, now: float, timeout: float) -> ServerSide:
    """What the servers answer in time."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    client.subscribe(events.put)
    deadline = time.monotonic() + timeout
    client.start()
    while not client.is_settled and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    side = client.ask_servers(query, now)
    while not side.is_done:
        try:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            late = safe_line("The server took too long; what it would have added is missing.")
            side.problems |= dict.fromkeys((name for name, left in side.waiting.items() if left), late)
            break
        if isinstance(event, SearchAnswered):
            side.take(event)
    return side
