"""What a terminal and its multiplexer say of themselves when they are asked, for `doctor`.

What belongs here: two questions, each bounded in time. What must never be here: what follows from the answers.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Mapping

from tui_mail.text import safe_line

ANSWER_SECONDS = 1.0
LATE_SECONDS = 0.1
_QUESTION = b"\x1b[?u\x1b[>q\x1b[c"
"""The keyboard protocol of kitty, the name (XTVERSION), and what every terminal answers, so that one need not wait."""
_KEYBOARD = re.compile(rb"\x1b\[\?(\d+)u")
_NAME = re.compile(rb"\x1bP>\|([^\x1b]{1,100})\x1b\\")
_END = re.compile(rb"\x1b\[\?[\d;]*c")


def ask_terminal() -> dict[str, str]:
    """Its name and whether it has the keyboard protocol; empty when there is none to ask."""
    import termios
    import tty

    try:
        line = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return {}
    try:
        before = termios.tcgetattr(line)
        try:
            tty.setcbreak(line)
            os.write(line, _QUESTION)
            said = _answer(line)
        finally:
            termios.tcsetattr(line, termios.TCSAFLUSH, before)
    except (OSError, termios.error):
        return {}
    finally:
        os.close(line)
    if not _END.search(said):
        return {"keyboard": "no answer"}
    name = _NAME.search(said)
    found = {"name": safe_line(name[1].decode("utf-8", "replace"))} if name else {}
    return {**found, "keyboard": "kitty protocol" if _KEYBOARD.search(said) else "plain"}


def passthrough(environment: Mapping[str, str]) -> dict[str, str]:
    """Whether tmux lets through what is meant for the terminal around it; empty outside tmux."""
    program = shutil.which("tmux")
    if not environment.get("TMUX") or program is None:
        return {}
    said = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [program, "show-options", "-gv", "allow-passthrough"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS,
        ).stdout.strip()  # fmt: skip
    return {"passthrough": said if said in ("on", "off", "all") else "not known"}


def _answer(line: int) -> bytes:
    """Up to the last answer, and what comes late: a multiplexer may answer before the terminal does."""
    said, until = b"", time.monotonic() + ANSWER_SECONDS
    while (left := until - time.monotonic()) > 0 and len(said) < 4_096:
        if not select.select([line], [], [], LATE_SECONDS if _END.search(said) else left)[0]:
            break
        said += os.read(line, 1_024)
    return said
