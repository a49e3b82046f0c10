"""The lock that makes one process the engine of a store, and its heartbeat: when the file of the lock was touched last.

What belongs here: taking it, and who has it. What must never be here: what an engine does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from tui_mail.errors import StoreReadOnly
from tui_mail.paths import Paths

SILENT_SECONDS = 20.0
"""An engine that lives has touched its lock since."""


def take_engine_lock(paths: Paths) -> int | None:
    """The lock as a file descriptor, held until that is closed; None when another process has it.

    Raises StoreReadOnly.
    """
    path = _file(paths)
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
    with contextlib.suppress(OSError):  # a full disk: nobody learns who has it
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
    return handle


def beat(handle: int) -> None:
    """The process that has the lock lives."""
    with contextlib.suppress(OSError):
        os.utime(handle)


def heartbeat(paths: Paths) -> tuple[int, float]:
    """(process, epoch) of the last sign of life of whoever has the lock; (0, 0.0) where none is given."""
    try:
        path = _file(paths)
        return int(path.read_bytes()), path.stat().st_mtime
    except (OSError, ValueError):
        return 0, 0.0


def _file(paths: Paths) -> Path:
    return paths.state / "engine.lock"
