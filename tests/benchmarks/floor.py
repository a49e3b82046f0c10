"""The floor: the least that a program made with Textual takes, in the same terminal, to be measured beside ours.

    python -m tests.benchmarks.floor

Rows of text and a cursor that `j` moves; no mail, no store, no processes. How fast a machine is shows in it, so times
of two machines can be compared by how often the floor fits into them.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

READY = "row 46 of the floor"


class Rows(Widget):
    """As many rows as there are lines; one of them is marked."""

    marked = 0

    def render_line(self, y: int) -> Strip:
        """One row."""
        sign, style = ("▌", Style(reverse=True)) if y == self.marked else (" ", Style())
        return Strip([Segment(f"{sign} row {y} of the floor".ljust(self.size.width), style)])

    def move(self) -> None:
        """The mark goes one row down."""
        before, self.marked = self.marked, (self.marked + 1) % max(1, self.size.height)
        for row in (before, self.marked):
            self.refresh(Region(0, row, self.size.width, 1))


class Floor(App[None]):
    """Nothing but rows."""

    BINDINGS = (Binding("j", "down"), Binding("q", "quit"))

    def compose(self) -> ComposeResult:
        """The rows."""
        yield Rows()

    def action_down(self) -> None:
        """One row down."""
        self.query_one(Rows).move()


if __name__ == "__main__":
    Floor().run()
