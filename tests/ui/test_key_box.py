"""The box that says what may follow the first key of a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.test_triage import SMALL, WIDE
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.keys import default_keymap
from tui_mail.ui.widgets.key_box import Grid, KeyBox, following


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, [Letter()]) as made:
        yield made


async def box_of(app: TuiMailApp, pilot: Pilot[None]) -> KeyBox:
    """The box, once it is there."""
    await wait_for(pilot, lambda: app.screen.query(KeyBox))
    box = app.screen.query_one(KeyBox)
    await wait_for(pilot, lambda: box.display and box.size.height)
    await pilot.pause()
    return box


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20), (40, 12)])
async def test_who_stops_after_g_sees_what_may_follow(mail: World, size: tuple[int, int]) -> None:
    """Every key with its word, above the footer, whatever the size; the next key puts the box away."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("g")
        box = await box_of(app, pilot)
        shown = screen_text(app).splitlines()
        words = [one for one in shown if "go to…" in one]
        assert len(words) == 1
        assert box.region.bottom == size[1] - 1
        below = "\n".join(shown[shown.index(words[0]) + 1 : size[1] - 1])
        entries = following(app.triage.keymap, "g", Place.LIST)
        assert len(entries) > 8
        for one in entries if size != (40, 12) else [one for one in entries if not one.has_shorter]:
            assert f"{one.shown}  {one.help}" in below or f"{one.shown}  {one.label}" in below
        await pilot.press("escape")
        assert not box.display
        assert "go to…" not in screen_text(app)
        await pilot.press("g", "a")
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Archive")


async def test_who_types_on_never_sees_it(mail: World) -> None:
    """g i at once: no box was made."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        app.simulate_key("g")
        app.simulate_key("t")
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Trash")
        assert app.triage.key_bar._timer is None
        assert not app.screen.query(KeyBox)


async def test_a_click_on_an_entry_is_its_key(mail: World) -> None:
    """And nothing waits for a second key after it; so is a click in the footer."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g")
        await box_of(app, pilot)
        lines = screen_text(app).splitlines()
        y = next(at for at, line in enumerate(lines) if "To the archive" in line)
        await pilot.click(offset=(lines[y].index("To the archive"), y))
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Archive")
        await wait_for(pilot, lambda: not app.screen.query_one(KeyBox).display)
        footer = screen_text(app).splitlines()[-1]
        await pilot.click(offset=(footer.index("g go to") + 2, WIDE[1] - 1))
        await wait_for(pilot, lambda: "t trash" in screen_text(app).splitlines()[-1])
        footer = screen_text(app).splitlines()[-1]
        await pilot.click(offset=(footer.index("t trash") + 2, WIDE[1] - 1))
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Trash")


def test_words_get_shorter_where_there_is_no_room() -> None:
    """Sentences on a wide screen, a word or two on a narrow one; nothing is left out."""
    entries = following(default_keymap(), "g", Place.LIST)
    wide, narrow = Grid.of(entries, 160, 20), Grid.of(entries, 60, 8)
    assert wide.words[0] == entries[0].help
    assert narrow.words[0] == entries[0].label
    assert narrow.rows * ((60 - 1) // narrow.cells) >= len(entries)
