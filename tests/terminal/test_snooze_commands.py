"""Snoozing from the command line, against a real server."""

from __future__ import annotations

import pytest

from tests.terminal.conftest import Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account and three messages, read."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    person.synced()
    return person


def test_snooze_list_and_back(reader: Person) -> None:
    """Two leave; the list says until when; --off brings one back, undo the other way round."""
    first, second, _ = (row["id"] for row in reader.rows())
    gone = reader.run("snooze", first, second, "2099-12-24", "18:00", "--wait", "--json")
    assert (gone.code, gone.json["state"], gone.json["count"]) == (0, "done", 2)
    assert reader.subjects("Snoozed") == ["Letter 2", "Letter 3"]
    rows = reader.rows("snoozed")
    assert {row["id"] for row in rows} == {first, second}
    assert all("$Snoozed" in row["flags"] for row in rows)
    assert {row["until"][:5] for row in rows} == {"2099-"}
    assert reader.run("list", "snoozed").out.count("\t→2099-12-24 18:00\n") == 2
    assert reader.run("snooze", first, "--off", "--wait").code == 0
    assert reader.subjects() == ["Letter 1", "Letter 3"]
    assert reader.run("undo", "--wait").code == 0
    assert reader.subjects("Snoozed") == ["Letter 2", "Letter 3"]


def test_a_number_that_begins_a_moment_is_no_message(reader: Person) -> None:
    """24 Dec is a day, whatever else is numbered 24."""
    first = reader.rows()[0]["id"]
    gone = reader.run("snooze", first, "24", "dec", "2099", "--wait", "--json")
    assert (gone.code, gone.json["count"]) == (0, 1)
    assert [row["until"][:8] for row in reader.rows("snoozed")] == ["2099-12-"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("{}",), "Say until when: later, tomorrow"),
        (("{}", "soonish"), "'soonish' is no moment to come"),
        (("{}", "2020-01-01"), "is no moment to come"),
        (("tomorrow",), "Say which messages"),
        (("{}", "tomorrow", "--off"), "--off brings messages back now"),
    ],
)
def test_what_is_no_moment(reader: Person, words: tuple[str, ...], said: str) -> None:
    """Wrong usage is named, and nothing is done."""
    number = str(reader.rows()[0]["id"])
    answer = reader.run("snooze", *(word.format(number) for word in words))
    assert answer.code == 2
    assert said in answer.sentence
    assert len(reader.rows()) == 3
