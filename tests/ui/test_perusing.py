"""What can be done with the message that is read: only what is new, its conversation, other letters, taking it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.mime.parse import parse_message
from tui_mail.mime.recoded import CHOICES, with_charset
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.screens.prompt import Prompt
from tui_mail.ui.screens.text_page import TextPage

WIDE = (160, 48)
REPLY = "Yes, on Friday.\n\nOn 3 May 2024 at 10:00, Anna wrote:\n> Shall we meet?\n> Anna\n\n-- \nKirsten\nDahl AS\n"


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """An answer with a quote and a signature, and a Russian letter that says it is Western."""
    koi8 = "\udcf0\udcd2\udcc9\udcd7\udcc5\udcd4"
    russian = Letter("Письмо", body=koi8, content_type="text/plain; charset=latin1", age=99)
    with world(tmp_path / "home", [Letter("Re: Meeting", body=REPLY, age=10), russian]) as made:
        yield made


def read(app: TuiMailApp) -> str:
    return "\n".join("".join(text for text, _ in line) for line in app.triage.reader.document.lines)


async def opened(app: TuiMailApp, pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await wait_for(pilot, lambda: app.triage.reading.message is not None)


async def answer(app: TuiMailApp, pilot: Pilot[None], words: str) -> None:
    """Type an answer to the line that asks."""
    await wait_for(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.focused is not None)
    app.screen.query_one(Input).value = words
    await pilot.press("enter")


async def test_what_the_sender_made_invisible_is_shown_by_a_key_and_marked(tmp_path: Path) -> None:
    """In its place, labelled, counted; away with the same key; never in what is copied, found or quoted."""
    html = "<p>Hello Anna</p><div style='display:none'>ignore all previous words</div><p>Bye</p>"
    with world(tmp_path / "home", [Letter("Offer", body=html, content_type="text/html")]) as made:
        app = made.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await opened(app, pilot)
            await wait_for(pilot, lambda: "1 hidden passage is not shown" in read(app))
            assert "previous words" not in read(app)
            await pilot.press("X")
            await wait_for(pilot, lambda: "hidden by the sender: ignore all previous words" in read(app))
            lines = read(app).split("\n")
            assert lines.index("Hello Anna") < next(n for n, one in enumerate(lines) if one.startswith("▒"))
            assert "1 hidden passage, marked ▒ above" in read(app)
            await wait_for(pilot, lambda: "Hidden by the sender: 1" in screen_text(app))
            message = app.triage.reading.message
            assert message is not None
            assert not any("previous" in text for text in (message.text, message.snippet))
            await pilot.press("X")
            await wait_for(pilot, lambda: "previous words" not in read(app))


async def test_a_letter_that_hides_nothing_says_so(mail: World) -> None:
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("X")
        await wait_for(pilot, lambda: "Nothing in this message is hidden" in screen_text(app))


async def test_only_what_is_new(mail: World) -> None:
    """Quote, the line above it and the signature are one line; Enter brings them back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        assert "Shall we meet?" in read(app)
        await pilot.press("Q")
        await wait_for(pilot, lambda: "Shall we meet?" not in read(app))
        assert "Yes, on Friday." in read(app)
        assert "wrote:" not in read(app)
        assert "Dahl AS" not in read(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Shall we meet?" in read(app) and "Dahl AS" in read(app))


async def test_wrong_letters_are_read_in_another_charset(mail: World) -> None:
    """The person knows that it is KOI8-R; what is stored stays as it was, and an answer repeats what is shown."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j")
        await opened(app, pilot)
        assert "Привет" not in read(app)
        await pilot.press("U", *"koi8-r", "enter")
        await wait_for(pilot, lambda: "Привет" in read(app))
        await wait_for(pilot, lambda: "Read as koi8-r" in screen_text(app))
        for key in ("r", "f"):
            await pilot.press(key)
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
            composer = app.screen
            assert isinstance(composer, Composer)
            assert "Привет" in composer.body.text
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.triage)


@pytest.mark.parametrize("charset", [name for name, _ in CHOICES])
def test_every_charset_that_is_offered_can_be_read(charset: str) -> None:
    """And the header of no other part changes."""
    raw = (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain;\r\n"
        b' charset="latin1"; format=flowed\r\n\r\nabc\r\n--b\r\n\r\ndef\r\n--b\r\n'
        b"Content-Type: image/png; charset=latin1"
        b"\r\n\r\nx\r\n--b--\r\n"
    )
    made = with_charset(raw, charset)
    assert made.count(b"charset=" + charset.encode()) == 2
    assert b"image/png; charset=latin1" in made
    assert b"format=flowed" in made
    assert len(parse_message(made).blocks) >= 1


async def test_a_message_is_saved_as_it_came_or_as_text(mail: World, tmp_path: Path) -> None:
    """Twice under the same name are two files."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        for _ in range(2):
            await pilot.press("S")
            await answer(app, pilot, str(tmp_path))
            await wait_for(pilot, lambda: "Saved: " in screen_text(app))
        await wait_for(pilot, lambda: (tmp_path / "Re_ Meeting (2).eml").exists())
        raw = mail.client.raw(app.triage.reading.message_id)
        assert (tmp_path / "Re_ Meeting.eml").read_bytes() == raw
        await pilot.press("S")
        await answer(app, pilot, f"{tmp_path}/meeting.txt")
        await wait_for(pilot, (tmp_path / "meeting.txt").exists)
        text = (tmp_path / "meeting.txt").read_text()
        assert text.startswith("From: Kirsten Dahl <kirsten@dahl.example>\nTo: Anna Berg")
        assert "Yes, on Friday." in text


async def test_a_command_gets_the_text_and_no_shell_reads_it(mail: World) -> None:
    """What it says is shown, without anything a terminal obeys."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("|")
        await answer(app, pilot, "grep -n Friday")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage) and "Yes, on Friday." in screen_text(app))
        await pilot.press("q", "|")
        await answer(app, pilot, "echo $HOME; id")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage) and "$HOME; id" in screen_text(app))
        await pilot.press("q", "g", "b")
        await answer(app, pilot, "printf \\033[2Jok")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage) and "[2Jok" in screen_text(app))
        await pilot.press("q", "|")
        await answer(app, pilot, "no-such-program-here")
        await wait_for(pilot, lambda: any("There is no program" in one.message for one in app._notifications))


async def test_the_last_command_stands_there_and_is_typed_over(mail: World) -> None:
    """Enter has it once more; a word that is typed begins another one."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("|")
        await answer(app, pilot, "grep -n Friday")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage))
        await pilot.press("q", "|")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.focused is not None)
        assert app.screen.query_one(Input).value == "grep -n Friday"
        await pilot.press(*"cat")
        assert app.screen.query_one(Input).value == "cat"


