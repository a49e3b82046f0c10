"""What goes wrong outside the program: each ends in a sentence and an exit code, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import PROGRAM, Person, letter
from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.server, pytest.mark.terminal]

Settings = Callable[[Dovecot], dict[str, str | int]]

WRONG_SETTINGS: dict[str, tuple[Settings, int, str]] = {
    "host": (lambda _: {"host": "no-such-host.invalid"}, 69, "no-such-host.invalid"),
    "port": (lambda _: {"port": 1}, 69, "does not accept connections on port 1"),
    "tls-as-starttls": (lambda _: {"security": "starttls"}, 69, "speaks TLS from the start"),
    "starttls-as-tls": (lambda server: {"port": server.ports["imap"]}, 69, "does not speak TLS"),
    "other-protocol": (lambda server: {"port": server.ports["pop3s"]}, 1, "looks like POP3"),
    "authority": (lambda _: {"ca_file": ""}, 69, "not trusted"),
    "name": (lambda _: {"host": "127.1"}, 69, "another name"),
    "password": (lambda _: {"password_command": "echo wrong"}, 77, "was not accepted"),
    "command": (lambda _: {"password_command": "false"}, 77, "ended with status 1"),
}
"""What is wrong, the exit code, and words of the sentence."""


def limited(octets: int) -> Callable[[], None]:
    """Before the program starts: no file may grow beyond this, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


def as_anyone() -> None:
    """Before the program starts: root gives up the right to write where permissions forbid it."""
    if os.geteuid() == 0:
        libc, drop = ctypes.CDLL(None), 24
        for capability in (1, 2):
            libc.prctl(drop, capability, 0, 0, 0)


def lock_up(home: Path) -> Callable[[], None]:
    """Make everything below read-only; gives what makes it writable again."""
    before = {path: path.stat().st_mode for path in (home, *home.rglob("*"))}
    for path, mode in before.items():
        path.chmod(mode & ~0o222)

    def unlock() -> None:
        for path, mode in before.items():
            if path.exists():
                path.chmod(mode)

    return unlock


def settle(home: Path) -> Path:
    """mail.db with everything in it and nothing beside it, to be damaged."""
    path = home / "data" / "mail.db"
    sql = sqlite3.connect(path)
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sql.close()
    for beside in path.parent.glob("mail.db-*"):
        beside.unlink()
    return path


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account and mail, read."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 31)))
    person.synced()
    return person


# --- servers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", WRONG_SETTINGS)
def test_wrong_settings_on_the_command_line(person: Person, wrong: str) -> None:
    """`sync` says what it is, that mail is safe, and exits with the right code."""
    settings, code, words = WRONG_SETTINGS[wrong]
    assert person.add(**settings(person.server)).code == 0
    said = person.run("sync")
    assert (said.code, said.out) == (code, "")
    assert words in said.sentence
    assert "safe" in said.sentence


@pytest.mark.parametrize("wrong", ["host", "tls-as-starttls", "starttls-as-tls", "authority", "name", "password"])
def test_wrong_settings_on_the_screen(reader: Person, wrong: str) -> None:
    """The mail that is here stays readable, the reason is on the screen, and q leaves."""
    settings, _, words = WRONG_SETTINGS[wrong]
    (reader.home / "config.toml").unlink()
    assert reader.add(**settings(reader.server)).code == 0
    with reader.screen() as screen:
        screen.wait_for("Letter 30")
        screen.wait_for(lambda screen: words in screen.text)
        screen.press("j", "enter")
        screen.wait_for(
            lambda screen: any("What Letter 29 says." in line and "Anna" not in line for line in screen.lines)
        )
        screen.wait_for("Esc back")
        screen.press("escape")
        screen.wait_for("Enter open")
        leaves(screen)


def leaves(screen: Terminal) -> None:
    """q ends the program and gives the terminal back."""
    screen.press("q")
    assert screen.wait_end() == 0
    assert screen.is_restored
    assert b"Traceback" not in screen.raw


# --- disks ------------------------------------------------------------------------------------


def test_a_full_disk_on_the_command_line(person: Person) -> None:
    """Sync stops with a sentence; what was stored is good, and with room it goes on to the end."""
    person.add()
    person.deliver(*(letter(f"Letter {number}", number=number, text=os.urandom(9000).hex()) for number in range(1, 31)))
    full = person.run("sync", "--bodies", preexec_fn=limited(300_000))
    assert full.code == 1
    assert "full" in full.sentence
    assert "safe" in full.sentence
    assert person.run("list", "inbox").code in (0, 2)
    person.synced()
    assert len(person.rows()) == 30
    assert person.run("mark", person.rows()[0]["id"], "--star", "--wait").code == 0


def test_an_action_on_a_full_disk(reader: Person) -> None:
    """An action that cannot be kept is refused, not forgotten: nothing changes anywhere."""
    settle(reader.home)
    number = reader.rows()[0]["id"]
    for path in (reader.home / "data").glob("*.db-*"):
        path.unlink()
    said = reader.run("archive", number, preexec_fn=limited(4096))
    assert said.code == 1
    assert "full" in said.sentence
    assert reader.rows()[0]["id"] == number
    assert "Letter 30" in reader.subjects()


