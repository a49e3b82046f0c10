"""Searching from a shell, as a script does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture
def reader(dovecot: Dovecot, tmp_path: Path) -> Person:
    """Somebody with three messages, of which only the headers are here."""
    person = Person(dovecot, tmp_path)
    person.deliver(
        letter("Lunch", text="The needle is here.", number=1),
        letter("会议通知", text="明天下午", number=2, sender="Wang Wei <wei@example.org>"),
        letter("Dinner", text="Another needle.", number=3),
    )
    assert person.add().code == 0
    assert person.run("sync").code == 0
    return person


def found(person: Person, *words: str) -> list[str]:
    said = person.run("search", *words, "--json")
    assert said.code == 0, said.words
    return [row["subject"] for row in said.json]


def test_what_is_here_and_what_the_server_adds(reader: Person) -> None:
    """Rows as `list` gives them, newest first; how much was looked at goes to stderr."""
    assert found(reader, "subject:unch") == ["Lunch"]
    assert found(reader, "会议") == ["会议通知"]
    assert found(reader, "from:anna") == ["Dinner", "Lunch"]
    assert found(reader, "from:anna", "--limit", "1") == ["Dinner"]
    assert found(reader, "needle") == []
    assert found(reader, "needle", "--server") == ["Dinner", "Lunch"]
    said = reader.run("search", "needle", "--server")
    assert "2 found · all headers, 0 % of the texts · server added 2, complete" in said.words
    assert [line.split("\t")[-1] for line in said.out.splitlines()] == ["Dinner", "Lunch"]
    row = reader.run("search", "needle", "--server", "--json").json[0]
    assert {"id", "account", "folder", "uid", "message_id", "thread", "date", "from", "to", "subject"} <= set(row)


def test_what_is_not_understood_and_what_is_nothing(reader: Person) -> None:
    """A hint and the rest of it; wrong usage when nothing is left."""
    said = reader.run("search", "from:anna", "is:lost")
    assert said.code == 0
    assert "is:lost" in said.words
    assert len(said.out.splitlines()) == 2
    nothing = reader.run("search", "is:lost")
    assert nothing.code == 2
    assert "nothing to search for" in nothing.sentence
    assert reader.run("search").code == 2


def test_a_server_that_is_away(reader: Person) -> None:
    """What is here is printed; the exit code says that it is not all."""
    config = reader.home / "config.toml"
    lines = config.read_text().splitlines()
    config.write_text("\n".join("port = 9" if line.startswith("port") else line for line in lines))
    said = reader.run("search", "from:anna", "--server", "--timeout", "20", "--json")
    assert said.code == 69, said.words
    assert [row["subject"] for row in said.json] == ["Dinner", "Lunch"]


def test_kinds_of_mail(reader: Person) -> None:
    """By the header that a real server gives; an invitation inside of a message once it is here."""
    fields = {
        "Harbour": "List-Id: Harbour <harbour.lists.example>", "Backup": "Auto-Submitted: auto-generated",
        "Sale": "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    }  # fmt: skip
    for number, (subject, field) in enumerate(fields.items(), 4):
        reader.deliver(letter(subject, number=number).replace(b"MIME-Version", field.encode() + b"\r\nMIME-Version"))
    part = "--x\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--x--"
    meeting = letter("Meeting", text=part, number=8)
    reader.deliver(meeting.replace(b"text/plain; charset=utf-8", b'multipart/alternative; boundary="x"'))
    assert reader.run("sync").code == 0
    assert found(reader, "kind:list") == ["Harbour"]
    assert found(reader, "kind:notifications") == ["Backup"]
    assert found(reader, "kind:bulk") == ["Sale"]
    assert found(reader, "kind:people") == ["Meeting", "Dinner", "会议通知", "Lunch"]
    reader.synced()
    assert found(reader, "kind:calendar") == ["Meeting"]
    said = reader.run("search", "kind:nonsense lunch")
    assert "kind:nonsense" in said.words
