"""Folders are found as they were left, over a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_displaced import current
from tests.ui.test_triage import SMALL, WIDE
from tests.ui.world import Letter, World, wait_for, world


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three hundred messages, the newest first: Subject 0, Subject 1, …"""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(300)]) as made:
        made.put([Letter("Old plan"), Letter("Older plan", age=7200)], "Projects")
        yield made


async def left_at(mail: World, *keys: str) -> str:
    """The message under the cursor after some keys; then the program ends."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(app.triage.messages.listing) == 300)
        await pilot.press(*keys)
        await wait_for(pilot, lambda: current(app))
        return current(app)


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("keys", ["j" * 5, "jjGkkk"])
async def test_the_cursor_is_on_the_message_it_was_on(mail: World, keys: str, size: tuple[int, int]) -> None:
    """Though mail came meanwhile; near the top, and far below what is read first."""
    was = await left_at(mail, *keys)
    assert was in ("Subject 5", "Subject 296")
    mail.put([Letter("Meanwhile", age=1)])
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: current(app) == was)
        messages = app.triage.messages
        await wait_for(pilot, lambda: messages.top <= messages.cursor < messages.top + messages.page)


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_the_newest_stay_in_sight_where_there_is_room(mail: World, size: tuple[int, int]) -> None:
    """Going there scrolls as little as needed, though the window has no height yet when it is done."""
    was = await left_at(mail, "j", "j")
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: current(app) == was)
        await wait_for(pilot, lambda: len(app.triage.messages.listing) == 300)
        assert (app.triage.messages.top, app.triage.messages.cursor) == (0, 2)


async def test_who_was_at_the_top_sees_the_newest(mail: World) -> None:
    """And who comes back to the top is there the next time."""
    await left_at(mail, "j", "j")
    await left_at(mail, "g", "g")
    mail.put([Letter("Meanwhile", age=1)])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: current(app) == "Meanwhile")
        await wait_for(pilot, lambda: len(app.triage.messages.listing) == 301)
        assert app.triage.messages.cursor == 0


async def test_a_message_that_has_gone_leaves_the_cursor_at_the_top(mail: World) -> None:
    """Archived on another computer."""
    await left_at(mail, "j", "j")
    mail.take_away(mail.client.first_rows(mail.folder().id, 3)[2].id)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(app.triage.messages.listing) == 299)
        assert current(app) == "Subject 0"


async def test_other_folders_too(mail: World) -> None:
    """Each has its own."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "l")
        await pilot.press(*"projects", "enter")
        await wait_for(pilot, lambda: current(app) == "Old plan")
        await pilot.press("j", "g", "i")
        await wait_for(pilot, lambda: current(app) == "Subject 0")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "l")
        await pilot.press(*"projects", "enter")
        await wait_for(pilot, lambda: current(app) == "Older plan")
