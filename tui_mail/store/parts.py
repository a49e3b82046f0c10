"""Files that parts of large messages are fetched into, beside the databases.

What belongs here: where they are, and which of them go. A file gets its name when all of it is there; until then it
ends in `.part`, and goes at the next start. What is fetched is kept for a week, as long as all of it is not too much.
Ids of messages are those of one mail.db, so the folder is named after that.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from tui_mail.store.database import Database
from tui_mail.store.files import translated

KEPT_SECONDS = 7 * 86_400
KEPT_OCTETS = 1_000_000_000
UNFINISHED = ".part"
PARTS = "parts"
"""The folder beside the databases."""


def throw_away(data: Path) -> None:
    """All of them, of whatever store: `data` is the folder of the databases, of which none is open."""
    shutil.rmtree(data / PARTS, ignore_errors=True)


def place(db: Database, message_id: int, section: str) -> Path:
    """Where a part is, or will be."""
    return _folder(db) / f"{message_id}-{section or 'whole'}"


def unfinished(path: Path) -> Path:
    """Where it is while it is being fetched."""
    return path.with_name(path.name + UNFINISHED)


def make_room(db: Database, octets: int) -> Path:
    """The folder, with what was fetched longest ago taken away until that many octets fit. Raises StoreError."""
    folder = _folder(db)
    with translated(folder):
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        files = sorted((path for path in folder.iterdir() if path.suffix != UNFINISHED), key=_age)
    held = sum(_size(path) for path in files)
    for path in files:
        if held + octets <= KEPT_OCTETS:
            break
        held -= _size(path)
        path.unlink(missing_ok=True)
    return folder


def sweep(db: Database) -> None:
    """Take away what is old, what was not finished, and what belongs to another store. At the start of an engine."""
    ours = _folder(db)
    with contextlib.suppress(OSError):  # there is none yet, or none that may be read: it says nothing of the mail
        for folder in ours.parent.iterdir():
            if folder != ours:
                shutil.rmtree(folder, ignore_errors=True)
        for path in list(ours.iterdir()) if ours.is_dir() else []:
            if path.suffix == UNFINISHED or time.time() - _age(path) > KEPT_SECONDS:
                path.unlink(missing_ok=True)


def forget(db: Database, message_id: int) -> None:
    """Take away all parts of a message."""
    folder = _folder(db)
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{message_id}-*"):
            path.unlink(missing_ok=True)


def _folder(db: Database) -> Path:
    return db.bodies_path.parent / PARTS / db.store_id()[:16]


def _age(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
