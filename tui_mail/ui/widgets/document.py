"""A message as lines of a certain width, wrapped only as far as somebody looks.

What belongs here: what the reader shows, in which order and with which looks; folding; wrapping.
What must never be here: Textual, I/O. A document is made in a thread; its lines are made where they are painted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tui_mail.mime.addresses import pretends
from tui_mail.model import Address, Block, BlockKind, Link, Message, Part, Row, Span
from tui_mail.text import safe_block, safe_line
from tui_mail.ui.widgets.cells import chop, clip, width, wrap
from tui_mail.ui.widgets.keyword_text import chips
from tui_mail.ui.widgets.row_text import Calendar
from tui_mail.ui.widgets.trust_strip import sentences, strip_runs

Run = tuple[str, str]
MEASURE = 92
"""Widest line of prose, in cells: longer ones are hard to read."""
FOLD_DEPTH = 2
"""Quotes this deep are folded until asked for."""
CHUNK = 400
"""Paragraphs wrapped in one go when somebody scrolls further…"""
CHARACTERS = 40_000
"""…and characters of them: a message may be one paragraph of a million."""
LONGEST = 4_000
"""Characters of a paragraph that is laid out as one; the rest begins on a new line."""

MARKER = 9
"""Characters of a list item's marker: up to "999999. "."""
SHIFT = 1 << 32
"""More than there are characters in a paragraph."""

_HARD = "\N{NO-BREAK SPACE}"
_LOOK = {
    BlockKind.HEADING: "heading",
    BlockKind.QUOTE: "quote",
    BlockKind.SIGNATURE: "quiet",
    BlockKind.IMAGE: "quiet",
    BlockKind.NOTE: "note",
    BlockKind.RULE: "rule",
}


@dataclass(frozen=True, slots=True)
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


def message_document(
    message: Message,
    row: Row | None,
    calendar: Calendar,
    me: frozenset[str],
    *,
    all_headers: bool = False,
    reasons: bool = False,
    cards: Sequence[Paragraph] = (),
) -> Document:
    """What the reader shows of a parsed message; `cards` stand between its head and its text.

    `reasons`: with all that speaks for and against it, in sentences.
    """
    date = message.date if message.date is not None else (row.date if row else None)
    head = _heading(message.subject, message.from_, message.to + message.cc, date, calendar, me)
    head[2:2] = _odd_senders(message)
    if row is not None and (labels := chips(row.keywords, 400)):
        head.append(Paragraph(tuple(labels)))
    head += _trust(message, reasons=reasons)
    if all_headers:
        head += [_blank(), *(_header(name, value) for name, value in message.headers)]
    head += _remarks(message)
    head += [*cards, _blank()]
    body, folded, old = _body(message)
    return Document(head, body, folded, old=old)


def waiting_document(row: Row, calendar: Calendar, me: frozenset[str], words: str) -> Document:
    """What the reader shows while the body is not here: what the list knows, and why."""
    head = _heading(row.subject, row.from_, row.to, row.date, calendar, me)
    return Document([*head, _blank()], [Paragraph(((words, "quiet"),))])


