"""A logged-in session and a server that does whatever a server can do: refused, cut, silent, too much, at every step.

What matters most: nothing counts as deleted before QUIT was agreed to, and no message is taken for another one.
"""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers.pop3_scripted import (
    CAPABILITIES,
    MAIL,
    OddPop,
    Told,
    answering,
    block,
    cut,
    silent,
    stuffed,
    then_cut,
)
from tests.servers.scripted import Peer, Scripted
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import CommandRefused, ConnectionLost, MailError, ProtocolViolation, ServerBusy
from tui_mail.model import Security, Server
from tui_mail.net.pop3 import SLACK, WINDOW, Listed, Pop3Session
from tui_mail.net.pop3_line import Pop3Line

ALONE = tuple(word for word in CAPABILITIES if word != b"PIPELINING")


def opened(server: Scripted, *, patience: float = 5.0) -> Pop3Session:
    """A session with a scripted server; tests of servers that say nothing have less patience."""
    return Pop3Session.open(server.server(), "secret", timeout=2.0, patience=patience)


def listed(*entries: tuple[int, int, str]) -> list[Listed]:
    return [Listed(*entry) for entry in entries]


def patience_for(kind: type[MailError]) -> float:
    """Little when nothing is expected to come."""
    return 0.5 if kind is ConnectionLost else 5.0


def gather(messages: Iterable[Any], got: list[int]) -> None:
    """Note the numbers of what comes, as far as it comes."""
    for number, _ in messages:
        got.append(number)


ALL = listed(*((number, len(raw), f"u{number}") for number, raw in enumerate(MAIL, 1)))


# --- how it goes well -------------------------------------------------------------------------


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ALONE])
def test_a_whole_session(capabilities: tuple[bytes, ...]) -> None:
    """With and without pipelining: list, headers, messages octet for octet, marks, and the end."""
    with Scripted(answering(capabilities=capabilities)) as server:
        before = time.time()
        session = opened(server)
        assert session.listing() == ALL
        assert list(session.top([1, 3])) == [(1, b"Subject: one\r\n\r\n"), (3, b"Subject: three\r\n\r\n")]
        assert list(session.retrieve([3, 1, 2])) == [(3, MAIL[2]), (1, MAIL[0]), (2, MAIL[1])]
        assert session.delete([1, 2]) == [1, 2]
        session.quit()
        assert not session.is_open
        assert before <= session.heard <= time.time()
        session.close()
    assert server.seen[-3:] == [b"DELE 1", b"DELE 2", b"QUIT"]


def test_nothing_to_do() -> None:
    """An empty mailbox, and empty lists of messages."""
    with Scripted(answering(mail=())) as server:
        session = opened(server)
        assert session.listing() == []
        assert (list(session.top([])), list(session.retrieve([])), session.delete([])) == ([], [], [])
        session.quit()
    assert server.seen[-1] == b"QUIT"
    assert not any(line.startswith((b"TOP", b"RETR", b"DELE")) for line in server.seen)


def test_without_pipelining_each_command_waits_for_its_answer() -> None:
    """A server that does not offer it might lose what comes early."""

    def alone(peer: Peer) -> None:
        assert not peer._buffer
        peer.say(b"+OK")

    with Scripted(answering(capabilities=ALONE, dele=alone)) as server:
        session = opened(server)
        assert session.delete(range(1, 80)) == list(range(1, 80))
        session.quit()


def test_with_pipelining_many_are_under_way_but_not_too_many() -> None:
    """Few enough that both sides' buffers hold them."""
    most = [0]

    def dele(peer: Peer) -> None:
        most[0] = max(most[0], peer._buffer.count(b"DELE") + 1)
        peer.say(b"+OK")

    with Scripted(answering(dele=dele)) as server:
        session = opened(server)
        assert session.delete(range(1, 500)) == list(range(1, 500))
        session.quit()
    assert 10 < most[0] <= WINDOW


def test_mail_from_a_server_that_ends_its_lines_with_lf_alone() -> None:
    """It has its own end of a message, and so the session goes on."""

    def retr(peer: Peer) -> None:
        peer.send(b"+OK\nSubject: x\n\n..\nend\n.\n")

    with Scripted(answering(retr=retr)) as server:
        session = opened(server)
        assert list(session.retrieve([1, 2])) == [(number, b"Subject: x\n\n.\nend\n") for number in (1, 2)]
        session.quit()


