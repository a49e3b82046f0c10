"""What is shown when the message that is read was put away."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_settings_screen import goto, opened
from tests.ui.test_triage import SMALL, WIDE, listed, read, stored
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.config.accounts import load
from tui_mail.ui.actions import Place


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Five messages, the newest first: Subject 0, Subject 1, …"""
    with world(tmp_path, [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(5)]) as made:
        yield made


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize(("wish", "at", "then"), [("next", 2, 3), ("previous", 2, 1), ("previous", 0, 1)])
async def test_the_neighbour_that_was_chosen(mail: World, wish: str, at: int, then: int, size: tuple[int, int]) -> None:
    """e in the reader: it is archived, and the older or newer one is read; at the end of the list, the other one."""
    mail.client.auto_advance = wish
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press(*"j" * at, "enter")
        await wait_for(pilot, lambda: f"Body {at}" in read(app))
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == [f"Subject {at}"])
        await wait_for(pilot, lambda: f"Body {then}" in read(app))
        assert app.triage.place is Place.READER


@pytest.mark.parametrize("key", ["e", "d", "!"])
async def test_back_to_the_list(mail: World, key: str) -> None:
    """The list has the keys then, with the cursor on the next message."""
    mail.client.auto_advance = "list"
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("j", "enter")
        await wait_for(pilot, lambda: "Body 1" in read(app))
        await pilot.press(key)
        await wait_for(pilot, lambda: "Subject 1" not in listed(app))
        assert app.triage.place is Place.LIST
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 2"


async def test_in_the_list_the_cursor_goes_on_downwards(mail: World) -> None:
    """Whoever works through a list from above does not read."""
    mail.client.auto_advance = "previous"
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j", "e")
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 3"


async def test_it_is_chosen_in_the_settings_and_holds_at_once(tmp_path: Path) -> None:
    """One line of the section Screen; config.toml has it."""
    with world(tmp_path, [Letter()], [account()]) as place:
        app = place.app()
        async with app.run_test(size=WIDE) as pilot:
            screen = await opened(app, pilot)
            await goto(pilot, screen, "auto_advance", "screen")
            await pilot.press("enter", *"prev", "enter")
            await wait_for(pilot, lambda: "Kept · at once" in screen_text(app))
        assert place.client.auto_advance == "previous"
        assert tomllib.loads(place.client.paths.config_file.read_text())["reading"] == {"auto_advance": "previous"}
        assert load(place.client.paths).auto_advance == "previous"


def test_a_wrong_word_is_said_with_its_line(tmp_path: Path) -> None:
    """And the usual holds."""
    from tui_mail.config.accounts import parse

    config = parse('[reading]\nauto_advance = "up"\n', tmp_path)
    assert config.auto_advance == "next"
    assert "line 2" in config.problems[0].sentence
