"""The small box in which one letter chooses how the list is ordered, and the same letter once more turns it round.

What belongs here: the letters, and the box. What must never be here: what an order does to a list (sorting).
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_mail.orders import Order, Sort
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.one_line import OneLine

LETTERS = {
    "d": (Sort.DATE, "Date"),
    "a": (Sort.ARRIVAL, "Arrival"),
    "f": (Sort.SENDER, "From"),
    "s": (Sort.SUBJECT, "Subject"),
    "z": (Sort.SIZE, "Size"),
    "u": (Sort.UNREAD, "Unread"),
    "t": (Sort.STARRED, "Star"),
    "p": (Sort.FILES, "Files"),
}
_ENDS = frozenset({"escape", "enter", "q", "space"})
"""Keys that close the box; what was chosen holds. Not the one that opened it: `=f` and `=d` are an order each."""


class SortBox(ModalScreen[None]):
    """Shows the orders; each choice is to be seen in the list at once."""

    def __init__(self, order: Order, chosen: Callable[[Order], None], *, recipients: bool = False) -> None:
        super().__init__(classes="sort")
        self.order = order
        self._chosen = chosen
        self._recipients = recipients
        self._lines = [OneLine(id=f"sort-{letter}", classes="sort-line") for letter in LETTERS]

    def compose(self) -> ComposeResult:
        """A title, a line for each order, a hint."""
        with Vertical(id="sort-box"):
            yield OneLine(id="sort-title")
            yield from self._lines
            yield OneLine(id="sort-hint")

    def on_mount(self) -> None:
        """Say how it is."""
        self.query_one("#sort-title", OneLine).write([(" Order of this list", "strong")])
        self._write()

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def on_key(self, event: events.Key) -> None:
        """A letter chooses, once more it turns; everything else leaves or does nothing."""
        event.stop()
        event.prevent_default()
        if event.key in _ENDS or event.character in _ENDS:
            self.dismiss()
        elif event.character in LETTERS:
            self._choose(LETTERS[event.character][0])

    def on_click(self, event: events.Click) -> None:
        """A line is its letter; beside the box is Esc."""
        widget, _ = self.get_widget_at(event.screen_x, event.screen_y)
        if widget in self._lines:
            self._choose(list(LETTERS.values())[self._lines.index(widget)][0])
        elif widget is self:
            self.dismiss()

    def _choose(self, sort: Sort) -> None:
        self.order = self.order.turn() if sort is self.order.sort else Order(sort)
        self._chosen(self.order)
        self._write()

    def _write(self) -> None:
        """The orders, with the one that holds marked; a turned one says so."""
        for line, (letter, (sort, word)) in zip(self._lines, LETTERS.items(), strict=True):
            holds = sort is self.order.sort
            shown = "To" if sort is Sort.SENDER and self._recipients else word
            end = self.order.end if holds else Order(sort).end
            line.write(
                [
                    (" ▌ " if holds else "   ", "accent"),
                    (letter, "key"),
                    (f"  {shown:<8}  ", "strong" if holds else ""),
                    (f"{end:<16}", "" if holds else "quiet"),
                ]
            )
        letter = next(one for one, (sort, _) in LETTERS.items() if sort is self.order.sort)
        hint = [(f"   {letter}", "key"), (" again: ", "quiet"), (self.order.turn().end, "quiet")]
        self.query_one("#sort-hint", OneLine).write([*hint, ("  Esc", "key"), (" done", "quiet")])
