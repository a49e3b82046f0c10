"""Which account a line of a list belongs to, where the list is of several: a bar in its colour, and its letters.

What belongs here: short names that tell accounts apart. What must never be here: Textual, the store.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import clip, fit, steady, width

Run = tuple[str, str]
WIDE = 100
"""Cells of a list from which on there is room for names; below, letters must do."""
LONGEST = 10
"""Cells of a name."""
LETTERS = 2
COLOURS = 4
"""Looks account0, account1 …; where there are more accounts, letters tell them apart all the same."""


class Whose:
    """The marks of some accounts."""

    def __init__(self, accounts: Sequence[str]) -> None:
        names = [steady(safe_line(one)) for one in accounts]
        self._looks = {one: f"account{at % COLOURS}" for at, one in enumerate(accounts)}
        self._letters = dict(zip(accounts, _letters(names), strict=True))
        self._names = dict(zip(accounts, names, strict=True))
        self._longest = min(LONGEST, max(map(width, names), default=0))

    def cells(self, wide: int) -> int:
        """How many cells a mark takes more than the gap in its place, in a list so wide."""
        return self._longest if wide >= WIDE else LETTERS

    def runs(self, account: str, wide: int) -> list[Run]:
        """The mark of an account: a bar, its name, a space."""
        look = self._looks.get(account, "quiet")
        name = clip(self._names.get(account, account), LONGEST) if wide >= WIDE else self._letters.get(account, "?")
        return [("▎", look), (fit(name, self.cells(wide)), look), (" ", "")]


def _letters(names: Sequence[str]) -> list[str]:
    """One or two letters for each: its first, else its first and one more, else a number, so that all differ."""
    found = list[str]()
    for at, name in enumerate(names, 1):
        first = name[:1].upper()
        choices = [first, *(first + letter.lower() for letter in name[1:]), str(at)]
        fitting = (one for one in choices if one and one not in found and width(one) <= LETTERS)
        found.append(next(fitting, str(at % 100)))
    return found
