"""Paragraphs as lines of a certain width, wrapped only as far as somebody looks.

What belongs here: folding, wrapping. What a message is made of is in `message_document`.
What must never be here: Textual, I/O. A document is made in a thread; its lines are made where they are painted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tui_mail.records import frozen
from tui_mail.ui.widgets.cells import chop, clip, width, wrap

Run = tuple[str, str]
MEASURE = 92
"""Widest line of prose, in cells: longer ones are hard to read."""
CHUNK = 400
"""Paragraphs wrapped in one go when somebody scrolls further…"""
CHARACTERS = 40_000
"""…and characters of them: a message may be one paragraph of a million."""

SHIFT = 1 << 32
"""More than there are characters in a paragraph."""


@frozen
class Paragraph:
    """Text without a newline, and how it is laid out."""

    runs: tuple[Run, ...]
    first: tuple[Run, ...] = ()
    """What stands before the first line…"""
    rest: tuple[Run, ...] = ()
    """…and before the others, equally wide."""
    kept: bool = False
    """Not to be wrapped at words (preformatted): broken only where the pane ends."""
    right: str = ""
    """Stands at the right end of the first line."""
    fold: int = 0
    """Number of the fold that this line opens, from 1."""
    clipped: bool = False
    """One line, whatever does not fit."""


@dataclass
class Document:
    """Paragraphs, and the lines made of them so far."""

    head: Sequence[Paragraph]
    body: Sequence[Paragraph]
    folded: Sequence[tuple[int, int]] = ()
    """Ranges of `body` that are hidden while folded."""
    unfolded: bool = False
    old: Sequence[tuple[int, int]] = ()
    """Ranges of `body` that are nothing new: quotes of every depth, the line above them, signatures."""
    only_new: bool = False
    """Those are hidden instead."""
    cells: int = 0
    lines: list[list[Run]] = field(default_factory=list)
    _places: array[int] = field(default_factory=lambda: array("q"))
    """Of each line: its paragraph among those laid out, times SHIFT, and where in its text the line begins."""
    _queue: list[Paragraph] = field(default_factory=list)
    _next: int = 0

    def lay_out(self, cells: int) -> None:
        """Begin anew for another width."""
        self.cells = cells
        self.lines, self._places = [], array("q")
        self._next = 0
        self._queue = [*self.head, *self._visible_body()]

    @property
    def complete(self) -> bool:
        """True when every line has been made."""
        return self._next >= len(self._queue)

    @property
    def paragraphs(self) -> Sequence[Paragraph]:
        """What is laid out, folded passages as one line each."""
        return self._queue

    def place_of(self, line: int) -> tuple[int, int]:
        """The paragraph that a line shows, and where in its text it begins; the very first for what is no line."""
        return divmod(self._places[line], SHIFT) if line < len(self._places) else (0, 0)

    def line_of(self, paragraph: int, at: int) -> int:
        """The line that shows a character of a paragraph; -1 while that one is not laid out."""
        if paragraph >= self._next:
            return -1
        return bisect_right(self._places, paragraph * SHIFT + at) - 1

    def height(self) -> int:
        """Lines there are, those not made yet estimated as one per paragraph."""
        return len(self.lines) + len(self._queue) - self._next

    def ensure(self, lines: int) -> None:
        """Make at least so many lines, if there are."""
        while len(self.lines) < lines and not self.complete:
            self.advance(CHUNK)

    def advance(self, paragraphs: int) -> None:
        """Make the lines of some more paragraphs, at most so many, and not much more than CHARACTERS."""
        stop, left = min(len(self._queue), self._next + paragraphs), CHARACTERS
        while self._next < stop and left > 0:
            paragraph = self._queue[self._next]
            for at, line in _wrapped(paragraph, self.cells):
                self.lines.append(line)
                self._places.append(self._next * SHIFT + at)
            left -= sum(len(text) for text, _ in paragraph.runs)
            self._next += 1

    def _visible_body(self) -> Iterable[Paragraph]:
        hidden = self.old if self.only_new else () if self.unfolded else self.folded
        if not hidden:
            return self.body
        shown: list[Paragraph] = []
        at = 0
        for start, stop in hidden:
            shown.extend(self.body[at:start])
            lines = sum(1 for one in self.body[start:stop] if one.runs)
            shown.append(Paragraph(((f"▸ {lines} earlier line{'s' * (lines != 1)}", "fold"),), fold=1))
            at = stop
        shown.extend(self.body[at:])
        return shown


def _wrapped(paragraph: Paragraph, cells: int) -> Iterable[tuple[int, list[Run]]]:
    """The lines of a paragraph, and where in its text each begins."""
    if not paragraph.runs:
        yield 0, list(paragraph.first)
        return
    before = sum(width(text) for text, _ in paragraph.first)
    room = max(8, (cells if paragraph.kept else min(cells, MEASURE)) - before)
    if paragraph.right:
        yield from _with_right(paragraph, cells)
        return
    if paragraph.clipped:
        yield 0, list(_clipped(paragraph.runs, cells))
        return
    text = paragraph.runs[0][0] if len(paragraph.runs) == 1 else "".join(text for text, _ in paragraph.runs)
    ranges = chop(text, room) if paragraph.kept else wrap(text, room)
    ends = list(accumulate(len(text) for text, _ in paragraph.runs))
    for number, (start, stop) in enumerate(ranges):
        prefix = paragraph.first if number == 0 else paragraph.rest
        yield start, [*prefix, *_cut(paragraph.runs, ends, start, stop)]


def _with_right(paragraph: Paragraph, cells: int) -> Iterable[tuple[int, list[Run]]]:
    """Like a line of a letterhead: something at the left, and `right` at the right end, or below if it is crowded."""
    used = sum(width(text) for text, _ in paragraph.runs)
    line = min(cells, max(MEASURE, used))
    gap = line - used - width(paragraph.right)
    if gap >= 2:
        yield 0, [*paragraph.runs, (" " * gap, ""), (paragraph.right, "quiet")]
        return
    yield from _wrapped(Paragraph(paragraph.runs), cells)
    yield used, [(paragraph.right, "quiet")]


def _clipped(runs: Sequence[Run], cells: int) -> Iterable[Run]:
    for text, look in runs:
        yield clip(text, cells), look
        cells -= width(text)
        if cells <= 0:
            return


def _cut(runs: Sequence[Run], ends: Sequence[int], start: int, stop: int) -> Iterable[Run]:
    """The characters from `start` to `stop`; `ends`: where each run ends."""
    if len(runs) == 1:
        yield runs[0][0][start:stop], runs[0][1]
        return
    for number in range(bisect_right(ends, start), len(runs)):
        text, look = runs[number]
        at = ends[number] - len(text)
        if at >= stop:
            return
        yield text[max(0, start - at) : stop - at], look
