"""What a POP3 server says, taken apart: replies, lines of listings, capabilities, refusals."""

from __future__ import annotations

import pytest

from tui_mail.errors import (
    AuthenticationRefused,
    CommandRefused,
    ConnectionLost,
    MailError,
    ProtocolViolation,
    ServerBusy,
)
from tui_mail.model import Security, Server
from tui_mail.net.pop3_replies import (
    Reply,
    login_refused,
    message_refused,
    number_in,
    offers,
    refused,
    reply_of,
    size_entry,
    uidl_entry,
)

HOST = "pop.example.org"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"+OK", Reply("ok", "", "")),
        (b"+OK 2 320", Reply("ok", "", "2 320")),
        (b"+OK\tready.", Reply("ok", "", "ready.")),
        (b"+OK, fine", Reply("ok", "", ", fine")),
        (b"-ERR", Reply("err", "", "")),
        (b"-ERR [IN-USE] Do you have another session?", Reply("err", "IN-USE", "Do you have another session?")),
        (b"-ERR [sys/temp]later", Reply("err", "SYS/TEMP", "later")),
        (b"-ERR [LOGIN-DELAY 30] slowly", Reply("err", "LOGIN-DELAY", "slowly")),
        (b"-ERR [not a code", Reply("err", "", "[not a code")),
        (b"-ERR []", Reply("err", "", "[]")),
        (b"+OK \xff\xfe", Reply("ok", "", "\ufffd\ufffd")),
        ("-ERR [AUTH] ungültig".encode(), Reply("err", "AUTH", "ungültig")),
        (b"+", Reply("more", "", "")),
        (b"+ eyJzdGF0dXMiOiI0MDEifQ==", Reply("more", "", "eyJzdGF0dXMiOiI0MDEifQ==")),
    ],
)
def test_a_reply(line: bytes, expected: Reply) -> None:
    """Its sign, its code, its words."""
    assert reply_of(line, HOST) == expected


@pytest.mark.parametrize(
    "line",
    [b"", b"OK", b"* OK", b"+OKAY", b"-ERROR", b"+ok", b"250 fine", b" +OK", b"+x", b".", b"\x00+OK", b"HTTP/1.1"],
)
def test_what_is_no_reply(line: bytes) -> None:
    """Nothing else is taken for a yes or a no."""
    with pytest.raises(ProtocolViolation):
        reply_of(line, HOST)


def test_no_reply_and_no_error_repeats_a_secret() -> None:
    """Whatever form it has; and what the reply means does not depend on it."""
    assert reply_of(b"-ERR [AUTH] zebra is wrong", HOST, (b"zebra",)) == Reply("err", "AUTH", "••• is wrong")
    assert reply_of(b"+OK fine", HOST, (b"OK",)).is_ok
    assert reply_of(b"-ERR [AUTH] no", HOST, (b"AUTH", b"")).code == "AUTH"
    with pytest.raises(ProtocolViolation) as caught:
        reply_of(b"what is zebra?", HOST, (b"zebra",))
    assert "zebra" not in caught.value.detail + caught.value.sentence


def test_a_long_reply_is_cut() -> None:
    """Nobody reads more of it."""
    assert len(reply_of(b"-ERR " + b"x" * 4_000, HOST).text) == 2_000


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"1 120", (1, 120)),
        (b"  2   0  ", (2, 0)),
        (b"3 120 and more", (3, 120)),
        (b"0 120", None),
        (b"-1 120", None),
        (b"1 -120", None),
        (b"1", None),
        (b"1 ", None),
        (b"one 120", None),
        (b"99999999999 1", None),
        (b"1 9999999999999999999", None),
        (b"1 12x", None),
        (b"\xd9\xa1 120", None),
        (b"", None),
    ],
)
def test_a_line_of_list(line: bytes, expected: tuple[int, int] | None) -> None:
    """A number from 1 and a size; anything else is nothing."""
    assert size_entry(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"1 whqtswO00WBw418f9t5JxYwZ", (1, "whqtswO00WBw418f9t5JxYwZ")),
        (b"2  a b ", (2, "a b")),
        (b"3 ../../../etc/passwd", (3, "../../../etc/passwd")),
        (b"4 " + b"x" * 512, (4, "x" * 512)),
        (b"5 " + b"x" * 513, (5, "")),
        (b"6 a\x1b[2Jb", (6, "")),
        (b"7 a\x00b", (7, "")),
        (b"8 a\tb", (8, "")),
        (b"9 \xff\xfe", (9, "")),
        ("10 a\u202eb".encode(), (10, "")),
        ("11 größe".encode(), (11, "größe")),
        (b"12 ", (12, "")),
        (b"13", None),
        (b"0 x", None),
        (b"-1 x", None),
        (b"x", None),
    ],
)
def test_a_line_of_uidl(line: bytes, expected: tuple[int, str] | None) -> None:
    """A name that can be kept and shown, or none."""
    assert uidl_entry(line) == expected


