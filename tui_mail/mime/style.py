"""Just enough CSS to know what a reader of the HTML would not see.

Inline styles and the simple rules of <style> (a tag, .class, #id, or tag.class; outside @media) are read for
the properties that hide text. What is hidden is counted and left out: it is there for filters, not for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Style = dict[str, str]
"""Property → value, both lower case; only the properties that can hide."""

RULES_LIMIT = 5_000
_CSS_LIMIT = 300_000

_PROPERTIES = frozenset(
    {
        "display", "visibility", "opacity", "font-size", "max-height", "height", "max-width", "width", "overflow",
        "text-indent", "position", "left", "top", "mso-hide", "font", "clip", "border", "border-left", "white-space",
        "font-weight", "font-style", "line-height",
    }
)  # fmt: skip
_BRACE = re.compile(r"[{}]")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTOR = re.compile(r"([a-z][a-z0-9]*)?([.#][\w-]+)?", re.IGNORECASE)
_MAYBE_HIDES = re.compile(
    r"display|visib|opacity|font|height|indent|position|mso-hide|clip|border|white-space", re.IGNORECASE
)
_ZERO = re.compile(r"0*\.?0+(?:px|em|rem|ex|pt|%|vh|vw)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d*)?(?:px|em|rem|pt|%)?")
_IMPORTANT = re.compile(r"\s*!\s*important")


class Sheet:
    """The simple rules of a message's style elements."""

    def __init__(self) -> None:
        self._rules: dict[str, Style] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def read(self, css: str) -> None:
        """Take in one style element; a later rule overrides an earlier one, property by property."""
        css = _COMMENT.sub("", css[:_CSS_LIMIT].replace("<!--", "").replace("-->", ""))
        position = 0
        while len(self._rules) < RULES_LIMIT:
            brace = css.find("{", position)
            if brace < 0:
                return
            selectors = css[position:brace].rpartition(";")[2].rpartition("}")[2].strip()
            end = _block_end(css, brace)
            if not selectors.startswith("@"):
                style = declarations(css[brace + 1 : end])
                if style:
                    for selector in selectors.split(",")[:200]:
                        self._add(selector.strip().lower(), style)
            position = end + 1

    def _add(self, selector: str, style: Style) -> None:
        if selector and _SELECTOR.fullmatch(selector):
            self._rules.setdefault(selector, {}).update(style)

    def style_of(self, tag: str, attributes: Mapping[str, str | None]) -> Style | None:
        """What applies to an element: tag, then class, then id, then its own style; None for nothing."""
        style: Style | None = None
        if self._rules:
            names = [tag]
            for name in (attributes.get("class") or "").lower().split()[:20]:
                names += ["." + name, f"{tag}.{name}"]
            if identity := (attributes.get("id") or "").lower():
                names += ["#" + identity, f"{tag}#{identity}"]
            for name in names:
                if rule := self._rules.get(name):
                    style = {**(style or {}), **rule}
        own = attributes.get("style")
        if own and _MAYBE_HIDES.search(own):
            mine = declarations(own)
            if style:
                important = {name: value for name, value in style.items() if value.endswith("!important")}
                return {
                    **style,
                    **mine,
                    **{n: v for n, v in important.items() if not mine.get(n, "").endswith("!important")},
                }
            return mine
        return style


def declarations(text: str) -> Style:
    """The declarations that matter, `!important` kept as a suffix without spaces."""
    style: Style = {}
    for declaration in text[:20_000].lower().split(";")[:500]:
        name, colon, value = declaration.partition(":")
        name = name.strip()
        if colon and name in _PROPERTIES:
            style[name] = _IMPORTANT.sub("!important", value.strip())
    return style


def value_of(style: Style, name: str) -> str:
    """The value of a property without its importance."""
    return style.get(name, "").removesuffix("!important").strip()


def hides_all(style: Style) -> bool:
    """Whether an element of this style shows nothing, whatever its children say."""
    if value_of(style, "display") == "none" or value_of(style, "mso-hide") == "all":
        return True
    if (opacity := value_of(style, "opacity")) and _ZERO.fullmatch(opacity):
        return True
    clips = value_of(style, "overflow") == "hidden"
    for name in ("max-height", "height", "max-width", "width"):
        if clips and is_zero(value_of(style, name)):
            return True
    if value_of(style, "position") in {"absolute", "fixed"} and (
        _FAR.fullmatch(value_of(style, "left")) or _FAR.fullmatch(value_of(style, "top"))
    ):
        return True
    return bool(_FAR.fullmatch(value_of(style, "text-indent")))


def is_zero(value: str) -> bool:
    """Zero in any unit."""
    return bool(value) and bool(_ZERO.fullmatch(value))


def _block_end(css: str, brace: int) -> int:
    """Where the block that opens at `brace` closes; the end of the text if it never does."""
    depth = 0
    for mark in _BRACE.finditer(css, brace):
        depth += 1 if mark[0] == "{" else -1
        if depth == 0:
            return mark.start()
    return len(css)
