"""How deep elements are inside each other, before a parser that is quadratic in it sees them.

What belongs here: telling tags from what only looks like tags, as a browser does (the HTML standard, tokenization). An
end tag that stands in a comment, in an attribute or in a script ends nothing; who counts it sees a flat page, and the
parser sees 40,000 levels.
"""

from __future__ import annotations

import re

from tui_mail.mime.grid import tags

DEPTH_LIMIT = 1_000
"""lexbor is quadratic in depth: 100,000 nested elements take it 18 seconds."""
VOID = tags("area base br col embed hr img input link meta param source track wbr")

_CLOSING_EACH_OTHER = tags("p li td tr dd dt")
"""Unclosed, a second one of them is not inside the first; so it is of option, but lexbor takes long to see it."""
_RAW = tags("script style textarea title xmp iframe noembed noframes")
_SPACE = r"[ \t\n\f\r]"
_MARK = re.compile(
    rf"""<(?:
        !--(?P<comment>.*?)(?:--!?>|\Z)
      | (?P<slash>/?)(?P<name>[a-z][^ \t\n\f\r/>]*+)
        (?:(?:{_SPACE}|/)
          | [^ \t\n\f\r/>][^ \t\n\f\r/>=]*+
            (?:{_SPACE}*={_SPACE}*(?:"[^"]*"|'[^']*'|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)?)?
        )*+
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BEGINNING = re.compile(r"<[a-z]", re.IGNORECASE)
_FOREIGN = re.compile(r"<(?:svg|math)", re.IGNORECASE)


def too_deep_at(html: str) -> int:
    """Where the element begins that is inside of DEPTH_LIMIT others; -1 when none is."""
    if html.count("<") <= DEPTH_LIMIT:
        return -1
    lower = html.lower()
    has_foreign = bool(_FOREIGN.search(html))
    still_open: list[str] = []
    counts: dict[str, int] = {}
    at = 0
    while mark := _MARK.search(html, at):
        at = mark.end()
        if mark["name"] is None:
            continue
        name = mark["name"].lower()
        if mark["slash"]:
            if counts.get(name):  # an end without a beginning ends nothing
                ended = ""
                while ended != name:
                    ended = still_open.pop()
                    counts[ended] -= 1
            continue
        if name in VOID:
            continue
        if len(still_open) >= DEPTH_LIMIT and name not in _CLOSING_EACH_OTHER:
            return mark.start()
        if name in _RAW:
            end = lower.find(f"</{name}", at)
            end = len(html) if end < 0 else end
            if has_foreign and len(_BEGINNING.findall(html, at, end)) + len(still_open) > DEPTH_LIMIT:
                return mark.start()
            at = end
        still_open.append(name)
        counts[name] = counts.get(name, 0) + 1
    return -1
