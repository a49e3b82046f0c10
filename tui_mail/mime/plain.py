"""Plain text → Blocks: paragraphs, quotes by depth, the signature, links; format=flowed (RFC 3676) joined.

Takes safe text only, so that nothing found here can be undone by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_mail.mime.links import Links
from tui_mail.model import Block, BlockKind, Span
from tui_mail.text import SafeText

BLOCKS_LIMIT = 20_000
"""Beyond this many blocks the rest of a text is one block: a text of single letters is no letter."""

LINES_LIMIT = 200_000
"""Lines behind that many are not looked at one by one either."""

SIGNATURE_LINES = 40
"""A longer one is text that happens to follow a line of two dashes."""

_QUOTE = re.compile(r" ?>[> ]*")
_DEPTH_LIMIT = 50


def plain_blocks(text: SafeText, links: Links) -> list[Block]:
    """The blocks of a plain text whose line ends are newlines."""
    blocks: list[Block] = []
    rest: list[str] = []
    all_lines = text.split("\n", LINES_LIMIT)
    overlong = all_lines.pop() if len(all_lines) > LINES_LIMIT else ""
    for kind, depth, lines in _paragraphs(all_lines):
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            continue
        if len(blocks) >= BLOCKS_LIMIT:
            rest.extend(lines)
            continue
        blocks.append(Block(kind, links.spans(SafeText("\n".join(lines))), depth))
    if overlong.strip():
        rest.append(overlong)
    if rest:
        blocks.append(Block(BlockKind.PRE, (Span(SafeText("\n".join(rest))),)))
    return blocks


def unflowed(text: str, *, delete_space: bool) -> str:
    """format=flowed text with its soft line ends taken out, quote marks kept (RFC 3676 section 4)."""
    out: list[str] = []
    paragraph: list[str] = []
    paragraph_depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if paragraph and depth != paragraph_depth:
            out.append(_quoted("".join(paragraph), paragraph_depth))
            paragraph = []
        paragraph_depth = depth
        if content.endswith(" ") and content != "-- ":
            paragraph.append(content[:-1] if delete_space else content)
            continue
        if content == "-- " and paragraph:
            out.append(_quoted("".join(paragraph), depth))
            paragraph = []
        paragraph.append(content)
        out.append(_quoted("".join(paragraph), depth))
        paragraph = []
    if paragraph:
        out.append(_quoted("".join(paragraph), paragraph_depth))
    return "\n".join(out)


def _quoted(line: str, depth: int) -> str:
    return ">" * depth + " " + line if depth else line


def _paragraphs(lines: list[str]) -> Iterator[tuple[BlockKind, int, list[str]]]:
    """Runs of lines of one kind and depth, cut at blank lines; the signature in one piece."""
    signature = _signature_at(lines)
    run: list[str] = []
    run_depth = 0
    for number, line in enumerate(lines):
        if number == signature[0]:
            yield _kind(run_depth), run_depth, run
            yield BlockKind.SIGNATURE, 0, lines[number + 1 : signature[1]]
            run, run_depth = [], 0
        if signature[0] <= number < signature[1]:
            continue
        depth = 0
        if ">" in line[:2] and (mark := _QUOTE.match(line)):
            depth = min(mark[0].count(">"), _DEPTH_LIMIT)
            line = _content(line, mark[0])
        if depth != run_depth or not line.strip():
            yield _kind(run_depth), run_depth, run
            run, run_depth = [], depth
        if run or line.strip():
            run.append(line)
    yield _kind(run_depth), run_depth, run


def _kind(depth: int) -> BlockKind:
    return BlockKind.QUOTE if depth else BlockKind.TEXT


def _content(line: str, mark: str) -> str:
    """A quoted line behind its marks: one space belongs to them, further ones are indentation."""
    last = mark.rindex(">") + 1
    return line[last:].removeprefix(" ")


def _signature_at(lines: list[str]) -> tuple[int, int]:
    """(line of the two dashes, line behind the signature), both beyond the end when there is none."""
    for number in range(len(lines) - 1, -1, -1):
        if lines[number] == "-- ":
            end = number + 1
            while end < len(lines) and not lines[end].startswith(">"):
                end += 1
            if end - number <= SIGNATURE_LINES:
                return number, end
            break
    return len(lines), len(lines)
