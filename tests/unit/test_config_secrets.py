"""Where passwords come from, and that none of them shows up anywhere else."""

from __future__ import annotations

import dataclasses
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import SecretService, chainer, fail, kwallet, libsecret, null

from tui_mail.config import command, secrets
from tui_mail.config.secrets import (
    entry_name,
    forget_secret,
    invalidate,
    is_allowed,
    keyring_name,
    secret,
    store_secret,
)
from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account, Protocol, Security, Server

SERVER = Server("imap.example.org", 993, Security.TLS, "anna")


def account_with(command: str | tuple[str, ...] = (), *, name: str = "work") -> Account:
    """An account whose password comes from a shell line, an argv, or the keyring."""
    argv = ("sh", "-c", command) if isinstance(command, str) else command
    server = dataclasses.replace(SERVER, password_command=argv)
    return Account(name, "Anna", "anna@example.org", Protocol.IMAP, server, dataclasses.replace(server, host="smtp"))


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """No test sees what another one found."""
    for name in ("work", "home"):
        invalidate(account_with(name=name))
    yield
    for name in ("work", "home"):
        invalidate(account_with(name=name))


@pytest.fixture
def use_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the keyring of this process back afterwards."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return as soon as `condition()` holds; fail after `seconds`."""
    event = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        event.wait(0.01)


# --- password_command -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("printf 'hunter2'", "hunter2"),
        ("echo hunter2", "hunter2"),
        ("printf 'hunter2\\r\\nurl: x\\n'", "hunter2"),
        ("printf ' two  blanks \\n'", " two  blanks "),
        ("printf 'pässwörd 漢\\n'", "pässwörd 漢"),
        ("echo noise >&2; echo hunter2", "hunter2"),
    ],
)
def test_the_first_line_of_the_command_is_the_password(command: str, expected: str) -> None:
    """Only the line end is taken off; blanks and letters of any language stay."""
    assert secret(account_with(command)) == expected


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo hunter2; echo hunter2 >&2; exit 3", "ended with status 3"),
        ("echo hunter2; kill -9 $$", "ended with signal 9"),
        ("printf '\\nhunter2\\n'", "empty first line"),
        ("true", "empty first line"),
        ("printf 'hunter2\\377'", "not UTF-8"),
        (("/nowhere/hunter", "hunter2"), "No such file"),
    ],
)
def test_a_command_that_fails_is_told_without_what_it_printed(command: str, words: str) -> None:
    """The sentence names account, program and reason; neither it nor the detail holds output or arguments."""
    with pytest.raises(SecretUnavailable) as raised:
        secret(account_with(command))
    assert words in raised.value.sentence
    assert '"work"' in raised.value.sentence
    assert "hunter2" not in raised.value.sentence + raised.value.detail


def test_the_command_cannot_reach_the_terminal() -> None:
    """No input, and a session of its own: a prompt can neither draw nor swallow keys."""
    assert secret(account_with("cat; ( : </dev/tty ) 2>/dev/null && echo terminal || echo none")) == "none"


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the whole process group is gone, even a child that holds the pipe."""
    monkeypatch.setattr(command, "COMMAND_SECONDS", 0.4)
    pid_file = tmp_path / "pid"
    with pytest.raises(SecretUnavailable, match="gave no password within"):
        secret(account_with(f"sleep 60 & echo $! > {shlex.quote(str(pid_file))}; wait"))
    child = Path("/proc") / pid_file.read_text().strip() / "stat"
    wait_until(lambda: not child.exists() or child.read_text().split()[2] == "Z")


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no shell to do it."""
    script = tmp_path / "get-password"
    script.write_text("#!/bin/sh\necho from home\n")
    script.chmod(0o700)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert secret(account_with(("~/get-password",))) == "from home"


# --- memory -----------------------------------------------------------------------------------


def test_the_command_runs_once_until_the_password_is_refused(tmp_path: Path) -> None:
    """Kept in memory for both connections of an account, asked for again after `invalidate`."""
    runs = tmp_path / "runs"
    account = account_with(f"echo x >> {shlex.quote(str(runs))}; wc -l < {shlex.quote(str(runs))}")
    assert [secret(account), secret(account)] == ["1", "1"]
    invalidate(account)
    assert secret(account) == "2"


def test_two_threads_run_the_command_once(tmp_path: Path) -> None:
    """Worker and watcher start together; one pinentry is enough."""
    runs = shlex.quote(str(tmp_path / "runs"))
    account = account_with(f"sleep 0.2; echo x >> {runs}; wc -l < {runs}")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(secret(account))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["1"] * 4


