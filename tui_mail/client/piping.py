"""Giving a message to another program, and taking what it says.

What belongs here: running it, without a shell and without our terminal. What must never be here: what is given.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time

from tui_mail.errors import UsageError
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_block, safe_line

SECONDS = 120.0
SHOWN = 200_000
"""Octets of an answer that are shown, and kept."""
MOST = 50_000_000
"""Octets after which nobody wants to hear more."""


@frozen
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
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
    except FileNotFoundError as error:
        raise UsageError(f"There is no program {safe_line(argv[0])}. Nothing was run.") from error
    except OSError as error:
        raise UsageError(f"{safe_line(argv[0])} cannot be run ({error.strerror}). Nothing was done.") from error
    deadline = time.monotonic() + SECONDS
    feeder = threading.Thread(target=_feed, args=(process, given), name="pipe-feed", daemon=True)
    feeder.start()
    try:
        said = _said(process, deadline)
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{safe_line(argv[0])} took more than {SECONDS:.0f} seconds and was ended.") from error
    except OverflowError as error:
        raise UsageError(f"{safe_line(argv[0])} said more than {MOST // 1_000_000} MB and was ended.") from error
    finally:
        _end(process)
        feeder.join(1.0)
    return Answered(safe_block(said.decode("utf-8", "replace")), process.returncode)


def _feed(process: subprocess.Popen[bytes], given: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):  # it does not want to hear all of it
        process.stdin.write(given)
    with contextlib.suppress(OSError, ValueError):
        process.stdin.close()


def _said(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What is shown of its answer; the rest is read and dropped. Raises TimeoutExpired and OverflowError."""
    assert process.stdout is not None
    kept, said, number = bytearray(), 0, process.stdout.fileno()
    with selectors.DefaultSelector() as waiting:
        waiting.register(number, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.select(left):
                raise subprocess.TimeoutExpired(process.args, SECONDS)
            octets = os.read(number, 65_536)
            if not octets:
                return bytes(kept)
            said += len(octets)
            if said > MOST:
                raise OverflowError
            kept += octets[: SHOWN - len(kept)]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it goes on that would still have our pipes."""
    if process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
