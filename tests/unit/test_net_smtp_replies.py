"""Octets of an SMTP server → Reply → error, without a network; and what is said to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import (
    MailError,
    MessageDeferred,
    MessageRefused,
    ProtocolViolation,
    ServerBusy,
    UnsafeArgument,
)
from tui_mail.net.smtp_commands import mail_line, rcpt_line, refuse_unsafe, stuffed, whole
from tui_mail.net.smtp_replies import TEXT_LIMIT, Reply, is_last, refusal, reply_of
from tui_mail.outgoing import Envelope

HOST = "mail.example.org"
RAW = b"Subject: hello\r\n\r\nhello\r\n"


@pytest.mark.parametrize(
    ("line", "last"),
    [(b"250 fine", True), (b"250-fine", False), (b"250", True), (b"250-", False), (b"550 5.1.1 \xff\xfe", True)],
)
def test_the_last_line_of_a_reply_has_no_hyphen(line: bytes, last: bool) -> None:
    """RFC 5321 section 4.2.1; a code alone is a whole line."""
    assert is_last(line, HOST) is last


@pytest.mark.parametrize("line", [b"", b"25", b"250fine", b"150 early", b"650 late", b"2x0 fine", b"* OK", b" 250 x"])
def test_what_is_no_line_of_a_reply(line: bytes) -> None:
    """Nonsense is not taken for consent."""
    with pytest.raises(ProtocolViolation):
        is_last(line, HOST)


@pytest.mark.parametrize(
    ("lines", "text", "enhanced"),
    [
        ([b"250 2.0.0 fine"], "2.0.0 fine", "2.0.0"),
        (
            [b"550-5.1.1 no such user", b"550-5.1.1 here at", b"550 5.1.1 all"],
            "5.1.1 no such user here at all",
            "5.1.1",
        ),
        ([b"550-one", b"550-", b"550 two"], "one two", ""),
        ([b"250"], "", ""),
        ([b"250 2.0"], "2.0", ""),
        ([b"250 2.0.0"], "2.0.0", "2.0.0"),
        ([b"550 5.7.1\xe4"], "5.7.1\ufffd", ""),
        ([b"550 gr\xc3\xbc\xc3\x9fe"], "grüße", ""),
    ],
)
def test_the_words_are_one_line(lines: list[bytes], text: str, enhanced: str) -> None:
    """Lines are joined, and a status that each of them repeats is kept once."""
    reply = reply_of(lines, HOST)
    assert (reply.text, reply.enhanced) == (text, enhanced)


def test_the_words_have_an_end() -> None:
    """However much a server says, a screen and a database get a page of it."""
    assert len(reply_of([b"250-" + b"x" * 4000] * 10 + [b"250 x"], HOST).text) == TEXT_LIMIT


def test_lines_with_different_codes_are_no_reply() -> None:
    """Is it yes or no? Nobody is to guess."""
    with pytest.raises(ProtocolViolation):
        reply_of([b"250-fine", b"550 not at all"], HOST)


@given(st.lists(st.binary(max_size=60) | st.from_regex(rb"[2-5][0-9]{2}[ -][^\r\n]{0,20}", fullmatch=True), max_size=8))
def test_octets_of_any_kind(lines: list[bytes]) -> None:
    """They make a reply, or are refused as nonsense; nothing else comes out."""
    try:
        if [is_last(line, HOST) for line in lines] != [False] * (len(lines) - 1) + [True]:
            return
        reply = reply_of(lines, HOST)
    except ProtocolViolation:
        return
    assert 200 <= reply.code < 600
    assert reply.text.startswith(reply.enhanced)
    assert len(reply.lines) == len(lines)


@pytest.mark.parametrize(
    ("code", "ok", "transient", "permanent"),
    [(250, True, False, False), (354, False, False, False), (451, False, True, False), (554, False, False, True)],
)
def test_what_a_code_means(code: int, ok: bool, transient: bool, permanent: bool) -> None:
    """2xx, 4xx, 5xx, and 3xx that is none of them."""
    reply = Reply(code, "")
    assert (reply.is_ok, reply.is_transient, reply.is_permanent) == (ok, transient, permanent)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(421, "shutting down"), ServerBusy),
        (Reply(450, "4.7.1 rate limit exceeded, try again in 5 minutes"), ServerBusy),
        (Reply(451, "4.3.0 later"), MessageDeferred),
        (Reply(554, "5.7.1 spam"), MessageRefused),
        (Reply(554, "5.7.1 too many connections"), MessageRefused),
        (Reply(354, "go ahead"), ProtocolViolation),
        (Reply(250, "fine"), ProtocolViolation),
    ],
)
def test_what_a_refusal_becomes(reply: Reply, kind: type[MailError]) -> None:
    """The server's words are in the sentence, and its code in the error."""
    error = refusal(HOST, reply)
    assert type(error) is kind
    if isinstance(error, MessageDeferred | MessageRefused):
        assert error.code == reply.code
        assert reply.text in error.sentence


