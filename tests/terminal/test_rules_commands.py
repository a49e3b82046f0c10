"""Rules from the command line, against a real server: listed, tried, run, and wrong ones."""

from __future__ import annotations

import pytest

from tests.terminal.conftest import Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]

RULES = """
[[rules]]
name = "Two and three"
query = "in:inbox subject:(2 OR 3)"
move = "Some"
[[rules]]
name = "One"
query = "subject:1"
star = true
"""


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account, rules, and three messages that came before them, read."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    person.synced()
    with (person.home / "config.toml").open("a") as file:
        file.write(RULES)
    return person


def test_listed_tried_and_run(reader: Person) -> None:
    """A dry run only counts; a run does it, each rule as one step that undo takes back; a second one finds nothing."""
    listed = reader.run("rules", "--json")
    assert [(rule["name"], rule["does"]) for rule in listed.json] == [
        ("Two and three", "move to Some"),
        ("One", "star"),
    ]
    assert "Two and three: in:inbox subject:(2 OR 3) → move to Some" in reader.run("rules").out
    tried = reader.run("rules", "run", "--dry-run", "--json")
    assert [(one["messages"], one["batch"]) for one in tried.json] == [(2, None), (1, None)]
    assert len(reader.rows()) == 3
    run = reader.run("rules", "run", "--wait", "--json")
    assert [one["messages"] for one in run.json] == [2, 1]
    assert reader.subjects("Some") == ["Letter 2", "Letter 3"]
    assert reader.subjects() == ["Letter 1"]
    assert r"\Flagged" in reader.flags()[0]
    assert [one["messages"] for one in reader.run("rules", "run", "Two and three", "--json").json] == [0]
    assert "rule “Two and three”: 2 messages" in reader.run("undo", "--list").out
    assert reader.run("undo", run.json[0]["batch"], "--wait").code == 0
    assert len(reader.rows()) == 3


def test_on_arrival(reader: Person) -> None:
    """One sync begins, the next ones obey."""
    reader.synced()
    reader.deliver(letter("Letter 2 again", number=4), letter("Letter 4", number=5))
    reader.synced()
    assert reader.subjects("Some") == ["Letter 2 again"]
    assert [row["subject"] for row in reader.rows()] == ["Letter 4", "Letter 3", "Letter 2", "Letter 1"]


def test_wrong_ones(reader: Person) -> None:
    """A rule that is wrong is named with its line, and the others work; one that is not there has a suggestion."""
    with (reader.home / "config.toml").open("a") as file:
        file.write('[[rules]]\nquery = "from:x"\nmoev = "Y"\n')
    listed = reader.run("rules", "--json")
    assert [rule["name"] for rule in listed.json] == ["Two and three", "One"]
    assert '"moev" is not a known key; did you mean "move"?' in listed.words
    none = reader.run("rules", "run", "On")
    assert none.code == 2
    assert 'There is no rule "On"; did you mean "One"?' in none.words


def test_remind(reader: Person) -> None:
    """A reminder is a keyword on the server, and is taken off again."""
    number = reader.rows()[0]["id"]
    assert reader.run("remind", number, "in", "3", "days", "--wait").code == 0
    assert sum("$Awaiting" in flags and "followup-" in flags for flags in reader.flags()) == 1
    assert reader.run("remind", number, "--off", "--wait").code == 0
    assert not any("$Awaiting" in flags or "followup-" in flags for flags in reader.flags())
