"""Questions of the command line about secrets: typed at the terminal without showing, or read from a pipe.

What belongs here: asking, and putting the terminal right whatever happens. What must never be here: what is done with
the answer, a secret in an argument or in the environment.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

from tui_mail.config import secrets
from tui_mail.config.secrets import Leg
from tui_mail.errors import UsageError
from tui_mail.model import Account
from tui_mail.paths import Paths
from tui_mail.text import SafeText, safe_line

_turn = threading.Lock()


def answer_at_terminal(paths: Paths) -> None:
    """From now on, secrets of this process are asked for at the terminal; without one, nobody answers."""
    try:
        open("/dev/tty").close()
    except OSError:
        secrets.begin(paths)
    else:
        secrets.begin(paths, ask_passphrase=passphrase, ask=password)


def passphrase(new: bool, words: SafeText) -> str | None:
    """The passphrase of the vault, twice for a new one; None without a terminal, or for an empty line."""
    if words:
        print(words, file=sys.stderr)
    if not new:
        return _hidden("Passphrase of the vault: ")
    print("The vault is made now. Without its passphrase nobody can open it, you neither.", file=sys.stderr)
    first = _hidden("New passphrase for the vault: ")
    while first and first != (again := _hidden("The same again: ")):
        if not again:
            return None
        print("These are two different ones.", file=sys.stderr)
        first = _hidden("New passphrase for the vault: ")
    return first


def password(account: Account, leg: Leg) -> str | None:
    """A password that is kept nowhere."""
    server = account.incoming if leg == "incoming" or account.outgoing is None else account.outgoing
    return _hidden(f"Password of {server.user} on {server.host}: ")


def typed_secret(question: str, otherwise: str) -> str:
    """A secret that is kept after this: typed, or the first line of a pipe. Raises UsageError when there is none."""
    value = (_hidden(question) or "") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not value:
        raise UsageError(f"No password was given, and nothing was changed. {otherwise}")
    return value


def line(question: str) -> str:
    """A line that may be seen; empty at the end of the input."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _hidden(question: str) -> str | None:
    """One line from the terminal itself, whatever stdin is; the terminal shows typing again, even after Ctrl+C."""
    import atexit
    import getpass
    import termios

    try:
        terminal = open("/dev/tty")  # noqa: SIM115 - held until the process ends, to put it right
    except OSError:
        return None
    with _turn, terminal:
        if os.tcgetpgrp(terminal.fileno()) != os.getpgrp():
            return None  # in the background, where to read would stop the program
        before = termios.tcgetattr(terminal)

        def put_right() -> None:
            with contextlib.suppress(OSError, termios.error), open("/dev/tty") as again:
                termios.tcsetattr(again, termios.TCSADRAIN, before)

        atexit.register(put_right)
        try:
            return getpass.getpass(f"{safe_line(question).strip()} ") or None
        except EOFError:
            return None
        finally:
            put_right()
            atexit.unregister(put_right)