def test_a_bare_line_feed_in_a_message_does_not_end_it() -> None:
    """A sender could else speak for the server, and put another message in the place of the next one."""
    raw = b"Subject: x\r\n\r\na\n.\n+OK\r\nforged\n.\r\nb\r\n"

    def retr(peer: Peer) -> None:
        peer.send(b"+OK\r\n" + raw + b".\r\n")

    with Scripted(answering(retr=retr)) as server:
        session = opened(server)
        assert list(session.retrieve([1, 2])) == [(1, raw), (2, raw)]
        session.quit()


# --- listings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"uidl": b"-ERR unknown command", "capa": b"-ERR"}, listed((1, 10, ""), (2, 20, ""))),
        ({"uidl": block()}, listed((1, 10, ""), (2, 20, ""))),
        ({"uidl": block(b"2 b")}, listed((1, 10, ""), (2, 20, "b"))),
        ({"uidl": block(b"2 b", b"1 a", b"3 c")}, listed((1, 10, "a"), (2, 20, "b"))),
        ({"uidl": block(b"1 same", b"2 same")}, listed((1, 10, "same"), (2, 20, "same"))),
        ({"uidl": block(b"1 a", b"1 a", b"2 b", b"2 c")}, listed((1, 10, "a"), (2, 20, ""))),
        ({"uidl": block(b"1 a\x1b]0;x\x07", b"2 " + b"x" * 600)}, listed((1, 10, ""), (2, 20, ""))),
        ({"uidl": block(b"-1 a", b"0 b", b"99999999999 c", b"nonsense", b"")}, listed((1, 10, ""), (2, 20, ""))),
        ({"list": block(b"2 20", b"1 10")}, listed((1, 10, "u1"), (2, 20, "u2"))),
        ({"list": block(b"1 10", b"1 10", b"2 20", b"2 21")}, listed((1, 10, "u1"))),
        ({"list": block(b"-1 10", b"0 10", b"1 -10", b"2 20 and so on", b"x")}, listed((2, 20, "u2"))),
        ({"list": b"+OK 70 messages (9 octets)\r\n1 10\r\n."}, listed((1, 10, "u1"))),
        ({"list": block(b"..")}, []),
        ({"list": block(), "uidl": b"-ERR no messages"}, []),
    ],
)
def test_listings_of_all_kinds(told: dict[str, Told], expected: list[Listed]) -> None:
    """What makes no sense is left out, what is said twice and differently is not believed, and the rest is there."""
    usual: dict[str, Told] = {"list": block(b"1 10", b"2 20")}
    with Scripted(answering(**{**usual, **told})) as server:
        session = opened(server)
        assert session.listing() == expected
        assert session.has("UIDL") == ("capa" not in told)
        session.quit()


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ALONE])
@pytest.mark.parametrize("step", ["list", "uidl"])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"-ERR no", CommandRefused),
        (b"-ERR [SYS/TEMP] later", ServerBusy),
        (b"-ERR [SYS/PERM] never", CommandRefused),
        (b"+ what?", ProtocolViolation),
        (b"250 fine", ProtocolViolation),
        (block(b"1 " + b"x" * 10_000_000), ProtocolViolation),
        (cut, ConnectionLost),
        (silent, ConnectionLost),
        (b"+OK\r\n1 10", ConnectionLost),
        (then_cut(b"+OK\r\n1 1"), ConnectionLost),
    ],
)
def test_a_listing_that_fails(capabilities: tuple[bytes, ...], step: str, told: Told, kind: type[MailError]) -> None:
    """A server that has UIDLs and does not tell them is not taken for one without."""
    with Scripted(answering(capabilities=capabilities, **{step: told})) as server:
        session = opened(server, patience=patience_for(kind))
        with pytest.raises(kind) as caught:
            session.listing()
        assert type(caught.value) is kind
        assert session.is_open == (kind is CommandRefused)
        session.close()


@pytest.mark.parametrize("step", ["list", "uidl"])
def test_a_passing_fault_of_a_server_without_capabilities(step: str) -> None:
    """It is not taken for a server without UIDLs."""
    told: dict[str, Told] = {"capa": b"-ERR", step: b"-ERR [SYS/TEMP] later"}
    with Scripted(answering(**told)) as server:
        session = opened(server)
        with pytest.raises(ServerBusy):
            session.listing()


