"""Before the first message: greetings, STLS, certificates, the login, and what is said when it goes wrong."""

from __future__ import annotations

import logging
import socket
import time
from base64 import b64encode
from hashlib import md5
from pathlib import Path

import pytest

from tests.servers.pop3_scripted import CAPABILITIES, Told, answering, block, cut, silent, then_cut
from tests.servers.scripted import Peer, Scripted
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConnectionLost,
    MailError,
    ProtocolViolation,
    ServerBusy,
    Unreachable,
    UnsafeArgument,
)
from tui_mail.model import Security, Server
from tui_mail.net.pop3 import Pop3Session

PASSWORD = "zebra-secret"
PLAIN = b64encode(f"\0anna\0{PASSWORD}".encode())
OAUTHBEARER = b"(with the port)"
NO_SASL = (b"USER", b"TOP", b"UIDL")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


def sent_secret(server: Scripted) -> bool:
    """Whether the password, plain or coded, was in anything that the client sent."""
    everything = b"\n".join(server.seen)
    return any(form in everything for form in (PASSWORD.encode(), PLAIN, b64encode(PASSWORD.encode())))


def opened(server: Scripted, security: Security = Security.NONE, secret: str = PASSWORD, **more: str) -> Pop3Session:
    """A session with a scripted server, whose patience fits a test."""
    return Pop3Session.open(server.server(security, **more), secret, timeout=1.0, patience=1.0)


# --- the door ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        (b"* OK [CAPABILITY IMAP4rev1] ready", "no POP3 server.*IMAP"),
        (b"220 mail.example.org ESMTP", "no POP3 server.*SMTP"),
        (b"HTTP/1.1 400 Bad Request", "no POP3 server.*web server"),
        (b"+OKAY", "no POP3 server"),
        (b"+ more", "no POP3 server"),
        (b"", "no POP3 server"),
        (b"\x00\xff\x1b[2J", "no POP3 server"),
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
        ({"greeting": b"-ERR your network is on a list"}, Unreachable, "your network is on a list"),
        ({"greeting": b"-ERR [SYS/TEMP] shutting down"}, ServerBusy, "shutting down"),
        ({"greeting": b"-ERR [SYS/PERM] not for you"}, CommandRefused, "not for you"),
        ({"greeting": b"-ERR too many connections from you"}, ServerBusy, "too many connections"),
        ({"greeting": cut}, ConnectionLost, "hung up at once"),
        ({"greeting": silent}, ConnectionLost, "said nothing"),
        ({"greeting": b"+OK " + b"x" * 10_000}, ProtocolViolation, "nonsense"),
        ({"greeting": b"+OK ready\r\n+OK and more"}, ProtocolViolation, "no sense"),
        ({"greeting": b"+OK ready\r\n-ERR shutting down"}, ConnectionLost, "shutting down"),
        ({"capa": cut}, ConnectionLost, "broke"),
        ({"capa": silent}, ConnectionLost, "silent"),
        ({"capa": b"+ more"}, ProtocolViolation, "no sense"),
        ({"capa": b"+OK\r\n" + b"X-THING\r\n" * 20_000 + b"."}, ProtocolViolation, "nonsense"),
        ({"capa": b"+OK\r\n" + b"X" * 10_000 + b"\r\n."}, ProtocolViolation, "nonsense"),
        ({"capa": then_cut(b"+OK\r\nUSER")}, ConnectionLost, "broke"),
    ],
)
def test_turned_away_at_the_door(told: dict[str, Told], kind: type[MailError], words: str) -> None:
    """What is worth another try is told apart from what is not, with the server's words."""
    with Scripted(answering(**told)) as server:
        with pytest.raises(kind, match=words) as caught:
            opened(server)
        assert not sent_secret(server)
    assert type(caught.value) is kind


def test_a_list_of_capabilities_that_trickles() -> None:
    """It gets no time for single octets."""

    def capa(peer: Peer) -> None:
        peer.say(b"+OK")
        while True:
            peer.send(b"X\r\n")
            time.sleep(0.05)

    began = time.monotonic()
    with Scripted(answering(capa=capa)) as server, pytest.raises(ConnectionLost):
        opened(server)
    assert time.monotonic() - began < 9


def test_a_tls_port_that_is_taken_for_another(certificate: Path) -> None:
    """Each side waits for the other's first word: the setting is named."""

    def script(peer: Peer) -> None:
        peer.sock.settimeout(5)
        peer.encrypt()

    with (
        Scripted(script, certificate=certificate) as server,
        pytest.raises(CertificateRefused, match='security = "tls"'),
    ):
        opened(server, Security.STARTTLS)


