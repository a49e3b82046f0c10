"""The commands that look after what is kept here, run as by a script, on a POP3 account with nothing on its server."""

from __future__ import annotations

import base64
import random
import sqlite3
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter
from tests.terminal.test_bad_input import limited
from tui_mail.model import Protocol

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def keeper(dovecot: Dovecot, tmp_path: Path) -> Person:
    """Somebody whose mail is on this computer only."""
    person = Person(dovecot, tmp_path)
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 5)))
    server = dovecot.account(person.user, Protocol.POP3).incoming
    added = person.add(protocol="pop3", host=server.host, port=server.port, delete_from_server="at_once")
    assert added.code == 0, added.words
    assert "it is deleted on the server" in added.words
    assert person.run("sync").code == 0
    assert person.subjects() == []
    return person


def test_out_and_in_again(keeper: Person, tmp_path: Path) -> None:
    """What was exported is imported, with its flags; nothing is written over what is there."""
    second = next(row["id"] for row in keeper.rows() if row["subject"] == "Letter 2")
    assert keeper.run("mark", second, "--star").code == 0
    for how, name in (("--mbox", "letters.mbox"), ("--maildir", "letters")):
        path = tmp_path / name
        assert keeper.run("export", "inbox", how, str(path), "--json").json == {"exported": 4, "missing": []}
        assert keeper.run("import", "archive", str(path)).code == 0
    again = keeper.run("export", "inbox", "--mbox", str(tmp_path / "letters.mbox"))
    assert again.code == 2
    assert "is there already" in again.words
    rows = keeper.rows("archive")
    assert sorted(row["subject"] for row in rows) == sorted(2 * [f"Letter {number}" for number in range(1, 5)])
    assert [row["subject"] for row in rows if "flagged" in row["flags"]] == ["Letter 2"] * 2


def test_a_damaged_disk_is_told(keeper: Person) -> None:
    """The message whose octets are not what was stored is named, and the others are still whole."""
    doctor = keeper.run("doctor", "--offline", "--json").json
    assert [doctor[name] for name in ("whole", "damaged", "troubles", "warnings")] == [4, [], [], []]
    with sqlite3.connect(keeper.home / "data" / "bodies.db") as sql:
        sql.execute("UPDATE body SET raw = x'00' WHERE message_id = 3")
    sql.close()
    said = keeper.run("doctor", "--offline")
    assert said.code == 1
    assert "The octets of message 3 are not what was stored" in said.out
    assert "3 messages are whole" in said.out
    assert "Letter 3" in [row["subject"] for row in keeper.rows()]


def test_what_a_sync_would_delete(keeper: Person) -> None:
    """Named with its sender and subject; then nothing is different, here or there."""
    keeper.deliver(letter("Letter \x1b[31m5", number=5))
    assert keeper.run("sync", "--dry-run", "--policy", "30 days", "--json").json[0]["delete"] == []
    (document,) = keeper.run("sync", "--dry-run", "--json").json
    (one,) = document.pop("delete")
    assert document == {"account": "work", "policy": "at_once", "listed": 1, "new": 1, "unreadable": []}
    assert (one["id"], one["subject"], one["why"]) == (None, "", "it would be fetched first")
    assert "would delete 1 of 1 messages" in keeper.run("sync", "--dry-run").out
    assert keeper.subjects() != []
    assert len(keeper.rows()) == 4


