"""Servers die, lines are cut, processes are killed: afterwards store and server agree, one copy of everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import Person, folder_of, settled, shown, subjects_shown, wait_for
from tui_mail.model import LinkState, Role

pytestmark = pytest.mark.server


def test_server_killed_and_started_again(tmp_path: Path) -> None:
    """Offline is said, keys still work, and the line comes back by itself with what was done meanwhile."""
    with Dovecot() as server:
        person = Person(server, tmp_path / "home")
        person.deliver(1, 2)
        with person.client() as client:
            settled(client)
            server.kill()
            wait_for(lambda: client.statuses()[0].state is LinkState.OFFLINE, "offline is noticed")
            assert client.statuses()[0].sentence
            client.archive([row.id for row in shown(client) if row.subject == "Number 1"]).result()
            assert subjects_shown(client) == ["Number 2"]
            server.start()
            client.retry()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the action is sent")
            person.deliver(3)
            wait_for(lambda: subjects_shown(client) == ["Number 2", "Number 3"], "new mail comes")


KILLED = """
import os, sys, threading
from tests.sync.conftest import Person
from tui_mail.client import MailClient
from tui_mail.paths import paths
from tui_mail.config.accounts import load
home = paths(sys.argv[1])
client = MailClient(home)
ids = [row.id for row in client.first_rows(int(sys.argv[2]), 1000)]
half = ids[: len(ids) // 2]
client.archive(half).result()
client.start()
threading.Event().wait(float(sys.argv[3]))
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("milliseconds", [60, 100, 130, 160, 200, 260])
def test_killed_while_sending_moves(person: Person, milliseconds: int) -> None:
    """kill -9 at some moment of a replay: the next start finishes it; every message exists exactly once."""
    from tui_mail.config.changing import add_account
    from tui_mail.paths import paths

    person.deliver(*range(1, 61))
    with person.client() as client:
        settled(client)
        inbox = folder_of(client, Role.INBOX)
        assert inbox is not None
        before = {row.message_id: row.id for row in shown(client)}
    add_account(paths(person.home), person.account)
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(person.home), str(inbox.id), str(milliseconds / 1000)],
        timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL
    with person.client() as client:
        wait_for(lambda: len(person.subjects("Archive")) == 30, "all moved")
        settled(client)
        wait_for(lambda: client.statuses()[0].pending == 0, "nothing waits")
        assert len(person.subjects()) == 30
        wait_for(lambda: len(shown(client, Role.ARCHIVE)) == 30, "thirty here too")
        after = {row.message_id: row.id for role in (Role.INBOX, Role.ARCHIVE) for row in shown(client, role)}
        assert after == before
        assert len(shown(client)) == 30
