"""Before the password leaves: greetings, STARTTLS, certificates, and what is said when it goes wrong."""

from __future__ import annotations

import hashlib
import logging
import ssl
from base64 import b64encode
from pathlib import Path

import pytest

from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    ConnectionLost,
    MailError,
    ProtocolViolation,
    Unreachable,
    UnsafeArgument,
)
from tui_mail.model import Security, Server
from tui_mail.net.connection import Backoff, Wake, is_loopback, ready
from tui_mail.net.imap import ImapSession

PASSWORD = "zebra-secret"


def sent_secret(server: Scripted) -> bool:
    """Whether the password, plain or coded, was in anything that the client sent."""
    everything = b"\n".join(server.seen)
    return PASSWORD.encode() in everything or b64encode(f"\0anna\0{PASSWORD}".encode()) in everything


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        (b"220 smtp.example.org ESMTP", "SMTP"),
        (b"+OK POP3 ready", "POP3"),
        (b"HTTP/1.1 400 Bad Request", "web server"),
        (b"* 5 EXISTS", "no IMAP server"),
        (b"", "no IMAP server"),
        (b"\x00\xff\x1b[2J", "no IMAP server"),
    ],
)
def test_what_is_no_greeting(greeting: bytes, expected: str) -> None:
    """The connection is closed at once, and nothing was sent."""

    def script(peer: Peer) -> None:
        peer.say(greeting)
        peer.wait_for_end()

    with Scripted(script) as server, pytest.raises(ProtocolViolation, match=expected):
        ImapSession.open(server.server(), PASSWORD)
    assert server.seen == []


def test_turned_away_at_the_door() -> None:
    """BYE as a greeting is told with its words, and tried again later."""
    with (
        Scripted(lambda peer: peer.say(b"* BYE too many connections")) as server,
        pytest.raises(ConnectionLost, match="too many connections"),
    ):
        ImapSession.open(server.server(), PASSWORD)


def test_a_silent_server() -> None:
    """No greeting within the time is said so, with the likely reason."""
    with (
        Scripted(lambda peer: peer.wait_for_end()) as server,
        pytest.raises(ConnectionLost, match=r'said nothing.*security = "tls"'),
    ):
        ImapSession.open(server.server(), PASSWORD, timeout=0.2)


@pytest.mark.parametrize("answer", [b"NO not here", b"BAD unknown command", None])
def test_starttls_refused_is_the_end(certificate: Path, answer: bytes | None) -> None:
    """No TLS, no password: whatever the reason."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
        tag, _ = peer.command(b"STARTTLS")
        if answer:
            peer.say(tag + b" " + answer)
            peer.wait_for_end()

    with Scripted(script, certificate=certificate) as server, pytest.raises((CertificateRefused, ConnectionLost)):
        ImapSession.open(server.server(Security.STARTTLS), PASSWORD)
    assert not sent_secret(server)


def test_preauth_leaves_no_room_for_starttls(certificate: Path) -> None:
    """A greeting that says "logged in" before encryption is tampering."""

    def script(peer: Peer) -> None:
        peer.say(b"* PREAUTH [CAPABILITY IMAP4rev1] welcome")
        peer.wait_for_end()

    with Scripted(script, certificate=certificate) as server, pytest.raises(CertificateRefused, match="tampering"):
        ImapSession.open(server.server(Security.STARTTLS), PASSWORD)
    assert server.seen == []


def test_octets_behind_the_starttls_answer(certificate: Path) -> None:
    """What was put in before encryption ends the connection."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK ready")
        tag, _ = peer.command(b"STARTTLS")
        peer.say(tag + b" OK go", b'* LIST (\\Noselect) "/" injected', b"* OK [ALERT] injected")
        peer.wait_for_end()

    with (
        Scripted(script, certificate=certificate) as server,
        pytest.raises(CertificateRefused, match="before encryption"),
    ):
        ImapSession.open(server.server(Security.STARTTLS), PASSWORD)
    assert not sent_secret(server)


