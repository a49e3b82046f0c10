"""The commands that look after what is kept here, run as by a script, on a POP3 account with nothing on its server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter
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
    assert keeper.run("mark", 2, "--star").code == 0
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
    healthy = keeper.run("doctor", "--json", "--offline").json
    assert (healthy["whole"], healthy["damaged"], healthy["troubles"]) == (4, [], [])
    with sqlite3.connect(keeper.home / "data" / "bodies.db") as sql:
        sql.execute("UPDATE body SET raw = x'00' WHERE message_id = 3")
    sql.close()
    said = keeper.run("doctor", "--offline")
    assert said.code == 1
    assert "The octets of message 3 are not what was stored" in said.out
    assert "3 messages are whole" in said.out
    assert "Letter 3" in [row["subject"] for row in keeper.rows()]
