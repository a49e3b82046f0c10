"""One message and a server that does whatever a server can do: refused, cut, silent, at every step.

What matters most: up to the final dot every failure is safe to repeat, and from the dot on nothing is guessed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.servers.scripted import Peer, Scripted
from tests.servers.smtp_scripted import ENVELOPE, EXTENSIONS, RAW, Told, answering, cut, silent, then_cut
from tui_mail.errors import (
    AuthenticationRefused,
    ConnectionLost,
    DeliveryUnknown,
    MailError,
    MessageDeferred,
    MessageRefused,
    ProtocolViolation,
    ServerBusy,
    UnsafeArgument,
)
from tui_mail.net.smtp import GROUP, Delivery, Reply, SmtpSession
from tui_mail.outgoing import Envelope

BEA, CARL = ENVELOPE.recipients


class Ledger:
    """What a caller keeps: how often the last moment came, and with which replies."""

    def __init__(self) -> None:
        self.commits: list[dict[str, Reply]] = []

    def __call__(self, replies: Mapping[str, Reply]) -> None:
        self.commits.append(dict(replies))


def opened(server: Scripted, *, patience: float = 0.5, verdict: float = 0.5) -> SmtpSession:
    """A session with a scripted server that wants no login, whose patience fits a test."""
    return SmtpSession.open(server.server(user=""), "", timeout=2.0, patience=patience, verdict=verdict)


def sent(server: Scripted, envelope: Envelope = ENVELOPE, raw: bytes = RAW) -> Delivery:
    """Send one message, politely."""
    session = opened(server)
    try:
        return session.send(envelope, raw, Ledger())
    finally:
        session.close()


def commands(server: Scripted) -> list[bytes]:
    """What the client said, without the message's text."""
    words = (b"EHLO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"QUIT", b".")
    return [line for line in server.seen if line == b"." or line.split(b" ")[0] in words]


# --- how it goes well -------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [EXTENSIONS, (b"SIZE",), ()])
def test_a_message_goes_out_byte_for_byte(extensions: tuple[bytes, ...]) -> None:
    """With and without pipelining: the server gets the octets, dots doubled, and then one lone dot."""
    with Scripted(answering(extensions=extensions)) as server:
        ledger = Ledger()
        session = opened(server)
        delivery = session.send(ENVELOPE, RAW, ledger)
        session.close()
    fine = Reply(250, "2.1.5 fine")
    assert delivery == Delivery({BEA: fine, CARL: fine}, Reply(250, "2.0.0 queued as 1234"))
    assert list(delivery.recipients) == [BEA, CARL]
    assert ledger.commits == [{BEA: fine, CARL: fine}]
    begin = server.seen.index(b"DATA") + 1
    text = server.seen[begin : server.seen.index(b".", begin)]
    assert b"\r\n".join(line[1:] if line.startswith(b".") else line for line in text) + b"\r\n" == RAW
    assert server.seen[-1] == b"QUIT"


def test_several_messages_in_one_session() -> None:
    """The line is used again, after a refusal too."""
    with Scripted(answering(mail=[b"250 fine", b"550 5.7.1 not this one", b"250 fine"])) as server:
        session = opened(server)
        assert session.send(ENVELOPE, RAW, Ledger()).final == Reply(250, "2.0.0 queued as 1234")
        with pytest.raises(MessageRefused, match="not this one"):
            session.send(ENVELOPE, RAW, Ledger())
        assert session.send(ENVELOPE, RAW, Ledger()).final == Reply(250, "2.0.0 queued as 1234")
        assert session.is_open
        session.close()


def test_many_recipients_go_in_groups() -> None:
    """Two hundred recipients, each with its reply, in their order."""
    names = tuple(f"r{number}@example.org" for number in range(200))
    replies: list[bytes] = [b"250 2.1.5 fine", *[b"550 5.1.1 %d" % number for number in range(1, 200)]]

    def rcpt(peer: Peer) -> None:
        assert peer._buffer.count(b"RCPT") < GROUP  # no more wait than what buffers hold
        peer.say(replies.pop(0))

    with Scripted(answering(rcpt=rcpt)) as server:
        delivery = sent(server, Envelope("anna@example.org", names))
    assert list(delivery.recipients) == list(names)
    assert delivery.recipients["r199@example.org"].text == "5.1.1 199"


def test_a_recipient_that_is_named_twice_is_told_once() -> None:
    """One mailbox, one copy."""
    with Scripted(answering()) as server:
        sent(server, Envelope("anna@example.org", (BEA, CARL, BEA)))
    assert sum(line.startswith(b"RCPT") for line in server.seen) == 2


def test_what_the_message_needs_is_declared() -> None:
    """Size, 8-bit octets, letters of any script, and reports."""
    raw = RAW + "grüße\r\n".encode()
    envelope = Envelope("ä@example.org", (BEA,), utf8=True, eight_bit=True, dsn=True, envelope_id="id7")
    with Scripted(answering()) as server:
        sent(server, envelope, raw)
    mail = f"MAIL FROM:<ä@example.org> SIZE={len(raw)} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id7".encode()
    assert commands(server)[1:3] == [mail, b"RCPT TO:<bea@example.org> NOTIFY=SUCCESS,FAILURE,DELAY"]


def test_what_the_server_does_not_offer_is_not_asked_for() -> None:
    """Reports are a wish: without DSN the message goes without them."""
    with Scripted(answering(extensions=())) as server:
        sent(server, replace(ENVELOPE, dsn=True, envelope_id="id7"))
    assert commands(server)[1:3] == [b"MAIL FROM:<anna@example.org>", b"RCPT TO:<bea@example.org>"]


# --- what is found out before anything is sent ------------------------------------------------


@pytest.mark.parametrize(
    ("extensions", "envelope", "raw", "seven_bit"),
    [
        ((b"8BITMIME",), replace(ENVELOPE, recipients=("ü@example.org",)), RAW, False),
        ((b"8BITMIME",), replace(ENVELOPE, utf8=True), RAW, False),
        ((b"SIZE 1000",), ENVELOPE, RAW + b"\xc3\xa4\r\n", True),
        ((b"SIZE 50",), ENVELOPE, RAW, False),
    ],
)
def test_a_message_that_this_server_cannot_take(
    extensions: tuple[bytes, ...], envelope: Envelope, raw: bytes, seven_bit: bool
) -> None:
    """Not one command of it is sent; only for 8-bit octets is there a way out."""
    with Scripted(answering(extensions=extensions)) as server:
        with pytest.raises(MessageRefused) as caught:
            sent(server, envelope, raw)
        assert commands(server) in ([b"EHLO [127.0.0.1]"], [b"EHLO [127.0.0.1]", b"QUIT"])
    assert (caught.value.code, caught.value.needs_seven_bit) == (0, seven_bit)


@pytest.mark.parametrize("told", [b"", b" 0", b" what", b" -5", b" 9" + b"9" * 30, b" \xd9\xa1"])
def test_a_size_that_is_no_limit(told: bytes) -> None:
    """Nothing is refused for a limit that the server did not give."""
    with Scripted(answering(extensions=(b"SIZE" + told, b"8BITMIME"))) as server:
        session = opened(server)
        assert session.size_limit == 0
        session.close()


@pytest.mark.parametrize(
    ("envelope", "raw"),
    [
        (replace(ENVELOPE, sender="a@example.org>\r\nRCPT TO:<mallory@example.org"), RAW),
        (replace(ENVELOPE, recipients=(BEA, "x@example.org\nDATA")), RAW),
        (ENVELOPE, RAW + b"\n.\nMAIL FROM:<mallory@example.org>\r\n"),
    ],
)
def test_nothing_that_could_be_read_as_a_command_is_sent(envelope: Envelope, raw: bytes) -> None:
    """It is refused here, and the session goes on with the next message."""
    with Scripted(answering()) as server:
        session = opened(server)
        with pytest.raises(UnsafeArgument):
            session.send(envelope, raw, Ledger())
        assert commands(server) == [b"EHLO [127.0.0.1]"]
        session.send(ENVELOPE, RAW, Ledger())
        session.close()
    assert not any(b"mallory" in line for line in server.seen)


# --- refused, cut or silent before the dot ----------------------------------------------------


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"mail": b"550 5.7.1 no"}, MessageRefused),
        ({"mail": b"552 5.3.4 too large"}, MessageRefused),
        ({"mail": b"530 5.7.0 authentication required"}, AuthenticationRefused),
        ({"mail": b"451 4.3.0 later"}, MessageDeferred),
        ({"mail": b"421 4.3.2 shutting down"}, ServerBusy),
        ({"mail": then_cut(b"421 4.3.2 shutting down")}, ServerBusy),
        ({"mail": then_cut(b"550 5.7.1 no")}, MessageRefused),
        ({"mail": b"354 what?"}, ProtocolViolation),
        ({"mail": cut}, ConnectionLost),
        ({"mail": silent}, ConnectionLost),
        ({"rcpt": b"421 4.3.2 shutting down"}, ServerBusy),
        ({"rcpt": b"354 what?"}, ProtocolViolation),
        ({"rcpt": cut}, ConnectionLost),
        ({"rcpt": silent}, ConnectionLost),
        ({"data": b"554 5.5.1 no valid recipients"}, MessageRefused),
        ({"data": b"451 4.3.0 later"}, MessageDeferred),
        ({"data": b"421 4.3.2 shutting down"}, ServerBusy),
        ({"data": b"250 2.0.0 queued already"}, ProtocolViolation),
        ({"data": cut}, ConnectionLost),
        ({"data": silent}, ConnectionLost),
    ],
)
def test_a_failure_before_the_text(told: dict[str, Told], kind: type[MailError], pipelining: bool) -> None:
    """The error says whether to try again; no octet of the message was sent, and the last moment never came."""
    ledger = Ledger()
    with Scripted(answering(extensions=EXTENSIONS[not pipelining :], **told)) as server:
        session = opened(server)
        with pytest.raises(kind) as caught:
            session.send(ENVELOPE, RAW, ledger)
        session.close()
    assert type(caught.value) is kind
    assert ledger.commits == []
    assert not any(b"hello" in line for line in server.seen)
    if isinstance(caught.value, MessageRefused | MessageDeferred):
        assert str(caught.value.code) in caught.value.detail
        assert b"RSET" in server.seen or any(map(callable, told.values()))  # ready for another message


