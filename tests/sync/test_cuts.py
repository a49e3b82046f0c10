"""The line is cut between two octets of each operation's dialogue, in both directions: nothing lost, doubled, mistaken.

CI takes some octets of each, others each time; TUI_MAIL_LONG=1 takes every one (tests/benchmarks/breaks.py too).
"""

from __future__ import annotations

import random

import pytest

from tests.servers.faults import Side
from tests.sync.cuts import cut, octets
from tests.sync.operations import LONG, OPERATIONS, SEED, Bench

pytestmark = pytest.mark.server

OCTETS = {"dovecot": 1, "no-move": 1, "no-uidplus": 1}
"""How many octets of each side CI takes."""


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_cut_between_octets_of(bench: Bench, name: str) -> None:
    """The client connects again and goes on; a command whose end the server never saw is as if it was never said."""
    operation = OPERATIONS[name]
    length, sides = octets(bench, operation), tuple[Side, ...](("client", "server"))
    assert min(length.values()) > 20
    print(f"TUI_MAIL_SEED={SEED}")
    chance = random.Random(f"{SEED} {bench.name} {name}")
    for side in sides:
        every = range(1, length[side] + 1)
        for octet in every if LONG else chance.sample(every, OCTETS[bench.name]):
            cut(bench, operation, side, octet)
