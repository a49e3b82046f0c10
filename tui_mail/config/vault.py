"""The vault: secrets in a file that a passphrase opens, for computers without a keyring.

What belongs here: two files in the standard age format, and keeping them whole. What must never be here: which secret
is wanted (secrets), a secret or a passphrase in a sentence, in a file that is not encrypted, or in an argument.

`vault-key.age` is an X25519 identity that the passphrase encrypts, and `vault.age` is a JSON object that is encrypted
to it, so the age command opens it without us: `age -d -i vault-key.age vault.age`. The passphrase is asked for once;
after that the identity is in memory, and reading and writing take less than a millisecond.

Deriving a key from a passphrase takes seconds and a quarter of a gigabyte, and pyrage holds the interpreter as long,
which would hold up the screen. So that is done in a short-lived process, and both pass over its pipes.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.config.files import replace_whole
from tui_mail.errors import SecretUnavailable
from tui_mail.redaction import hide
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

AskPassphrase = Callable[[bool, SafeText], str | None]
"""Asks the person. The first argument is True when a vault is made, and the passphrase should be typed twice; the
second says what was wrong with the last answer. None: no answer."""

TRIES = 3
"""How often a passphrase may be wrong."""
UNWRAP_SECONDS = 120.0
"""Longest time for a key from a passphrase, on a slow and busy computer."""

_SAFE = "Your mail is safe."
_PROGRAM = """
import base64, json, sys
sys.path[:] = json.loads(sys.argv[1])
import pyrage
asked = json.load(sys.stdin)
work = pyrage.passphrase.encrypt if asked["wrap"] else pyrage.passphrase.decrypt
try:
    print(base64.b64encode(work(base64.b64decode(asked["octets"]), asked["passphrase"])).decode())
except pyrage.DecryptError:
    sys.exit(3)
