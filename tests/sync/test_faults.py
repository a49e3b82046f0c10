"""Wherever the line is cut, whenever the process is killed: nothing lost, nothing doubled, nothing mistaken."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import BARE, BASIC, Dovecot, missing
from tests.servers.faults import Fault, FaultyLine
from tests.sync.conftest import Person
from tests.sync.killed import Death, Killed, Nursery
from tests.sync.scenario import agree, deliver, ids, work

pytestmark = pytest.mark.server

RUNS = 9
"""Sessions in one test; each with a user of its own."""
FULL = os.environ.get("TUI_MAIL_FULL") == "1"
"""Every line of the server too, instead of a sample of them."""


@pytest.fixture(scope="session", params=[BASIC, BARE], ids=["no-move", "no-uidplus"])
def old_server(request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    """A server on which a move is a copy and a deletion."""
    need(missing())
    with Dovecot(imap_capability=request.param) as server:
        yield server


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("first", range(1, 37, RUNS))
def test_cut_at_every_line_of_the_client(dovecot: Dovecot, tmp_path: Path, first: int, cut: str) -> None:
    """The server never sees the line, or acts on it and its answer is lost."""
    for nth in range(first, first + RUNS):
        _session(dovecot, tmp_path / str(nth), Fault("client", "", nth, cut))  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(1, 28, RUNS))
def test_cut_at_every_line_that_moves_on_a_server_without_move(old_server: Dovecot, tmp_path: Path, first: int) -> None:
    """COPY, STORE and EXPUNGE instead of MOVE, the answer lost each time, and once more in the next try."""
    for nth in range(first, first + RUNS):
        changing = "SELECT|STATUS|COPY|STORE|EXPUNGE|FETCH"
        _session(old_server, tmp_path / str(nth), Fault("client", changing, nth, "after", every=29))


@pytest.mark.parametrize("first", range(1, 200, 8 if FULL else 70))
def test_cut_at_lines_of_the_server(dovecot: Dovecot, tmp_path: Path, first: int) -> None:
    """The line breaks in the middle of an answer."""
    for nth in range(first, first + 8):
        _session(dovecot, tmp_path / str(nth), Fault("server", "", nth, "after"))


@pytest.mark.parametrize("seed", range(4))
def test_cut_again_and_again(dovecot: Dovecot, tmp_path: Path, seed: int) -> None:
    """A line that breaks after every few dozen lines."""
    for nth in range(3):
        faults = [
            Fault("server", "", 20 + 7 * seed + nth, "after", every=173 + seed),
            Fault("client", "", 9 + seed, "after", every=29 + nth),
        ]
        _session(dovecot, tmp_path / str(nth), *faults)


def test_answers_to_changes_are_lost_twice(dovecot: Dovecot, tmp_path: Path) -> None:
    """Three tries for each change; the server carries it out in the first."""
    changing = Fault("client", "UID (MOVE|STORE)", 1, "after", every=3)
    again = Fault("client", "UID (MOVE|STORE)", 2, "after", every=3)
    _session(dovecot, tmp_path, changing, again)


def _session(dovecot: Dovecot, home: Path, *faults: Fault) -> None:
    person = Person(dovecot, home)
    deliver(person)
    with FaultyLine(dovecot, *faults) as line:
        person.account = line.account(person.user)
        with person.client() as client:
            before = work(client)
            agree(client, person, before, f"after a cut at {line.fired}")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("first", range(1, 37, RUNS))
def test_killed_at_every_commit(dovecot: Dovecot, tmp_path: Path, nursery: Nursery, first: int, moment: str) -> None:
    """kill -9 around the n-th commit; the next start goes on, and what was stored keeps its id."""
    for commit in range(first, first + RUNS, 1 if FULL or moment == "before" else 3):
        _killed(dovecot, tmp_path / str(commit), nursery, commit, moment)


@pytest.mark.parametrize("first", range(10, 46, RUNS))
def test_killed_at_every_commit_of_a_copy(old_server: Dovecot, tmp_path: Path, nursery: Nursery, first: int) -> None:
    """The same where a move takes several commands, each remembered."""
    for commit in range(first, first + RUNS, 1 if FULL else 2):
        _killed(old_server, tmp_path / str(commit), nursery, commit, "before")


def _killed(server: Dovecot, home: Path, nursery: Nursery, commit: int, moment: str) -> None:
    person = Person(server, home)
    deliver(person)
    client = nursery.start(home, person.account, Death("commit", commit, moment))
    try:
        client.ask("scenario")
        client.stop()  # done before that many commits
    except Killed:
        assert client.end() == signal.SIGKILL
    with person.client(start=False) as after:
        stored = ids(after)
    with person.client() as after:
        now = work(after)
        assert {**now, **stored} == now
        agree(after, person, now, f"killed {moment} commit {commit}")
