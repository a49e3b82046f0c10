"""kill -9 while a message is sent: each run of the tests takes other places; benchmarks/sending takes all of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.servers.postfix import Postfix
from tests.sync.killed import Death, Nursery
from tests.sync.sending_kills import MOMENTS, SendingCase, Tally

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

COMMITS, STEPS = 26, 22
"""About as many as there are."""
SEED = random.randrange(1_000_000)
_chosen = random.Random(SEED)
PLACES = [
    *(Death("commit", nth, _chosen.choice(MOMENTS)) for nth in sorted(_chosen.sample(range(4, COMMITS), 5))),
    *(Death("smtp", nth, _chosen.choice(MOMENTS)) for nth in sorted(_chosen.sample(range(1, STEPS), 5))),
]


@pytest.mark.parametrize("at", range(len(PLACES)))
def test_killed_anywhere_it_is_sent_once(at: int, postfix: Postfix, nursery: Nursery, tmp_path: Path) -> None:
    """The receiver has it once, Sent has it once, Drafts has none; what nobody can know was asked."""
    tally = Tally()
    SendingCase(postfix, nursery, tmp_path).run(PLACES[at], tally)
    assert (tally.lost, tally.doubled, tally.notes) == (0, 0, []), f"seed {SEED}, {PLACES[at]}"
