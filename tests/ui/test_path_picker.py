"""Typing a path: what is offered, and where it begins again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_mail.ui.screens.path_picker import begun_again, entries_for


@pytest.mark.parametrize(
    ("typed", "counts"),
    [("~/", "~/"), ("~//tmp/x", "/tmp/x"), ("/tmp/~/x", "~/x"), ("~//a//b", "/b"), ("/a/b", "/a/b"), ("", "")],
)
def test_a_path_that_begins_again(typed: str, counts: str) -> None:
    """Nobody has to take away what stands there already."""
    assert begun_again(typed) == counts


def test_entries(tmp_path: Path) -> None:
    """Folders first, hidden files only when asked for, what does not exist with its reason."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    assert [str(one.label) for one in entries_for(f"{tmp_path}/")[0]] == ["folder/", "file.txt"]
    assert [str(one.label) for one in entries_for(f"{tmp_path}/FI")[0]] == ["file.txt"]
    assert [str(one.label) for one in entries_for(f"{tmp_path}/.h")[0]] == [".hidden"]
    assert entries_for(f"{tmp_path}/missing/")[1] == "No such file or directory"
