"""ImapSession against a real Dovecot: what it does on a good day."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from tests.servers.dovecot import BARE, BASIC, Dovecot
from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConnectionLost,
    Unreachable,
    UnsafeArgument,
)
from tui_mail.model import Flag, Security, Server
from tui_mail.net.connection import Wake
from tui_mail.net.imap import IdleEvent, ImapSession, UidSet

pytestmark = pytest.mark.server


def message(number: int, body: str = "hello") -> bytes:
    return (
        f"From: Bea <bea@example.org>\r\nTo: anna@example.org\r\nSubject: number {number}\r\n"
        f"Message-ID: <m{number}@example.org>\r\nX-Other: not asked for\r\n\r\n{body}\r\n"
    ).encode()


@contextlib.contextmanager
def logged_in(dovecot: Dovecot, user: str, security: Security = Security.TLS) -> Iterator[ImapSession]:
    session = ImapSession.open(dovecot.server(user, security), dovecot.passwords[user])
    try:
        yield session
    finally:
        session.leave()


@pytest.fixture
def anna(dovecot: Dovecot) -> str:
    """A user with five messages, UIDs 1 to 5."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 6)))
    return user


@pytest.fixture
def session(dovecot: Dovecot, anna: str) -> Iterator[ImapSession]:
    """Logged in as anna, nothing open."""
    with logged_in(dovecot, anna) as session:
        yield session


@pytest.mark.parametrize("security", list(Security))
def test_every_kind_of_connection_logs_in(dovecot: Dovecot, anna: str, security: Security) -> None:
    """TLS, STARTTLS and loopback without either end in the same session."""
    with logged_in(dovecot, anna, security) as session:
        assert session.has_qresync
        assert session.has_condstore
        assert session.open_folder("INBOX").exists == 5
        assert time.time() - session.heard < 10


def test_passwords_in_any_script(dovecot: Dovecot) -> None:
    """User and password beyond ASCII log in, with quotes, spaces and backslashes too."""
    user = dovecot.new_user(password='pä"ss\\ wört 密碼', name="zoë")
    with logged_in(dovecot, user) as session:
        assert "INBOX" in [folder.name for folder in session.list_all()]


def test_a_wrong_password_is_said(dovecot: Dovecot, anna: str) -> None:
    """The sentence names user and host, never the password."""
    with pytest.raises(AuthenticationRefused, match=f"{anna} at localhost") as caught:
        ImapSession.open(dovecot.server(anna), "not-the-password")
    assert "not-the-password" not in caught.value.sentence + caught.value.detail


def test_an_unknown_authority_is_refused(dovecot: Dovecot, anna: str) -> None:
    """Without its ca_file the certificate is not trusted."""
    server = dovecot.server(anna)
    with pytest.raises(CertificateRefused, match="localhost"):
        ImapSession.open(Server(server.host, server.port, server.security, anna), "secret")


def test_the_wrong_security_is_said(dovecot: Dovecot, anna: str) -> None:
    """TLS on the plain port fails with advice; STARTTLS on the TLS port too."""
    plain, tls = dovecot.ports["imap"], dovecot.ports["imaps"]
    ca = str(dovecot.ca_file)
    with pytest.raises(CertificateRefused, match="starttls"):
        ImapSession.open(Server("localhost", plain, Security.TLS, anna, ca_file=ca), "secret")
    with pytest.raises(CertificateRefused, match='security = "tls"'):
        ImapSession.open(Server("localhost", tls, Security.STARTTLS, anna, ca_file=ca), "secret", timeout=0.5)


def test_folders_with_their_counters(dovecot: Dovecot, session: ImapSession) -> None:
    """One listing says name, role and counters of each folder."""
    session.make_folder("Entwürfe & 台北")
    session.make_folder("Entwürfe & 台北")
    folders = {folder.name: folder for folder in session.list_all()}
    assert "\\sent" in folders["Sent"].flags
    inbox = folders["INBOX"].status
    assert inbox is not None
    assert (inbox.messages, inbox.unseen, inbox.uidnext) == (5, 5, 6)
    assert session.status("INBOX") == inbox
    assert session.open_folder("Entwürfe & 台北").exists == 0