def test_a_port_without_tls_that_is_taken_for_one() -> None:
    """A server that speaks first is no TLS server."""
    with Scripted(answering()) as server, pytest.raises(CertificateRefused, match="does not speak TLS"):
        opened(server, Security.TLS)


# --- TLS --------------------------------------------------------------------------------------


def late_words(peer: Peer) -> None:
    """Agree to TLS, and go on in the clear."""
    peer.say(b"+OK begin")
    assert peer.sock.recv(1, socket.MSG_PEEK) == b"\x16"
    peer.say(*block(b"USER", b"SASL PLAIN").split(b"\r\n"))
    peer.wait_for_end()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"stls": b"-ERR no"}, CertificateRefused),
        ({"stls": b"-ERR unknown command"}, CertificateRefused),
        ({"stls": b"-ERR [SYS/TEMP] not just now"}, ServerBusy),
        ({"stls": b"+ begin"}, ProtocolViolation),
        ({"stls": b"220 begin"}, ProtocolViolation),
        ({"stls": cut}, ConnectionLost),
        ({"stls": then_cut(b"+OK begin")}, ConnectionLost),
        ({"stls": b"+OK begin\r\n+OK\r\nUSER\r\n."}, CertificateRefused),
        ({"stls": b"+OK begin\r\n\x16"}, CertificateRefused),
        ({"stls": late_words}, CertificateRefused),
        ({"greeting": b"+OK ready\r\n+OK begin"}, ProtocolViolation),
    ],
)
def test_tls_is_had_or_nothing_is_sent(certificate: Path, told: dict[str, Told], kind: type[MailError]) -> None:
    """Refused, cut, or with words behind it that came before TLS: there is no way on without encryption."""
    with Scripted(answering(**told), certificate=certificate) as server, pytest.raises(kind) as caught:
        opened(server, Security.STARTTLS)
    assert type(caught.value) is kind
    assert not sent_secret(server)
    assert {line for line in server.seen if line[:1] != b"\x16"} <= {b"STLS"}  # but for a handshake


def test_nothing_is_sent_between_stls_and_the_handshake(certificate: Path) -> None:
    """The first octet after the command is that of a TLS handshake, however long the server takes."""
    first = []

    def stls(peer: Peer) -> None:
        peer.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            peer.sock.recv(1, socket.MSG_PEEK)
        peer.sock.settimeout(None)
        peer.say(b"+OK begin")
        first.append(peer.sock.recv(1, socket.MSG_PEEK))
        raise EOFError

    with Scripted(answering(stls=stls), certificate=certificate) as server, pytest.raises(MailError):
        opened(server, Security.STARTTLS)
    assert first == [b"\x16"]


def test_nothing_from_before_tls_is_believed(certificate: Path) -> None:
    """Nothing is even asked before; a timestamp in the greeting does not make the login another one."""

    def script(peer: Peer) -> None:
        peer.say(b"+OK ready <1.2@example.org>")
        assert peer.line() == b"STLS"
        peer.say(b"+OK begin")
        peer.encrypt()
        assert peer.line() == b"CAPA"
        peer.say(b"+OK", b"SASL PLAIN", b"LOGIN-DELAY 60", b"EXPIRE 30 USER", b".")
        assert peer.line() == b"AUTH PLAIN"
        peer.say(b"+ ")
        assert peer.line() == PLAIN
        peer.say(b"+OK welcome")
        assert peer.line() == b"CAPA"
        peer.say(b"+OK", b"UIDL", b"EXPIRE 7", b".")
        peer.line()

    with Scripted(script, certificate=certificate) as server:
        session = opened(server, Security.STARTTLS)
        assert (session.login_delay, session.expire) == (60, 7)
        assert session.has("uidl")
        assert not session.has("TOP")
        session.close()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_another_certificate_than_the_trusted_one(tmp_path: Path, security: Security) -> None:
    """A server without the right certificate learns neither user nor password."""
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
        make_certificates(tmp_path / name)
    with Scripted(answering(), certificate=tmp_path / "theirs", tls=security is Security.TLS) as server:
        with pytest.raises(CertificateRefused):
            opened(server, security, ca_file=str(tmp_path / "ours" / "ca.pem"))
        assert set(server.seen) <= {b"STLS"}


def test_no_password_over_a_network_in_the_clear() -> None:
    """Without encryption nobody but this computer is spoken to; no connection is even made."""
    with pytest.raises(CertificateRefused, match="unencrypted"):
        Pop3Session.open(Server("192.0.2.1", 110, Security.NONE, "anna"), PASSWORD, timeout=1.0)


