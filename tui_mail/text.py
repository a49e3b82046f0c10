"""Making untrusted text safe to show. Every string that came from a server or a message passes here once.

What belongs here: deciding which characters may reach a terminal, and which links may be opened.
What must never be here: I/O, widths and colours (the screen's business), or knowledge of messages.

A terminal obeys control characters, and a reader obeys what looks like text. So C0, C1 and DEL, the
bidirectional overrides and every other format character that reorders or hides text are replaced by a
visible mark or dropped. `SafeText` is the type that the screen accepts; only this module makes it.
"""

from __future__ import annotations

import re
from typing import NewType
from unicodedata import category

SafeText = NewType("SafeText", str)
"""Text without a character that a terminal obeys. One line unless it came from `safe_block`."""

PLACEHOLDER = "�"
"""Stands where a dangerous character stood, so that the reader sees that something was there."""

LINE_LIMIT = 2_000
"""Longest one-line text kept, in characters; a header of a megabyte is an attack, not a subject."""

MARKS_LIMIT = 4
"""Most combining marks kept on one character: enough for Vietnamese and Hebrew, too few to flood a screen."""

_SHOWN = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
_DROPPED = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u3164"
    "\ufeff\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BREAKS = "\t\n\x0b\x0c\r\x85\u2028\u2029"
_MARK_RUN = f"[^\\w\\s!-~]{{{MARKS_LIMIT + 1}}}"
"""Combining marks are no word characters, and five in a row are rare enough to be looked at one by one."""

_UNSAFE_LINE = re.compile(f"[{_SHOWN}{_DROPPED}{_BREAKS}\ud800-\udfff]|{_MARK_RUN}")
_UNSAFE_BLOCK = re.compile(f"[{_SHOWN}{_DROPPED}\t\x0b\x0c\r\x85\u2028\u2029\ud800-\udfff]|{_MARK_RUN}")
_BREAK_RUN = re.compile(f"[{_BREAKS}]+[ ]*")
_BLOCK_BREAK = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_TO_PLACEHOLDER = re.compile(f"[{_SHOWN}\ud800-\udfff]")
_TO_NOTHING = re.compile(f"[{_DROPPED}]")
_MARK_RUNS = re.compile(_MARK_RUN + r"[^\w\s!-~]*")
_JOINERS = "\u200c\u200d"
_TABS_LIMIT = 200
"""A line of more tabs than this is no table; its tabs become spaces, lest it grow eightfold."""

_LINK = re.compile(r"(?:https?://(?=[^/?#])|mailto:)[!-~]+", re.IGNORECASE)


def safe_line(untrusted: str, limit: int = LINE_LIMIT) -> SafeText:
    """One line of safe text of at most `limit` characters: breaks become a space, dangers a visible mark."""
    text = untrusted[:limit]
    if text.isascii() and text.isprintable():
        return SafeText(text)
    if not _UNSAFE_LINE.search(text):
        return SafeText(text)
    return SafeText(_without_dangers(_BREAK_RUN.sub(" ", text)))


def safe_block(untrusted: str, limit: int = 50_000_000, *, keep_tabs: bool = False) -> SafeText:
    """Safe text of several lines: every kind of line end becomes a newline, tabs eight-column stops.

    `keep_tabs`: for what does not go to the screen; a patch is none without them.
    """
    if len(untrusted) <= limit and untrusted.isascii() and untrusted.isprintable():  # most runs of HTML
        return SafeText(untrusted)
    text = untrusted[:limit].replace("\r\n", "\n")
    if not _UNSAFE_BLOCK.search(text):
        return SafeText(text)
    text = _BLOCK_BREAK.sub("\n", text)
    if "\t" in text and not keep_tabs:
        text = "\n".join([_without_tabs(line) if "\t" in line else line for line in text.split("\n")])
    return SafeText(_without_dangers(text))


def safe_link(untrusted: str) -> SafeText | None:
    """The link if it may be opened (http, https and mailto, printable ASCII only, no encoded NUL), else None."""
    text = untrusted.strip()
    if len(text) > 8_000 or "%00" in text or not text.isascii() or not _LINK.fullmatch(text):
        return None
    return SafeText(text)


def is_safe(text: str) -> bool:
    """True when `text` holds no character that `safe_block` would change (newlines allowed)."""
    return _UNSAFE_BLOCK.search(text) is None or safe_block(text, len(text)) == text


def _without_tabs(line: str) -> str:
    return line.expandtabs(8) if line.count("\t") <= _TABS_LIMIT else line.replace("\t", " ")


def _without_dangers(text: str) -> str:
    return _MARK_RUNS.sub(_few_marks, _TO_NOTHING.sub("", _TO_PLACEHOLDER.sub(PLACEHOLDER, text)))


def _few_marks(run: re.Match[str]) -> str:
    """A run in which at most MARKS_LIMIT combining marks and joiners follow each other."""
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if character in _JOINERS or category(character) in {"Mn", "Me"} else 0
        if marks <= MARKS_LIMIT:
            kept.append(character)
    return "".join(kept)
