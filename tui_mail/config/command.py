"""Secrets that a program of the person's own prints: password_command and token_command.

What belongs here: running it with a time limit, without a terminal and without a shell. What must never be here: what
it printed in a sentence or in a log.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account

COMMAND_SECONDS = 30.0
"""How long a command may take; it may have to ask for a card or a fingerprint."""

_SAFE = "Your mail is safe."


def first_line(account: Account, argv: tuple[str, ...], key: str = "password_command") -> str:
    """The first line that a command prints; `key` is what config.toml calls it. Raises SecretUnavailable.

    It gets no terminal: a prompt would draw over the screen, which keeps GPG_TTY back as well (`ui/held_terminal`).
    """
    program = os.path.expanduser(argv[0])
    whose = f'The {key} of account "{account.name}" ({os.path.basename(program)})'
    try:
        process = subprocess.Popen(
            [program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise SecretUnavailable(
            f"{whose} could not be started: {error.strerror}. {_SAFE} Correct it in config.toml."
        ) from error
    assert process.stdout is not None
    try:
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()
        raise SecretUnavailable(
            f"{whose} gave no password within {COMMAND_SECONDS:.0f} seconds. {_SAFE} "
            "Run it in a terminal once, so that it can ask what it has to ask."
        ) from None
    if process.returncode != 0:
        how = f"status {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        raise SecretUnavailable(f"{whose} ended with {how}. {_SAFE} Run it in a terminal to see why.")
    try:
        value = output.split(b"\n", 1)[0].rstrip(b"\r").decode()
    except UnicodeDecodeError:
        raise SecretUnavailable(
            f"{whose} printed something that is not UTF-8. {_SAFE} Correct it in config.toml."
        ) from None
    if not value:
        raise SecretUnavailable(
            f"{whose} printed an empty first line instead of a password. {_SAFE} Correct it in config.toml."
        )
    return value
