"""The table of providers as a whole: every row could be a person's account."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from tui_mail.config.discovery import host_name
from tui_mail.config.providers import (
    PROVIDERS,
    Provider,
    provider_of,
    provider_of_exchanger,
    provider_of_host,
    similar_domain,
)
from tui_mail.model import Protocol, Security
from tui_mail.settings import DEFAULT_PORTS, Need
from tui_mail.text import is_safe, safe_link

WITH_SERVERS = [provider for provider in PROVIDERS if provider.imap]


def servers(provider: Provider) -> list[tuple[str, str, int, Security]]:
    """Service, host, port and security of every server."""
    found = [(kind.value, one) for kind, one in provider.incoming("anna@example.org")]
    found += [("smtp", one) for one in provider.outgoing("anna@example.org")]
    return [(service, one.host, one.port, one.security) for service, one in found]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.card.name)
def test_every_card_says_what_to_do_in_both_languages(provider: Provider) -> None:
    """A name, a hint in English and another one in French, and a link that may be opened, over https."""
    card = provider.card
    assert card.name
    assert card.hint.endswith(".")
    assert card.hint_fr.endswith(".")
    assert card.hint != card.hint_fr
    assert card.link.startswith("https://")
    assert safe_link(card.link) == card.link
    assert all(map(is_safe, (card.name, card.hint, card.hint_fr)))


@pytest.mark.parametrize("provider", WITH_SERVERS, ids=lambda provider: provider.card.name)
def test_every_server_is_encrypted_on_the_port_that_belongs_to_it(provider: Provider) -> None:
    """Nothing is sent in clear text; only a program on this computer listens on ports of its own."""
    assert provider.smtp
    for service, host, port, security in servers(provider):
        assert security is not Security.NONE
        assert host_name(host) == host
        if provider.card.need is Need.BRIDGE:
            assert host == "127.0.0.1"
        else:
            assert port == DEFAULT_PORTS[service, security]


def test_no_domain_and_no_exchanger_belongs_to_two() -> None:
    """What an address or a mail exchanger means is never a matter of order."""
    for names in (
        [domain for provider in PROVIDERS for domain in provider.domains],
        [ending for provider in PROVIDERS for ending in provider.exchangers],
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []
        assert all(host_name(name) == name and "." in name for name in names)


def test_every_provider_can_be_found() -> None:
    """There is a domain or an exchanger that leads to it."""
    for provider in PROVIDERS:
        assert provider.domains or provider.exchangers
        assert all(provider_of(domain.upper()) is provider for domain in provider.domains)
        assert all(provider_of_exchanger(f"mx1.{ending}.") is provider for ending in provider.exchangers)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("ASPMX.L.GOOGLE.COM.", "Gmail"),
        ("alt1.gmail-smtp-in.l.google.com", "Gmail"),
        ("example-org.mail.protection.outlook.com", "Microsoft 365"),
        ("example-org.p-v1.mx.microsoft", "Microsoft 365"),
        ("outlook-com.olc.protection.outlook.com", "Outlook.com"),
        ("mta5.am0.yahoodns.net", "Yahoo"),
        ("mx-aol.mail.gm0.yahoodns.net", "AOL"),
        ("mx0.mail.ovh.net", "OVHcloud"),
        ("spool.mail.gandi.net", "Gandi"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("mx.zoho.eu", "Zoho Mail (organisation)"),
        ("mx00.kundenserver.de", "IONOS"),
    ],
)
def test_a_mail_exchanger_says_whose_customer_a_domain_is(host: str, name: str) -> None:
    """The longest known ending decides."""
    provider = provider_of_exchanger(host)
    assert provider is not None
    assert provider.card.name == name


@pytest.mark.parametrize("host", ["", ".", "com", "example.org", "notgoogle.com", "google.com.example.org"])
def test_a_name_that_only_looks_like_an_exchanger_is_none(host: str) -> None:
    """Endings are whole labels."""
    assert provider_of_exchanger(host) is None


def test_the_user_name_has_the_form_that_each_server_wants() -> None:
    """iCloud reads under the local part and sends under the address; Free wants the local part everywhere."""
    icloud, free = provider_of("icloud.com"), provider_of("free.fr")
    assert icloud is not None
    assert free is not None
    assert icloud.incoming("anna@icloud.com")[0][1].user == "anna"
    assert icloud.outgoing("anna@icloud.com")[0].user == "anna@icloud.com"
    assert {server.user for _, server in free.incoming("anna@free.fr")} == {"anna"}


def test_a_login_with_tokens_only_is_one() -> None:
    """Where no password is accepted, the settings say so."""
    outlook, gmail = provider_of("outlook.com"), provider_of("gmail.com")
    assert outlook is not None
    assert gmail is not None
    assert {server.auth for _, server in outlook.incoming("a@outlook.com")} == {"oauth2"}
    assert outlook.outgoing("a@outlook.com")[0].auth == "oauth2"
    assert {server.auth for _, server in gmail.incoming("a@gmail.com")} == {"password"}


def test_imap_comes_before_pop3() -> None:
    """Of a provider that has both, IMAP is proposed."""
    gmail = provider_of("gmail.com")
    assert gmail is not None
    assert [kind for kind, _ in gmail.incoming("a@gmail.com")] == [Protocol.IMAP, Protocol.POP3]


def test_a_server_says_whose_it_is() -> None:
    """Whoever named imap.gmail.com, what Google wants is known."""
    assert provider_of_host("imap.gmail.com") is provider_of("gmail.com")
    assert provider_of_host("imap.example.org") is None


def test_a_slip_of_the_finger_is_noticed() -> None:
    """A domain that is nearly a provider's own; a provider's own is none, nor is any other."""
    assert similar_domain("gmial.com") == "gmail.com"
    assert similar_domain("hotmial.com") == "hotmail.com"
    assert similar_domain("gmail.com") == ""
    assert similar_domain("example.org") == ""


def test_the_table_is_read_fast() -> None:
    """A new Python has it in memory without a library, and finds a domain, in well under 50 ms of its own time."""
    code = (
        "import tui_mail.settings, time; began = time.process_time(); "
        "from tui_mail.config.providers import provider_of; assert provider_of('gmail.com'); "
        "print(time.process_time() - began)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    assert min(float(run.stdout) for run in runs) < 0.05
