"""Looks at real servers and at lying ones: what is learnt, and that nothing about anybody is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.scripted import Peer, Script, Scripted
from tests.servers.smtp_scripted import answering
from tui_mail.config.discovery import Service
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import CertificateRefused, ConnectionLost, MailError, ProtocolViolation
from tui_mail.model import Protocol, Security, Server
from tui_mail.net.probing import is_absent, is_distrusted, look

SECURE = [Security.TLS, Security.STARTTLS]
WHO = "anna.unmistakable"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


def nobody(server: Server) -> Server:
    """The same server, for somebody whose name must not turn up."""
    return replace(server, user=WHO, password_command=("printf", "secret"))


@pytest.mark.server
@pytest.mark.parametrize("security", SECURE)
def test_an_imap_server_is_seen(dovecot: Dovecot, security: Security) -> None:
    """Its version of TLS and what it can do, without a login."""
    user = dovecot.new_user()
    seen = look("imap", nobody(dovecot.server(user, security)))
    assert seen.words.startswith("TLS 1.3 · IDLE")
    assert seen.merits == ("IDLE",)
    assert not seen.only_oauth2
    assert WHO not in dovecot.log


@pytest.mark.server
@pytest.mark.parametrize("security", SECURE)
def test_a_pop3_server_is_seen(dovecot: Dovecot, security: Security) -> None:
    """UIDL and TOP are what matters of it."""
    seen = look("pop3", nobody(dovecot.server(dovecot.new_user(), security, Protocol.POP3)))
    assert seen.words == "TLS 1.3 · UIDL · TOP"
    assert WHO not in dovecot.log


@pytest.mark.server
@pytest.mark.parametrize("security", SECURE)
def test_an_smtp_server_is_seen(postfix: Postfix, security: Security) -> None:
    """Its extensions after encryption."""
    seen = look("smtp", nobody(postfix.server(postfix.new_user(), security)))
    assert seen.words == "TLS 1.3 · SIZE · DSN · SMTPUTF8"
    assert not seen.only_oauth2


@pytest.mark.server
@pytest.mark.parametrize(("service", "protocol"), [("imap", Protocol.IMAP), ("pop3", Protocol.POP3)])
def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    dovecot: Dovecot, service: Service, protocol: Protocol
) -> None:
    """And that is told apart from a server that is not there."""
    server = replace(dovecot.server(dovecot.new_user(), Security.TLS, protocol), ca_file="")
    with pytest.raises(CertificateRefused) as refused:
        look(service, server)
    assert is_distrusted(refused.value)
    assert not is_absent(refused.value)


@pytest.mark.server
def test_a_certificate_for_another_name_is_not_believed(dovecot: Dovecot) -> None:
    """127.0.0.2 is the same computer, and not what the certificate says."""
    server = replace(dovecot.server(dovecot.new_user()), host="127.0.0.1")
    assert look("imap", server).words  # named in the certificate
    with Scripted(lambda peer: peer.wait_for_end(), certificate=dovecot.root, tls=True, address="127.0.0.2") as other:
        with pytest.raises(CertificateRefused) as refused:
            look("imap", other.server(Security.TLS))
        assert is_distrusted(refused.value)
        assert other.seen == []


def test_a_host_that_is_not_there_is_told_apart() -> None:
    """No other port of it is worth a try."""
    with pytest.raises(MailError) as missing:
        look("imap", Server("nowhere.invalid", 993, Security.TLS, WHO))
    assert is_absent(missing.value)
    assert not is_distrusted(missing.value)


@pytest.mark.parametrize("service", ["imap", "pop3", "smtp"])
def test_a_server_without_encryption_is_not_even_called(service: Service) -> None:
    """Also on this computer: what discovery finds is encrypted."""
    with Scripted(lambda peer: peer.wait_for_end()) as server:
        with pytest.raises(CertificateRefused):
            look(service, server.server(Security.NONE))
        assert server.seen == []
        assert not server._peers


def imap(peer: Peer, *, ways: bytes = b"AUTH=PLAIN") -> None:
    """An IMAP server that answers whatever is asked."""
    peer.say(b"* OK [CAPABILITY IMAP4rev1 IDLE %s] ready" % ways)
    while True:
        tag, text = peer.command()
        if text == b"CAPABILITY":
            peer.say(b"* CAPABILITY IMAP4rev1 IDLE %s" % ways)
        peer.say(tag + b" OK done")


def pop3(peer: Peer) -> None:
    """A POP3 server that answers whatever is asked."""
    peer.say(b"+OK ready <1.2@example.org>")
    while True:
        peer.say(*([b"+OK", b"UIDL", b"SASL XOAUTH2", b"."] if peer.line() == b"CAPA" else [b"+OK"]))


ALLOWED = {"imap": (b"CAPABILITY", b"LOGOUT"), "pop3": (b"CAPA", b"QUIT"), "smtp": (b"EHLO [127.0.0.1]", b"QUIT")}


@pytest.mark.parametrize(
    ("service", "script"),
    [("imap", imap), ("pop3", pop3), ("smtp", answering(tls=True))],
    ids=["imap", "pop3", "smtp"],
)
def test_nothing_but_questions_is_sent(certificate: Path, service: Service, script: Script) -> None:
    """Everything that the server received: what can it do, and goodbye. No name, no secret, no address."""
    with Scripted(script, certificate=certificate, tls=True) as server:
        look(service, nobody(server.server(Security.TLS)))
    words = [line.partition(b" ")[2] if service == "imap" else line for line in server.seen]
    assert words
    assert set(words) <= set(ALLOWED[service])
    assert WHO.encode() not in b"".join(server.seen)


def test_a_server_that_takes_only_tokens_is_recognised(certificate: Path) -> None:
    """LOGINDISABLED and XOAUTH2; in POP3, SASL XOAUTH2 and no USER."""
    with Scripted(
        lambda peer: imap(peer, ways=b"LOGINDISABLED AUTH=XOAUTH2"), certificate=certificate, tls=True
    ) as server:
        seen = look("imap", server.server(Security.TLS))
    assert seen.only_oauth2
    assert "OAuth only" in seen.words
    with Scripted(pop3, certificate=certificate, tls=True) as server:
        assert look("pop3", server.server(Security.TLS)).only_oauth2


def without_starttls(peer: Peer) -> None:
    """Somebody in between took STARTTLS away."""
    peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
    tag, _ = peer.command(b"STARTTLS")
    peer.say(tag + b" BAD unknown")
    peer.wait_for_end()


def logged_in_already(peer: Peer) -> None:
    peer.say(b"* PREAUTH welcome")
    peer.wait_for_end()


def pop3_without_stls(peer: Peer) -> None:
    peer.say(b"+OK ready")
    peer.line()
    peer.say(b"-ERR unknown")
    peer.wait_for_end()


def smtp_without_starttls(peer: Peer) -> None:
    peer.say(b"220 ready")
    peer.line()
    peer.say(b"250-example.org", b"250 AUTH PLAIN LOGIN")
    peer.wait_for_end()


@pytest.mark.parametrize(
    ("service", "script"),
    [
        ("imap", without_starttls),
        ("imap", logged_in_already),
        ("pop3", pop3_without_stls),
        ("smtp", smtp_without_starttls),
    ],
)
def test_starttls_that_is_taken_away_is_no_server(service: Service, script: Script) -> None:
    """There is no less than TLS, whoever stands in between."""
    with Scripted(script) as server, pytest.raises(CertificateRefused):
        look(service, nobody(server.server(Security.STARTTLS)))
    assert WHO.encode() not in b"".join(server.seen)


def speaking(*lines: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.say(*lines)
        peer.wait_for_end()

    return script


@pytest.mark.parametrize("service", ["imap", "pop3", "smtp"])
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (speaking(b"HTTP/1.1 400 Bad Request"), ProtocolViolation),
        (speaking(b"\0\xff" * 100), ProtocolViolation),
        (lambda peer: peer.wait_for_end(), ConnectionLost),
        (lambda peer: None, ConnectionLost),
        (lambda peer: peer.send(b"x" * 200_000), ProtocolViolation),
    ],
    ids=["web", "noise", "silent", "gone", "endless"],
)
def test_what_is_no_mail_server_is_none(
    certificate: Path, service: Service, script: Callable[[Peer], None], kind: type[MailError]
) -> None:
    """Whatever listens there: an error of ours, in the time that it has."""
    with Scripted(script, certificate=certificate, tls=True) as server, pytest.raises((kind, ProtocolViolation)):
        look(service, nobody(server.server(Security.TLS)), 0.5)
    assert WHO.encode() not in b"".join(server.seen)
