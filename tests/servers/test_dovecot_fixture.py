"""The test server itself: what other tests rely on when they use it."""

from __future__ import annotations

import imaplib
import poplib
import ssl

import pytest

from tests.servers.dovecot import BASIC, Dovecot
from tui_mail.model import Protocol, Role, Security

pytestmark = pytest.mark.server

HELLO = b"From: Bea <bea@example.org>\r\nSubject: hello\r\n\r\nhello\r\n"


def test_delivered_mail_is_in_the_inbox(dovecot: Dovecot) -> None:
    """A message handed over by LMTP is seen by the next client at once."""
    anna = dovecot.new_user()
    dovecot.deliver(anna, HELLO, HELLO)
    with dovecot.connect(anna) as client:
        assert client.select("INBOX")[1] == [b"2"]


def test_folders_have_special_uses(dovecot: Dovecot) -> None:
    """Drafts, Sent, Archive, Junk and Trash exist and say what they are for."""
    with dovecot.connect(dovecot.new_user()) as client:
        listed = b"\n".join(line for line in client.list()[1] if isinstance(line, bytes)).lower()
    for role in (Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.JUNK, Role.TRASH):
        assert b"\\" + role.encode() in listed


def test_starttls_is_offered_on_the_plain_port(dovecot: Dovecot) -> None:
    """The account without TLS from the start can have it by STARTTLS, with the same authority."""
    server = dovecot.server(dovecot.new_user(), Security.STARTTLS)
    with imaplib.IMAP4(server.host, server.port, timeout=10) as client:
        client.starttls(ssl.create_default_context(cafile=server.ca_file))
        assert client.login(server.user, server.password_command[-1])[0] == "OK"


def test_pop3_serves_the_same_mail(dovecot: Dovecot) -> None:
    """POP3 over TLS sees what LMTP delivered; the account says so."""
    anna = dovecot.new_user()
    dovecot.deliver(anna, HELLO)
    server = dovecot.account(anna, Protocol.POP3).incoming
    client = poplib.POP3_SSL(
        server.host, server.port, context=ssl.create_default_context(cafile=server.ca_file), timeout=10
    )
    client.user(server.user)
    client.pass_(server.password_command[-1])
    assert client.stat()[0] == 1
    client.quit()


def test_passwords_and_names_may_be_in_any_script(dovecot: Dovecot) -> None:
    """A user called jürgen with a password of umlauts can log in."""
    dovecot.connect(dovecot.new_user("pässwörd€ ü", name="jürgen")).logout()


def test_uidvalidity_can_change_under_a_client(dovecot: Dovecot) -> None:
    """After the change a new session sees the new number and the same messages."""
    anna = dovecot.new_user()
    dovecot.deliver(anna, HELLO)
    changed = dovecot.change_uidvalidity(anna)
    with dovecot.connect(anna, "INBOX") as client:
        assert client.response("UIDVALIDITY")[1] == [str(changed).encode()]
        assert client.search(None, "ALL")[1] == [b"1"]


def test_a_killed_server_comes_back_with_the_mail_on_the_same_ports() -> None:
    """Connections of before are dead; a new one finds everything; extensions can be switched off."""
    with Dovecot(imap_capability=BASIC) as server:
        server.deliver("anna", HELLO)
        ports = dict(server.ports)
        before = server.connect("anna", "INBOX")
        server.kill()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            before.noop()
        before.shutdown()
        server.start()
        assert server.ports == ports
        with server.connect("anna", "INBOX") as after:
            assert after.search(None, "ALL")[1] == [b"1"]
            assert "QRESYNC" not in after.capabilities
            assert "MOVE" not in after.capabilities
        root = server.root
    assert not root.exists()
