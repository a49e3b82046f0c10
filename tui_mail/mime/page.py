"""A message's HTML as one file for a browser: without what runs, fetches or sends, with the message's own pictures.

What belongs here: an allow-list of elements and attributes, written anew so that nothing of the sender's markup stays
as it was; a Content-Security-Policy behind it as the second lock. What must never be here: the network.

Meant for a process of its own (`client/pages`): hostile HTML may cost seconds.
"""

from __future__ import annotations

import contextlib
import html
import re
import sys
from base64 import b64encode
from collections import Counter
from html.parser import HTMLParser

from tui_mail.mime.decode import payload, text_of
from tui_mail.mime.headers import parse_headers
from tui_mail.mime.links import in_ascii
from tui_mail.mime.parts import sort_parts
from tui_mail.mime.pixels import is_pixel
from tui_mail.mime.structure import Entity, Outline, outline
from tui_mail.text import safe_line, safe_link

PICTURE_LIMIT = 4_000_000
PICTURES_LIMIT = 20_000_000
HTML_LIMIT = 4_000_000
HOSTS_LIMIT = 200
CPU_SECONDS = 5
MEMORY = 1024 * 1024 * 1024

_TAGS = (
    "a abbr address article b big blockquote br caption center code col colgroup dd del details dfn div dl dt em font "
    "footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section small span strike "
    "strong style sub summary sup table tbody td tfoot th thead tr tt u ul var wbr"
)
_DROPPED = (
    "script noscript iframe object embed applet svg math template form input button select textarea audio video "
    "canvas frameset noframes title xmp plaintext noembed portal"
)
_ATTRIBUTES = (
    "align alt bgcolor border cellpadding cellspacing color colspan dir face height lang nowrap rowspan size span "
    "start style title type valign value width class"
)
_ALLOWED, _WITH_CONTENT, _PLAIN = (frozenset(words.split()) for words in (_TAGS, _DROPPED, _ATTRIBUTES))
_VOID = frozenset({"br", "hr", "img", "col", "wbr", "input", "embed"})
_FETCHING = re.compile(
    r"url\s*\(|image-set|@import|@font-face|expression|behaviou?r|-moz-binding|\\|/\*|<", re.IGNORECASE
)
_REMOTE = re.compile(r"(?:https?:)?//([^/?#\s\"'<>\\]{1,255})", re.IGNORECASE)
_ASKED = re.compile(
    r"(?:\b(?:src|srcset|background|poster|data)\s*=\s*[\"']?\s*|url\(\s*[\"']?\s*)(?:https?:)?//([^/?#\s\"'<>\\)]{1,255})",
    re.IGNORECASE,
)
_PICTURES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"})


def page(raw: bytes, *, remote: bool) -> bytes:
    """The whole file; empty when the message has no HTML.

    `remote` lets pictures be fetched by who opens it, but none that only tells of it.
    """
    whole = outline(raw)
    texts = _html_texts(whole)
    if not texts:
        return b""
    fields = parse_headers(raw[:300_000])
    sender = ", ".join(f"{one.name} <{one.email}>".strip() for one in fields.from_[:4])
    clean = _Clean(_pictures(whole), remote=remote)
    for text in texts:
        clean.feed(text[:HTML_LIMIT])
        clean.finish()
    sources = "data: https: http:" if remote else "data:"
    head = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; form-action 'none'; "
        "base-uri 'none'\">"
        '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(fields.subject)}</title></head><body>"
        f'<p style="font:14px sans-serif;border-bottom:1px solid #999;padding:4px">{html.escape(sender)}: '
        f"{html.escape(fields.subject)}</p>"
    )
    return (head + "".join(clean.out) + "</body></html>\n").encode("utf-8", "replace")


def asked_hosts(raw: bytes) -> list[tuple[str, int]]:
    """The hosts that the page of a message would fetch something from, and how often, the most asked first.

    Also those that other programs would ask, though the page does not; but for those of trackers alone.
    """
    others, trackers, clean = Counter[str](), _Trackers(), _Clean({}, remote=True)
    for text in _html_texts(outline(raw)):
        others.update(_host(match[1]) for match in _ASKED.finditer(html.unescape(text[:HTML_LIMIT])))
        trackers.feed(text[:HTML_LIMIT])
        trackers.close()
        trackers.reset()
        clean.feed(text[:HTML_LIMIT])
        clean.finish()
    found = clean.asked
    found.update({host: count for host, count in others.items() if host not in trackers.hosts and host not in found})
    return [(str(safe_line(host, 255)), count) for host, count in found.most_common(HOSTS_LIMIT)]


