"""The line is cut after one octet of an operation's dialogue: one case, and how many octets there are.

What belongs here: how a case is run. What must never be here: which of them run when (test_cuts, benchmarks/breaks).
"""

from __future__ import annotations

from tests.servers.faults import FaultyLine, Side
from tests.sync.operations import COMMANDS, Bench, Operation


def octets(bench: Bench, operation: Operation) -> dict[str, int]:
    """How many there are by side, when nothing breaks."""
    return cut(bench, operation, "client", 0)


def cut(bench: Bench, operation: Operation, side: Side, octet: int) -> dict[str, int]:
    """Cut there (0: nowhere), let the client connect again, and compare; the octets of the dialogue by side."""
    case = bench.case(operation)
    what = f"after {operation.name}, cut at octet {octet} of the {side}"
    with FaultyLine(bench.server, dialogue=COMMANDS, octet=(side, octet) if octet else None) as line:
        client = bench.nursery.start(case.home, case.account(line))
        try:
            case.act(client)
            client.ask("settle")
            length = dict(line.octets)
            reached = 0 < octet <= length[side]  # a server's words are not as long each time
            assert line.cuts == (1 if reached else 0), f"{what}: {line.cuts} cuts, {length}"
            case.ends_well(client, f"{what}: {line.fired}")
        finally:
            client.stop()
    case.clear()
    return length
