"""Files of this disk that go along with a draft: read once, and looked at again before it is sent.

What belongs here: the disk. What must never be here: where their octets are kept (the desk). What was attached is what
goes; of a file that has changed since then the person is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tui_mail.errors import UsageError
from tui_mail.outgoing import Attachment, Concern, Remark
from tui_mail.text import safe_line

LIMIT = 100_000_000
"""Octets of a file that can be attached: no server takes more."""


def read(path: Path) -> tuple[bytes, int]:
    """The octets of a file, and when it was changed last (ns). Raises UsageError."""
    try:
        if not path.is_file():
            raise UsageError(f"{path} is no file; nothing was attached.")
        found = path.stat()
        if found.st_size > LIMIT:
            raise UsageError(f"{path.name} is larger than {LIMIT // 1_000_000} MB; no server takes that.")
        return path.read_bytes(), found.st_mtime_ns
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); nothing was attached.") from error


def changed(files: Sequence[Attachment], load: Callable[[int], bytes]) -> Iterator[Remark]:
    """A remark for each file that is not any more what was attached; `load` gives the octets of a blob.

    One that is gone is none: what was attached may have been the only copy.
    """
    for file in files:
        if file.path and _has_changed(file, load):
            name = safe_line(file.filename)
            words = f"{name} has changed since it was attached; what was attached is what goes."
            yield Remark(Concern.CHANGED_FILE, safe_line(words))


def _has_changed(file: Attachment, load: Callable[[int], bytes]) -> bool:
    path = Path(file.path)
    try:
        found = path.stat()
        if found.st_mtime_ns == file.modified and found.st_size == file.size:
            return False
        return found.st_size != file.size or path.read_bytes() != load(file.blob)
    except OSError:
        return False
