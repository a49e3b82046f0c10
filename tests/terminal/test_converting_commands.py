"""`tui-mail account convert`, run as by a person and by a script, against a real server."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot, wait_until
from tests.terminal.conftest import Person, letter
from tests.terminal.terminal import Terminal
from tui_mail.model import Protocol

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def keeper(dovecot: Dovecot, tmp_path: Path) -> Person:
    """Somebody with four letters by POP3, two of which are gone from the server."""
    person = Person(dovecot, tmp_path)
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 5)))
    server = dovecot.account(person.user, Protocol.POP3).incoming
    assert person.add(protocol="pop3", host=server.host, port=server.port, check_every="10 minutes").code == 0
    assert person.run("sync").code == 0
    with person.elsewhere() as other:
        other.store("1:2", "+FLAGS", "\\Deleted")
        other.expunge()
    return person


def convert(person: Person, *words: str) -> list[str]:
    """The words of the command, with the port of this server."""
    return ["account", "convert", "work", f"--port={person.server.ports['imaps']}", "--protocol=imap", *words]


def test_it_is_explained_before_it_is_done(keeper: Person) -> None:
    """Without --yes and without anybody to ask, it says what would happen and changes nothing."""
    before = (keeper.home / "config.toml").read_bytes()
    said = keeper.run(*convert(keeper))
    assert said.code == 2
    assert "What is here (4 messages) stays here, in an account work-local" in said.words
    assert "deletes nothing on any server" in said.words
    assert said.words.splitlines()[-1] == "Nothing was changed."
    assert (keeper.home / "config.toml").read_bytes() == before
    assert {row["account"] for row in keeper.rows()} == {"work"}


def test_done_by_a_script(keeper: Person) -> None:
    """One JSON document; then the server's mail is in one account, and what only is here in the other."""
    file = keeper.home / "config.toml"
    file.write_text(file.read_text() + "\n# my own words\n")
    said = keeper.run(*convert(keeper, "--yes", "--json"))
    assert (said.code, said.json["local"], said.json["messages"]) == (0, "work-local", 4)
    assert said.json["account"]["protocol"] == "imap"
    assert keeper.run("sync", "--bodies").code == 0
    assert sorted(row["subject"] for row in keeper.rows("work:inbox")) == ["Letter 3", "Letter 4"]
    assert sorted(row["subject"] for row in keeper.rows("work-local:inbox")) == ["Letter 1", "Letter 2"]
    assert keeper.subjects() == ["Letter 3", "Letter 4"]
    assert "# my own words" in file.read_text()
    again = keeper.run(*convert(keeper, "--yes"))
    assert again.code == 2
    assert "already" in again.sentence


def test_a_person_is_asked(keeper: Person) -> None:
    """In a terminal the answer decides."""
    words = [sys.executable, "-m", "tui_mail", "--home", str(keeper.home), *convert(keeper)]
    script = f"{shlex.join(words)}; echo code $?; exec sleep 100"
    with Terminal(["sh", "-c", script], columns=160, rows=48, cwd=Path(os.getcwd())) as screen:
        screen.wait_for("Do it?")
        screen.send("y\r")
        screen.wait_for("work is an account by imap now")
        screen.wait_for("code 0")
    assert wait_until(lambda: 'protocol = "imap"' in (keeper.home / "config.toml").read_text(), 5)


def test_imap_and_then_pop3(person: Person) -> None:
    """The other way: refused until all is here, then nothing is fetched twice."""
    assert person.add(keep_bodies="opened").code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    assert person.run("sync").code == 0
    port = person.server.ports["pop3s"]
    words = ["account", "convert", "work", f"--port={port}", "--protocol=pop3", "--yes"]
    refused = person.run(*words)
    assert refused.code == 1
    assert "3 messages are not whole on this computer" in refused.sentence
    assert person.run("sync", "--bodies").code == 0
    done = person.run(*words)
    assert done.code == 0, done.words
    assert "POP3 lists 3 messages there now." in done.words
    person.deliver(letter("Letter 4", number=4))
    assert person.run("sync").code == 0
    assert sorted(row["subject"] for row in person.rows()) == [f"Letter {number}" for number in range(1, 5)]
    assert len(person.subjects()) == 4
