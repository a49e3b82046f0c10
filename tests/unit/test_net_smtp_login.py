"""Before the first message: greetings, STARTTLS, certificates, the login, and what is said when it goes wrong."""

from __future__ import annotations

import logging
import socket
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.scripted import Peer, Scripted
from tests.servers.smtp_scripted import ENVELOPE, EXTENSIONS, RAW, Told, answering, cut, ehlo, silent, then_cut
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    ConnectionLost,
    MailError,
    MessageDeferred,
    ProtocolViolation,
    ServerBusy,
    Unreachable,
    UnsafeArgument,
)
from tui_mail.model import Security, Server
from tui_mail.net.connection import source_address
from tui_mail.net.smtp import SmtpSession

PASSWORD = "zebra-secret"
PLAIN = b64encode(f"\0anna\0{PASSWORD}".encode())
AUTH = (*EXTENSIONS, b"AUTH PLAIN LOGIN")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


def sent_secret(server: Scripted) -> bool:
    """Whether the password, plain or coded, was in anything that the client sent."""
    everything = b"\n".join(server.seen)
    return any(form in everything for form in (PASSWORD.encode(), PLAIN, b64encode(PASSWORD.encode())))


def opened(server: Scripted, security: Security = Security.NONE, secret: str = PASSWORD, **more: str) -> SmtpSession:
    """A session with a scripted server, whose patience fits a test."""
    return SmtpSession.open(server.server(security, **more), secret, timeout=1.0)


# --- the door ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        (b"* OK [CAPABILITY IMAP4rev1] ready", "no SMTP server.*IMAP"),
        (b"+OK POP3 ready", "no SMTP server.*POP3"),
        (b"HTTP/1.1 400 Bad Request", "no SMTP server.*web server"),
        (b"250 too early", "no SMTP server"),
        (b"", "no SMTP server"),
        (b"\x00\xff\x1b[2J", "no SMTP server"),
    ],
)
def test_what_is_no_greeting(greeting: bytes, expected: str) -> None:
    """Another kind of server is named; the connection is closed at once, and nothing was sent."""

    def script(peer: Peer) -> None:
        peer.say(greeting)
        peer.wait_for_end()

    with Scripted(script) as server, pytest.raises(ProtocolViolation, match=expected):
        opened(server)
    assert server.seen == []


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        ({"greeting": b"554 5.7.1 your network is on a list"}, Unreachable, "your network is on a list"),
        ({"greeting": b"421 4.3.2 shutting down"}, ServerBusy, "shutting down"),
        ({"greeting": b"421 too many connections from you"}, ServerBusy, "too many connections"),
        ({"greeting": cut}, ConnectionLost, "hung up at once"),
        ({"greeting": b"220-half a greeting\r\n*"}, ProtocolViolation, "no answer"),
        ({"ehlo": b"550 5.7.1 access denied"}, Unreachable, "access denied"),
        ({"ehlo": b"451 4.3.2 later"}, ServerBusy, "later"),
        ({"ehlo": b"354 what?"}, ProtocolViolation, "no answer"),
        ({"ehlo": b"250-one\r\n550 two"}, ProtocolViolation, "nonsense"),
        ({"ehlo": cut}, ConnectionLost, "broke"),
        ({"ehlo": silent}, ConnectionLost, "silent"),
    ],
)
def test_turned_away_at_the_door(told: dict[str, Told], kind: type[MailError], words: str) -> None:
    """What is worth another try is told apart from what is not, with the server's words."""
    with Scripted(answering(extensions=AUTH, **told)) as server:
        with pytest.raises(kind, match=words) as caught:
            opened(server)
        assert not sent_secret(server)
    assert not isinstance(caught.value, MessageDeferred)


def test_a_silent_server() -> None:
    """No greeting within the time is said so."""
    with (
        Scripted(lambda peer: peer.wait_for_end()) as server,
        pytest.raises(ConnectionLost, match=r"said nothing"),
    ):
        SmtpSession.open(server.server(), "", timeout=0.3)


def test_a_tls_port_that_is_taken_for_another(certificate: Path) -> None:
    """Each side waits for the other's first word: the setting is named."""

    def script(peer: Peer) -> None:
        peer.sock.settimeout(5)
        peer.encrypt()

    with (
        Scripted(script, certificate=certificate) as server,
        pytest.raises(CertificateRefused, match='security = "tls"'),
    ):
        SmtpSession.open(server.server(Security.STARTTLS), "", timeout=0.5)


def test_a_port_without_tls_that_is_taken_for_one() -> None:
    """A server that speaks first is no TLS server."""
    with Scripted(answering()) as server, pytest.raises(CertificateRefused, match="does not speak TLS"):
        opened(server, Security.TLS)