def test_header_rows(session: ImapSession) -> None:
    """By place, by UID and to the end; only the fields that a list needs."""
    selected = session.open_folder("INBOX")
    rows = list(session.headers_by_sequence(2, selected.exists))
    assert [row.uid for row in rows] == [2, 3, 4, 5]
    assert b"Subject: number 2\r\n" in rows[0].header
    assert b"X-Other" not in rows[0].header
    assert rows[0].size > 100
    assert abs(rows[0].internaldate - time.time()) < 600
    assert rows[0].modseq > 0
    assert list(session.headers("1:3,5"))[-1].uid == 5
    assert [row.uid for row in session.headers("4:*")] == [4, 5]


def test_a_star_never_brings_an_older_message(session: ImapSession) -> None:
    """`6:*` in a folder that ends at 5: the server sends 5, we keep it from the caller."""
    session.open_folder("INBOX")
    assert list(session.headers("6:*")) == []


def test_leaving_a_stream_early(session: ImapSession) -> None:
    """The rest of an abandoned answer does not disturb the next command."""
    session.open_folder("INBOX")
    assert next(iter(session.headers("1:5"))).uid == 1
    assert session.all_uids() == UidSet.parse("1:5")
    assert next(iter(session.bodies(UidSet.parse("1:5"), limit=10_000)))[0] == 1
    assert [row.uid for row in session.headers("1:5")] == [1, 2, 3, 4, 5]


def test_whole_messages(session: ImapSession) -> None:
    """Octets as they are on the server; nothing for what is gone or larger than allowed."""
    session.open_folder("INBOX")
    found = dict(session.bodies(UidSet.parse("2,4,99"), limit=100_000))
    assert list(found) == [2, 4]
    assert found[2].endswith(b"\r\n\r\nhello\r\n")
    assert session.body(99, limit=100_000) is None
    assert session.body(1, limit=20) is None
    body = session.body(1, limit=100_000)
    assert body is not None
    assert body.count(b"Subject: number 1") == 1


def test_flags_and_keywords(session: ImapSession) -> None:
    """Set and taken away; UIDs that are gone do not matter; asked for by MODSEQ."""
    selected = session.open_folder("INBOX")
    session.add_flags(UidSet.parse("1:2,77"), Flag.SEEN | Flag.FLAGGED, ("$Work", "todo"))
    session.remove_flags(UidSet.parse("2"), Flag.FLAGGED, ("todo",))
    updates, vanished = session.flags("1:*", changed_since=selected.highestmodseq, vanished=True)
    assert {update.uid: (update.flags, set(update.keywords)) for update in updates} == {
        1: (Flag.SEEN | Flag.FLAGGED, {"$Work", "todo"}),
        2: (Flag.SEEN, {"$Work"}),
    }
    assert not vanished
    assert len(session.flags("1:*")[0]) == 5
    with pytest.raises(UnsafeArgument):
        session.add_flags(UidSet.parse("1"), Flag.NONE, ("two words",))


def test_what_changed_while_away(dovecot: Dovecot, anna: str) -> None:
    """Opening with what we knew tells new flags and vanished UIDs (QRESYNC)."""
    with logged_in(dovecot, anna) as session:
        before = session.open_folder("INBOX")
        session.add_flags(UidSet.parse("5"), Flag.DELETED)
        session.expunge_uids(UidSet.parse("5"))
        session.add_flags(UidSet.parse("3"), Flag.SEEN)
    with logged_in(dovecot, anna) as session:
        now = session.open_folder("INBOX", known=(before.uidvalidity, before.highestmodseq, before.uidnext))
        assert now.vanished == UidSet.parse("5")
        assert [(update.uid, update.flags) for update in now.flags] == [(3, Flag.SEEN)]
        assert now.exists == 4
        stranger = session.open_folder("INBOX", known=(before.uidvalidity + 1, 1, 6))
        assert (stranger.flags, len(stranger.vanished)) == ([], 0)
        _, vanished = session.flags("1:5", changed_since=before.highestmodseq, vanished=True)
        assert vanished == UidSet.parse("5")


