"""Every operation of the journal, broken everywhere: nothing lost, nothing doubled, nothing on the wrong message.

    python3 -m tests.benchmarks.breaks [--server dovecot|no-move|no-uidplus] [--every 1] [--only kills|cuts]

kill -9 around every commit and every command of each operation, and the line cut after every octet of its dialogue, in
both directions (`--every 10`: each tenth). The exit status is 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.sync.cuts import cut, octets
from tests.sync.killed import Nursery
from tests.sync.kills import deaths, kill
from tests.sync.operations import OPERATIONS, SERVERS, Bench, Operation


class Count:
    """Cases, and those that ended badly."""

    def __init__(self) -> None:
        self.cases = 0
        self.broken = 0

    def try_one(self, case: Callable[[], bool]) -> bool:
        """Run it; what it answers, True also when it ended badly."""
        self.cases += 1
        try:
            return case()
        except AssertionError as error:
            self.broken += 1
            print(f"broken: {error}", flush=True)
            return True


def main(words: Sequence[str] | None = None) -> int:
    """Break everything, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--server", choices=["dovecot", "no-move", "no-uidplus"], default="dovecot")
    parser.add_argument("--every", type=int, default=1, help="only each n-th octet, from a random one on")
    parser.add_argument("--only", choices=["kills", "cuts"])
    asked = parser.parse_args(words)
    began, kills, cuts = time.monotonic(), Count(), Count()
    with (
        Dovecot(**SERVERS[asked.server]) as server,
        Nursery() as nursery,
        tempfile.TemporaryDirectory(prefix="tui-mail-breaks-") as top,
    ):
        bench = Bench(asked.server, server, nursery, Path(top))
        for operation in OPERATIONS.values():
            if asked.only != "cuts":
                _kill_everywhere(bench, operation, kills)
            if asked.only != "kills":
                _cut_everywhere(bench, operation, cuts, asked.every)
            print(f"{operation.name}: {kills.cases} kills, {cuts.cases} cuts so far", flush=True)
    print(
        f"{asked.server}: {len(OPERATIONS)} operations, {kills.cases} kills and {cuts.cases} cuts:"
        f" {kills.broken + cuts.broken} ended with anything lost, doubled or on the wrong message,"
        f" in {time.monotonic() - began:.0f} s"
    )
    return 1 if kills.broken + cuts.broken else 0


def _kill_everywhere(bench: Bench, operation: Operation, count: Count) -> None:
    for at in ("commit", "command"):
        nth, more = 1, True
        while more:
            killed = [count.try_one(lambda death=death: kill(bench, operation, death)) for death in deaths(at, nth)]  # type: ignore[misc]
            more, nth = all(killed), nth + 1


def _cut_everywhere(bench: Bench, operation: Operation, count: Count, every: int) -> None:
    length = octets(bench, operation)
    for side in ("client", "server"):
        first = random.randint(1, every)
        for octet in range(first, length[side] + 1, every):
            count.try_one(lambda octet=octet, side=side: bool(cut(bench, operation, side, octet)))  # type: ignore[misc]


if __name__ == "__main__":
    sys.exit(main())