def test_some_recipients_are_refused() -> None:
    """The others get the message; each has its own reply."""
    with Scripted(answering(rcpt=[b"550 5.1.1 unknown", b"250 2.1.5 fine"])) as server:
        delivery = sent(server)
    assert delivery.final == Reply(250, "2.0.0 queued as 1234")
    assert [reply.code for reply in delivery.recipients.values()] == [550, 250]


@pytest.mark.parametrize("replies", [[b"550 5.1.1 unknown", b"452 4.5.3 too many recipients"], [b"550 no", b"550 no"]])
def test_every_recipient_is_refused(replies: list[bytes]) -> None:
    """No text is transmitted, nothing is to be committed, and the line can be used for another message."""
    ledger = Ledger()
    with Scripted(answering(rcpt=[*replies, b"250 2.1.5 fine"])) as server:
        session = opened(server)
        delivery = session.send(ENVELOPE, RAW, ledger)
        assert delivery.final is None
        assert [reply.code for reply in delivery.recipients.values()] == [int(reply[:3]) for reply in replies]
        assert commands(server)[-1] == b"RSET"
        assert ledger.commits == []
        assert session.send(ENVELOPE, RAW, ledger).final is not None
        session.close()


def test_a_caller_that_changes_its_mind_at_the_last_moment() -> None:
    """What it raises comes out, the line is cut, and the server never sees the dot."""

    class DiskFull(Exception):
        pass

    def before_dot(replies: Mapping[str, Reply]) -> None:
        raise DiskFull

    with Scripted(answering()) as server:
        session = opened(server)
        with pytest.raises(DiskFull):
            session.send(ENVELOPE, RAW, before_dot)
        assert not session.is_open
        with pytest.raises(ConnectionLost):
            session.send(ENVELOPE, RAW, Ledger())
    assert b"the end" in server.seen
    assert b"." not in server.seen