def test_the_name_of_this_computer_is_not_told(certificate: Path) -> None:
    """EHLO says the same from everywhere, before and after TLS."""
    with Scripted(answering(extensions=AUTH, tls=True), certificate=certificate) as server:
        opened(server, Security.STARTTLS).close()
    assert [line for line in server.seen if line.startswith((b"EHLO", b"HELO"))] == [b"EHLO [127.0.0.1]"] * 2
    everything = b"\n".join(server.seen).lower()
    assert socket.gethostname().lower().encode() not in everything


# --- too much, too slow -----------------------------------------------------------------------


def repeated(octets: bytes, pause: float = 0.0) -> Callable[[Peer], None]:
    """Send these octets without end."""

    def told(peer: Peer) -> None:
        while True:
            peer.send(octets)
            time.sleep(pause)

    return told


@pytest.mark.parametrize("octets", [b"2", b"250-x\r\n", b"250-" + b"x" * 3000 + b"\r\n", b"\r\n", b"\0" * 50_000])
@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail"])
def test_a_reply_without_end(step: str, octets: bytes) -> None:
    """It is cut off while it is small, wherever it comes."""
    with Scripted(answering(**{step: repeated(octets)})) as server, pytest.raises((ProtocolViolation, ConnectionLost)):
        opened(server, secret="").send(ENVELOPE, RAW, lambda _: None)


@pytest.mark.parametrize("octets", [b"2", b"220-x\r\n"])
def test_a_reply_that_trickles(octets: bytes) -> None:
    """The whole of a reply has one deadline; single octets buy no time."""
    began = time.monotonic()
    with Scripted(answering(greeting=repeated(octets, 0.05))) as server, pytest.raises(ConnectionLost):
        SmtpSession.open(server.server(), "", timeout=0.5)
    assert time.monotonic() - began < 9


# --- STARTTLS ---------------------------------------------------------------------------------


def late_words(peer: Peer) -> None:
    """Agree to TLS, and go on in the clear."""
    peer.say(b"220 2.0.0 go")
    assert peer.sock.recv(1, socket.MSG_PEEK) == b"\x16"
    peer.say(b"250-mail.example.org", b"250 AUTH PLAIN")
    peer.wait_for_end()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"starttls": b"502 5.5.1 no"}, CertificateRefused),
        ({"starttls": b"454 4.7.0 not just now"}, ServerBusy),
        ({"starttls": b"250 2.0.0 fine, it is on"}, CertificateRefused),
        ({"starttls": cut}, ConnectionLost),
        ({"starttls": then_cut(b"220 2.0.0 go")}, ConnectionLost),
        ({"starttls": b"220 2.0.0 go\r\n250-mail.example.org\r\n250 AUTH PLAIN"}, CertificateRefused),
        ({"starttls": b"220 2.0.0 go\r\n\x16"}, CertificateRefused),
        ({"starttls": late_words}, CertificateRefused),
    ],
)
def test_starttls_is_had_or_nothing_is_sent(certificate: Path, told: dict[str, Told], kind: type[MailError]) -> None:
    """Refused, cut, or with words behind it that came before TLS: there is no way on without encryption."""
    script = answering(extensions=AUTH, tls=True, **told)
    with Scripted(script, certificate=certificate) as server, pytest.raises(kind):
        opened(server, Security.STARTTLS)
    assert not sent_secret(server)
    assert not any(line.startswith(b"AUTH") for line in server.seen)


def test_nothing_is_sent_between_starttls_and_the_handshake(certificate: Path) -> None:
    """The first octet after the command is that of a TLS handshake, however long the server takes."""
    first = []

    def starttls(peer: Peer) -> None:
        peer.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            peer.sock.recv(1, socket.MSG_PEEK)
        peer.sock.settimeout(None)
        peer.say(b"220 2.0.0 go")
        first.append(peer.sock.recv(1, socket.MSG_PEEK))
        raise EOFError

    script = answering(extensions=AUTH, tls=True, starttls=starttls)
    with Scripted(script, certificate=certificate) as server, pytest.raises(MailError):
        opened(server, Security.STARTTLS)
    assert first == [b"\x16"]


def test_starttls_that_was_taken_out_of_the_list(certificate: Path) -> None:
    """A server, or somebody in between, that offers AUTH without STARTTLS gets no password."""
    with Scripted(answering(extensions=AUTH), certificate=certificate) as server:
        with pytest.raises(CertificateRefused, match="does not offer to encrypt"):
            opened(server, Security.STARTTLS)
        assert server.seen == [b"EHLO [127.0.0.1]"]


