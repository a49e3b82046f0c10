"""Messages for the command line, brought here first where they are on the server only.

What belongs here: asking, waiting, and counting on stderr while it takes. What must never be here: what a command
makes of them.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator

from tui_mail.client import MailClient
from tui_mail.errors import ConnectionLost, MailError, NotFound
from tui_mail.excerpt import PARTIAL_FROM
from tui_mail.model import BodyArrived, Event, Message, Row
from tui_mail.session import status_of

OPEN_SECONDS = 30.0
"""How long a message that is opened is waited for."""


def fetched(client: MailClient, row: Row) -> bytes:
    """The body, brought here first. Raises what kept it away."""
    if row.size >= PARTIAL_FROM:
        _begin(client)
        with counted(f"message {row.id}: ", row.size) as count:
            return client.whole(row.id, count)
    _ask(client, row, client.request_body, lambda: client.raw(row.id) is not None)
    raw = client.raw(row.id)
    if raw is None:
        raise NotFound(f"Message {row.id} was moved or deleted while it was read.")
    return raw


def readable(client: MailClient, row: Row) -> Message:
    """The message; of a large one, as much as is needed to read it, brought here first. Raises what kept it away."""
    message = client.message(row.id)
    if message is None:
        _ask(client, row, client.request_text, lambda: client.is_readable(row.id))
        message = client.message(row.id)
    elif message.away:
        _begin(client)  # its files may be asked for
    if message is None:
        raise NotFound(f"Message {row.id} was moved or deleted while it was read.")
    return message


def _begin(client: MailClient) -> None:
    """Start the client; returns when it is decided which process asks the servers."""
    client.start()
    while not client.is_settled:
        threading.Event().wait(0.02)


def _ask(client: MailClient, row: Row, request: Callable[[int], None], is_here: Callable[[], bool]) -> None:
    """Have something of a message fetched, and wait for it. Raises what kept it away."""
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
            request(message_id)
            asked = True
        with contextlib.suppress(queue.Empty):
            event = arrived.get(timeout=0.05)
            if event.problem:
                failure = MailError(f"The text of message {message_id} is not on this computer yet. {event.problem}")
                status = status_of(client, row.account)
                if status is not None and status.state.is_down:
                    failure.exit_code = status.exit_code or failure.exit_code
                raise failure
        if is_here():
            return
    raise ConnectionLost("The message did not come within half a minute; it is safe on the server. Try again.")


@contextlib.contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Counts the octets of what is fetched on stderr, if somebody watches it."""

    def count(octets: int) -> None:
        sys.stderr.write(f"\r{what}{octets / 1e6:.1f}/{total / 1e6:.1f} MB\x1b[K")
        sys.stderr.flush()

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield count
    finally:
        sys.stderr.write("\r\x1b[K")
