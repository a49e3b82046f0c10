"""The lock that makes one process the engine of a store.

What belongs here: taking it. What must never be here: what an engine does.
"""

from __future__ import annotations

import fcntl
import os

from tui_mail.errors import StoreReadOnly
from tui_mail.paths import Paths


def take_engine_lock(paths: Paths) -> int | None:
    """The lock as a file descriptor, held until that is closed; None when another process has it.

    Raises StoreReadOnly.
    """
    path = paths.state / "engine.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreReadOnly(
            f"{path} cannot be written ({error.strerror}); nothing was changed. Check the rights of that folder."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
