"""What single providers do differently, and what a server offers and does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tui_mail.errors import CommandRefused
from tui_mail.model import Flag
from tui_mail.net import quirks
from tui_mail.net.imap import ImapSession, UidSet
from tui_mail.net.quirks import Quirks, quirks_of

ALL = CAPABILITIES + b" ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS SPECIAL-USE NOTIFY"
BAD = b"BAD unknown command"


@contextmanager
def facing(script: Callable[[Peer], None], capabilities: bytes = CAPABILITIES) -> Iterator[ImapSession]:
    """A session that has logged in, on a server that goes on with `script`."""

    def whole(peer: Peer) -> None:
        peer.log_in(capabilities)
        script(peer)
        peer.wait_for_end()

    with Scripted(whole) as server:
        session = ImapSession.open(server.server(), "secret")
        yield session
        session.shut()


def test_quirks_belong_to_a_domain_and_its_hosts() -> None:
    """A host of the provider has them, a host that only looks like it does not."""
    assert not quirks_of("imap.mail.me.com").qresync
    assert quirks_of("SMTP.GMAIL.com.").files_sent_mail
    assert quirks_of("outlook.office365.com").files_sent_mail
    assert quirks_of("imap.163.com") == quirks_of("imap.exmail.qq.com") == Quirks(sasl_ir=False, introduce=True)
    assert quirks_of("notgmail.com") == quirks_of("gmail.com.example.org") == Quirks()


def test_icloud_is_not_asked_for_qresync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its VANISHED cannot be believed, so CONDSTORE is all that is enabled; what it says unasked breaks nothing."""
    monkeypatch.setitem(quirks._BY_DOMAIN, "127.0.0.1", quirks_of("imap.mail.me.com"))

    def whole(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY %s] ready" % ALL)
        peer.answer(b"AUTHENTICATE PLAIN ", status=b"OK [CAPABILITY %s] in" % ALL)
        peer.answer(b"ENABLE CONDSTORE", b"* ENABLED CONDSTORE")
        peer.select(modseq=9)
        peer.answer(b"UID FETCH 1:3 (UID FLAGS MODSEQ) (CHANGEDSINCE 5)", b"* VANISHED (EARLIER)", b"* VANISHED 12:*")
        peer.wait_for_end()

    with Scripted(whole) as server:
        session = ImapSession.open(server.server(), "secret")
        assert not session.has_qresync
        assert session.open_folder("INBOX", known=(1, 5, 4)).vanished == UidSet()
        assert session.flags("1:3", changed_since=5, vanished=True) == ([], UidSet())
        session.shut()


def test_coremail_is_told_who_asks_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """163.com and QQ refuse SELECT without ID, do not all offer it, and break on a login in one step."""
    monkeypatch.setitem(quirks._BY_DOMAIN, "127.0.0.1", quirks_of("imap.163.com"))

    def whole(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] Coremail")
        tag, text = peer.command(b"AUTHENTICATE PLAIN")
        assert text == b"AUTHENTICATE PLAIN"
        peer.say(b"+ ")
        peer.line()
        peer.say(tag + b" OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] in")
        peer.answer(b"ID (", b"* ID NIL")
        peer.answer(b"SELECT ", b"* 3 EXISTS", b"* OK [UIDVALIDITY 1] valid", status=b"OK open")
        peer.answer(b"STATUS ", b'* STATUS "INBOX" (MESSAGES 3 UNSEEN 0 UIDVALIDITY 1)')
        peer.wait_for_end()

    with Scripted(whole) as server:
        session = ImapSession.open(server.server(), "secret")
        opened = session.open_folder("INBOX")
        assert (opened.exists, opened.uidnext) == (3, 0)
        session.shut()


def test_a_modseq_without_condstore_is_not_believed() -> None:
    """Yahoo tells HIGHESTMODSEQ, and knows neither MODSEQ nor CHANGEDSINCE."""

    def script(peer: Peer) -> None:
        peer.select(modseq=7)
        peer.answer(b"UID FETCH 1:3 (UID FLAGS)", b"* 1 FETCH (UID 1 FLAGS (\\Seen))")

    with facing(script) as session:
        assert session.open_folder("INBOX", known=(1, 5, 4)).highestmodseq == 0
        assert not session.has_condstore
        assert [found.flags for found in session.flags("1:3")[0]] == [Flag.SEEN]


