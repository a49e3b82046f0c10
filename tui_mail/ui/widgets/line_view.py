"""The base of every long thing on the screen: lines painted one by one, only those that are seen.

What belongs here: lines by number, their strips in a cache, a cursor that moves two lines and nothing else.
What must never be here: reading from anywhere. A line that is not loaded is painted as such.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_mail.ui.widgets.cells import fit, width

Run = tuple[str, str]
"""A piece of a line: its text, and the name of the look it has (a component class without its prefix)."""


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """A number of lines, each painted when it is seen (Textual's Line API)."""

    ALLOW_SELECT = False
    PREFIX: ClassVar[str] = "line"
    """Component classes are called PREFIX--look."""
    STRIPS_KEPT: ClassVar[int] = 2_000

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self._strips: dict[int, Strip] = {}
        self._looks: dict[str, Style] = {}
        self._count = 0
        self._page = 0
        super().__init__(id=id, classes=classes)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    @property
    def top(self) -> int:
        """The first line seen."""
        return self.scroll_offset.y

    @property
    def cells(self) -> int:
        """How wide a line is: what the scrollbar leaves."""
        return self.scrollable_content_region.width

    @property
    def page(self) -> int:
        """How many lines can be seen; of a hidden view, how many could be when it was last shown."""
        self._page = self.size.height or self._page
        return self._page or 1

    @property
    def is_laid_out(self) -> bool:
        """It is known how many lines can be seen; until then all of them are taken to be."""
        return bool(self.size.height or self._page)

    def is_seen(self, index: int) -> bool:
        """The line is in the window."""
        return self.top <= index and (index < self.top + self.page or not self.is_laid_out)

    def set_count(self, count: int) -> None:
        """Have this many lines; those painted stay painted."""
        if count == self._count:
            return
        self._count = count
        if self.container_size and not self.styles.auto_dimensions:
            # Assigning would lay the whole screen out again: 10 ms, ten times a second while mail comes in, and twice
            # for every message that is shown. So only a scrollbar that comes or goes does.
            self.set_reactive(LineView.virtual_size, Size(0, count))
            self._scroll_update(self.virtual_size)
        else:
            self.virtual_size = Size(0, count)

    def paint(self, index: int, cells: int) -> Strip:
        """The line, exactly `cells` wide."""
        raise NotImplementedError

    def look(self, name: str) -> Style:
        """The full style of a look; "" is the widget's own."""
        style = self._looks.get(name)
        if style is None:
            own = self.rich_style
            if name.startswith("#"):
                from tui_mail.ui.widgets.raster import coloured

                return own + coloured(name)
            style = own if not name else own + self.get_component_rich_style(f"{self.PREFIX}--{name}", partial=True)
            self._looks[name] = style
        return style

    def over(self, name: str, ground: str) -> Style:
        """A look on the background of another: a subject on the cursor line."""
        if not ground:
            return self.look(name)
        key = f"{ground}/{name}"
        style = self._looks.get(key)
        if style is None:
            background = self.get_component_rich_style(f"{self.PREFIX}--{ground}", partial=True)
            style = self.look(name) + Style(bgcolor=background.bgcolor)
            if background.bold or background.reverse:
                style += Style(bold=background.bold or None, reverse=background.reverse or None)
            self._looks[key] = style
        return style

    def strip(self, runs: list[Run], cells: int, ground: str = "") -> Strip:
        """Runs as a strip, filled up to `cells` (blank cells do not inherit a background)."""
        segments: list[Segment] = []
        used = 0
        for text, name in runs:
            size = width(text)
            if used + size > cells:
                text = fit(text, cells - used)
                size = cells - used
            if text:
                segments.append(Segment(text, self.over(name, ground)))
                used += size
        if used < cells:
            segments.append(Segment(" " * (cells - used), self.over("", ground)))
        return Strip(segments, cells)

    def forget(self, *indexes: int) -> None:
        """Paint these lines anew."""
        for index in indexes:
            self._strips.pop(index, None)
            self.refresh_line(index)

    def forget_all(self) -> None:
        """Paint everything anew."""
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """What stands in line `y` of the window."""
        index = y + self.scroll_offset.y
        cells = self.cells
        if index >= self._count:
            return Strip.blank(cells, self.look(""))
        strip = self._strips.get(index)
        if strip is None or strip.cell_length != cells:
            if len(self._strips) > self.STRIPS_KEPT:
                self._strips.clear()
            strip = self._strips[index] = self.paint(index, cells)
        return strip

    def notify_style_update(self) -> None:
        """Colours may be others now."""
        super().notify_style_update()
        self._looks.clear()
        self._strips.clear()

    def on_focus(self, event: events.Focus) -> None:
        """Take the focus without Textual's repaint of everything: 25 kB for each change of panes."""
        self._note_focus(event, events.DescendantFocus(self), has_focus=True)

    def on_blur(self, event: events.Blur) -> None:
        """Give the focus away, likewise."""
        self._note_focus(event, events.DescendantBlur(self), has_focus=False)

    def _note_focus(self, event: events.Event, news: events.Event, *, has_focus: bool) -> None:
        event.prevent_default()
        self.has_focus = has_focus
        if self.parent is not None:
            self.parent.post_message(news)

    def scroll_line_to_top(self, index: int) -> None:
        """Scroll at once so that a line is the first one seen, as far as possible."""
        self.scroll_to(y=max(0, min(index, self._count - self.page)), animate=False, force=True, immediate=True)

    def scroll_lines(self, lines: int) -> None:
        """Scroll at once by so many lines."""
        self.scroll_line_to_top(self.top + lines)


class CursorView(LineView):
    """Lines with a cursor on one of them."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        self.cursor = 0
        super().__init__(id=id, classes=classes)

    def ground(self, index: int) -> str:
        """The look whose background a line has."""
        if index != self.cursor:
            return ""
        return "cursor" if self.has_focus else "blurred"

    def move_to(self, index: int) -> bool:
        """Put the cursor on a line and scroll it into view; False when it was there."""
        index = max(0, min(index, self._count - 1))
        old = self.cursor
        if index != old:
            self.cursor = index
            self.forget(old, index)
        self.reveal()
        if index != old:
            self.cursor_moved()
        return index != old

    def move_by(self, lines: int) -> bool:
        """Move the cursor by so many lines."""
        return self.move_to(self.cursor + lines)

    def page_by(self, pages: int) -> bool:
        """Move the cursor and the window by so many pages."""
        lines = pages * max(1, self.page - 1)
        self.scroll_lines(lines)
        return self.move_to(self.cursor + lines)

    def reveal(self) -> None:
        """Scroll as little as needed to see the cursor."""
        if self.cursor < self.top:
            self.scroll_line_to_top(self.cursor)
        elif not self.is_seen(self.cursor):
            self.scroll_line_to_top(self.cursor - self.page + 1)

    def cursor_moved(self) -> None:
        """Called after the cursor went to another line."""

    def chosen(self) -> None:
        """Called when a line was clicked twice, or clicked while the cursor was on it."""

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a second one chooses."""
        index = event.y + self.top
        if index < self._count:
            event.stop()
            if not self.move_to(index):
                self.chosen()

    def _note_focus(self, event: events.Event, news: events.Event, *, has_focus: bool) -> None:
        super()._note_focus(event, news, has_focus=has_focus)
        self.forget(self.cursor)
