"""A POP3 account with the whole program in a terminal: set up, fetched, read and answered offline, sent, there once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import wait_until
from tests.servers.faults import Fault, FaultyLine
from tests.servers.postfix import Postfix, missing
from tests.terminal.conftest import Person, letter
from tests.terminal.test_program import list_has, reads, shows
from tests.terminal.test_writing import line_with
from tui_mail.model import Protocol

pytestmark = [pytest.mark.server, pytest.mark.terminal]


class PopPerson(Person):
    """A person whose server has POP3 only, and who can send."""

    def __init__(self, post: Postfix, home: Path) -> None:
        super().__init__(post.dovecot, home)
        self.post = post
        self.friend = post.new_user()

    def set_up(self, **options: str | int) -> str:
        """Add the account as a person does; what was said about it."""
        outgoing = self.post.server(self.user)
        settings: dict[str, str | int] = {
            "protocol": "pop3",
            "email": self.post.address(self.user),
            "port": self.server.account(self.user, Protocol.POP3).incoming.port,
            "smtp_host": outgoing.host,
            "smtp_port": outgoing.port,
            "smtp_user": outgoing.user,
            "smtp_ca_file": outgoing.ca_file,
            "smtp_password_command": "printf %s " + self.server.passwords[self.user],
        }
        said = self.add("club", **{**settings, **options})
        assert said.code == 0, said.words
        config = self.home / "config.toml"
        config.write_text(f"{config.read_text('utf-8')}\n[compose]\nundo_send = 1\n", "utf-8")
        return said.out + said.words

    def letters(self, count: int) -> None:
        """Mail from a friend comes in."""
        sender = f"Anna Berg <{self.post.address(self.friend)}>"
        self.deliver(*(letter(f"Letter {number}", number=number, sender=sender) for number in range(1, count + 1)))

    def go_offline(self) -> None:
        """No server answers any more."""
        self.post.kill()
        self.server.kill()

    def go_online(self) -> None:
        self.server.start()
        self.post.start()

    def everything(self) -> list[str]:
        """The subjects of the whole inbox, newest first."""
        said = self.run("list", "inbox", "--json", "--limit", 10_000)
        assert said.code == 0, said.words
        return [row["subject"] for row in said.json]

    def until_listed(self, folder: str, *subjects: str) -> None:
        """Wait until a folder holds exactly these, newest first; asked on the command line."""
        held = wait_until(lambda: [row["subject"] for row in self.rows(folder)] == list(subjects), 15)
        assert held, f"{folder}: {[row['subject'] for row in self.rows(folder)]}"


@pytest.fixture
def club(tmp_path: Path) -> Iterator[PopPerson]:
    need(missing())
    with Postfix() as post:
        yield PopPerson(post, tmp_path / "home")


def test_a_mailbox_that_needs_no_server(club: PopPerson) -> None:
    """Set up and fetched; read, found, answered offline; sent when servers are back; after kill -9 all is there."""
    said = club.set_up()
    assert "this computer" in said
    club.letters(5)
    newest_first = [f"Letter {number}" for number in range(5, 0, -1)]
    with club.screen() as screen:
        screen.wait_for(list_has(*newest_first), 30)
        screen.wait_for("live")
        club.go_offline()
        screen.press("ctrl+r")
        screen.wait_for("offline", 30)

        for subject in newest_first:
            screen.press("enter")
            screen.wait_for(reads(subject))
            screen.wait_for("Esc back")
            screen.press("escape")
            screen.wait_for("Enter open")
            screen.press("j")
        found = next(row for row in club.rows() if row["subject"] == "Letter 2")
        assert "What Letter 2 says." in club.run("show", found["id"]).out
        assert [row["id"] for row in json.loads(club.run("search", '"letter 2 says"', "--json").out)] == [found["id"]]

        screen.press("/")
        screen.send('"letter 2 says"')
        screen.wait_for(shows("1 found", "Letter 2", without=("Letter 3",)))
        screen.press("enter", "enter")
        screen.wait_for(reads("Letter 2"))
        screen.press("escape", "escape")
        screen.wait_for(list_has(*newest_first))

        screen.press("g", "g")
        screen.press("r")
        screen.wait_for(line_with("To", club.post.address(club.friend)))
        screen.send("Gladly!")
        screen.wait_for("Gladly!")
        screen.press("ctrl+s")
        screen.wait_for("1 sending")
        screen.press("g", "o")
        screen.wait_for("does not accept connections", 20)
        os.kill(screen.pid, signal.SIGKILL)
        screen.wait_end()

    with club.screen() as screen:
        screen.wait_for(list_has(*newest_first), 30)
        screen.press("g", "o")
        screen.wait_for(line_with("Re: Letter 5"), 20)
        club.go_online()
        screen.press("r")
        screen.wait_for(line_with("Re: Letter 5", "sent"), 60)
        [raw] = club.post.arrived(club.friend)
        assert b"Gladly!" in raw
        screen.press("escape")
        screen.wait_for(shows("Enter open", without=("Esc back",)))
        screen.press("g", "s")
        screen.wait_for(line_with("To: ", "Re: Letter 5"), 20)
        screen.press("g", "i")
        screen.wait_for(line_with("↩", "Letter 5"), 20)
        screen.press("q")
        assert screen.wait_end() == 0

    with club.screen() as screen:
        screen.wait_for(list_has(*newest_first), 30)
        screen.wait_for(shows("live", without=("offline",)), 30)
    club.synced()
    club.until_listed("inbox", *newest_first)
    club.until_listed("sent", "Re: Letter 5")
    club.until_listed("drafts")
    assert "answered" in club.rows()[0]["flags"]
    assert all("seen" in row["flags"] for row in club.rows())
    assert club.subjects() == sorted(newest_first)
    assert len(club.post.arrived(club.friend)) == 1


def test_a_long_download_is_stopped_and_goes_on(club: PopPerson) -> None:
    """Counts in the status line, and the key that stops it; stopped it stays until asked; kill -9 costs nothing."""
    count = 700
    club.letters(count)
    slow = Fault("server", "\\+OK [0-9]+ octets", cut="", stall=0.01, every=1)
    with FaultyLine(club.server, slow, protocol=Protocol.POP3) as line:
        club.set_up(port=line.port, delete_from_server="at_once")
        with club.screen() as screen:
            screen.wait_for(line_with("club ⟳ fetching", f"of {count} · "), 30)
            screen.wait_for("O stop")
            screen.wait_for(list_has(f"Letter {count}"), 30)
            screen.press("O")
            screen.wait_for(line_with("club ‖ stopped at", f"of {count}"), 5)
            screen.wait_for("Ctrl+R goes on")
            assert len(club.subjects()) == count
            screen.press("ctrl+r")
            screen.wait_for("club ⟳ fetching", 10)
            os.kill(screen.pid, signal.SIGKILL)
            screen.wait_end()
        here = len(club.everything())
        assert 0 < here < count
        line.faults[:] = [counted := Fault("client", "RETR", cut="", every=1)]
        with club.screen() as screen:
            screen.wait_for("live", 60)
        assert counted.seen <= count - here
    assert club.everything() == [f"Letter {number}" for number in range(count, 0, -1)]
    assert club.subjects() == []


def test_nothing_there_yet(club: PopPerson) -> None:
    """A first start without a network says so, and not that nothing is left."""
    club.set_up()
    club.go_offline()
    with club.screen(columns=80, rows=24) as screen:
        screen.wait_for("Nothing is here yet, and the server does not answer.", 30)
        screen.wait_for("offline")
        club.go_online()
        club.letters(2)
        screen.press("R")
        screen.wait_for(list_has("Letter 2", "Letter 1"), 30)
