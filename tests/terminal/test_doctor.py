"""`doctor` and what it tries: the keyring of a desktop, open, locked or absent; a terminal that is asked."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.conftest import PROGRAM, ROOT
from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal

desktop = pytest.mark.usefixtures("secret_service")
LEFT = "import secretstorage as s; print(len(list(s.search_items(s.dbus_init(), {'service': 'tui-mail doctor'}))))"
"""Prints how many of its entries are left."""
BARE = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND")


def examined(home: Path, before: str = "", after: str = "true") -> tuple[dict[str, Any], str]:
    """What `doctor --json` says of secrets on a D-Bus session of its own, and what `after` prints then."""
    doctor = shlex.join([*PROGRAM, "--home", str(home / "tui"), "doctor", "--json", "--offline"])
    environ = {key: value for key, value in os.environ.items() if key not in BARE}
    run = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f"{before} {doctor} && {after}"],
        env={**environ, "XDG_DATA_HOME": str(home), "HOME": str(home)}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    document, _, rest = run.stdout.partition("\n")
    return json.loads(document)["secrets"], rest.strip()


@desktop
def test_an_open_keyring(tmp_path: Path) -> None:
    """An entry is kept, given back and gone."""
    daemon = "echo -n master | gnome-keyring-daemon --unlock --components=secrets >/dev/null &&"
    secrets, left = examined(tmp_path, daemon, shlex.join([sys.executable, "-c", LEFT]))
    assert secrets["tried"] == "an entry was written, read back and deleted"
    assert secrets["vault"] == "none"
    assert left == "0"


@desktop
def test_a_locked_keyring(tmp_path: Path) -> None:
    """Nobody can open it: one sentence, in bounded time."""
    secrets, _ = examined(tmp_path, "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1;")
    assert secrets["tried"].startswith("in vain: The keyring does")


def test_no_keyring(tmp_path: Path) -> None:
    """A computer without a desktop: said, and nothing is tried."""
    environ = {key: value for key, value in os.environ.items() if key not in BARE}
    run = subprocess.run(
        [*PROGRAM, "--home", str(tmp_path), "doctor", "--json", "--offline"],
        env=environ, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    secrets = json.loads(run.stdout)["secrets"]
    assert secrets["keyring"].startswith("none: No keyring runs on this computer.")
    assert "tried" not in secrets


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, ("keyboard kitty protocol", "notifications bell")),
        ({"KITTY_WINDOW_ID": "1"}, ("notifications osc99",)),
    ],
)
def test_the_terminal_is_asked(tmp_path: Path, environment: dict[str, str], told: tuple[str, ...]) -> None:
    """It answers, and nothing of the answer is left for the shell."""
    argv = [*PROGRAM, "--home", str(tmp_path), "doctor", "--offline"]
    with Terminal(argv, env=environment, cwd=ROOT) as terminal:
        assert terminal.wait_end(30.0) == 0
        words = " ".join(terminal.text.split())
        assert all(one in words for one in told), words
