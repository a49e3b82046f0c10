"""Opening a link or a file outside: links only http, https and mailto, never through a shell, never on our terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tui_mail.text import SafeText, safe_link


def open_link(url: SafeText) -> bool:
    """Hand a link to the desktop; False when it may not be opened or when there is no desktop."""
    link = safe_link(url)
    program = _program()
    if link is None or program is None:
        return False
    threading.Thread(target=_start, args=([program, link],), name="opener", daemon=True).start()
    return True


def can_open() -> bool:
    """Whether there is a desktop that opens things."""
    return _program() is not None


def open_file(path: Path) -> bool:
    """Hand a file to the program that the desktop has for it; False when there is no desktop."""
    program = _program()
    if program is None:
        return False
    threading.Thread(target=_start, args=([program, str(path)],), name="opener", daemon=True).start()
    return True


def _program() -> str | None:
    if sys.platform == "darwin":
        return shutil.which("open")
    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return shutil.which("xdg-open") if desktop else None


def _start(argv: list[str]) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, check=False)