def test_an_extension_is_dropped_when_the_way_without_it_works() -> None:
    """SELECT with QRESYNC is refused, without it is not: the session does without from then on."""

    def script(peer: Peer) -> None:
        peer.answer(b'SELECT "INBOX" (QRESYNC', status=BAD)
        peer.select(modseq=9)
        peer.answer(b"UID FETCH 1:3 (UID FLAGS MODSEQ) (CHANGEDSINCE 5)", status=BAD)
        peer.answer(b"UID FETCH 1:3 (UID FLAGS)", b"* 2 FETCH (UID 2 FLAGS ())")
        peer.answer(b"UID SEARCH RETURN (ALL) ALL", status=b"BAD what is RETURN")
        peer.answer(b"UID SEARCH ALL", b"* SEARCH 1 2 3")
        peer.say(b"* CAPABILITY " + ALL)
        peer.answer(b"UID SEARCH ALL", b"* SEARCH 1 2 3")

    with facing(script, ALL) as session:
        assert session.open_folder("INBOX", known=(1, 5, 4)).highestmodseq == 9
        assert not session.has_qresync
        assert session.has_condstore
        assert [found.uid for found in session.flags("1:3", changed_since=5, vanished=True)[0]] == [2]
        assert not session.has_condstore
        assert list(session.all_uids()) == [1, 2, 3]
        assert list(session.all_uids()) == [1, 2, 3]
        assert session.has("NOTIFY")
        assert not any(session.has(name) for name in ("QRESYNC", "CONDSTORE", "ESEARCH"))


def test_an_extension_is_not_blamed_for_a_folder_that_is_not_there() -> None:
    """Refused both ways: the second refusal is told, and the extension is kept."""

    def script(peer: Peer) -> None:
        peer.answer(b'SELECT "NOWHERE" (CONDSTORE)', status=b"BAD no such folder")
        peer.answer(b'SELECT "NOWHERE"', status=b"NO [NONEXISTENT] no such folder")

    with facing(script, ALL) as session:
        with pytest.raises(CommandRefused):
            session.open_folder("Nowhere")
        assert session.has("CONDSTORE")


@pytest.mark.parametrize(
    "words", [b"BAD what", b"NO Unknown command", b"NO command not supported", b"NO unimplemented"]
)
def test_move_and_expunge_that_are_not_known(words: bytes) -> None:
    """MOVE is refused, and the session says that it cannot; what cannot be expunged stays marked."""

    def script(peer: Peer) -> None:
        peer.select()
        peer.answer(b"UID MOVE 2 ", status=words)
        peer.answer(b"UID EXPUNGE 2", status=words)

    with facing(script) as session:
        session.open_folder("INBOX")
        with pytest.raises(CommandRefused):
            session.move_messages(UidSet.from_uids([2]), "Archive")
        assert not session.has("MOVE")
        session.expunge_uids(UidSet.from_uids([2]))
        assert not session.has("UIDPLUS")


@pytest.mark.parametrize("words", [b"NO [OVERQUOTA] full", b"NO that folder is read-only", b"NO Unknown mailbox"])
def test_a_refusal_is_no_lie(words: bytes) -> None:
    """What the server does not want is not what it does not know."""

    def script(peer: Peer) -> None:
        peer.select()
        peer.answer(b"UID MOVE 2 ", status=words)

    with facing(script) as session:
        session.open_folder("INBOX")
        with pytest.raises(CommandRefused):
            session.move_messages(UidSet.from_uids([2]), "Archive")
        assert session.has("MOVE")


def test_idle_that_is_not_known() -> None:
    """The session waits, and asks instead."""

    def script(peer: Peer) -> None:
        peer.select()
        peer.answer(b"IDLE", status=BAD)
        peer.answer(b"NOOP", b"* 4 EXISTS")

    with facing(script) as session:
        session.open_folder("INBOX")
        assert session.idle(5) == []
        assert [event.kind for event in session.idle(0.01)] == ["exists"]
        assert session.exists == 4
