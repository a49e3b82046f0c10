"""`account check` and `doctor`, run as by a script, against a real server."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import sqlite3
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def person(dovecot: Dovecot, tmp_path: Path) -> Person:
    """Somebody with an account that works."""
    person = Person(dovecot, tmp_path)
    added = person.add()
    assert added.code == 0, added.words
    return person


def test_a_good_account_is_shown_step_by_step(person: Person) -> None:
    """Each step a line; as JSON one document, with the same words on stderr."""
    said = person.run("account", "check")
    assert said.code == 0, said.out
    lines = [line.split()[:2] for line in said.out.splitlines()[1:]]
    assert lines == [["✓", step] for step in ("name", "connection", "TLS", "greeting", "login", "mail")]
    told = person.run("account", "check", "work", "--json")
    assert told.code == 0
    assert told.json["ok"]
    (leg,) = told.json["accounts"][0]["legs"]
    assert [step["ok"] for step in leg["steps"]] == [True] * 6
    assert leg["facts"]["tls"] == "TLSv1.3"
    assert "✓ login" in told.words


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"password_command": "printf wrong"}, 77, "was not accepted"),
        ({"password_command": "false"}, 77, "ended with status 1"),
        ({"port": 1}, 69, "does not accept connections"),
        ({"host": "nowhere.invalid"}, 69, "nowhere.invalid"),
        ({"ca_file": ""}, 69, "Trust this certificate"),
    ],
    ids=["password", "command", "port", "host", "certificate"],
)
def test_the_exit_code_is_that_of_the_failure(
    dovecot: Dovecot, tmp_path: Path, options: dict[str, str | int], code: int, words: str
) -> None:
    """77 for the login, 69 for what cannot be reached or trusted; the cure is there, and nothing was changed."""
    person = Person(dovecot, tmp_path)
    assert person.add(**options).code == 0
    config = (tmp_path / "config.toml").read_text()
    said = person.run("account", "check")
    assert said.code == code
    assert words in said.out
    assert (tmp_path / "config.toml").read_text() == config


def test_a_cure_is_a_command(dovecot: Dovecot, tmp_path: Path) -> None:
    """What a button does in the assistant is a command here, and it helps."""
    person = Person(dovecot, tmp_path)
    assert person.add(ca_file="").code == 0
    said = person.run("account", "check").out
    (command,) = re.findall(r"→ Trust this certificate: tui-mail (account set .*)", said)
    assert person.run(*shlex.split(command)).code == 0
    assert person.run("account", "check").code == 0


def test_the_doctor_says_what_waits(person: Person) -> None:
    """What was done while no server was reached."""
    person.deliver(letter("One"), letter("Two", number=2))
    person.synced()
    assert "waiting:" not in person.run("doctor", "--offline").out
    assert person.run("account", "set", "work", "port=1").code == 0
    for row in person.run("list", "inbox", "--json").json:
        assert person.run("mark", str(row["id"]), "--star").code == 0
    assert "waiting: 2 changes wait for the server" in person.run("doctor", "--offline").out
    assert person.run("doctor", "--offline", "--json").json["waiting"] == {"changes": 2, "messages": 0}


def test_an_account_without_a_server(person: Person, tmp_path: Path) -> None:
    """Mail that is on this computer only, as a conversion leaves it: nothing is asked, and nothing is wrong."""
    with (tmp_path / "config.toml").open("a") as out:
        out.write('\n[accounts.work-local]\nemail = "anna@example.org"\nprotocol = "local"\n')
    said = person.run("account", "check", "--json")
    assert said.code == 0, said.words
    assert [len(one["legs"]) for one in said.json["accounts"]] == [1, 0]
    assert "work-local, incoming: its mail is on this computer only" in said.words
    said = person.run("doctor")
    assert said.code == 0, said.out
    assert "✗" not in said.out


def test_an_account_that_is_not_there(person: Person) -> None:
    """Wrong usage."""
    said = person.run("account", "check", "nobody")
    assert said.code == 2
    assert 'no account "nobody"' in said.sentence


def test_no_account_at_all(tmp_path: Path, dovecot: Dovecot) -> None:
    """A check has nothing to check; the doctor still looks at this computer."""
    nobody = Person(dovecot, tmp_path)
    assert nobody.run("account", "check").code == 78
    said = nobody.run("doctor", "--json")
    assert said.code == 0
    assert said.json["accounts"] == []
    assert said.json["versions"]["tui-mail"]


def test_the_same_mailbox_twice_is_said_when_it_is_added(person: Person) -> None:
    """By POP3 that deletes: what happens, and what to do."""
    pop = person.server.server(person.user, protocol="pop3")
    said = person.add("pop", protocol="pop3", port=pop.port, delete_from_server="at_once")
    assert said.code == 0
    assert "read the same mailbox" in said.words
    document = person.run("account", "check", "--json").json
    assert [guard["name"] for one in document["accounts"] for guard in one["guards"]] == ["pop-deletes"] * 2


def test_the_doctor_tells_everything_and_names_nobody(person: Person, tmp_path: Path) -> None:
    """Versions, terminal, clock, disk, secrets, store and servers; no address, no user, no password."""
    person.deliver(letter("One"), letter("Two", number=2))
    person.synced()
    for words in (("doctor",), ("doctor", "--json")):
        said = person.run(*words, env={"TERM": "xterm-256color", "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"})
        assert said.code == 0, said.out + said.words
        for hidden in (f"{person.user}@example.org", f" {person.user} ", "192.0.2.1", "‹user 1›@", "secret\n"):
            assert hidden not in said.out + said.words
        assert "‹user 1›" in said.out
        for told in ("textual", "xterm-256color", "mail.db", "TLS 1.3", "MOVE"):
            assert told in said.out
    assert said.json["whole"] == 2
    assert said.json["accounts"][0]["legs"][0]["ok"]


def test_the_doctor_says_what_is_wrong(person: Person, tmp_path: Path) -> None:
    """Rights, a configuration that makes no sense, and mail of an account that is not in it any more."""
    person.deliver(letter("One"))
    person.synced()
    with (tmp_path / "config.toml").open("a") as out:
        out.write('\n[accounts.odd]\nemail = "odd@example.org"\n[accounts.odd.incoming]\nhost = "x"\nsecurty = "tls"\n')
    (tmp_path / "keys.toml").write_text('[keys]\nno_such_action = "x"\n')
    said = person.run("doctor", "--offline")
    assert said.code == 1
    assert "security" in said.out
    assert "no_such_action" in said.out
    text = (tmp_path / "config.toml").read_text().replace("[accounts.work", "[accounts.other")
    (tmp_path / "config.toml").write_text(text)
    assert "also has mail of work" in person.run("doctor", "--offline").out


def test_the_doctor_sees_whether_another_one_is_running(person: Person, tmp_path: Path) -> None:
    """By the lock of the engine, which it does not disturb."""
    person.synced()
    assert person.run("doctor", "--json", "--offline").json["running"]["engine"] == "none"
    file = tmp_path / "state" / "engine.lock"
    with file.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(file)
        running = person.run("doctor", "--json", "--offline").json["running"]
        os.utime(file, (1, 1))
        silent = person.run("doctor", "--json", "--offline").json
    assert running["engine"] == "a tui-mail is running"
    assert "that does not answer since" in silent["running"]["engine"]
    assert "continue that one" in silent["troubles"][0]


def test_the_doctor_survives_a_damaged_store(person: Person, tmp_path: Path) -> None:
    """A file that is no database is said, and all the rest too."""
    person.deliver(letter("One"))
    person.synced()
    with sqlite3.connect(tmp_path / "data" / "bodies.db") as sql:
        sql.execute("UPDATE body SET raw = x'00'")
    sql.close()
    said = person.run("doctor", "--json", "--offline")
    assert said.code == 1
    assert len(said.json["damaged"]) == 1
    assert said.json["versions"]["python"]
