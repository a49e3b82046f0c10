"""Where a secret comes from and where it is kept: one interface for passwords and tokens, whatever holds them.

What belongs here: the order of the places, and what is remembered in this run. What must never be here: a secret in a
sentence, in a log or on this disk in the open; how a keyring, a vault or a token server is spoken to (keyrings, vault,
oauth).

For each account and leg the first that has it gives it: the command in config.toml (password_command, token_command),
what was typed for this run only, the system's keyring, the vault if there is one, and at last the person. What was
found is kept in memory until `invalidate`; two threads that want the same password run its command once.

The engine beside a screen is a process of its own, which no person can answer. It asks commands and the keyring itself,
and for the rest the screen's process, over the pipe between the two (`ask_elsewhere`, `for_engine`): a passphrase is
typed once, where the screen is, and neither it nor the vault's key ever leaves that process.
"""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui_mail.config.command import first_line
from tui_mail.config.entries import SERVICE, Kind, Place, entry_name, kinds_of, server_of, typed_key
from tui_mail.config.keyrings import is_allowed, keyring_name, with_keyring
from tui_mail.config.vault import AskPassphrase, Vault
from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account, Server
from tui_mail.paths import Paths
from tui_mail.redaction import hide
from tui_mail.settings import Leg
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = [
    "SERVICE",
    "Ask",
    "AskPassphrase",
    "Kind",
    "Leg",
    "NothingStored",
    "Place",
    "ask_again",
    "ask_elsewhere",
    "ask_elsewhere_first",
    "begin",
    "digest",
    "entry_name",
    "for_engine",
    "forget_entry",
    "forget_secret",
    "invalidate",
    "is_allowed",
    "is_typed",
    "is_vault_open",
    "keep_secret",
    "keyring_name",
    "make_ready",
    "place_of",
    "places",
    "secret",
    "store_secret",
    "stored",
    "stored_in",
    "was_refused",
]

Ask = Callable[[Account, Leg], str | None]
"""Asks the person; None when there is no answer."""

Far = Callable[[Account, Leg, str], str]
"""Asks the process of the screen; the text is the `digest` of a secret that a server refused, or empty."""

PLACES_SECONDS = 5.0
"""How long the keyring may take to say whether it is there."""

_SAFE = "Your mail is safe."


class NothingStored(SecretUnavailable):
    """No place that could be asked has it, and none of them is at fault."""


_Key = tuple[str, Kind, Server]
_cache: dict[_Key, str] = {}
"""A password is good for the server that it was found for, and for no other account of that name."""
_typed: dict[tuple[str, Kind, str, str], str] = {}
_declined: set[_Key] = set()
_turns: dict[_Key, threading.Lock] = {}
_guard = threading.Lock()

_vault: Vault | None = None
_ask: Ask | None = None
_ask_passphrase: AskPassphrase | None = None
_someone = threading.Event()
"""Set unless a screen that will answer questions is still on its way."""
_someone.set()
_far: Far | None = None
_far_first: set[str] = set()
_refused: dict[str, str] = {}
_answers: dict[_Key, str] = {}
"""The digest of what the person said last."""
SCREEN_SECONDS = 60.0
"""How long a question waits for the screen that will show it."""


# --- beginning --------------------------------------------------------------------------------


def begin(
    paths: Paths, *, ask_passphrase: AskPassphrase | None = None, ask: Ask | None = None, later: bool = False
) -> None:
    """Say where the vault is, and who answers questions; may be said again when that changes.

    They are called on any thread but the screen's, and may take their time. `later`: a screen that answers is on its
    way, and until it says so, questions wait.
    """
    from tui_mail.config import tokens

    global _vault, _ask_passphrase, _ask
    tokens.lock_in(paths.state)
    if _vault is None or _vault.folder != paths.data:
        _vault = Vault(paths.data)
    _ask_passphrase, _ask = ask_passphrase, ask
    ask_again()
    if later:
        _someone.clear()
    else:
        _someone.set()


def ask_again() -> None:
    """The person tries again: who declined to answer is asked once more."""
    with _guard:
        _declined.clear()
    if _vault is not None:
        _vault.ask_again()


