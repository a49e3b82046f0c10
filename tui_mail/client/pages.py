"""The HTML of a message for a browser, and whom it would ask for pictures; worked out in a process of its own.

What belongs here: that process. What must never be here: HTML (`mime/page`), opening anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Literal

from tui_mail.errors import UsageError

SECONDS = 20.0
Wish = Literal["bare", "remote", "hosts"]
_START = "import sys; sys.path[:] = sys.argv[2:]; from tui_mail.mime.page import main; main(sys.argv[1])"


def page(raw: bytes, *, remote: bool) -> bytes:
    """The message as a page, without what runs; `remote` keeps the addresses of pictures. Blocks. Raises UsageError."""
    made = _made(raw, "remote" if remote else "bare")
    if not made:
        raise UsageError("This message has no HTML; what is shown is all of it.")
    return made


def asked_hosts(raw: bytes) -> list[tuple[str, int]]:
    """Whom the message would ask for pictures and the like, and how often. Blocks. Raises UsageError."""
    lines = _made(raw, "hosts").decode("utf-8", "replace").splitlines()
    return [(host, int(count)) for count, _, host in (line.partition(" ") for line in lines)]


def _made(raw: bytes, wish: Wish) -> bytes:
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    argv = [sys.executable, "-I", "-S", "-c", _START, wish, *dict.fromkeys([here, *filter(None, sys.path)])]
    try:
        done = subprocess.run(
            argv, input=raw, capture_output=True, timeout=SECONDS, start_new_session=True, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("The HTML of this message takes too long to read. Nothing was opened.", repr(error)) from error
    if done.returncode:
        detail = done.stderr.decode("utf-8", "replace")[-500:]
        raise UsageError("The HTML of this message could not be made safe. Nothing was opened.", detail)
    return done.stdout
