"""Keys at random on a real screen, while another client delivers, deletes and moves: none may hit another message.

    python3 -m tests.benchmarks.keys --steps 2000 [--seed 7]

The exit status is 1 when one did.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person
from tests.terminal.right_message import right_message


def main(words: Sequence[str] | None = None) -> int:
    """Press keys, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    asked = parser.parse_args(words)
    print(f"{asked.steps} keys, seed {asked.seed}", flush=True)
    with Dovecot(users=()) as server, tempfile.TemporaryDirectory(prefix="tui-mail-keys-") as top:
        person = Person(server, Path(top))
        added = person.add()
        if added.code:
            print(added.words, file=sys.stderr)
            return 2
        outcome = right_message(person, asked.steps, asked.seed)
    for wrong in outcome.wrong:
        print(wrong)
    print(
        f"{outcome.acted} actions on what was shown, {len(outcome.wrong)} on something else, {outcome.refused} did "
        f"nothing; {outcome.elsewhere} changes by the other client meanwhile"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