def places(paths: Paths, *, timeout: float = PLACES_SECONDS) -> list[tuple[Place, bool, SafeText]]:
    """Where a secret could be kept here, whether that is possible, and what a person should know of it; the best first.

    Blocks for up to `timeout` seconds, so never call it on the UI thread.
    """
    try:
        keyring = (Place.KEYRING, True, safe_line(f"{keyring_name(timeout=timeout)}, unlocked with your session."))
    except SecretUnavailable as error:
        keyring = (Place.KEYRING, False, error.shown)
    there = Vault(paths.data).exists
    words = "The encrypted file that you have" if there else "An encrypted file"
    return [
        keyring,
        (Place.VAULT, True, SafeText(f"{words}; its passphrase is asked for once in each run.")),
        (Place.SESSION, True, SafeText("Nowhere: it is asked for in each run.")),
    ]


# --- having a secret --------------------------------------------------------------------------


def secret(account: Account, leg: Leg = "incoming", *, ask: Ask | None = None, timeout: float = 25.0) -> str:
    """The password or access token for one leg of `account`; blocks, so never call it on the UI thread.

    `timeout` is for the keyring, in seconds; `ask` is tried last. Raises SecretUnavailable, and Unreachable or
    AuthenticationRefused of a token server.
    """
    key = (account.name, leg, server_of(account, leg))
    with _turn(key):
        with _guard:
            if key in _cache:
                return _cache[key]
        value, lasting = _find(account, leg, ask or _patient_password, timeout)
        hide(value)
        if lasting:
            with _guard:
                _cache[key] = value
        return value


def invalidate(account: Account, refused: str = "") -> None:
    """Forget what was found for `account` in this run: the server `refused` it, or the person changed it.

    What was typed for this run stays.
    """
    from tui_mail.config import tokens

    with _guard:
        for key in [key for key in _cache if key[0] == account.name]:
            del _cache[key]
        if refused:
            _refused[account.name] = digest(refused)
    tokens.forget(account, digest(refused) if refused else "")


def stored(account: Account, kind: Kind, *, timeout: float = 25.0, keyring: bool = True) -> tuple[str, Place] | None:
    """What is kept under `kind` and where; None when it is kept nowhere. Raises SecretUnavailable.

    The keyring's reason for having nothing is raised last, when the vault has nothing either.
    """
    reason: SecretUnavailable | None = None
    for place in Place.SESSION, *((Place.KEYRING,) if keyring else ()), Place.VAULT:
        try:
            if (value := stored_in(place, account, kind, timeout=timeout)) is not None:
                return value, place
        except SecretUnavailable as error:
            if place is Place.VAULT:
                raise
            reason = error
    if reason is not None:
        raise reason
    return None


def stored_in(place: Place, account: Account, kind: Kind, *, timeout: float = 25.0) -> str | None:
    """What that place has; None when it has nothing, or is not there. Raises SecretUnavailable."""
    kinds = kinds_of(account, kind)
    if place is Place.KEYRING:
        return with_keyring(lambda backend: _in_keyring(backend, account, kind), timeout)
    if place is Place.SESSION:
        with _guard:
            return next((_typed[key] for one in kinds if (key := typed_key(account, one)) in _typed), None)
    if _vault is None or not _vault.exists:
        return None
    _vault.open_by(_patient_passphrase)
    return next((value for one in kinds if (value := _vault.get(entry_name(account, one))) is not None), None)


def place_of(account: Account, kind: Kind, *, timeout: float = 25.0) -> Place | None:
    """Where a secret is kept; None when it is not. Raises SecretUnavailable when that cannot be told."""
    found = stored(account, kind, timeout=timeout)
    return None if found is None else found[1]


def is_typed(account: Account) -> bool:
    """Something was typed for this run of which no other process knows."""
    with _guard:
        return any(key[0] == account.name for key in _typed)


# --- keeping a secret -------------------------------------------------------------------------


