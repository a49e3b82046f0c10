"""Replacing a file as a whole: whoever reads it finds the old or the new one, whatever is killed, whenever.

What belongs here: how small private files of this folder get onto the disk. What must never be here: what is in them.
"""

from __future__ import annotations

import os
from pathlib import Path


def replace_whole(file: Path, content: bytes) -> None:
    """Write `file` anew, 0600, and have it on the disk when this returns. Raises OSError, and then it is as it was."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    _tidy(file)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, 0o600)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _tidy(file: Path) -> None:
    """Remove what programs that were killed in the middle have left beside it."""
    for stray in file.parent.glob(f".{file.name}.*"):
        number = stray.name.rpartition(".")[2]
        if not number.isdigit():
            continue
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            stray.unlink(missing_ok=True)
        except (OSError, OverflowError):
            continue
