"""A line of things to choose from: the tabs of the inbox, the quick filters.

What belongs here: which of them fit, the one that is chosen always among them; clicks. What must never be here: what
they mean.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.one_line import OneLine, Run

GAP = 2
"""Cells between two of them."""


class ChoiceLine(OneLine):
    """One of them may be in front."""

    class Pressed(Message):
        """One of them was clicked."""

        def __init__(self, line: ChoiceLine, index: int) -> None:
            super().__init__()
            self.line, self.index = line, index

    def __init__(self, *, id: str) -> None:
        self._parts: list[list[Run]] = []
        self._front = 0
        self._aside: list[Run] = []
        self._spots: list[tuple[int, int]] = []
        super().__init__(id=id)

    def show(self, parts: Sequence[list[Run]], front: int = 0, aside: Sequence[Run] = ()) -> None:
        """Show these; `front` is never left out. `aside` stands at the right as far as there is room."""
        self._parts, self._front, self._aside = list(parts), front, list(aside)
        self._lay_out()

    def on_resize(self) -> None:
        """More or less of them fits."""
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        """Choose it."""
        for end, index in self._spots:
            if event.x < end:
                self.post_message(self.Pressed(self, index))
                return

    def _lay_out(self) -> None:
        cells = self.size.width
        if not cells:
            return
        sizes = [GAP + sum(width(text) for text, _ in part) for part in self._parts]
        first = first_shown(sizes, self._front, cells - 1)
        runs: list[Run] = [("‹" if first else " ", "quiet")]
        used, self._spots = 1, []
        for index in range(first, len(sizes)):
            if used + sizes[index] - GAP > cells - (index + 1 < len(sizes)):
                break
            used += sizes[index]
            runs += [*self._parts[index], (" " * GAP, "")]
            self._spots.append((used, index))
        aside = [("›", "quiet")] if self._spots[-1:] and self._spots[-1][1] + 1 < len(sizes) else self._aside[:]
        while aside and sum(width(text) for text, _ in aside) > cells - used:
            aside.pop()
        self.write(runs, aside)


def first_shown(sizes: Sequence[int], front: int, cells: int) -> int:
    """The first that is shown, so that the one in front fits too."""
    first = 0
    while first < front and sum(sizes[first : front + 1]) - GAP > cells:
        first += 1
    return first
