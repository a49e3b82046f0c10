"""HTML → Blocks: what a person would read, in reading order; nothing is fetched, nothing is executed.

The DOM is lexbor's, walked by us without recursion and under limits of size, nodes, depth and time. Characters
are made safe after rendering, because entities make control characters too.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from tui_mail.mime.grid import grid_of, row_is_short, tables_with_content, tags
from tui_mail.mime.links import Links
from tui_mail.mime.nesting import too_deep_at
from tui_mail.mime.pixels import is_pixel
from tui_mail.mime.runs import Runs
from tui_mail.mime.style import Sheet, hides_all, is_zero, value_of
from tui_mail.model import Block, BlockKind, Span
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

SIZE_LIMIT = 1_000_000
"""Characters of HTML that are looked at, pictures in place not counted."""
NODES_LIMIT = 200_000
SECONDS_LIMIT = 0.35
"""Of this process's computing; what else the machine does meanwhile cuts nothing short."""
BLOCKS_LIMIT = 20_000
HIDDEN_LIMIT = 50_000
"""Characters kept of what the sender made invisible…"""
PASSAGE_LIMIT = 4_000
"""…and of one passage of it."""

_TAG_LIMIT = 4_000
"""Longest tag left as it is; lexbor is quadratic in attributes per tag."""
_ATTRIBUTES_LIMIT = 500

_DATA_URI = re.compile(r"data:[\w/+.;=-]{1,100},[A-Za-z0-9+/=%]{100,}", re.IGNORECASE)
_LONG_TAG = re.compile(rf"<[a-z][^>]{{{_TAG_LIMIT},}}>?", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]{0,4000}>")
_IGNORABLE = re.compile(r"[\s\u00ad\u034f\u200b-\u200f\u2060\ufeff\u2800]+")

_SKIPPED = tags(
    "script style head title template object embed applet svg math select textarea iframe audio video canvas map "
    "noframes datalist"
)
_BLOCKS = tags(
    "address article aside body blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup li main menu nav ol p pre section summary table tbody td tfoot th thead tr "
    "ul caption legend xmp listing plaintext"
)
_BOLD = frozenset({"b", "strong", "th"})
_ITALIC = frozenset({"i", "em", "cite", "dfn", "var"})
_LISTS = frozenset({"ul", "ol", "dir", "menu"})


@dataclass(slots=True)
class HtmlView:
    """A rendered HTML part."""

    blocks: list[Block]
    hidden: int = 0
    """Passages that the sender made invisible."""
    remote_images: int = 0
    trackers: int = 0
    """How many of these nobody could see."""
    was_cut: bool = False
    """A limit was reached: there is more than what is shown."""


class _Context(NamedTuple):
    """What an element hands down to its children."""

    bold: bool = False
    italic: bool = False
    link: int = 0
    pre: bool = False
    invisible: bool = False
    sizeless: bool = False
    quote: int = 0
    lists: int = 0
    heading: bool = False
    joined: bool = False
    """Inside a table row whose cells stand side by side."""


def html_view(html: str, links: Links, *, seconds: float = SECONDS_LIMIT) -> HtmlView:
    """Render HTML text. Never raises for what a sender can write; if the walk fails, the bare text is shown."""
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    source, was_cut = _bounded(html)
    try:
        tree = LexborHTMLParser(source)
        root = tree.root
        if root is None:
            return HtmlView([], was_cut=was_cut)
        view = _Walk(tree, links).run(root, seconds)
    except (SelectolaxError, ValueError, RuntimeError, UnicodeError):
        runs = Runs(links)
        for line in unescape(_ANY_TAG.sub("\n", source)).split("\n"):
            runs.add(line)
            runs.flush(BlockKind.TEXT)
        return HtmlView(runs.blocks, was_cut=True)
    view.was_cut |= was_cut
    return view


def _bounded(html: str) -> tuple[str, bool]:
    """The HTML without what costs lexbor its linear time, and whether something to read was cut."""
    html = html.replace("\x00", "")
    if "data:" in html or "DATA:" in html:
        html = _DATA_URI.sub("data:,", html)
    was_cut = len(html) > SIZE_LIMIT
    html = _LONG_TAG.sub(_short_tag, html[:SIZE_LIMIT])
    deep = too_deep_at(html)
    if deep >= 0:
        flat = " ".join(_ANY_TAG.sub(" ", html[deep:]).split())
        html = html[:deep] + flat.replace("<", "&lt;")  # what was taken out may have stood in the middle of another tag
    return html, was_cut


