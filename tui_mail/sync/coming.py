"""A part of a message on its way into a file, portion by portion.

What belongs here: the file, and how much is asked for at once. What must never be here: asking (granting).
The file has its name only when all of it is there and on the disk.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tui_mail.mime.streams import stream_of
from tui_mail.store.parts import unfinished

LEAST, MOST = 131_072, 4_194_304
"""Octets that are asked for at once: as many as come within about a second, so that whatever is more urgent waits no
longer than that."""
QUICK, SLOW = 0.5, 1.5
"""Seconds for a portion below which the next one is larger, above which it is smaller."""


class Coming:
    """One file that is being fetched."""

    def __init__(self, path: Path, place: tuple[int, int], encoding: str) -> None:
        """`place`: the folder and the UID that it comes from. Raises OSError."""
        self.path = path
        self.place = place
        self.at = 0
        """Octets that came, as they are encoded."""
        self.count = LEAST
        self._stream = stream_of(encoding)
        unfinished(path).unlink(missing_ok=True)
        self._file = os.fdopen(os.open(unfinished(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def take(self, octets: bytes, seconds: float) -> None:
        """A portion came. Raises OSError."""
        self._file.write(self._stream.take(octets))
        self._file.flush()  # whoever waits for it sees how large the file is
        self.at += len(octets)
        if seconds < QUICK:
            self.count = min(MOST, self.count * 2)
        elif seconds > SLOW:
            self.count = max(LEAST, self.count // 2)

    def finish(self) -> None:
        """All of it came: the file gets its name. Raises OSError."""
        self._file.write(self._stream.end())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        unfinished(self.path).rename(self.path)

    def give_up(self) -> None:
        """Nothing of it stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            unfinished(self.path).unlink(missing_ok=True)
