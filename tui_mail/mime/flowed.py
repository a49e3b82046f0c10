"""Typed text → format=flowed lines (RFC 3676), the counterpart of `plain.unflowed`.

A line as typed is a paragraph: it is broken with a soft line end (a space at its end) where it is long, so that
every reader shows it well, a phone included. Nothing else is changed: quotes keep their lines, words are never
cut, so a URL stays whole whatever its length.
"""

from __future__ import annotations

WIDTH = 72
"""Characters of a line up to its soft end."""

LONGEST = 78
"""Lines up to this length are left as they are."""

SIGNATURE = "-- "


def flowed(text: str) -> str:
    """`text` (LF line ends, no soft breaks) as flowed lines with LF between them; DelSp=no."""
    out: list[str] = []
    for line in text.split("\n"):
        if line == SIGNATURE:
            out.append(line)
            continue
        content = line.lstrip(">")
        marks = line[: len(line) - len(content)]
        content = content.rstrip(" ")
        if marks:
            content = content.removeprefix(" ")
        prefix = marks + " " if marks else ""
        if len(prefix) + len(content) <= LONGEST:
            out.append(_stuffed(content, prefix))
        else:
            out.extend(_stuffed(piece, prefix) for piece in _pieces(content, max(WIDTH - len(prefix), WIDTH // 2)))
    return "\n".join(out)


def _stuffed(content: str, prefix: str) -> str:
    """RFC 3676 section 4.4: a space before what would be read as a quote, as stuffing, or as an mbox From line."""
    if prefix:
        return prefix + content if content else prefix[:-1]
    if content.startswith((" ", ">", "From ")):
        return " " + content
    return content


def _pieces(content: str, width: int) -> list[str]:
    """The line cut behind spaces; every piece but the last ends with one, and none is a signature's dashes."""
    pieces: list[str] = []
    start = 0
    length = len(content)
    while length - start > width:
        end = content.rfind(" ", start, start + width)
        if end < start or not content[start:end].strip(" ") or content[start : end + 1] == SIGNATURE:
            end = content.find(" ", start + width)
            if end < 0:
                break
        pieces.append(content[start : end + 1])
        start = end + 1
    pieces.append(content[start:])
    return pieces