def _short_tag(tag: re.Match[str]) -> str:
    text = tag[0]
    return text if text.count("=") + text.count(" ") < _ATTRIBUTES_LIMIT else text[:_TAG_LIMIT].rpartition(" ")[0] + ">"


class _Walk:
    """One pass over the tree, depth first, by its own pointers."""

    def __init__(self, tree: object, links: Links) -> None:
        self.links = links
        self.runs = Runs(links)
        self.sheet = Sheet()
        self.contexts: list[_Context] = [_Context()]
        self.counters: list[int] = []
        self.marker = ""
        self.hidden = 0
        self.hidden_room = HIDDEN_LIMIT
        self.hidden_texts: list[SafeText] = []
        self.remote = self.trackers = 0
        self.rich: set[int] = set()
        self.in_joined_cell = False

    def run(self, root: LexborNode, seconds: float) -> HtmlView:
        for element in root.css("style"):
            self.sheet.read(element.text(deep=True) or "")
        self.rich = tables_with_content(root)
        for image in root.css("img"):
            attributes = image.attributes
            if (attributes.get("src") or attributes.get("srcset") or "").strip().lower().startswith(_REMOTE):
                self.remote += 1
                self.trackers += is_pixel(attributes)
        deadline = time.process_time() + seconds
        node: LexborNode | None = root
        count = 0
        was_cut = False
        while node is not None:
            count += 1
            if count > NODES_LIMIT or (not count & 255 and time.process_time() > deadline):
                was_cut = True
                break
            if len(self.runs.blocks) > BLOCKS_LIMIT:
                was_cut = True
                break
            if self.enter(node) and node.child is not None:
                node = node.child
                continue
            node = self.following(node, root)
        self.flush()
        return HtmlView(self.runs.blocks, self.hidden, self.remote, self.trackers, was_cut)

    def following(self, node: LexborNode, root: LexborNode) -> LexborNode | None:
        """The next node in reading order after `node` and its children; leaves what ends on the way."""
        current: LexborNode | None = node
        while current is not None:
            if current.is_element_node:
                self.leave(current)
            if current.mem_id == root.mem_id:
                return None
            if current.next is not None:
                return current.next
            current = current.parent
        return None

    def enter(self, node: LexborNode) -> bool:
        """Take a node in; True if its children are to be read."""
        context = self.contexts[-1]
        if node.is_text_node:
            self.text(node.text_content or "", context)
            return False
        if not node.is_element_node:
            return node.is_document_node
        tag = node.tag or ""
        attributes = node.attributes
        self.contexts.append(context)
        if tag in _SKIPPED:
            return False
        style = self.sheet.style_of(tag, attributes) if attributes or self.sheet else None
        if "hidden" in attributes or (style and hides_all(style)):
            self.hide(node.text(deep=True))
            return False
        if tag == "img":
            self.image(attributes)
            return False
        if tag == "br":
            self.runs.line_break()
            return False
        if tag == "hr":
            self.flush()
            self.runs.rule()
            return False
        if tag == "table" and self.table(node, attributes):
            return False
        changed = self.changed(node, tag, attributes, context)
        if style:
            changed = _styled(changed, style)
        self.contexts[-1] = changed
        return True

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        context = self.contexts[-1]
        if tag in _BLOCKS and not (context.joined and tag in {"td", "th"}):
            self.flush()
        elif tag == "q":
            self.runs.add("”", context.bold, context.italic, context.link)
        elif tag == "a":
            self.runs.end_link()
        self.contexts.pop()
        if tag in _LISTS and self.counters:
            self.counters.pop()

    def changed(self, node: LexborNode, tag: str, attributes: dict[str, str | None], context: _Context) -> _Context:
        """The context inside an element, after the breaks that it makes."""
        if tag in _BLOCKS:
            if context.joined and tag in {"td", "th"}:
                self.runs.gap()
            else:
                self.flush()
        if tag in _BOLD:
            return context._replace(bold=True)
        if tag in _ITALIC:
            return context._replace(italic=True)
        if tag == "a":
            number = self.links.add(attributes.get("href") or "")
            return context._replace(link=number) if number else context
        if tag == "blockquote":
            indents = "border:none" in (attributes.get("style") or "").lower().replace(" ", "")
            return context if indents else context._replace(quote=context.quote + 1)
        if tag in _LISTS:
            self.counters.append(_start(attributes) if tag == "ol" else -1)
            return context._replace(lists=context.lists + 1)
        if tag == "li":
            self.marker = self.next_marker()
        elif tag in {"pre", "xmp", "listing", "plaintext"}:
            return context._replace(pre=True)
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            return context._replace(heading=True)
        elif tag == "q":
            self.runs.add("“", context.bold, context.italic, context.link)
        elif tag == "tr":
            return context._replace(joined=self.may_join(node))
        elif tag in {"td", "table"} and (tag == "table" or not context.joined):
            return context._replace(joined=False)
        return context

    def next_marker(self) -> str:
        if not self.counters or self.counters[-1] < 0:
            return "• "
        self.counters[-1] += 1
        return f"{self.counters[-1] - 1}. "

    def may_join(self, row: LexborNode) -> bool:
        table = row.parent
        while table is not None and table.tag != "table":
            table = table.parent
        return table is not None and table.mem_id not in self.rich and row_is_short(row)

    def table(self, node: LexborNode, attributes: dict[str, str | None]) -> bool:
        """Draw a data table as a grid; False if it is layout."""
        if node.mem_id in self.rich or attributes.get("role") == "presentation" or self.contexts[-1].invisible:
            return False
        spans = grid_of(node, self.sheet, self.links)
        if spans is None:
            return False
        self.flush()
        self.runs.blocks.append(Block(BlockKind.TABLE, spans, self.contexts[-1].quote))
        return True

    def text(self, text: str, context: _Context) -> None:
        if context.invisible or context.sizeless:
            self.hide(text)
        elif context.pre:
            self.runs.add_verbatim(text, context.bold, context.italic, context.link)
        else:
            self.runs.add(text, context.bold, context.italic, context.link)

    def hide(self, text: str) -> None:
        if len(_IGNORABLE.sub("", text)) > 2:
            self.hidden += 1
            if self.hidden_room > 0:
                kept = safe_line(" ".join(text[: 2 * PASSAGE_LIMIT].split()), PASSAGE_LIMIT)
                self.hidden_room -= len(kept) + 1
                self.hidden_texts.append(kept)

    def image(self, attributes: dict[str, str | None]) -> None:
        context = self.contexts[-1]
        if context.invisible or is_pixel(attributes):
            return
        alt = safe_line(" ".join((attributes.get("alt") or "").split()), 300).strip()
        if alt:
            self.runs.picture(f"[{alt}]", context.link)

    def flush(self) -> None:
        context = self.contexts[-1]
        kind, depth = BlockKind.TEXT, 0
        if context.pre:
            kind = BlockKind.PRE
        elif context.heading:
            kind = BlockKind.HEADING
        if self.marker and self.runs:
            kind, depth = BlockKind.ITEM, max(context.lists, 1)
        if context.quote:
            kind, depth = BlockKind.QUOTE, context.quote
        if self.runs.flush(kind, depth, self.marker):
            self.marker = ""
        if self.hidden_texts:
            self.runs.blocks.append(Block(BlockKind.HIDDEN, (Span(SafeText("\n".join(self.hidden_texts))),)))
            self.hidden_texts = []


_REMOTE = ("http:", "https:", "//")


def _styled(context: _Context, style: dict[str, str]) -> _Context:
    visibility = value_of(style, "visibility")
    if visibility and (visibility in {"hidden", "collapse"}) != context.invisible:
        context = context._replace(invisible=not context.invisible)
    size = value_of(style, "font-size")
    if size and is_zero(size) != context.sizeless:
        context = context._replace(sizeless=not context.sizeless)
    weight = value_of(style, "font-weight")
    if weight in {"bold", "bolder", "600", "700", "800", "900"} and not context.bold:
        context = context._replace(bold=True)
    elif weight in {"normal", "400", "300"} and context.bold:
        context = context._replace(bold=False)
    if value_of(style, "font-style") in {"italic", "oblique"} and not context.italic:
        context = context._replace(italic=True)
    if value_of(style, "white-space") in {"pre", "pre-wrap"} and not context.pre:
        context = context._replace(pre=True)
    return context


def _start(attributes: dict[str, str | None]) -> int:
    start = attributes.get("start") or "1"
    return int(start) if start.isdecimal() and len(start) < 7 else 1