def test_capabilities() -> None:
    """In capitals, with their parameters; what comes twice is put together."""
    offered = offers([b"TOP", b"sasl PLAIN", b"SASL XOAUTH2", b"EXPIRE 60 USER", b"LOGIN-DELAY 900", b"", b"\xff"])
    assert offered["SASL"] == "PLAIN XOAUTH2"
    assert {"TOP", "EXPIRE", "LOGIN-DELAY"} <= set(offered)
    assert number_in(offered, "EXPIRE") == 60
    assert number_in(offered, "LOGIN-DELAY") == 900
    assert number_in({"EXPIRE": "NEVER"}, "EXPIRE") is None
    for told in ("-5", "9" * 30, "١", ""):
        assert number_in({"EXPIRE": told}, "EXPIRE") is None


@pytest.mark.parametrize(
    ("line", "kind", "seconds"),
    [
        (b"-ERR [AUTH] no", AuthenticationRefused, 0),
        (b"-ERR invalid user name or password", AuthenticationRefused, 0),
        (b"-ERR login failed, please try again", AuthenticationRefused, 0),
        (b"-ERR", AuthenticationRefused, 0),
        (b"-ERR [IN-USE] locked", ServerBusy, 0),
        (b"-ERR [SYS/TEMP] the directory is down", ServerBusy, 0),
        (b"-ERR [SYS/PERM] POP is not enabled", CommandRefused, 0),
        (b"-ERR [LOGIN-DELAY] too soon", ServerBusy, 90),
        (b"-ERR [LOGIN-DELAY] try again in 5 minutes", ServerBusy, 300),
        (b"-ERR maildrop already locked", ServerBusy, 0),
        (b"-ERR Unable to lock maildrop", ServerBusy, 0),
        (b"-ERR lock busy! Is another session active?", ServerBusy, 0),
        (b"-ERR temporary failure", ServerBusy, 0),
        (b"-ERR [AUTH] temporary passwords are not allowed", AuthenticationRefused, 0),
        (b"-ERR too many connections from you", ServerBusy, 0),
        (b"+ more", ProtocolViolation, 0),
    ],
)
def test_why_a_login_failed(line: bytes, kind: type[MailError], seconds: float) -> None:
    """Only what says that user and password are wrong counts as that."""
    error = login_refused(Server(HOST, 995, Security.TLS, "anna"), reply_of(line, HOST), delay=90)
    assert type(error) is kind
    assert getattr(error, "seconds", 0) == seconds
    assert isinstance(error, ConnectionLost) == (kind is ServerBusy)


def test_a_refusal_keeps_its_code() -> None:
    """For whoever has to decide whether another try makes sense."""
    error = refused(HOST, "list the mail", reply_of(b"-ERR [SYS/PERM] the disk is broken.", HOST))
    assert isinstance(error, CommandRefused)
    assert error.code == "SYS/PERM"
    assert "“the disk is broken”" in error.sentence
    assert isinstance(refused(HOST, "x", reply_of(b"-ERR [SYS/TEMP] later", HOST)), ServerBusy)
    assert isinstance(refused(HOST, "x", reply_of(b"+OK", HOST)), ProtocolViolation)


def test_a_refusal_of_one_message_is_told_apart_from_one_of_all() -> None:
    """A server that wants to be left alone is not asked for the next message."""
    assert message_refused(HOST, "x", reply_of(b"-ERR [UTF8] no such message", HOST)).code == "UTF8"
    with pytest.raises(ServerBusy):
        message_refused(HOST, "x", reply_of(b"-ERR rate limit exceeded", HOST))
    with pytest.raises(ProtocolViolation):
        message_refused(HOST, "x", reply_of(b"+", HOST))
