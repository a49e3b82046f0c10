"""What was found, put in order: addresses, names, SRV records, and which settings come first."""

from __future__ import annotations

import pytest

from tui_mail.config.discovery import (
    Look,
    Offered,
    Record,
    base_domain,
    discovery,
    guesses,
    host_name,
    of_provider,
    of_records,
    servers_of,
    split_address,
)
from tui_mail.config.providers import provider_of
from tui_mail.errors import UsageError
from tui_mail.model import Protocol, Security, Server
from tui_mail.settings import Candidate, Found
from tui_mail.text import SafeText

ANNA = "anna@example.org"


def server(host: str, port: int, security: Security = Security.TLS) -> Server:
    """Anna's login on a server."""
    return Server(host, port, security, ANNA)


def both(host: str, found: Found) -> Offered:
    """An offer of IMAP and SMTP."""
    return Offered(found, host, ((Protocol.IMAP, server(host, 993)),), (server(host, 465),))


def hosts(candidates: tuple[Candidate, ...]) -> list[str]:
    """The incoming servers."""
    return [candidate.incoming.host for candidate in candidates]


@pytest.mark.parametrize(
    ("typed", "address", "domain"),
    [
        (" Anna@Example.ORG ", "Anna@example.org", "example.org"),
        ("o'hara+news@example.org", "o'hara+news@example.org", "example.org"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_an_address_has_a_domain_that_dns_knows(typed: str, address: str, domain: str) -> None:
    """Lower case and IDNA for the domain; what stands before the @ is the server's business."""
    assert split_address(typed) == (address, domain)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "anna", "@example.org", "anna@", "a b@example.org", "a@b@c d", "a@-x.org", "a@x..org", "a\r\nb@x.org"),
        *("a@exa mple.org", "<a@x.org>", "a@[192.0.2.1]", "a@" + "x" * 64 + ".org", "a@" + "x." * 130 + "org", "a@x/y"),
        "a" * 65 + "@x.org",
    ],
)
def test_what_is_no_address_is_said_to_be_none(typed: str) -> None:
    """One sentence, and nothing was tried."""
    with pytest.raises(UsageError, match="is no e-mail address"):
        split_address(typed)


@pytest.mark.parametrize(
    "name", ["", ".", "a b", "a\0b", "x" * 64, "-a.org", "a_.\u202eorg", "http://x", "x:993", "[::1]"]
)
def test_what_is_no_host_name_is_none(name: str) -> None:
    """Nothing that could be shown as something else, or mean something to another protocol."""
    assert host_name(name) == ""


def test_srv_records_are_ordered_by_security_priority_and_weight() -> None:
    """RFC 8314: TLS from the start first; RFC 2782: the lowest priority, then the greatest weight."""
    offered = of_records(
        {
            "_imap._tcp": (Record(0, 0, "starttls.example.org", 143),),
            "_imaps._tcp": (
                Record(20, 0, "third.example.org", 993),
                Record(10, 1, "second.example.org", 993),
                Record(10, 9, "first.example.org", 9993),
            ),
            "_pop3s._tcp": (Record(0, 0, "", 0),),
            "_submission._tcp": (Record(0, 0, "send.example.org", 587),),
        },
        ANNA,
    )
    assert [(one.host, one.port) for _, one in offered.incoming] == [
        ("first.example.org", 9993),
        ("second.example.org", 993),
        ("third.example.org", 993),
        ("starttls.example.org", 143),
    ]
    assert [one.security for _, one in offered.incoming][-1] is Security.STARTTLS
    assert offered.outgoing == (server("send.example.org", 587, Security.STARTTLS),)


def test_a_service_that_is_not_offered_is_none() -> None:
    """A target of "." (RFC 6186 section 3.4), and ports that are none."""
    offered = of_records({"_imaps._tcp": (Record(0, 0, "", 993), Record(0, 0, "a.example.org", 0))}, ANNA)
    assert offered.incoming == ()


def test_the_more_trusted_source_comes_first() -> None:
    """Nobody was looked at yet: the order of the offers is the order of the candidates."""
    found = discovery(ANNA, [both("isp.example", Found.ISPDB), both("srv.example", Found.SRV)], {})
    assert hosts(found.candidates) == ["isp.example", "srv.example"]
    assert not any(candidate.verified for candidate in found.candidates)


def test_a_server_that_answers_comes_before_one_that_does_not() -> None:
    """A more trusted word about a dead server is worth less than a server."""
    offers = [both("dead.example", Found.DOMAIN), both("alive.example", Found.SRV)]
    looks = {
        ("imap", server("alive.example", 993)): Look(SafeText("TLS 1.3"), ("IDLE",)),
        ("smtp", server("alive.example", 465)): Look(SafeText("TLS 1.3")),
    }
    found = discovery(ANNA, offers, looks)  # type: ignore[arg-type]
    assert hosts(found.candidates) == ["alive.example", "dead.example"]
    assert found.candidates[0].verified
    assert found.candidates[0].why == "alive.example · another domain’s server · certificate ✓ · IDLE ✓ · sending ✓"