def test_nothing_from_before_tls_is_believed(certificate: Path) -> None:
    """What the first EHLO said is forgotten: only the second one counts."""

    def script(peer: Peer) -> None:
        peer.say(b"220 mail.example.org")
        assert peer.line().startswith(b"EHLO")
        peer.say(ehlo(b"STARTTLS", b"SIZE 1", b"AUTH LOGIN", b"SMTPUTF8"))
        assert peer.line() == b"STARTTLS"
        peer.say(b"220 go")
        peer.encrypt()
        assert peer.line().startswith(b"EHLO")
        peer.say(ehlo(b"SIZE 5000", b"AUTH PLAIN"))
        assert peer.line() == b"AUTH PLAIN " + PLAIN
        peer.say(b"235 welcome")
        peer.line()

    with Scripted(script, certificate=certificate) as server:
        session = opened(server, Security.STARTTLS)
        assert session.size_limit == 5000
        assert not session.has("SMTPUTF8")
        session.close()


def test_words_that_were_slipped_in_before_tls(certificate: Path) -> None:
    """Two answers to one EHLO: the second is never taken for the answer to STARTTLS."""
    injected = ehlo(b"STARTTLS") + b"\r\n220 2.0.0 go ahead"
    with (
        Scripted(
            answering(extensions=AUTH, tls=True, greeting=b"220 x\r\n" + injected), certificate=certificate
        ) as server,
        pytest.raises((ProtocolViolation, CertificateRefused)),
    ):
        opened(server, Security.STARTTLS)
    assert not sent_secret(server)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_another_certificate_than_the_trusted_one(tmp_path: Path, security: Security) -> None:
    """A server without the right certificate learns neither user nor password."""
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
        make_certificates(tmp_path / name)
    script = answering(extensions=AUTH, tls=security is Security.STARTTLS)
    with Scripted(script, certificate=tmp_path / "theirs", tls=security is Security.TLS) as server:
        with pytest.raises(CertificateRefused):
            opened(server, security, ca_file=str(tmp_path / "ours" / "ca.pem"))
        assert not any(line.startswith(b"AUTH") for line in server.seen)


def test_a_certificate_for_another_name(certificate: Path) -> None:
    """The right authority does not make it the right server."""
    with (
        Scripted(answering(extensions=AUTH), certificate=certificate, tls=True, address="127.0.0.2") as server,
        pytest.raises(CertificateRefused, match="another name"),
    ):
        opened(server, Security.TLS)


def test_no_password_over_a_network_in_the_clear() -> None:
    """Without encryption nobody but this computer is spoken to; no connection is even made."""
    with pytest.raises(CertificateRefused, match="unencrypted"):
        SmtpSession.open(Server("192.0.2.1", 25, Security.NONE, "anna"), PASSWORD, timeout=1.0)


# --- the login --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "auth", "expected"),
    [
        (b"AUTH PLAIN LOGIN", "password", b"PLAIN " + PLAIN),
        (b"auth plain", "password", b"PLAIN " + PLAIN),
        (b"AUTH=PLAIN", "password", b"PLAIN " + PLAIN),
        (b"AUTH XOAUTH2 PLAIN", "oauth2", b"XOAUTH2 user=anna\x01auth=Bearer zebra-secret\x01\x01"),
        (
            b"AUTH XOAUTH2 OAUTHBEARER PLAIN",
            "oauth2",
            b"OAUTHBEARER n,a=anna,\x01host=127.0.0.1\x01port=PORT\x01auth=Bearer zebra-secret\x01\x01",
        ),
    ],
)
def test_how_it_logs_in(offer: bytes, auth: str, expected: bytes) -> None:
    """The best mechanism that the server offers, with its first words in the same line."""
    with Scripted(answering(extensions=(offer, b"SIZE 10"))) as server:
        opened(server, auth=auth).close()
        mechanism, _, words = expected.replace(b"PORT", b"%d" % server.server().port).partition(b" ")
    coded = words if mechanism == b"PLAIN" else b64encode(words)
    assert server.seen[1] == b"AUTH " + mechanism + b" " + coded


def test_the_two_questions_of_login() -> None:
    """User name and password, each when it is asked for; letters of any script."""

    def auth(peer: Peer) -> None:
        peer.say(b"334 VXNlcm5hbWU6")
        assert b64decode(peer.line()).decode() == "jürgen"
        peer.say(b"334 UGFzc3dvcmQ6")
        assert b64decode(peer.line()).decode() == "pässwörd€ ü"
        peer.say(b"235 welcome")

    with Scripted(answering(extensions=(b"AUTH LOGIN", b"SIZE 10"), auth=auth)) as server:
        opened(server, secret="pässwörd€ ü", user="jürgen").close()
    assert server.seen[1] == b"AUTH LOGIN"


def test_a_server_that_wants_plain_in_two_steps() -> None:
    """It forgot what came with the command, and is told again."""

    def auth(peer: Peer) -> None:
        peer.say(b"334 ")
        peer.say(b"235 welcome" if peer.line() == PLAIN else b"535 no")

    with Scripted(answering(extensions=AUTH, auth=auth)) as server:
        opened(server).close()


