"""Words looked for inside one message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.screens.find_prompt import FindPrompt
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.hits import find, marked

LINES = [f"Line {n} of a long letter" + (" about the Garden" if n % 25 == 0 else "") for n in range(100)]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """A long message with four gardens in it, one of them in a folded quote, and a second message."""
    body = "\n".join(LINES) + "\n\n>> deep garden\n"
    with world(tmp_path, [Letter("Long", body=body, age=10), Letter("Other", age=100)]) as made:
        yield made


async def test_words_are_found_counted_and_stepped_through(mail: World) -> None:
    """Whatever their case, folded quotes too; Esc ends the search, and only then leaves."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("/", *"garden", "enter")
        await wait_for(pilot, lambda: "1 of 5 “garden”" in screen_text(app))
        reader = app.triage.reader
        await pilot.press("n")
        await wait_for(pilot, lambda: "2 of 5" in screen_text(app))
        await pilot.press("n", "n")
        await wait_for(pilot, lambda: "4 of 5" in screen_text(app) and "Line 75" in screen_text(app))
        assert reader.top > 0
        await pilot.press("N", "N", "N", "N")
        await wait_for(pilot, lambda: "5 of 5" in screen_text(app) and "deep garden" in screen_text(app))
        assert app.triage.place is Place.READER
        await pilot.press("escape")
        assert reader.hits is None
        assert app.triage.place is Place.READER
        await pilot.press("escape")
        assert app.triage.place is Place.LIST


async def test_what_is_not_there_is_said_while_typing(mail: World) -> None:
    """Nothing is marked then, and the search for mail is still one key away."""
    app = mail.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("/", *"zebra")
        await wait_for(pilot, lambda: "not here" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "is not in this message" in screen_text(app))
        assert app.triage.reader.hits is None
        await pilot.press("g", "/")
        await wait_for(pilot, lambda: app.triage.place is Place.SEARCH)


@pytest.mark.parametrize("cells", [20, 31, 60])
def test_every_hit_is_marked_however_the_text_is_wrapped(cells: int) -> None:
    """Also one that is parted by the end of a line."""
    text = "one two three " * 40
    document = Document([], [Paragraph(((text[:100], ""), (text[100:], "link")), (("> ", "bars"),), (("> ", "bars"),))])
    document.lay_out(cells)
    document.ensure(1_000)
    hits = find(document.paragraphs, "TWO three")
    assert hits.count == 40
    shown = "".join(
        text
        for index in range(len(document.lines))
        for text, look in marked(document, index, hits)
        if look.startswith("found")
    )
    assert shown.replace(" ", "") == "twothree" * 40


async def test_a_long_message_is_looked_through_beside_the_screen(tmp_path: Path) -> None:
    """Thousands of lines: the place is shown once it is laid out."""
    body = "\n".join(f"{n} of many lines" + (" needle" if n == 29_000 else "") for n in range(30_000))
    with world(tmp_path, [Letter("Long", body=body)]) as made:
        app = made.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: app.triage.reading.message is not None)
            await pilot.press("/", *"needle", "enter")
            await wait_for(pilot, lambda: "1 of 1 “needle”" in screen_text(app))
            await wait_for(pilot, lambda: "29000 of many lines" in screen_text(app))


async def test_other_words_take_the_place_of_the_last_and_a_miss_stays_in_this_message(mail: World) -> None:
    """The last words are selected when it is asked again; n says what is not here instead of leaving."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("/", *"garden", "enter")
        await wait_for(pilot, lambda: "1 of 5 “garden”" in screen_text(app))
        await pilot.press("/")
        await wait_for(pilot, lambda: isinstance(app.screen, FindPrompt) and app.screen.focused is not None)
        await pilot.press(*"zebra", "enter")
        await wait_for(pilot, lambda: "“zebra” is not in this message" in screen_text(app))
        here = app.triage.reading.message_id
        for key in ("n", "N"):
            app.triage.say(SafeText("-"))
            await pilot.press(key)
            await wait_for(pilot, lambda: "“zebra” is not in this message" in screen_text(app))
        assert app.triage.reading.message_id == here
        await pilot.press("escape")
        assert app.triage.place is Place.READER
        await pilot.press("n")
        await wait_for(pilot, lambda: app.triage.reading.message_id != here)
