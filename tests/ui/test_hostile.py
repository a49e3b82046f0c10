"""Mail that attacks the screen: markup, escape sequences, bidi, floods."""

from __future__ import annotations

import unicodedata
from functools import partial
from pathlib import Path

import pytest

from tests.ui.world import Letter, screen_text, wait_for, world
from tui_mail.ui.reading import Reading

ATTACKS = [
    "[/nope] [b",
    "[@click=app.quit]free money[/]",
    "[link=https://evil.example]x[/link] [red",
    "\x1b]52;c;aGFjaw==\x07 \x1b[2J",
    "\x9b31m red \x85 next",
    "abc\u202efdp.exe\u2066",
    "a" * 5_000,
    "e" + "\u0301" * 200,
    "👨‍👩‍👧‍👦🏳️‍🌈" * 20,
    "\\[x] {0} %s $HOME ${IFS}",
    "",
]


def is_shown(reading: Reading, message_id: int) -> bool:
    return reading.message_id == message_id and reading.message is not None


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_no_attack_crashes_or_leaks(tmp_path: Path, size: tuple[int, int]) -> None:
    """Every subject, name and body is only text; what a terminal obeys is gone; lines stay aligned."""
    letters = [
        Letter(text, f'"{text[:60]}" <a@evil.example>', f"{text}\n" * 3, 60 + n) for n, text in enumerate(ATTACKS)
    ]
    with world(tmp_path, letters) as made:
        app = made.app()
        async with app.run_test(size=size, notifications=True) as pilot:
            for _ in letters:
                await pilot.press("enter")
                reading, shown = app.triage.reading, app.triage.messages.current_id
                await wait_for(pilot, partial(is_shown, reading, shown))
                await pilot.press("h", "V", "o")
                text = screen_text(app)
                bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\u200d"}
                assert not bad, bad
                if app.screen is not app.triage:
                    await pilot.press("escape")
                await pilot.press("q", "j")
            assert app.is_running
            for line in app.triage._compositor.render_strips():
                assert line.cell_length == size[0]


async def test_folder_names_and_errors_are_only_text(tmp_path: Path) -> None:
    """A folder called [/nope], and a server that says so."""
    with world(tmp_path) as made:
        from tui_mail.model import Role
        from tui_mail.store import folders
        from tui_mail.store.folders import KnownFolder
        from tui_mail.text import safe_line

        owner = made.db.run(lambda txn: folders.account_id(txn, "work"))
        made.db.run(lambda txn: folders.add(txn, owner, KnownFolder("[/nope]\x1b[2J", "/", Role.NONE, True)))
        app = made.app()
        async with app.run_test(size=(160, 48), notifications=True) as pilot:
            app.triage.say(safe_line("[/nope] [@click=app.quit]x"), error=True)
            await pilot.press("g", "l", "n", "o")
            await pilot.pause()
            text = screen_text(app)
            assert "[/nope]" in text
            assert "\x1b" not in text
