"""The reader: one message, its lines made as far as somebody looks.

What belongs here: which document is shown, scrolling in it, folding, selecting its text with the mouse.
What must never be here: parsing or fetching; documents are made in a thread (`reading.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.hits import Hits, labelled, marked
from tui_mail.ui.widgets.line_view import LineView

SLICE = 1_500
"""Paragraphs wrapped per turn of the event loop behind a long message: a few milliseconds."""


class Reader(LineView):
    """Shows a Document."""

    PREFIX = "reader"
    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "reader--subject", "reader--sender", "reader--quiet", "reader--warning", "reader--heading", "reader--quote",
        "reader--bars", "reader--note", "reader--rule", "reader--mark", "reader--part", "reader--fold", "reader--link",
        "reader--number", "reader--chip", "reader--strong", "reader--soft", "reader--danger", "reader--good",
        "reader--added", "reader--removed", "reader--hunk", "reader--found", "reader--found-now", "reader--hint",
    }  # fmt: skip
    EMPTY = Document([], [])

    class FoldClicked(Message):
        """The line that stands for folded quotes was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        self.document = self.EMPTY
        self.hits: Hits | None = None
        """What was looked for in this document."""
        self.labels: Mapping[int, str] = {}
        """Letters that stand in the place of the numbers of links, by number."""
        self._wrapping = False
        self._to_end = False
        self._to_hit = False
        super().__init__(id=id)

    def show(self, document: Document, *, keep_place: bool = False) -> None:
        """Show a document from its beginning, or from the line that is at the top now."""
        top = self.top if keep_place else 0
        self.document = document
        self.hits = None
        self._relay_out(top)

    def toggle_quotes(self) -> bool:
        """Show or hide folded quotes; False when there are none."""
        if not self.document.folded and not self.document.only_new:
            return False
        self.document.unfolded = self.document.only_new or not self.document.unfolded
        self.document.only_new = False
        self._relay_out(self.top)
        return True

    def toggle_old(self) -> bool:
        """Show only what is new, or all; False when all of it is new."""
        if not self.document.old:
            return False
        self.document.only_new = not self.document.only_new
        self._relay_out(0)
        return True

    def unfolded(self) -> Sequence[Paragraph]:
        """All that words can be looked for in: every quote is shown from now on."""
        if self.document.only_new or (self.document.folded and not self.document.unfolded):
            self.document.unfolded, self.document.only_new = True, False
            self._relay_out(self.top)
        return self.document.paragraphs

    def show_hits(self, hits: Hits) -> None:
        """Mark what was found in `unfolded`, and go to the first at or below the line at the top."""
        top = self.document.place_of(self.top)
        hits.current = next((at for at, place in enumerate(hits.places) if place >= top), 0)
        self.hits = hits if hits.count else None
        self.forget_all()
        self._show_hit()

    def step_hit(self, by: int) -> None:
        """To the next place where the words stand, or the one before."""
        if self.hits is not None:
            self.hits.step(by)
            self.forget_all()
            self._show_hit()

    def end_find(self) -> None:
        """No words are marked any more."""
        self.hits, self._to_hit = None, False
        self.forget_all()

    @property
    def has_numbers(self) -> bool:
        """Links are numbered in what is shown; not so in the source of a message."""
        return any(look == "number" for line in self.document.lines for _, look in line)

    def show_labels(self, labels: Mapping[int, str]) -> None:
        """Show letters in the place of the numbers of links; scrolls to the first link when none is in sight."""
        self.labels = labels
        self.forget_all()
        if labels:
            lines = self.document.lines
            linked = [at for at, line in enumerate(lines) if any(look == "number" for _, look in line)]
            if linked and not any(self.top <= at < self.top + self.page for at in linked):
                self.scroll_line_to_top(next((at for at in linked if at >= self.top), linked[-1]) - 1)

    @property
    def at_end(self) -> bool:
        """True when the last line is in sight."""
        return self.top + self.page >= self.count

    def scroll_lines(self, lines: int) -> None:
        """Scroll so many lines down, or up; who does has not waited for the end."""
        self._to_end = self._to_hit = False
        super().scroll_lines(lines)

    def page_by(self, pages: int) -> None:
        """Scroll by pages, keeping one line in sight."""
        self.scroll_lines(pages * max(1, self.page - 1))

    def to_end(self) -> None:
        """Scroll to the last line, once it is laid out: of a message of millions of characters, that takes a while."""
        self._to_end = not self.document.complete
        if self._to_end:
            self._go_on_wrapping(0.0)
        else:
            self.set_count(self.document.height())
            self.scroll_line_to_top(self.count)

    def paint(self, index: int, cells: int) -> Strip:
        """One line of the document."""
        if self.document.cells != cells:
            self.document.lay_out(cells)
            self.call_later(self._relay_out, self.top)
        self._ensure(index + 1)
        if index >= len(self.document.lines):
            return Strip.blank(cells, self.look(""))
        runs = self.document.lines[index] if self.hits is None else marked(self.document, index, self.hits)
        runs = labelled(runs, self.labels) if self.labels else runs
        strip = self.strip(runs, cells)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(index)) is not None:
            strip = self._with_selection(strip, *span)
        return strip.apply_offsets(0, index)

    def on_resize(self) -> None:
        """Wrap for another width."""
        if self.cells != self.document.cells:
            self._relay_out(self.top)
        else:
            self._ensure(self.top + self.page)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Have the lines that come into sight."""
        self._ensure(int(new_value) + self.page)
        super().watch_scroll_y(old_value, new_value)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that was selected with the mouse."""
        lines = ("".join(text for text, _ in runs) for runs in self.document.lines)
        return selection.extract("\n".join(lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint what is selected."""
        self.forget_all()

    def on_click(self, event: events.Click) -> None:
        """A click on the folded line unfolds it."""
        index = event.y + self.top
        if index < len(self.document.lines) and any(look == "fold" for _, look in self.document.lines[index]):
            self.post_message(self.FoldClicked())

    def _show_hit(self) -> None:
        """Scroll to where the words are, once that is laid out; a third of the page stays above them."""
        if self.hits is None:
            return
        line = self.document.line_of(*self.hits.places[self.hits.current])
        self._to_hit = line < 0
        if self._to_hit:
            self._go_on_wrapping(0.0)
        elif not self.top <= line < self.top + self.page - 1:
            self.set_count(self.document.height())
            self.scroll_line_to_top(line - self.page // 3)

    def _relay_out(self, top: int) -> None:
        if self.cells <= 0:
            return
        self.document.lay_out(self.cells)
        self.document.ensure(top + self.page + 1)
        self.set_count(self.document.height())
        self.scroll_line_to_top(top)
        self.forget_all()
        self._to_end = False
        self._go_on_wrapping(0.03)

    def _ensure(self, lines: int) -> None:
        if len(self.document.lines) < lines and not self.document.complete:
            self.document.ensure(lines)
            self.call_later(self._update_count)

    def _go_on_wrapping(self, seconds: float) -> None:
        if not self.document.complete and not self._wrapping:
            self._wrapping = True
            self.set_timer(seconds, self._wrap_more)

    def _wrap_more(self) -> None:
        self.document.advance(SLICE)
        if self._to_hit:
            self._update_count()
            self._show_hit()
        if self.document.complete:
            self._wrapping = False
            self._update_count()
            if self._to_end:
                self.to_end()
        else:
            self.set_timer(0.02, self._wrap_more)

    def _update_count(self) -> None:
        self.set_count(self.document.height())

    def _with_selection(self, strip: Strip, start: int, end: int) -> Strip:
        look = self.screen.get_component_rich_style("screen--selection")
        text = strip.text
        end = len(text.rstrip()) if end == -1 else end
        done: list[Segment] = []
        at = 0
        for segment in strip:
            size = len(segment.text)
            first, last = max(0, start - at), min(size, end - at)
            if first < last and segment.style is not None:
                for piece, style in (
                    (segment.text[:first], segment.style),
                    (segment.text[first:last], segment.style + look),
                    (segment.text[last:], segment.style),
                ):
                    if piece:
                        done.append(Segment(piece, style))
            else:
                done.append(segment)
            at += size
        return Strip(done, strip.cell_length)
