"""Keeping a search: its name is asked for, config.toml has it, and the tree shows it at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_triage import SMALL, WIDE
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.config.accounts import load
from tui_mail.ui.actions import Place


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(3)]) as made:
        made.client.start()
        yield made


def kept(mail: World) -> dict[str, str]:
    """What config.toml has."""
    file = mail.client.paths.config_file
    return tomllib.loads(file.read_text()).get("searches", {}) if file.exists() else {}


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("from_results", [False, True])
async def test_a_search_is_kept_and_found_again(mail: World, size: tuple[int, int], from_results: bool) -> None:
    """From the box, or from what was found; a click, or Enter in the tree, looks for it again."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("slash", *"subject:1 is:unread")
        if from_results:
            await pilot.press("enter")
            assert app.triage.place is Place.LIST
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "Keep this search as:" in screen_text(app))
        await pilot.press(*"Ones.to do", "enter")
        await wait_for(pilot, lambda: kept(mail) == {"Ones.to do": "subject:1 is:unread"})
        assert load(mail.client.paths).searches == (("Ones.to do", "subject:1 is:unread"),)
        await wait_for(pilot, lambda: "Kept as “Ones.to do”" in screen_text(app))
        app.triage.finding.close()
        app.triage._show("tree")
        await wait_for(pilot, lambda: "Ones.to do" in screen_text(app))
        await pilot.press("G", "enter")
        await wait_for(pilot, lambda: app.triage.finding.text == "subject:1 is:unread")


async def test_without_a_search_nothing_is_asked(mail: World) -> None:
    """It is said how to begin one."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "There is no search to keep; / begins one." in screen_text(app))
        assert app.screen is app.triage


async def test_a_name_that_another_search_has(mail: World) -> None:
    """Said at the first Enter; the second one replaces it, and another name is asked about anew."""
    mail.client.save_search("Mine", "is:starred").result()
    mail.client.save_search("Min", "is:read").result()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"is:unread", "ctrl+s")
        await wait_for(pilot, lambda: "Keep this search as:" in screen_text(app))
        await pilot.press(*"Mine", "enter")
        await wait_for(pilot, lambda: "taken: Enter again replaces it" in screen_text(app))
        await pilot.press("backspace", "enter")
        await wait_for(pilot, lambda: "Enter again replaces it" in screen_text(app))
        await pilot.press("e", "enter")
        await wait_for(pilot, lambda: "Enter again replaces it" in screen_text(app))
        assert kept(mail) == {"Mine": "is:starred", "Min": "is:read"}
        await pilot.press("enter")
        await wait_for(pilot, lambda: kept(mail) == {"Mine": "is:unread", "Min": "is:read"})


async def test_a_search_gets_another_name(mail: World) -> None:
    """r in the tree; under a name that there is after a second Enter. The tree and config.toml agree."""
    mail.client.save_search("Boats", "boat").result()
    mail.client.save_search("Ships", "ship").result()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        app.triage._show("tree")
        await pilot.press("G", "r")
        await wait_for(pilot, lambda: "Rename the search Ships to:" in screen_text(app))
        await pilot.press("2", "enter")
        await wait_for(pilot, lambda: kept(mail) == {"Boats": "boat", "Ships2": "ship"})
        await wait_for(pilot, lambda: "Renamed the search “Ships” to “Ships2”" in screen_text(app))
        assert load(mail.client.paths).searches == mail.client.searches == (("Boats", "boat"), ("Ships2", "ship"))
        await pilot.press("G", "r")
        await wait_for(pilot, lambda: "Rename the search Ships2 to:" in screen_text(app))
        await pilot.press("home", *["delete"] * 6, *"Boats", "enter")
        await wait_for(pilot, lambda: "Enter again replaces it" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: kept(mail) == {"Boats": "ship"})


async def test_a_search_is_forgotten(mail: World) -> None:
    """d twice in the tree."""
    mail.client.save_search("Mine", "is:starred").result()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        app.triage._show("tree")
        await pilot.press("G", "d")
        await wait_for(pilot, lambda: "d again forgets the search “Mine”" in screen_text(app))
        assert kept(mail) == {"Mine": "is:starred"}
        await pilot.press("d")
        await wait_for(pilot, lambda: kept(mail) == {})
        await wait_for(pilot, lambda: not app.triage.folder_tree.current_search)
        assert "Mine" not in {one.label for one in app.triage.folder_tree._lines}
