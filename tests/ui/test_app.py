"""The program around the screen: guard, themes, what it loads, how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from textual.worker import WorkerFailed

from tests.ui.world import Letter, screen_text, wait_for, world
from tui_mail.errors import TerminalError
from tui_mail.ui.app import TuiMailApp, run
from tui_mail.ui.themes import DARK, LIGHT, MONO, THEMES, first_theme, other_theme, wants_stillness

HEAVY = {
    "imapclient", "mailparser", "keyring", "email.parser", "markdown_it", "textual.widgets._markdown",
    "textual.widgets._data_table", "textual.widgets._text_area", "textual.widgets._footer", "tui_mail.sync.engine",
}  # fmt: skip


def test_the_screen_loads_nothing_heavy() -> None:
    """The first frame waits for the import of this module."""
    script = "import sys, tui_mail.ui.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


async def test_the_guard_cleans_every_widget(tmp_path: Path) -> None:
    """Even text that never passed text.py loses what a terminal obeys, in lines, inputs and toasts."""
    with world(tmp_path, [Letter()]) as made:
        app = made.app()
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            app.triage.standing.status.whisper("a\x1b[2Jb\x9bc\u202ed")
            app.notify("e\x1b]52;c;eA==\x07f", title="g\x1bh", markup=False)
            await wait_for(pilot, lambda: "e]52" in screen_text(app))
            assert "a[2Jbcd" in screen_text(app)
            assert not set(screen_text(app)) & set("\x1b\x9b\u202e\x07")


async def test_dark_and_light(tmp_path: Path) -> None:
    """T changes the theme, and the screen with it."""
    with world(tmp_path, [Letter()]) as made:
        app = made.app()
        async with app.run_test(size=(100, 30)) as pilot:
            dark = app.triage.messages.look("").bgcolor
            await pilot.press("T")
            await wait_for(pilot, lambda: app.triage.messages.look("").bgcolor != dark)
            assert app.theme == LIGHT.name


def test_the_first_theme_follows_the_surroundings() -> None:
    """A wish first, then what the terminal says of its background."""
    assert first_theme({}) == DARK.name
    assert first_theme({"TUI_MAIL_THEME": "light"}) == LIGHT.name
    assert first_theme({"COLORFGBG": "0;15"}) == LIGHT.name
    assert first_theme({"COLORFGBG": "15;0"}) == DARK.name
    assert first_theme({"TUI_MAIL_THEME": "mono"}) == MONO.name
    seen = [DARK.name]
    while (following := other_theme(seen[-1])) != DARK.name:
        seen.append(following)
    assert seen == [theme.name for theme in THEMES]
    assert wants_stillness({"TUI_MAIL_REDUCED_MOTION": "1"})
    assert not wants_stillness({})


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = ((p / 12.92) if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_everything_that_is_read_can_be_read(theme: object) -> None:
    """At least 4.5 to 1, on every ground that text stands on."""
    assert theme in (DARK, LIGHT)
    chosen = DARK if theme is DARK else LIGHT
    names = chosen.variables
    grounds = [chosen.background, chosen.surface, chosen.panel, names["cursor"], names["selected"]]
    texts = [chosen.foreground, names["strong"], names["dim"], names["quote"], chosen.accent, chosen.error]
    for text in texts:
        for ground in grounds:
            assert text is not None
            assert ground is not None
            limit = 4.5 if ground in (chosen.background, chosen.surface) else 3.5
            assert contrast(text, ground) >= limit, (text, ground, contrast(text, ground))


def test_without_a_terminal_there_is_no_screen(tmp_path: Path) -> None:
    """A sentence instead of escape sequences in a file."""
    with world(tmp_path) as made, pytest.raises(TerminalError):
        run(made.client)


async def test_a_dialog_is_closed_once(tmp_path: Path) -> None:
    """Esc, typed twice at once, closes the list of links and not what is below it."""
    with world(tmp_path, [Letter(body="https://a.example/ https://b.example/")]) as made:
        app = made.app()
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "[2]" in screen_text(app))
            await pilot.press("o")
            await wait_for(pilot, lambda: app.screen is not app.triage)
            picker = app.screen
            picker.dismiss(None)
            picker.dismiss(None)
            await wait_for(pilot, lambda: app.screen is app.triage)
            assert app.is_running


async def test_a_fault_behind_a_key_says_where_it_was(tmp_path: Path) -> None:
    """The lines to be reported are those of the action, and nothing of what is in the variables."""

    def fails() -> None:
        secret = "swordfish"
        raise LookupError(len(secret))

    async def press(app: TuiMailApp) -> None:
        async with app.run_test(size=(100, 30)) as pilot:
            app.triage.commands.table["help"] = fails
            await pilot.press("question_mark")

    with world(tmp_path, [Letter()]) as made:
        app = made.app()
        with pytest.raises(WorkerFailed):
            await press(app)
        assert app.fault is not None
        assert "in fails" in app.fault
        assert app.fault.rstrip().endswith("LookupError: 9")
        assert app.return_code == 1
