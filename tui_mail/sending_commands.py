"""The commands that send: a finished message, what waits in the outbox, a mailto: link.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: composing
(the client), SMTP.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from tui_mail.answers import Arguments, answer, outbox_json, outbox_lines
from tui_mail.client import MailClient
from tui_mail.errors import NotFound
from tui_mail.model import Change
from tui_mail.outgoing import Draft, OutboxEntry, SendState
from tui_mail.session import account_names, carried_out, opened
from tui_mail.text import safe_line

SEND_SECONDS = 120.0
"""How long a message is waited for when this process is the one that sends it."""
COPY_SECONDS = 20.0
"""How long its Sent copy is waited for after that."""
DAY = 86_400


def send(given: Arguments) -> int:
    """Send a finished message, or with --draft keep it as a draft."""
    raw = _message(given.file)
    with opened(given) as client:
        account = account_names(client, given.account)[0] if given.account else client.account_for(raw)
        if given.draft:
            change = client.draft_raw(raw, account).result()
            return _kept(given, client, change)
        entry = client.send_raw(raw, account, given.to).result()
        return _on_its_way(given, client, entry)


def outbox(given: Arguments) -> int:
    """What is being sent; or do something with one message of it."""
    with opened(given) as client:
        for wish, do in (
            ("retry", client.retry_sending),
            ("send_again", client.send_again),
            ("sent", client.take_as_sent),
        ):
            asked: int | None = getattr(given, wish)
            if asked is not None:
                do(asked).result()
                return _on_its_way(given, client, _entry(client, asked))
        if given.cancel is not None:
            draft = client.cancel_sending(given.cancel, keep=True).result()
            entry = _entry(client, given.cancel)
            kept = [] if draft is None else [f"        a draft again, to {safe_line(_to(draft))}"]
            answer(given, outbox_json(entry), *outbox_lines(entry), *kept)
            return 0
        found = client.outbox(done_since=0 if given.all else None)
        lines = [line for entry in found for line in outbox_lines(entry)] or ["Nothing is waiting to be sent."]
        answer(given, [outbox_json(entry) for entry in found], *lines)
        return 0


def _on_its_way(given: Arguments, client: MailClient, entry: OutboxEntry) -> int:
    """Send it from here if no other tui-mail does; 75 with --wait when it still waits, 1 when it was refused.

    1 also when nobody knows whether it was sent: a script that tries again would send it twice.
    """
    client.start()
    deadline = time.monotonic() + (given.timeout if given.wait else SEND_SECONDS)
    while time.monotonic() < deadline:
        entry = _entry(client, entry.id)
        if not entry.is_moving or (client.is_settled and not client.is_engine and not given.wait):
            break
        if entry.error and not given.wait:
            break
        threading.Event().wait(0.05)
    deadline = time.monotonic() + COPY_SECONDS
    while entry.state is SendState.ACCEPTED and client.is_engine and time.monotonic() < deadline:
        threading.Event().wait(0.05)
        entry = _entry(client, entry.id)
    if entry.copy and client.is_engine:
        client.wait_until_synced(entry.account, COPY_SECONDS)
    answer(given, outbox_json(entry), *outbox_lines(entry))
    if entry.error:
        print(entry.error, file=sys.stderr)
    if entry.state in (SendState.FAILED, SendState.UNKNOWN):
        return 1
    return 75 if given.wait and entry.is_moving else 0


def _kept(given: Arguments, client: MailClient, change: Change | None) -> int:
    if change is None:
        raise NotFound("The draft could not be kept; nothing was stored.")
    (now,), code = carried_out(given, client, [change])
    answer(given, {"state": now.state.value, "id": now.message_ids[0] if now.message_ids else 0}, "kept as a draft")
    return code


def _to(draft: Draft) -> str:
    return ", ".join(filter(None, (draft.to, draft.cc, draft.bcc)))


def _entry(client: MailClient, outbox_id: int) -> OutboxEntry:
    entry = client.outbox_entry(outbox_id)
    if entry is None:
        raise NotFound(f"There is no message {outbox_id} in the outbox; `tui-mail outbox` shows them.")
    return entry


def _message(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise NotFound(f"{name} cannot be read ({error.strerror}); nothing was sent.") from error
