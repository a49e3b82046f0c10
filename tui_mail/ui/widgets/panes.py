"""The panes side by side, and their borders, which the mouse moves; where they were left is remembered.

What belongs here: how wide and how high panes are where a person chose that. What must never be here: which panes are
shown (the screen decides), and the sizes that nobody chose (tui.tcss).

The border of the tree is its last column, or the first cell of the list's title; that between list and reader is the
line between them.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.containers import Horizontal
from textual.css.scalar import Scalar
from textual.geometry import Offset, Region
from textual.widget import Widget

from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.ui.memory import recall, remember

Border = Literal["tree", "classic", "columns"]
LEAST_TREE, LEAST_MAIL = 12, 40
"""Cells that a tree keeps, and what is beside it."""
LEAST_SHARE = 12
"""Percent that list and reader keep each."""


@frozen
class Shown:
    """What is on the screen, and where."""

    layout: str
    tree: Region
    title: Region
    """The line above the list."""
    mail: Region
    """List and reader together."""
    reader: Region

    def border_at(self, at: Offset) -> Border | None:
        """The border that is there; None elsewhere."""
        if self.layout not in ("classic", "columns"):
            return None
        if (self.tree.contains_point(at) and at.x == self.tree.right - 1) or at == self.title.offset:
            return "tree"
        if self.reader.contains_point(at) and self.layout == "classic" and at.y == self.reader.y:
            return "classic"
        if self.reader.contains_point(at) and self.layout == "columns" and at.x == self.reader.x:
            return "columns"
        return None

    def size_at(self, border: Border, at: Offset) -> int:
        """How big the first pane is when its border is there: cells of the tree, percent of the list."""
        if border == "tree":
            widest = self.tree.width + self.mail.width - LEAST_MAIL
            return max(LEAST_TREE, min(at.x - self.tree.x + 1, widest))
        part, whole = (
            (at.y - self.mail.y, self.mail.height) if border == "classic" else (at.x - self.mail.x, self.mail.width)
        )
        return max(LEAST_SHARE, min(100 - LEAST_SHARE, round(part * 100 / max(1, whole))))


class Panes(Horizontal):
    """Tree, list and reader."""

    def __init__(self, paths: Paths, tree: Widget, title: Widget, mail: Widget, parts: tuple[Widget, Widget]) -> None:
        """`parts` are what `mail` is divided into: the pane of the list and that of the reader."""
        super().__init__(id="panes")
        self._paths = paths
        self._tree, self._title, self._mail = tree, title, mail
        self._list_pane, self._reader_pane = parts
        self._layout_name = ""
        self._grabbed: Border | None = None
        self._sizes: dict[Border, int] = {}
        for border in ("tree", "classic", "columns"):
            value = recall(paths, f"pane:{border}")
            if value.isdecimal():
                self._sizes[border] = int(value)

    def fit(self, layout: str) -> None:
        """Give the panes of a layout the sizes that were chosen for it."""
        self._layout_name = layout
        tree = self._sizes.get("tree") if layout != "single" else None
        if tree is not None:
            tree = max(LEAST_TREE, min(tree, self.screen.size.width - LEAST_MAIL))
        _set(self._tree, "width", None if tree is None else f"{tree}")
        share = self._sizes.get("classic") if layout == "classic" else None
        _set(self._list_pane, "height", None if share is None else f"{share}fr")
        _set(self._reader_pane, "height", None if share is None else f"{100 - share}fr")
        share = self._sizes.get("columns") if layout == "columns" else None
        _set(self._list_pane, "width", None if share is None else f"{share}fr")
        _set(self._reader_pane, "width", None if share is None else f"{100 - share}fr")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border."""
        self._grabbed = self._shown().border_at(event.screen_offset) if event.button == 1 else None
        if self._grabbed is not None:
            event.stop()
            self.screen.clear_selection()
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """It goes where the mouse goes."""
        if self._grabbed is not None:
            event.stop()
            size = self._shown().size_at(self._grabbed, event.screen_offset)
            if size != self._sizes.get(self._grabbed):
                self._sizes[self._grabbed] = size
                self.fit(self._layout_name)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go, and remember."""
        border, self._grabbed = self._grabbed, None
        if border is not None:
            event.stop()
            self.release_mouse()
            if border in self._sizes:
                remember(self._paths, f"pane:{border}", str(self._sizes[border]))

    def _shown(self) -> Shown:
        return Shown(
            self._layout_name, self._tree.region, self._title.region, self._mail.region, self._reader_pane.region
        )


def _set(widget: Widget, side: Literal["width", "height"], size: str | None) -> None:
    """A size of one's own, or (None) that of the stylesheet; nothing is laid out anew for the same one."""
    styles = widget.styles.inline
    if size is None:
        if styles.has_rule(side):
            styles.clear_rule(side)
            widget.refresh(layout=True)
    elif not styles.has_rule(side) or getattr(styles, side) != Scalar.parse(size):
        setattr(widget.styles, side, size)
