"""The terminal itself goes away, as when its window is killed: the program does not stay behind."""

from __future__ import annotations

import pytest

from tests.terminal.conftest import Person, letter
from tests.terminal.test_program import list_has

pytestmark = [pytest.mark.server, pytest.mark.terminal]

TIMES = 4
"""Whether it hangs depends on what is being written in that moment."""


def test_the_terminal_goes_away_in_the_middle_of_a_picture(person: Person) -> None:
    """Nobody reads what is being written, and the program ends all the same, within seconds."""
    person.add()
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 30)))
    person.synced()
    for _ in range(TIMES):
        with person.screen() as screen:
            screen.wait_for(list_has("Letter 29"), 30)
            screen.send("jk" * 400)
            screen.wait_for(lambda screen: "Letter 28" in screen.text)
            screen.vanish()
            screen.wait_end(10)
