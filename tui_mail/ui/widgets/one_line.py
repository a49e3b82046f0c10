"""Lines that stand alone: the title of a pane, a notice, the sentence of a window that is too small.

What belongs here: one line of runs, painted again only when it reads differently.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui_mail.ui.widgets.cells import clip, width

Run = tuple[str, str]
PART = " · "
"""A run that begins like this is left out, with all after it, rather than cut."""


class OneLine(Widget):
    """A line with something at its left and something at its right, which wins when there is no room."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "one--strong", "one--quiet", "one--accent", "one--warning", "one--error", "one--success", "one--key",
        "one--pill", "one--tab", "one--qr",
    }  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._left: list[Run] = []
        self._right: list[Run] = []
        self._looks: dict[str, Style] = {}
        super().__init__(id=id, classes=classes)

    @property
    def text(self) -> str:
        """What it says, without looks."""
        return "".join(text for text, _ in [*self._left, *self._right])

    def write(self, left: list[Run], right: list[Run] | None = None) -> None:
        """Say something else; paints only if it is something else."""
        right = right or []
        if left != self._left or right != self._right:
            self._left, self._right = left, right
            self.refresh()

    def look(self, name: str) -> Style:
        """The full style of a look; "" is the widget's own."""
        style = self._looks.get(name)
        if style is None:
            own = self.rich_style
            style = own if not name else own + self.get_component_rich_style(f"one--{name}", partial=True)
            self._looks[name] = style
        return style

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self._looks.clear()

    def render_line(self, y: int) -> Strip:
        """The line; the left side is cut when both do not fit."""
        cells = self.size.width
        if y:
            return Strip.blank(cells, self.look(""))
        right, taken = self._segments(self._right, cells)
        left, used = self._segments(self._left, cells - taken - (1 if right else 0))
        gap = Segment(" " * (cells - taken - used), self.look(""))
        return Strip([*left, gap, *right] if gap.text else [*left, *right], cells)

    def _segments(self, runs: list[Run], cells: int) -> tuple[list[Segment], int]:
        segments: list[Segment] = []
        used = 0
        for text, name in runs:
            if used >= cells:
                break
            if used and text.startswith(PART) and used + width(text) > cells:
                break
            text = clip(text, cells - used)
            used += width(text)
            segments.append(Segment(text, self.look(name)))
        return segments, used
