"""The last lock before the terminal: no control character of any content is ever written.

What belongs here: dropping, from finished lines, what `text.py` should already have replaced.
What must never be here: deciding how dangerous text is shown; that is `text.py`, where text is received.

Textual hands every line of every widget (borders, toasts and inputs too) through `App.get_line_filters()`.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_OPENABLE = re.compile(r"(?:https?|mailto):[!-~]+")


class TerminalGuard(LineFilter):
    """Drops characters that a terminal obeys, and hyperlinks that are not http, https or mailto."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments if they are clean, else clean ones."""
        for text, style, control in segments:
            if _OBEYED.search(text) or control or (style is not None and style.link):
                return [_clean(segment) for segment in segments]
        return segments


def _clean(segment: Segment) -> Segment:
    text, style, _control = segment
    if style is not None and style.link and not _OPENABLE.fullmatch(style.link):
        style = style.update_link(None)
    return Segment(_OBEYED.sub("", text), style)
