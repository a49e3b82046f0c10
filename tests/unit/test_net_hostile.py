"""Servers that lie, flood, drip and talk nonsense: a message of its own at worst, never a wrong one, never a hang."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tui_mail.errors import CommandRefused, ConnectionLost, ProtocolViolation, UnsafeArgument
from tui_mail.model import Flag
from tui_mail.net import talk, wire
from tui_mail.net.imap import ImapSession, UidSet

FIELDS = b"BODY[HEADER.FIELDS (DATE)]"
WHEN = b'INTERNALDATE "01-Jan-2026 00:00:00 +0000" RFC822.SIZE 10'


@contextmanager
def facing(script: Callable[[Peer], None], capabilities: bytes = CAPABILITIES) -> Iterator[ImapSession]:
    """A session with an open folder of three messages, on a server that goes on with `script`."""

    def whole(peer: Peer) -> None:
        peer.log_in(capabilities)
        peer.select()
        script(peer)
        peer.wait_for_end()

    with Scripted(whole) as server:
        session = ImapSession.open(server.server(), "secret")
        session.open_folder("INBOX")
        yield session
        session.shut()


def row(uid: bytes, header: bytes = b"Date: x\r\n\r\n", number: int = 1) -> bytes:
    return b"* %d FETCH (UID %s FLAGS () %s %s {%d}\r\n%s)" % (number, uid, WHEN, FIELDS, len(header), header)


def rows_of(*answer: bytes, asked: str = "1:3") -> list[tuple[int, bytes]]:
    with facing(lambda peer: peer.answer(b"UID FETCH", *answer)) as session:
        return [(found.uid, found.header) for found in session.headers(asked)]


GOOD = [(1, b"one"), (3, b"three")]


@pytest.mark.parametrize(
    "broken",
    [
        b"* 2 FETCH (UID 2 FLAGS (",
        b"* 2 FETCH " + b"(" * 5_000,
        b'* 2 FETCH (UID 2 FLAGS () X "never ends)',
        b"* 2 FETCH (UID 2 FLAGS () BODY[HEADER.FIELDS (DATE)] {-5}",
        b"* 2 FETCH (UID 2 FLAGS NIL %s %s NIL)" % (WHEN, FIELDS),
        b"* 2 FETCH",
        b"* 2 FETCH NIL",
        row(b"0"),
        row(b"-7"),
        row(b"18446744073709551616"),
        row(b"99"),
        row(b"1", b"second"),
        b"* GARBAGE",
        b"* ",
        b"* 99999999999999999999999 EXISTS",
        b"+ stray",
        b'* 2 FETCH (FLAGS (\\Seen "x") UID NIL)',
        b"* LIST (((((",
        b"* OK [ALERT {5}",
    ],
)
def test_one_broken_response_hides_no_other(broken: bytes) -> None:
    """The messages before and after it arrive, each under its own UID."""
    assert rows_of(row(b"1", b"one"), broken, row(b"3", b"three", 3)) == GOOD


@pytest.mark.parametrize(
    "unusual",
    [
        b"* 2 FETCH (%s {3}\r\ntwo UID 2 %s FLAGS ())" % (FIELDS, WHEN),
        b'* 2 FETCH (UID 2 FLAGS () %s %s "two")' % (WHEN, FIELDS),
        b"* 2 FETCH (UID 2 FLAGS () %s %s {3}\r\ntwo X-OTHER {4}\r\nmore)" % (WHEN, FIELDS),
        b"* 2 fetch (uid 2 flags () %s %s {3}\r\ntwo)" % (WHEN.lower(), FIELDS.lower()),
        b"*  2 FETCH ( UID 2 FLAGS ( ) %s  %s {3}\r\ntwo )".replace(b"*  ", b"* ") % (WHEN, FIELDS),
    ],
)
def test_another_order_is_as_good(unusual: bytes) -> None:
    """Servers answer in their own order, with strings for literals and items nobody asked for."""
    assert rows_of(unusual) == [(2, b"two")]


def test_a_huge_header_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header of a megabyte keeps its beginning, and the next message arrives."""
    found = rows_of(row(b"1", b"a" * 1_000_000), row(b"3", b"three"))
    assert found == [(1, b"a" * 262_144), (3, b"three")]


