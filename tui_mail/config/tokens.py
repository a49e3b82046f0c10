"""Access tokens of this run: had from a refresh token, renewed before they end, and never on the disk.

What belongs here: when a token is renewed, and that a refresh token that was rotated is kept before anything is done
with it. What must never be here: how a token server is spoken to (oauth), where secrets are kept (secrets).

A server may give a new refresh token each time and take the old one for stolen, so one process renews at a time, and
reads the refresh token again once it has the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shlex
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.config import secrets
from tui_mail.config.command import first_line
from tui_mail.config.keyrings import NoKeyring
from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account
from tui_mail.redaction import hide

if TYPE_CHECKING:
    from tui_mail.config.oauth import Tokens

EARLY_SECONDS = 300.0
"""A token is renewed so long before its end."""

log = logging.getLogger(__name__)

_tokens: dict[tuple[str, str, str], Tokens] = {}
_guard = threading.Lock()
_turns: dict[str, threading.Lock] = {}
_lock_folder: Path | None = None


def lock_in(folder: Path) -> None:
    """Renew one process at a time, by a lock file in this folder."""
    global _lock_folder
    _lock_folder = folder


def access_token(account: Account, *, timeout: float = 25.0, keyring: bool = True) -> str:
    """An access token that is good for a few minutes at least; blocks.

    `timeout` and `keyring` as `secrets.stored` has them. Raises SecretUnavailable, Unreachable, AuthenticationRefused.
    """
    oauth = account.oauth
    assert oauth is not None
    if oauth.token_command:
        return first_line(account, oauth.token_command, "token_command")
    key = _key(account)
    with _guard:
        turn = _turns.setdefault(account.name, threading.Lock())
    with turn:
        if (known := _current(key)) is not None:
            return known
        with _alone(account):
            try:
                found = secrets.stored(account, "refresh_token", timeout=timeout, keyring=keyring)
            except NoKeyring:  # a login for one run only, which is over: another one helps, no keyring need be there
                found = None
            if found is None:
                raise secrets.NothingStored(
                    f'Nobody is logged in for account "{account.name}" yet. Your mail is safe. '
                    f"Log in with: tui-mail account login {shlex.quote(account.name)}"
                )
            refresh_token, place = found
            client_secret = secrets.stored_in(place, account, "client_secret", timeout=timeout) or ""
            from tui_mail.config.oauth import renew  # OpenSSL and HTTP, which a process without such an account spares

            tokens = renew(oauth, refresh_token, client_secret, account=account.name)
            if tokens.refresh_token and tokens.refresh_token != refresh_token:
                _keep_rotated(account, tokens.refresh_token, place, timeout)
        remember(account, tokens)
        return tokens.access_token


def remember(account: Account, tokens: Tokens) -> None:
    """Use these from now on: somebody has just logged in, or they were renewed."""
    hide(tokens.access_token)
    with _guard:
        _tokens[_key(account)] = tokens


def forget(account: Account, refused: str = "") -> None:
    """Renew at the next use; only if it is the one that was `refused` (its digest), when that is told."""
    with _guard:
        known = _tokens.get(_key(account))
        if known is not None and refused in ("", secrets.digest(known.access_token)):
            del _tokens[_key(account)]


def _current(key: tuple[str, str, str]) -> str | None:
    with _guard:
        known = _tokens.get(key)
    return known.access_token if known is not None and known.expires - EARLY_SECONDS > time.time() else None


def _keep_rotated(account: Account, refresh_token: str, place: secrets.Place, timeout: float) -> None:
    """The old one is worth nothing any more. Where it cannot be kept, this run goes on with the new one."""
    try:
        secrets.keep_secret(account, "refresh_token", refresh_token, place, timeout=timeout)
    except SecretUnavailable as error:
        log.warning("account %s: the new refresh token is kept in memory only: %s", account.name, error.sentence)
        secrets.keep_secret(account, "refresh_token", refresh_token, secrets.Place.SESSION)


def _key(account: Account) -> tuple[str, str, str]:
    oauth = account.oauth
    return account.name, oauth.provider if oauth else "", oauth.client_id if oauth else ""


@contextlib.contextmanager
def _alone(account: Account) -> Iterator[None]:
    """The only process that renews for this account. Without a folder for the lock, this one is the only one."""
    if _lock_folder is None:
        yield
        return
    name = hashlib.sha256(account.name.encode()).hexdigest()[:16]
    try:
        handle = os.open(_lock_folder / f"oauth-{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a folder that cannot be written holds no store either
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
