"""The engine in a process of its own: it does what threads do, dies without loss, and never outlives the screen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.sync.conftest import Person, settled, shown, subjects_shown, wait_for
from tui_mail.client import MailClient
from tui_mail.config.changing import add_account
from tui_mail.model import BodyArrived, Flag, LinkState
from tui_mail.paths import paths

pytestmark = pytest.mark.server


def engines() -> list[psutil.Process]:
    """The engine processes that this test started and that have not ended."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "tui_mail.sync.child" in " ".join(child.cmdline()):
                found.append(child)
    return found


@contextmanager
def apart(person: Person) -> Iterator[MailClient]:
    """The person's client with its engine in another process."""
    if not paths(person.home).config_file.exists():
        add_account(paths(person.home), person.account)
    client = MailClient(paths(person.home))
    client.subscribe(person.events.append)
    client.start(apart=True)
    try:
        yield client
    finally:
        client.stop()
        assert engines() == []


def test_mail_comes_and_actions_go(person: Person) -> None:
    """New mail, a body that was asked for, a flag and a move: all through the other process."""
    person.deliver(1, 2)
    with apart(person) as client:
        settled(client)
        person.deliver(3)
        wait_for(lambda: len(shown(client)) == 3, "the new row")
        wanted = shown(client)[0].id
        client.request_body(wanted)
        wait_for(lambda: BodyArrived(wanted) in person.events, "the body")
        first = next(row.id for row in shown(client) if row.subject == "Number 1")
        client.mark([wanted], add=Flag.FLAGGED).result()
        client.archive([first]).result()
        wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the move")
        wait_for(lambda: sum("Flagged" in flags for flags in person.flags()) == 1, "the flag")


def test_engine_killed_is_started_again(person: Person) -> None:
    """kill -9 of the engine: the screen says so, keeps its mail, and the next engine sends what was done meanwhile."""
    person.deliver(1, 2)
    with apart(person) as client:
        settled(client)
        [engine] = engines()
        os.kill(engine.pid, signal.SIGKILL)
        wait_for(lambda: client.statuses()[0].state is LinkState.OFFLINE, "offline is said")
        client.archive([row.id for row in shown(client) if row.subject == "Number 2"]).result()
        assert subjects_shown(client) == ["Number 1"]
        wait_for(lambda: person.subjects("Archive") == ["Number 2"], "sent by the next engine")
        settled(client)


KILLED = """
import os, sys
from tests.sync.conftest import settled
from tui_mail.client import MailClient
from tui_mail.paths import paths
client = MailClient(paths(sys.argv[1]))
client.start(apart=True)
settled(client)
os.kill(os.getpid(), 9)
"""


def test_engine_ends_with_the_screen(person: Person) -> None:
    """A screen that is killed cannot say goodbye: its engine sees the end of its input."""
    person.deliver(1)
    add_account(paths(person.home), person.account)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.run([sys.executable, "-c", KILLED, str(person.home)], env=environment, timeout=30, check=False)
    assert child.returncode == -signal.SIGKILL
    with person.client() as client:
        wait_for(lambda: client.is_engine, "the lock is free, so the other engine has ended")
        settled(client)


def test_two_screens(person: Person) -> None:
    """The second one shows what the first one's engine says, and what it does is sent by that one."""
    person.deliver(1, 2)
    with apart(person) as first:
        settled(first)
        add = MailClient(paths(person.home))
        add.start(apart=True)
        try:
            wait_for(lambda: add.statuses()[0].state is LinkState.LIVE, "what the engine says")
            add.archive([row.id for row in shown(add) if row.subject == "Number 1"]).result()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "sent by the first")
            wait_for(lambda: subjects_shown(first) == ["Number 2"], "seen by the first")
        finally:
            add.stop()
