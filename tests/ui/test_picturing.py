"""Pictures: the hosts are named, and a browser gets a page only when the person says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui import opener
from tui_mail.ui.screens.picker import Picker

HTML = '<p>Sale</p><img src="https://img.shop.example/1.png"><img src="https://t.tracker.example/p.gif">'


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """One advertisement."""
    letter = Letter("Sale", "Shop <news@shop.example>", HTML, content_type="text/html")
    with world(tmp_path / "home", [letter]) as made:
        yield made


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the browser was given, one path a line."""
    log, program = tmp_path / "opened", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> {log}\n')
    program.chmod(0o755)
    monkeypatch.setattr(opener, "_program", lambda: str(program))
    return log


def pages(log: Path) -> list[str]:
    return [Path(line).read_text() for line in log.read_text().splitlines()] if log.exists() else []


async def test_hosts_are_named_before_anything_is_opened(mail: World, browser: Path) -> None:
    """The first choice fetches nothing; the sender is remembered only when that is picked, and forgotten again."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("p")
        named = "2 pictures elsewhere: img.shop.example, t.tracker.example"
        await wait_for(pilot, lambda: isinstance(app.screen, Picker) and named in screen_text(app))
        assert not pages(browser)
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(pages(browser)) == 1)
        assert "tracker.example" not in pages(browser)[0]
        await pilot.press("p")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker) and named in screen_text(app))
        await pilot.press("down", "down", "enter")
        await wait_for(pilot, lambda: len(pages(browser)) == 2)
        assert "https://img.shop.example/1.png" in pages(browser)[1]
        await pilot.press("p")
        await wait_for(pilot, lambda: len(pages(browser)) == 3)
        assert app.screen is app.triage
        await pilot.press("g", "y", "p")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker) and named in screen_text(app))


async def test_without_a_desktop_the_page_is_saved(
    mail: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is what is offered."""
    monkeypatch.setattr(opener, "_program", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    app = mail.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.reading.message is not None)
        await pilot.press("p")
        await wait_for(pilot, lambda: "Save it as a page, nothing is fetched" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, (tmp_path / "Sale.html").exists)
