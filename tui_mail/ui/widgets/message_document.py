"""A parsed message as a Document: its head, what speaks for and against it, its blocks as paragraphs.

What belongs here: what the reader shows of a message, in which order and with which looks. What must never be here:
Textual, I/O, laying out (`document`). It is made in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_mail.mime.addresses import pretends
from tui_mail.model import Address, Block, BlockKind, Link, Message, Part, Row, Span
from tui_mail.sizes import size_label
from tui_mail.text import safe_block, safe_line
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.document import Document, Paragraph, Run
from tui_mail.ui.widgets.earlier import with_earlier
from tui_mail.ui.widgets.keyword_text import chips
from tui_mail.ui.widgets.row_text import Calendar
from tui_mail.ui.widgets.trust_strip import sentences, strip_runs

FOLD_DEPTH = 2
"""Quotes this deep are folded until asked for."""
LONGEST = 4_000
"""Characters of a paragraph that is laid out as one; the rest begins on a new line."""
FILES = 40
"""Attachments named; how many more there are is said behind them."""
MARKER = 9
"""Characters of a list item's marker: up to "999999. "."""
_VEIL = "▒"
"""Stands before what the sender made invisible."""
_HARD = "\N{NO-BREAK SPACE}"
_LOOK = {
    BlockKind.HEADING: "heading",
    BlockKind.QUOTE: "quote",
    BlockKind.SIGNATURE: "quiet",
    BlockKind.IMAGE: "quiet",
    BlockKind.NOTE: "note",
    BlockKind.HIDDEN: "quiet",
    BlockKind.RULE: "rule",
}


def message_document(
    message: Message,
    row: Row | None,
    calendar: Calendar,
    me: frozenset[str],
    *,
    all_headers: bool = False,
    reasons: bool = False,
    hidden: bool = False,
    cards: Sequence[Paragraph] = (),
    tail: Sequence[Paragraph] = (),
    files_key: str = "",
) -> Document:
    """What the reader shows of a parsed message; `cards` stand between its head and its text, `tail` below that.

    `reasons`: with all that speaks for and against it, in sentences; `hidden`: with what its sender made invisible;
    `files_key`: lists all attachments, where there are more than are named.
    """
    date = message.date if message.date is not None else (row.date if row else None)
    head = _heading(message.subject, message.from_, message.to + message.cc, date, calendar, me)
    head[2:2] = _odd_senders(message)
    if row is not None and (labels := chips(row.keywords, 400)):
        head.append(Paragraph(tuple(labels)))
    head += _trust(message, reasons=reasons)
    if all_headers:
        head += [_blank(), *(_header(name, value) for name, value in message.headers)]
    head += _remarks(message, files_key)
    head += [*cards, _blank()]
    body, folded, old = _body(message, hidden=hidden)
    if message.hidden:
        body += [_blank(), Paragraph(((_hidden_words(message.hidden, hidden), "note"),), (("— ", "quiet"),))]
    return Document(head, [*body, *tail], folded, old=old)


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


def _heading(
    subject: str, senders: Sequence[Address], to: Sequence[Address], date: int | None, calendar: Calendar,
    me: frozenset[str],
) -> list[Paragraph]:  # fmt: skip
    when = calendar.long_label(date) if date is not None else "no date"
    sender: list[Run] = []
    for one in senders[:4] or (Address(safe_line(""), safe_line("")),):
        sender += [(", ", "quiet")] if sender else []
        sender += _person(one)
    people = _once(to, me)
    names = [("me" if one.email.lower() in me else one.name or one.email or "(nobody)") for one in people[:12]]
    more = f" and {len(people) - 12} more" if len(people) > 12 else ""
    lines = [Paragraph(((subject or "(no subject)", "subject"),)), Paragraph(tuple(sender), right=when)]
    if names:
        lines.append(Paragraph(((f"to {', '.join(names)}{more}", "quiet"),)))
    return lines


def _once(people: Sequence[Address], me: frozenset[str]) -> list[Address]:
    """Everybody once, whoever reads this too, under however many addresses."""
    found: dict[str, Address] = {}
    for one in people:
        email = one.email.lower()
        found.setdefault("me" if email in me else email or one.name, one)
    return list(found.values())


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


def _remarks(message: Message, files_key: str) -> list[Paragraph]:
    lines = [Paragraph((("⚠ ", "warning"), (warning, "warning"))) for warning in message.warnings]
    if message.away:
        lines.append(Paragraph((("⇣ ", "mark"), (message.away, "quiet"))))
    if message.remote_images:
        images = message.remote_images
        lines.append(Paragraph(((f"{images} remote image{'s' * (images != 1)} not loaded", "quiet"),)))
    parts = [part for part in message.attachments if not part.inline] or list(message.attachments)
    if parts:
        lines.append(Paragraph((*(run for part in parts[:FILES] for run in _part(part)), *_more(parts, files_key))))
    return lines


def _more(parts: Sequence[Part], key: str) -> list[Run]:
    """How many attachments are not named, and the key that lists them."""
    if len(parts) <= FILES:
        return []
    more: list[Run] = [(f"and {len(parts) - FILES:,} more".replace(" ", _HARD), "quiet")]
    return [*more, (f"{_HARD}·{_HARD}", "quiet"), (key, "link")] if key else more


def _part(part: Part) -> list[Run]:
    """One attachment; its inner spaces do not break, so that a line ends after an attachment and never inside."""
    name = clip(part.filename or part.content_type or "attachment", 60).replace(" ", _HARD)
    size = (size_label(part.size) + (" on the server" if part.away else "")).replace(" ", _HARD)
    return [(f"⎘{_HARD}", "mark"), (f"{part.index}{_HARD}{name}", "part"), (f"{_HARD}{size}", "quiet"), ("   ", "")]


def _header(name: str, value: str) -> Paragraph:
    return Paragraph(((value, ""),), first=((f"{name}: ", "quiet"),), rest=(("  ", ""),))


def _blank() -> Paragraph:
    return Paragraph(())


def _hidden_words(number: int, shown: bool) -> str:
    passages = f"{number} hidden passage{'s' * (number != 1)}"
    be = "is" if number == 1 else "are"
    return (
        f"{passages}, marked {_VEIL} above: the sender made them invisible" if shown else f"{passages} {be} not shown."
    )


def _body(
    message: Message, *, hidden: bool = False
) -> tuple[list[Paragraph], list[tuple[int, int]], list[tuple[int, int]]]:
    """The paragraphs of all blocks, which ranges of them fold, and which are nothing new."""
    body: list[Paragraph] = []
    folded: list[tuple[int, int]] = []
    old: list[tuple[int, int]] = []
    before: Block | None = None
    for block in message.blocks:
        if block.kind is BlockKind.HIDDEN and not hidden:
            continue
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
    return body, folded, with_earlier(old, body, message.subject)


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
    elif block.kind is BlockKind.HIDDEN:
        first, rest = ((f"{_VEIL} hidden by the sender: ", "warning"),), ((f"{_VEIL} ", "warning"),)
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
