"""Sending through real servers: Postfix with Dovecot's passwords, Dovecot's own submission, and Postfix's sendmail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.conftest import need
from tests.servers.postfix import SIZE_LIMIT, Postfix, missing
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    ConnectionLost,
    MessageRefused,
    UnsafeArgument,
)
from tui_mail.model import Security, Server
from tui_mail.net.sendmail import send_by_command
from tui_mail.net.smtp import Delivery, Reply, SmtpSession
from tui_mail.outgoing import Envelope

pytestmark = pytest.mark.server

HEADER = (
    b"From: Anna <anna@test.example>\r\n"
    b"To: Bea <bea@test.example>\r\n"
    b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
    b"Message-ID: <one@test.example>\r\n"
)
PLAIN = HEADER + b"Subject: hello\r\n\r\nhello\r\n"
ODD = (
    HEADER
    + b"Subject: odd\r\nX-Long: "
    + b"x" * 900
    + b"\r\n\r\n"
    + b".\r\n..\r\n.x\r\n. \r\n\r\n.\r\n"
    + b"From here on\r\n\ttab\r\ntrailing blanks   \r\n"
    + "grüße €\r\n".encode()
    + b"\xff\xfe\x80 not UTF-8\r\n"
    + b"y" * 990
    + b"\r\n\r\n\r\n"
)
SECURE = [Security.TLS, Security.STARTTLS]


def opened(server: Server) -> SmtpSession:
    """A session with the password of the account."""
    return SmtpSession.open(server, server.password_command[-1], timeout=10.0, patience=20.0, verdict=20.0)


def sent(server: Server, envelope: Envelope, raw: bytes) -> Delivery:
    """Send one message; the last moment comes once, with the replies to the recipients."""
    commits: list[Mapping[str, Reply]] = []
    session = opened(server)
    try:
        delivery = session.send(envelope, raw, commits.append)
    finally:
        session.close()
    assert commits == ([delivery.recipients] if delivery.final else [])
    return delivery


def own(raw: bytes) -> bytes:
    """A stored message from the first header of ours on: servers put theirs before it."""
    return raw[raw.index(b"From: ") :]


@pytest.mark.parametrize("security", SECURE)
@pytest.mark.parametrize("raw", [PLAIN, ODD])
def test_what_arrives_is_what_was_sent(postfix: Postfix, security: Security, raw: bytes) -> None:
    """Octet for octet: dots, blanks, long lines, 8-bit octets, empty lines at the end."""
    anna, bea = postfix.new_user(), postfix.new_user()
    delivery = sent(postfix.server(anna, security), Envelope(postfix.address(anna), (postfix.address(bea),)), raw)
    assert delivery.final is not None
    assert delivery.final.is_ok
    assert [own(arrived) for arrived in postfix.arrived(bea)] == [raw]


@pytest.mark.parametrize("security", SECURE)
def test_a_password_in_any_script(postfix: Postfix, security: Security) -> None:
    """What a keyboard can type, a server can be told."""
    anna = postfix.new_user("pässwörd€ ü 密码", name=f"anna{security}")
    opened(postfix.server(anna, security)).close()


def test_a_wrong_password(postfix: Postfix) -> None:
    """It is said to be wrong, and is not in what is said."""
    server = postfix.server(postfix.new_user())
    with pytest.raises(AuthenticationRefused, match="not accepted") as caught:
        SmtpSession.open(server, "zebra-secret", timeout=10.0)
    assert "zebra" not in caught.value.sentence + caught.value.detail


def test_another_authority(postfix: Postfix) -> None:
    """Without the right ca_file nothing is sent; a fingerprint that is not the server's does not help."""
    server = postfix.server(postfix.new_user())
    for distrusted in (replace(server, ca_file=""), replace(server, fingerprint="00" * 32)):
        for security in SECURE:
            port = postfix.server(server.user, security).port
            with pytest.raises(CertificateRefused):
                opened(replace(distrusted, security=security, port=port))