# --- the login --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "auth", "expected"),
    [
        ((b"SASL LOGIN PLAIN",), "password", [b"AUTH PLAIN", PLAIN]),
        ((b"sasl plain",), "password", [b"AUTH PLAIN", PLAIN]),
        (NO_SASL, "password", [b"USER anna", b"PASS zebra-secret"]),
        ((b"USER", b"SASL CRAM-MD5"), "password", [b"USER anna", b"PASS zebra-secret"]),
        (
            (b"SASL PLAIN XOAUTH2 OAUTHBEARER",),
            "oauth2",
            [b"AUTH OAUTHBEARER", OAUTHBEARER],
        ),
        (
            (b"SASL XOAUTH2",),
            "oauth2",
            [b"AUTH XOAUTH2", b64encode(b"user=anna\x01auth=Bearer zebra-secret\x01\x01")],
        ),
        ((b"USER", b"UTF8 USER"), "password", [b"UTF8", b"USER anna", b"PASS zebra-secret"]),
    ],
)
def test_how_it_logs_in(capabilities: tuple[bytes, ...], auth: str, expected: list[bytes]) -> None:
    """The best way that the server offers, each step when it is asked for."""
    with Scripted(answering(capabilities=capabilities)) as server:
        opened(server, auth=auth).close()
        said = b"n,a=anna,\x01host=127.0.0.1\x01port=%d\x01auth=Bearer zebra-secret\x01\x01" % server.server().port
    expected = [b64encode(said) if line == OAUTHBEARER else line for line in expected]
    assert server.seen == [b"CAPA", *expected, b"CAPA", b"RSET"]


def test_a_server_that_knows_only_the_oldest_commands() -> None:
    """Without CAPA there is USER and PASS, and UIDL is tried."""
    with Scripted(answering(capa=b"-ERR unknown command")) as server:
        session = opened(server)
        assert session.has("UIDL")
        assert not session.has("PIPELINING")
        assert (session.login_delay, session.expire) == (0, None)
        session.close()
    assert server.seen[1:3] == [b"USER anna", b"PASS zebra-secret"]


def test_a_refused_utf8_is_no_obstacle() -> None:
    """Mail in ASCII can be read without."""
    with Scripted(answering(capabilities=(b"USER", b"UTF8"), utf8=b"-ERR not today")) as server:
        opened(server).close()


@pytest.mark.parametrize("capabilities", [NO_SASL, CAPABILITIES])
def test_a_password_in_any_script(capabilities: tuple[bytes, ...]) -> None:
    """In UTF-8, with its blanks."""
    with Scripted(answering(capabilities=capabilities)) as server:
        opened(server, secret=" pässwörd€ ü ", user="jürgen").close()
    assert "PASS  pässwörd€ ü ".encode() in server.seen or b64encode("\0jürgen\0 pässwörd€ ü ".encode()) in server.seen


def test_a_signed_login_without_encryption() -> None:
    """Where others may listen, the password does not go over the line if the server gives another way."""
    with Scripted(answering(greeting=b"+OK ready <1896.697170952@example.org>")) as server:
        opened(server).close()
    digest = md5(b"<1896.697170952@example.org>zebra-secret").hexdigest().encode()
    assert server.seen[1] == b"APOP anna " + digest
    assert not sent_secret(server)


def test_a_signed_login_that_is_refused_is_not_followed_by_the_password() -> None:
    """It would be there for everybody to read."""
    with (
        Scripted(answering(greeting=b"+OK <1.2@example.org>", apop=b"-ERR no")) as server,
        pytest.raises(AuthenticationRefused),
    ):
        opened(server)
    assert not sent_secret(server)


@pytest.mark.parametrize("greeting", [b"+OK <1.2@exa\xc3\xa4mple.org>", b"+OK <1.2>", b"+OK <1 2@x>", b"+OK <@>"])
def test_what_is_no_timestamp_is_not_signed(greeting: bytes) -> None:
    """A server that chooses octets freely could work out the password."""
    with Scripted(answering(greeting=greeting)) as server:
        opened(server).close()
    assert server.seen[1] == b"AUTH PLAIN"


@pytest.mark.parametrize(("offer", "answer"), [(b"SASL XOAUTH2", b""), (b"SASL OAUTHBEARER", b"AQ==")])
def test_a_token_that_is_no_longer_good(offer: bytes, answer: bytes) -> None:
    """The server's explanation is acknowledged, so that it says its refusal (and not nothing at all)."""

    def auth(peer: Peer) -> None:
        peer.say(b"+")
        peer.line()
        peer.say(b"+ " + b64encode(b'{"status":"401"}'))
        assert peer.line() == answer
        peer.say(b"-ERR [AUTH] bad token")

    with (
        Scripted(answering(capabilities=(offer,), auth=auth)) as server,
        pytest.raises(AuthenticationRefused, match=r"access token.*bad token"),
    ):
        opened(server, auth="oauth2")


