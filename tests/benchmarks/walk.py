"""The random walk at length: nothing lost, nothing doubled, nothing on the wrong message, whatever breaks.

    python3 -m tests.benchmarks.walk --steps 10000 --seed 1 [--evidence DIR]
           [--server dovecot|no-move|no-uidplus|no-condstore|cyrus|courier]

Two clients act at random on one account of a private server, ours through a line that breaks; its process is killed,
the server starts again. Every fifty steps all is quiet for a moment, and every message of every folder is compared.
The exit status is 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.sync.evidence import Evidence
from tests.sync.killed import Nursery
from tests.sync.ledger import Tally
from tests.sync.walk import Walk
from tests.sync.witness import WALKED, telling

STAGE = 1_000
"""Steps with one account; then another one begins."""


def main(words: Sequence[str] | None = None) -> int:
    """Walk, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--server", choices=WALKED, default="dovecot")
    parser.add_argument("--evidence", type=Path, help="a folder: what broke a promise is written there, line by line")
    parser.add_argument("--quiet", action="store_true", help="print nothing before the end")
    asked = parser.parse_args(words)
    print(f"{asked.steps} steps on {asked.server}, seed {asked.seed}", flush=True)
    began, whole, evidence = time.monotonic(), Tally(), Evidence() if asked.evidence else None
    with (
        telling(asked.server, **(evidence.options if evidence else {})) as server,
        Nursery() as nursery,
        tempfile.TemporaryDirectory(prefix="tui-mail-walk-") as top,
    ):
        for stage, begin in enumerate(range(0, asked.steps, STAGE)):
            walk = Walk(server, nursery, Path(top) / str(stage), asked.seed + stage, evidence=evidence)
            say = (lambda _: None) if asked.quiet else (lambda text: print(text, flush=True))
            whole.add(walk.run(min(STAGE, asked.steps - begin), say))
            if whole.violations:
                if evidence:
                    evidence.write(server, asked.evidence / f"{asked.server}-{asked.seed + stage}.log")
                break
    if evidence:
        evidence.clear()
    for violation in whole.violations:
        print(f"{violation.kind} {violation.token}: {violation.text}")
    for what, counted in (("this client", whole.ours), ("another client", whole.theirs), ("faults", whole.faults)):
        print(f"{what}: {', '.join(f'{count} {name}' for name, count in counted.most_common())}")
    for why, count in whole.refused.most_common():
        print(f"refused {count}: {why}")
    print(f"{whole} in {time.monotonic() - began:.0f} s")
    return 1 if whole.violations else 0


if __name__ == "__main__":
    sys.exit(main())
