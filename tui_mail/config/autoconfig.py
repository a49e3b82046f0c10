"""Thunderbird's autoconfig files (draft-ietf-mailmaint-autoconfig): XML from a stranger to servers.

What belongs here: reading one file of at most 64 KB that may say anything. What must never be here: the network, a
server without TLS (`plain` is dropped), or a value that has not been checked.

Nothing of a document type is read, so that no entity can grow; and what is not understood is left out, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from tui_mail.config.discovery import Offered, host_name
from tui_mail.model import Protocol, Security, Server
from tui_mail.settings import Found, Need, ProviderCard
from tui_mail.text import safe_line, safe_link

LIMIT = 65_536
"""Most octets of a file."""
SERVERS = 8
"""Most servers that are taken of each kind."""

_SECURITY = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}
_PASSWORDS = frozenset({"password-cleartext", "plain", "password-encrypted", "secure"})
_LEFT = re.compile(r"%[A-Z]+%|[\x00-\x20\x7f]")


def read_autoconfig(octets: bytes, address: str, found: Found, where: str) -> Offered:
    """The servers that a file names for `address`, in its order. Raises ValueError saying why there are none."""
    provider = _tree(octets).find("emailProvider")
    if provider is None:
        raise ValueError("the file names no provider")
    incoming = [
        (Protocol(kind), server)
        for element in provider.findall("incomingServer")
        if (kind := element.get("type", "").lower()) in ("imap", "pop3")
        and (server := _server(element, address)) is not None
    ]
    outgoing = [
        server
        for element in provider.findall("outgoingServer")
        if element.get("type", "").lower() == "smtp" and (server := _server(element, address)) is not None
    ]
    if not incoming:
        raise ValueError("the file names no IMAP or POP3 server that encrypts")
    oauth2 = all(server.auth == "oauth2" for _, server in incoming)
    return Offered(
        found, where, tuple(incoming[:SERVERS]), tuple(outgoing[:SERVERS]), _card(provider, where, oauth2=oauth2)
    )


def _tree(octets: bytes) -> Element:
    if len(octets) > LIMIT:
        raise ValueError("the file is too large")
    parser = XMLParser(target=_Builder())  # noqa: S314 - bounded above, and without a document type there are no entities
    try:
        parser.feed(octets)
        root: Element = parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError("the file is no XML") from error
    if root.tag != "clientConfig":
        raise ValueError("the file is no mail configuration")
    return root


class _Builder(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        """Refuse: a document type is where entities are made, and no honest file has one."""
        raise ValueError("the file has a document type, which is not read")


def _server(element: Element, address: str) -> Server | None:
    security = _SECURITY.get(_text(element, "socketType").upper())
    host = host_name(_filled(_text(element, "hostname"), address))
    port = _text(element, "port")
    user = _filled(_text(element, "username"), address) or address
    ways = [(way.text or "").strip().lower() for way in element.findall("authentication")]
    if security is None or not host or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        return None
    if _LEFT.search(user) or len(user) > 320:
        return None
    if not ways or _PASSWORDS.intersection(ways):
        return Server(host, int(port), security, user)
    if "oauth2" in ways:
        return Server(host, int(port), security, user, "oauth2")
    if element.tag == "outgoingServer" and ways[0] in ("none", "client-ip-address", "smtp-after-pop"):
        return Server(host, int(port), security, "")
    return None


def _card(provider: Element, where: str, *, oauth2: bool) -> ProviderCard:
    """What the provider says a person has to do first."""
    enable = provider.find("enable")
    pages = [] if enable is None else [enable.get("visiturl", "")]
    said: dict[str, str] = {}
    for language, words in _instructions(enable):
        said.setdefault(language, words)
    pages += [page.get("url", "") for page in provider.findall("documentation")]
    links = (safe_link(page) for page in pages if page.lower().startswith("https:"))
    english = said.get("en") or next(iter(said.values()), "")
    return ProviderCard(
        safe_line(_text(provider, "displayName"), 80) or safe_line(where, 80),
        Need.OAUTH2 if oauth2 else Need.PASSWORD,
        english,
        said.get("fr") or english,
        next((link for link in links if link is not None), ""),
    )


def _instructions(enable: Element | None) -> Iterator[tuple[str, str]]:
    for element in [] if enable is None else enable.findall("instruction"):
        language = element.get("lang") or element.get("{http://www.w3.org/XML/1998/namespace}lang") or "en"
        if words := safe_line(" ".join("".join(element.itertext()).split()), 500):
            yield language[:2].lower(), words


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for placeholder, value in (("ADDRESS", address), ("LOCALPART", local), ("DOMAIN", domain)):
        text = text.replace(f"%EMAIL{placeholder}%", value)
    return text
