"""Questions to DNS and to web servers: each has one bounded answer, whatever the other side does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.internet import LocalInternet, page, redirect
from tests.servers.scripted import Peer
from tui_mail.config.discovery import Record
from tui_mail.errors import CertificateRefused, ConnectionLost, ProtocolViolation, Unreachable
from tui_mail.net import lookups
from tui_mail.net.lookups import Exchangers, File, fetch, mail_exchangers, service_records

WEB = "web.example.org"
URL = f"https://{WEB}/file"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalInternet]:
    with LocalInternet(tmp_path, monkeypatch, WEB, "other.example.org") as net:
        yield net


# --- DNS ----------------------------------------------------------------------------------------


def test_mail_exchangers_come_by_preference(net: LocalInternet) -> None:
    """The lowest number first, names as they can be shown."""
    net.zone["example.org", "MX"] = ["20 Second.example.org.", "5 first.example.org."]
    found = mail_exchangers("example.org", net.internet)
    assert found == Exchangers(True, ("first.example.org", "second.example.org"))


def test_a_domain_that_takes_no_mail_has_no_exchanger(net: LocalInternet) -> None:
    """RFC 7505, and a domain without such records."""
    net.zone["example.org", "MX"] = ["0 ."]
    net.zone["example.net", "TXT"] = ['"hello"']
    assert mail_exchangers("example.org", net.internet) == Exchangers(True)
    assert mail_exchangers("example.net", net.internet) == Exchangers(True)


def test_a_domain_that_is_not_there_is_told_apart(net: LocalInternet) -> None:
    """Somebody mistyped it."""
    assert mail_exchangers("example.org", net.internet) == Exchangers(False)


def test_names_that_are_none_are_not_believed(net: LocalInternet) -> None:
    """A zone may hold every octet; what comes out can be shown and connected to."""
    net.zone["example.org", "MX"] = ["1 a\\032b.example.org.", "2 \\027[31m.example.org.", "3 mx.example.org."]
    assert mail_exchangers("example.org", net.internet).hosts == ("mx.example.org",)


def test_a_zone_of_very_many_records_yields_a_few(net: LocalInternet) -> None:
    """They fit into one datagram; more than twenty are nobody's honest answer."""
    net.zone["example.org", "MX"] = [f"{at} m{at}.example.org." for at in range(40)]
    assert len(mail_exchangers("example.org", net.internet).hosts) == 20


def test_service_records_are_read_as_they_are(net: LocalInternet) -> None:
    """A target of "." is a service that is not offered."""
    net.zone["_imaps._tcp.example.org", "SRV"] = ["0 1 993 imap.example.org."]
    net.zone["_pop3s._tcp.example.org", "SRV"] = ["0 0 0 ."]
    found = service_records("example.org", net.internet)
    assert found["_imaps._tcp"] == (Record(0, 1, "imap.example.org", 993),)
    assert found["_pop3s._tcp"] == (Record(0, 0, "", 0),)
    assert found["_submission._tcp"] == ()


@pytest.mark.parametrize("question", [mail_exchangers, service_records])
def test_a_name_server_that_says_nothing_is_given_up(
    net: LocalInternet, monkeypatch: pytest.MonkeyPatch, question: Callable[..., object]
) -> None:
    """All questions about one thing have one time limit together."""
    monkeypatch.setattr(lookups, "QUICK", 0.5)
    net.names.silent = True
    began = time.monotonic()
    with pytest.raises(Unreachable, match="No name server answered"):
        question("example.org", net.internet)
    assert time.monotonic() - began < 9


# --- https --------------------------------------------------------------------------------------


def test_a_file_is_fetched_over_tls(net: LocalInternet) -> None:
    """Its octets, and the certificate was checked."""
    net.pages[f"{WEB}/file"] = page(b"hello")
    assert fetch(URL, 100, net.internet) == File(200, b"hello")


def test_a_file_in_chunks_is_one(net: LocalInternet) -> None:
    """As servers send what they make while they send it."""

    def serve(peer: Peer) -> None:
        peer.say(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", b"", b"3", b"hel", b"2", b"lo", b"0", b"")

    net.pages[f"{WEB}/file"] = serve
    assert fetch(URL, 100, net.internet) == File(200, b"hello")


def test_what_is_not_there_is_no_file(net: LocalInternet) -> None:
    """Whatever page a web server shows instead."""
    assert fetch(URL, 100, net.internet) == File(404)


def test_a_redirection_is_followed_to_https(net: LocalInternet) -> None:
    """To another host, or to another path of the same."""
    net.pages[f"{WEB}/file"] = redirect("https://other.example.org/there")
    net.pages["other.example.org/there"] = redirect("/final?x=1")
    net.pages["other.example.org/final?x=1"] = page("found")
    assert fetch(URL, 100, net.internet) == File(200, b"found")


@pytest.mark.parametrize(
    "location",
    [f"http://{WEB}/file", "ftp://x/", "file:///etc/passwd", "https://a b/", "https://x:99999/", "//[x"],
)
def test_a_redirection_elsewhere_is_refused(net: LocalInternet, location: str) -> None:
    """Nothing but https to a host with a name."""
    net.pages[f"{WEB}/file"] = redirect(location)
    with pytest.raises(ProtocolViolation):
        fetch(URL, 100, net.internet)


def test_a_circle_of_redirections_ends(net: LocalInternet) -> None:
    """After three."""
    net.pages[f"{WEB}/file"] = redirect(URL)
    assert fetch(URL, 100, net.internet) == File(302)
    assert net.web.seen.count(b"GET /file HTTP/1.1") == 4


def test_a_file_that_is_too_large_is_refused(net: LocalInternet) -> None:
    """Announced or not."""
    net.pages[f"{WEB}/file"] = page(b"x" * 101)
    with pytest.raises(ProtocolViolation, match="far more than was asked for"):
        fetch(URL, 100, net.internet)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["head", "body"])
def test_a_server_that_drips_is_left(net: LocalInternet, head: bytes) -> None:
    """Single octets buy no time, neither before the file nor in it."""

    def drip(peer: Peer) -> None:
        peer.send(head)
        while True:
            peer.send(b"X" if head else b"H")
            time.sleep(0.05)

    net.pages[f"{WEB}/file"] = drip
    began = time.monotonic()
    with pytest.raises((ConnectionLost, ProtocolViolation)):
        fetch(URL, 10_000, net.internet, 0.6)
    assert time.monotonic() - began < 9


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500]
)
def test_an_answer_that_is_no_http_is_an_error_of_ours(net: LocalInternet, answer: bytes) -> None:
    """One sentence, no exception of a library."""
    net.pages[f"{WEB}/file"] = lambda peer: peer.send(answer)
    with pytest.raises((ConnectionLost, ProtocolViolation)):
        fetch(URL, 100, net.internet)


def test_a_certificate_for_another_name_is_not_believed(net: LocalInternet) -> None:
    """A web server that answers for every name has not every name's certificate."""
    net.hosts["autoconfig.victim.example", 443] = net.web.port
    with pytest.raises(CertificateRefused):
        fetch("https://autoconfig.victim.example/mail/config-v1.1.xml", 100, net.internet)
    assert net.web.seen == []


def test_a_host_that_is_not_there_is_said(net: LocalInternet) -> None:
    """No name, or nobody who listens."""
    with pytest.raises(Unreachable, match="There is no server called"):
        fetch("https://nowhere.example/", 100, net.internet)
    net.hosts["closed.example", 1] = 1
    with pytest.raises(Unreachable, match="does not accept connections"):
        fetch("https://closed.example/", 100, net.internet)