BIG = b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 400_000
"""More than the buffers of both sides hold."""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"552 5.3.4 that is too much", MessageRefused),
        (b"451 4.3.1 no more room", MessageDeferred),
        (b"421 4.3.2 shutting down", ServerBusy),
        (b"250 2.0.0 queued already", ProtocolViolation),
        (b"", ConnectionLost),
    ],
)
@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_server_that_speaks_in_the_middle_of_the_text(said: bytes, kind: type[MailError], hangs_up: bool) -> None:
    """It will not take the rest: the dot is not sent, and what it said is told at once (a reset may swallow it)."""
    over = threading.Event()

    def data(peer: Peer) -> None:
        peer.say(b"354 go ahead")
        for _ in range(1000):
            peer.line()
        if said:
            peer.say(said)
        if not hangs_up:
            over.wait(10)
        raise EOFError

    ledger = Ledger()
    with Scripted(answering(extensions=(), data=data)) as server:
        session = opened(server, patience=20.0 if said else 0.5)
        began = time.monotonic()
        with pytest.raises((kind, ConnectionLost) if hangs_up else kind) as caught:
            session.send(ENVELOPE, BIG, ledger)
        over.set()
    assert time.monotonic() - began < 15
    assert not isinstance(caught.value, DeliveryUnknown)
    assert ledger.commits == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"421 4.4.2 you were too slow", ServerBusy),
        (b"250 2.0.0 queued already", ProtocolViolation),
        (b"", ConnectionLost),
    ],
)
def test_a_server_that_gives_up_while_the_caller_commits(said: bytes, kind: type[MailError]) -> None:
    """The dot is not sent to somebody who is gone: the message is not in doubt."""
    done = threading.Event()

    def data(peer: Peer) -> None:
        peer.say(b"354 go ahead")
        while peer.line() != b"the end":
            pass
        done.wait(5)
        if said:
            peer.say(said)
        raise EOFError

    def before_dot(replies: Mapping[str, Reply]) -> None:
        done.set()
        time.sleep(0.2)

    with Scripted(answering(data=data)) as server:
        session = opened(server)
        with pytest.raises(kind) as caught:
            session.send(ENVELOPE, RAW, before_dot)
    assert type(caught.value) is kind
    assert b"." not in server.seen