def test_moving_tells_where_to(session: ImapSession) -> None:
    """Old and new UIDs are paired; moving again what is gone is no error."""
    session.open_folder("INBOX")
    moved = session.move_messages(UidSet.parse("2,4:5"), "Archive")
    assert moved == {2: 1, 4: 2, 5: 3}
    assert not session.move_messages(UidSet.parse("2"), "Archive")
    assert session.copy_messages(UidSet.parse("1"), "Archive") == {1: 4}
    assert session.all_uids() == UidSet.parse("1,3")
    with pytest.raises(CommandRefused) as caught:
        session.move_messages(UidSet.parse("1"), "Nowhere")
    assert caught.value.code == "TRYCREATE"


def test_expunge_touches_only_what_is_named(session: ImapSession) -> None:
    """A message that someone else marked stays."""
    session.open_folder("INBOX")
    session.add_flags(UidSet.parse("1:2"), Flag.DELETED)
    session.expunge_uids(UidSet.parse("1,3"))
    assert session.all_uids() == UidSet.parse("2:5")


def test_append_and_find(session: ImapSession) -> None:
    """An appended message is there octet for octet, and is found by its Message-ID from a UID on."""
    selected = session.open_folder("Sent")
    raw = message(77, "grüße " * 20_000)
    assert session.append_message("Sent", raw, Flag.SEEN, 1_700_000_000) == (selected.uidvalidity, 1)
    assert session.noop()
    assert session.find_message_id("m77@example.org", 1) == [1]
    assert session.find_message_id("m77@example.org", 2) == []
    assert session.body(1, limit=1_000_000) == raw
    row = next(iter(session.headers("1")))
    assert (row.internaldate, row.flags) == (1_700_000_000, Flag.SEEN)


def test_refusals_leave_the_session_usable(session: ImapSession) -> None:
    """NO to one command is not the end."""
    with pytest.raises(CommandRefused, match="Nowhere"):
        session.open_folder("Nowhere")
    with pytest.raises(CommandRefused):
        session.append_message("Nowhere", message(1), Flag.NONE, 0)
    with pytest.raises(UnsafeArgument):
        session.headers("1 (FLAGS)\r\nx DELETE Sent")
    with pytest.raises(UnsafeArgument):
        session.find_message_id("a\r\nb", 1)
    assert session.open_folder("INBOX").exists == 5


def test_idle_hears_of_new_mail(dovecot: Dovecot, anna: str, session: ImapSession) -> None:
    """A delivery ends the wait with an event."""
    session.open_folder("INBOX")
    timer = threading.Timer(0.1, dovecot.deliver, (anna, message(6)))
    timer.start()
    assert "exists" in {event.kind for event in session.idle(20)}
    timer.join()
    assert [row.uid for row in session.headers("6:*")] == [6]


def test_a_wake_ends_idle(dovecot: Dovecot, anna: str) -> None:
    """Another thread ends the wait, and the session goes on."""
    wake = Wake()
    session = ImapSession.open(dovecot.server(anna), "secret", wake=wake)
    session.open_folder("INBOX")
    timer = threading.Timer(0.1, wake.set)
    timer.start()
    began = time.monotonic()
    assert session.idle(20) == []
    assert time.monotonic() - began < 30
    wake.clear()
    assert session.all_uids() == UidSet.parse("1:5")
    session.leave()
    wake.close()
    timer.join()


def test_shut_ends_idle_from_another_thread(session: ImapSession) -> None:
    """Whoever waits gets ConnectionLost at once."""
    session.open_folder("INBOX")
    timer = threading.Timer(0.1, session.shut)
    timer.start()
    with pytest.raises(ConnectionLost):
        session.idle(20)
    with pytest.raises(ConnectionLost):
        session.noop()
    timer.join()