# --- the keyring ------------------------------------------------------------------------------


class Desktop(KeyringBackend):
    """A keyring in memory that calls itself one of a desktop."""

    __module__ = "keyring.backends.SecretService"
    priority = 0

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.unlocked = threading.Event()
        self.unlocked.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def desktop(use_keyring: None) -> Desktop:
    """A keyring like that of a desktop, empty and unlocked."""
    backend = Desktop()
    keyring.set_keyring(backend)
    return backend


def test_store_read_forget(desktop: Desktop) -> None:
    """An entry per leg, under our service; forgetting twice is fine."""
    account = account_with()
    store_secret(account, "incoming", "hunter2")
    assert desktop.entries == {("tui-mail", "work/imap"): "hunter2"}
    invalidate(account)
    assert secret(account) == "hunter2"
    forget_secret(account)
    forget_secret(account)
    assert desktop.entries == {}
    with pytest.raises(SecretUnavailable, match="tui-mail account set-password work"):
        secret(account)


def test_sending_as_the_same_user_takes_the_password_for_reading(desktop: Desktop) -> None:
    """Unless it has its own, or another user."""
    account = account_with()
    desktop.set_password("tui-mail", "work/imap", "for both")
    assert secret(account, "outgoing") == "for both"
    invalidate(account)
    desktop.set_password("tui-mail", "work/smtp", "own")
    assert secret(account, "outgoing") == "own"
    assert account.outgoing is not None
    other = dataclasses.replace(account, name="home", outgoing=dataclasses.replace(account.outgoing, user="bob"))
    desktop.set_password("tui-mail", "home/imap", "of anna")
    with pytest.raises(SecretUnavailable):
        secret(other, "outgoing")


def test_the_entries_are_named_by_protocol() -> None:
    """As they are seen in the system's own keyring viewer."""
    account = account_with()
    assert entry_name(account, "incoming") == "work/imap"
    assert entry_name(dataclasses.replace(account, protocol=Protocol.POP3), "incoming") == "work/pop"
    assert entry_name(account, "outgoing") == "work/smtp"


def test_a_locked_keyring_does_not_hold_anyone_up(desktop: Desktop) -> None:
    """Time-outs, not hanging; a second question waits for the first instead of piling up threads; then it works."""
    account = account_with()
    desktop.entries["tui-mail", "work/imap"] = "hunter2"
    desktop.unlocked.clear()
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(SecretUnavailable, match="waiting to be unlocked"):
            secret(account, timeout=0.05)
    assert threading.active_count() <= before + 1
    assert secret(account, ask=lambda account, leg: "typed", timeout=0.05) == "typed"
    invalidate(account)
    desktop.unlocked.set()
    assert secret(account) == "hunter2"


def test_a_keyring_that_breaks_is_a_sentence(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its library raises, and without its words."""
    monkeypatch.setattr(desktop, "entries", None)
    with pytest.raises(SecretUnavailable, match=r"does not work \(AttributeError\)"):
        secret(account_with())


def test_the_person_is_asked_last(desktop: Desktop) -> None:
    """Only when the keyring has nothing; no answer is no password."""
    asked: list[tuple[str, str]] = []

    def ask(account: Account, leg: secrets.Leg) -> str | None:
        asked.append((account.name, leg))
        return "typed" if leg == "outgoing" else None

    with pytest.raises(SecretUnavailable):
        secret(account_with(), ask=ask)
    assert secret(account_with(), "outgoing", ask=ask) == "typed"
    assert asked == [("work", "incoming"), ("work", "outgoing")]
    desktop.set_password("tui-mail", "home/imap", "kept")
    assert secret(account_with(name="home"), ask=ask) == "kept"
    assert len(asked) == 2


def test_an_account_without_sending_has_no_password_for_it() -> None:
    """A sentence, not a crash."""
    with pytest.raises(SecretUnavailable, match="no server for sending"):
        secret(dataclasses.replace(account_with("echo x"), outgoing=None), "outgoing")


def test_a_keyring_that_forgets_is_noticed(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is read back before anyone relies on it."""
    monkeypatch.setattr(desktop, "set_password", lambda *_: None)
    with pytest.raises(SecretUnavailable, match="does not give it back"):
        store_secret(account_with(), "incoming", "hunter2")


class Plaintext(Desktop):
    """Stands for keyrings.alt and keyrings.cryptfile: known by their module."""

    __module__ = "keyrings.alt.file"


@pytest.mark.parametrize("backend", [SecretService.Keyring, libsecret.Keyring, kwallet.DBusKeyring])
def test_keyrings_of_desktops_are_used(backend: type[KeyringBackend]) -> None:
    """They keep passwords encrypted, with the session's own lock."""
    assert is_allowed(object.__new__(backend))


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, Plaintext])
def test_keyrings_that_keep_nothing_or_keep_it_in_the_open_are_refused(
    backend: type[KeyringBackend], use_keyring: None
) -> None:
    """The sentence points to password_command, never to installing a worse keyring."""
    keyring.set_keyring(backend())
    assert not is_allowed(keyring.get_keyring())
    for attempt in (keyring_name, lambda: store_secret(account_with(), "incoming", "hunter2")):
        with pytest.raises(SecretUnavailable, match="password_command") as raised:
            attempt()
        assert "keyrings.alt package" not in raised.value.sentence