# --- the dot ----------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"451 4.3.0 later", b"554 5.7.1 spam", b"421 4.3.2 shutting down", b"552 too much"])
def test_a_clear_no_to_the_dot(said: bytes) -> None:
    """It is the outcome, not a failure."""
    with Scripted(answering(dot=said)) as server:
        delivery = sent(server)
    assert delivery.final is not None
    assert str(delivery.final).encode() == said


@pytest.mark.parametrize(
    "told",
    [
        cut,
        silent,
        then_cut(b"250-2.0.0 que"),
        b"354 again?",
        b"* OK",
        b"250-yes\r\n550 no",
        b"250 " + b"x" * 10_000,
    ],
)
def test_no_answer_to_the_dot(told: Told) -> None:
    """The server has the whole message, and what it made of it is unknown: nothing is guessed."""
    ledger = Ledger()
    with Scripted(answering(dot=told)) as server:
        session = opened(server)
        with pytest.raises(DeliveryUnknown) as caught:
            session.send(ENVELOPE, RAW, ledger)
        assert not session.is_open
    assert not isinstance(caught.value, ConnectionLost)
    assert len(ledger.commits) == 1
    assert b"." in server.seen


def test_an_answer_to_the_dot_that_trickles() -> None:
    """It has one deadline, and after it the outcome is unknown."""

    def dot(peer: Peer) -> None:
        while True:
            peer.send(b"250-x\r\n")
            time.sleep(0.05)

    began = time.monotonic()
    with Scripted(answering(dot=dot)) as server:
        session = opened(server)
        with pytest.raises(DeliveryUnknown):
            session.send(ENVELOPE, RAW, Ledger())
    assert time.monotonic() - began < 9


def test_an_answer_that_takes_its_time() -> None:
    """A server may think about the dot for longer than about anything else."""

    def dot(peer: Peer) -> None:
        time.sleep(0.8)
        peer.say(b"250 2.0.0 queued at last")

    with Scripted(answering(dot=dot)) as server:
        session = opened(server, patience=0.3, verdict=5.0)
        assert session.send(ENVELOPE, RAW, Ledger()).final == Reply(250, "2.0.0 queued at last")
        session.close()


def test_the_line_is_cut_from_another_thread_while_it_waits() -> None:
    """Whoever ends the program does not wait for ten minutes, and the outcome stays unknown."""
    waiting = threading.Event()

    def dot(peer: Peer) -> None:
        waiting.set()
        silent(peer)

    with Scripted(answering(dot=dot)) as server:
        session = opened(server, verdict=60.0)
        killer = threading.Thread(target=lambda: (waiting.wait(5), session.shut()))
        killer.start()
        with pytest.raises(DeliveryUnknown):
            session.send(ENVELOPE, RAW, Ledger())
        killer.join(5)


# --- the end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [b"421 4.3.2 no", b"500 what?", cut, silent, b"* BYE", b"221-half"])
def test_whatever_quit_is_answered_with(told: Told) -> None:
    """The message is out; nothing that happens at the end changes that."""
    began = time.monotonic()
    with Scripted(answering(quit=told)) as server:
        assert sent(server).final == Reply(250, "2.0.0 queued as 1234")
    assert time.monotonic() - began < 12


def test_words_that_nobody_asked_for_are_no_answer() -> None:
    """A server that goes away between two messages says so in time; the next one is not sent into nowhere."""
    with Scripted(answering(dot=b"250 2.0.0 queued\r\n421 4.4.2 idle for too long")) as server:
        session = opened(server)
        session.send(ENVELOPE, RAW, Ledger())
        with pytest.raises(ServerBusy, match="idle for too long"):
            session.send(ENVELOPE, RAW, Ledger())


def test_two_answers_to_one_command_do_not_shift_the_others() -> None:
    """An early yes would be taken for the answer to the dot."""
    with Scripted(answering(data=b"354 go ahead\r\n250 2.0.0 queued already")) as server:
        session, ledger = opened(server), Ledger()
        with pytest.raises(ProtocolViolation):
            session.send(ENVELOPE, RAW, ledger)
    assert ledger.commits == []
    assert b"." not in server.seen


def test_a_yes_too_many_is_noticed_before_the_next_message() -> None:
    """The next message is not begun on a line that is out of step."""
    with Scripted(answering(dot=b"250 2.0.0 queued\r\n250 2.1.0 fine")) as server:
        session = opened(server)
        session.send(ENVELOPE, RAW, Ledger())
        with pytest.raises(ProtocolViolation):
            session.send(ENVELOPE, RAW, Ledger())
    assert sum(line.startswith(b"MAIL") for line in server.seen) == 1
