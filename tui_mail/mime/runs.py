"""Runs of styled text on their way to a Block: white space collapsed as HTML does, then made safe."""

from __future__ import annotations

import re

from tui_mail.mime.links import Links
from tui_mail.model import Block, BlockKind, Span
from tui_mail.text import SafeText, safe_block

_UNSEEN = re.compile("[\u00ad\u034f\u200b\u200e\u200f\u2060-\u2064\ufeff\u2800]+")
_SPACE = re.compile("\\s[\\s\u200c\u200d]*")


class Runs:
    """Collects the text of one block after the other."""

    def __init__(self, links: Links) -> None:
        self.blocks: list[Block] = []
        self._links = links
        self._runs: list[tuple[str, bool, bool, int]] = []
        self._ends_with_space = True
        self._has_words = False
        self._has_picture = False
        self._is_verbatim = False

    def __bool__(self) -> bool:
        return self._has_words or self._has_picture

    def add(self, text: str, bold: bool = False, italic: bool = False, link: int = 0) -> None:
        """Text in which white space is only space."""
        if not text.isascii():
            text = _UNSEEN.sub("", text)
        text = _SPACE.sub(" ", text)
        if self._ends_with_space:
            text = text.lstrip(" ")
        if not text:
            return
        self._ends_with_space = text.endswith(" ")
        self._has_words = self._has_words or text != " "
        self._runs.append((text, bold, italic, link))

    def add_verbatim(self, text: str, bold: bool = False, italic: bool = False, link: int = 0) -> None:
        """Text in which every space counts."""
        if not text:
            return
        self._runs.append((text.replace("\xa0", " "), bold, italic, link))
        self._is_verbatim = True
        self._has_words = self._has_words or not text.isspace()

    def picture(self, words: str, link: int = 0) -> None:
        """What stands for an image."""
        if not self._ends_with_space:
            self._runs.append((" ", False, False, 0))
        self._runs.append((words, False, False, link))
        self._runs.append((" ", False, False, 0))
        self._ends_with_space = True
        self._has_picture = True

    def line_break(self) -> None:
        """A line ends, the block does not."""
        if self._runs:
            text, bold, italic, link = self._runs[-1]
            if text.endswith(" ") and not self._is_verbatim:
                self._runs[-1] = (text[:-1], bold, italic, link)
            self._runs.append(("\n", False, False, 0))
            self._ends_with_space = True

    def gap(self) -> None:
        """The space between two cells of a row."""
        if self._runs:
            self._runs.append(("  ", False, False, 0))
            self._ends_with_space = True

    def end_link(self) -> None:
        """Nothing joins across the end of a link."""
        if self._runs and self._runs[-1][3]:
            number = self._runs[-1][3]
            words = []
            for text, _, _, link in reversed(self._runs):
                if link != number:
                    break
                words.append(text)
            self._links.name(number, "".join(reversed(words)))

    def rule(self) -> None:
        """A line across."""
        if self.blocks and self.blocks[-1].kind is not BlockKind.RULE:
            self.blocks.append(Block(BlockKind.RULE, ()))

    def flush(self, kind: BlockKind, depth: int = 0, marker: str = "") -> bool:
        """End the block; False when there was nothing in it."""
        runs, has_words, has_picture = self._runs, self._has_words, self._has_picture
        is_verbatim = self._is_verbatim
        self._runs = []
        self._ends_with_space, self._has_words, self._has_picture, self._is_verbatim = True, False, False, False
        if not has_words and not has_picture:
            return False
        if not has_words and kind is BlockKind.TEXT:
            kind = BlockKind.IMAGE
        if is_verbatim and kind is BlockKind.TEXT:
            kind = BlockKind.PRE
        spans = [Span(SafeText(marker))] if marker else []
        spans += _spans(runs, is_verbatim)
        if len(spans) == bool(marker):
            return False
        self.blocks.append(Block(kind, self._with_bare_links(spans), depth))
        return True

    def _with_bare_links(self, spans: list[Span]) -> tuple[Span, ...]:
        """Addresses that stand in the text without an <a> are links too."""
        out: list[Span] = []
        for span in spans:
            if span.link or "://" not in span.text:
                out.append(span)
                continue
            out += [Span(piece.text, span.bold, span.italic, piece.link) for piece in self._links.spans(span.text)]
        return tuple(out)


def _spans(runs: list[tuple[str, bool, bool, int]], is_verbatim: bool) -> list[Span]:
    """Neighbours of one style joined, blank lines folded, the ends stripped, everything safe."""
    styles: list[tuple[bool, bool, int]] = []
    texts: list[list[str]] = []
    line_is_blank, blank_lines = True, 0
    for text, bold, italic, link in runs:
        if text == "\n" and not is_verbatim:
            if line_is_blank:
                blank_lines += 1
                if blank_lines > 1:
                    continue
            line_is_blank = True
        elif text.strip():
            line_is_blank, blank_lines = False, 0
        if styles and styles[-1] == (bold, italic, link):
            texts[-1].append(text)
        else:
            styles.append((bold, italic, link))
            texts.append([text])
    return _stripped([Span(safe_block("".join(pieces)), *style) for pieces, style in zip(texts, styles, strict=True)])


def _stripped(spans: list[Span]) -> list[Span]:
    while spans and not spans[0].text.strip():
        spans.pop(0)
    while spans and not spans[-1].text.strip():
        spans.pop()
    if spans:
        last = spans[-1]
        spans[-1] = Span(SafeText(last.text.rstrip()), last.bold, last.italic, last.link)
        first = spans[0]
        spans[0] = Span(SafeText(first.text.lstrip("\n")), first.bold, first.italic, first.link)
    return spans
