"""Notifications of the whole program: octets for mail that has just come, and for nothing else."""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.servers.dovecot import wait_until
from tests.terminal.conftest import Person, letter
from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.server, pytest.mark.terminal]

TOLD = re.compile(rb"\x1b\]777;notify;([^\x00-\x1f;]*);([^\x00-\x1f;]*)\x1b\\")


def told(terminal: Terminal) -> list[str]:
    """The notifications so far: title and body."""
    return [b" | ".join(found).decode() for found in TOLD.findall(terminal.raw)]


def wants(person: Person, *lines: str) -> None:
    """Notifications in config.toml."""
    with (person.home / "config.toml").open("a") as file:
        file.write("\n[notifications]\n" + "\n".join(lines) + "\n")


def append(person: Person, subject: str, folder: str = "INBOX", flags: str = "") -> None:
    """Another program puts a message somewhere."""
    with person.elsewhere() as other:
        other.append(folder, flags, None, letter(subject))


def seen(person: Person, *subjects: str) -> bool:
    """The store has these in its inbox."""
    return set(subjects) <= {row["subject"] for row in person.rows()}


def test_only_what_has_just_come_is_told(person: Person) -> None:
    """Not the first sync, not what is read elsewhere, moved back here or filed; many at once are one notification."""
    person.add()
    person.deliver(*(letter(f"Old {number}", number=number) for number in range(5)))
    wants(person, 'by = "terminal"')
    with person.screen(env={"TERM_PROGRAM": "ghostty"}) as terminal:
        terminal.wait_for("Old 0")
        terminal.wait_for("live")
        subject = "Pay; now \x1b]52;c;eA==\x07 \x1b]777;notify;forged;forged\x1b\\"
        person.deliver(letter(subject, sender="Eve \x1b]0;owned\x07 <eve@example.org>"))
        assert wait_until(lambda: bool(told(terminal)), 15), terminal.text
        [first] = told(terminal)
        assert first.startswith("Mail from Eve ")
        assert "Pay, now" in first
        assert b"\x1b]52;" not in terminal.raw
        assert b"\x1b]0;owned" not in terminal.raw
        append(person, "Read elsewhere", flags=r"(\Seen)")
        append(person, "Filed", "Archive")
        assert wait_until(lambda: seen(person, "Read elsewhere"), 15)
        terminal.send("e")  # what the cursor is on is archived, and comes back with another UID
        terminal.send("z")
        person.deliver(*(letter(f"New {number}", number=number + 10) for number in range(12)))
        assert wait_until(lambda: len(told(terminal)) == 2, 30), terminal.text
        assert told(terminal)[1] == "12 new messages in Inbox | Anna Berg"
        terminal.send("q")


def test_off_by_itself_and_in_quiet_hours(person: Person) -> None:
    """Nothing is written: the default, and all hours but one minute of the day."""
    person.add()
    person.deliver(letter("Old"))
    for lines in ((), ('by = "osc777"', 'quiet = "00:00-23:59"')):
        if lines:
            wants(person, *lines)
        with person.screen() as terminal:
            terminal.wait_for("Old")
            terminal.wait_for("live")
            name = f"New {len(lines)}"
            person.deliver(letter(name))
            terminal.wait_for(name)
            terminal.send("q")
            terminal.wait_end()
            assert told(terminal) == []


def test_a_command_tells(person: Person) -> None:
    """Its arguments are words of the message and nothing else: no shell, no option, no control character."""
    person.add()
    person.deliver(letter("Old"))
    note = person.home / "told.json"
    program = person.home / "tell.py"
    program.write_text(
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], {{k: v for k, v in os.environ.items() if k.startswith('TUI_MAIL_')}}],"
        f" open({str(note)!r} + '.new', 'w'))\nos.rename({str(note)!r} + '.new', {str(note)!r})\n"
    )
    wants(person, 'by = "command"', f"notify_command = {json.dumps([sys.executable, str(program), '{body}'])}")
    with person.screen() as terminal:
        terminal.wait_for("Old")
        terminal.wait_for("live")
        person.deliver(letter("--icon=$(touch owned) `id` \x1b[2J", sender="-rf <x@example.org>"))
        assert wait_until(note.exists, 20), terminal.text
        terminal.send("q")
    arguments, environment = json.loads(note.read_text())
    assert len(arguments) == 1
    assert arguments[0].startswith(" --icon=$(touch owned) `id` ")
    assert "\x1b" not in arguments[0]
    assert environment["TUI_MAIL_SENDER"] == "-rf"
    assert environment["TUI_MAIL_COUNT"] == "1"
    assert environment["TUI_MAIL_FOLDER"] == "Inbox"


def test_a_command_that_fails_is_said_once(person: Person) -> None:
    """The mail is here; one sentence says what to correct."""
    person.add()
    person.deliver(letter("Old"))
    wants(person, 'by = "command"', 'notify_command = ["/no/such/program"]')
    with person.screen() as terminal:
        terminal.wait_for("Old")
        terminal.wait_for("live")
        person.deliver(letter("New"))
        terminal.wait_for("notify_command (program)")
        assert "New" in terminal.text
        terminal.send("q")