def test_the_two_kinds_of_port_taken_for_each_other(postfix: Postfix) -> None:
    """The setting that would be right is named."""
    tls, starttls = (postfix.server(postfix.new_user(), security) for security in SECURE)
    with pytest.raises(CertificateRefused, match="starttls"):
        SmtpSession.open(replace(tls, port=starttls.port), "secret", timeout=5.0)
    with pytest.raises(CertificateRefused, match='security = "tls"'):
        SmtpSession.open(replace(starttls, port=tls.port), "secret", timeout=1.0)


def test_some_recipients_are_refused(postfix: Postfix) -> None:
    """Each has the server's own words; whoever was accepted gets the message."""
    anna, bea = postfix.new_user(), postfix.new_user()
    names = ("nobody@test.example", postfix.address(bea), "busy@test.example", "full@test.example", "x@else.example")
    delivery = sent(postfix.server(anna), Envelope(postfix.address(anna), names), PLAIN)
    found = {name: (reply.code, reply.enhanced) for name, reply in delivery.recipients.items()}
    assert list(found) == list(names)
    assert list(found.values()) == [(550, "5.1.1"), (250, "2.1.5"), (450, "4.2.1"), (452, "4.2.2"), (550, "5.4.4")]
    assert len(postfix.arrived(bea)) == 1


def test_no_recipient_is_accepted(postfix: Postfix) -> None:
    """Nothing is transmitted, and the next message of the session goes out."""
    anna = postfix.new_user()
    session = opened(postfix.server(anna))
    refused = session.send(Envelope(postfix.address(anna), ("nobody@test.example",)), PLAIN, lambda _: None)
    assert refused.final is None
    accepted = session.send(Envelope(postfix.address(anna), (postfix.address(anna),)), PLAIN, lambda _: None)
    assert accepted.final is not None
    session.close()
    assert len(postfix.arrived(anna)) == 1


def test_a_message_that_is_refused_after_the_dot(postfix: Postfix) -> None:
    """The server read all of it and says no: that is the outcome."""
    anna = postfix.new_user()
    raw = HEADER + b"Subject: refuse me\r\n\r\nhello\r\n"
    delivery = sent(postfix.server(anna), Envelope(postfix.address(anna), (postfix.address(anna),)), raw)
    assert delivery.final is not None
    assert (delivery.final.code, delivery.final.enhanced) == (550, "5.7.1")
    assert "we do not want this" in delivery.final.text


