"""Tables: telling the few that hold data from the many that hold a layout, and drawing the few."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from tui_mail.mime.links import Links
from tui_mail.mime.style import Sheet, hides_all, is_zero, value_of
from tui_mail.model import Span
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

ROWS_LIMIT = 300
CELL_LIMIT = 40
"""Widest cell of a grid, in columns."""
WIDTH_LIMIT = 100
_NODES_LIMIT = 6_000
_ROW_LIMIT = 80
_UNSEEN = re.compile("[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]+")


def tags(names: str) -> frozenset[str]:
    """A set of element names, out of words."""
    return frozenset(names.split())


_BREAKING = tags("p div ul ol li h1 h2 h3 h4 h5 h6 br blockquote pre hr center img table form")


def tables_with_content(root: LexborNode) -> set[int]:
    """The mem_id of every table that holds another table or an image: those are layout."""
    rich: set[int] = set()
    for inner in root.css("table, img")[:20_000]:
        node = inner.parent
        steps = 0
        while node is not None and steps < 300:
            if node.tag == "table":
                rich.add(node.mem_id)
                break
            node = node.parent
            steps += 1
    return rich


def row_is_short(row: LexborNode) -> bool:
    """Whether the cells of a layout row can stand side by side on one line."""
    cells = 0
    length = 0
    for number, node in enumerate(row.traverse(include_text=True)):
        if number > 60:
            return False
        if node.is_text_node:
            length += len((node.text_content or "").strip())
        elif node.tag in {"td", "th"}:
            cells += 1
        elif node.tag in _BREAKING:
            return False
    return cells >= 2 and length <= _ROW_LIMIT


def grid_of(table: LexborNode, sheet: Sheet, links: Links) -> tuple[Span, ...] | None:
    """The table as lines of padded cells; None unless it is a table of data (≥ 2 rows, ≥ 2 columns, short text)."""
    rows = _cells(table, sheet)
    if rows is None or len(rows) < 2 or max(map(len, rows)) < 2 or sum(len(row) > 1 for row in rows) < 2:
        return None
    widths = [0] * max(map(len, rows))
    for row in rows:
        for column, (text, _, _) in enumerate(row):
            widths[column] = max(widths[column], _width(text))
    if sum(widths) + 2 * len(widths) > WIDTH_LIMIT or max(widths) > CELL_LIMIT:
        return None
    spans: list[Span] = []
    for number, row in enumerate(rows):
        if number:
            spans.append(Span(SafeText("\n")))
        for column, (text, is_head, href) in enumerate(row):
            spans.append(Span(text, bold=is_head, link=links.add(href, text) if href else 0))
            if column < len(row) - 1:
                spans.append(Span(SafeText(" " * (widths[column] - _width(text) + 2))))
    return tuple(span for span in spans if span.text)


def _cells(table: LexborNode, sheet: Sheet) -> list[list[tuple[SafeText, bool, str]]] | None:
    """Rows of (text, is a heading, link); None when a cell holds more than a line of text and a link."""
    rows: list[list[tuple[SafeText, bool, str]]] = []
    texts: list[str] = []
    is_head = False
    href = ""

    def end_cell() -> None:
        nonlocal texts, href
        if rows and texts is not _NO_CELL:
            rows[-1].append((safe_line(" ".join(_UNSEEN.sub("", "".join(texts)).split())), is_head, href))
        texts, href = _NO_CELL, ""

    texts = _NO_CELL
    for number, node in enumerate(table.traverse(include_text=True)):
        if number > _NODES_LIMIT or len(rows) > ROWS_LIMIT:
            return None
        if node.is_text_node:
            if texts is not _NO_CELL:
                texts.append(node.text_content or "")
            continue
        tag = node.tag
        if not node.is_element_node:
            continue
        attributes = node.attributes
        style = sheet.style_of(tag or "", attributes)
        if "hidden" in attributes or (style and _conceals(style)):
            return None
        if tag == "tr":
            end_cell()
            rows.append([])
        elif tag in {"td", "th"}:
            end_cell()
            if (attributes.get("rowspan") or "1") != "1":
                return None
            texts, is_head = [], tag == "th"
        elif tag == "a":
            if href:
                return None
            href = attributes.get("href") or ""
        elif (tag in _BREAKING or tag == "caption") and node.mem_id != table.mem_id:
            return None
    end_cell()
    return [row for row in rows if any(text for text, _, _ in row)]


_NO_CELL: list[str] = []


def _conceals(style: dict[str, str]) -> bool:
    return hides_all(style) or is_zero(value_of(style, "font-size")) or value_of(style, "visibility") == "hidden"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
