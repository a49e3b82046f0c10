"""A raster as lines: of half blocks, or of placeholders that the terminal itself fills with it.

Half blocks are two pixels in a cell, the upper as the colour of ▀, the lower as its background. Placeholders are
characters, too. Neither needs a door in the guard.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rich.color import Color
from rich.style import Style

from tui_mail.mime.pictures import SIDE_LIMIT, Raster
from tui_mail.records import frozen
from tui_mail.ui.terminal_pictures import placeholders
from tui_mail.ui.widgets.document import Paragraph, Run

_LOOK = re.compile(r"#([0-9a-f]{6})(?:#([0-9a-f]{6}))?")
_STEP = 0xF8
"""Colours are told apart by five bits: a picture has fewer different cells then, and less is sent over the line."""
_FINE = 8
"""Pixels in a cell's width of what a terminal paints itself, and in half its height."""


@frozen
class Canvas:
    """The room for a picture, none without colours, and who paints it."""

    cells: int
    lines: int
    hand_over: Callable[[Raster, int, int], int] | None = None
    """Has the terminal paint a picture into so many cells and lines; gives its number there. None: half blocks."""

    @property
    def pixels(self) -> tuple[int, int]:
        """The width and height that a picture may have."""
        return self.cells * self._fine, 2 * self.lines * self._fine

    @property
    def _fine(self) -> int:
        return min(_FINE, SIDE_LIMIT // max(self.cells, 2 * self.lines, 1)) if self.hand_over is not None else 1

    def painted(self, raster: Raster) -> list[Paragraph]:
        """One paragraph for each line of cells of a picture that is no larger than `pixels`."""
        if self.hand_over is None:
            return raster_lines(raster)
        cells, lines = -(-raster.wide // self._fine), -(-raster.high // (2 * self._fine))
        look = f"#{self.hand_over(raster, cells, lines):06x}"
        return [Paragraph(((placeholders(line, cells), look),), clipped=True) for line in range(lines)]


NO_CANVAS = Canvas(0, 0)


def raster_lines(raster: Raster) -> list[Paragraph]:
    """One paragraph for each line of cells."""
    return [Paragraph(_cells(raster, y), clipped=True) for y in range(0, raster.high, 2)]


def coloured(look: str) -> Style:
    """The style of a look that names its colour, or two; an empty one for one that does not."""
    found = _LOOK.fullmatch(look)
    if found is None:
        return Style()
    return Style(color=Color.parse(f"#{found[1]}"), bgcolor=Color.parse(f"#{found[2]}") if found[2] else None)


def _cells(raster: Raster, y: int) -> tuple[Run, ...]:
    runs: list[Run] = []
    for x in range(raster.wide):
        look = _name(raster.at(x, y)) + _name(raster.at(x, y + 1))
        if runs and runs[-1][1] == look:
            runs[-1] = (runs[-1][0] + "▀", look)
        else:
            runs.append(("▀", look))
    return tuple(runs)


def _name(colour: tuple[int, int, int]) -> str:
    return "#" + "".join(f"{(one & _STEP) | one >> 5:02x}" for one in colour)
