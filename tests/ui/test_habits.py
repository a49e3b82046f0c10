"""Which folders are used most."""

from __future__ import annotations

from pathlib import Path

from tui_mail.paths import paths
from tui_mail.ui.habits import KEPT, note_use, uses
from tui_mail.ui.memory import remember


def test_more_and_newer_uses_count_more(tmp_path: Path) -> None:
    """Each account has its own; what is used now overtakes what was used often a long time ago."""
    home = paths(tmp_path)
    home.prepare()
    for name in ("old", "old", "new"):
        note_use(home, "work", name)
    assert uses(home, "work")["old"] > uses(home, "work")["new"]
    note_use(home, "work", "new")
    assert uses(home, "work")["new"] > uses(home, "work")["old"]
    assert uses(home, "home") == {}


def test_few_are_kept_and_nonsense_is_none(tmp_path: Path) -> None:
    """A broken file costs nothing."""
    home = paths(tmp_path)
    home.prepare()
    for number in range(KEPT + 10):
        note_use(home, "work", str(number))
    assert len(uses(home, "work")) == KEPT
    for broken in ("{", "[1]", '{"a": "x"}'):
        remember(home, "moves:work", broken)
        assert uses(home, "work") == {}
