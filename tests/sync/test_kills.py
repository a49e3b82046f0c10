"""kill -9 during each operation of the journal, at commits and around commands: nothing lost, doubled or mistaken.

CI takes a few moments of each operation, others each time; TUI_MAIL_LONG=1 takes all (tests/benchmarks/breaks.py too).
"""

from __future__ import annotations

import random

import pytest

from tests.sync.kills import deaths, kill
from tests.sync.operations import LONG, OPERATIONS, SEED, Bench

pytestmark = pytest.mark.server

MOMENTS = {"dovecot": 2, "no-move": 1, "no-uidplus": 1}
"""How many moments of an operation CI takes."""
USUAL = [death for at, most in (("commit", 10), ("command", 5)) for nth in range(1, most) for death in deaths(at, nth)]
"""Those that come about in most operations."""


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_killed_during(bench: Bench, name: str) -> None:
    """The next start goes on, whatever the server has been told."""
    operation = OPERATIONS[name]
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
