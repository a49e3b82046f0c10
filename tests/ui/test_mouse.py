"""The mouse in every pane: clicks, the wheel, selecting text, moving the borders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from tests.ui.test_triage import SMALL, WIDE, listed, read
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Sixty messages of many lines."""
    body = "".join(f"Line {n} of the body\n" for n in range(200))
    with world(tmp_path, [Letter(f"Subject {n}", body=body, age=60 + n * 60) for n in range(60)]) as made:
        made.client.start()
        yield made


def place_of(app: TuiMailApp, words: str) -> tuple[int, int]:
    """Where some words stand on the screen."""
    for y, line in enumerate(screen_text(app).splitlines()):
        if words in line:
            return line.index(words), y
    raise AssertionError(f"no {words!r} on the screen")


async def wheel(pilot: Pilot[None], widget: Widget, *, down: bool) -> None:
    """Turn the wheel over the middle of a widget."""
    kind = events.MouseScrollDown if down else events.MouseScrollUp
    x, y = widget.region.center
    event = kind(widget, int(x), int(y), 0, 0, 0, False, False, False, int(x), int(y))
    pilot.app.screen._forward_event(event)
    await pilot.pause()


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press, move, let go."""
    await pilot.mouse_down(offset=start)
    await pilot.hover(offset=((start[0] + end[0]) // 2, (start[1] + end[1]) // 2))
    await pilot.hover(offset=end)
    await pilot.mouse_up(offset=end)
    await pilot.pause()


async def test_a_click_in_the_tree_opens_a_folder(mail: World) -> None:
    """One click; the list has the keys then."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click(offset=place_of(app, "Travel"))
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Travel")
        assert app.triage.place is Place.LIST


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_click_moves_the_cursor_and_the_next_one_opens(mail: World, size: tuple[int, int]) -> None:
    """In the list."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.click(offset=place_of(app, "Subject 3"))
        assert app.triage.messages.cursor == 3
        assert app.triage.place is Place.LIST
        await pilot.click(offset=place_of(app, "Subject 3"))
        await wait_for(pilot, lambda: app.triage.place is Place.READER)
        await wait_for(pilot, lambda: "Line 0" in read(app))


async def test_clicks_with_ctrl_and_shift_select(mail: World) -> None:
    """Ctrl one, Shift all up to there; nothing opens."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click(offset=place_of(app, "Subject 2"), control=True)
        await pilot.click(offset=place_of(app, "Subject 4"), control=True)
        await wait_for(pilot, lambda: "2 selected" in screen_text(app))
        await pilot.click(offset=place_of(app, "Subject 7"), shift=True)
        await wait_for(pilot, lambda: "5 selected" in screen_text(app))
        await pilot.click(offset=place_of(app, "Subject 2"), control=True)
        await wait_for(pilot, lambda: "4 selected" in screen_text(app))
        assert app.triage.place is Place.LIST
        await pilot.press("d")
        await wait_for(pilot, lambda: len(listed(app)) == 56)


async def test_shift_alone_selects_from_the_cursor(mail: World) -> None:
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j")
        await pilot.click(offset=place_of(app, "Subject 5"), shift=True)
        await wait_for(pilot, lambda: "5 selected" in screen_text(app))


async def test_the_wheel_in_each_pane(mail: World) -> None:
    """It scrolls what is under it, and moves no cursor."""
    for number in range(60):
        mail.client.create_folder("work", f"Folder {number:02}").result()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "Line 0" in read(app))
        triage = app.triage
        for pane in (triage.messages, triage.reader, triage.folder_tree):
            await wheel(pilot, pane, down=True)
            await wait_for(pilot, lambda pane=pane: pane.top > 0)  # type: ignore[misc]
            await wheel(pilot, pane, down=False)
            await wait_for(pilot, lambda pane=pane: pane.top == 0)  # type: ignore[misc]
        assert triage.messages.cursor == 0
        assert triage.place is Place.LIST