def test_what_stays_on_the_server_until_it_is_deleted_here(dovecot: Dovecot, tmp_path: Path) -> None:
    """The dry run under another policy shows what that one would do, with what is known of each message."""
    person = Person(dovecot, tmp_path)
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    server = dovecot.account(person.user, Protocol.POP3).incoming
    assert person.add(protocol="pop3", host=server.host, port=server.port, check_every="10 minutes").code == 0
    assert 'check_every = "10 minutes"' in (tmp_path / "config.toml").read_text()
    assert person.run("sync").code == 0
    assert person.run("delete", 2).code == 0
    (document,) = person.run("sync", "--dry-run", "--policy=when_deleted", "--json").json
    (one,) = document["delete"]
    assert (one["id"], one["subject"], one["why"]) == (2, "Letter 2", "in the trash here")
    assert (one["from"], one["size"] > 100, one["uidl"] != "") == (
        [{"name": "Anna Berg", "email": "anna@example.org"}],
        True,
        True,
    )
    lines = person.run("sync", "--dry-run", "--policy=at_once").out.splitlines()
    assert [line.split("\t")[-1] for line in lines[:3]] == ["Letter 1", "Letter 2", "Letter 3"]
    assert lines[3].endswith("Nothing was changed.")
    assert person.subjects() == ["Letter 1", "Letter 2", "Letter 3"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--dry-run"], "is for POP3"),
        (["--policy", "at_once"], "only goes with --dry-run"),
        (["--dry-run", "--policy", "soon"], "must be never"),
    ],
)
def test_a_dry_run_that_makes_no_sense(person: Person, words: list[str], says: str) -> None:
    """With IMAP, or with a policy that is none."""
    assert person.add().code == 0
    said = person.run("sync", *words)
    assert said.code == 2
    assert says in said.sentence


def test_a_backup_beside_the_screen_and_back(keeper: Person, tmp_path: Path) -> None:
    """Taken while the screen is open; on another computer everything is as it was, and nothing is fetched twice."""
    assert keeper.run("archive", 2).code == 0
    with keeper.screen() as screen:
        screen.wait_for(lambda _: "Letter 4" in screen.text)
        said = keeper.run("backup", str(tmp_path / "copy"), "--json")
        assert (said.code, said.json["whole"], said.json["damaged"]) == (0, 4, [])
        assert said.json["left_out"] == []
        screen.press("q")
        assert screen.wait_end() == 0
    other = Person(keeper.server, tmp_path / "other")
    refused = keeper.run("restore", str(tmp_path / "copy"))
    assert refused.code == 2
    assert "it stays" in refused.sentence
    assert other.run("restore", str(tmp_path / "copy"), "--json").json["whole"] == 4
    for folder in ("inbox", "archive"):
        here, there = ([{**row, "snippet": ""} for row in one.rows(folder)] for one in (keeper, other))
        assert here == there
    assert other.run("doctor").code == 0
    assert other.run("sync").code == 0
    assert len(other.rows()) == 3


def test_a_password_that_stands_in_the_settings_stays_there(keeper: Person, tmp_path: Path) -> None:
    """It keeps the account from being used, and not the mail from being kept; the backup has all but the password."""
    with (keeper.home / "config.toml").open("a") as config:
        config.write('password = "zebra" # mine\n')
    assert keeper.run("list", "inbox").code == 78
    said = keeper.run("backup", str(tmp_path / "copy"), "--json")
    assert (said.code, said.json["left_out"]) == (0, ['"accounts.work.incoming.password" in config.toml'])
    assert not any(b"zebra" in file.read_bytes() for file in (tmp_path / "copy").iterdir())
    other = Person(keeper.server, tmp_path / "other")
    assert other.run("restore", str(tmp_path / "copy")).code == 0
    assert len(other.rows()) == 4


@pytest.mark.parametrize("octets", [200_000, 600_000])
def test_a_backup_on_a_full_disk(octets: int, keeper: Person, tmp_path: Path) -> None:
    """It is said, nothing is left of the copy, and the mail is as it was; likewise for putting it back."""
    keeper.deliver(letter("Long", text=base64.b64encode(random.randbytes(1_000_000)).decode(), number=9))
    assert keeper.run("sync").code == 0
    target, other = tmp_path / "copy", Person(keeper.server, tmp_path / "other")
    said = keeper.run("backup", str(target), preexec_fn=limited(octets))
    assert said.code == 1
    assert "is full" in said.sentence
    assert "nothing is left of it" in said.sentence
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("copy")] == []
    assert keeper.run("backup", str(target)).code == 0
    said = other.run("restore", str(target), preexec_fn=limited(octets))
    assert said.code == 1
    assert "is full" in said.sentence
    assert [file.name for file in (tmp_path / "other").iterdir() if "unfinished" in file.name] == []
    assert list((tmp_path / "other" / "data").iterdir()) == []
    assert other.run("restore", str(target)).code == 0
    assert len(other.rows()) == 5
