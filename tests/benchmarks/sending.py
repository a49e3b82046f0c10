"""kill -9 at every arrow of the outbox: nothing lost, nothing sent twice, and what nobody can know is shown.

    python3 -m tests.benchmarks.sending [--only commit|smtp] [--rounds 1]

A message is written, kept as a draft, sent through a real Postfix and filed on a real Dovecot; the process is killed
before and after every commit, and before and after every step of the dialogue with the server. Then it is started
again, and the receiver, the Sent folder, the Drafts folder and the outbox are compared. The exit status is 1 when a
promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.servers.postfix import Postfix
from tests.sync.killed import Nursery
from tests.sync.sending_kills import SendingCase, Tally, deaths


def main(words: Sequence[str] | None = None) -> int:
    """Kill everywhere, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=["commit", "smtp"])
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args(words)
    began, whole = time.monotonic(), Tally()
    with Postfix() as server, Nursery() as nursery, tempfile.TemporaryDirectory(prefix="tui-mail-sending-") as top:
        for _ in range(asked.rounds):
            for at in [asked.only] if asked.only else ["commit", "smtp"]:
                _kill_everywhere(at, server, nursery, Path(top), whole)
    for note in whole.notes:
        print(note)
    print(f"{whole} in {time.monotonic() - began:.0f} s")
    return 1 if whole.lost or whole.doubled or whole.notes else 0


def _kill_everywhere(at: str, server: Postfix, nursery: Nursery, top: Path, tally: Tally) -> None:
    for nth in deaths(at):
        killed = False
        for death in nth:
            try:
                killed |= SendingCase(server, nursery, top).run(death, tally)
            except AssertionError as error:
                tally.notes.append(f"{death}: {error}")
                killed = True
        print(f"{at} {nth[0].nth}: {tally}", flush=True)
        if not killed:
            return


if __name__ == "__main__":
    sys.exit(main())
