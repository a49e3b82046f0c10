"""Storing a message made here in a folder of the server, so that a crash between two steps leaves nothing half done.

What belongs here: the order of the steps: a row that nobody sees, its octets, then the change that shows and sends it.
What must never be here: sending (the engine).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from tui_mail.client import actions
from tui_mail.errors import NotFound, UsageError
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Change, Flag
from tui_mail.store import bodies, folders, unborn
from tui_mail.store.database import Database, Transaction
from tui_mail.store.messages import Arrival

Act = Callable[[actions.Job], "Future[Change | None]"]


def upload(db: Database, folder_id: int, raw: bytes, flags: Flag, when: int | None, act: Act) -> Future[Change | None]:
    """Store it; the future resolves when it is durable here. Raises UsageError for nothing, and for NUL."""
    if not raw.strip() or b"\0" in raw:
        raise UsageError("That is no message (it is empty, or holds NUL); nothing was stored.")
    whole = re.sub(rb"\r?\n", b"\r\n", raw)
    stored = Future[Change | None]()
    stored.set_running_or_notify_cancel()

    def work() -> None:
        try:
            moment = int(time.time()) if when is None else when
            head = whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            arrival = Arrival(0, flags, (), moment, len(whole), parse_headers(head))
            id_ = db.run(lambda txn: _row(txn, folder_id, arrival), urgent=True)
            bodies.save(db, [bodies.pack(id_, whole)], urgent=True)
            change = act(actions.upload_of(id_, folder_id)).result()
        except BaseException as problem:
            stored.set_exception(problem)
        else:
            stored.set_result(change)

    threading.Thread(target=work, name="upload", daemon=True).start()
    return stored


def _row(txn: Transaction, folder_id: int, arrival: Arrival) -> int:
    state = folders.state(txn.sql, folder_id)
    if state is None:
        raise NotFound("That folder is gone; nothing was stored.")
    return unborn.insert_unborn(txn, state.account_id, arrival)
