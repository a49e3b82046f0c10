"""A copy of the whole store in a folder, taken while others read and write it, and proved before it has its name.

What belongs here: the folder's files and its list of contents, taking it and putting it back. What must never be here:
what config.toml means (config), and what must not be done again after a restore (restored).

    mail.db  bodies.db  config.toml  keys.toml  backup.json      the last one is written last and has the hash of each
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui_mail import __version__
from tui_mail.errors import StoreDamaged, StoreError, StoreFull, StoreReadOnly, UsageError
from tui_mail.records import frozen
from tui_mail.store import checkup
from tui_mail.store.checkup import Checkup
from tui_mail.store.database import Database
from tui_mail.store.files import Reader, begin, meta, quoted
from tui_mail.store.restored import quieted
from tui_mail.store.staging import appearing, write

MAIL, BODIES, CONTENTS = "mail.db", "bodies.db", "backup.json"
SETTINGS = ("config.toml", "keys.toml")
FILES = (MAIL, BODIES, *SETTINGS, CONTENTS)
FORMAT = 1
PAGES = 512
"""Copied between two reports: 4 MB."""
_PORTION = 1 << 20

Progress = Callable[[int, int], None]
"""Told (parts done, parts in all) of whatever is going on."""


@frozen
class Backup:
    """What a backup holds."""

    made: str
    """ISO 8601, UTC."""
    whole: int
    """Messages whose octets are what was stored."""
    damaged: tuple[int, ...]
    """Ids of those whose octets were not, here already."""
    octets: int


def take(db: Database, target: Path, settings: Mapping[str, bytes], progress: Progress) -> Backup:
    """Copy the store to `target`, which is not there yet or empty; `settings` are files of SETTINGS.

    Blocks for seconds or minutes; nobody waits for it. Raises UsageError, and StoreError with nothing left of it.
    """
    with (
        _told(f"The backup {target} could not be made; the mail here is as it was, and nothing is left of it"),
        appearing(target, FILES) as folder,
        _both(db) as (mail, bodies),
    ):
        _copy(mail, folder / MAIL, progress)
        _copy(bodies, folder / BODIES, progress)
        found = _checked(folder, mail, bodies)
        for name, octets in settings.items():
            write(folder / name, octets)
        made = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        contents: dict[str, Any] = {
            "format": FORMAT,
            "tui_mail": __version__,
            "made": made,
            "whole": found.whole,
            "damaged": list(found.damaged),
            "files": {name: _hashed(folder / name) for name in (MAIL, BODIES, *settings)},
        }
        write(folder / CONTENTS, json.dumps(contents, indent=1).encode() + b"\n")
    return _backup(contents)


def restore(folder: Path, data: Path, local: Collection[str], progress: Progress) -> Backup:
    """Put a backup's store into the empty folder `data`, after comparing all of it with its hashes.

    `local`: names of the accounts whose folders are on this computer only. Blocks. Raises UsageError, StoreError.
    """
    contents = contents_of(folder)
    if data.is_dir() and any(data.iterdir()):
        raise UsageError(
            f"There is mail in {data} already, and it stays; nothing was restored. Give another place with --home,"
            " or move that folder away first."
        )
    with (
        _told(f"{folder} could not be restored; {data} is as it was"),
        appearing(data.resolve(), (MAIL, BODIES)) as unfinished,
    ):
        for name, expected in contents["files"].items():
            into = unfinished / name if name in (MAIL, BODIES) else None
            if _hashed(folder / name, into, progress) != expected:
                raise StoreDamaged(
                    f"{folder / name} is not what was written when the backup was made; nothing was restored."
                    " Take another backup."
                )
        quieted(unfinished / MAIL, local)
    return _backup(contents)


def contents_of(folder: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises UsageError when it is none."""
    try:
        contents = json.loads((folder / CONTENTS).read_bytes())
        files = contents["files"]
        known = isinstance(files, dict) and {MAIL, BODIES} <= files.keys() <= set(FILES)
        whole = known and contents["format"] == FORMAT and isinstance(contents["made"], str)
        whole = whole and isinstance(contents["whole"], int) and isinstance(contents["damaged"], list)
    except (OSError, ValueError, KeyError, TypeError):
        whole, contents = False, {}
    if not whole:
        raise UsageError(f"{folder} is no backup that tui-mail can read; nothing was restored.")
    assert isinstance(contents, dict)
    return contents


