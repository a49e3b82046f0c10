"""The first line of a composer: the inbox and every open draft, the one in front marked."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.one_line import OneLine, Run

LONGEST = 28
"""Cells of a tab at most."""


class TabStrip(OneLine):
    """Inbox │ ✎ Re: Keys │ ✎ New message."""

    class Pressed(Message):
        """A tab was clicked; -1 is the inbox."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str) -> None:
        self._ends: list[int] = []
        self._tabs: list[tuple[str, bool]] = []
        super().__init__(id=id)

    def show(self, tabs: Sequence[tuple[str, bool]]) -> None:
        """Show these; the True one is in front."""
        self._tabs = list(tabs)
        runs, self._ends = tab_runs(self._tabs, self.size.width or 80)
        self.write(runs)

    def on_resize(self) -> None:
        """More or less of the names fits."""
        self.show(self._tabs)

    def on_click(self, event: events.Click) -> None:
        """Go there."""
        for index, end in enumerate(self._ends):
            if event.x < end:
                self.post_message(self.Pressed(index - 1))
                return


def tab_runs(tabs: Sequence[tuple[str, bool]], cells: int) -> tuple[list[Run], list[int]]:
    """The strip, and where each tab ends; names are cut so that all are in sight."""
    room = max(4, min(LONGEST, (cells - 9) // max(1, len(tabs)) - 5))
    runs: list[Run] = [(" Inbox ", "quiet")]
    ends = [7]
    for name, in_front in tabs:
        text = f"✎ {clip(name, room)}"
        runs += [("│ ", "quiet"), (text, "strong" if in_front else "quiet"), (" ", "")]
        ends.append(ends[-1] + width(text) + 3)
    return runs, ends
