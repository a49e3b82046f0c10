"""Giving a message to another program, and taking what it says.

What belongs here: running it, without a shell and without our terminal. What must never be here: what is given.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass

from tui_mail.errors import UsageError
from tui_mail.text import SafeText, safe_block, safe_line

SECONDS = 120.0
SHOWN = 200_000
"""Octets of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a program said, and how it ended."""

    text: SafeText
    code: int


def argv_of(typed: str) -> list[str]:
    """The words of a command as a shell would part them; nothing in them is a shell's. Raises UsageError."""
    try:
        words = shlex.split(typed)
    except ValueError as error:
        raise UsageError(f"This is no command: {safe_line(str(error))}. Nothing was run.") from error
    if not words:
        raise UsageError("No command was typed. Nothing was run.")
    return words


def pipe(typed: str, given: bytes) -> Answered:
    """Run a command with `given` on its standard input. Blocks, two minutes at most. Raises UsageError."""
    argv = argv_of(typed)
    try:
        done = subprocess.run(
            argv,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError(f"There is no program {safe_line(argv[0])}. Nothing was run.") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{safe_line(argv[0])} took more than {SECONDS:.0f} seconds and was ended.") from error
    except OSError as error:
        raise UsageError(f"{safe_line(argv[0])} cannot be run ({error.strerror}). Nothing was done.") from error
    text = safe_block(done.stdout[:SHOWN].decode("utf-8", "replace"))
    return Answered(text, done.returncode)
