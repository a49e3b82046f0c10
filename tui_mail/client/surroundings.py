"""Where this program runs: versions, terminal, disk, clock, keyring, configuration. What a bug report begins with.

What belongs here: looking at this computer, each look bounded in time, and taking out of the result what is nobody's
business. What must never be here: mail, servers, secrets, or a line of output.
"""

from __future__ import annotations

import contextlib
import fcntl
import locale
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tui_mail import __version__
from tui_mail.client.asked_terminal import ask_terminal, passthrough
from tui_mail.config import secrets
from tui_mail.config.keyrings import try_out
from tui_mail.errors import MailError
from tui_mail.model import Account, Server
from tui_mail.paths import Paths
from tui_mail.sizes import size_label
from tui_mail.sync.lock import SILENT_SECONDS, heartbeat

LIBRARIES = ("textual", "imapclient", "mail-parser", "keyring", "selectolax", "cryptography", "dnspython")
KEYRING_SECONDS = 5.0
LOW_DISK = 200_000_000
"""Octets below which mail may soon not be kept any more."""
_TOLD = ("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "WAYLAND_DISPLAY", "DISPLAY")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_PRIVATE = {"TMUX", "STY", "SSH_CONNECTION", "WAYLAND_DISPLAY", "DISPLAY"}
"""Told only whether they are set: their values name people and computers."""


def versions() -> dict[str, str]:
    """The program, what it runs on, and the libraries that matter."""
    found = {"tui-mail": __version__, "python": platform.python_version(), "system": _system()}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    import ssl

    return {**found, "openssl": ssl.OPENSSL_VERSION}


def terminal(*, ask: bool = True) -> dict[str, str]:
    """What decides how the screen looks. `ask`: the terminal too, which a screen that is shown on it does not allow."""
    found = {key: "set" if key in _PRIVATE else os.environ[key] for key in _TOLD if os.environ.get(key)}
    size = shutil.get_terminal_size()
    at_terminal = sys.stdout is not None and sys.stdout.isatty()
    asked = ask_terminal() if ask and at_terminal else {}
    return {
        **found,
        **asked,
        **passthrough(os.environ),
        "size": f"{size.columns}x{size.lines}" if at_terminal else "no terminal",
        "encoding": locale.getpreferredencoding(False),
        "locale": os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C",
    }


def disk(paths: Paths) -> tuple[dict[str, str], list[str]]:
    """Room, sizes and rights of the store; and what is wrong with them."""
    found, troubles = dict[str, str](), list[str]()
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(_existing(paths.data)).free
        found["free"] = f"{free // 1_000_000} MB"
        if free < LOW_DISK:
            troubles.append(
                f"Only {free // 1_000_000} MB are free on the disk of the mail; make room, or mail is not kept."
            )
    for name in ("mail.db", "bodies.db"):
        if files := [file for file in (paths.data / name, paths.data / f"{name}-wal") if file.is_file()]:
            found[name] = size_label(sum(file.stat().st_size for file in files))
    for directory, lost in (
        (paths.config, "settings cannot be changed"),
        (paths.data, "nothing new can be kept, and nothing done to what is there"),
        (paths.state, "no tui-mail can talk to servers, and no log is written"),
    ):
        with contextlib.suppress(OSError):
            if directory.stat().st_mode & 0o077:
                troubles.append(f"Others on this computer may look into {directory}: chmod 700 it.")
            if not os.access(directory, os.W_OK):
                troubles.append(
                    f"{directory} cannot be written: {lost}. Mail is safe, here and on the servers. Give yourself the "
                    f"right to write there (chmod u+rwx), or use another folder with --home."
                )
    return found, troubles


def engine(paths: Paths) -> dict[str, str]:
    """Whether a tui-mail talks to the servers of this store just now; its log, which says what went wrong."""
    state = silence(paths) or "a tui-mail is running" if is_running(paths) else "none"
    return {"engine": state, "log": str(paths.log_file)}


def is_running(paths: Paths) -> bool:
    """True when a tui-mail talks to the servers of this store just now."""
    with contextlib.suppress(OSError), open(paths.state / "engine.lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def silence(paths: Paths) -> str:
    """What is wrong with the tui-mail that holds the lock, when it gives no sign of life; else nothing."""
    process, last = heartbeat(paths)
    if not process or not is_running(paths) or time.time() - last <= SILENT_SECONDS:
        return ""
    return f"a tui-mail (pid {process}) that does not answer since {time.strftime('%H:%M:%S', time.localtime(last))}"


def clock() -> dict[str, str]:
    """The time here, to compare it with a watch."""
    return {"utc": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()), "zone": time.strftime("%z")}


def keyring(paths: Paths, accounts: Iterable[Account]) -> dict[str, str]:
    """The keyring in use and whether it keeps what it is given, or why there is none; whether there is a vault; and
    where each account's passwords come from.
    """
    try:
        found = {"keyring": secrets.keyring_name(timeout=KEYRING_SECONDS)}
    except MailError as error:
        found = {"keyring": f"none: {error.sentence}"}
    else:
        try:
            try_out(timeout=KEYRING_SECONDS)
            found["tried"] = "an entry was written, read back and deleted"
        except MailError as error:
            found["tried"] = f"in vain: {error.sentence}"
    found["d-bus"] = "set" if os.environ.get("DBUS_SESSION_BUS_ADDRESS") else "not set"
    found["pinentry"] = "there" if shutil.which("pinentry") else "none"
    found["vault"] = "there" if (paths.data / "vault.age").exists() else "none"
    for account in accounts:
        legs = [account.incoming] if account.outgoing is None else [account.incoming, account.outgoing]
        found[account.name] = ", ".join(_source(leg) for leg in legs)
    return found


def _source(leg: Server) -> str:
    return "oauth2" if leg.auth == "oauth2" else "command" if leg.password_command else "keyring or vault"


class Redaction:
    """Takes addresses, user names and the home directory out of words that somebody may paste anywhere."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._words: dict[str, str] = {}
        for number, account in enumerate(accounts, 1):
            legs = [leg for leg in (account.incoming, account.outgoing) if leg is not None]
            for word, kind in (
                (account.email, "address"),
                (account.full_name, "name"),
                *((leg.user, "user") for leg in legs),
            ):
                self._words.setdefault(word, f"‹{kind} {number}›")
        self._words[str(Path.home())] = "~"
        longest_first = sorted(filter(None, self._words), key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(rf"(?<![\w]){re.escape(word)}(?![\w])" for word in longest_first), re.IGNORECASE
        )
        self._folded = {word.casefold(): mark for word, mark in self._words.items()}

    def of(self, words: str) -> str:
        """The words without what names a person."""
        known = self._pattern.sub(lambda found: self._folded.get(found[0].casefold(), "‹…›"), words)
        return _ADDRESS.sub("‹address›", known)

    def whole(self, document: object) -> object:
        """The same for every text of a JSON document; keys stay."""
        if isinstance(document, str):
            return self.of(document)
        if isinstance(document, Mapping):
            return {key: self.whole(value) for key, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.whole(value) for value in document]
        return document


def _system() -> str:
    with contextlib.suppress(OSError):
        return f"{platform.freedesktop_os_release().get('PRETTY_NAME', platform.system())}, {platform.machine()}"
    return f"{platform.system()} {platform.release()}, {platform.machine()}"


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())
