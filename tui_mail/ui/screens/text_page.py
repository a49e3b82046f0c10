"""A text over the screen: what is in an attachment, what a program answered. Read and put away.

What belongs here: the box and its scrolling. What is in it is a Document that somebody else makes.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.document import Document
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.reader import Reader


class TextPage(ModalScreen[None]):
    """Any of Esc, q, Enter closes it."""

    def __init__(self, title: str, document: Document, *, wide: bool = False) -> None:
        """`title` is safe text; `wide`: as wide as the screen, for what is no prose."""
        super().__init__(classes="help")
        self._title = title
        self._document = document
        self._classes_of_box = "page wide" if wide else "page"
        self.text = Reader(id="help-text")

    def compose(self) -> ComposeResult:
        """A title and the text."""
        with Vertical(id="help-box", classes=self._classes_of_box):
            yield OneLine(id="help-title")
            yield self.text

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(OneLine).write([(f" {self._title}", "strong")], [("Esc closes ", "quiet")])
        self.text.show(self._document)
        self.text.focus()

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def on_key(self, event: events.Key) -> None:
        """Scroll, or close."""
        match event.key:
            case "escape" | "q" | "enter" | "left":
                self.dismiss()
            case "j" | "down":
                self.text.scroll_lines(1)
            case "k" | "up":
                self.text.scroll_lines(-1)
            case "pagedown" | "space":
                self.text.page_by(1)
            case "pageup" | "b":
                self.text.page_by(-1)
            case "home" | "g":
                self.text.scroll_line_to_top(0)
            case "end" | "G":
                self.text.to_end()
            case _:
                return
        event.stop()
