"""Whose a host or an address is, and whether its letters are what they look like.

What belongs here: comparing names that a message holds. What must never be here: asking anybody (DNS, the web), and
the list of all public suffixes, which costs a tenth of a second and is not needed to be careful.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from tui_mail.mime.likeness import LOOKS
from tui_mail.mime.recipients import ascii_domain, unicode_domain


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECOND_LEVEL = _names("ac co com edu gob gov gouv go govt gv ltd me mil net ne nom or org plc sch")
_SHARED = _names(
    "github.io gitlab.io blogspot.com wordpress.com weebly.com wixsite.com web.app firebaseapp.com appspot.com "
    "herokuapp.com netlify.app vercel.app pages.dev workers.dev azurewebsites.net cloudfront.net amazonaws.com "
    "googleapis.com windows.net r2.dev glitch.me repl.co ngrok.io ngrok-free.app trycloudflare.com duckdns.org "
    "000webhostapp.com square.site myshopify.com webflow.io framer.app carrd.co notion.site"
)
"""Where anybody can have a name: one below it says nothing about another."""
_AUTHORITY = re.compile(r"https?:[/\\]*([^/?#\\]*)", re.IGNORECASE)
"""A browser takes a backslash for a slash, and as many of them as there are."""
_HOST = re.compile(r"\[[^\]]*\]|[^:\[\]]+")
_MAIL_HOST = re.compile(r"mailto:[^?]*@([^?,;@\s]+)", re.IGNORECASE)
_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "LATIN"}),
    frozenset({"CJK", "HANGUL", "LATIN"}),
    frozenset({"CJK", "BOPOMOFO", "LATIN"}),
)
"""Scripts that one word may be written in."""


def host_of(url: str) -> str:
    """The host that a link leads to, or its mail goes to, lower case; empty when it names none."""
    if authority := _AUTHORITY.match(url):
        named = authority[1].rpartition("@")[2]  # what stands before the last @ is a name, however like a host
        found = _HOST.match(unquote(named) if "%" in named else named)
        return found[0].rstrip(".").lower() if found else ""
    mail = _MAIL_HOST.match(url)
    return mail[1].rstrip(".").lower() if mail else ""


def domain_of(email: str) -> str:
    """What stands behind the @, in A-labels where it can be."""
    domain = email.rpartition("@")[2].strip().rstrip(".").lower()
    return domain if domain.isascii() else ascii_domain(domain) or domain


def owner_of(host: str) -> str:
    """The part of a host that somebody registered, by rule of thumb: example.co.uk of mx1.mail.example.co.uk."""
    labels = host.split(".")
    if len(labels) <= 2 or labels[-1].isdigit():
        return host
    ending = ".".join(labels[-2:])
    if (len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL) or ending in _SHARED:
        return ".".join(labels[-3:])
    return ending


def are_related(one: str, other: str) -> bool:
    """One of them is the other's, or both are somebody's."""
    return owner_of(one) == owner_of(other)


def is_at_or_below(host: str, domain: str) -> bool:
    """The domain itself, or a name below it."""
    return bool(domain) and "." in domain and (host == domain or host.endswith("." + domain))


def is_deceptive(domain: str) -> bool:
    """Letters of several scripts in one label, or of one that all look like Latin ones."""
    return any(not label.isascii() and _is_deceptive(label) for label in unicode_domain(domain).split("."))


def shown_email(email: str) -> str:
    """An address with its domain in A-labels where its letters could be taken for others."""
    local, at, domain = email.rpartition("@")
    if domain.isascii() or not is_deceptive(domain):
        return email
    return local + at + (ascii_domain(domain) or domain)


def _is_deceptive(label: str) -> bool:
    scripts = {unicodedata.name(one, "?").split(" ")[0] for one in label if unicodedata.category(one)[0] == "L"}
    if len(scripts) > 1:
        return not any(scripts <= together for together in _TOGETHER)
    if scripts == {"LATIN"}:
        return any("\u0180" <= one <= "\u02af" or one in "ı" for one in label)
    letters = [one for one in label.lower() if unicodedata.category(one)[0] == "L"]
    return bool(letters) and all(one in LOOKS for one in letters)
