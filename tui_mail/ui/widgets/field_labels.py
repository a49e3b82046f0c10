"""The names beside the fields of the composer: one widget for all of them, because each costs some milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from tui_mail.ui.widgets.cells import fit
from tui_mail.ui.widgets.one_line import OneLine


class FieldLabels(OneLine):
    """Names, one below the other."""

    def __init__(self, names: Sequence[str], *, id: str) -> None:
        self._names = names
        super().__init__(id=id)

    def render_line(self, y: int) -> Strip:
        """One name."""
        cells = self.size.width
        name = self._names[y] if y < len(self._names) else ""
        return Strip([Segment(fit(f" {name}", cells), self.look("quiet"))], cells)
