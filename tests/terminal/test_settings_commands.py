"""Accounts imported, changed and removed from the command line, with a real server behind those that have mail."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from tests.servers.dovecot import wait_until
from tests.terminal.conftest import Person, Said, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]

AERC = """\
[berg]
source = imaps://anna%40berg.example@imap.berg.example
source-cred-cmd = pass show berg
outgoing = smtps://anna%40berg.example@smtp.berg.example
from = Anna Berg <anna@berg.example>
aliases = *@lake.example

[plain]
source = imap+insecure://bob:hunter2@mail.example
from = bob@mail.example
"""
MBSYNC = 'IMAPAccount again\nHost IMAP.berg.example\nUser anna@berg.example\nPassCmd "pass show berg"\nSSLType IMAPS\n'


@pytest.fixture
def stranger(person: Person, tmp_path: Path) -> tuple[Person, dict[str, str]]:
    """Somebody who used other programs until now, and the environment that leads to their files."""
    old = tmp_path / "old"
    (old / ".config/aerc").mkdir(parents=True)
    (old / ".config/aerc/accounts.conf").write_text(AERC)
    (old / ".mbsyncrc").write_text(MBSYNC)
    return person, {"HOME": str(old), "XDG_CONFIG_HOME": ""}


def names(person: Person) -> list[str]:
    return [account["account"] for account in person.run("account", "list", "--json").json]


def removed(person: Person, *words: str) -> Said:
    return person.run("account", "remove", "work", *words)


# --- import -----------------------------------------------------------------------------------


def test_everything_in_the_usual_places(stranger: tuple[Person, dict[str, str]]) -> None:
    """Shown first, then added; what could not be taken is said on stderr; never a password."""
    person, env = stranger
    for words in (["--list"], ["--dry-run"]):
        shown = person.run("account", "import", *words, "--json", env=env)
        assert (shown.code, [one["account"] for one in shown.json["found"]]) == (0, ["berg", "plain"])
        assert names(person) == []
    said = person.run("account", "import", "--json", env=env)
    assert said.code == 0
    berg, plain = said.json["added"]
    assert (berg["program"], berg["aliases"], berg["needs_password"]) == ("aerc", ["*@lake.example"], False)
    assert (plain["incoming"]["security"], plain["needs_password"]) == ("starttls", True)
    assert said.json["already"] == [{"name": "again", "email": "anna@berg.example", "account": "berg"}]
    assert "anna@berg.example on IMAP.berg.example was found before, as berg" in said.words
    assert person.run("account", "set", "plain", env=env).out.startswith("name = ")
    assert "~/.config/aerc/accounts.conf line 9: mail.example was used without encryption" in said.words
    assert "give one with `tui-mail account set-password` to: plain." in said.words
    assert "hunter2" not in said.words + said.out + (person.home / "config.toml").read_text()
    assert names(person) == ["berg", "plain"]


def test_the_same_twice(stranger: tuple[Person, dict[str, str]]) -> None:
    """Nothing is doubled, and that is said; nothing new is exit 1."""
    person, env = stranger
    assert person.run("account", "import", "aerc", "--name", "berg", env=env).code == 0
    assert names(person) == ["berg"]
    again = person.run("account", "import", "aerc", "--name", "berg", env=env)
    assert again.code == 1
    assert "is in config.toml already, as berg; one mailbox is not added twice." in again.words
    assert person.run("account", "import", env=env).code == 0
    assert names(person) == ["berg", "plain"]


def test_a_name_that_is_taken(stranger: tuple[Person, dict[str, str]]) -> None:
    """Another mailbox under that name gets one of its own."""
    person, env = stranger
    person.add("berg")
    said = person.run("account", "import", "aerc", "--json", env=env)
    assert [one["account"] for one in said.json["added"]] == ["anna@berg.example", "plain"]


def test_nothing_half_made(stranger: tuple[Person, dict[str, str]]) -> None:
    """A file that cannot be written: said, and nothing is there."""
    person, env = stranger
    person.home.mkdir()
    (person.home / "config.toml").write_text("[broken")
    said = person.run("account", "import", "--json", env=env)
    assert said.code == 78
    assert said.json["added"] == []
    assert [one["account"] for one in said.json["failed"]] == ["berg", "plain"]
    assert (person.home / "config.toml").read_text() == "[broken"


def test_one_that_cannot_be_added_does_not_stop_the_others(stranger: tuple[Person, dict[str, str]]) -> None:
    """Mail of another mailbox is kept under the name of the first: said, and the second is there."""
    person, env = stranger
    person.add("berg")
    person.deliver(letter("Mine"))
    person.synced()
    assert person.run("account", "remove", "berg").code == 0
    said = person.run("account", "import", "aerc", "--json", env=env)
    assert (said.code, names(person)) == (2, ["plain"])
    assert [one["account"] for one in said.json["added"]] == ["plain"]
    assert "berg was not added: Mail of another mailbox" in said.words


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["himalaya"], 2, "Nothing of himalaya is in the usual places"),
        (["/no/such/file"], 2, "known are: thunderbird"),
        (["aerc", "--name", "nobody"], 2, 'No account called "nobody"'),
        (["/etc/hostname"], 2, "which program"),
    ],
)
def test_what_is_not_there(stranger: tuple[Person, dict[str, str]], words: list[str], code: int, expected: str) -> None:
    person, env = stranger
    said = person.run("account", "import", *words, env=env)
    assert said.code == code
    assert expected in said.words.splitlines()[-1]
    assert names(person) == []


# --- set --------------------------------------------------------------------------------------


def test_set_and_show(person: Person) -> None:
    """Several at once, all or nothing; without any, everything is shown."""
    person.add()
    file = person.home / "config.toml"
    file.write_text(file.read_text().replace("email =", "# mine\nemail ="))
    said = person.run("account", "set", "work", "full-name=Anna Berg", "aliases=*@a.example", "keep_bodies=90 days")
    assert (said.code, said.out.splitlines()[0]) == (0, "name = Anna Berg")
    shown = person.run("account", "set", "work", "--json").json["settings"]
    assert (shown["name"], shown["aliases"], shown["keep_bodies"]) == ("Anna Berg", "*@a.example", "90 days")
    assert "# mine" in file.read_text()
    before = file.read_text()
    for words, code, expected in (
        (["name=B", "port=0"], 78, "1 to 65535"),
        (["colour=red"], 2, "no setting of an account"),
        (["port"], 2, "KEY=VALUE"),
        (["port=1", "incoming.port=2"], 2, "said twice"),
        (["password=x"], 2, "no setting"),
    ):
        refused = person.run("account", "set", "work", *words)
        assert (refused.code, expected in refused.sentence) == (code, True), refused.words
        assert file.read_text() == before
    assert person.run("account", "set", "nobody", "name=x").code == 2
    assert person.run("account", "set", "work", "full-name=", "--json").json["changed"] == {"name": ""}


def test_the_port_follows_the_security(person: Person) -> None:
    person.add(port=993)
    said = person.run("account", "set", "work", "security=starttls", "--json")
    assert said.json["changed"] == {"incoming.security": "starttls", "incoming.port": "143"}


@pytest.mark.parametrize("words", ["remove", "remove --delete-mail --force", "check", "set"])
def test_a_configuration_that_is_not_toml(person: Person, words: str) -> None:
    """Its line is named, and no mail of an account that cannot be read is deleted."""
    person.add()
    person.deliver(letter("One"))
    person.synced()
    file = person.home / "config.toml"
    file.write_text(text := "[accounts.work\n" + file.read_text())
    command, *options = words.split()
    said = person.run("account", command, "work", *options)
    assert said.code == 78, said.words
    assert "config.toml line 1" in said.words
    assert "no account" not in said.words.replace("no account can be used", "")
    file.write_text(text.partition("\n")[2])
    assert [row["subject"] for row in person.rows()] == ["One"]


def test_mail_of_one_mailbox_does_not_become_anothers(person: Person) -> None:
    """Refused while mail is here; a server that only has another name is said to be the same."""
    person.add()
    assert person.run("account", "set", "work", "user=somebody").code == 0
    assert person.run("account", "set", "work", f"user={person.user}").code == 0
    person.deliver(letter("One"))
    person.synced()
    refused = person.run("account", "set", "work", "host=other.example.org")
    assert refused.code == 2
    assert f"Mail of {person.user} on localhost is here" in refused.sentence
    assert "tui-mail account set work host=… --same-mailbox" in refused.sentence
    refused = person.run("account", "set", "work", "protocol=pop3")
    assert refused.code == 2
    assert "tui-mail account convert work --protocol pop3" in refused.sentence
    assert person.run("account", "set", "work", "host=LOCALHOST").code == 0
    assert person.run("account", "set", "work", "host=127.0.0.1", "--same-mailbox").code == 0


def _is_free(lock: Path) -> bool:
    with lock.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


# --- remove -----------------------------------------------------------------------------------


def as_pop3(person: Person) -> dict[str, str | int]:
    server = person.server.server(person.user, protocol="pop3")
    return {"protocol": "pop3", "port": server.port, "delete_from_server": "at_once"}


def test_mail_stays_and_is_found_again(person: Person) -> None:
    """A POP3 account whose mail is on this computer only: removed, nothing to see; added anew, all is there, once."""
    person.add(**as_pop3(person))
    person.deliver(letter("Only copy"), letter("Another", number=2))
    person.synced()
    assert person.subjects() == []
    said = removed(person, "--json")
    assert said.json == {"account": "work", "mail": "kept", "messages": 2, "secret": "none"}
    assert names(person) == []
    assert person.run("list", "inbox").code == 78
    person.deliver(letter("New", number=3))
    assert person.add(**as_pop3(person)).code == 0
    assert [row["subject"] for row in person.rows()] == ["Another", "Only copy"]
    person.synced()
    assert [row["subject"] for row in person.rows()] == ["New", "Another", "Only copy"]
    assert "What Only copy says." in person.run("show", person.rows()[2]["id"]).out


def test_another_mailbox_does_not_get_what_stayed(person: Person) -> None:
    """The same name with another user is refused; after --delete-mail it is free."""
    person.add()
    person.deliver(letter("Mine"))
    person.synced()
    assert removed(person).code == 0
    refused = person.add(user="somebody")
    assert refused.code == 2
    assert "Mail of another mailbox" in refused.sentence
    assert names(person) == []
    gone = removed(person, "--delete-mail", "--json")
    assert gone.json == {"account": "work", "mail": "deleted", "messages": 1, "secret": "unknown"}
    assert person.add(user="somebody").code == 0
    assert person.run("folders", "--json").json == []
    assert person.subjects() == ["Mine"]


def test_what_waits_keeps_an_account(person: Person) -> None:
    """An action that the server has not been told, and mail that is here only, need --force."""
    person.add()
    person.deliver(letter("One"))
    person.synced()
    number = person.rows()[0]["id"]
    person.run("account", "set", "work", "port=1")
    assert person.run("archive", number).code == 0
    for words in ((), ("--delete-mail",)):
        refused = removed(person, *words)
        assert refused.code == 2
        assert "Nothing was removed, for there is still 1 action that the server has not been told." in refused.sentence
        assert names(person) == ["work"]
    assert removed(person, "--delete-mail", "--force").code == 0
    assert removed(person).code == 2
    assert person.subjects() == ["One"]


def test_the_only_copy_is_not_deleted_by_the_way(person: Person) -> None:
    """--delete-mail of POP3 says how much is here only."""
    person.add(**as_pop3(person))
    person.deliver(letter("Only copy"))
    person.synced()
    refused = removed(person, "--delete-mail")
    assert refused.code == 2
    assert "1 message that may be on this computer only" in refused.sentence
    assert removed(person, "--delete-mail", "--force").code == 0
    person.add(**as_pop3(person))
    person.synced()
    assert person.rows() == []


def test_mail_is_not_deleted_under_a_running_screen(person: Person) -> None:
    """Another tui-mail talks to the server: nothing is removed."""
    person.add()
    person.deliver(letter("One"))
    person.synced()
    with person.screen() as screen:
        screen.wait_for("One")
        assert wait_until(lambda: not _is_free(person.home / "state/engine.lock"), 10)
        assert "tui-mail is running" in removed(person, "--delete-mail").sentence
        assert "goes on with what was" in person.run("account", "set", "work", "full-name=Anna").words
        assert names(person) == ["work"]
    assert "goes on" not in person.run("account", "set", "work", "full-name=Anna Berg").words
    assert removed(person, "--delete-mail").code == 0


def test_a_lost_index_is_made_anew_before_anything_is_asked(person: Person) -> None:
    """mail.db is gone, bodies.db has the only copies: removing and adding the account loses none."""
    person.add(**as_pop3(person))
    person.deliver(letter("Only copy"))
    person.synced()
    for name in ("mail.db", "mail.db-wal", "mail.db-shm"):
        (person.home / "data" / name).unlink(missing_ok=True)
    assert removed(person, "--json").json["messages"] == 1
    shutil.rmtree(person.home / "cache")
    person.add(**as_pop3(person))
    assert [row["subject"] for row in person.rows()] == ["Only copy"]


def test_remove_an_account_that_is_wrong(person: Person) -> None:
    """One that cannot be used can be taken out."""
    person.add()
    file = person.home / "config.toml"
    file.write_text(file.read_text().replace('email = "', 'email = "@@'))
    assert removed(person).code == 0
    assert removed(person).code == 2


# --- folders for a purpose --------------------------------------------------------------------


def test_a_folder_is_chosen_from_the_command_line(person: Person) -> None:
    """Refused while it cannot be, with what was meant; then it is obeyed by the next command."""
    person.add()
    with person.elsewhere() as other:
        other.create("Old/2026")
    person.deliver(letter("One"), letter("Two", number=2))
    person.synced()
    before = (person.home / "config.toml").read_bytes()
    for folder, words in (("Old/2025", 'no such folder; did you mean "Old/2026"?'), ("Sent", "is the folder for sent")):
        said = person.run("account", "set", "work", f"archive={folder}")
        assert said.code == 2
        assert words in said.sentence
    assert (person.home / "config.toml").read_bytes() == before
    said = person.run("account", "set", "work", "archive=Old/2026")
    assert (said.code, said.out, said.words) == (0, "folders.archive = Old/2026\n", "")
    assert person.run("archive", person.rows()[0]["id"]).code == 0
    person.synced()
    person.until_server_has("Old/2026", "Two")
    assert person.subjects("Archive") == []


def test_a_folder_that_is_not_there(person: Person) -> None:
    """Written by hand: the check says it, archiving refuses with 78, and nothing is moved or made."""
    person.add()
    person.deliver(letter("One"))
    with (person.home / "config.toml").open("a") as file:
        file.write('\n[accounts.work.folders]\narchive = "Nowhere"\n')
    person.synced()
    guards = person.run("account", "check", "--json").json["accounts"][0]["guards"]
    assert [guard["name"] for guard in guards] == ["wrong-folder"]
    said = person.run("archive", person.rows()[0]["id"])
    assert said.code == 78
    assert 'Nothing was moved: the archive folder of work is to be "Nowhere"' in said.words
    assert person.subjects() == ["One"]
    assert "Nowhere" not in person.run("folders").out