def test_a_full_disk_on_the_screen(reader: Person) -> None:
    """The list stays, the reason is on the screen whoever met it first, and what was stored is good."""
    settle(reader.home)
    size = max(path.stat().st_size for path in (reader.home / "data").iterdir())
    argv = ["bash", "-c", f'ulimit -f {size // 1024 + 40}; exec "$0" "$@"', *PROGRAM]
    with reader.screen(argv=argv) as screen:
        screen.wait_for("Letter 30")
        screen.wait_for("live")
        for _ in range(40):
            screen.press("s")
            screen.seconds_until_quiet(0, quiet=0.02)
        screen.wait_for("The disk ")
        assert "Letter 30" in screen.text
        leaves(screen)
    assert len(reader.rows()) == 30


def test_a_home_that_cannot_be_written(reader: Person) -> None:
    """Every command says which file; nothing is touched, and all is there when it can be written again."""
    unlock = lock_up(reader.home)
    try:
        for words in (("sync",), ("mark", 1, "--star"), ("account", "add", "x", "--email=x@y.z", "--host=h")):
            more = ("--password-command=true",) if words[0] == "account" else ()
            said = reader.run(*words, *more, preexec_fn=as_anyone)
            assert said.code == 1, words
            assert "cannot be written" in said.sentence or "could not be written" in said.sentence
    finally:
        unlock()
    assert len(reader.rows()) == 30


def test_a_lock_that_cannot_be_written(reader: Person) -> None:
    """There is no engine then: the command and the screen say so, and nothing waits for ever."""
    lock = reader.home / "state" / "engine.lock"
    lock.chmod(0o400)
    as_other = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    said = reader.run("sync", preexec_fn=as_anyone)
    assert said.code == 1
    assert "engine.lock cannot be written" in said.sentence
    with reader.screen(argv=[*as_other, *PROGRAM]) as screen:
        screen.wait_for("Letter 30")
        screen.wait_for("cannot be written")
        leaves(screen)
    lock.chmod(0o600)
    reader.synced()


def test_a_home_that_is_a_file(person: Person) -> None:
    """Commands and the screen say so, and the file is as it was."""
    person.home.write_text("mine", "utf-8")
    for words in (("sync",), ("list", "inbox"), ("account", "list")):
        said = person.run(*words)
        assert said.code == 1
        assert str(person.home) in said.sentence
    with person.screen() as screen:
        assert screen.wait_end() == 1
        assert str(person.home) in screen.text.replace("\n", "")
    assert person.home.read_text("utf-8") == "mine"


# --- files ------------------------------------------------------------------------------------


def overwritten_header(data: bytearray) -> None:
    """Another program wrote over the beginning."""
    data[:8192] = b"garbage!" * 1024


def overwritten_middle(data: bytearray) -> None:
    """Everything but the first page is nonsense."""
    data[8192:] = b"\xa5" * (len(data) - 8192)


def cut_off(data: bytearray) -> None:
    """Half of it is gone."""
    del data[len(data) // 2 // 8192 * 8192 :]


@pytest.mark.parametrize("damage", [overwritten_header, overwritten_middle, cut_off])
def test_a_damaged_database(reader: Person, damage: Callable[[bytearray], None]) -> None:
    """Never a traceback, on the command line and on the screen; moved away, everything is read anew."""
    path = settle(reader.home)
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    for words in (("list", "inbox"), ("sync",), ("show", 1), ("mark", 1, "--star"), ("undo",)):
        said = reader.run(*words)
        assert said.code == 1, f"{words}: {said.out}{said.words}"
        assert "damaged" in said.sentence
        assert "safe" in said.sentence
    with reader.screen() as screen:
        screen.wait_for(lambda screen: "damaged" in screen.text.replace("\n", " "))
        if not screen.at_end:
            screen.press("q")
        screen.wait_end()
        assert screen.is_restored
        assert b"Traceback" not in screen.raw
    shutil.rmtree(path.parent)
    reader.synced()
    assert len(reader.rows()) == 30


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[accounts.work\nx = 1\n", "line 1"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'[accounts.work]\nemail = "a@example.org"\n', "needs a host"),
        (b'[accounts.work]\nemail = "a@b.c"\n[accounts.work.incoming]\nhost = "h"\npassword = "p"\n', "line 5"),
        (b'[accounts.work]\nemail = "a@b.c"\n[accounts.work.incoming]\nhost = "h"\nport = "x"\n', "line 5"),
    ],
)
def test_a_damaged_configuration(person: Person, content: bytes, expected: str) -> None:
    """One sentence with the line, exit 78, and the file is as it was; the screen says the same."""
    person.home.mkdir()
    file = person.home / "config.toml"
    file.write_bytes(content)
    for words in (("list", "inbox"), ("sync",), ("account", "list")):
        said = person.run(*words)
        assert said.code == 78
        assert expected in said.sentence
    with person.screen() as screen:
        assert screen.wait_end() == 78
        assert expected in screen.text
    assert file.read_bytes() == content


def test_one_bad_account_does_not_stop_the_others(reader: Person) -> None:
    """The good one works; the bad one is named."""
    with (reader.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write('\n[accounts.other]\nemail = "x"\n')
    said = reader.run("list", "inbox", "--json")
    assert (said.code, len(said.json)) == (0, 30)
    assert 'account "other"' in said.words
    with reader.screen() as screen:
        screen.wait_for("Letter 30")
        screen.wait_for(lambda screen: "other" in screen.text)
        leaves(screen)
