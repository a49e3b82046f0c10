"""The links of a message: numbered once each, openable only when nothing about them can surprise a program."""

from __future__ import annotations

import re
from urllib.parse import quote

from tui_mail.model import Link, Span
from tui_mail.text import SafeText, safe_line, safe_link

LINKS_LIMIT = 5_000
FOUND_LIMIT = 20_000
"""Most places in plain text that are made links."""
TEXT_LIMIT = 200

_URL = re.compile(r"(?<![a-z0-9])(?:https?://|mailto:)[^\s<>\"\ufffd]{1,8000}", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(https?://(?:[^/?#@]*@)?)([^/?#:@]+)(.*)", re.IGNORECASE | re.DOTALL)
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_TRAILING = ".,;:!?'\"*_~>’”»。，、；：！？）」』】"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BREAKS = str.maketrans("", "", "\t\r\n")


class Links:
    """Collects links in the order they appear."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._links: list[Link] = []
        self._found = 0

    def all(self) -> tuple[Link, ...]:
        """Every link so far; a span's number n means the n-th."""
        return tuple(self._links)

    def add(self, url: str, text: str = "") -> int:
        """The number of `url`, 0 if it leads nowhere (an anchor, a relative address, data in place)."""
        url = url.translate(_BREAKS).strip()
        if not _SCHEME.match(url) or url[:5].lower() in {"data:", "about", "cid:"} or url[:4].lower() == "cid:":
            return 0
        number = self._numbers.get(url)
        if number is None:
            if len(self._links) >= LINKS_LIMIT:
                return 0
            openable = safe_link(url) or safe_link(in_ascii(url))
            self._links.append(
                Link(openable or safe_line(url), openable is not None, safe_line(" ".join(text.split()), TEXT_LIMIT))
            )
            number = self._numbers[url] = len(self._links)
        return number

    def name(self, number: int, text: str) -> None:
        """Give a link the words that it stands behind, if it has none yet."""
        if number and not self._links[number - 1].text:
            link = self._links[number - 1]
            self._links[number - 1] = Link(link.url, link.safe, safe_line(" ".join(text.split()), TEXT_LIMIT))

    def spans(self, text: SafeText) -> tuple[Span, ...]:
        """`text` cut into spans at the links that stand in it."""
        spans: list[Span] = []
        position = 0
        for found in _URL.finditer(text):
            if self._found >= FOUND_LIMIT:
                break
            self._found += 1
            url = _without_trailing(found[0])
            number = self.add(url)
            if number:
                if found.start() > position:
                    spans.append(Span(SafeText(text[position : found.start()])))
                position = found.start() + len(url)
                spans.append(Span(SafeText(url), link=number))
        if position < len(text) or not spans:
            spans.append(Span(SafeText(text[position:])))
        return tuple(spans)


def in_ascii(url: str) -> str:
    """`url` with an international host in punycode and everything else percent-encoded; as it was if it cannot be."""
    if url.isascii() and " " not in url:
        return url
    if parts := _AUTHORITY.fullmatch(url):
        start, host, rest = parts.groups()
        if not host.isascii():
            if len(host) > 253:
                return url
            try:
                host = ".".join(_label(label) for label in _DOTS.split(host))
            except UnicodeError:
                return url
        return quote(start, safe=_KEPT, errors="replace") + host + quote(rest, safe=_KEPT, errors="replace")
    return quote(url, safe=_KEPT, errors="replace")


def _label(label: str) -> str:
    """One label of a host by RFC 3490, without the codec machinery, which the parser process refuses."""
    from encodings.idna import nameprep
    from encodings.punycode import punycode_encode

    if len(label) > 63:
        raise UnicodeError("label too long")
    prepared = nameprep(label)
    return prepared if prepared.isascii() else "xn--" + punycode_encode(prepared).decode("ascii")


_KEPT = "!#$%&'()*+,/:;=?@[]~"


def _without_trailing(url: str) -> str:
    end = len(url)
    counts = {mark: url.count(mark) for mark in "()[]{}"} if url[-1] in _TRAILING or url[-1] in _PAIRS else {}
    while end > 8:
        last = url[end - 1]
        if last in _PAIRS:
            if counts[last] <= counts[_PAIRS[last]]:
                break
            counts[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return url[:end]