def endless(peer: Peer) -> None:
    """More questions than any login has."""
    while True:
        peer.say(b"+ more")
        peer.line()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"answer": b"-ERR [AUTH] Authentication failed."}, AuthenticationRefused),
        ({"answer": b"-ERR Invalid user name or password"}, AuthenticationRefused),
        ({"auth": b"-ERR unknown mechanism"}, AuthenticationRefused),
        ({"answer": b"-ERR [IN-USE] another session"}, ServerBusy),
        ({"answer": b"-ERR [SYS/TEMP] the directory does not answer"}, ServerBusy),
        ({"answer": b"-ERR [SYS/PERM] your account has no POP3"}, CommandRefused),
        ({"answer": b"-ERR [LOGIN-DELAY] too soon"}, ServerBusy),
        ({"answer": b"-ERR too many connections"}, ServerBusy),
        ({"auth": b"+OK fine, come in"}, ProtocolViolation),
        ({"answer": b"250 fine"}, ProtocolViolation),
        ({"auth": cut}, ConnectionLost),
        ({"answer": cut}, ConnectionLost),
        ({"answer": silent}, ConnectionLost),
        ({"auth": endless}, ProtocolViolation),
    ],
)
def test_a_login_that_fails(told: dict[str, Told], kind: type[MailError]) -> None:
    """Only what says that user and password are wrong counts as that."""
    with Scripted(answering(**told)) as server, pytest.raises(kind) as caught:
        opened(server)
    assert type(caught.value) is kind


@pytest.mark.parametrize("step", ["user", "pass"])
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"-ERR no", AuthenticationRefused),
        (b"-ERR [IN-USE] locked", ServerBusy),
        (b"+ what?", ProtocolViolation),
        (cut, ConnectionLost),
        (silent, ConnectionLost),
    ],
)
def test_a_login_in_two_steps_that_fails(step: str, told: Told, kind: type[MailError]) -> None:
    """At each of them; a name that is not known is followed by no password."""
    with Scripted(answering(capabilities=NO_SASL, **{step: told})) as server, pytest.raises(kind):
        opened(server)
    assert sent_secret(server) == (step == "pass")


def test_how_long_to_wait_until_the_next_login() -> None:
    """The server said it among its capabilities."""
    told: dict[str, Told] = {"answer": b"-ERR [LOGIN-DELAY] too soon"}
    with (
        Scripted(answering(capabilities=(*CAPABILITIES, b"LOGIN-DELAY 300"), **told)) as server,
        pytest.raises(ServerBusy) as caught,
    ):
        opened(server)
    assert caught.value.seconds == 300


@pytest.mark.parametrize(("form", "line"), [(PASSWORD.encode(), b"-ERR no: "), (PLAIN, b"-ERR [AUTH] "), (PLAIN, b"")])
def test_the_secret_is_in_no_error_and_no_log(form: bytes, line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Even when the server repeats what it was sent, in a reply or in none."""
    caplog.set_level(logging.DEBUG)
    with Scripted(answering(answer=line + form)) as server, pytest.raises(MailError) as caught:
        opened(server)
    error = caught.value
    for text in (error.sentence, error.detail, caplog.text, repr(error.__cause__), repr(error.__context__)):
        assert form.decode() not in text


@pytest.mark.parametrize(
    ("user", "secret"),
    [("anna\r\nDELE 1", "x"), ("anna", "x\ny"), ("an\0na", "x"), ("anna", "x\0y"), ("anna", "\udcff")],
)
def test_a_name_or_password_that_is_more_than_one(user: str, secret: str) -> None:
    """Nothing of it is sent."""
    with Scripted(answering()) as server:
        with pytest.raises(UnsafeArgument):
            opened(server, secret=secret, user=user)
        assert server.seen == [b"CAPA"]


@pytest.mark.parametrize(
    ("capabilities", "auth", "security"),
    [
        ((b"SASL XOAUTH2",), "password", Security.TLS),
        ((b"SASL PLAIN",), "oauth2", Security.TLS),
        ((b"TOP", b"UIDL"), "password", Security.NONE),
        ((b"TOP", b"SASL"), "password", Security.NONE),
        (NO_SASL, "oauth2", Security.TLS),
    ],
)
def test_no_way_that_fits(certificate: Path, capabilities: tuple[bytes, ...], auth: str, security: Security) -> None:
    """The password is not sent where a token is wanted, nor the other way round, nor where encryption comes first."""
    with (
        Scripted(answering(capabilities=capabilities), certificate=certificate, tls=security is Security.TLS) as server,
        pytest.raises(AuthenticationRefused, match="Nothing was sent"),
    ):
        opened(server, security, auth=auth)
    assert not sent_secret(server)
