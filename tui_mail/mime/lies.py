"""Links whose text names another host than the one they lead to.

A remark that is wrong is soon not read: only text that is an address, or holds a whole one, names a host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tui_mail.mime.domains import are_related, domain_of, host_of
from tui_mail.model import Block, Link
from tui_mail.text import safe_line

_NAMED = re.compile(r"(?:https?://|www\.)[^\s<>\"']{4,500}", re.IGNORECASE)
_BARE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}([a-z]{2,18})(?:[/?#:]\S{0,500})?", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,5}[a-z]{2,18})", re.IGNORECASE)
_FILE_ENDING_NAMES = (
    "zip md py rs sh pl ps js ts go net doc docx pdf txt html htm exe dll app mov mp cc so java php asp aspx jar gz "
    "csv json xml png jpg jpeg gif svg ini cfg log toml yaml yml lock"
)
_FILE_ENDINGS = frozenset(_FILE_ENDING_NAMES.split())
"""Top-level domains some of these are, but what ends so in a text is a file or a product."""


def with_claims(blocks: Sequence[Block], links: tuple[Link, ...]) -> tuple[Link, ...]:
    """The links, each with the other host that a text of it names."""
    claims: dict[int, str] = {}
    for block in blocks:
        number, words = 0, list[str]()
        for link, text in [*((span.link, span.text) for span in block.spans), (0, "")]:
            if link == number:
                words.append(text)
                continue
            if number and number not in claims and (claim := _claim("".join(words), links[number - 1].url)):
                claims[number] = claim
            number, words = link, [text]
    if not claims:
        return links
    return tuple(
        replace(link, claims=safe_line(claims[number], 300)) if number in claims else link
        for number, link in enumerate(links, start=1)
    )


def _claim(text: str, url: str) -> str:
    target = host_of(url)
    claim = named_host(text) if target else ""
    return claim if claim and not are_related(claim, domain_of(target)) else ""


def named_host(text: str) -> str:
    """The host that a link's text names; empty when it names none."""
    text = " ".join(text[:2_000].split())
    if found := _NAMED.search(text):
        named = found[0] if found[0][:4].lower() == "http" else "http://" + found[0]
        host = host_of(named)
        return domain_of(host) if "." in host else ""
    if found := _MAIL.fullmatch(text):
        return domain_of(found[1])
    if (found := _BARE.fullmatch(text)) and found[1].lower() not in _FILE_ENDINGS:
        return domain_of(host_of("http://" + text))
    return ""
