"""The system's keyring: asked with a time limit, and refused when it keeps nothing or keeps it in the open.

What belongs here: reaching the keyring that this computer has. What must never be here: which secret is wanted
(secrets), or a secret in a sentence.

A keyring may wait for ever for someone to unlock it, so it is only ever asked in a daemon thread.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tui_mail.errors import SecretUnavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_T = TypeVar("_T")


class NoKeyring(SecretUnavailable):
    """The computer has none that would keep a secret, and will have none in a moment either."""


_ALLOWED_MODULES = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)
_SAFE = "Your mail is safe."
TRIAL = "tui-mail doctor"
"""The service under which an entry is tried; no password is ever kept there."""
_CHAINER_MODULE = "keyring.backends.chainer"
_keyring_turn = threading.Lock()
_hangs = threading.Event()
"""Somebody waited in vain and still holds the turn: the next one need not wait as long."""


def keyring_name(*, timeout: float = 25.0) -> str:
    """The keyring in use, as people know it. Raises SecretUnavailable with the reason why there is none."""
    return with_keyring(lambda backend: str(backend.name), timeout)


def try_out(*, timeout: float = 25.0) -> None:
    """Have the keyring keep an entry of no meaning, give it back and forget it. Raises SecretUnavailable.

    The entry goes also when nobody waits for the answer any more.
    """

    def use(backend: KeyringBackend) -> str:
        entry, value = secrets.token_hex(8), secrets.token_urlsafe(24)
        try:
            backend.set_password(TRIAL, entry, value)
            if backend.get_password(TRIAL, entry) != value:
                return "it took an entry and does not give it back"
        finally:
            with contextlib.suppress(Exception):
                backend.delete_password(TRIAL, entry)
        return "it does not delete an entry" if backend.get_password(TRIAL, entry) is not None else ""

    problem = with_keyring(use, timeout)
    if problem:
        raise SecretUnavailable(f"The keyring does not work: {problem}. {_SAFE} Use password_command, or the vault.")


def with_keyring(use: Callable[[KeyringBackend], _T], timeout: float) -> _T:
    """Let a daemon thread `use` the system's keyring; at most one at a time, however long it hangs."""
    if not _keyring_turn.acquire(timeout=min(timeout, 1.0) if _hangs.is_set() else timeout):
        raise _keyring_hangs()
    answer: queue.SimpleQueue[tuple[_T] | SecretUnavailable] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put((use(_allowed_keyring()),))
        except SecretUnavailable as error:
            answer.put(error)
        except Exception as error:
            answer.put(SecretUnavailable(f"The keyring does not work ({type(error).__name__}). {_ADVICE}"))
        finally:
            _hangs.clear()
            _keyring_turn.release()

    threading.Thread(target=work, name="keyring", daemon=True).start()
    try:
        result = answer.get(timeout=timeout)
    except queue.Empty:
        _hangs.set()
        raise _keyring_hangs() from None
    if isinstance(result, SecretUnavailable):
        raise result
    return result[0]


_ADVICE = f"{_SAFE} Unlock it and try again, or use the vault."


def _keyring_hangs() -> SecretUnavailable:
    return SecretUnavailable(f"The keyring does not answer; it may be waiting to be unlocked. {_ADVICE}")


def _allowed_keyring() -> KeyringBackend:
    """The system's keyring, if it keeps secrets and keeps them secret. Raises SecretUnavailable."""
    import keyring

    backend = keyring.get_keyring()
    if is_allowed(backend):
        return backend
    if type(backend).__module__ == "keyring.backends.fail":
        raise NoKeyring(
            f"No keyring runs on this computer. {_SAFE} Use the vault, or a password_command in config.toml."
        )
    raise NoKeyring(
        f"The keyring {type(backend).__module__} is not used, for it does not keep passwords safe. {_SAFE} "
        "Use the vault, or a password_command in config.toml."
    )


def is_allowed(backend: KeyringBackend) -> bool:
    """True for the keyrings of desktops and systems; a chain is as good as the worst of its members."""
    module = type(backend).__module__
    if module == _CHAINER_MODULE:
        members = list(getattr(backend, "backends", ()))
        return bool(members) and all(is_allowed(member) for member in members)
    return module in _ALLOWED_MODULES