def keep_secret(account: Account, kind: Kind, value: str, place: Place, *, timeout: float = 25.0) -> None:
    """Keep a secret in one place, and take it out of those that would be asked before. Raises SecretUnavailable.

    When this returns it is kept; in memory alone if that is the place. The vault may have to be opened, or made: then
    its passphrase is asked for. Blocks, so never call it on the UI thread.
    """
    hide(value)
    entry = entry_name(account, kind)
    if place is Place.VAULT:
        vault = _need_vault()
        vault.open_by(_patient_passphrase)
        vault.put(entry, value)
        with contextlib.suppress(SecretUnavailable):
            with_keyring(lambda backend: _take_out(backend, entry), min(timeout, PLACES_SECONDS))
    elif place is Place.KEYRING:
        _put_into_keyring(entry, value, timeout)
        if _vault is not None and _vault.is_open:
            _vault.put(entry, None)
    with _guard:
        for key in [key for key in _cache if key[0] == account.name]:
            del _cache[key]
        _typed.pop(typed_key(account, kind), None)
        if place is Place.SESSION:
            _typed[typed_key(account, kind)] = value


def make_ready(place: Place) -> None:
    """Open the vault, or make it, if that is the place; so that keeping something there cannot fail for want of that.

    Raises SecretUnavailable.
    """
    if place is Place.VAULT:
        _need_vault().open_by(_patient_passphrase)


def store_secret(account: Account, leg: Leg, value: str, *, timeout: float = 25.0) -> None:
    """Keep a password in the system's keyring, and make sure that it is there. Raises SecretUnavailable."""
    keep_secret(account, leg, value, Place.KEYRING, timeout=timeout)


def forget_secret(account: Account, kind: Kind = "incoming", *, timeout: float = 25.0) -> None:
    """Remove a secret from memory, the vault if it is open, and the keyring; fine if there is none.

    Raises SecretUnavailable when it was not found elsewhere and the keyring cannot be asked.
    """
    with _guard:
        for key in [key for key in _cache if key[0] == account.name]:
            del _cache[key]
        was_elsewhere = _typed.pop(typed_key(account, kind), None) is not None
    forget_entry(entry_name(account, kind), was_elsewhere=was_elsewhere, timeout=timeout)


def forget_entry(entry: str, *, was_elsewhere: bool = False, timeout: float = 25.0) -> None:
    """Remove an entry from the vault if it is open, and from the keyring; as `forget_secret`."""
    if is_vault_open():
        assert _vault is not None
        was_elsewhere |= _vault.get(entry) is not None
        _vault.put(entry, None)
    try:
        with_keyring(lambda backend: _take_out(backend, entry), timeout)
    except SecretUnavailable:
        if not was_elsewhere:
            raise


def is_vault_open() -> bool:
    """There is a vault, and its passphrase was given in this run."""
    return _vault is not None and _vault.is_open


# --- two processes ----------------------------------------------------------------------------


def ask_elsewhere(far: Far) -> None:
    """Say that nobody is here to ask: what neither a command nor the keyring has, `far` gets from the other process."""
    global _far
    _far = far


def ask_elsewhere_first(account: str, first: bool) -> None:
    """The other process has something for an account that was typed for this run, whatever the keyring holds."""
    with _guard:
        _far_first.add(account) if first else _far_first.discard(account)


def for_engine(account: Account, leg: Leg, refused: str) -> str:
    """The answer to `far` of the other process: what was typed, what the vault has, or what the person says now.

    `refused` is the digest of what a server did not accept, so that an access token is renewed once and no more.
    Raises SecretUnavailable.
    """
    from tui_mail.config import tokens

    key = (account.name, leg, server_of(account, leg))
    if refused:
        with _guard:
            _refused[account.name] = refused
    with _turn(key):
        if _uses_tokens(account, leg):
            if refused:
                tokens.forget(account, refused)
            return tokens.access_token(account, keyring=False)
        with _guard:
            kept = _cache.get(key)
            if kept is not None and digest(kept) == refused:
                del _cache[key]
                kept = None
        if kept is None:
            kept = _from_places(account, leg, _patient_password, 25.0, keyring=False)
            with _guard:
                _cache[key] = kept
        return kept


def was_refused(account: Account, leg: Leg) -> bool:
    """A server did not accept what the person said last, so that there is a reason for asking again."""
    with _guard:
        answer = _answers.get((account.name, leg, server_of(account, leg)))
        return answer is not None and answer == _refused.get(account.name)