def test_bare_line_feeds_and_wordless_answers() -> None:
    """`OK` without words and lines without CR are understood."""

    def script(peer: Peer) -> None:
        tag, _ = peer.command(b"NOOP")
        peer.send(b"* 4 EXISTS\n" + tag + b" OK\n")

    with facing(script) as session:
        assert [event.kind for event in session.noop()] == ["exists"]


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[] {99999999999}",
        b"* 1 FETCH (UID 1 BODY[] {99999999999999999999}",
        b"GARBAGE that is no response",
        b"A999 OK another command",
        b"\x00\x01\x02",
        b"",
    ],
)
def test_nonsense_ends_the_session(answer: bytes) -> None:
    """An absurd literal, a wrong tag, noise: closed and reported, at once."""

    def script(peer: Peer) -> None:
        peer.command()
        peer.say(answer)

    with facing(script) as session:
        with pytest.raises(ProtocolViolation):
            session.body(1, limit=1_000)
        with pytest.raises(ConnectionLost):
            session.noop()


def test_endless_data_is_cut_off() -> None:
    """A flood of responses ends at the budget of the command."""

    def script(peer: Peer) -> None:
        peer.command(b"NOOP")
        while True:
            peer.say(b"* OK " + b"x" * 100_000)

    with facing(script) as session, pytest.raises(ProtocolViolation):
        session.noop()


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that never ends is given up at its limit."""
    monkeypatch.setattr(wire, "LINE_LIMIT", 1_000_000)

    def script(peer: Peer) -> None:
        peer.command(b"NOOP")
        while True:
            peer.send(b"x" * 100_000)

    with facing(script) as session, pytest.raises(ProtocolViolation):
        session.noop()


def test_a_slow_drip() -> None:
    """A server that sends an octet now and then is given up after the command's patience, not kept for ever."""

    def script(peer: Peer) -> None:
        peer.command(b"NOOP")
        while True:
            peer.send(b"x")
            pause.wait(0.02)

    pause = threading.Event()
    with facing(script) as session, pytest.raises(ConnectionLost, match="silent"):
        session.run("answer", b"NOOP", patience=0.3)


def test_bye_in_the_middle() -> None:
    """What came before it was yielded; then its words."""
    with facing(lambda peer: peer.answer(b"UID FETCH", row(b"1", b"one"), b"* BYE disk on fire")) as session:
        stream = session.headers("1:3")
        assert next(stream).uid == 1
        with pytest.raises(ConnectionLost, match="disk on fire"):
            next(stream)


def test_news_during_a_fetch_is_kept() -> None:
    """EXPUNGE, EXISTS and flags that come with another answer are events."""
    answer = [row(b"1"), b"* 2 EXPUNGE", b"* 5 EXISTS", b"* 1 FETCH (UID 1 FLAGS (\\Seen))", b"* VANISHED 7:8"]
    with facing(lambda peer: peer.answer(b"UID FETCH", *answer)) as session:
        assert [found.uid for found in session.headers("1:3")] == [1]
        events = session.drain_events()
        assert [event.kind for event in events] == ["expunge", "exists", "fetch", "vanished"]
        assert events[3].uids == UidSet.parse("7:8")


def test_sequence_numbers_outside_are_dropped() -> None:
    """A row for a place that was not asked for is not a row of this answer."""
    answer = [row(b"1", number=1), row(b"2", number=2), row(b"3", number=30)]
    with facing(lambda peer: peer.answer(b"FETCH 2:3", *answer)) as session:
        assert [found.uid for found in session.headers_by_sequence(2, 3)] == [2]


