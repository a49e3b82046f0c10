"""Some hundred steps of the random walk: one that is the same each time, and one that nobody has walked before.

Thousands of steps: `python3 -m tests.benchmarks.walk`.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers import courier, cyrus
from tests.servers.dovecot import missing
from tests.sync.killed import Nursery
from tests.sync.operations import SERVERS
from tests.sync.walk import Walk
from tests.sync.witness import telling

pytestmark = pytest.mark.server

SEED = int(os.environ.get("TUI_MAIL_SEED") or random.randrange(1_000_000))


def test_walk_that_is_known(nursery: Nursery, tmp_path: Path) -> None:
    """The same choices each time, on a server with every extension."""
    _walk(nursery, tmp_path, "dovecot", 1, 150)


def test_walk_that_is_new(nursery: Nursery, tmp_path: Path) -> None:
    """Other choices each time, on some server that can remove single messages.

    On one that can neither move nor remove, a message that two clients move at the same moment ends in two places,
    whatever either does (RFC 6851 is there for that): the long walk goes there, and counts.
    """
    able = [name for name in SERVERS if name != "no-uidplus"]
    able += [name for name, reason in (("cyrus", cyrus.missing()), ("courier", courier.missing())) if not reason]
    _walk(nursery, tmp_path, random.Random(SEED).choice(able), SEED, 150)


def _walk(nursery: Nursery, home: Path, name: str, seed: int, steps: int) -> None:
    need(missing())
    print(f"python3 -m tests.benchmarks.walk --server {name} --seed {seed} --steps {steps}")
    with telling(name) as server:
        tally = Walk(server, nursery, home / "home", seed).run(steps)
    assert not tally.violations, [f"{v.kind} {v.token}: {v.text}" for v in tally.violations]
    assert tally.ours.total() > steps / 4
    assert tally.compared > steps / 4