@pytest.mark.parametrize(("offer", "answer"), [(b"AUTH XOAUTH2", b""), (b"AUTH OAUTHBEARER", b"AQ==")])
def test_a_token_that_is_no_longer_good(offer: bytes, answer: bytes) -> None:
    """The server's explanation is acknowledged, so that it says its refusal (and not nothing at all)."""

    def auth(peer: Peer) -> None:
        peer.say(b"334 " + b64encode(b'{"status":"401"}'))
        assert peer.line() == answer
        peer.say(b"535 5.7.8 bad token")

    with (
        Scripted(answering(extensions=(offer, b"SIZE 10"), auth=auth)) as server,
        pytest.raises(AuthenticationRefused, match=r"access token.*bad token"),
    ):
        opened(server, auth="oauth2")


def endless(peer: Peer) -> None:
    """More questions than any login has."""
    for _ in range(4):
        peer.say(b"334 more")
        peer.line()
    peer.say(b"501 5.5.2 enough")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"535 5.7.8 Error: authentication failed: (reason unavailable)", AuthenticationRefused),
        (b"534 5.7.9 an app password is needed", AuthenticationRefused),
        (b"504 5.5.4 unknown mechanism", AuthenticationRefused),
        (b"454 4.7.0 temporary authentication failure", ServerBusy),
        (b"421 4.3.2 shutting down", ServerBusy),
        (b"451 4.3.0 later", ServerBusy),
        (b"535 4.7.0 the directory does not answer", ServerBusy),
        (b"535 5.7.0 too many connections", ServerBusy),
        (b"250 2.0.0 fine", ProtocolViolation),
        (cut, ConnectionLost),
        (silent, ConnectionLost),
        (endless, AuthenticationRefused),
    ],
)
def test_a_login_that_fails(told: Told, kind: type[MailError]) -> None:
    """Only what says that user and password are wrong counts as that."""
    with Scripted(answering(extensions=AUTH, auth=told)) as server, pytest.raises(kind) as caught:
        opened(server)
    assert type(caught.value) is kind


@pytest.mark.parametrize("form", [PASSWORD.encode(), PLAIN])
def test_the_secret_is_in_no_error_and_no_log(form: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Even when the server repeats what it was sent."""
    caplog.set_level(logging.DEBUG)
    with (
        Scripted(answering(extensions=AUTH, auth=b"535 5.7.8 wrong: " + form)) as server,
        pytest.raises(AuthenticationRefused) as caught,
    ):
        opened(server)
    error = caught.value
    for text in (error.sentence, error.detail, caplog.text, repr(error.__cause__), repr(error.__context__)):
        assert form.decode() not in text
    assert "•••" in error.sentence


@pytest.mark.parametrize(
    ("user", "secret"),
    [("anna\r\nMAIL FROM:<x>", "x"), ("anna", "x\ny"), ("an\0na", "x"), ("anna", "x\0y"), ("anna", "\udcff")],
)
def test_a_name_or_password_that_is_more_than_one(user: str, secret: str) -> None:
    """Nothing of it is sent."""
    with Scripted(answering(extensions=AUTH)) as server:
        with pytest.raises(UnsafeArgument):
            opened(server, secret=secret, user=user)
        assert server.seen == [b"EHLO [127.0.0.1]"]


@pytest.mark.parametrize(
    ("offer", "auth"), [(b"AUTH CRAM-MD5", "password"), (b"AUTH XOAUTH2", "password"), (b"AUTH PLAIN", "oauth2")]
)
def test_no_mechanism_that_fits(offer: bytes, auth: str) -> None:
    """The password is not sent where a token is wanted, nor the other way round."""
    with (
        Scripted(answering(extensions=(offer, b"SIZE 10"))) as server,
        pytest.raises(AuthenticationRefused, match="Nothing was sent"),
    ):
        opened(server, auth=auth)
    assert not sent_secret(server)


@pytest.mark.parametrize(("user", "secret"), [("", ""), ("", PASSWORD), ("anna", ""), ("anna", PASSWORD)])
def test_a_server_of_this_computer_that_wants_no_login(user: str, secret: str) -> None:
    """It offers none, so none is tried."""
    with Scripted(answering()) as server:
        opened(server, secret=secret, user=user).close()
    assert server.seen == [b"EHLO [127.0.0.1]", b"QUIT"]


def test_a_server_elsewhere_that_offers_no_login() -> None:
    """A password that cannot be used is said to be so, instead of a refusal of the first recipient."""
    address = source_address("192.0.2.1")
    if not address:
        pytest.skip("this computer has no address but loopback")
    with (
        Scripted(answering(), address=address) as server,
        pytest.raises(AuthenticationRefused, match="offers no way to log in"),
    ):
        opened(server, allow_cleartext="yes")
    assert not sent_secret(server)