def test_both_legs_must_have_answered() -> None:
    """Who can read and not send has no settings that work."""
    looks = {("imap", server("half.example", 993)): Look(SafeText("TLS 1.3"))}
    found = discovery(ANNA, [both("half.example", Found.SRV)], looks)  # type: ignore[arg-type]
    assert not found.candidates[0].verified


def test_why_a_server_was_not_seen_is_said() -> None:
    """In the words of the look; and that a name out of DNS belongs to somebody else."""
    looks = {
        ("imap", server("a.example", 993)): "It said nothing",
        ("smtp", server("a.example", 465)): "It is closed",
    }
    [candidate] = discovery(ANNA, [both("a.example", Found.SRV)], looks).candidates  # type: ignore[arg-type]
    assert candidate.why == "a.example · another domain’s server · It said nothing · sending: It is closed"
    assert not candidate.verified
    [own] = discovery(ANNA, [both("imap.example.org", Found.SRV)], {}).candidates
    assert own.why == "imap.example.org"


def test_the_outgoing_server_that_answered_is_taken() -> None:
    """Port 465 is blocked here, 587 is not."""
    blocked, free = server("a.example", 465), server("a.example", 587, Security.STARTTLS)
    offered = Offered(Found.ISPDB, "db", ((Protocol.IMAP, server("a.example", 993)),), (blocked, free))
    found = discovery(ANNA, [offered], {("smtp", free): Look(SafeText(""))})
    assert found.candidates[0].outgoing == free


def test_a_source_without_an_outgoing_server_takes_another_ones() -> None:
    """IMAP of the domain's SRV records, SMTP found by looking."""
    offers = [
        Offered(Found.SRV, "SRV", ((Protocol.IMAP, server("a.example", 993)),)),
        Offered(Found.PROBE, "answered", (), (server("b.example", 465),)),
    ]
    found = discovery(ANNA, offers, {})
    assert found.candidates[0].outgoing == server("b.example", 465)


def test_a_server_without_passwords_is_logged_in_to_with_tokens() -> None:
    """What the server offers is more than what somebody wrote of it."""
    offered = both("a.example", Found.SRV)
    found = discovery(ANNA, [offered], {("imap", server("a.example", 993)): Look(SafeText(""), (), True)})
    assert found.candidates[0].incoming.auth == "oauth2"


def test_the_same_server_is_named_once() -> None:
    """Two sources, one server: the more trusted one's settings."""
    found = discovery(ANNA, [both("a.example", Found.DOMAIN), both("a.example", Found.ISPDB)], {})
    assert [candidate.found for candidate in found.candidates] == [Found.DOMAIN]


def test_the_best_of_a_protocol_is_asked_for_by_name() -> None:
    """Both are there, IMAP first."""
    gmail = provider_of("gmail.com")
    assert gmail is not None
    found = discovery("a@gmail.com", [of_provider(gmail, "a@gmail.com", Found.PROVIDER)], {})
    imap, pop3 = found.best(Protocol.IMAP), found.best(Protocol.POP3)
    assert found.candidates[0] is imap
    assert imap is not None
    assert pop3 is not None
    assert (imap.incoming.host, pop3.incoming.host) == ("imap.gmail.com", "pop.gmail.com")
    assert found.card is gmail.card


def test_what_a_known_server_needs_is_said_whoever_named_it() -> None:
    """A file of the domain leads to Gmail: the card is Gmail's, with the app password."""
    found = discovery(ANNA, [both("imap.gmail.com", Found.DOMAIN)], {})
    gmail = provider_of("gmail.com")
    assert gmail is not None
    assert found.card is gmail.card


def test_usual_names_end_with_who_takes_the_mail() -> None:
    """imap., mail. and the domain itself, then the first mail exchanger, each once."""
    found = guesses("example.org", ("mail.example.org", "mx2.example.org"))
    assert found["imap"] == ("imap.example.org", "mail.example.org", "example.org")
    assert guesses("example.org", ("mx.other.example",))["smtp"][-1] == "mx.other.example"


@pytest.mark.parametrize(
    ("host", "base"),
    [("mx1.mail.example.co.uk", "example.co.uk"), ("mx.example.org", "example.org"), ("co.uk", ""), ("org", "")],
)
def test_the_base_of_a_name_is_what_somebody_registered(host: str, base: str) -> None:
    """Nobody is asked about a suffix that everybody's domains end with."""
    assert base_domain(host) == base


def test_servers_of_a_kind_are_listed_once() -> None:
    """For looking at them in turn."""
    offers = [both("a.example", Found.DOMAIN), both("a.example", Found.ISPDB), both("b.example", Found.SRV)]
    assert [one.host for one in servers_of(offers, "smtp")] == ["a.example", "b.example"]
