"""The age vault: what is in the files, who can open them, and that nothing is lost when writers meet or are killed."""

from __future__ import annotations

import functools
import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pyrage
import pytest
from keyring.backends import fail

from tui_mail.config import secrets
from tui_mail.config.secrets import Place, forget_secret, keep_secret, place_of, places, secret, stored
from tui_mail.config.vault import Vault, WrongPassphrase
from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import Paths, paths
from tui_mail.text import SafeText

PASSPHRASE = "correct horse bättery"
LEG = Server("imap.example.org", 993, Security.TLS, "anna")
ACCOUNT = Account("work", "Anna", "anna@example.org", Protocol.IMAP, LEG, replace(LEG, host="smtp", user="other"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with one entry; making a key takes seconds, so it is made once and copied."""
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault(folder)
    vault.open(PASSPHRASE)
    vault.put("work/imap", "zebra-sécret")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def headless(tmp_path: Path) -> Iterator[None]:
    """No keyring, and nothing remembered."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)
    secrets.invalidate(ACCOUNT)
    secrets._typed.clear()
    secrets.begin(paths(tmp_path))
    secrets._vault = None


def test_pyrage_alone_opens_it(folder: Path) -> None:
    """The standard format: another program gets the entries with the passphrase."""
    document = json.loads(
        pyrage.decrypt((folder / "vault.age").read_bytes(), [key(PASSPHRASE, (folder / "vault-key.age").read_bytes())])
    )
    assert document == {"version": 1, "entries": {"work/imap": "zebra-sécret"}}


@pytest.mark.skipif(shutil.which("age") is None, reason="the age command is not here")
def test_the_age_command_opens_it(folder: Path) -> None:
    """`age -d -i vault-key.age vault.age`, with the passphrase typed at a terminal."""
    reader, writer = pty.openpty()
    argv = ["age", "-d", "-i", str(folder / "vault-key.age"), str(folder / "vault.age")]
    run = subprocess.Popen(
        ["setsid", "--ctty", *argv], stdin=writer, stdout=subprocess.PIPE, stderr=writer, close_fds=True
    )
    os.read(reader, 1024)  # the question
    os.write(reader, f"{PASSPHRASE}\n".encode())
    output, _ = run.communicate(timeout=100)
    os.close(reader)
    os.close(writer)
    assert json.loads(output)["entries"] == {"work/imap": "zebra-sécret"}


def test_nothing_is_in_the_open(folder: Path) -> None:
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"zebra" not in file.read_bytes()
        assert b"work" not in file.read_bytes()
        assert b"AGE-SECRET-KEY" not in file.read_bytes()


def test_a_wrong_passphrase_is_said(folder: Path) -> None:
    vault = Vault(folder)
    with pytest.raises(WrongPassphrase, match="does not open the vault"):
        vault.open("correct horse")
    assert not vault.is_open
    with pytest.raises(SecretUnavailable, match="locked"):
        vault.get("work/imap")


def test_the_person_may_mistype(folder: Path) -> None:
    """The second question says what was wrong; the third is not needed."""
    asked: list[tuple[bool, SafeText]] = []

    def ask(new: bool, words: SafeText) -> str:
        asked.append((new, words))
        return PASSPHRASE if len(asked) > 1 else "nonsense"

    vault = Vault(folder)
    vault.open_by(ask)
    assert vault.get("work/imap") == "zebra-sécret"
    assert asked == [(False, ""), (False, "That passphrase does not open the vault.")]


def test_who_declines_is_left_alone_until_a_retry(folder: Path) -> None:
    asked: list[bool] = []

    def ask(new: bool, _: SafeText) -> None:
        asked.append(new)

    vault = Vault(folder)
    for _ in range(3):
        with pytest.raises(SecretUnavailable, match="nobody gave its passphrase"):
            vault.open_by(ask)
    assert asked == [False]
    vault.ask_again()
    with pytest.raises(SecretUnavailable):
        vault.open_by(ask)
    assert asked == [False, False]


def opened(folder: Path) -> Vault:
    """Without the seconds that a passphrase takes."""
    vault = Vault(folder)
    vault._identity = key(PASSPHRASE, (folder / "vault-key.age").read_bytes())
    return vault


@functools.cache
def key(passphrase: str, wrapped: bytes) -> pyrage.x25519.Identity:
    """By pyrage alone, as any other program would."""
    return pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(wrapped, passphrase).decode().strip())


WRITER = """
import sys
from pathlib import Path
import pyrage
from tui_mail.config.vault import Vault
vault = Vault(Path(sys.argv[1]))
vault._identity = pyrage.x25519.Identity.from_str(sys.stdin.readline().strip())
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    vault.put(f"{sys.argv[2]}/{number}", "x" * 2000)
    print(number, flush=True)
"""


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Another process that keeps secrets, one after the other; the key comes by its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(f"{opened(folder)._identity}\n")
    process.stdin.close()
    return process


def test_two_processes_lose_nothing_of_each_other(folder: Path) -> None:
    """Each reads what the other wrote before it writes."""
    processes = [writer(folder, name, 25) for name in ("a", "b", "c")]
    for process in processes:
        assert process.stdout is not None
        process.stdout.read()
        process.stdout.close()
        assert process.wait(60) == 0
    vault = opened(folder)
    for name in ("a", "b", "c"):
        assert all(vault.get(f"{name}/{number}") for number in range(25))
    assert vault.get("work/imap") == "zebra-sécret"


def test_killed_in_the_middle_of_a_save(folder: Path) -> None:
    """Whatever was said to be kept is there, and the file can always be opened."""
    for turn in range(8):
        process = writer(folder, f"turn{turn}", 100_000)
        assert process.stdout is not None
        kept = -1
        for line in process.stdout:
            if line.strip().isdigit():
                kept = int(line)
                if kept >= 5 + 3 * turn:
                    break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        vault = opened(folder)
        assert vault.get("work/imap") == "zebra-sécret"
        assert all(vault.get(f"turn{turn}/{number}") for number in range(kept + 1))
        for number in range(kept + 100):
            vault.put(f"turn{turn}/{number}", None)
    vault.put("last", "word")
    assert sorted(file.name for file in folder.iterdir()) == ["vault-key.age", "vault.age", "vault.lock"]


def test_a_full_or_forbidden_disk_leaves_it_as_it_was(folder: Path) -> None:
    vault = opened(folder)
    before = (folder / "vault.age").read_bytes()
    (folder / f".vault.age.{os.getpid()}").mkdir()  # where the new one would be written
    (folder / f".vault.age.{os.getpid()}" / "x").touch()
    with pytest.raises(SecretUnavailable, match="cannot be used"):
        vault.put("work/smtp", "new")
    assert (folder / "vault.age").read_bytes() == before


@pytest.mark.parametrize("octets", [b"", b"nonsense", b"age-encryption.org/v1\n-> X25519 x\n"])
def test_a_damaged_vault_is_said_and_never_written_over(folder: Path, octets: bytes) -> None:
    (folder / "vault.age").write_bytes(octets)
    vault = opened(folder)
    with pytest.raises(SecretUnavailable, match="damaged"):
        vault.get("work/imap")
    with pytest.raises(SecretUnavailable, match="damaged"):
        vault.put("work/imap", "new")
    assert (folder / "vault.age").read_bytes() == octets


def test_a_missing_key_is_said_and_none_is_made(folder: Path) -> None:
    (folder / "vault-key.age").unlink()
    with pytest.raises(SecretUnavailable, match=r"key of the vault.*is missing"):
        Vault(folder).open(PASSPHRASE)
    assert not (folder / "vault-key.age").exists()


def test_the_screen_goes_on_while_a_key_is_derived(folder: Path) -> None:
    """That takes seconds of another process; this one's threads run on."""
    vault = Vault(folder)
    over = threading.Event()
    worker = threading.Thread(target=lambda: (vault.open(PASSPHRASE), over.set()))
    worker.start()
    ticks = 0
    while not over.wait(0.005):
        ticks += 1
        assert ticks < 50_000
    worker.join()
    assert vault.is_open
    assert ticks > 20


# --- where secrets are kept -------------------------------------------------------------------


def home_of(folder: Path) -> Paths:
    """The paths whose data this is."""
    return replace(paths(folder.parent), data=folder)


@pytest.mark.usefixtures("headless")
def test_without_a_keyring_there_are_vault_and_session(folder: Path, tmp_path: Path) -> None:
    """Why there is no keyring is told."""
    (where, possible, words), *others = places(home_of(folder))
    assert (where, possible) == (Place.KEYRING, False)
    assert "No keyring runs" in words
    assert [(place, there) for place, there, _ in others] == [(Place.VAULT, True), (Place.SESSION, True)]
    assert "that you have" in others[0][2]
    assert "that you have" not in places(paths(tmp_path / "new"))[1][2]


@pytest.mark.usefixtures("headless")
def test_a_secret_of_the_vault(folder: Path) -> None:
    """Asked for once in a run, for every account and leg; a new one is in the file at once."""
    asked: list[bool] = []

    def ask(new: bool, _: SafeText) -> str:
        asked.append(new)
        return PASSPHRASE

    secrets.begin(home_of(folder), ask_passphrase=ask)
    assert secret(ACCOUNT) == "zebra-sécret"
    with pytest.raises(SecretUnavailable, match="No keyring runs"):
        secret(ACCOUNT, "outgoing")
    keep_secret(ACCOUNT, "outgoing", "for sending", Place.VAULT)
    assert secret(ACCOUNT, "outgoing") == "for sending"
    assert place_of(ACCOUNT, "outgoing") is Place.VAULT
    assert opened(folder).get("work/smtp") == "for sending"
    forget_secret(ACCOUNT, "outgoing")
    assert opened(folder).get("work/smtp") is None
    assert asked == [False]


@pytest.mark.usefixtures("headless")
def test_this_run_only(tmp_path: Path) -> None:
    """It is nowhere on the disk, outlives a refusal, and comes before what is kept elsewhere."""
    secrets.begin(paths(tmp_path))
    keep_secret(ACCOUNT, "incoming", "typed-for-now", Place.SESSION)
    secrets.invalidate(ACCOUNT)
    assert secret(ACCOUNT) == "typed-for-now"
    assert stored(ACCOUNT, "incoming") == ("typed-for-now", Place.SESSION)
    assert secrets.is_typed(ACCOUNT)
    assert list(tmp_path.rglob("*")) == []
    other_host = replace(ACCOUNT, incoming=replace(LEG, host="evil.example"))
    with pytest.raises(SecretUnavailable):
        secret(other_host)
    forget_secret(ACCOUNT)
    with pytest.raises(SecretUnavailable):
        secret(ACCOUNT)


@pytest.mark.usefixtures("headless")
def test_the_keyring_cannot_be_chosen_without_one(tmp_path: Path) -> None:
    """Nothing is kept instead, least of all in the open."""
    secrets.begin(paths(tmp_path))
    with pytest.raises(SecretUnavailable, match="No keyring runs"):
        keep_secret(ACCOUNT, "incoming", "zebra", Place.KEYRING)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.usefixtures("headless")
def test_a_question_waits_for_the_screen(tmp_path: Path) -> None:
    """The engine may ask before there is anything to show a question on."""
    secrets.begin(paths(tmp_path), later=True)
    found: list[str] = []
    worker = threading.Thread(target=lambda: found.append(secret(ACCOUNT)))
    worker.start()
    worker.join(0.3)
    assert worker.is_alive()
    secrets.begin(paths(tmp_path), ask=lambda account, leg: f"{account.name} {leg}")
    worker.join(10)
    assert found == ["work incoming"]
