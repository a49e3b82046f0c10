"""What other clients do to the message under the cursor: no key hits the one that comes to be there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from tests.ui.test_triage import SMALL, WIDE, listed, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui import unasked
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.widgets.message_list import SURPRISE


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Sixty messages, the newest first: Subject 0, Subject 1, …"""
    letters = [Letter(f"Subject {n}", age=60 + n * 60) for n in range(60)]
    with world(tmp_path, letters) as made:
        made.client.start()
        yield made


def current(app: TuiMailApp) -> str:
    """The subject under the cursor."""
    row = app.triage.messages.current
    return row.subject if row is not None else ""


@pytest.mark.parametrize("key", ["e", "d", "!", "s", "u", "x", "."])
async def test_a_key_for_a_message_that_has_just_gone_does_nothing(mail: World, key: str) -> None:
    """Neither to it nor to the next one, which nobody has seen under the cursor; a moment later it does."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j")
        mail.take_away(app.triage.messages.current_id)
        await wait_for(pilot, lambda: current(app) == "Subject 3")
        await pilot.press(key)
        assert "nothing was done" in screen_text(app)
        assert not mail.client.changes(1)
        assert not app.triage.messages.listing.selected
        await asyncio.sleep(SURPRISE)
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 3"])


async def test_a_key_that_had_to_wait_counts_from_when_it_was_pressed(mail: World) -> None:
    """It was meant for what was under the cursor then, however long ago that went."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j")
        key = events.Key("e", "e")
        mail.take_away(app.triage.messages.current_id)
        await wait_for(pilot, lambda: current(app) == "Subject 3")
        await asyncio.sleep(SURPRISE)
        app.post_message(key)
        await wait_for(pilot, lambda: "nothing was done" in screen_text(app))
        assert not mail.client.changes(1)


async def test_a_selection_that_has_gone_is_not_taken_for_the_cursor(mail: World) -> None:
    """Who selected two messages does not mean a third."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x", "j", "x", "j", "j")
        mail.take_away(*app.triage.messages.listing.selected)
        await wait_for(pilot, lambda: not app.triage.messages.listing.selected)
        await pilot.press("d")
        assert "nothing was done" in screen_text(app)
        assert not mail.client.changes(1)


async def test_the_next_older_message_follows_also_when_others_come(mail: World) -> None:
    """The cursor does not stay on a line that is another message's now."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(*"jjjj")
        gone = app.triage.messages.current_id
        mail.put([Letter(f"New {n}", age=1) for n in range(3)])
        mail.take_away(gone)
        await wait_for(pilot, lambda: "New 0" in listed(app) and "Subject 4" not in listed(app))
        assert current(app) == "Subject 5"


async def test_the_last_messages_go_and_the_cursor_goes_to_a_newer_one(mail: World) -> None:
    """There is nothing older."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 60)
        await pilot.press("G")
        mail.take_away(*app.triage.messages.listing.ids[57:])
        await wait_for(pilot, lambda: len(listed(app)) == 57 and current(app) == "Subject 56")


async def test_the_cursor_stays_in_sight(mail: World) -> None:
    """Also when it was on the last line of the window and mail comes above."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        messages = app.triage.messages
        for _ in range(messages.page - 1):
            await pilot.press("j")
        assert messages.top == 0
        mail.put([Letter(f"New {n}", age=1) for n in range(4)])
        await wait_for(pilot, lambda: "New 0" in listed(app))
        assert messages.top <= messages.cursor < messages.top + messages.page


async def test_what_is_typed_for_a_picker_that_did_not_open_is_done_to_nothing(
    mail: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole name, and its Enter; however slow this computer is."""
    monkeypatch.setattr(unasked, "SURPRISE", 60.0)
    monkeypatch.setattr(unasked, "PAUSE", 60.0)
    monkeypatch.setattr(unasked, "LONGEST", 60.0)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j")
        mail.take_away(app.triage.messages.current_id)
        await wait_for(pilot, lambda: current(app) == "Subject 3")
        await pilot.press("v")
        assert "nothing was done" in screen_text(app)
        await pilot.press(*"eden", "enter")
        assert not mail.client.changes(1)
        assert current(app) == "Subject 3"
