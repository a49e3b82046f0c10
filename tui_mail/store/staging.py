"""A folder that appears under its name when it is whole, and not before: for what must not be found half written.

What belongs here: the unfinished folder beside it, its lock, and what a process that was killed left of one. What must
never be here: what is written into it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from tui_mail.errors import UsageError

SUFFIX = ".unfinished"
_LOCK = "lock"


@contextlib.contextmanager
def appearing(target: Path, files: Collection[str]) -> Iterator[Path]:
    """An empty folder to write `files` into, 0700; after the block it is on disk as `target`, which must be empty.

    When the block raises, nothing is left. Raises UsageError when `target` is no place for it, and OSError.
    """
    refuse_unless_empty(target)
    unfinished = target.with_name(target.name + SUFFIX)
    unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(unfinished / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"Another tui-mail is writing {target} just now; nothing was done.") from None
        _clear(unfinished, files)
        try:
            yield unfinished
            for file in files:
                if (unfinished / file).exists():
                    sync(unfinished / file)
            (unfinished / _LOCK).unlink()
            sync(unfinished)
            try:
                unfinished.rename(target)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    refuse_unless_empty(target)
                raise
            sync(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                _clear(unfinished, files)
                (unfinished / _LOCK).unlink(missing_ok=True)
                unfinished.rmdir()
            raise
    finally:
        os.close(handle)


def refuse_unless_empty(folder: Path) -> None:
    """Raise UsageError when there is something at `folder`, other than an empty folder."""
    with contextlib.suppress(FileNotFoundError):
        if not folder.is_dir() and folder.exists():
            raise UsageError(f"{folder} is there already and is no folder; it was left as it is.")
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty; it was left as it is. Name a folder that is not there yet.")
        if folder.is_mount():
            raise UsageError(f"{folder} is a disk of its own; name a folder on it. Nothing was done.")


def write(file: Path, octets: bytes) -> None:
    """A file of the unfinished folder, 0600."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as stream:
        stream.write(octets)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk itself."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(unfinished: Path, files: Collection[str]) -> None:
    """Remove what belongs there, and nothing that somebody else put there."""
    for file in files:
        for suffix in ("", "-journal", "-wal", "-shm"):
            (unfinished / f"{file}{suffix}").unlink(missing_ok=True)
