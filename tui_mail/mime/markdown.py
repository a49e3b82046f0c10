"""Markdown → the HTML part of a message.

Only what the person wrote is Markdown. What is quoted, forwarded or the signature is text of somebody else or of
another kind, and goes in as it is: no link, picture or heading of a quoted message may come to life in ours.
Pictures are never made at all, because a remote one would report on the recipients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from tui_mail.mime.quoting import is_forward_mark

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OPENING = (
    '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"></head>\n'
    '<body style="font-family: sans-serif; line-height: 1.4">\n'
)
_CLOSING = "</body>\n</html>"
_QUOTE = '<blockquote style="margin: 0 0 0 .8ex; border-left: 2px solid #888; padding-left: 1ex">'


def html_of(text: str) -> str:
    """A whole HTML document of a typed text."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    reader.disable(["image"])
    out = [_OPENING]
    for is_markdown, depth, lines in _passages(text.split("\n")):
        if not is_markdown:
            words = "<br>\n".join(_as_it_is(line) for line in lines)
            out.append(f"{_QUOTE * depth}{words}{'</blockquote>' * depth}\n" if depth else f"<p>{words}</p>\n")
        elif any(line.strip() for line in lines):
            out.append(str(reader.render("\n".join(lines))))
    out.append(_CLOSING)
    return "".join(out)


def _as_it_is(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return "&nbsp;" * min(indent, 80) + escape(line[indent:])


def _passages(lines: list[str]) -> Iterator[tuple[bool, int, list[str]]]:
    """(is Markdown, quote depth, lines) in order; a quote mark inside a fence of code is code."""
    run: list[str] = []
    run_depth = 0
    fence = ""
    for number, line in enumerate(lines):
        if not fence and (line == "-- " or is_forward_mark(line)):
            yield not run_depth, run_depth, run
            yield False, 0, lines[number:]
            return
        opening = _FENCE.match(line)
        if fence and opening and opening[1].startswith(fence) and not line[opening.end() :].strip():
            fence = ""
        elif not fence and opening:
            fence = opening[1]
        content = line if fence else line.lstrip(">")
        depth = min(len(line) - len(content), 20)
        if depth != run_depth:
            yield not run_depth, run_depth, run
            run, run_depth = [], depth
        run.append(content.removeprefix(" ") if depth else line)
    yield not run_depth, run_depth, run