def test_bodies_only_of_what_was_asked() -> None:
    """Another UID, the same UID twice, none at all, too large: not yielded."""
    answer = [
        b"* 1 FETCH (UID 9 BODY[] {5}\r\nother)",
        b"* 1 FETCH (UID 1 BODY[] {3}\r\none)",
        b"* 1 FETCH (UID 1 BODY[] {5}\r\nagain)",
        b"* 2 FETCH (BODY[] {4}\r\nnone)",
        b"* 2 FETCH (UID 2 BODY[] NIL)",
        b"* 3 FETCH (BODY[] {5}\r\nthree UID 3)",
        b"* 4 FETCH (UID 4 BODY[] {5000}\r\n" + b"x" * 5_000 + b")",
    ]
    with facing(lambda peer: peer.answer(b"UID FETCH 1:4", *answer)) as session:
        assert list(session.bodies(UidSet.parse("1:4"), limit=100)) == [(1, b"one"), (3, b"three")]


def test_flags_only_of_what_was_asked() -> None:
    """Flags of another message are an event, not an answer."""
    answer = [b"* 1 FETCH (UID 1 FLAGS (\\Seen))", b"* 9 FETCH (UID 9 FLAGS ())", b"* 2 FETCH (FLAGS ())"]
    with facing(lambda peer: peer.answer(b"UID FETCH", *answer)) as session:
        updates, _ = session.flags("1:3")
        assert [(update.uid, update.flags) for update in updates] == [(1, Flag.SEEN)]
        assert [event.flags.uid if event.flags else 0 for event in session.drain_events()] == [9, 0]


def test_bad_names_hide_no_others() -> None:
    """Whatever a folder is called, it is listed, and so are the rest."""
    lines = [
        b'* LIST () "/" INBOX',
        b'* LIST (\\Sent) "/" "../../.ssh/authorized_keys"',
        b'* LIST () "/" "&bad"',
        b'* LIST () NIL "\xff\xfe"',
        b'* LIST () "/" {9}\r\na\r\nb\x00c\x1b[',
        b'* LIST () "/"',
        b"* LIST",
        b'* LIST (((( "/" x',
        b'* LIST () "/" (a list)',
        b'* LIST () "/" "last"',
        b'* LIST () "/" "last"',
    ]
    with facing(lambda peer: peer.answer(b"LIST", *lines)) as session:
        names = [folder.name for folder in session.list_all()]
        assert len(names) == 6
        assert names[0] == "INBOX"
        assert names[-1] == "last"
        with pytest.raises(UnsafeArgument):
            session.open_folder(names[4])


def test_a_search_answer_of_megabytes() -> None:
    """300 000 UIDs in one line are read; zeros and words in it are no UIDs."""
    line = b"* SEARCH 0 " + b" ".join(b"%d" % uid for uid in range(1, 300_001))
    with facing(lambda peer: peer.answer(b"UID SEARCH ALL", line), b"IMAP4rev1 AUTH=PLAIN SASL-IR") as session:
        assert session.all_uids() == UidSet.parse("1:300000")


@pytest.mark.parametrize(
    "told",
    [b"1 1:4294967295 1:4294967295", b"1 1:2 7", b"1 x y", b"1", b"1 9 7", b""],
)
def test_a_copyuid_that_cannot_be(told: bytes) -> None:
    """A pairing that makes no sense maps nothing."""

    def script(peer: Peer) -> None:
        peer.answer(b"UID MOVE", status=b"OK [COPYUID %s] done" % told)

    with facing(script) as session:
        assert not session.move_messages(UidSet.parse("1:2"), "Archive")
        assert session.copied_validity == 0


def test_select_that_says_little() -> None:
    """Without UIDNEXT it is asked for; without UIDVALIDITY it is 0; VANISHED may end in a star."""

    def script(peer: Peer) -> None:
        peer.answer(b"SELECT", b"* 3 EXISTS", b"* VANISHED (EARLIER) 12:*")
        peer.answer(b"STATUS", b'* STATUS "other" (UIDNEXT 5)', b'* STATUS "x y" (UIDNEXT 9)')

    with facing(script) as session:
        selected = session.open_folder("x y")
        assert (selected.uidvalidity, selected.uidnext, selected.exists) == (0, 9, 3)
        assert not selected.vanished


