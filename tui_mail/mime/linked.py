"""The text of a message with the addresses of its links, for what leaves the reader: in a plain text nothing stands
behind words.

What belongs here: which addresses are written out. What must never be here: the text that is shown and searched
(`parse`), where a link is a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from tui_mail.mime.links import in_ascii
from tui_mail.mime.parse import text_from
from tui_mail.model import Link, Message, Span
from tui_mail.text import SafeText

LONGEST = 200
"""Characters of an address that is written out; what newsletters count clicks with is longer.

Of one that its words lie about, the beginning is written in any case.
"""


def linked_text(message: Message) -> SafeText:
    """`Message.text`, each link's address behind its words where it was made of HTML and the words are others."""
    if not message.links or text_from(message.blocks).strip("\n") != message.text.strip("\n"):
        return message.text
    told = 0
    blocks = []
    for block in message.blocks:
        spans: list[Span] = []
        for number, group in groupby(block.spans, key=lambda span: span.link):
            same = list(group)
            words = "".join(span.text for span in same)
            address = _address(number, words, message.links) if number != told else ""
            if address:
                told = number
                end = words.rstrip()
                same = [Span(SafeText(f"{end} <{address}>{words[len(end) :]}"))]
            spans += same
        blocks.append(replace(block, spans=tuple(spans)))
    return SafeText(text_from(blocks).strip("\n"))


def _address(number: int, words: str, links: Sequence[Link]) -> str:
    """What is to stand behind the words of a link; empty when they say it themselves, or nothing is to be said."""
    link = links[number - 1] if 0 < number <= len(links) else None
    if link is None or not link.safe or not words.strip():
        return ""
    if len(link.url) > LONGEST:
        return f"{link.url[:LONGEST]}…" if link.claims else ""
    return "" if _bare(in_ascii(words.strip())) == _bare(link.url) else link.url.removeprefix("mailto:")


def _bare(url: str) -> str:
    """An address as people write it: without the scheme and the last slash."""
    for scheme in ("https://", "http://", "mailto:"):
        if url[: len(scheme)].lower() == scheme:
            url = url[len(scheme) :]
            break
    return url.rstrip("/").casefold()
