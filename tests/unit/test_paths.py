"""Where files go, and who may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui_mail.errors import StoreReadOnly
from tui_mail.paths import paths


def test_home_puts_everything_below_one_folder(tmp_path: Path) -> None:
    """--home DIR keeps config.toml at its top, the rest in named folders."""
    found = paths(tmp_path)
    assert found.config_file == tmp_path / "config.toml"
    assert found.keys_file == tmp_path / "keys.toml"
    assert (found.data, found.state, found.cache) == (tmp_path / "data", tmp_path / "state", tmp_path / "cache")


def test_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TUI_MAIL_HOME is --home, and an explicit --home wins over it."""
    monkeypatch.setenv("TUI_MAIL_HOME", str(tmp_path / "one"))
    assert paths().config == tmp_path / "one"
    assert paths(tmp_path / "two").config == tmp_path / "two"


def test_home_knows_the_tilde_and_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative home does not move when the program changes its folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths("~/mail").config == tmp_path / "mail"
    monkeypatch.chdir(tmp_path)
    assert paths("mail").config == tmp_path / "mail"


def test_without_a_home_the_xdg_folders_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute XDG variables are taken, relative ones ignored as the specification says."""
    monkeypatch.delenv("TUI_MAIL_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "conf"))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    found = paths()
    assert found.config == tmp_path / "conf" / "tui-mail"
    assert found.data == tmp_path / ".local/share/tui-mail"
    assert found.log_file == tmp_path / ".local/state/tui-mail/tui-mail.log"


def test_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """Every folder is 0700, also one that was there already and open to all."""
    home = tmp_path / "mail"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    before = os.umask(0)
    try:
        found = paths(home)
        found.prepare()
        found.prepare()
    finally:
        os.umask(before)
    for folder in (found.config, found.data, found.state, found.cache):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """The sentence says which folder, that no mail was touched, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreReadOnly) as raised:
        paths(tmp_path / "file").prepare()
    assert str(tmp_path / "file") in raised.value.sentence
    assert "--home" in raised.value.sentence
