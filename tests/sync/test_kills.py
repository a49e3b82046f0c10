"""kill -9 during each operation of the journal, at commits and around commands: nothing lost, doubled or mistaken.

CI takes a few moments of each operation, others each time; TUI_MAIL_LONG=1 takes all (tests/benchmarks/breaks.py too).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot, missing
from tests.sync.killed import Nursery
from tests.sync.kills import deaths, kill
from tests.sync.operations import OPERATIONS, SERVERS, Bench, possible

pytestmark = pytest.mark.server

LONG = os.environ.get("TUI_MAIL_LONG") == "1"
SEED = int(os.environ.get("TUI_MAIL_SEED") or random.randrange(1_000_000))
MOMENTS = {"dovecot": 2, "no-move": 1, "no-uidplus": 1}
"""How many moments of an operation CI takes."""
USUAL = [death for at, most in (("commit", 10), ("command", 5)) for nth in range(1, most) for death in deaths(at, nth)]
"""Those that come about in most operations."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """The process that forks clients."""
    with Nursery() as running:
        yield running


@pytest.fixture(scope="module", params=list(MOMENTS) if LONG else ["dovecot", "no-move"])
def bench(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """Prepared accounts on a server that can move, or cannot."""
    if missing():
        pytest.skip(missing())
    with Dovecot(**SERVERS[request.param]) as server:
        yield Bench(request.param, server, nursery, Path(tmp_path_factory.mktemp(request.param)))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_killed_during(bench: Bench, name: str) -> None:
    """The next start goes on, whatever the server has been told."""
    operation = OPERATIONS[name]
    if not possible(bench.name, operation):
        pytest.skip("this server keeps what is deleted, so a folder is never empty")
    if LONG:
        counted = 0
        for at in ("commit", "command"):
            nth, more = 1, True
            while more:
                killed = [kill(bench, operation, death) for death in deaths(at, nth)]
                more, nth, counted = all(killed), nth + 1, counted + len(killed)
        assert counted > 20
        return
    print(f"TUI_MAIL_SEED={SEED}")
    chosen = random.Random(f"{SEED} {bench.name} {name}").sample(USUAL, MOMENTS[bench.name])
    killed = [kill(bench, operation, death) for death in [*chosen, deaths("command", 1)[1]]]
    assert killed[-1], "nothing was sent to the server"
