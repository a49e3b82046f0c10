"""The whole program in a terminal, against a real server over TLS, from the first words to the last byte."""

from __future__ import annotations

import base64
import os
import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person, letter
from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.server, pytest.mark.terminal]

CONTENT_OBEYED = re.compile("[\u0080-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Characters that a terminal obeys and that the program itself never writes."""
OUR_SEQUENCE = re.compile(
    rb"\x1b\[[0-9;:?<>=]*[ $]?[A-Za-z~]"  # cursor, colours, modes
    rb"|\x1b[=>78]|\x1b\]22;[a-z]*\x07"  # keypad, pointer
    rb"|\x1b\]8;[^\x07\x1b]*;[^\x07\x1b]*\x1b\\"  # hyperlinks
)


def shows(*texts: str, without: tuple[str, ...] = ()) -> Callable[[Terminal], bool]:
    """All of `texts` are on the screen, and none of `without`."""

    def question(terminal: Terminal) -> bool:
        screen = terminal.text
        return all(text in screen for text in texts) and not any(text in screen for text in without)

    question.__doc__ = f"{texts}, not {without}"
    return question


def in_list(terminal: Terminal, subject: str) -> bool:
    """Whether a row of the list has this subject; sender and subject are on one line only there."""
    return any(subject in line and "Anna Berg" in line for line in terminal.lines)


def reads(subject: str) -> Callable[[Terminal], bool]:
    """The body of this letter is on the screen (its first words in a row of the list do not count)."""

    def question(terminal: Terminal) -> bool:
        return any(f"What {subject} says." in line and "Anna Berg" not in line for line in terminal.lines)

    question.__doc__ = f"the body of {subject}"
    return question


def list_has(*subjects: str, lacks: tuple[str, ...] = ()) -> Callable[[Terminal], bool]:
    """The list shows these subjects, and not those."""

    def question(terminal: Terminal) -> bool:
        return all(in_list(terminal, one) for one in subjects) and not any(in_list(terminal, one) for one in lacks)

    question.__doc__ = f"a list with {subjects}, without {lacks}"
    return question


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account and five messages on the server; nothing is here yet."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 6)))
    return person


@pytest.fixture
def screen(reader: Person) -> Iterator[Terminal]:
    """Their screen, once it is live."""
    with reader.screen() as terminal:
        terminal.wait_for(list_has("Letter 5", "Letter 1"))
        terminal.wait_for("live")
        yield terminal


def test_read_archive_and_undo(reader: Person, screen: Terminal) -> None:
    """Rows, a body, archive at once here and soon there, undo on both; nothing is asked."""
    screen.press("j")
    screen.press("enter")
    screen.wait_for(reads("Letter 4"))
    screen.wait_for("Esc back")
    screen.press("escape")
    screen.wait_for("Enter open")
    screen.press("e")
    screen.wait_for(list_has("Letter 5", lacks=("Letter 4",)))
    reader.until_server_has("Archive", "Letter 4")
    assert "Letter 4" not in reader.subjects()
    screen.seconds_until(list_has("Letter 4"), since=screen.press("z"))
    reader.until_server_has("Archive")
    reader.until_server_has("INBOX", *(f"Letter {number}" for number in range(1, 6)))


def test_what_is_typed_ahead_goes_where_it_was_meant(reader: Person, screen: Terminal) -> None:
    """In one piece: down, then a folder by letters that would archive, answer and delete; a search by such letters."""
    screen.press("j", "v", *"archive", "enter")
    reader.until_server_has("Archive", "Letter 4")
    screen.wait_for(list_has("Letter 5", "Letter 3", lacks=("Letter 4",)))
    screen.press("/", *"letter", "enter", "escape", "e")
    reader.until_server_has("Archive", "Letter 3", "Letter 4")
    screen.wait_for(list_has("Letter 5", "Letter 2", lacks=("Letter 3",)))
    reader.until_server_has("INBOX", "Letter 1", "Letter 2", "Letter 5")
    reader.until_server_has("Trash")


def test_news_from_elsewhere(reader: Person, screen: Terminal) -> None:
    """A delivery, a star and a deletion by another client show without a key."""
    reader.deliver(letter("Just arrived", number=50))
    screen.wait_for(list_has("Just arrived"), timeout=5)
    assert not any("★" in line for line in screen.lines[:16] if "Letter 2" in line)
    with reader.elsewhere() as other:
        other.uid("STORE", "2", "+FLAGS", "(\\Flagged)")
        screen.wait_for(lambda screen: any("★" in line for line in screen.lines if "Letter 2" in line), timeout=5)
        other.uid("STORE", "3", "+FLAGS", "(\\Deleted)")
        other.expunge()
    screen.wait_for(list_has("Letter 2", lacks=("Letter 3",)), timeout=5)


def test_quit_gives_the_terminal_back(screen: Terminal) -> None:
    """q ends the program, and what was taken is given back."""
    screen.press("q")
    assert screen.wait_end() == 0
    assert screen.is_restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_from_outside(screen: Terminal, number: signal.Signals) -> None:
    """kill, or a closed window: the terminal is given back."""
    os.kill(screen.pid, number)
    screen.wait_end()
    assert screen.is_restored
    assert b"Traceback" not in screen.raw


def test_other_sizes(screen: Terminal) -> None:
    """80×24 and back, one sentence at 20×5, and the list again."""
    screen.resize(80, 24)
    screen.wait_for(shows("Letter 5", "Letter 1"))
    assert all(len(line) <= 80 for line in screen.lines)
    screen.press("enter")
    screen.wait_for(reads("Letter 5"))
    screen.press("escape")
    screen.wait_for(list_has("Letter 5", "Letter 1"))
    screen.resize(20, 5)
    screen.wait_for(lambda screen: sum(bool(line) for line in screen.lines) == 1 and "small" in screen.text)
    screen.resize(160, 48)
    screen.wait_for(list_has("Letter 5", "Letter 1"))


def test_the_server_goes_and_comes_back(reader: Person) -> None:
    """The list stays, the line says offline, keys work, and what was done reaches the server by itself."""
    with Dovecot() as server:
        person = Person(server, reader.home.with_name("elsewhere"))
        person.add()
        person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
        person.synced()
        with person.screen() as screen:
            screen.wait_for(list_has("Letter 3", "Letter 1"))
            screen.wait_for("live")
            server.kill()
            screen.wait_for("offline")
            assert in_list(screen, "Letter 3")
            screen.press("e")
            screen.wait_for(list_has("Letter 2", lacks=("Letter 3",)))
            screen.wait_for("1 waiting")
            screen.press("enter")
            screen.wait_for(reads("Letter 2"))
            server.start()
            screen.wait_for(shows("live", without=("offline", "waiting")), timeout=20)
            person.until_server_has("Archive", "Letter 3")
            person.deliver(letter("After the break", number=40))
            screen.wait_for("After the break")


def test_no_byte_of_a_message_is_obeyed(person: Person) -> None:
    """A message full of escape sequences is on the screen, and none of them in what the terminal got."""
    evil = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202egnp\u2066 [red]mark[/red] \x1b]0;owned\x1b\\"

    def word(text: str) -> str:
        return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="

    message = (
        f"From: {word('Eve ' + evil)} <eve@evil.example>\r\nTo: {word(evil)} <ola@example.org>\r\n"
        f"Subject: {word('Needle ' + evil)}\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        "Message-ID: <x@evil.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Body {evil} <a href='https://x.example/\x1b]8;;'>go</a></p>\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlain {evil}\r\n"
        f'--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="{word(evil + ".csv")}"\r\n\r\n'
        "a\r\n--b--\r\n"
    ).encode()
    person.add()
    person.deliver(message)
    with person.screen() as screen:
        screen.wait_for("Needle")
        screen.press("enter")
        screen.wait_for("[red]mark[/red]")
        screen.wait_for("Body")
        screen.press("V")
        screen.wait_for("Message-ID")
        screen.press("h")
        screen.seconds_until_quiet(time.perf_counter())
        screen.press("escape")
        screen.wait_for("Enter open")
        screen.press("q")
        screen.wait_end()
        raw = screen.raw
    assert not CONTENT_OBEYED.search(raw.decode("utf-8"))
    left = OUR_SEQUENCE.sub(b"", raw)
    assert re.findall(rb".{0,20}[\x00-\x07\x0b\x0c\x0e-\x1f\x7f].{0,20}", left, re.DOTALL) == []


def test_two_screens_of_one_home(reader: Person, screen: Terminal) -> None:
    """A second one works too: what is done in it shows in the first, and the server hears of it."""
    with reader.screen() as second:
        second.wait_for(list_has("Letter 5"))
        second.press("e")
        second.wait_for(list_has("Letter 4", lacks=("Letter 5",)))
        screen.wait_for(list_has("Letter 4", lacks=("Letter 5",)))
        reader.until_server_has("Archive", "Letter 5")
        second.press("q")
        assert second.wait_end() == 0