def test_a_message_that_is_too_large(postfix: Postfix) -> None:
    """It is found out beforehand, and the sentence says how large it may be."""
    anna = postfix.new_user()
    session = opened(postfix.server(anna))
    assert session.size_limit == SIZE_LIMIT
    envelope = Envelope(postfix.address(anna), (postfix.address(anna),))
    with pytest.raises(MessageRefused, match=r"too large.*1\.0 MB are allowed"):
        session.send(envelope, PLAIN + b"x\r\n" * (SIZE_LIMIT // 3), lambda _: None)
    session.close()


def test_the_largest_message_that_is_not(postfix: Postfix) -> None:
    """A megabyte of dots arrives as it was; each of them is doubled on the way."""
    anna = postfix.new_user()
    raw = PLAIN + b".\r\n" * ((SIZE_LIMIT - len(PLAIN) - 2000) // 3)
    sent(postfix.server(anna), Envelope(postfix.address(anna), (postfix.address(anna),)), raw)
    assert own(postfix.arrived(anna)[0]) == raw


def test_a_recipient_named_in_bcc_is_in_the_envelope_alone(postfix: Postfix) -> None:
    """What others get has no trace of it."""
    anna, bea, carl = (postfix.new_user() for _ in range(3))
    envelope = Envelope(postfix.address(anna), (postfix.address(bea), postfix.address(carl)))
    sent(postfix.server(anna), envelope, PLAIN)
    for user, other in ((bea, carl), (carl, bea)):
        [raw] = postfix.arrived(user)
        assert own(raw) == PLAIN
        assert f"<{postfix.address(other)}>".encode() not in raw


def test_a_report_is_sent_when_it_was_asked_for(postfix: Postfix) -> None:
    """The sender gets word of the delivery, with the envelope's name."""
    anna, bea = postfix.new_user(), postfix.new_user()
    envelope = Envelope(postfix.address(anna), (postfix.address(bea),), dsn=True, envelope_id="id+7")
    assert sent(postfix.server(anna), envelope, PLAIN).recipients[postfix.address(bea)].is_ok
    [report] = postfix.arrived(anna)
    assert b"multipart/report" in report
    assert b"Original-Envelope-Id: id+7" in report
    assert postfix.address(bea).encode() in report


def test_no_report_is_sent_unasked(postfix: Postfix) -> None:
    """The message arrives, and the sender's inbox stays empty."""
    anna, bea = postfix.new_user(), postfix.new_user()
    sent(postfix.server(anna), Envelope(postfix.address(anna), (postfix.address(bea),)), PLAIN)
    postfix.arrived(bea)
    assert postfix.arrived(anna, 0) == []


def test_an_address_in_any_script(postfix: Postfix) -> None:
    """SMTPUTF8, with letters of any script in the envelope and in the header."""
    anna = postfix.new_user()
    raw = PLAIN.replace(b"To: Bea <bea@test.example>", "To: Jürgen <jürgen@utf8.example>".encode())
    before = len(postfix.arrived_in_utf8(0))
    envelope = Envelope(postfix.address(anna), ("jürgen@utf8.example",), utf8=True)
    delivery = sent(postfix.server(anna), envelope, raw)
    assert delivery.final is not None
    assert delivery.final.is_ok
    assert own(postfix.arrived_in_utf8(before + 1)[-1]) == raw.replace(b"\r\n", b"\n")


def test_the_null_sender(postfix: Postfix) -> None:
    """A receipt goes out from nobody."""
    anna = postfix.new_user()
    assert sent(postfix.server(anna), Envelope("", (postfix.address(anna),)), PLAIN).final is not None
    assert postfix.arrived(anna)[0].startswith(b"Return-Path: <>")


def test_a_server_of_this_computer_without_a_login(postfix: Postfix) -> None:
    """It offers none, so the password is not sent."""
    anna = postfix.new_user()
    server = postfix.server(anna, Security.NONE)
    sent(server, Envelope(postfix.address(anna), (postfix.address(anna),)), PLAIN)
    assert own(postfix.arrived(anna)[0]) == PLAIN


def test_a_message_that_was_stopped_at_the_last_moment_does_not_arrive(postfix: Postfix) -> None:
    """Everything but the dot was sent; the server forgets it."""
    anna = postfix.new_user()
    envelope = Envelope(postfix.address(anna), (postfix.address(anna),))

    def before_dot(replies: Mapping[str, Reply]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(postfix.server(anna)).send(envelope, PLAIN, before_dot)
    sent(postfix.server(anna), envelope, ODD)
    assert [own(raw) for raw in postfix.arrived(anna)] == [ODD]


def test_a_hundred_messages_in_one_session(postfix: Postfix) -> None:
    """The line stays in step."""
    anna = postfix.new_user()
    envelope = Envelope(postfix.address(anna), (postfix.address(anna),))
    session = opened(postfix.server(anna))
    for number in range(100):
        session.send(envelope, PLAIN + b"%d\r\n" % number, lambda _: None)
    session.close()
    arrived = postfix.arrived(anna, 100)
    assert sorted(int(own(raw).split(b"\r\n")[-2]) for raw in arrived) == list(range(100))


# --- a Postfix that offers little, and one that dies --------------------------------------------


def test_a_server_without_extensions_and_one_that_dies() -> None:
    """AUTH LOGIN, no pipelining, no 8-bit octets; killed just before the dot, it leaves no doubt about the message."""
    need(missing())
    little = {
        "smtpd_sasl_mechanism_filter": "login",
        "smtpd_discard_ehlo_keywords": "pipelining 8bitmime smtputf8 size",
    }
    with Postfix(**little) as server:
        anna = server.new_user("pässwörd€ ü")
        envelope = Envelope(server.address(anna), (server.address(anna), "nobody@test.example"))
        session = opened(server.server(anna))
        assert session.size_limit == 0
        assert not session.has("PIPELINING")
        with pytest.raises(MessageRefused) as caught:
            session.send(envelope, ODD, lambda _: None)
        assert caught.value.needs_seven_bit
        with pytest.raises(MessageRefused, match="ASCII"):
            session.send(replace(envelope, utf8=True), PLAIN, lambda _: None)
        with pytest.raises(ConnectionLost):
            session.send(envelope, PLAIN + b"first\r\n", lambda _: server.kill())
        server.start()
        assert sent(server.server(anna), envelope, PLAIN).recipients["nobody@test.example"].code == 550
        assert [own(raw) for raw in server.arrived(anna)] == [PLAIN]


# --- Dovecot's submission ---------------------------------------------------------------------


@pytest.mark.parametrize("security", SECURE)
def test_submission_by_dovecot(postfix: Postfix, security: Security) -> None:
    """Another server between us and Postfix: the same octets, and the replies of the one behind."""
    anna = postfix.new_user("pässwörd")
    server = postfix.dovecot.outgoing(anna, security)
    session = opened(server)
    assert not session.has("DSN")
    session.close()
    delivery = sent(server, Envelope(postfix.address(anna), (postfix.address(anna), "nobody@test.example")), ODD)
    assert [reply.code for reply in delivery.recipients.values()] == [250, 550]
    assert own(postfix.arrived(anna)[0]) == ODD


def test_submission_by_dovecot_with_a_wrong_password(postfix: Postfix) -> None:
    """The same error as from anybody else."""
    server = postfix.dovecot.outgoing(postfix.new_user())
    with pytest.raises(AuthenticationRefused):
        SmtpSession.open(server, "wrong", timeout=10.0)


# --- the sendmail command ---------------------------------------------------------------------


@pytest.mark.parametrize("raw", [PLAIN, ODD])
def test_the_sendmail_of_postfix(postfix: Postfix, raw: bytes) -> None:
    """What it is given arrives, octet for octet, a lone dot included."""
    anna, bea = postfix.new_user(), postfix.new_user()
    before: list[bool] = []
    envelope = Envelope(postfix.address(anna), (postfix.address(bea), postfix.address(anna)))
    delivery = send_by_command(postfix.sendmail(), envelope, raw, lambda: before.append(True))
    assert delivery == Delivery(dict.fromkeys(envelope.recipients, Reply(250, "")), Reply(250, ""))
    assert before == [True]
    for user in (anna, bea):
        [arrived] = postfix.arrived(user)
        assert own(arrived) == raw
        assert arrived.startswith(f"Return-Path: <{postfix.address(anna)}>".encode())


def test_the_sendmail_of_postfix_from_nobody(postfix: Postfix) -> None:
    """The null sender is one here too."""
    anna = postfix.new_user()
    send_by_command(postfix.sendmail(), Envelope("", (postfix.address(anna),)), PLAIN, lambda: None)
    assert postfix.arrived(anna)[0].startswith(b"Return-Path: <>")


def test_an_option_is_no_recipient(postfix: Postfix) -> None:
    """What begins with a hyphen is an address all the same, and nothing of it reaches a shell."""
    anna = postfix.new_user()
    names = ("-bp", "-oQ/tmp", "$(touch@test.example)", postfix.address(anna))
    send_by_command(postfix.sendmail(), Envelope(postfix.address(anna), names[2:]), PLAIN, lambda: None)
    assert own(postfix.arrived(anna)[0]) == PLAIN
    final = send_by_command(postfix.sendmail(), Envelope(postfix.address(anna), names[:2]), PLAIN, lambda: None).final
    assert final is not None
    assert "Mail queue" not in final.text


def test_sendmail_is_not_even_started_for_what_is_unsafe(postfix: Postfix) -> None:
    """The same rules as on the line."""
    with pytest.raises(UnsafeArgument):
        send_by_command(postfix.sendmail(), Envelope("a b@x", ("c@test.example",)), PLAIN, lambda: None)