def _host(authority: str) -> str:
    return authority.rpartition("@")[2].lower()


class _Trackers(HTMLParser):
    """Counts whom the pictures would ask that are in no page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.hosts = Counter[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        attributes = _first(attrs)
        if tag == "img" and is_pixel(attributes):
            sources = ((attributes.get(name) or "").strip() for name in ("src", "srcset"))
            self.hosts.update(_host(match[1]) for source in sources if (match := _REMOTE.match(source)))


class _Clean(HTMLParser):
    """Writes anew what is allowed."""

    def __init__(self, pictures: dict[str, str], *, remote: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.asked = Counter[str]()
        """Hosts that pictures are fetched from by who opens what was written."""
        self._pictures = pictures
        self._remote = remote
        self._open: list[str] = []
        self._within: list[str] = []
        """Elements that are left out with all that is in them."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in _WITH_CONTENT:
            if tag not in _VOID:
                self._within.append(tag)
        elif not self._within and tag in _ALLOWED:
            self.out.append(f"<{tag}{self._attributes(tag, attrs)}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and what was left open inside it."""
        if self._within:
            if tag in self._within:
                del self._within[self._within.index(tag) :]
        elif tag in self._open:
            while self._open:
                last = self._open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        """Text, or a style sheet."""
        if self._within:
            return
        if self._open and self._open[-1] == "style":
            self.out.append("" if _FETCHING.search(data) and len(data) > 200_000 else _without_fetching(data))
        else:
            self.out.append(html.escape(data))

    def finish(self) -> None:
        """The end of one part."""
        self.close()
        while self._open:
            self.out.append(f"</{self._open.pop()}>")
        self._within.clear()
        self.reset()

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        kept = list[str]()
        for name, value in attrs[:100]:
            value = value or ""
            if name == "style":
                value = "" if _FETCHING.search(value) else value
            elif tag == "a" and name == "href":
                value = safe_link(value) or safe_link(in_ascii(value.strip())) or ""
                kept.append(' rel="noreferrer noopener nofollow" target="_blank"' if value else "")
            elif tag == "img" and name == "src":
                value = self._picture(value.strip(), is_tracker=is_pixel(_first(attrs)))
            elif name not in _PLAIN:
                continue
            if value:
                kept.append(f' {name}="{html.escape(value)}"')
        return "".join(kept)

    def _picture(self, source: str, *, is_tracker: bool) -> str:
        if source[:4].lower() == "cid:":
            return self._pictures.get(source[4:].strip("<> "), "")
        if self._remote and not is_tracker and (match := _REMOTE.match(source)):
            self.asked[_host(match[1])] += 1
            return source if source[:4].lower() == "http" else f"https:{source}"
        return ""


def _first(attrs: list[tuple[str, str | None]]) -> dict[str, str | None]:
    """Attributes by name: of several of one name the first counts."""
    return dict(reversed(attrs))


def _without_fetching(sheet: str) -> str:
    """A style sheet without the rules that would fetch something, or that are written to hide that they would."""
    if not _FETCHING.search(sheet):
        return sheet
    rules = re.split(r"(?<=[};])", sheet)
    return "".join(rule for rule in rules if not _FETCHING.search(rule))


def _html_texts(whole: Outline) -> list[str]:
    found = list[str]()
    for passage in sort_parts(whole).passages:
        found += [text_of(whole.raw, one)[0] for one in passage.parts if one.content_type == "text/html"]
    return found


def _pictures(whole: Outline) -> dict[str, str]:
    """Pictures that are parts of the message, by Content-ID, as data: addresses."""
    found, total = dict[str, str](), 0
    waiting: list[Entity] = [whole.root]
    while waiting:
        entity = waiting.pop()
        waiting.extend(entity.children)
        name = entity.fields.get("content-id", "").strip("<> ")
        if not name or entity.content_type not in _PICTURES or entity.end - entity.body > PICTURE_LIMIT * 2:
            continue
        content = payload(whole.raw, entity)
        total += len(content)
        if len(content) <= PICTURE_LIMIT and total <= PICTURES_LIMIT:
            found[name] = f"data:{entity.content_type};base64,{b64encode(content).decode()}"
    return found


def main(wish: str) -> None:
    """A process of its own: a message on standard input, the file (or the hosts, one a line) on standard output."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    with contextlib.suppress(OSError, ValueError):  # not every system has it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    raw = sys.stdin.buffer.read()
    if wish == "hosts":
        made = "".join(f"{count} {host}\n" for host, count in asked_hosts(raw)).encode("utf-8", "replace")
    else:
        made = page(raw, remote=wish == "remote")
    sys.stdout.buffer.write(made)
