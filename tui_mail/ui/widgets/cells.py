"""Text in columns of a terminal: how wide it is, and how to cut, fill and wrap it.

What belongs here: arithmetic of cells, with a fast way for ASCII.
What must never be here: styles, widgets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells, get_character_cell_size, set_cell_size

_UNSTEADY = re.compile(
    "\u200d[\u2600-\u27bf\U0001f000-\U0001ffff]|[\ufe0f\U0001f3fb-\U0001f3ff]"
    "|(?<![\u0600-\u0dff])\u200d|\u200d(?![\u0600-\u0dff])"
)
"""Parts of an emoji of several characters: joined ones, colours of skin, the wish for a picture; and joiners that
join nothing: they do between Arabic and Indic letters."""


_JOINING = re.compile(
    "[^\u0000-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u22ff\u2400-\u25ff"
    "\u3000-\u3029\u3030-\u3098\u309b-\ua4cf\uac00-\ud7a3\uff01-\uffdc\ufffd]"
)
"""What may be one sign together with its neighbours; Latin, Greek, Cyrillic, Kana, Han, Hangul and signs are
not."""


def steady(text: str) -> str:
    """Emoji of one character each: terminals do not agree how wide the others are, and columns would be crooked."""
    return text if text.isascii() else _UNSTEADY.sub("", text)


def width(text: str) -> int:
    """In cells."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, cells: int) -> str:
    """At most `cells` wide, with … where something was cut."""
    if cells <= 0:
        return ""
    if width(text) <= cells:
        return text
    if text.isascii():
        return text[: cells - 1].rstrip() + "…"
    return set_cell_size(text, cells - 1).rstrip() + "…"


def fit(text: str, cells: int) -> str:
    """Exactly `cells` wide: cut with …, or filled with spaces."""
    if text.isascii():
        size = len(text)
        if size <= cells:
            return text + " " * (cells - size)
        text = text[: max(0, cells - 1)].rstrip() + "…" if cells > 0 else ""
        return text + " " * (cells - len(text))
    text = clip(text, cells)
    return text + " " * (cells - cell_len(text))


def right(text: str, cells: int) -> str:
    """Exactly `cells` wide, at the right."""
    text = clip(text, cells)
    return " " * (cells - width(text)) + text


def wrap(text: str, cells: int) -> list[tuple[int, int]]:
    """Where to break one paragraph: character ranges, each at most `cells` wide, without the spaces between."""
    cells = max(1, cells)
    if width(text) <= cells:
        return [(0, len(text))]
    return _wrap_ascii(text, cells) if text.isascii() else _wrap_wide(text, cells)


def _wrap_ascii(text: str, cells: int) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    start, end = 0, len(text)
    while end - start > cells:
        at = text.rfind(" ", start + 1, start + cells + 1)
        if at <= start or not text[start:at].strip():
            lines.append((start, start + cells))
            start += cells
            continue
        stop = at
        while stop > start and text[stop - 1] == " ":
            stop -= 1
        lines.append((start, stop))
        start = at + 1
        while start < end and text[start] == " ":
            start += 1
    if start < end or not lines:
        lines.append((start, end))
    return lines


def _wrap_wide(text: str, cells: int) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    start = stop = used = 0
    for begin, end, size in _atoms(text, cells):
        if stop > start and used + (begin - stop) + size > cells:
            lines.append((start, stop))
            start, used = begin, 0
        elif stop > start:
            used += begin - stop
        else:
            used = begin - start if begin - start + size <= cells else 0
            start = start if used or begin == start else begin
        used += size
        stop = end
    if stop > start or not lines:
        lines.append((start, stop))
    return lines


def _atoms(text: str, cells: int) -> Iterator[tuple[int, int, int]]:
    """Words, and the pieces of words wider than a line: where they begin and end, and their width."""
    begin = 0
    for word in text.split(" "):
        size = width(word)
        if size <= cells:
            if word:
                yield begin, begin + len(word), size
        else:
            for start, stop in _chop_wide(word, cells):
                yield begin + start, begin + stop, width(word[start:stop])
        begin += len(word) + 1


def chop(text: str, cells: int) -> list[tuple[int, int]]:
    """Where to break a line that must keep its spaces: character ranges, each at most `cells` wide."""
    cells = max(2, cells)
    if text.isascii():
        return [(at, min(at + cells, len(text))) for at in range(0, len(text), cells)] or [(0, 0)]
    return _chop_wide(text, cells) or [(0, len(text))]


def _chop_wide(text: str, cells: int) -> list[tuple[int, int]]:
    """The same for text that is not ASCII: ten times as fast where every character stands for itself."""
    if _JOINING.search(text):
        ranges, at = list[tuple[int, int]](), 0
        for piece in chop_cells(text, cells):
            if cell_len(piece) > cells:  # joiners that join nothing mislead it
                ranges += [(at + start, at + stop) for start, stop in _chop_apart(piece, cells)]
            else:
                ranges.append((at, at + len(piece)))
            at += len(piece)
        return ranges
    return _chop_apart(text, cells)


def _chop_apart(text: str, cells: int) -> list[tuple[int, int]]:
    """Every character for itself."""
    ranges: list[tuple[int, int]] = []
    start = used = 0
    for at, one in enumerate(text):
        size = 1 if one < "\u0300" else get_character_cell_size(one)
        if used + size > cells and at > start:
            ranges.append((start, at))
            start, used = at, 0
        used += size
    if start < len(text):
        ranges.append((start, len(text)))
    return ranges
