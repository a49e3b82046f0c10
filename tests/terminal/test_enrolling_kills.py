"""The last step of the assistant, killed after every one of its writes, and begun anew: one account, one secret each.

A process of its own does the step and is killed when it is about to write, rename or remove its n-th file.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pyrage
import pytest

from tests.terminal.conftest import ROOT
from tui_mail.client.enrolling import enrol, sweep
from tui_mail.config import secrets
from tui_mail.config.accounts import load
from tui_mail.config.vault import Vault
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import paths

pytestmark = pytest.mark.terminal

PASSPHRASE = "a long one"
HERE = Server("imap.example.org", 993, Security.TLS, "anna")
ACCOUNT = Account(
    "work", "Anna", "anna@example.org", Protocol.IMAP, HERE, replace(HERE, host="smtp.example.org", port=465)
)
SECRETS: dict[secrets.Kind, str] = {"incoming": "zebra-sécret", "outgoing": "giraffe"}
MOST = 60
"""Writes of one enrolment at most."""


def enrolled(home: Path, place: secrets.Place, last: int = 0, key: object = None) -> bool:
    """Whether a process of its own came to the end; it is killed before its `last` write."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    code = 1
    try:
        where = paths(home)
        where.prepare()
        secrets.begin(where)
        if key is not None:
            assert secrets._vault is not None
            secrets._vault._identity = key  # type: ignore[assignment]
        sys.addaudithook(partial(_watch, str(home), count(1), last))
        enrol(where, ACCOUNT, SECRETS, place)
        code = 0
    finally:
        os._exit(code)


def _watch(home: str, writes: Iterator[int], last: int, event: str, words: tuple[Any, ...]) -> None:
    """Be killed in time."""
    writing = event == "open" and words[2] & (os.O_WRONLY | os.O_RDWR)
    if (writing or event in ("os.rename", "os.remove")) and str(words[0]).startswith(home) and next(writes) == last:
        os.kill(os.getpid(), signal.SIGKILL)


PROGRAM = """
import json, sys
from pathlib import Path
from tests.terminal.test_enrolling_kills import killed_before_every_write
print(json.dumps(killed_before_every_write(Path(sys.argv[1]), sys.stdin.readline().strip())))
"""


def killed_before_every_write(folder: Path, key: str) -> list[list[object]]:
    """In a program without threads, which can fork: of each kill, the accounts then, and what there is in the end."""
    identity, told = pyrage.x25519.Identity.from_str(key), list[list[object]]()
    for last in range(1, MOST):
        home = folder / str(last)
        shutil.copytree(folder / "made", home / "data")
        if enrolled(home, secrets.Place.VAULT, last, identity):
            break
        accounts = len(load(paths(home)).accounts)
        entries = _entries(home, identity)
        if not accounts:
            assert enrolled(home, secrets.Place.VAULT, 0, identity)
        told.append([accounts, entries, load(paths(home)).accounts == (ACCOUNT,), _entries(home, identity)])
    return told


def _entries(home: Path, identity: pyrage.x25519.Identity) -> dict[str, str]:
    vault = Vault(home / "data")
    vault._identity = identity
    return dict(vault._entries())


DESKTOP = """
import sys
from pathlib import Path
import secretstorage
from tests.terminal.test_enrolling_kills import MOST, enrolled
from tui_mail.client.enrolling import sweep
from tui_mail.config.accounts import load
from tui_mail.config.secrets import Place
from tui_mail.paths import paths

def kept():
    return len(list(secretstorage.search_items(secretstorage.dbus_init(), {"service": "tui-mail"})))

for last in range(1, MOST):
    home = Path(f"{sys.argv[1]}-{last}")
    enrolled(home, Place.KEYRING, last)
    if kept() == 2 and not load(paths(home)).accounts:
        break
print(kept())
sweep(paths(home))
print(kept())
"""
"""Prints how many entries a killed run left, and how many are left once that was swept."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pyrage.x25519.Identity]:
    """A folder with a vault, which takes seconds, and its key."""
    folder = tmp_path_factory.mktemp("kills")
    vault = Vault(folder / "made")
    vault.open(PASSPHRASE)
    assert vault._identity is not None
    return folder, vault._identity


def test_killed_before_every_write(home: tuple[Path, pyrage.x25519.Identity]) -> None:
    """Either there is no account, or it has both of its secrets; begun anew there is one of everything.

    Secrets of an account that was not written are nobody's: they go as soon as the vault is open.
    """
    folder, identity = home
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=ROOT, input=f"{identity}\n", capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    both = {"work/imap": "zebra-sécret", "work/smtp": "giraffe"}
    assert len(told) > 8
    assert all(entries == both for accounts, entries, *_ in told if accounts)
    assert {accounts for accounts, *_ in told} == {0, 1}
    assert all(whole and entries == both for *_, whole, entries in told)
    assert all(_left(folder / str(last)) == ["config.toml"] for last in range(1, len(told) + 1))
    orphans = [at for at, (accounts, entries, *_) in enumerate(told, 1) if entries == both and not accounts]
    assert orphans, "it was killed between its secrets and config.toml"

    again = folder / "again"
    shutil.copytree(folder / "made", again / "data")
    program = f"{PROGRAM.split('print')[0]}\nfrom tests.terminal import test_enrolling_kills as t\n"
    program += "import pyrage\nkey = pyrage.x25519.Identity.from_str(sys.stdin.readline().strip())\n"
    program += f"assert not t.enrolled(Path(sys.argv[1]), t.secrets.Place.VAULT, {orphans[-1]}, key)\n"
    subprocess.run(
        [sys.executable, "-c", program, str(again)], cwd=ROOT, input=f"{identity}\n", text=True, timeout=60, check=True
    )
    where = paths(again)
    secrets.begin(where)
    sweep(where)
    assert _entries(again, identity) == both, "it is locked, and nobody is asked for its passphrase"
    secrets.begin(where, ask_passphrase=lambda new, words: PASSPHRASE)
    secrets.make_ready(secrets.Place.VAULT)
    sweep(where)
    assert _entries(again, identity) == {}
    assert not (where.state / "enrolling.json").exists()


def _left(home: Path) -> list[str]:
    return [file.name for file in home.iterdir() if file.is_file()]


@pytest.mark.usefixtures("secret_service")
def test_the_keyring_of_a_desktop_is_swept(tmp_path: Path) -> None:
    """The same there; nobody has to be asked, so the next start of the assistant does it."""
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    daemon = "echo -n master | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1;"
    program = shlex.join([sys.executable, "-c", DESKTOP, str(tmp_path / "tui")])
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f"{daemon} {program}"],
        env=environ, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["2", "0"], done.stdout + done.stderr
