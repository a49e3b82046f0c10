"""Reading over POP3 from real servers, Dovecot and Courier.

Encryption, passwords, lines of any length, many messages, and the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import need
from tests.servers.courier import Courier
from tests.servers.dovecot import Dovecot, missing, wait_until
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConnectionLost,
    ProtocolViolation,
    ServerBusy,
)
from tui_mail.model import Protocol, Security, Server
from tui_mail.net.pop3 import Pop3Session

pytestmark = pytest.mark.server

Maildrops = Dovecot | Courier
SECURE = [Security.TLS, Security.STARTTLS]
ODD = (
    b"From: bea@example.org\r\nSubject: odd\r\n\r\n"
    + b".\r\n..\r\n.x\r\n. \r\n\r\n.\r\n"
    + b"\ttab\r\ntrailing blanks   \r\n"
    + "grüße €\r\n".encode()
    + b"\xff\xfe\x80 not UTF-8\r\n"
    + b"y" * 5_000
    + b"\r\n"
    + b"." * 5_000
    + b"\r\n\r\n\r\n"
)
LONG = b"Subject: long\r\n\r\n" + b"z" * 1_000_000 + b"\r\nend\r\n"
EMPTY = b"Subject: empty\r\n\r\n"
NOTHING = b"\r\n"


def address(server: Maildrops, user: str, security: Security = Security.TLS) -> Server:
    return server.server(user, security, Protocol.POP3)


def opened(server: Maildrops, user: str, security: Security = Security.TLS, *, timeout: float = 10.0) -> Pop3Session:
    """A session with the password of the account."""
    return Pop3Session.open(address(server, user, security), server.passwords[user], timeout=timeout, patience=20.0)


def own(raw: object) -> bytes:
    """A stored message from the first header of ours on: the server puts its own before it."""
    assert isinstance(raw, bytes)
    head, mark, rest = raw.partition(b"Message-ID: <own@example.org>\r\n")
    assert mark, head
    return rest


def marked(raw: bytes) -> bytes:
    """A message that `own` finds again."""
    return b"Message-ID: <own@example.org>\r\n" + raw


def subjects(server: Maildrops, user: str) -> list[bytes]:
    """What the mailbox holds, for another session."""
    session = opened(server, user)
    numbers = [entry.number for entry in session.listing()]
    found = [header.partition(b"Subject: ")[2].partition(b"\r\n")[0] for _, header in session.top(numbers)]
    session.quit()
    return found


@pytest.mark.parametrize("security", SECURE)
def test_what_is_read_is_what_was_delivered(maildrops: Maildrops, security: Security) -> None:
    """Octet for octet: dots, blanks, lines of 5,000 and of a million octets, 8-bit octets, messages without text."""
    anna = maildrops.new_user()
    mail = [ODD, LONG, EMPTY, NOTHING]
    maildrops.deliver(anna, *map(marked, mail))
    session = opened(maildrops, anna, security)
    listing = session.listing()
    assert [entry.number for entry in listing] == [1, 2, 3, 4]
    assert len({entry.uidl for entry in listing} - {""}) == 4
    got = dict(session.retrieve([1, 2, 3, 4]))
    assert [own(raw) for raw in got.values()] == mail
    assert [len(raw) for raw in got.values() if isinstance(raw, bytes)] == [entry.size for entry in listing]
    for number, header in session.top([1, 2, 3]):
        raw = got[number]
        assert isinstance(raw, bytes)
        assert header == raw[: raw.index(b"\r\n\r\n") + 4]
    session.quit()


@pytest.mark.parametrize("security", SECURE)
def test_a_password_in_any_script(maildrops: Maildrops, security: Security) -> None:
    """What a keyboard can type, a server can be told."""
    anna = maildrops.new_user("pässwörd€ ü 密码")
    session = opened(maildrops, anna, security)
    assert session.listing() == []
    assert session.has("PIPELINING")
    session.quit()


def test_a_wrong_password(maildrops: Maildrops) -> None:
    """It is said to be wrong, and is not in what is said."""
    server = address(maildrops, maildrops.new_user())
    with pytest.raises(AuthenticationRefused, match="not accepted") as caught:
        Pop3Session.open(server, "zebra-secret", timeout=10.0)
    assert "zebra" not in caught.value.sentence + caught.value.detail


def test_another_authority(maildrops: Maildrops) -> None:
    """Without the right ca_file nothing is sent; a fingerprint that is not the server's does not help."""
    anna = maildrops.new_user()
    for security in SECURE:
        server = address(maildrops, anna, security)
        for distrusted in (replace(server, ca_file=""), replace(server, fingerprint="00" * 32)):
            with pytest.raises(CertificateRefused):
                Pop3Session.open(distrusted, "secret", timeout=10.0)