def digest(value: str) -> str:
    """What tells one secret from another and gives neither away."""
    return hashlib.sha256(b"tui-mail" + value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- how it is done ---------------------------------------------------------------------------


def _find(account: Account, leg: Leg, ask: Ask | None, timeout: float) -> tuple[str, bool]:
    """The secret, and whether it may be remembered: a token has its own clock, and the other process its own memory."""
    server = server_of(account, leg)
    if server.password_command:
        return first_line(account, server.password_command), server.auth != "oauth2"
    with _guard:
        far = _far
        far_first, refused = account.name in _far_first, _refused.get(account.name, "")
    if far is not None and far_first:
        with contextlib.suppress(NothingStored):
            return far(account, leg, refused), False
    try:
        if _uses_tokens(account, leg):
            from tui_mail.config import tokens

            return tokens.access_token(account, timeout=timeout), False
        return _from_places(account, leg, None if far is not None else ask, timeout), server.auth != "oauth2"
    except SecretUnavailable as error:
        if far is None:
            raise
        reason = error
    try:
        return far(account, leg, refused), False
    except NothingStored:
        raise reason from None


def _from_places(account: Account, leg: Leg, ask: Ask | None, timeout: float, *, keyring: bool = True) -> str:
    reason: SecretUnavailable = NothingStored(
        f'No password is stored for account "{account.name}". {_SAFE} '
        f"Give it with: tui-mail account set-password {shlex.quote(account.name)}"
    )
    try:
        found = stored(account, leg, timeout=timeout, keyring=keyring)
    except SecretUnavailable as error:
        found, reason = None, error
    if found is not None:
        return found[0]
    value = None if ask is None else ask(account, leg)
    if value is None:
        raise reason
    return value


def _uses_tokens(account: Account, leg: Leg) -> bool:
    return server_of(account, leg).auth == "oauth2" and account.oauth is not None


def _in_keyring(backend: KeyringBackend, account: Account, kind: Kind) -> str | None:
    for one in kinds_of(account, kind):
        if (value := backend.get_password(SERVICE, entry_name(account, one))) is not None:
            return str(value)
    return None


def _put_into_keyring(entry: str, value: str, timeout: float) -> None:
    def put(backend: KeyringBackend) -> str | None:
        backend.set_password(SERVICE, entry, value)
        return backend.get_password(SERVICE, entry)

    if with_keyring(put, timeout) != value:
        raise SecretUnavailable(
            "The keyring took the password but does not give it back, so it is not kept anywhere. "
            "Use password_command in config.toml instead, or the vault."
        )


def _take_out(backend: KeyringBackend, entry: str) -> None:
    if backend.get_password(SERVICE, entry) is not None:
        backend.delete_password(SERVICE, entry)


def _need_vault() -> Vault:
    if _vault is None:
        raise SecretUnavailable(f"It is not known where the vault is. {_SAFE} Use the keyring or password_command.")
    return _vault


def _patient_password(account: Account, leg: Leg) -> str | None:
    """Ask whoever is there for it, or will be in a moment; None when nobody is.

    Raises SecretUnavailable for who declines, and is not asked again before `ask_again`.
    """
    key = (account.name, leg, server_of(account, leg))
    if not _someone.wait(SCREEN_SECONDS) or _ask is None:
        return None
    value = None if key in _declined else _ask(account, leg)
    if value is not None:
        with _guard:
            _answers[key] = digest(value)
    else:
        with _guard:
            _declined.add(key)
        raise SecretUnavailable(
            f'Nobody gave the password of account "{account.name}". {_SAFE} Try again, and type it when asked.'
        )
    return value


def _patient_passphrase(new: bool, words: SafeText) -> str | None:
    """The same for the vault."""
    if not _someone.wait(SCREEN_SECONDS) or _ask_passphrase is None:
        return None
    return _ask_passphrase(new, words)


@contextlib.contextmanager
def _turn(key: _Key) -> Iterator[None]:
    with _guard:
        turn = _turns.setdefault(key, threading.Lock())
    with turn:
        yield
