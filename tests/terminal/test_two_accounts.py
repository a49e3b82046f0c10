"""Two accounts on real servers as one inbox: on the screen, and for commands."""

from __future__ import annotations

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter
from tests.terminal.test_program import list_has, shows

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def both(person: Person, dovecot: Dovecot) -> tuple[Person, Person]:
    """Somebody with an account for work and one for home in one configuration; two messages in each."""
    home = Person(dovecot, person.home)
    assert person.add("work").code == 0
    assert home.add("home").code == 0
    person.deliver(*(letter(f"Work {number}", number=number) for number in (1, 3)))
    home.deliver(*(letter(f"Home {number}", number=number) for number in (2, 4)))
    return person, home


def test_one_inbox_on_the_screen(both: tuple[Person, Person]) -> None:
    """By date, with the account of each; archived together, each server files its own; new mail of either comes."""
    work, home = both
    with work.screen() as terminal:
        terminal.wait_for(list_has("Home 4", "Work 3", "Home 2", "Work 1"))
        order = [line for line in terminal.lines if "Anna Berg" in line and "▎" in line]
        assert [("▎work" in line or "▎W " in line) for line in order] == [False, True, False, True]
        terminal.wait_for(shows("All inboxes"))
        terminal.send("xjxe")
        terminal.wait_for(list_has("Home 2", "Work 1", lacks=("Home 4", "Work 3")))
        work.until_server_has("Archive", "Work 3")
        home.until_server_has("Archive", "Home 4")
        home.deliver(letter("Home 9", number=9))
        terminal.wait_for(list_has("Home 9", "Home 2", "Work 1"))
        terminal.send("I")
        terminal.wait_for(shows("People 3"))
        terminal.send("z")
        terminal.wait_for(list_has("Home 9", "Home 4", "Work 3", "Home 2", "Work 1"))


def test_one_account_that_is_away_leaves_the_other_alone(both: tuple[Person, Person]) -> None:
    """Its mail stays in the list, and the line above says whose server it is."""
    work, _ = both
    work.synced()
    file = work.home / "config.toml"
    text = file.read_text("utf-8")
    parts = text.split("[accounts.home", 1)
    port = str(work.server.server(work.user).port)
    file.write_text(f"{parts[0]}[accounts.home{parts[1].replace(port, '9')}", "utf-8")
    with work.screen() as terminal:
        terminal.wait_for(list_has("Home 4", "Work 3"))
        terminal.wait_for(shows("offline"))
        work.deliver(letter("Work 7", number=7))
        terminal.wait_for(list_has("Work 7", "Home 4"))


def test_list_inbox_is_of_all_accounts(both: tuple[Person, Person]) -> None:
    """Newest first; ACCOUNT:inbox is of one."""
    work, _ = both
    work.synced()
    rows = work.rows("inbox")
    assert [(row["account"], row["subject"]) for row in rows] == [
        ("home", "Home 4"), ("work", "Work 3"), ("home", "Home 2"), ("work", "Work 1"),
    ]  # fmt: skip
    assert {row["folder"] for row in rows} == {"INBOX"}
    assert [row["subject"] for row in work.rows("home:inbox")] == ["Home 4", "Home 2"]
    said = work.run("list", "inbox", "--limit", 1)
    assert said.out.rstrip().endswith("Home 4\thome")
    said = work.run("list", "inbox", "--threads", "--unread")
    assert [line.rpartition("\t")[2] for line in said.out.splitlines()] == ["home", "work", "home", "work"]