def source_document(raw: bytes) -> Document:
    """The message as it came, every octet that can be shown."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    body = [Paragraph(((line, ""),) if line else (), kept=True) for line in safe_block(text).split("\n")]
    return Document([], body)


def size_label(octets: int) -> str:
    """For people: 812 B, 240 kB, 2.1 MB."""
    if octets < 1_000:
        return f"{octets} B"
    if octets < 999_500:
        return f"{octets / 1_000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB" if octets < 999_950_000 else f"{octets / 1_000_000_000:.1f} GB"


def _heading(
    subject: str, senders: Sequence[Address], to: Sequence[Address], date: int | None, calendar: Calendar,
    me: frozenset[str],
) -> list[Paragraph]:  # fmt: skip
    when = calendar.long_label(date) if date is not None else "no date"
    sender: list[Run] = []
    for one in senders[:4] or (Address(safe_line(""), safe_line("")),):
        sender += [(", ", "quiet")] if sender else []
        sender += _person(one)
    names = [("me" if one.email.lower() in me else one.name or one.email or "(nobody)") for one in to[:12]]
    more = f" and {len(to) - 12} more" if len(to) > 12 else ""
    lines = [Paragraph(((subject or "(no subject)", "subject"),)), Paragraph(tuple(sender), right=when)]
    if names:
        lines.append(Paragraph(((f"to {', '.join(names)}{more}", "quiet"),)))
    return lines


def _person(address: Address) -> list[Run]:
    if not address.name:
        return [(address.email or "(no sender)", "sender")]
    if pretends(address):
        return [(f"<{address.email or 'no address'}>", "sender"), (f" calls itself “{address.name}”", "warning")]
    return [(address.name, "sender"), (f" <{address.email}>", "quiet")]


def _odd_senders(message: Message) -> list[Paragraph]:
    lines = []
    senders = {one.email.lower() for one in message.from_}
    if message.reply_to and {one.email.lower() for one in message.reply_to} - senders:
        answers = ", ".join(one.email or one.name for one in message.reply_to[:4])
        lines.append(Paragraph(((f"answers go to {answers}", "quiet"),)))
    if len(message.from_) > 1:
        lines.append(Paragraph(((f"⚠ {len(message.from_)} senders are named", "warning"),)))
    return lines


def _trust(message: Message, *, reasons: bool) -> list[Paragraph]:
    if reasons:
        rest: tuple[Run, ...] = (("  ", ""),)
        return [Paragraph(line[1:], line[:1], rest) for line in sentences(message.trust)]
    runs = strip_runs(message)
    return [Paragraph(runs, clipped=True)] if runs else []


def _remarks(message: Message) -> list[Paragraph]:
    lines = [Paragraph((("⚠ ", "warning"), (warning, "warning"))) for warning in message.warnings]
    if message.remote_images:
        images = message.remote_images
        lines.append(Paragraph(((f"{images} remote image{'s' * (images != 1)} not loaded", "quiet"),)))
    parts = [part for part in message.attachments if not part.inline] or list(message.attachments)
    if parts:
        lines.append(Paragraph(tuple(run for part in parts[:40] for run in _part(part))))
    return lines


def _part(part: Part) -> list[Run]:
    """One attachment; its inner spaces do not break, so that a line ends after an attachment and never inside."""
    name = clip(part.filename or part.content_type or "attachment", 60).replace(" ", _HARD)
    size = size_label(part.size).replace(" ", _HARD)
    return [(f"⎘{_HARD}", "mark"), (f"{part.index}{_HARD}{name}", "part"), (f"{_HARD}{size}", "quiet"), ("   ", "")]


def _header(name: str, value: str) -> Paragraph:
    return Paragraph(((value, ""),), first=((f"{name}: ", "quiet"),), rest=(("  ", ""),))


def _blank() -> Paragraph:
    return Paragraph(())


def _body(message: Message) -> tuple[list[Paragraph], list[tuple[int, int]], list[tuple[int, int]]]:
    """The paragraphs of all blocks, which ranges of them fold, and which are nothing new."""
    body: list[Paragraph] = []
    folded: list[tuple[int, int]] = []
    old: list[tuple[int, int]] = []
    before: Block | None = None
    for block in message.blocks:
        if before is not None and _gap(before, block):
            body.append(_blank())
        start = len(body)
        body += _paragraphs(block, message.links)
        if block.kind is BlockKind.QUOTE and block.depth >= FOLD_DEPTH:
            if folded and folded[-1][1] >= start - 1:
                folded[-1] = (folded[-1][0], len(body))
            else:
                folded.append((start, len(body)))
        if block.kind in (BlockKind.QUOTE, BlockKind.SIGNATURE):
            begin = _announced(body, start) if block.kind is BlockKind.QUOTE else start
            if old and old[-1][1] >= begin - 1:
                old[-1] = (old[-1][0], len(body))
            else:
                old.append((begin, len(body)))
        before = block
    return body, folded, old


def _announced(body: Sequence[Paragraph], start: int) -> int:
    """Where a quote begins when the line above it ("On …, … wrote:") belongs to it."""
    at = start - 1
    while at >= 0 and not body[at].runs:
        at -= 1
    above = "".join(text for text, _ in body[at].runs).rstrip() if at >= 0 else ""
    names_somebody = "@" in above or any(one.isdigit() for one in above)
    return at if above.endswith(":") and names_somebody and len(above) < 200 else start


def _gap(before: Block, block: Block) -> bool:
    if before.kind is BlockKind.ITEM and block.kind is BlockKind.ITEM:
        return False
    return not (before.kind is BlockKind.QUOTE and block.kind is BlockKind.QUOTE and before.depth != block.depth)


def _paragraphs(block: Block, links: Sequence[Link] = ()) -> list[Paragraph]:
    look, spans = _LOOK.get(block.kind, ""), block.spans
    if block.kind is BlockKind.RULE:
        return [Paragraph((("─" * 24, "rule"),), kept=True)]
    first: tuple[Run, ...] = ()
    rest: tuple[Run, ...] = ()
    if block.kind is BlockKind.QUOTE:
        first = rest = (("│ " * min(8, max(1, block.depth)), "bars"),)
    elif block.kind is BlockKind.ITEM and spans:
        indent, marker = "  " * min(8, max(0, block.depth - 1)), "• "
        if len(spans) > 1 and len(spans[0].text) <= MARKER:
            marker, spans = spans[0].text, spans[1:]
        first, rest = ((f"{indent}{marker}", "mark"),), ((indent + " " * width(marker), ""),)
    elif block.kind is BlockKind.NOTE:
        first, rest = (("— ", "quiet"),), (("  ", ""),)
    kept = block.kind in (BlockKind.PRE, BlockKind.TABLE)
    paragraphs: list[Paragraph] = []
    for line in _split(spans, look, links):
        for runs in _pieces(line):
            before = first if not paragraphs else (rest if block.kind is BlockKind.ITEM else first)
            paragraphs.append(Paragraph(runs, before, rest, kept))
    return paragraphs


def _pieces(runs: tuple[Run, ...]) -> Iterable[tuple[Run, ...]]:
    """A line in pieces that are quickly laid out, parted where a space is near the end of one."""
    if sum(len(text) for text, _ in runs) <= LONGEST:
        yield runs
        return
    piece: list[Run] = []
    room = LONGEST
    for text, look in runs:
        at = 0
        while len(text) - at > room:
            space = text.rfind(" ", at + max(0, room - LONGEST // 10), at + room)
            if space < 0 and piece:  # what fits into a piece of its own is not torn
                yield tuple(piece)
            else:
                stop = at + room if space < 0 else space + 1
                yield (*piece, (text[at:stop].rstrip(" ") or " ", look))
                at = stop
            piece, room = [], LONGEST
        if at < len(text):
            piece.append((text[at:], look))
            room -= len(text) - at
    if piece:
        yield tuple(piece)


def _split(spans: Sequence[Span], look: str, links: Sequence[Link]) -> Iterable[tuple[Run, ...]]:
    """The spans as one tuple of runs per line of text."""
    line: list[Run] = []
    for span in spans:
        name = _span_look(span, look)
        pieces = span.text.split("\n")
        for number, piece in enumerate(pieces):
            if number:
                yield tuple(line)
                line = []
            if piece:
                line.append((piece, name))
        if span.link:
            line.append(_number(span.link, links))
    yield tuple(line)


def _number(number: int, links: Sequence[Link]) -> Run:
    """What stands behind a link; where it leads, if its text says something else."""
    link = links[number - 1] if number <= len(links) else None
    if link is None or not link.claims:
        return f"{_HARD}[{number}]", "number"
    from tui_mail.mime.domains import host_of  # most mail does not lie, and a start need not wait for it

    return f"{_HARD}[{number}{_HARD}⚠{_HARD}{clip(safe_line(host_of(link.url)), 60)}]", "warning"


def _span_look(span: Span, look: str) -> str:
    if span.link:
        return "link"
    if span.bold:
        return "strong"
    return "soft" if span.italic and not look else look


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
