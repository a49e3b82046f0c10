"""The handshake itself: nothing goes before it, and nothing but modern TLS counts."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tests.unit.test_net_login import PASSWORD, sent_secret
from tui_mail.demo.certificates import make_certificates
from tui_mail.errors import CertificateRefused, ConnectionLost, MailError, Unreachable
from tui_mail.model import Security
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
