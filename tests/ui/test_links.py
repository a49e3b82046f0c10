"""Links by letters: the target is named before anything is opened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui import linking
from tui_mail.ui.screens.hints import Hints, labels
from tui_mail.ui.screens.picker import Picker

HTML = (
    '<p>See <a href="https://evil.example/login?x=1">www.bank.example</a>, '
    '<a href="https://docs.example.org/guide">the guide</a> and <a href="javascript:alert(1)">this</a>.</p>'
)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """One message with three links, the first of which lies."""
    with world(tmp_path, [Letter("Links", body=HTML, content_type="text/html")]) as made:
        yield made


async def test_the_letters_of_a_link_show_its_host_and_enter_opens_it(
    mail: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is opened by the letters alone; a link that reads like another host says so."""
    opened: list[str] = []
    monkeypatch.setattr(linking, "open_link", lambda url: opened.append(url) or True)
    app = mail.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(app.screen, Hints))
        await wait_for(pilot, lambda: any(" a " in line for line in screen_text(app).split("\n")))
        assert "[1 " not in screen_text(app)
        assert "[2]" not in screen_text(app)
        await pilot.press("a")
        await wait_for(pilot, lambda: "→ evil.example" in screen_text(app))
        await wait_for(pilot, lambda: "it reads “www.bank.example”" in screen_text(app))
        assert not opened
        await pilot.press("escape", "s")
        await wait_for(pilot, lambda: "→ docs.example.org" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: opened == ["https://docs.example.org/guide"])
        await wait_for(pilot, lambda: "[2]" in screen_text(app))


async def test_a_link_is_copied_and_what_is_no_address_is_never_opened(mail: World) -> None:
    """javascript: is shown, and that is all."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("o", "s", "y")
        await wait_for(pilot, lambda: app.clipboard == "https://docs.example.org/guide")
        await pilot.press("o", "d")
        await wait_for(pilot, lambda: "shown only" in screen_text(app))
        await pilot.press("escape", "tab")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker) and "Open link" in screen_text(app))


def test_no_label_begins_another_and_each_is_as_long_as_its_number() -> None:
    """So that letters mean a link as soon as they are typed, and no line grows."""
    found = labels(999)
    assert len(set(found.values())) == len(found) == 999
    assert all(len(label) == len(str(number)) for number, label in found.items())
    ordered = sorted(found.values())
    assert not any(after.startswith(before) for before, after in pairwise(ordered))