async def test_a_click_in_the_footer(mail: World) -> None:
    """It does what the key beside the word does."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click(offset=place_of(app, "archive  d trash"))
        await wait_for(pilot, lambda: listed(app)[0] == "Subject 1")
        await pilot.click(offset=place_of(app, "undo  g"))
        await wait_for(pilot, lambda: listed(app)[0] == "Subject 0")


async def test_text_is_selected_and_copied(mail: World) -> None:
    """Drag over the text, Ctrl+C; without a selection Ctrl+C ends nothing."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "Line 15 of" in screen_text(app))
        x, y = place_of(app, "Line 15 of the body")
        await pilot.mouse_down(offset=(x, y))
        await pilot.hover(offset=(x + 5, y))
        await pilot.hover(offset=(x + 6, y + 1))
        await pilot.mouse_up(offset=(x + 6, y + 1))
        await pilot.pause()
        selected = app.triage.get_selected_text() or ""
        assert selected.startswith("Line 15 of the body\nLine 16")
        await pilot.press("ctrl+c")
        await wait_for(pilot, lambda: app.clipboard == selected)
        assert app.is_running


async def test_copying_by_name(mail: World) -> None:
    """Y: the address, the Message-ID, a link, the text."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Line 0" in read(app))
        for typed, wanted in (
            ("address", "kirsten@dahl.example"),
            ("message-id", "<1@test.example>"),
            ("subject", "Subject 0"),
            ("text", "Line 0 of the body\nLine 1"),
        ):
            await pilot.press("Y")
            await wait_for(pilot, lambda: "Message-ID" in screen_text(app))
            await pilot.press(*typed, "enter")
            await wait_for(pilot, lambda wanted=wanted: app.clipboard.startswith(wanted))  # type: ignore[misc]


@pytest.mark.parametrize("layout", ["classic", "columns"])
async def test_borders_move_and_stay_where_they_were_left(mail: World, layout: str) -> None:
    """Of the tree, and between list and reader; in the next run, too. A smaller window still shows everything."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        if layout == "columns":
            await pilot.press("ctrl+w")
        triage = app.triage
        await wait_for(pilot, lambda: triage.has_class(f"-{layout}"))
        inbox = mail.folder().id
        await pilot.pause()
        await drag(pilot, (triage.folder_tree.region.right - 1, 10), (39, 10))
        assert triage.folder_tree.region.width == 40
        reader = triage._reader_pane.region
        start = (reader.x + 30, reader.y) if layout == "classic" else (reader.x, 20)
        end = (start[0], 30) if layout == "classic" else (70, 20)
        await drag(pilot, start, end)
        edge = triage._reader_pane.region.y if layout == "classic" else triage._reader_pane.region.x
        assert abs(edge - (30 if layout == "classic" else 70)) <= 1
        assert triage.folder is not None
        assert triage.folder.id == inbox
        left = triage._reader_pane.region
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert app.triage.folder_tree.region.width == 40
        assert app.triage._reader_pane.region == left
        await pilot.resize_terminal(80, 24)
        await wait_for(pilot, lambda: app.triage.has_class("-single"))
        await pilot.pause()
        assert app.triage.messages.region.width == 80
        await pilot.press("shift+tab")
        await pilot.pause()
        assert app.triage.folder_tree.region.width == 80
        await pilot.resize_terminal(*WIDE)
        await wait_for(pilot, lambda: app.triage.folder_tree.region.width == 40)


async def test_a_border_stops_before_a_pane_vanishes(mail: World) -> None:
    """Whoever drags to the edge of the screen can drag back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        triage = app.triage
        await pilot.pause()
        await drag(pilot, (27, 10), (159, 10))
        assert triage.messages.region.width >= 38
        await drag(pilot, (triage.folder_tree.region.right - 1, 10), (0, 10))
        assert triage.folder_tree.region.width == 12
        await drag(pilot, (60, triage._reader_pane.region.y), (60, 47))
        assert triage.reader.region.height >= 3
        await drag(pilot, (60, triage._reader_pane.region.y), (60, 1))
        assert triage.messages.region.height >= 3
