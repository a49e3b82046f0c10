"""The line is cut between two octets of each operation's dialogue, in both directions: nothing lost, doubled, mistaken.

CI takes some octets of each, others each time; TUI_MAIL_LONG=1 takes every one (tests/benchmarks/breaks.py too).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot, missing
from tests.servers.faults import Side
from tests.sync.cuts import cut, octets
from tests.sync.killed import Nursery
from tests.sync.operations import OPERATIONS, SERVERS, Bench, possible

pytestmark = pytest.mark.server

LONG = os.environ.get("TUI_MAIL_LONG") == "1"
SEED = int(os.environ.get("TUI_MAIL_SEED") or random.randrange(1_000_000))
OCTETS = {"dovecot": 1, "no-move": 1, "no-uidplus": 1}
"""How many octets of each side CI takes."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """The process that forks clients."""
    with Nursery() as running:
        yield running


@pytest.fixture(scope="module", params=list(OCTETS) if LONG else ["dovecot", "no-move"])
def bench(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """Prepared accounts on a server that can move, or cannot."""
    if missing():
        pytest.skip(missing())
    with Dovecot(**SERVERS[request.param]) as server:
        yield Bench(request.param, server, nursery, Path(tmp_path_factory.mktemp(request.param)))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_cut_between_octets_of(bench: Bench, name: str) -> None:
    """The client connects again and goes on; a command whose end the server never saw is as if it was never said."""
    operation = OPERATIONS[name]
    if not possible(bench.name, operation):
        pytest.skip("this server keeps what is deleted, so a folder is never empty")
    length, sides = octets(bench, operation), tuple[Side, ...](("client", "server"))
    assert min(length.values()) > 20
    print(f"TUI_MAIL_SEED={SEED}")
    chance = random.Random(f"{SEED} {bench.name} {name}")
    for side in sides:
        every = range(1, length[side] + 1)
        for octet in every if LONG else chance.sample(every, OCTETS[bench.name]):
            cut(bench, operation, side, octet)
