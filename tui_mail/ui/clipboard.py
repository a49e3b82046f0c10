"""Copying: through the terminal (OSC 52), and by the programs that know better.

What belongs here: getting text into a clipboard. What must never be here: what is copied.

tmux takes no OSC 52 of the programs inside it, unless it was told to; but it can be told the text. A terminal tells
nobody whether it took it; the programs of a desktop always do.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping

PATIENCE = 5.0
"""Seconds that such a program may take."""


def programs(environ: Mapping[str, str] = os.environ) -> list[list[str]]:
    """The argv of each program that is here and takes text at its standard input."""
    wanted = list[list[str]]()
    if environ.get("TMUX"):
        wanted.append(["tmux", "load-buffer", "-w", "-"])
    if sys.platform == "darwin":
        wanted.append(["pbcopy"])
    elif environ.get("WAYLAND_DISPLAY"):
        wanted.append(["wl-copy"])
    elif environ.get("DISPLAY"):
        wanted.append(["xclip", "-selection", "clipboard"])
    return [argv for argv in wanted if shutil.which(argv[0])]


def hand_over(text: str) -> None:
    """Give the text to those programs, on a thread; what goes wrong there is no matter: the terminal has it as well."""
    found = programs()
    if found:
        threading.Thread(target=_run, args=(found, text), name="clipboard", daemon=True).start()


def _run(found: list[list[str]], text: str) -> None:
    quiet = subprocess.DEVNULL
    for argv in found:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(argv, input=text.encode(), stdout=quiet, stderr=quiet, timeout=PATIENCE, check=False)
