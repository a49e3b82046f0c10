"""Leaving a list by one POST, from a real web server over TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.internet import LocalInternet, page, redirect
from tests.servers.scripted import Peer, Scripted
from tui_mail.errors import CertificateRefused, CommandRefused, ConnectionLost, ProtocolViolation, Unreachable
from tui_mail.net import one_click
from tui_mail.net.one_click import is_public, leave

WEB = "news.example.org"
URL = f"https://{WEB}/leave?u=1&t=a%20b"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalInternet]:
    with LocalInternet(tmp_path, monkeypatch, WEB) as net:
        yield net


def anywhere(_: str) -> bool:
    """The test's server is on this computer."""
    return True


def test_one_post_with_the_one_body(net: LocalInternet) -> None:
    """No cookie, no referrer, nothing else; the status is what counts."""
    bodies = list[bytes]()

    def take(peer: Peer) -> None:
        bodies.append(peer.octets(26))
        page("bye", "202 Accepted", "Set-Cookie: a=b")(peer)

    net.pages[f"{WEB}/leave?u=1&t=a%20b"] = take
    assert leave(URL, net.internet, allowed=anywhere) == 202
    assert bodies == [b"List-Unsubscribe=One-Click"]
    seen = [line.decode() for line in net.web.seen]
    assert seen[0] == "POST /leave?u=1&t=a%20b HTTP/1.1"
    names = sorted(line.partition(":")[0] for line in seen[1:] if ":" in line)
    assert names == ["Accept-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent"]
    assert "Content-Type: application/x-www-form-urlencoded" in seen
    assert "Content-Length: 26" in seen


@pytest.mark.parametrize("answer", [page("no", "404 Not Found"), page("", "500 Oops"), redirect("https://evil.test/")])
def test_anything_but_success_is_told_and_not_followed(net: LocalInternet, answer: object) -> None:
    """One request, whatever the answer."""
    net.pages[f"{WEB}/leave?u=1&t=a%20b"] = answer  # type: ignore[assignment]
    with pytest.raises(CommandRefused, match=r"page"):
        leave(URL, net.internet, allowed=anywhere)
    assert sum(line.startswith(b"POST") for line in net.web.seen) == 1


def test_an_address_of_this_network_is_not_asked(net: LocalInternet) -> None:
    """A name may lead anywhere: nothing is sent to the printer of the house."""
    with pytest.raises(ProtocolViolation, match="private network"):
        leave(URL, net.internet)
    assert net.web.seen == []


@pytest.mark.parametrize("url", ["http://news.example.org/leave", "https:///leave", "mailto:a@b.example"])
def test_only_https(net: LocalInternet, url: str) -> None:
    with pytest.raises(ProtocolViolation):
        leave(url, net.internet, allowed=anywhere)


def test_a_certificate_that_is_not_trusted_ends_it(net: LocalInternet) -> None:
    """Nothing is sent before."""
    with pytest.raises(CertificateRefused, match="still on the list"):
        leave(URL, allowed=anywhere)
    assert net.web.seen == []


def test_nobody_there(net: LocalInternet) -> None:
    """Said in words of the matter."""
    for host in ("nowhere.example.org", "quiet.example.org"):
        net.hosts["quiet.example.org", 1443] = 1
        with pytest.raises(Unreachable, match="still on the list"):
            leave(f"https://{host}/", net.internet, allowed=anywhere)


def hang_up(_: Peer) -> None:
    """The request was read, and the line is cut."""


def cut_in_the_answer(peer: Peer) -> None:
    """The line is cut within the status."""
    peer.send(b"HTTP/1.1 2")


def say_nothing(peer: Peer) -> None:
    """The line stays open until the other side has had enough."""
    peer.octets(26)
    peer.octets(1)


@pytest.mark.parametrize("stage", [hang_up, cut_in_the_answer, say_nothing])
def test_nobody_knows_after_a_line_that_broke(
    net: LocalInternet, stage: Callable[[Peer], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was asked once, and no answer is taken for none: that is said, and what to do."""
    if stage is say_nothing:
        monkeypatch.setattr(one_click, "PATIENCE", 2.0)
    net.pages[f"{WEB}/leave?u=1&t=a%20b"] = stage
    with pytest.raises(ConnectionLost, match="was asked, and did not say"):
        leave(URL, net.internet, allowed=anywhere)
    assert sum(line.startswith(b"POST") for line in net.web.seen) == 1


def test_a_line_that_is_cut_after_the_answer_has_come(net: LocalInternet) -> None:
    """The status is what counts; what should have followed it does not matter."""

    def cut(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")

    net.pages[f"{WEB}/leave?u=1&t=a%20b"] = cut
    assert leave(URL, net.internet, allowed=anywhere) == 200


@pytest.mark.parametrize("is_silent", [False, True])
def test_no_tls_comes_about(net: LocalInternet, is_silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut, or nothing said, within the handshake: nothing was sent, and that is known."""

    def answer(peer: Peer) -> None:
        peer.octets(1)
        while is_silent and peer.octets(1):
            pass

    monkeypatch.setattr(one_click, "PATIENCE", 2.0)
    with Scripted(answer) as plain:
        net.hosts[WEB, 443] = plain.port
        with pytest.raises((Unreachable, CertificateRefused), match="still on the list"):
            leave(URL, net.internet, allowed=anywhere)
    assert net.web.seen == []


def test_which_addresses_are_public() -> None:
    """Loopback, private, link-local, shared, and those that are such a one in disguise, are not."""
    private = "127.0.0.1 10.1.2.3 192.168.0.1 169.254.1.1 100.64.0.1 0.0.0.0 224.0.0.1 ::1 fe80::1%eth0 fc00::1"
    assert not any(is_public(one) for one in [*private.split(), "::ffff:127.0.0.1", "2002:7f00:1::1", "", "x"])
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