def test_what_came_before_tls_is_not_believed(certificate: Path) -> None:
    """Capabilities and data from before encryption are dropped, and asked again."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED NOTIFY] ready")
        tag, _ = peer.command(b"STARTTLS")
        peer.say(b"* 7 EXISTS", b"* CAPABILITY IMAP4rev1 NOTIFY", tag + b" OK [CAPABILITY NOTIFY] go")
        peer.encrypt()
        peer.answer(b"CAPABILITY", b"* CAPABILITY " + CAPABILITIES)
        tag, _ = peer.command(b"AUTHENTICATE PLAIN ")
        peer.say(tag + b" OK in")
        peer.answer(b"CAPABILITY", b"* CAPABILITY IMAP4rev1 IDLE")
        peer.wait_for_end()

    with Scripted(script, certificate=certificate) as server:
        session = ImapSession.open(server.server(Security.STARTTLS), PASSWORD)
        assert session.capabilities_now == {"IMAP4REV1", "IDLE"}
        assert session.drain_events() == []
        session.shut()


def test_an_expired_certificate(tmp_path: Path) -> None:
    """The host and the reason are named; nothing was sent."""
    make_certificates(tmp_path, days=0)
    with (
        Scripted(lambda peer: peer.log_in(), certificate=tmp_path, tls=True) as server,
        pytest.raises(CertificateRefused, match=r"127\.0\.0\.1 has expired"),
    ):
        ImapSession.open(server.server(Security.TLS), PASSWORD)
    assert server.seen == []


def test_a_certificate_for_another_name(certificate: Path) -> None:
    """The certificate is for 127.0.0.1, the server is called 127.0.0.2."""
    script = Scripted(lambda peer: peer.log_in(), certificate=certificate, tls=True, address="127.0.0.2")
    with script as server, pytest.raises(CertificateRefused, match=r"another name than 127\.0\.0\.2"):
        ImapSession.open(server.server(Security.TLS), PASSWORD)
    assert server.seen == []


def test_one_trusted_certificate(certificate: Path) -> None:
    """A stored fingerprint trusts that certificate and no other."""
    der = ssl.PEM_cert_to_DER_cert((certificate / "server.pem").read_text())
    pin = hashlib.sha256(der).hexdigest()
    with Scripted(lambda peer: peer.log_in(), certificate=certificate, tls=True) as server:
        pinned = server.server(Security.TLS, ca_file="", fingerprint=pin.upper())
        ImapSession.open(pinned, PASSWORD).shut()
        server.seen.clear()
        with pytest.raises(CertificateRefused, match="another certificate"):
            ImapSession.open(server.server(Security.TLS, ca_file="", fingerprint="0" * 64), PASSWORD)
    assert not sent_secret(server)


def test_a_missing_ca_file(certificate: Path) -> None:
    """The file is named, and nothing else is trusted instead."""
    with (
        Scripted(lambda peer: peer.log_in(), certificate=certificate, tls=True) as server,
        pytest.raises(CertificateRefused, match=r"/nowhere/ca\.pem"),
    ):
        ImapSession.open(server.server(Security.TLS, ca_file="/nowhere/ca.pem"), PASSWORD)


def test_no_cleartext_over_a_network() -> None:
    """Without TLS only this computer is spoken to, unless the person allowed it."""
    with pytest.raises(CertificateRefused, match="allow_cleartext"):
        ImapSession.open(Server("mail.example.org", 143, Security.NONE, "anna"), PASSWORD)


def test_unreachable_servers() -> None:
    """Unknown name, closed port: each has its own sentence."""
    with Scripted(lambda peer: None) as server:
        closed = server.server()
    with pytest.raises(Unreachable, match="does not accept connections"):
        ImapSession.open(closed, PASSWORD)
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        ImapSession.open(Server("no-such-host.invalid", 993, Security.TLS, "anna"), PASSWORD)
    with pytest.raises(Unreachable):
        ImapSession.open(Server("x" * 80 + ".example", 993, Security.TLS, "anna"), PASSWORD)


@pytest.mark.parametrize("bad", ["a\r\nb", "a\nb", "a\0b"])
def test_no_line_breaks_in_user_or_password(bad: str) -> None:
    """They would be another command; nothing of them is sent."""
    with Scripted(lambda peer: peer.log_in()) as server:
        with pytest.raises(UnsafeArgument):
            ImapSession.open(server.server(), bad)
        with pytest.raises(UnsafeArgument):
            ImapSession.open(server.server(user=bad), PASSWORD)
    assert server.seen == []


def test_login_when_plain_is_not_offered() -> None:
    """LOGIN quotes what is ASCII, and sends the rest as literals, waiting for the go-ahead."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1] ready")
        assert peer.line().endswith(b'LOGIN "a\\"n na" {7}')
        peer.say(b"* OK patience", b"+ go on")
        peer.octets(7)
        tag = peer.seen[0].split()[0]
        assert peer.line() == b""
        peer.say(tag + b" OK [CAPABILITY IMAP4rev1] in")
        peer.wait_for_end()

    with Scripted(script) as server:
        ImapSession.open(server.server(user='a"n na'), "gehéim").shut()
    assert "gehéim".encode() in server.seen