def setting_of(folder: Path, name: str) -> bytes | None:
    """A file of SETTINGS in a backup, as it was written; None when it has none. Raises StoreDamaged."""
    expected = contents_of(folder)["files"].get(name)
    if expected is None:
        return None
    try:
        octets = (folder / name).read_bytes()
    except OSError:
        octets = b""
    if expected != {"size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}:
        raise StoreDamaged(
            f"{folder / name} is not what was written when the backup was made; nothing was restored."
            " Take another backup."
        )
    return octets


# --- how it is done ---------------------------------------------------------------------------


@contextlib.contextmanager
def _both(db: Database) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Connections that see the two files as they were at one moment, however long they are read.

    Whoever writes octets does it inside a write to mail.db, so while that is held neither file can change.
    """
    with contextlib.ExitStack() as stack:
        mail, bodies = (stack.enter_context(_reading(path)) for path in (db.mail_path, db.bodies_path))
        gate = stack.enter_context(contextlib.closing(sqlite3.connect(db.mail_path, isolation_level=None)))
        begin(gate)
        for sql in (mail, bodies):
            sql.execute("BEGIN")
            meta(sql, "store_id")  # a snapshot begins with the first read
        gate.execute("ROLLBACK")
        yield mail, bodies


@contextlib.contextmanager
def _reading(path: Path, how: str = "mode=ro") -> Iterator[sqlite3.Connection]:
    uri = f"file:{quoted(path)}?{how}"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, factory=Reader)) as sql:
        yield sql


def _copy(source: sqlite3.Connection, file: Path, progress: Progress) -> None:
    write(file, b"")
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous = OFF")  # it is synced once, as a whole
        source.backup(copy, pages=PAGES, progress=lambda _, left, total: progress(total - left, total))
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, that can be read where nothing can be written


def _checked(folder: Path, mail: sqlite3.Connection, bodies: sqlite3.Connection) -> Checkup:
    """What the copy holds, read from it; it may lack no more than the store does. Raises StoreError."""
    with (
        _reading(folder / MAIL, "mode=ro&immutable=1") as mail_copy,
        _reading(folder / BODIES, "mode=ro&immutable=1") as bodies_copy,
    ):
        found = checkup.check(mail_copy, bodies_copy)
    if (found.damaged or found.troubles) and found != checkup.check(mail, bodies):
        raise StoreDamaged(
            f"What was copied to {folder.parent} is not what is stored here, as with a disk that fails; it was removed"
            " again, and the mail here is as it was. Use another disk."
        )
    return found


def _hashed(file: Path, copy: Path | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """The size and the hash of a file, which is copied on the way if asked."""
    digest, size, total = hashlib.sha256(), 0, file.stat().st_size
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(open(file, "rb"))
        if copy is not None:
            write(copy, b"")
        out = stack.enter_context(open(copy, "r+b")) if copy is not None else None
        while octets := stream.read(_PORTION):
            digest.update(octets)
            size += len(octets)
            if out is not None:
                out.write(octets)
            if progress is not None:
                progress(size, total)
    return {"size": size, "sha256": digest.hexdigest()}


def _backup(contents: Mapping[str, Any]) -> Backup:
    octets = sum(entry["size"] for entry in contents["files"].values())
    return Backup(contents["made"], contents["whole"], tuple(contents["damaged"]), octets)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what SQLite and the system say into a sentence that begins with `what`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = (os.strerror(error.errno) if error.errno else str(error)) if isinstance(error, OSError) else str(error)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        kind: type[StoreError] = StoreReadOnly if isinstance(error, OSError) else StoreError
        if full or "full" in reason or "disk I/O" in reason:
            raise StoreFull(
                f"{what}: the disk is full or failing ({reason}). Make room, or use another one."
            ) from error
        raise kind(f"{what} ({reason}).", repr(error)) from error
