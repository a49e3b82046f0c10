"""Where a password comes from: a command, the system's keyring, or the person, in this order.

What belongs here: asking each source with a time limit, and refusing keyrings that keep nothing or keep it
in the open. What must never be here: a password in a sentence, in a log or on this disk.

A keyring may wait for ever for someone to unlock it, so it is only ever asked in a daemon thread. What was
found is kept in memory until `invalidate`; two threads that want the same password run its command once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account, Server

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_T = TypeVar("_T")

Leg = Literal["incoming", "outgoing"]
"""Which server of an account."""

Ask = Callable[[Account, Leg], str | None]
"""Asks the person; None when there is no answer."""

SERVICE = "tui-mail"
"""The name of our entries in a keyring."""

COMMAND_SECONDS = 30.0
"""How long a password_command may take; it may have to ask for a card or a fingerprint."""

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
_CHAINER_MODULE = "keyring.backends.chainer"

_Key = tuple[str, Leg, Server]
_cache: dict[_Key, str] = {}
"""A password is good for the server that it was found for, and for no other account of that name."""
_turns: dict[_Key, threading.Lock] = {}
_guard = threading.Lock()
_keyring_turn = threading.Lock()


def secret(account: Account, leg: Leg = "incoming", *, ask: Ask | None = None, timeout: float = 25.0) -> str:
    """The password (or token) for one leg of `account`; blocks, so never call it on the UI thread.

    `timeout` is for the keyring, in seconds; `ask` is tried last. Raises SecretUnavailable.
    """
    key = (account.name, leg, _server(account, leg))
    with _guard:
        turn = _turns.setdefault(key, threading.Lock())
    with turn:
        with _guard:
            if key in _cache:
                return _cache[key]
        value = _find(account, leg, ask, timeout)
        with _guard:
            _cache[key] = value
        return value


def invalidate(account: Account) -> None:
    """Forget what was found for `account` in this run: the server refused it, or the person changed it."""
    with _guard:
        for key in [key for key in _cache if key[0] == account.name]:
            del _cache[key]


def store_secret(account: Account, leg: Leg, value: str, *, timeout: float = 25.0) -> None:
    """Keep a password in the system's keyring, and make sure that it is there. Raises SecretUnavailable."""
    entry = entry_name(account, leg)

    def store(backend: KeyringBackend) -> str | None:
        backend.set_password(SERVICE, entry, value)
        return backend.get_password(SERVICE, entry)

    if _with_keyring(store, timeout) != value:
        raise SecretUnavailable(
            "The keyring took the password but does not give it back, so it is not kept anywhere. "
            "Use password_command in config.toml instead."
        )
    with _guard:
        _cache[account.name, leg, _server(account, leg)] = value


def forget_secret(account: Account, leg: Leg = "incoming", *, timeout: float = 25.0) -> None:
    """Remove a password from the keyring and from memory; fine if there is none. Raises SecretUnavailable."""
    with _guard:
        _cache.pop((account.name, leg, _server(account, leg)), None)
    entry = entry_name(account, leg)

    def forget(backend: KeyringBackend) -> None:
        if backend.get_password(SERVICE, entry) is not None:
            backend.delete_password(SERVICE, entry)

    _with_keyring(forget, timeout)


def keyring_name(*, timeout: float = 25.0) -> str:
    """The keyring in use, as people know it. Raises SecretUnavailable with the reason why there is none."""
    return _with_keyring(lambda backend: str(backend.name), timeout)


def entry_name(account: Account, leg: Leg) -> str:
    """The user name of an entry in the keyring: `work/imap`, `work/pop` or `work/smtp`."""
    if leg == "outgoing":
        return f"{account.name}/smtp"
    return f"{account.name}/{'pop' if account.protocol == 'pop3' else 'imap'}"


def _find(account: Account, leg: Leg, ask: Ask | None, timeout: float) -> str:
    server = _server(account, leg)
    if server.password_command:
        return _from_command(account, server.password_command)
    try:
        value = _with_keyring(lambda backend: _stored(backend, account, leg), timeout)
        reason = SecretUnavailable(
            f'No password is stored for account "{account.name}". {_SAFE} '
            f"Give it with: tui-mail account set-password {shlex.quote(account.name)}"
        )
    except SecretUnavailable as error:
        value, reason = None, error
    if value is None and ask is not None:
        value = ask(account, leg)
    if value is None:
        raise reason
    return value


def _server(account: Account, leg: Leg) -> Server:
    server = account.incoming if leg == "incoming" else account.outgoing
    if server is None:
        raise SecretUnavailable(f'Account "{account.name}" has no server for sending, so there is no password for it.')
    return server


def _stored(backend: KeyringBackend, account: Account, leg: Leg) -> str | None:
    """The leg's own entry; for sending as the same user, the entry of the incoming server will do."""
    value = backend.get_password(SERVICE, entry_name(account, leg))
    if value is None and leg == "outgoing" and _server(account, leg).user == account.incoming.user:
        value = backend.get_password(SERVICE, entry_name(account, "incoming"))
    return value


# --- password_command -------------------------------------------------------------------------


def _from_command(account: Account, argv: tuple[str, ...]) -> str:
    """The first line that a command prints. It gets no terminal: a prompt would draw over the screen."""
    program = os.path.expanduser(argv[0])
    whose = f'The password_command of account "{account.name}" ({os.path.basename(program)})'
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


# --- the keyring ------------------------------------------------------------------------------


def _with_keyring(use: Callable[[KeyringBackend], _T], timeout: float) -> _T:
    """Let a daemon thread `use` the system's keyring; at most one at a time, however long it hangs."""
    if not _keyring_turn.acquire(timeout=timeout):
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
            _keyring_turn.release()

    threading.Thread(target=work, name="keyring", daemon=True).start()
    try:
        result = answer.get(timeout=timeout)
    except queue.Empty:
        raise _keyring_hangs() from None
    if isinstance(result, SecretUnavailable):
        raise result
    return result[0]


_ADVICE = f"{_SAFE} Write a password_command into config.toml, or unlock the keyring and try again."


def _keyring_hangs() -> SecretUnavailable:
    return SecretUnavailable(f"The keyring does not answer; it may be waiting to be unlocked. {_ADVICE}")


def _allowed_keyring() -> KeyringBackend:
    """The system's keyring, if it keeps secrets and keeps them secret. Raises SecretUnavailable."""
    import keyring

    backend = keyring.get_keyring()
    if is_allowed(backend):
        return backend
    if type(backend).__module__ == "keyring.backends.fail":
        raise SecretUnavailable(
            f"No keyring runs on this computer. {_SAFE} Write a password_command into config.toml, as in the README."
        )
    raise SecretUnavailable(
        f"The keyring {type(backend).__module__} is not used, for it does not keep passwords safe. {_SAFE} "
        "Write a password_command into config.toml."
    )


def is_allowed(backend: KeyringBackend) -> bool:
    """True for the keyrings of desktops and systems; a chain is as good as the worst of its members."""
    module = type(backend).__module__
    if module == _CHAINER_MODULE:
        members = list(getattr(backend, "backends", ()))
        return bool(members) and all(is_allowed(member) for member in members)
    return module in _ALLOWED_MODULES