def test_login_disabled_is_respected() -> None:
    """A server that takes no password gets none."""
    with (
        Scripted(lambda peer: peer.say(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready")) as server,
        pytest.raises(AuthenticationRefused, match="no password"),
    ):
        ImapSession.open(server.server(), PASSWORD)
    assert server.seen == []


def test_plain_without_an_initial_response() -> None:
    """Without SASL-IR the secret waits for the server's `+`."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
        tag, text = peer.command(b"AUTHENTICATE")
        assert text == b"AUTHENTICATE PLAIN"
        peer.say(b"+ ")
        assert peer.line() == b64encode(f"\0anna\0{PASSWORD}".encode())
        peer.say(tag + b" OK [CAPABILITY IMAP4rev1] in")
        peer.wait_for_end()

    with Scripted(script) as server:
        ImapSession.open(server.server(), PASSWORD).shut()


def test_an_access_token() -> None:
    """XOAUTH2; the server's error challenge is answered, and the refusal is told."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready")
        tag, text = peer.command(b"AUTHENTICATE XOAUTH2 ")
        assert text.split()[2] == b64encode(f"user=anna\x01auth=Bearer {PASSWORD}\x01\x01".encode())
        peer.say(b"+ eyJzdGF0dXMiOiI0MDAifQ==")
        assert peer.line() == b""
        peer.say(tag + b" NO [AUTHENTICATIONFAILED] expired")
        peer.wait_for_end()

    with Scripted(script) as server, pytest.raises(AuthenticationRefused, match="access token"):
        ImapSession.open(server.server(auth="oauth2"), PASSWORD)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (b"NO [AUTHENTICATIONFAILED] wrong", AuthenticationRefused),
        (b"NO nope", AuthenticationRefused),
        (b"NO [UNAVAILABLE] database is down", ConnectionLost),
        (b"NO Too many simultaneous connections", ConnectionLost),
        (b"BAD you said zebra-secret", AuthenticationRefused),
    ],
)
def test_a_refused_login(refusal: bytes, expected: type[MailError]) -> None:
    """A wrong password is told from a server that is busy; the server's echo of the secret is taken out."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
        tag, _ = peer.command(b"AUTHENTICATE")
        peer.say(tag + b" " + refusal)
        peer.wait_for_end()

    with Scripted(script) as server, pytest.raises(expected) as caught:
        ImapSession.open(server.server(), PASSWORD)
    assert PASSWORD not in caught.value.sentence + caught.value.detail
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """At the most talkative level there is no password in any log, on any stream, or in imaplib's memory."""

    def script(peer: Peer) -> None:
        peer.log_in()
        peer.answer(b"LOGOUT", b"* BYE")

    with caplog.at_level(logging.DEBUG), Scripted(script) as server:
        session = ImapSession.open(server.server(), PASSWORD)
        coded = b64encode(f"\0anna\0{PASSWORD}".encode()).decode()
        assert not hasattr(session.wire, "_cmd_log")
        session.leave()
    told = caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in told
    assert coded not in told


def test_extensions_count_when_confirmed() -> None:
    """ENABLE answered by OK alone enables nothing (seen with iCloud); the order of answers does not matter."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
        peer.answer(b"AUTHENTICATE", status=b"OK [CAPABILITY IMAP4rev1 ID ENABLE CONDSTORE QRESYNC] in")
        introduced, _ = peer.command(b"ID ")
        enabled, _ = peer.command(b"ENABLE QRESYNC")
        peer.say(enabled + b" OK", b'* ID ("name" "evil")', introduced + b" OK")
        peer.wait_for_end()

    with Scripted(script) as server:
        session = ImapSession.open(server.server(), PASSWORD)
        assert not session.has_qresync
        assert not session.has_condstore
        session.shut()


def test_loopback_is_told_by_name_and_address() -> None:
    """Names are not looked up: only what must be this computer is."""
    assert all(map(is_loopback, ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]))
    assert not any(map(is_loopback, ["example.org", "localhost.example.org", "10.0.0.1", "", "1270.0.1"]))


def test_backoff_grows_and_starts_over() -> None:
    """The first retry is within a second, later ones at most 7.5 minutes apart."""
    backoff = Backoff()
    waits = [backoff.next() for _ in range(40)]
    assert waits[0] <= 1
    assert all(wait <= 450 for wait in waits)
    assert min(waits[12:]) >= 150
    backoff.reset()
    assert backoff.next() <= 1


def test_a_wake_stays_set_until_cleared() -> None:
    """Set twice, cleared once."""
    wake, other = Wake(), Wake()
    wake.set()
    wake.set()
    assert ready(other._reader, 5, wake=wake) == "wake"
    assert ready(other._reader, 5, wake=wake) == "wake"
    wake.clear()
    assert ready(other._reader, 0, wake=wake) == "timeout"
    for one in (wake, other):
        one.close()
        one.set()
        one.clear()
