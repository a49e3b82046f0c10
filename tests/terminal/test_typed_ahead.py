"""Keys that come in one piece do what they do one after another: none is lost, none is done to another message."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.terminal.conftest import PROGRAM, ROOT
from tests.terminal.terminal import Terminal, octets_of
from tests.terminal.test_escape_payloads import CONFIG
from tests.ui.world import Letter, World
from tui_mail.paths import paths
from tui_mail.store.database import Database

pytestmark = pytest.mark.terminal

ESCAPE = "\x1b[27u"
"""As terminals with the newer protocol send it: unlike ESC alone it is never taken for the beginning of another key."""
DISHES = ("soup", "cake", "salad", "bread", "stew", "curry")
FILED = ("INBOX", "Archive", "Travel")


DINNER = {
    folder: [Letter(f"{folder} {dish}", age=3600.0 * (at + 1)) for at, dish in enumerate(DISHES)] for folder in FILED
}
"""In three folders one message for each dish, the soup on top."""


def fill(home: Path, mail: Mapping[str, Iterable[Letter]]) -> None:
    """A home with this mail in its folders, all of it in the index; the server is not there."""
    made = World(home)
    try:
        (home / "config.toml").write_text(CONFIG)
        (home / "config.toml").chmod(0o600)
        for folder, letters in mail.items():
            made.put(letters, folder)
        made.client.index_now(60)
    finally:
        made.client.stop()


def done(home: Path) -> list[tuple[str, str]]:
    """What was done, in order: the word for it, and the message."""
    db = Database(paths(home))
    try:
        found = db.read().execute(
            "SELECT journal.verb, message.subject FROM journal"
            " JOIN journal_item ON journal_item.journal_id = journal.id"
            " JOIN message ON message.id = journal_item.message_id ORDER BY journal.id"
        )
        return [(str(verb).rstrip(":"), str(subject)) for verb, subject in found]
    finally:
        db.close()


@pytest.fixture(params=[80, 160])
def screen(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The inbox of such a home."""
    fill(tmp_path, DINNER)
    with Terminal([*PROGRAM, "--home", str(tmp_path)], columns=request.param, rows=40, cwd=ROOT) as terminal:
        terminal.wait_for("INBOX soup")
        yield terminal


def typed(screen: Terminal, keys: str) -> None:
    """In one piece: names of keys, and (in quotes) what is typed letter by letter."""
    words = shlex.split(keys, posix=False)
    pressed = [key for word in words for key in (word.strip("'") if word[0] == "'" else [word])]
    screen.send("".join(ESCAPE if key == "escape" else octets_of(key) for key in pressed))


def left(screen: Terminal) -> None:
    """The program has ended."""
    screen.press("ctrl+q")
    assert screen.wait_end() == 0, screen.text


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("g a / 'travel bread' enter e", ["archived Travel bread"]),
        ("v 'travel' enter j e", ["moved to Travel INBOX soup", "archived INBOX salad"]),
        (
            "v 'travel' enter v 'archive' enter e",
            ["moved to Travel INBOX soup", "moved to Archive INBOX cake", "archived INBOX salad"],
        ),
        ("g l 'travel' enter j d", ["moved to Trash Travel cake"]),
        ("W G enter e", ["archived Travel soup"]),
        ("W G enter / 'inbox bread' enter e j", ["archived INBOX bread"]),
        (": 'star' enter j e", ["starred INBOX soup", "archived INBOX cake"]),
        ("l 'dinner' enter j e", ["labelled dinner INBOX soup", "archived INBOX cake"]),
        ("l escape e", ["archived INBOX soup"]),
        ("o 'ed' escape j e", ["archived INBOX cake"]),
    ],
)
def test_each_key_finds_what_the_last_one_made(
    screen: Terminal, tmp_path: Path, keys: str, expected: list[str]
) -> None:
    """A search in a folder just opened, a picker and the next message, a dialog and what comes after it.

    And the letters of a link in a message that has none, which are done to nothing.
    """
    typed(screen, keys)
    screen.seconds_until_quiet(time.perf_counter(), quiet=0.5)
    left(screen)
    assert [f"{verb} {subject}" for verb, subject in done(tmp_path)] == expected


def test_what_is_written_ahead_is_in_the_answer(screen: Terminal, tmp_path: Path) -> None:
    """r, and words that would archive, delete and answer in the list."""
    typed(screen, "r 'Dear all: see #3!'")
    screen.wait_for("Dear all: see #3!")
    left(screen)
    assert [verb for verb, _ in done(tmp_path) if not verb.startswith("kept")] == []


def test_what_is_read_stays_among_what_is_unread(screen: Terminal, tmp_path: Path) -> None:
    """Until something else is looked for: who reads it can archive it, and its neighbours are where they were."""
    typed(screen, "/ 'is:unread in:inbox' enter")
    screen.wait_for("6 found")
    typed(screen, "j enter")
    screen.wait_for("1 waiting")
    screen.seconds_until_quiet(time.perf_counter(), quiet=1.0)
    typed(screen, "e")
    screen.seconds_until_quiet(time.perf_counter(), quiet=0.5)
    left(screen)
    verbs = [one for one in done(tmp_path) if not one[0].startswith("marked")]
    assert verbs == [("archived", "INBOX cake")]


def test_nothing_is_done_after_leaving(screen: Terminal, tmp_path: Path) -> None:
    """q, and keys that would archive and delete."""
    typed(screen, "q 'eded'")
    assert screen.wait_end() == 0, screen.text
    assert done(tmp_path) == []