def test_a_chain_is_as_good_as_its_worst_member() -> None:
    """An unsafe member could be the one that takes the password."""

    class Chain(chainer.ChainerBackend):
        __module__ = chainer.__name__
        backends = ()
        priority = 0

    chain = Chain()
    assert not is_allowed(chain)
    Chain.backends = (Desktop(), Desktop())  # type: ignore[assignment]
    assert is_allowed(chain)
    Chain.backends = (Desktop(), Plaintext())  # type: ignore[assignment]
    assert not is_allowed(chain)


ASK_KEYRING = "from tui_mail.config.secrets import keyring_name; print(keyring_name())"


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("keyring.backends.fail.Keyring", "No keyring runs on this computer"),
        ("keyring.backends.null.Keyring", "does not keep passwords safe"),
        ("nobody.has.this.Keyring", "The keyring does not work (ModuleNotFoundError)"),
    ],
)
def test_the_keyring_that_the_environment_names_is_judged_too(backend: str, words: str) -> None:
    """PYTHON_KEYRING_BACKEND with a useless or unknown backend ends in a sentence, in a new Python."""
    run = subprocess.run(
        [sys.executable, "-c", ASK_KEYRING],
        env={**os.environ, "PYTHON_KEYRING_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert words in run.stderr


HEADLESS = """
from pathlib import Path
from tui_mail.config.secrets import *
from tui_mail.paths import paths
from tests.unit.test_config_secrets import account_with
account = account_with()
store_secret(account, "incoming", "pässwörd")
invalidate(account)
assert secret(account) == "pässwörd"
assert place_of(account, "incoming") is Place.KEYRING
begin(paths(Path.home() / "tui"))
assert places(paths())[0][:2] == (Place.KEYRING, True)
keep_secret(account, "incoming", "for now", Place.SESSION)
assert secret(account) == "for now"
keep_secret(account, "incoming", "x" * 4000, Place.KEYRING)
assert secret(account) == "x" * 4000
forget_secret(account)
assert place_of(account, "incoming") is None
print(keyring_name())
"""

LOCKED = """
import time
from tui_mail.config.secrets import *
from tui_mail.errors import SecretUnavailable
from tui_mail.paths import paths
from tests.unit.test_config_secrets import account_with
began = time.monotonic()
for use in (lambda: keep_secret(account_with(), "incoming", "zebra", Place.KEYRING), lambda: secret(account_with())):
    try:
        use()
    except SecretUnavailable as error:
        assert "keyring" in error.sentence, error.sentence
        assert "zebra" not in repr(error)
    else:
        raise AssertionError("a locked keyring kept it")
place, possible, words = places(paths())[0]
assert time.monotonic() - began < 60
print("said", words)
"""


@pytest.mark.usefixtures("secret_service")
def test_a_real_secret_service_keeps_a_password(tmp_path: Path) -> None:
    """gnome-keyring, unlocked without a screen, on a D-Bus session of its own."""
    script = f"echo -n master | gnome-keyring-daemon --unlock --components=secrets >/dev/null && {sys.executable} -c "
    environ = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
    run = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script + shlex.quote(HEADLESS)],
        env={**environ, "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "SecretService" in run.stdout or "libsecret" in run.stdout


@pytest.mark.usefixtures("secret_service")
def test_a_real_secret_service_that_is_locked(tmp_path: Path) -> None:
    """gnome-keyring that nobody unlocked, and no screen that could ask: a sentence, and nothing kept elsewhere."""
    daemon = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"
    environ = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
    run = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f"{daemon}; {sys.executable} -c {shlex.quote(LOCKED)}"],
        env={**environ, "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "said" in run.stdout
    assert not any(b"zebra" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
