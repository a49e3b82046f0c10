"""Files that leave the mail: written under safe names, never over another file.

What belongs here: names, and writing. What must never be here: what is in the files.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tui_mail.errors import UsageError
from tui_mail.paths import Paths
from tui_mail.text import safe_line

NAME_OCTETS = 200
"""Longest name of a file that every file system takes, with room for " (12)"."""
ENDING = 20
TRIES = 1_000
CHUNK = 1_048_576
DAY = 86_400
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*\N{REPLACEMENT CHARACTER}', "_"))


def safe_name(name: str, otherwise: str = "attachment") -> str:
    """A name that is one file in a folder everywhere: no path, no hidden file, no option, no device."""
    last = name.replace("\\", "/").rpartition("/")[2]
    words = unicodedata.normalize("NFC", safe_line(last)).translate(_FORBIDDEN)
    words = " ".join(words.split()).lstrip(".-~ ").rstrip(". ") or otherwise
    stem, dot, ending = words.rpartition(".")
    if not stem or len(ending) > ENDING:
        stem, dot, ending = words, "", ""
    if stem.partition(".")[0].casefold() in _RESERVED:
        stem = f"_{stem}"
    room = NAME_OCTETS - len((dot + ending).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip() or otherwise
    return stem + dot + ending


def save_new(folder: Path, name: str, content: bytes, mode: int = 0o600) -> Path:
    """Write a file that was not there before; gives where. Raises UsageError."""
    return _save(folder, name, lambda file: file.write(content), mode)


def save_copy(folder: Path, name: str, source: Path, mode: int = 0o600) -> Path:
    """The same with the content of another file, however large that is."""

    def copy(file: BinaryIO) -> None:
        with source.open("rb") as opened:
            shutil.copyfileobj(opened, file, CHUNK)

    return _save(folder, name, copy, mode)


def _save(folder: Path, name: str, write: Callable[[BinaryIO], object], mode: int) -> Path:
    """The file gets its name when all of it is written, so that whatever ends this leaves nothing half-made under it.

    The folder is opened once, so that nobody can put a link in its place while names are tried.
    """
    clean = safe_name(name)
    stem, dot, ending = clean.rpartition(".")
    if not stem:
        stem, dot, ending = clean, "", ""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    unfinished = f".{secrets.token_hex(8)}.part"
    try:
        opened = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        try:
            with os.fdopen(os.open(unfinished, flags, mode, dir_fd=opened), "wb") as file:
                write(file)
            for number in range(1, TRIES):
                called = f"{stem} ({number}){dot}{ending}" if number > 1 else clean
                if _named(unfinished, called, opened, flags, mode):
                    return folder / called
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=opened)
    except OSError as error:
        raise _refused(folder, error) from error
    finally:
        os.close(opened)
    raise UsageError(f"There are {TRIES:,} files called {clean} in {folder}. Nothing was saved; choose another folder.")


def _named(unfinished: str, name: str, folder: int, flags: int, mode: int) -> bool:
    """Give a file its name; False when there is one of that name. Raises OSError."""
    try:
        os.link(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: the name is taken first, empty
        try:
            os.close(os.open(name, flags, mode, dir_fd=folder))
        except FileExistsError:
            return False
        os.rename(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    return True


def destination(typed: str, name: str) -> tuple[Path, str]:
    """Folder and name that a typed path means: a folder takes `name`, anything else is the file. Raises UsageError."""
    path = Path(os.path.expanduser(typed.strip() or "~")).absolute()
    if path.is_dir():
        return path, name
    if typed.endswith("/") or not path.parent.is_dir():
        raise UsageError(f"There is no folder {path if typed.endswith('/') else path.parent}. Nothing was saved.")
    return path.parent, path.name


def usual_folder() -> str:
    """Where files are saved when nothing else was ever said: ~/Downloads, else home."""
    return "~/Downloads/" if (Path.home() / "Downloads").is_dir() else "~/"


def put_aside(paths: Paths, name: str, content: bytes | Path) -> Path:
    """A copy for another program to look at, in a folder of its own that nobody else can read. Blocks.

    It goes when this program ends; what a program that was killed left goes after a day.
    """
    home = paths.cache / "opened"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in home.iterdir():
            if time.time() - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)
        folder = home / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _refused(home, error) from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if isinstance(content, Path):
        return save_copy(folder, name, content, 0o400)
    return save_new(folder, name, content, 0o400)


def _refused(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"{folder} cannot be written ({error.strerror}). Nothing was saved.", repr(error))
