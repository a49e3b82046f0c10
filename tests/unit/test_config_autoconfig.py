"""Autoconfig files: what an honest one says, and what a hostile one cannot do."""

from __future__ import annotations

import time

import pytest

from tests.servers.internet import autoconfig
from tui_mail.config.autoconfig import LIMIT, read_autoconfig
from tui_mail.config.discovery import Offered
from tui_mail.model import Protocol, Security, Server
from tui_mail.settings import Found, Need
from tui_mail.text import is_safe

ANNA = "anna@example.org"
GOOD = "imap imap.example.org 993 SSL %EMAILADDRESS%"


def read(xml: str | bytes) -> Offered:
    """What a file says for Anna."""
    return read_autoconfig(xml.encode() if isinstance(xml, str) else xml, ANNA, Found.DOMAIN, "autoconfig.example.org")


def test_a_file_names_servers_in_its_order() -> None:
    """IMAP, then POP3, then both ports for sending."""
    offered = read(
        autoconfig(
            GOOD,
            "pop3 pop.example.org 995 SSL %EMAILLOCALPART%",
            "imap imap.example.org 143 STARTTLS %EMAILADDRESS%",
            "smtp smtp.%EMAILDOMAIN% 465 SSL %EMAILADDRESS%",
            "smtp smtp.example.org 587 STARTTLS %EMAILADDRESS%",
        )
    )
    assert offered.incoming == (
        (Protocol.IMAP, Server("imap.example.org", 993, Security.TLS, ANNA)),
        (Protocol.POP3, Server("pop.example.org", 995, Security.TLS, "anna")),
        (Protocol.IMAP, Server("imap.example.org", 143, Security.STARTTLS, ANNA)),
    )
    assert offered.outgoing == (
        Server("smtp.example.org", 465, Security.TLS, ANNA),
        Server("smtp.example.org", 587, Security.STARTTLS, ANNA),
    )


@pytest.mark.parametrize(
    "server",
    [
        "imap imap.example.org 143 plain %EMAILADDRESS%",
        "imap imap.example.org 143 none %EMAILADDRESS%",
        "imap imap.example.org 0 SSL %EMAILADDRESS%",
        "imap imap.example.org 65536 SSL %EMAILADDRESS%",
        "imap imap.example.org ٩٩٣ SSL %EMAILADDRESS%",
        "imap imap.example.org -993 SSL %EMAILADDRESS%",
        "imap https://imap.example.org 993 SSL %EMAILADDRESS%",
        "imap imap.example.org:993 993 SSL %EMAILADDRESS%",
        "imap -imap.example.org 993 SSL %EMAILADDRESS%",
        "imap %EMAILADDRESS% 993 SSL %EMAILADDRESS%",
        "imap imap.example.org 993 SSL %REALNAME%",
        "imap imap.example.org 993 SSL %EMAILADDRESS% GSSAPI",
        "exchange imap.example.org 443 SSL %EMAILADDRESS%",
        "imap imap.example.org 993 SSL " + "x" * 400,
    ],
)
def test_a_server_that_cannot_be_used_safely_is_left_out(server: str) -> None:
    """No encryption, no such port, no such host, no such user: the others stay."""
    with pytest.raises(ValueError, match="names no IMAP or POP3 server that encrypts"):
        read(autoconfig(server))
    assert len(read(autoconfig(server, GOOD)).incoming) == 1


def test_passwords_are_preferred_to_tokens_that_need_a_client_id() -> None:
    """OAuth2 beside a password is a choice; alone it is a need."""
    assert read(autoconfig(f"{GOOD} OAuth2 password-cleartext")).incoming[0][1].auth == "password"
    offered = read(autoconfig(f"{GOOD} OAuth2"))
    assert offered.incoming[0][1].auth == "oauth2"
    assert offered.card is not None
    assert offered.card.need is Need.OAUTH2


def test_a_server_that_wants_no_login_gets_no_user() -> None:
    """Some providers know their customers by where they are."""
    assert read(autoconfig(GOOD, "smtp s.example.org 465 SSL x client-IP-address")).outgoing[0].user == ""


def test_what_a_provider_wants_done_first_is_kept_in_both_languages() -> None:
    """The instruction of <enable>, its page, and another text for French."""
    xml = autoconfig(GOOD).replace(
        "</emailProvider>",
        '<enable visiturl="https://example.org/settings"><instruction lang="fr">Activez IMAP</instruction>'
        "<instruction>Switch   IMAP\n on</instruction></enable></emailProvider>",
    )
    card = read(xml).card
    assert card is not None
    assert (card.name, card.hint, card.hint_fr) == ("Example", "Switch IMAP on", "Activez IMAP")
    assert card.link == "https://example.org/settings"


def test_words_of_a_file_are_safe_and_its_links_are_https() -> None:
    """Nothing that a terminal obeys, nothing that is opened but web pages over TLS."""
    xml = autoconfig(GOOD, name="Ex\u202eample\u009b31m" + "x" * 1000).replace(
        "</emailProvider>",
        '<enable visiturl="javascript:alert(1)"><instruction>Call\u2066 &#x85; now</instruction></enable>'
        '<documentation url="http://example.org/"/><documentation url="https://example.org/&#10;x"/></emailProvider>',
    )
    card = read(xml).card
    assert card is not None
    assert is_safe(card.name)
    assert is_safe(card.hint)
    assert len(card.name) <= 80
    assert card.link == ""


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LAUGHS += "]><clientConfig><emailProvider>&i;</emailProvider></clientConfig>"


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "no XML"),
        (b"\0" * 1000, "no XML"),
        (b"<html><body>Welcome</body></html>", "no mail configuration"),
        (b"<clientConfig/>", "names no provider"),
        (b"<clientConfig><emailProvider/></clientConfig>", "names no IMAP"),
        (b'<?xml version="1.0" encoding="no-such"?><clientConfig/>', "no XML"),
        (LAUGHS.encode(), "document type"),
        (LAUGHS.encode("utf-16"), "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><clientConfig/>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]><clientConfig>&p;</clientConfig>', "document type"),
        (b"<clientConfig>" + b" " * LIMIT + b"</clientConfig>", "too large"),
        (b"<a>" * 20_000, "no XML"),
        (b"<clientConfig>" + b"<a>" * 9_000 + b"</a>" * 9_000 + b"</clientConfig>", "names no provider"),
        (
            b"<clientConfig><emailProvider>" + b"<incomingServer/>" * 3_000 + b"</emailProvider></clientConfig>",
            "no IMAP",
        ),
    ],
    ids=range(14),
)
def test_a_hostile_file_is_refused_at_once(octets: bytes, reason: str) -> None:
    """One reason, in no time, and nothing of it is believed."""
    began = time.process_time()
    with pytest.raises(ValueError, match=reason):
        read(octets)
    assert time.process_time() - began < 3


def test_a_file_of_very_many_servers_yields_a_few() -> None:
    """Nobody chooses among hundreds, and nobody looks at hundreds."""
    offered = read(autoconfig(*[f"imap i{at}.example.org 993 SSL u" for at in range(200)]))
    assert len(offered.incoming) == 8
