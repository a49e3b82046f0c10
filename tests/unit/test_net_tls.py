"""The handshake itself: nothing goes before it, and nothing but modern TLS counts."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.odd_certificates import certificate as made
from tests.servers.odd_certificates import chain
from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tests.unit.test_net_login import PASSWORD, sent_secret
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import CertificateRefused, ConnectionLost, MailError, Unreachable
from tui_mail.model import Security, Server
from tui_mail.net.imap import ImapSession


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    make_certificates(tmp_path)
    return tmp_path


def test_nothing_is_sent_between_starttls_and_the_handshake(certificate: Path) -> None:
    """The first octet after the command is that of a TLS handshake, however long the server takes."""
    first = b""

    def script(peer: Peer) -> None:
        nonlocal first
        peer.say(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
        tag, _ = peer.command(b"STARTTLS")
        peer.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            peer.sock.recv(1, socket.MSG_PEEK)
        peer.sock.settimeout(None)
        peer.say(tag + b" OK go")
        first = peer.sock.recv(1, socket.MSG_PEEK)
        peer.encrypt()
        peer.answer(b"CAPABILITY", b"* CAPABILITY " + CAPABILITIES)

    with (
        Scripted(script, certificate=certificate) as server,
        pytest.raises(MailError),
    ):
        ImapSession.open(server.server(Security.STARTTLS), PASSWORD, timeout=1.0)
    assert first == b"\x16"


def test_old_tls_is_refused(certificate: Path) -> None:
    """TLS 1.1 and older are no protection; nothing secret is sent."""

    def script(peer: Peer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "server.pem", certificate / "server.key")
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.deprecated_call():
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        peer.sock = context.wrap_socket(peer.sock, server_side=True)
        peer.wait_for_end()

    with Scripted(script, certificate=certificate) as server:
        with pytest.raises((CertificateRefused, Unreachable, ConnectionLost)):
            ImapSession.open(server.server(Security.TLS), PASSWORD, timeout=5.0)
        assert not sent_secret(server)


DISTRUSTED: dict[str, tuple[Callable[[Path], object], str]] = {
    "signed by itself": (lambda folder: made(folder, "localhost", self_signed=True), "signed by itself"),
    "another authority": (
        lambda folder: (made(folder, "localhost"), (folder / "ca.pem").write_bytes(_other_authority(folder))),
        "no known authority|unknown authority",
    ),
    "expired": (lambda folder: made(folder, "localhost", begins=-9, ends=-1), "has expired"),
    "not valid yet": (lambda folder: made(folder, "localhost", begins=2), "not valid yet"),
    "another name": (lambda folder: made(folder, "imap.example.org"), "another name than localhost"),
    "expired in between": (lambda folder: chain(folder, "localhost", between=-1), "has expired"),
}


def _other_authority(folder: Path) -> bytes:
    return (made(folder / "other", "localhost") / "ca.pem").read_bytes()


@pytest.mark.parametrize("what", DISTRUSTED)
def test_nothing_is_said_to_a_server_that_nobody_vouches_for(tmp_path: Path, what: str) -> None:
    """No second try without checking: the reason is named, and not even the user name was sent."""
    make, words = DISTRUSTED[what]
    make(tmp_path)
    with Scripted(lambda peer: peer.log_in(), certificate=tmp_path, tls=True) as server:
        with pytest.raises(CertificateRefused, match=words):
            ImapSession.open(_by_name(server), PASSWORD, timeout=5.0)
        assert server.seen == []


def test_an_authority_in_between_is_good_while_it_is_valid(tmp_path: Path) -> None:
    """The chain of the test above is otherwise in order."""
    chain(tmp_path, "localhost", between=9)
    with Scripted(lambda peer: peer.log_in(), certificate=tmp_path, tls=True) as server:
        ImapSession.open(_by_name(server), PASSWORD, timeout=5.0).shut()


def _by_name(server: Scripted) -> Server:
    return replace(server.server(Security.TLS), host="localhost")
