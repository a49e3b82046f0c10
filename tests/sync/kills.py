"""kill -9 during one operation of the journal, at every commit and around every command: one case, and all there are.

What belongs here: how a case is run. What must never be here: which of them run when (test_kills, benchmarks/breaks).
"""

from __future__ import annotations

import signal

from tests.sync.killed import Death, Killed
from tests.sync.operations import COMMANDS, Bench, Operation

MATCH = rf"(UID )?({COMMANDS}|SELECT)\b"
MOMENTS = {"commit": ("before", "after"), "command": ("before", "sent", "answered")}


def deaths(at: str, nth: int) -> list[Death]:
    """The ways to die around the n-th commit or command."""
    return [Death(at, nth, moment, MATCH if at == "command" else "") for moment in MOMENTS[at]]


def kill(bench: Bench, operation: Operation, death: Death) -> bool:
    """Kill a client there, let the next one go on, and compare; False when there are not that many."""
    case = bench.case(operation)
    what = f"after {operation.name}, killed: {death.moment} {death.at} {death.nth}"
    client = bench.nursery.start(case.home, case.account(), death)
    try:
        case.act(client)
        client.ask("settle")
        client.stop()
        killed = False
    except Killed:
        assert client.end() == signal.SIGKILL, what
        killed = True
    client = bench.nursery.start(case.home, case.account())
    try:
        case.act(client)
        case.ends_well(client, what)
    finally:
        client.stop()
    case.clear()
    return killed
