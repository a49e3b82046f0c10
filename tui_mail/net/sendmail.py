"""Sending by a program of this computer, as sendmail(8), msmtp(1) and their like do it.

What belongs here: handing over one message, and what the program's end says about it. What must never be here: a
shell.

The message is given as a whole file, not through a pipe: were this process killed in the middle of writing to a pipe,
the program would take the end of the pipe for the end of the message, and send half of it. So the moment from which a
message may be on its way is the start of the program.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import IO

from tui_mail.errors import ConnectionLost, DeliveryUnknown, Unreachable
from tui_mail.net.failures import SAFE
from tui_mail.net.smtp_commands import refuse_unsafe, whole
from tui_mail.net.smtp_replies import TEXT_LIMIT, Delivery, Reply
from tui_mail.outgoing import Envelope

TEMPORARY_FAILURE = 75
"""EX_TEMPFAIL of sysexits.h: tried again later."""
SLOWEST = 32_768
"""Octets per second that a program is expected to send at least, in addition to its `timeout`."""


def send_by_command(
    argv: Sequence[str], envelope: Envelope, raw: bytes, before: Callable[[], None], *, timeout: float = 120.0
) -> Delivery:
    """Run `argv` with `-i -f SENDER -- RECIPIENT…` on the message, given with LF line ends as such programs expect.

    `before` is called just before the program is started; what it raises comes out of here. A program says one thing
    about all recipients: each was taken (250), and the final reply is 250, 451 for exit status 75, 554 for any other,
    with the program's words. Delivery reports are not asked for: the option for that means something else to Exim.

    Raises UnsafeArgument; Unreachable when there is no such program, ConnectionLost when it could not be started (both
    safe to repeat, even after `before`), and DeliveryUnknown when it was killed or takes longer than `timeout` seconds
    and the time for its size.
    """
    raw = whole(raw)
    refuse_unsafe(envelope, raw)
    if not argv or shutil.which(argv[0]) is None:
        raise Unreachable(
            f"The program that is to send mail, {shlex.join(argv) or 'none'}, is not there. {SAFE} Correct "
            "sendmail_command in config.toml; the message waits in the outbox."
        )
    command = [*argv, "-i", "-f", envelope.sender, "--", *dict.fromkeys(envelope.recipients)]
    with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as words:
        try:
            message.write(raw.replace(b"\r\n", b"\n"))
            message.seek(0)
        except OSError as error:
            raise _not_started(argv, error) from error
        before()
        status = _run(command, message, words, timeout + len(raw) / SLOWEST)
        words.seek(0)
        text = " ".join(words.read(4 * TEXT_LIMIT).decode("utf-8", "replace").split())[:TEXT_LIMIT]
    code = 250 if status == 0 else 451 if status == TEMPORARY_FAILURE else 554
    final = Reply(code, text or ("" if status == 0 else f"{argv[0]} ended with status {status}"))
    return Delivery(dict.fromkeys(envelope.recipients, Reply(250, "")), final)


def _run(command: Sequence[str], message: IO[bytes], words: IO[bytes], timeout: float) -> int:
    """The program's exit status. In a session of its own it cannot write or ask on our terminal."""
    try:
        process = subprocess.Popen(command, stdin=message, stdout=words, stderr=words, start_new_session=True)
    except (OSError, ValueError) as error:
        raise _not_started(command, error) from error
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise _unknown(command[0], f"did not end within {timeout:.0f} s") from None
    finally:
        if process.returncode is None:
            _kill(process)
    if status < 0:
        raise _unknown(command[0], f"was ended by signal {-status}")
    return status


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it started. All stand still first: the end of one must not look like an end of file."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGSTOP)
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _not_started(argv: Sequence[str], error: Exception) -> ConnectionLost:
    return ConnectionLost(
        f"{argv[0]}, which is to send mail, could not be started: {getattr(error, 'strerror', None) or error}. Nothing "
        f"was sent. {SAFE} It is tried again later.",
        repr(error),
    )


def _unknown(program: str, what: str) -> DeliveryUnknown:
    return DeliveryUnknown(
        f"The message was given to {program}, which {what}, so it may have been sent or not. It is kept in the outbox "
        "and is not sent again by itself. Look into the Sent folder, or ask a recipient, before you send it again.",
        what,
    )