LIE = '<p>Go to <a href="https://evil.example/in">https://bank.example/in</a> now</p>'


async def test_what_leaves_the_reader_says_where_links_lead_and_keeps_its_tabs(tmp_path: Path) -> None:
    """Saved as text, piped, copied: a link that lies is told on, and a patch can be applied."""
    letters = [Letter("Bank", body=LIE, content_type="text/html", age=1), Letter("Patch", body="+\tone\n+two\n", age=9)]
    with world(tmp_path / "home", letters) as made:
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot)
            for seen, name, words in (
                ("Go to", "bank.txt", "Go to https://bank.example/in <https://evil.example/in> now"),
                ("+two", "patch.txt", "+\tone\n+two"),
            ):
                await wait_for(pilot, lambda seen=seen: seen in read(app))  # type: ignore[misc]
                await pilot.press("S")
                await answer(app, pilot, f"{tmp_path}/{name}")
                await wait_for(pilot, (tmp_path / name).exists)
                assert words in (tmp_path / name).read_text()
                await pilot.press("|")
                await answer(app, pilot, f"tee {tmp_path}/piped-{name}")
                await wait_for(pilot, lambda: isinstance(app.screen, TextPage))
                assert words in (tmp_path / f"piped-{name}").read_text()
                await pilot.press("q", "Y")
                await wait_for(pilot, lambda: "Message-ID" in screen_text(app))
                await pilot.press(*"text", "enter")
                await wait_for(pilot, lambda words=words: app.clipboard == words)  # type: ignore[misc]
                await pilot.press("J")


async def test_in_a_small_window_it_is_the_message_under_the_cursor(mail: World) -> None:
    """The list stands alone there; what the reader holds is another message, and is not what is saved."""
    app = mail.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("escape", "j", "S")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt))
        row = app.triage.messages.current
        assert row is not None
        assert app.triage.reading.message_id == row.id
        assert row.unread


async def test_what_is_asked_of_a_message_waits_until_it_is_read(mail: World) -> None:
    """Keys in one piece: down, and a command for the message that comes under the cursor."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        for key, character in (("j", "j"), ("vertical_line", "|"), *((one, one) for one in "cat"), ("enter", "\r")):
            app.post_message(events.Key(key, character))
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage))
        row = app.triage.messages.current
        assert row is not None
        assert app.triage.messages.cursor == 1
        await wait_for(pilot, lambda: f"Subject: {row.subject}" in screen_text(app))
