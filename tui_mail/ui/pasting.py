"""Paths of files in what was pasted or dragged into the window.

What belongs here: telling a list of paths from text, whatever way a terminal writes them. What must never be here:
reading the files.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

LONGEST = 20_000
"""Characters beyond which nothing is a list of paths."""
_BEGINNING = re.compile(r"""\s*["']?(?:/|~/|file:///|file://localhost/)""")


def pasted_files(text: str) -> list[Path]:
    """The files that a text names and nothing else; empty when it is text, or one of them is not there.

    Quoted, escaped with backslashes, as file: URLs, parted by spaces or lines: terminals and file managers differ.
    """
    if len(text) > LONGEST or not _BEGINNING.match(text):
        return []
    for words in (_lines(text), _shell_words(text)):
        paths = [path for word in words if (path := _path(word)) is not None]
        if paths and len(paths) == len(words) and all(_is_file(path) for path in paths):
            return paths
    return []


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _shell_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _path(word: str) -> Path | None:
    if len(word) > 2 and word[0] == word[-1] and word[0] in "\"'":
        word = word[1:-1]
    if word.startswith("file://"):
        parts = urlsplit(word)
        word = unquote(parts.path) if parts.netloc in ("", "localhost") else ""
    if word.startswith("~/"):
        word = str(Path.home() / word[2:])
    return Path(word) if word.startswith("/") and "\0" not in word else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