def test_a_literal_waits_for_its_go_ahead() -> None:
    """Without LITERAL+ news before the `+` is kept; NO instead of it refuses the command, and the next one works."""

    def script(peer: Peer) -> None:
        tag, text = peer.command(b"APPEND")
        assert text.endswith(b"{4}")
        peer.say(b"* 4 EXISTS", b"+ go")
        assert peer.octets(4) == b"\x00\r\n\xff"
        assert peer.line() == b""
        peer.say(tag + b" OK [APPENDUID 7 8] done")
        tag, _ = peer.command(b"APPEND")
        peer.say(b"* 5 EXISTS", tag + b" NO [OVERQUOTA] full")
        peer.answer(b"NOOP")

    with facing(script, b"IMAP4rev1 AUTH=PLAIN SASL-IR") as session:
        assert session.append_message("INBOX", b"\x00\r\n\xff", Flag.NONE, 0) == (7, 8)
        with pytest.raises(CommandRefused, match="full") as caught:
            session.append_message("INBOX", b"more", Flag.NONE, 0)
        assert caught.value.code == "OVERQUOTA"
        assert [event.kind for event in session.noop()] == ["exists", "exists"]


@pytest.mark.parametrize("bad", ["a\r\nx LOGOUT", "a\nb", "a\0b", "a\rb"])
def test_no_command_hides_in_an_argument(bad: str) -> None:
    """Line breaks and NUL are refused wherever they come from, imapclient's own methods included."""
    with facing(lambda peer: peer.answer(b"NOOP")) as session:
        sent_before = session.wire.tagnum
        for attempt in (
            lambda: session.run("x", b"NOOP", bad.encode()),
            lambda: session.wire.send(bad.encode() + b"\r\n"),
            lambda: session.wire.send(b"a" + bad.encode()),
            lambda: session.find_message_id(bad, 1),
            lambda: session.headers(bad),
            lambda: session.flags(bad),
            lambda: session.add_flags(UidSet.parse("1"), Flag.NONE, (bad,)),
            lambda: session.open_folder("\ufeff" + bad),
            lambda: session.create_folder(bad),
            lambda: session.search([bad]),
        ):
            with pytest.raises(UnsafeArgument):
                attempt()
        assert session.noop() == []
        assert session.wire.tagnum - sent_before < 6


def test_a_compression_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small packet that inflates without end is given up, without holding it in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(packer.compress(b"* OK " + b"x" * 1_000_000 + b"\r\n") for _ in range(200))
    bomb += packer.flush(zlib.Z_SYNC_FLUSH)

    def script(peer: Peer) -> None:
        peer.answer(b"COMPRESS DEFLATE")
        peer.send(bomb)

    with facing(script, CAPABILITIES + b" COMPRESS=DEFLATE") as session:
        assert session.compress()
        with pytest.raises(ProtocolViolation):
            session.noop()
        assert len(session.wire.buffer) < 2_000_000


def test_damaged_compression() -> None:
    """Octets that are no DEFLATE end the session."""

    def script(peer: Peer) -> None:
        peer.answer(b"COMPRESS DEFLATE")
        peer.sock.recv(100)
        peer.send(b"\xff" * 100)

    with facing(script, CAPABILITIES + b" COMPRESS=DEFLATE") as session:
        assert session.compress()
        with pytest.raises(ProtocolViolation):
            session.noop()


def test_events_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of news is remembered up to a limit."""
    monkeypatch.setattr(talk, "EVENTS_LIMIT", 100)
    with facing(lambda peer: peer.answer(b"NOOP", *[b"* 4 EXISTS"] * 500)) as session:
        assert len(session.noop()) == 100