def test_ports_taken_for_each_other(maildrops: Maildrops) -> None:
    """The setting that would be right is named, and so is another protocol."""
    tls, stls = (address(maildrops, maildrops.new_user(), security) for security in SECURE)
    with pytest.raises(CertificateRefused, match="starttls"):
        Pop3Session.open(replace(tls, port=stls.port), "secret", timeout=5.0)
    with pytest.raises(CertificateRefused, match='security = "tls"'):
        Pop3Session.open(replace(stls, port=tls.port), "secret", timeout=1.0)
    with pytest.raises(ProtocolViolation, match=r"no POP3 server.*IMAP"):
        Pop3Session.open(replace(tls, port=maildrops.ports["imaps"]), "secret", timeout=5.0)


def test_a_thousand_messages_at_once(maildrops: Maildrops) -> None:
    """Each comes under its own number."""
    anna = maildrops.new_user()
    maildrops.deliver(anna, *(b"Subject: %d\r\n\r\nhello %d\r\n" % (number, number) for number in range(1, 1001)))
    session = opened(maildrops, anna)
    numbers = [entry.number for entry in session.listing()]
    assert numbers == list(range(1, 1001))
    got = dict(session.retrieve(numbers))
    bodies = {number: raw.rpartition(b"\r\n\r\n")[2] for number, raw in got.items() if isinstance(raw, bytes)}
    assert bodies == {number: b"hello %d\r\n" % number for number in numbers}
    assert [number for number, _ in session.top(numbers)] == numbers
    assert session.delete(numbers[1:]) == numbers[1:]
    session.quit()
    assert wait_until(lambda: subjects(maildrops, anna) == [b"1"], 10)  # Courier says goodbye while it still deletes


def test_nothing_is_deleted_without_quit(maildrops: Maildrops) -> None:
    """Neither when we hang up, nor when the line breaks; with QUIT it is."""
    anna = maildrops.new_user()
    maildrops.deliver(anna, b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n")
    session = opened(maildrops, anna)
    assert session.delete([1, 2]) == [1, 2]
    session.close()
    session = opened(maildrops, anna)
    assert session.delete([1, 2]) == [1, 2]
    session.shut()
    with pytest.raises(ConnectionLost):
        session.quit()
    assert subjects(maildrops, anna) == [b"one", b"two"]
    session = opened(maildrops, anna)
    assert session.delete([1, 7]) == [1]
    session.quit()
    assert wait_until(lambda: subjects(maildrops, anna) == [b"two"], 10)


def test_names_last_over_sessions(maildrops: Maildrops) -> None:
    """A UIDL stays with its message when others go."""
    anna = maildrops.new_user()
    maildrops.deliver(anna, *(b"Subject: %d\r\n\r\n" % number for number in range(3)))
    session = opened(maildrops, anna)
    before = session.listing()
    session.delete([1])
    session.quit()
    session = opened(maildrops, anna)
    assert [(entry.number, entry.uidl) for entry in session.listing()] == [(1, before[1].uidl), (2, before[2].uidl)]
    refusal = dict(session.retrieve([3]))[3]
    assert isinstance(refusal, CommandRefused)
    session.quit()


@pytest.fixture
def locking() -> Iterator[Dovecot]:
    """A Dovecot whose mailboxes take one session at a time, and which wants encryption before a password."""
    need(missing())
    with Dovecot(pop3_lock_session="yes", disable_plaintext_auth="yes", ssl="required") as server:
        yield server


def test_a_mailbox_that_is_in_use(locking: Dovecot) -> None:
    """Dovecot waits ten seconds for the other session, and then says so; that is no wrong password."""
    anna = locking.new_user()
    first = opened(locking, anna)
    with pytest.raises(ServerBusy, match="in use"):
        opened(locking, anna)
    first.quit()
    opened(locking, anna, Security.STARTTLS).quit()