def test_a_time_that_the_server_names_is_kept() -> None:
    """Whoever waits knows for how long."""
    error = refusal(HOST, Reply(421, "4.7.0 try again in 5 minutes"))
    assert isinstance(error, ServerBusy)
    assert error.seconds == 300


# --- what is said -----------------------------------------------------------------------------


@given(st.lists(st.sampled_from([b".", b"..", b".x", b"x.", b"", b"x"])))
def test_no_line_of_a_message_is_its_end(lines: list[bytes]) -> None:
    """Whatever the lines are: no lone dot goes out, and taking the first dot of each line away gives them back."""
    raw = b"".join(line + b"\r\n" for line in lines)
    sent = stuffed(raw).split(b"\r\n")
    assert b"." not in sent
    assert b"\r\n".join(line[1:] if line.startswith(b".") else line for line in sent) == raw


@pytest.mark.parametrize(
    ("raw", "sent"), [(b"", b""), (b"x", b"x\r\n"), (b"x\r\n", b"x\r\n"), (b"x\r\n\r\n", b"x\r\n\r\n")]
)
def test_the_last_line_ends(raw: bytes, sent: bytes) -> None:
    """The final dot stands on a line of its own, and nothing else is added."""
    assert whole(raw) == sent


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nRCPT TO:<mallory@example.org>",
        "a@b.example\nDATA",
        "a\0@b.example",
        "a b@c.example",
        "a@b.example> NOTIFY=NEVER",
        "<a@b.example>",
        "a@b.example\x85",
        "a@b.example\u2028",
        "a@b.example\ud800",
        "a" * 600 + "@b.example",
    ],
)
def test_an_address_that_is_more_than_an_address(address: str) -> None:
    """Refused, whether it is the sender or a recipient."""
    for envelope in (Envelope(address, ("b@example.org",)), Envelope("a@example.org", ("b@example.org", address))):
        with pytest.raises(UnsafeArgument):
            refuse_unsafe(envelope, RAW)


@pytest.mark.parametrize("raw", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\n", b"\n", b"\r", b"a\r\r\n", b"a\r\n\n.\r\n"])
def test_a_line_end_of_another_kind(raw: bytes) -> None:
    """Servers differ about it, and what is between two readings can be smuggled."""
    with pytest.raises(UnsafeArgument, match="CRLF"):
        refuse_unsafe(Envelope("a@example.org", ("b@example.org",)), whole(raw))


@pytest.mark.parametrize("recipients", [(), ("",), ("b@example.org", "")])
def test_nobody_is_no_recipient(recipients: tuple[str, ...]) -> None:
    """An empty list and an empty address."""
    with pytest.raises(UnsafeArgument):
        refuse_unsafe(Envelope("a@example.org", recipients), RAW)


def test_the_null_sender_is_one() -> None:
    """A receipt comes from nobody, so that nobody answers it (RFC 5321 section 4.5.5)."""
    refuse_unsafe(Envelope("", ("b@example.org",)), RAW)
    assert mail_line(Envelope("", ("b@example.org",)), dsn=False) == b"MAIL FROM:<>\r\n"


def test_what_mail_and_rcpt_carry() -> None:
    """Every parameter, and an ENVID whose odd characters are coded."""
    envelope = Envelope("ä@example.org", ("b@example.org",), envelope_id="a+b=c d\r\nX")
    assert mail_line(envelope, size=5, eight_bit=True, utf8=True, dsn=True) == (
        "MAIL FROM:<ä@example.org> SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc+20d+0D+0AX\r\n".encode()
    )
    assert rcpt_line("b@example.org", dsn=True) == b"RCPT TO:<b@example.org> NOTIFY=SUCCESS,FAILURE,DELAY\r\n"
    assert rcpt_line("b@example.org", dsn=False) == b"RCPT TO:<b@example.org>\r\n"
