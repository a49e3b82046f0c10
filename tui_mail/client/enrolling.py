"""A new account: its secrets kept, then its name in config.toml; all of it or nothing that matters.

What belongs here: the order, and what a kill in the middle left behind. Before the first secret is kept, a note says
which entries will be; it goes once config.toml names the account. A note that is found later is of a run that was
killed, and the entries it names are nobody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.client import leaving
from tui_mail.config import changing
from tui_mail.config import secrets as keeping
from tui_mail.config import tokens as keeping_tokens
from tui_mail.errors import MailError, StoreReadOnly
from tui_mail.model import Account
from tui_mail.paths import Paths

if TYPE_CHECKING:
    from tui_mail.config.oauth import Tokens

SWEEP_SECONDS = 5.0
"""Patience with a keyring that is asked to forget what a killed run left."""


def enrol(
    paths: Paths,
    account: Account,
    secrets: Mapping[keeping.Kind, str],
    place: keeping.Place,
    tokens: Tokens | None = None,
) -> None:
    """Keep what was typed, and write the account; `tokens` of a login are used at once.

    Raises MailError, and nothing is left behind then.
    """
    changing.check_account(paths, account)
    leaving.refuse_strange_mail(paths, account)
    if secrets:
        keeping.make_ready(place)
    sweep(paths)
    kept: list[keeping.Kind] = []
    with _noted(paths, account, [keeping.entry_name(account, kind) for kind in secrets], place):
        try:
            for kind, value in secrets.items():
                kept.append(kind)
                keeping.keep_secret(account, kind, value, place)
            changing.add_account(paths, account)
        except BaseException:
            _take_back(paths, account, kept)
            raise
    if tokens is not None:
        keeping_tokens.remember(account, tokens)


def _take_back(paths: Paths, account: Account, kept: Sequence[keeping.Kind]) -> None:
    """Forget what was kept; what cannot be forgotten now is left to the note."""
    with contextlib.suppress(MailError):
        for kind in kept:
            keeping.forget_secret(account, kind)
        _note(paths).unlink(missing_ok=True)


def sweep(paths: Paths) -> None:
    """Forget secrets that a killed run kept for an account which it did not come to write.

    What is in a vault that is locked waits until it is open. May wait for the keyring, so never call it on the UI
    thread.
    """
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError), open(_note(paths), "rb") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # it is being written to just now
        left = json.loads(note.read() or b"{}")
        if left and left["account"] not in changing.account_names(paths):
            if left["place"] == keeping.Place.VAULT and not keeping.is_vault_open():
                return
            for entry in map(str, left["entries"]):
                with contextlib.suppress(MailError):
                    keeping.forget_entry(entry, timeout=SWEEP_SECONDS)
        _note(paths).unlink(missing_ok=True)


@contextlib.contextmanager
def _noted(paths: Paths, account: Account, entries: Sequence[str], place: keeping.Place) -> Iterator[None]:
    """The note is on the disk while this lasts. Raises StoreReadOnly."""
    if not entries or place is keeping.Place.SESSION:
        yield
        return
    note = _note(paths)
    words = json.dumps({"account": account.name, "place": place.value, "entries": list(entries)}).encode()
    try:
        handle = os.open(note, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.write(handle, words)
        os.fsync(handle)
    except OSError as error:
        raise StoreReadOnly(f"{note} could not be written ({error.strerror}); nothing was kept.") from error
    try:
        yield
        note.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _note(paths: Paths) -> Path:
    return paths.state / "enrolling.json"
