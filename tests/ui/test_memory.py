"""What the screen remembers between runs."""

from __future__ import annotations

from pathlib import Path

from tests.ui.world import Letter, world
from tui_mail.paths import paths
from tui_mail.ui.memory import recall, remember


async def test_theme_and_layout_are_kept(tmp_path: Path) -> None:
    """The next screen looks as the last one did."""
    with world(tmp_path, [Letter()]) as made:
        app = made.app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.press("T", "ctrl+w")
            theme = app.theme
        assert theme == "tui-mail-light"
        again = made.app()
        async with again.run_test(size=(160, 48)):
            assert again.theme == theme
            assert again.triage.has_class("-columns")


def test_a_broken_file_costs_nothing(tmp_path: Path) -> None:
    """It is written anew; what is no text is no memory."""
    where = paths(tmp_path)
    where.prepare()
    file = where.state / "screen.json"
    assert recall(where, "theme") == ""
    for broken in ("{", "[1]", '{"theme": 3}', "\x00"):
        file.write_text(broken)
        assert recall(where, "theme") == ""
    remember(where, "layout", "columns")
    remember(where, "theme", "light")
    assert (recall(where, "theme"), recall(where, "layout")) == ("light", "columns")
    assert file.stat().st_mode & 0o777 == 0o600