"""
_WRONG = 3


class WrongPassphrase(SecretUnavailable):
    """The passphrase does not open the vault."""


class Vault:
    """The two files of one installation; safe for every thread and for several processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "vault.age"
        self._key_file = folder / "vault-key.age"
        self._lock_file = folder / "vault.lock"
        self._identity: Identity | None = None
        self._turn = threading.Lock()
        self._declined = False

    @property
    def exists(self) -> bool:
        """There is a vault, or what is left of one."""
        return self._key_file.exists() or self._file.exists()

    @property
    def is_open(self) -> bool:
        """The passphrase was given in this run."""
        return self._identity is not None

    def open(self, passphrase: str) -> None:
        """Open the vault, or make one if there is none; takes seconds. Raises WrongPassphrase, SecretUnavailable."""
        if not self._key_file.exists():
            self._make(passphrase)
        self._identity = self._unwrap(passphrase)
        hide(str(self._identity))
        self._declined = False

    def open_by(self, ask: AskPassphrase | None) -> None:
        """Have the person open it, or make it, unless it is open; who declined is not asked again before `ask_again`.

        Raises SecretUnavailable.
        """
        with self._turn:
            words = SafeText("")
            for _ in range(TRIES):
                if self.is_open:
                    return
                passphrase = None if ask is None or self._declined else ask(not self.exists, words)
                if not passphrase:
                    self._declined = ask is not None
                    raise SecretUnavailable(
                        f"The vault is locked: nobody gave its passphrase. {_SAFE} Try again, and type it when asked."
                    )
                try:
                    self.open(passphrase)
                except WrongPassphrase as error:
                    words = error.shown
            if not self.is_open:
                self._declined = True
                raise WrongPassphrase(f"{words} {_SAFE} Try again to be asked once more.")

    def ask_again(self) -> None:
        """The person wants to be asked again."""
        self._declined = False

    def get(self, entry: str) -> str | None:
        """A secret of the open vault; None when there is none. Raises SecretUnavailable."""
        return self._entries().get(entry)

    def put(self, entry: str, value: str | None) -> None:
        """Keep a secret in the open vault, or remove it (None). On return it is on the disk.

        What another process wrote in the meantime stays. Raises SecretUnavailable; then the vault is as it was.
        """
        with self._alone():
            entries = self._entries()
            if entries.get(entry) == value:
                return
            entries.pop(entry, None)
            if value is not None:
                entries[entry] = value
            self._write(entries)

    def _entries(self) -> dict[str, str]:
        import pyrage

        identity = self._identity
        if identity is None:
            raise SecretUnavailable(f"The vault is locked. {_SAFE} Open it with its passphrase first.")
        try:
            document = json.loads(pyrage.decrypt(self._file.read_bytes(), [identity]))
            entries = document["entries"]
            return {str(entry): str(value) for entry, value in entries.items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unusable(self._file, error) from error
        except (pyrage.DecryptError, ValueError, LookupError, TypeError, AttributeError):
            raise SecretUnavailable(
                f"The vault {self._file} cannot be opened: it is damaged, or another key than vault-key.age made it. "
                f"{_SAFE} Put it back from a backup, or move it away and give the passwords again."
            ) from None

    def _write(self, entries: dict[str, str]) -> None:
        import pyrage

        assert self._identity is not None
        document = json.dumps({"version": 1, "entries": entries}, ensure_ascii=False, indent=1).encode()
        self._replace(self._file, pyrage.encrypt(document, [self._identity.to_public()]))

    def _make(self, passphrase: str) -> None:
        """A key of its own for a new vault; the one that another process makes at the same time is left."""
        import pyrage

        if self._file.exists():
            raise SecretUnavailable(
                f"The key of the vault, {self._key_file}, is missing, so nothing in the vault can be read. {_SAFE} Put "
                f"the key back from a backup, or move {self._file.name} away and give the passwords again."
            )
        wrapped = _in_process(True, f"{pyrage.x25519.Identity.generate()}\n".encode(), passphrase)
        with self._alone():
            if not self._key_file.exists():
                self._replace(self._key_file, wrapped)

    def _unwrap(self, passphrase: str) -> Identity:
        import pyrage

        try:
            octets = _in_process(False, self._key_file.read_bytes(), passphrase)
            lines = [line for line in octets.decode().splitlines() if line and not line.startswith("#")]
            return pyrage.x25519.Identity.from_str(lines[0].strip())
        except OSError as error:
            raise _unusable(self._key_file, error) from error
        except (ValueError, LookupError, pyrage.IdentityError):
            raise SecretUnavailable(
                f"{self._key_file} holds no key of a vault. {_SAFE} Put it back from a backup."
            ) from None

    def _replace(self, file: Path, octets: bytes) -> None:
        try:
            for left in file.parent.glob(f".{file.name}.*"):  # by a process that was killed while it wrote
                left.unlink(missing_ok=True)
            replace_whole(file, octets)
        except OSError as error:
            raise _unusable(file, error) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """The only thread and process that writes."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(self._lock_file, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _in_process(wrap: bool, octets: bytes, passphrase: str) -> bytes:
    """Encrypt or decrypt with a passphrase, in a process of its own. Raises WrongPassphrase, SecretUnavailable."""
    asked = {"wrap": wrap, "octets": base64.b64encode(octets).decode(), "passphrase": passphrase}
    hide(passphrase)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, json.dumps(sys.path)],
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=UNWRAP_SECONDS,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SecretUnavailable(
            f"The vault could not be opened in time ({type(error).__name__}). {_SAFE} Try again."
        ) from None
    if done.returncode == _WRONG:
        raise WrongPassphrase("That passphrase does not open the vault.")
    if done.returncode != 0:
        raise SecretUnavailable(
            f"The vault could not be opened: the process for it ended with {done.returncode}, perhaps for want of "
            f"memory. {_SAFE} Try again."
        )
    return base64.b64decode(done.stdout)


def _unusable(file: Path, error: OSError) -> SecretUnavailable:
    return SecretUnavailable(
        f"{file} cannot be used ({error.strerror}). {_SAFE} Check the rights of its folder, and the disk."
    )