def test_one_watch_for_all_folders(dovecot: Dovecot, anna: str, session: ImapSession) -> None:
    """NOTIFY tells of a folder that is not open."""
    session.open_folder("INBOX", read_only=True)
    assert session.watch_all()
    session.drain_events()
    with logged_in(dovecot, anna) as other:
        other.append_message("Archive", message(9), Flag.NONE, 0)
        heard: list[IdleEvent] = []
        until = time.monotonic() + 20
        while not heard and time.monotonic() < until:
            heard = [event for event in session.idle(5) if event.kind == "status"]
        assert {event.mailbox for event in heard} == {"Archive"}
        other.open_folder("INBOX")
        other.add_flags(UidSet.parse("3"), Flag.SEEN)
        while time.monotonic() < until:
            updates = [event.flags for event in session.idle(5) if event.flags]
            if updates:
                assert [(update.uid, update.flags) for update in updates] == [(3, Flag.SEEN)]
                return
    pytest.fail("no news of a flag")


def test_events_of_other_commands_are_kept(dovecot: Dovecot, anna: str, session: ImapSession) -> None:
    """What vanished is told even when it came with another command."""
    session.open_folder("INBOX")
    with logged_in(dovecot, anna) as other:
        other.open_folder("INBOX")
        other.move_messages(UidSet.parse("1"), "Archive")
    events = session.noop()
    assert [event.uids for event in events if event.kind == "vanished"] == [UidSet.parse("1")]
    assert session.drain_events() == []


def test_the_server_dies(dovecot: Dovecot) -> None:
    """A killed server is a lost connection; connecting again says that nobody is there."""
    with Dovecot() as own:
        session = ImapSession.open(own.server("anna"), "secret")
        session.open_folder("INBOX")
        own.kill()
        with pytest.raises(ConnectionLost):
            session.noop()
        with pytest.raises(Unreachable, match="localhost"):
            ImapSession.open(own.server("anna"), "secret")
        own.start()
        ImapSession.open(own.server("anna"), "secret").leave()


@pytest.mark.parametrize("capability", [BARE, BASIC])
def test_servers_without_extensions(capability: str) -> None:
    """A server of 2003 can still be listed, read and changed; what it cannot do is said, nothing is guessed."""
    with Dovecot(imap_capability=capability) as own:
        own.deliver("anna", *(message(number) for number in range(1, 4)))
        with logged_in(own, "anna") as session:
            assert not session.has_qresync
            assert not session.watch_all()
            assert {"INBOX", "Sent"} <= {folder.name for folder in session.list_all()}
            assert session.open_folder("INBOX").exists == 3
            assert [row.uid for row in session.headers("1:*")] == [1, 2, 3]
            assert session.all_uids() == UidSet.parse("1:3")
            assert session.find_message_id("m2@example.org", 1) == [2]
            session.add_flags(UidSet.parse("1"), Flag.DELETED)
            assert session.flags("1")[0][0].flags == Flag.DELETED
            with pytest.raises(CommandRefused):
                session.move_messages(UidSet.parse("1"), "Archive")
            if capability == BARE:
                with pytest.raises(CommandRefused):
                    session.expunge_uids(UidSet.parse("1"))
            session.copy_messages(UidSet.parse("1"), "Archive")
            assert session.all_uids() == UidSet.parse("1:3")


def test_a_compressed_connection() -> None:
    """COMPRESS carries the same octets, headers and bodies alike."""
    with Dovecot(compress=True) as own:
        own.deliver("anna", *(message(number, "words " * 5_000) for number in range(1, 6)))
        with logged_in(own, "anna") as session:
            assert session.compress()
            session.open_folder("INBOX")
            assert [row.uid for row in session.headers("1:*")] == [1, 2, 3, 4, 5]
            assert sum(len(body) for _, body in session.bodies(UidSet.parse("1:5"), limit=100_000)) > 150_000
            session.append_message("Sent", message(9, "words " * 50_000), Flag.NONE, 0)
            assert session.idle(0.05) == []
