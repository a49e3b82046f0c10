"""The terminal that the screen holds: no program beside it learns where it is, but one that it is lent to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tui_mail.paths import paths
from tui_mail.ui.held_terminal import environment_of_guest
from tui_mail.ui.shell import Shell, show


class Looked(Shell[tuple[str, str]]):
    """Sees what programs would be told."""

    def run(self, *_: object, **__: object) -> tuple[str, str]:
        return os.environ.get("GPG_TTY", "none"), environment_of_guest().get("GPG_TTY", "none")


@pytest.mark.parametrize("named", ["/dev/pts/7", "none"])
def test_gpg_is_not_told_of_our_terminal(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the screen is shown only an editor is; afterwards everything is as before."""
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.delenv("GPG_TTY", raising=False)
    if named != "none":
        monkeypatch.setenv("GPG_TTY", named)
    assert show(Looked(paths(str(tmp_path)))) == ("none", named)
    assert os.environ.get("GPG_TTY", "none") == named
