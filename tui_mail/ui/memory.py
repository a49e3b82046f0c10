"""What the screen remembers between runs: its theme and its layout, in a small file of the state folder.

What belongs here: reading and writing that file; a lost or a broken one costs nothing.
What must never be here: settings that somebody writes by hand (config.toml, keys.toml).
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from tui_mail.paths import Paths


def _file(paths: Paths) -> Path:
    return paths.state / "screen.json"


def recall(paths: Paths, name: str) -> str:
    """What was remembered under a name; empty when nothing was."""
    value = _read(paths).get(name, "")
    return value if isinstance(value, str) else ""


def remember(paths: Paths, name: str, value: str) -> None:
    """Remember it; a disk that does not take it is no reason to disturb anybody."""
    path = _file(paths)
    fresh = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps({**_read(paths), name: value}), "utf-8")
        fresh.chmod(0o600)
        fresh.replace(path)


def _read(paths: Paths) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(_file(paths).read_text("utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
