"""A key is about the message that is shown, whatever comes, goes and moves at the same time."""

from __future__ import annotations

import random

import pytest

from tests.terminal.conftest import Person
from tests.terminal.right_message import right_message

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.mark.timeout(180)
def test_no_key_is_about_another_message_than_the_one_shown(person: Person) -> None:
    """Each run presses other keys; `python3 -m tests.benchmarks.keys --seed N` repeats one."""
    assert person.add().code == 0
    seed = random.randrange(1_000_000)
    outcome = right_message(person, 80, seed)
    assert not outcome.wrong, f"seed {seed}: {outcome.wrong}"
    assert outcome.acted > 8, f"seed {seed}: {outcome}"
    assert outcome.elsewhere > 15, f"seed {seed}: {outcome}"
