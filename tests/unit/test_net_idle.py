"""IDLE, and everything that servers do to it: each case here loses an event or hangs in other clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.servers.scripted import Peer, Scripted
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import CommandRefused, ConnectionLost
from tui_mail.model import Security
from tui_mail.net import news
from tui_mail.net.imap import ImapSession, UidSet

Opened = Callable[[Callable[[Peer, bytes], None]], AbstractContextManager[ImapSession]]


@pytest.fixture(params=[Security.NONE, Security.TLS], ids=["plain", "tls"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """A session on a server that logs in, opens a folder, reads IDLE and then does what the test says."""
    tls = request.param is Security.TLS
    if tls:
        make_certificates(tmp_path)

    @contextmanager
    def run(then: Callable[[Peer, bytes], None]) -> Iterator[ImapSession]:
        def script(peer: Peer) -> None:
            peer.log_in()
            peer.select()
            tag, _ = peer.command(b"IDLE")
            then(peer, tag)
            peer.wait_for_end()

        with Scripted(script, certificate=tmp_path if tls else None, tls=tls) as server:
            session = ImapSession.open(server.server(request.param), "secret")
            session.open_folder("INBOX")
            yield session
            session.shut()

    return run


def done(peer: Peer, tag: bytes) -> None:
    """The end of IDLE as the RFC has it."""
    assert peer.line() == b"DONE"
    peer.say(tag + b" OK done")


def test_the_server_hangs_up(opened: Opened) -> None:
    """The wait ends with an error, not with an empty answer for ever."""

    def then(peer: Peer, _: bytes) -> None:
        peer.say(b"+ idling")
        peer.sock.close()

    with opened(then) as session, pytest.raises(ConnectionLost):
        session.idle(20)


def test_the_server_says_bye(opened: Opened) -> None:
    """Its words reach the person."""

    def then(peer: Peer, _: bytes) -> None:
        peer.say(b"+ idling", b"* BYE shutting down for the night")
        peer.sock.close()

    with opened(then) as session, pytest.raises(ConnectionLost, match="shutting down for the night"):
        session.idle(20)


def test_a_line_in_two_packets(opened: Opened) -> None:
    """Half a line is no event and no error; the whole one is an event."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"+ idling")
        peer.send(b"* 4 EXI")
        waiting.wait(5)
        peer.send(b"STS\r\n")
        done(peer, tag)

    waiting = threading.Event()
    timer = threading.Timer(0.1, waiting.set)
    timer.start()
    with opened(then) as session:
        assert [event.kind for event in session.idle(20)] == ["exists"]


def test_news_before_the_go_ahead(opened: Opened) -> None:
    """Outlook tells of new mail before its `+`."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"* 4 EXISTS")
        peer.say(b"+ idling")
        done(peer, tag)

    with opened(then) as session:
        assert [event.kind for event in session.idle(20)] == ["exists"]


def test_news_in_the_packet_of_the_go_ahead(opened: Opened) -> None:
    """What is in the buffer already is seen without waiting for more."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"+ idling", b"* 4 EXISTS")
        done(peer, tag)

    with opened(then) as session:
        began = time.monotonic()
        assert [event.kind for event in session.idle(20)] == ["exists"]
        assert time.monotonic() - began < 15


def test_a_literal_in_the_news(opened: Opened) -> None:
    """A name as a literal, in UTF-8 even, is read; the next line is not lost."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"+ idling", b"* STATUS {9}")
        peer.send("Entwürfe".encode() + b" (MESSAGES 1)\r\n* 4 EXISTS\r\n")
        done(peer, tag)

    with opened(then) as session:
        events = session.idle(20)
        assert [(event.kind, event.mailbox) for event in events] == [("status", "Entwürfe"), ("exists", "")]


def test_no_answer_to_done(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead line is found out at DONE."""
    monkeypatch.setattr(news, "DONE_PATIENCE", 0.2)
    with opened(lambda peer, _: peer.say(b"+ idling", b"* 4 EXISTS")) as session, pytest.raises(ConnectionLost):
        session.idle(20)


def test_still_here_is_no_news(opened: Opened) -> None:
    """A sign of life is noted, and the wait goes on."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"+ idling", b"* OK Still here")
        done(peer, tag)

    with opened(then) as session:
        session.wire.heard = 0.0
        assert session.idle(0.3) == []
        assert session.heard > 0


def test_a_server_that_ends_idle_itself(opened: Opened) -> None:
    """OK without DONE ends the wait; no DONE is sent afterwards."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(b"+ idling", b"* VANISHED 2:3", tag + b" OK enough")
        peer.answer(b"NOOP")

    with opened(then) as session:
        assert [event.uids for event in session.idle(20)] == [UidSet.parse("2:3")]
        assert session.noop() == []


def test_a_server_that_refuses_idle(opened: Opened) -> None:
    """NO is an error of this command only."""

    def then(peer: Peer, tag: bytes) -> None:
        peer.say(tag + b" NO not today")
        peer.answer(b"NOOP")

    with opened(then) as session:
        with pytest.raises(CommandRefused, match="not today"):
            session.idle(20)
        assert session.noop() == []
