"""What single odd answers do to a session: each is survived, and what cannot be believed is not."""

from __future__ import annotations

import pytest

from tests.servers.scripted import CAPABILITIES, Peer
from tests.unit.test_net_hostile import facing


@pytest.mark.parametrize("length", range(1, 30))
def test_a_literal_after_a_line_of_any_length(length: int) -> None:
    """However short the line is that announces it."""
    name = b"x" * length
    lines = [b"* LIST (\\%s) NIL {5}\r\nfirst" % name, b'* LIST () "/" second']
    with facing(lambda peer: peer.answer(b"LIST", *lines)) as session:
        assert [folder.name for folder in session.list_all()] == ["first", "second"]


@pytest.mark.parametrize("broken", [b"12:x", b"", b"(EARLIER) 12:x", b"(EARLIER)", b"(EARLIER) 5:-1", b"(EARLIER) ()"])
def test_vanished_that_cannot_be_read(broken: bytes) -> None:
    """It ends no session, but what else it may have said is not known: QRESYNC is not believed any more."""

    def script(peer: Peer) -> None:
        peer.answer(b"UID FETCH", b"* VANISHED " + broken, b"* 1 FETCH (UID 1 FLAGS (\\Seen))")
        peer.answer(b"NOOP")

    with facing(script, CAPABILITIES + b" ENABLE QRESYNC CONDSTORE") as session:
        assert session.has_qresync
        updates, gone = session.flags("1:3")
        assert [update.uid for update in updates] == [1]
        assert not gone
        assert not session.has_qresync
        session.noop()


def test_news_of_another_uidvalidity() -> None:
    """Said in the middle of a session it is an event: no UID means anything from then on."""
    with facing(lambda peer: peer.answer(b"NOOP", b"* OK [UIDVALIDITY 9] new", b"* OK [X] y")) as session:
        assert [event.kind for event in session.noop()] == ["renumbered"]


def test_a_search_answer_that_is_no_set() -> None:
    """It finds nothing, which proves nothing."""
    with facing(lambda peer: peer.answer(b"UID SEARCH", b'* ESEARCH (TAG "x") UID ALL 1:x,-5')) as session:
        assert not session.all_uids()