@pytest.mark.parametrize("limit", ["ENTRIES_LIMIT", "LISTING_LIMIT"])
def test_a_listing_without_end(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is broken off at a number of messages, or of octets."""
    monkeypatch.setattr(f"tui_mail.net.pop3.{limit}", 1_000)

    def endless(peer: Peer) -> None:
        peer.say(b"+OK")
        for number in range(1, 10_000_000):
            peer.send(b"%d 10\r\n" % number)

    with Scripted(answering(list=endless)) as server:
        session = opened(server)
        with pytest.raises(ProtocolViolation):
            session.listing()
        assert not session.is_open


def test_a_large_listing() -> None:
    """A hundred thousand messages take no time worth mentioning."""
    count = 100_000
    told: dict[str, Told] = {
        "list": block(*(b"%d 1000" % number for number in range(1, count + 1))),
        "uidl": block(*(b"%d %070d" % (number, number) for number in range(1, count + 1))),
    }
    with Scripted(answering(**told)) as server:
        session = opened(server, patience=5.0)
        began = time.process_time()
        found = session.listing()
        assert time.process_time() - began < 8
        session.quit()
    assert (len(found), found[-1]) == (count, Listed(count, 1000, "0" * 64 + "100000"))


# --- messages ---------------------------------------------------------------------------------


class Fed(Pop3Line):
    """A line on which octets arrive in the pieces of a list."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.server = Server("localhost", 110, Security.NONE, "anna")
        self.alive, self.hidden, self.heard = True, (), 0.0
        self._eol, self._buffer = b"\r\n", bytearray()

    def _wait_and_fill(self, deadline: float) -> None:
        self._buffer += self.pieces.pop(0)


@given(
    st.lists(
        st.sampled_from([b"\r\n", b"\r\n.", b".", b"..", b"\r", b"\n", b"x", b"\n.\r\n", b"long line"]), max_size=12
    ),
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.booleans(),
)
def test_a_message_in_whatever_pieces_it_comes(parts: list[bytes], steps: list[int], more: bool) -> None:
    """Dots, line ends and the end itself may be cut anywhere; what follows belongs to the next answer."""
    raw = b"".join(parts)
    raw += b"" if not raw or raw.endswith(b"\r\n") else b"\r\n"
    octets = stuffed(raw) + (b"+OK next" if more else b"")
    pieces = list[bytes]()
    while octets:
        step = steps[len(pieces) % len(steps)]
        pieces.append(octets[:step])
        octets = octets[step:]
    line = Fed(*pieces)
    assert line.block(1.0, 10_000) == raw
    assert (line._buffer + b"".join(line.pieces)).startswith(b"+OK next" if more else b"")
    assert more or not line._buffer


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ALONE])
def test_one_message_that_is_refused_does_not_end_the_rest(capabilities: tuple[bytes, ...]) -> None:
    """The refusal stands in its place, with its code."""
    replies: list[bytes] = [b"+OK\r\n" + stuffed(MAIL[0])[:-2], b"-ERR [UTF8] not for you", b"+OK\r\nx\r\n."]
    with Scripted(answering(capabilities=capabilities, retr=list(replies), top=list(replies))) as server:
        session = opened(server)
        (_, first), (number, refusal), (_, last) = session.retrieve([1, 2, 3])
        assert (first, number, last) == (MAIL[0], 2, b"x\r\n")
        assert isinstance(refusal, CommandRefused)
        assert refusal.code == "UTF8"
        assert list(session.top([1, 2, 3])) == [(1, MAIL[0]), (3, b"x\r\n")]
        session.quit()


def test_a_server_without_top_is_not_asked_for_it() -> None:
    """Nothing comes of it."""
    with Scripted(answering(capabilities=(b"USER", b"UIDL"))) as server:
        session = opened(server)
        assert list(session.top([1, 2])) == []
        session.quit()
    assert not any(line.startswith(b"TOP") for line in server.seen)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ALONE])
