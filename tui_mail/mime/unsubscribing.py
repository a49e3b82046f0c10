"""How to leave a list, as its messages say it: List-Unsubscribe (RFC 2369) and List-Unsubscribe-Post (RFC 8058).

What belongs here: reading those fields. What must never be here: doing it (net.one_click), and only a person decides.

RFC 8058 wants a DKIM signature that is right and covers both fields. What is checked here: that there is a signature
which names both, and what the server that took the mail said of it. Signatures are not computed anew.
"""

from __future__ import annotations

import re

from tui_mail.mime.domains import host_of
from tui_mail.mime.headers import header_texts
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line, safe_link

ONE_CLICK = "List-Unsubscribe=One-Click"
_LINK = re.compile(r"<([^<>]{1,8000})>")
_PAGE = re.compile(r"https://[^/?#@\\]+(?:[/?#]|$)", re.IGNORECASE)
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")
_VERDICT = re.compile(r"\bdkim\s*=\s*(\w+)[^;]*?header\.(?:d|i)\s*=\s*@?([\w.-]+)", re.IGNORECASE)
_COVERED = frozenset({"list-unsubscribe", "list-unsubscribe-post"})


@frozen
class Unsubscribing:
    """The ways out; empty where there is none."""

    one_click: SafeText = SafeText("")
    """https address that takes a POST, and nothing more is to be done."""
    mailto: SafeText = SafeText("")
    """mailto: link; a message to it is enough."""
    web: SafeText = SafeText("")
    """https address of a page for people."""
    signed: SafeText = SafeText("")
    """Who vouches for one_click, in words."""

    @property
    def host(self) -> SafeText:
        """Who would be told by one click."""
        return safe_line(host_of(self.one_click))


def unsubscribing(header: bytes) -> Unsubscribing | None:
    """What the header of a message says about leaving; None when it says nothing. Never raises."""
    fields = header_texts(header)
    written = [value for name, value in fields if name == "list-unsubscribe"]
    links = [link for text in written[:1] for found in _LINK.findall(text) if (link := _safe(found))]
    web = next((link for link in links if _is_page(link)), SafeText(""))
    mailto = next((link for link in links if link.lower().startswith("mailto:")), SafeText(""))
    if not (web or mailto):
        return None
    posts = [" ".join(value.split()) for name, value in fields if name == "list-unsubscribe-post"]
    signer = _signer(fields)
    is_one_click = bool(web and signer) and len(written) == 1 and [post.lower() for post in posts] == [
        ONE_CLICK.lower()
    ]  # fmt: skip
    if not is_one_click:
        return Unsubscribing(mailto=mailto, web=web)
    return Unsubscribing(web, mailto, web, _signed_words(fields, signer))


def _is_page(link: str) -> bool:
    """An https address with a host that is not hidden behind a user name."""
    return bool(_PAGE.match(link)) and bool(host_of(link))


def _safe(found: str) -> SafeText:
    """A link as it can be shown and followed, without the blanks that folding left in it; else empty."""
    return safe_link("".join(found.split())) or SafeText("")


def _signer(fields: list[tuple[str, str]]) -> str:
    """The domain of the first signature that names both fields; empty when there is none."""
    for name, value in fields:
        if name == "dkim-signature":
            tags = {key: "".join(text.split()).lower() for key, text in _TAG.findall(value)}
            if tags.get("d") and set(tags.get("h", "").split(":")) >= _COVERED:
                return tags["d"]
    return ""


def _signed_words(fields: list[tuple[str, str]], signer: str) -> SafeText:
    """What is known of the signature. Only the topmost verdict counts: those below may have come with the message."""
    verdicts = [value for name, value in fields if name == "authentication-results"][:1]
    for verdict, domain in _VERDICT.findall(verdicts[0] if verdicts else ""):
        if domain.lower() == signer:
            return safe_line(f"signed by {signer}; your server says: {verdict.lower()}")
    return safe_line(f"signed by {signer}; not checked by your server")
