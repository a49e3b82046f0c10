"""Snoozing by key: the picker, a time that is typed, until when in the list, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.ui.test_filing import to_folder
from tests.ui.test_triage import SMALL, WIDE, listed, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui.later import snooze_hours, wished_hour
from tui_mail.ui.widgets.row_text import Calendar


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages, the newest first: Subject 0, Subject 1, Subject 2."""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(3)]) as made:
        made.client.start()
        yield made


def asleep(mail: World) -> list[str]:
    """What is in the folder Snoozed; nothing while there is none."""
    return stored(mail, "Snoozed") if any(one.name == "Snoozed" for one in mail.client.folders()) else []


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_picking_a_moment(mail: World, size: tuple[int, int]) -> None:
    """b, part of "tomorrow", Enter: it leaves the list; in Snoozed it says until when; one undo brings it back."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("b")
        await pilot.pause()
        text = screen_text(app)
        assert "Snooze 1 message until" in text
        for words in ("Tomorrow morning", "weekend", "Next week", "Next month", "Another time…"):
            assert words in text
        await pilot.press(*"tomor", "enter")
        await wait_for(pilot, lambda: asleep(mail) == ["Subject 0"])
        assert listed(app) == ["Subject 1", "Subject 2"]
        await wait_for(pilot, lambda: "Snoozed until tomorrow 08:00: 1 message · z undo" in screen_text(app))
        tomorrow = datetime.now().astimezone() + timedelta(days=1)
        await to_folder(app, pilot, "Snoozed")
        await pilot.press("enter")
        await wait_for(pilot, lambda: listed(app) == ["Subject 0"])
        assert f"→{tomorrow:%a}" in screen_text(app)
        assert "snoozed-" not in screen_text(app)
        await pilot.press("l")
        await wait_for(pilot, lambda: "Label" in screen_text(app))
        assert "snoozed-" not in screen_text(app), "what wakes it up is no label that could be taken off"
        await pilot.press("escape")
        await pilot.press("z")
        await wait_for(pilot, lambda: asleep(mail) == [] and len(stored(mail, "INBOX")) == 3)


async def test_a_moment_that_is_typed(mail: World) -> None:
    """What is no moment is said while it is typed; several messages go together."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x", "j", "x", "b", *"another", "enter", *"soonish")
        await wait_for(pilot, lambda: "for example 18:30" in screen_text(app))
        await pilot.press(*["backspace"] * 7, *"2099-12-24 18:00", "enter")
        await wait_for(pilot, lambda: sorted(asleep(mail)) == ["Subject 0", "Subject 1"])
        await wait_for(pilot, lambda: "Snoozed until 24 Dec 2099 18:00: 2 messages" in screen_text(app))


async def test_a_moment_is_typed_into_the_picker_and_said_as_it_is_kept(mail: World) -> None:
    """It is the first choice as soon as it is one; to the quarter of an hour, where it comes back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("b", *"2098-12-24 18:07")
        await wait_for(pilot, lambda: "Until 24 Dec 2098 18:15" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: asleep(mail) == ["Subject 0"])
        await wait_for(pilot, lambda: "Snoozed until 24 Dec 2098 18:15: 1 message" in screen_text(app))


async def test_another_moment_and_back_now(mail: World) -> None:
    """In the folder of what sleeps, b gives it another moment, and it stays in the list; or brings it back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("b", *"next month", "enter")
        await wait_for(pilot, lambda: asleep(mail) == ["Subject 0"])
        await to_folder(app, pilot, "Snoozed")
        await pilot.press("enter")
        await wait_for(pilot, lambda: listed(app) == ["Subject 0"])
        await pilot.press("b")
        await wait_for(pilot, lambda: "Back to the inbox now" in screen_text(app))
        await pilot.press(*"tomor", "enter")
        tomorrow = datetime.now().astimezone() + timedelta(days=1)
        await wait_for(pilot, lambda: f"→{tomorrow:%a} 08:00" in screen_text(app))
        assert listed(app) == ["Subject 0"]
        await pilot.press("b", "enter")
        await wait_for(pilot, lambda: asleep(mail) == [] and "Subject 0" in stored(mail, "INBOX"))


def test_moments_that_are_offered() -> None:
    """They are to come, the nearest first, at any hour of any day; every name can be typed."""
    first = datetime(2026, 11, 26, 6, 0).astimezone()
    for hours in range(0, 24 * 40, 5):
        now = first + timedelta(hours=hours, minutes=hours)
        offered = snooze_hours(now)
        assert all(moment > now for _, _, moment in offered)
        assert [wished_hour(name, now) for name, _, _ in offered] == [moment for _, _, moment in offered]
        by_name = {name: moment for name, _, moment in offered}
        assert by_name["weekend"].weekday() == 5
        assert by_name["next week"].weekday() == 0
        assert by_name["next month"].day == 1


def test_until_in_a_column() -> None:
    """It fits ten cells, or six."""
    now = datetime(2026, 11, 26, 6, 0).astimezone()
    calendar = Calendar.at(now.timestamp())
    for days in range(800):
        moment = int((now + timedelta(days=days, hours=4)).timestamp())
        assert len(calendar.until_label(moment)) <= 10
        assert len(calendar.until_label(moment, short=True)) <= 6