@pytest.mark.parametrize("step", ["retr", "top", "dele"])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"+ what?", ProtocolViolation),
        (b"* BYE", ProtocolViolation),
        (b"-ERR rate limit exceeded", ServerBusy),
        (cut, ConnectionLost),
        (silent, ConnectionLost),
    ],
)
def test_a_command_that_fails_in_the_middle(
    capabilities: tuple[bytes, ...], step: str, told: Told, kind: type[MailError]
) -> None:
    """What came before it is there; then the session is over."""
    fine = b"+OK" if step == "dele" else b"+OK\r\nx\r\n."
    replies: list[Told] = [fine, fine, told]

    def third(peer: Peer) -> None:
        what = replies.pop(0) if len(replies) > 1 else replies[0]
        assert not isinstance(what, list)
        what(peer) if callable(what) else peer.say(what)

    with Scripted(answering(capabilities=capabilities, **{step: third})) as server:
        session = opened(server, patience=patience_for(kind))
        steps: dict[str, Callable[[list[int]], Iterable[object]]] = {
            "retr": session.retrieve,
            "top": session.top,
            "dele": session.delete,
        }
        got = list[int]()
        with pytest.raises(kind) as caught:
            gather(steps[step]([1, 2, 3, 4]), got)
        assert type(caught.value) is kind
        assert got == ([] if step == "dele" else [1, 2])
        assert not session.is_open
        with pytest.raises(ConnectionLost):
            session.quit()
    assert b"QUIT" not in server.seen


@pytest.mark.parametrize("half", [b"+OK\r\n", b"+OK\r\nSubject: x\r\n", b"+OK\r\nx\r\n.", b"+OK\r\nx\r\n.\r", b"+O"])
@pytest.mark.parametrize("end", [cut, silent])
def test_half_a_message_is_none(half: bytes, end: Callable[[Peer], None]) -> None:
    """Without the end that the protocol knows, nothing was received."""

    def retr(peer: Peer) -> None:
        peer.send(half)
        end(peer)

    with Scripted(answering(retr=retr)) as server:
        session = opened(server, patience=0.5)
        with pytest.raises(ConnectionLost):
            list(session.retrieve([1]))


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"x" * 70 + b"\r\n", b".\r", b"\r\n..\r\n"])
def test_a_message_without_end(piece: bytes) -> None:
    """Twice the listed size and some slack is the most that is listened to."""
    sent = [0]

    def retr(peer: Peer) -> None:
        peer.say(b"+OK")
        while True:
            peer.send(piece * (100_000 // len(piece)))
            sent[0] += 100_000

    with Scripted(answering(retr=retr)) as server:
        session = opened(server)
        session.listing()
        with pytest.raises(ProtocolViolation):
            list(session.retrieve([1, 2]))
        assert not session.is_open
    assert sent[0] < SLACK + 20_000_000  # what buffers hold


def test_a_message_above_the_callers_limit() -> None:
    """The caller's word counts, even for an honest server."""
    with Scripted(answering()) as server:
        session = opened(server)
        session.listing()
        assert list(session.retrieve([3], limit=len(MAIL[2]))) == [(3, MAIL[2])]
        with pytest.raises(ProtocolViolation):
            list(session.retrieve([3], limit=len(MAIL[2]) - 1))


@pytest.mark.parametrize("step", ["retr", "list"])
def test_an_answer_that_trickles(step: str) -> None:
    """It gets no time for single octets."""

    def trickle(peer: Peer) -> None:
        peer.say(b"+OK")
        while True:
            peer.send(b"1 1\r\n")
            time.sleep(0.02)

    with Scripted(answering(**{step: trickle})) as server:
        session = opened(server, patience=0.5)
        began = time.monotonic()
        with pytest.raises(ConnectionLost):
            list(session.retrieve([1])) if step == "retr" else session.listing()
    assert time.monotonic() - began < 9


def test_a_slow_line_is_not_a_silent_one() -> None:
    """A message may take longer than any pause in it."""

    def retr(peer: Peer) -> None:
        peer.say(b"+OK")
        for _ in range(8):
            time.sleep(0.2)
            peer.say(b"x" * 1000)
        peer.say(b".")

    with Scripted(answering(retr=retr)) as server:
        session = opened(server, patience=1.0)
        assert [len(raw) for _, raw in session.retrieve([1]) if isinstance(raw, bytes)] == [8 * 1002]
        session.quit()


def test_a_large_message_is_not_copied_again_and_again() -> None:
    """Thirty megabytes, of which each line begins with a dot, take little more memory than they are."""
    raw = b"." * 70 + b"\r\n"
    sent = stuffed(raw * 1000).removesuffix(b".\r\n")

    def retr(peer: Peer) -> None:
        peer.say(b"+OK")
        for _ in range(420):
            peer.send(sent)
        peer.say(b".")

    with Scripted(answering(retr=retr)) as server:
        session = opened(server, patience=20.0)
        tracemalloc.start()
        try:
            [(_, got)] = session.retrieve([1])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        session.quit()
    assert got == raw * 420_000
    assert peak < 1.5 * len(raw) * 420_000


# --- one answer too many ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        (b"+OK", ProtocolViolation),
        (b"what?", ProtocolViolation),
        (b"-ERR Disconnected for inactivity.", ConnectionLost),
        (b"-ERR [SYS/TEMP] shutting down", ServerBusy),
    ],
)
def test_words_that_nobody_asked_for_are_no_answer(extra: bytes, kind: type[MailError]) -> None:
    """The next command is not even sent, and so nothing is deleted for a misunderstanding."""
    with Scripted(answering(dele=b"+OK\r\n" + extra)) as server:
        session = opened(server)
        session.delete([1])
        with pytest.raises(kind) as caught:
            session.quit()
        assert type(caught.value) is kind
    assert b"QUIT" not in server.seen


