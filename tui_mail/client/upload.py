"""Storing a message made here in a folder of the server.

What belongs here: making it, then the change that shows and sends it. What must never be here: sending (the engine).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from tui_mail.client import actions
from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Change, Flag
from tui_mail.store import folders
from tui_mail.store.database import Database
from tui_mail.store.making import make

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
            folder = folders.one_folder(db.read(), folder_id)
            if folder is None:
                raise NotFound("That folder is gone; nothing was stored.")
            id_ = make(db, folder.account, whole, flags, moment)
            change = act(actions.upload_of(id_, folder_id)).result()
        except BaseException as problem:
            stored.set_exception(problem)
        else:
            stored.set_result(change)

    threading.Thread(target=work, name="upload", daemon=True).start()
    return stored