def test_a_message_too_many() -> None:
    """What follows an answer is not taken for the one to the next command."""
    with Scripted(answering(capabilities=ALONE, retr=b"+OK\r\nx\r\n.\r\n+OK\r\ny\r\n.")) as server:
        session = opened(server)
        got = list[int]()
        with pytest.raises(ProtocolViolation):
            gather(session.retrieve([1, 2]), got)
    assert got == [1]


def test_an_iterator_that_is_dropped_early() -> None:
    """Answers on their way would be taken for others, so the line is closed; nothing is deleted."""
    with Scripted(answering(mail=MAIL * 30)) as server:
        session = opened(server)
        for _ in session.retrieve(range(1, 91)):
            break
        assert not session.is_open
        with pytest.raises(ConnectionLost):
            session.delete([1])
        session.close()
    assert not {b"RSET", b"QUIT"} & set(server.seen)


def test_an_iterator_that_is_dropped_when_nothing_is_on_its_way() -> None:
    """The session goes on."""
    with Scripted(answering(capabilities=ALONE)) as server:
        session = opened(server)
        for _ in session.retrieve([1, 2, 3]):
            break
        assert session.delete([1]) == [1]
        session.quit()


def test_a_command_in_the_middle_of_an_iterator_is_a_mistake() -> None:
    """It is ours, and it is found out before anything is sent."""
    with Scripted(answering(mail=MAIL * 30)) as server:
        session = opened(server)
        messages = session.retrieve(range(1, 91))
        next(messages)
        with pytest.raises(AssertionError):
            session.quit()
        with pytest.raises(AssertionError):
            session.delete([1])
        session.close()
    assert not {b"RSET", b"QUIT", b"DELE 1"} & set(server.seen)


# --- deleting, and the end --------------------------------------------------------------------


def test_only_what_was_agreed_to_counts_as_marked() -> None:
    """The others are asked for again another time."""
    with Scripted(answering(dele=[b"+OK", b"-ERR no such message", b"+OK"])) as server:
        session = opened(server)
        assert session.delete([1, 2, 3]) == [1, 3]
        session.quit()


def half_agreed(peer: Peer) -> None:
    """Hang up in the middle of a word."""
    peer.send(b"+OK bye")
    raise EOFError


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"-ERR some deleted messages not removed", CommandRefused),
        (b"-ERR [SYS/TEMP] later", ServerBusy),
        (b"-ERR [SYS/PERM] the disk is broken", CommandRefused),
        (b"+ what?", ProtocolViolation),
        (b"221 bye", ProtocolViolation),
        (b"+OKAY", ProtocolViolation),
        (half_agreed, ConnectionLost),
        (cut, ConnectionLost),
        (silent, ConnectionLost),
    ],
)
def test_an_end_that_is_none(told: Told, kind: type[MailError]) -> None:
    """Only +OK says that messages are gone."""
    with Scripted(answering(quit=told)) as server:
        session = opened(server, patience=patience_for(kind))
        session.delete([1])
        with pytest.raises(kind) as caught:
            session.quit()
        assert type(caught.value) is kind
        assert not session.is_open


def test_an_end_that_takes_its_time() -> None:
    """A large mailbox is written anew then."""

    def bye(peer: Peer) -> None:
        time.sleep(0.5)
        peer.say(b"+OK bye")

    with Scripted(answering(quit=bye)) as server:
        session = opened(server, patience=0.3)
        session.quit()


@pytest.mark.parametrize("told", [b"+OK", b"-ERR what?", b"* BYE", cut, silent])
def test_hanging_up_takes_marks_back(told: Told) -> None:
    """RSET, whatever comes of it, no QUIT, and no more than two seconds."""
    began = time.monotonic()
    with Scripted(answering(rset=told)) as server:
        session = opened(server)
        session.delete([1])
        session.close()
        session.close()
        assert not session.is_open
    assert time.monotonic() - began < 9
    assert server.seen[-1] == b"RSET"


def test_the_line_is_cut_from_another_thread_while_it_waits() -> None:
    """Whoever ends the program does not wait for a minute."""
    waiting = threading.Event()

    def retr(peer: Peer) -> None:
        waiting.set()
        silent(peer)

    with Scripted(answering(retr=retr)) as server:
        session = opened(server, patience=60.0)
        killer = threading.Thread(target=lambda: waiting.wait(5) and session.shut())
        killer.start()
        with pytest.raises(ConnectionLost):
            list(session.retrieve([1]))
        killer.join(5)


# --- the mailbox that other tests use ---------------------------------------------------------


@pytest.fixture
def odd(tmp_path: Path) -> OddPop:
    make_certificates(tmp_path)
    server = OddPop(tmp_path)
    server.deliver(*MAIL)
    return server


def visit(odd: OddPop) -> Pop3Session:
    return Pop3Session.open(odd.account().incoming, "secret", timeout=2.0, patience=2.0)


def test_a_mailbox_over_several_sessions(odd: OddPop) -> None:
    """Marks without QUIT are forgotten; with it the messages are gone."""
    with odd:
        session = visit(odd)
        assert [(entry.number, entry.uidl) for entry in session.listing()] == [
            (1, "u00001"),
            (2, "u00002"),
            (3, "u00003"),
        ]
        assert [raw for _, raw in session.retrieve([1, 2, 3])] == list(MAIL)
        session.delete([2])
        session.close()
        session = visit(odd)
        assert len(session.listing()) == 3
        session.delete([2])
        session.quit()
        session = visit(odd)
        assert [(entry.number, entry.uidl) for entry in session.listing()] == [(1, "u00001"), (2, "u00003")]
        session.quit()
    assert odd.deleted == [MAIL[1]]
    assert odd.sessions[1] == ["LIST", "UIDL", "DELE 2", "QUIT"]


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("normal", ["u00001", "u00002"]),
        ("renamed", ["new-u00001", "new-u00002"]),
        ("equal", ["same", "same"]),
        ("numbered", ["1", "2"]),
        ("absent", ["", ""]),
    ],
)
def test_its_ways_to_name_messages(odd: OddPop, scheme: str, expected: list[str]) -> None:
    """Those of servers that break their word."""
    odd.uidl = scheme  # type: ignore[assignment]
    odd.batch = 2
    with odd:
        session = visit(odd)
        assert [entry.uidl for entry in session.listing()] == expected
        assert session.has("UIDL") == (scheme != "absent")
        session.quit()


def test_its_other_ways(odd: OddPop) -> None:
    """Hidden after reading, refused, cut, busy, and an end that nobody hears of."""
    odd.hides_popped = True
    with odd:
        session = visit(odd)
        list(session.retrieve([1]))
        session.quit()
        odd.refuses = {"DELE 1": b"-ERR no", "QUIT": b"-ERR not removed"}
        session = visit(odd)
        assert len(session.listing()) == 2
        assert session.delete([1, 2]) == [2]
        with pytest.raises(CommandRefused):
            session.quit()
        odd.refuses, odd.cut_at, odd.cut_half = {}, {"RETR": 2}, True
        session = visit(odd)
        got = list[int]()
        with pytest.raises(ConnectionLost):
            gather(session.retrieve([1, 2]), got)
        odd.cut_at, odd.exclusive, odd.loses_quit = {}, True, True
        session = visit(odd)
        with pytest.raises(ServerBusy):
            visit(odd)
        session.delete([1])
        with pytest.raises(ConnectionLost):
            session.quit()
        odd.exclusive = odd.loses_quit = False
        session = visit(odd)
        assert len(session.listing()) == 1
        session.quit()
    assert got == [1]
    assert odd.deleted == [MAIL[1]]
