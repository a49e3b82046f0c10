"""Writing and sending through a real Postfix, read back over IMAP: what arrives, what is filed, what is said."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from tests.servers.scripted import Scripted
from tests.servers.smtp_scripted import answering, cut
from tests.sync.conftest import folder_of, shown, subjects_shown, wait_for
from tests.sync.writer import Writer, finished
from tui_mail.client import MailClient
from tui_mail.errors import UsageError
from tui_mail.model import Flag, LinkState, Role, StatusChanged
from tui_mail.outgoing import ComposeSettings, RecipientState, SendState
from tui_mail.paths import paths
from tui_mail.store import blobs, delivery
from tui_mail.sync import filing
from tui_mail.sync.engine import Engine

pytestmark = pytest.mark.server


def test_what_arrives_is_what_was_frozen(writer: Writer) -> None:
    """Byte for byte, dots and all; Bcc gets it and nobody sees that; the Sent copy says it."""
    anna, bob, eve = (writer.server.new_user() for _ in range(3))
    with writer.client() as client:
        folder = writer.home / "files"
        folder.mkdir()
        (folder / "räum.bin").write_bytes(bytes(range(256)) * 40)
        files = client.attach([folder / "räum.bin"]).result(10)
        draft = writer.draft(
            client,
            f"Anna <{writer.server.address(anna)}>",
            cc=writer.server.address(bob),
            bcc=writer.server.address(eve),
            subject="Grüße",
            body=".\n..\nFrom here\n" + "long " * 300 + "\ntrailing  \nEnde",
            attachments=tuple(files),
        )
        entry = client.send(draft).result(10)
        frozen = blobs.load(client._db.read_bodies(), 2)
        entry = finished(client, entry)
        assert [one.state for one in entry.recipients] == [RecipientState.ACCEPTED] * 3
        for user in (anna, bob, eve):
            [raw] = writer.server.arrived(user)
            assert raw.endswith(frozen), raw[:2000]
            assert b"eve" not in frozen
            assert writer.server.address(eve).encode() not in raw.partition(b"Date:")[2]
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Grüße"], "the Sent copy is shown")
        wait_for(lambda: shown(client, Role.SENT)[0].uid, "the Sent copy is on the server")
        wait_for(lambda: client.raw(shown(client, Role.SENT)[0].id), "its octets are here")
        kept = client.raw(shown(client, Role.SENT)[0].id)
        assert kept is not None
        assert b"Bcc: " + writer.server.address(eve).encode() in kept
        assert shown(client, Role.SENT)[0].flags & Flag.SEEN
        assert client.drafts() == []
        assert [one.email for one in client.complete("ann")] == [writer.server.address(anna)]


def test_draft_is_on_the_server_once_and_goes_with_sending(writer: Writer) -> None:
    """Each version replaces the one before; what was sent leaves nothing among the drafts."""
    receiver = writer.server.new_user()
    with writer.client() as client:
        draft = client.keep_draft(writer.draft(client, "half@typed, Ola")).result(10)
        wait_for(lambda: len(shown(client, Role.DRAFTS)) == 1 and shown(client, Role.DRAFTS)[0].uid, "it is there")
        first = shown(client, Role.DRAFTS)[0].uid
        for text in ("two", "three", "four"):
            draft = client.keep_draft(replace(draft, body=text)).result(10)
            assert len(shown(client, Role.DRAFTS)) == 1, "two versions of a draft are never shown"
        wait_for(lambda: shown(client, Role.DRAFTS)[0].uid > first, "the newest is there")
        with writer.server.dovecot.connect(writer.user, "Drafts") as other:
            wait_for(lambda: other.noop() and len(other.search(None, "ALL")[1][0].split()) == 1, "one on the server")
            told = other.fetch("1", "(BODY.PEEK[])")[1]  # flags of a moment ago may be told first
            [raw] = [part[1] for part in told if isinstance(part, tuple)]
        assert b"four" in raw
        again = client.open_draft(shown(client, Role.DRAFTS)[0].id).result(10).draft
        assert (again.id, again.body, again.to) == (draft.id, "four", "half@typed, Ola")
        finished(client, client.send(replace(again, to=writer.server.address(receiver))).result(10))
        wait_for(lambda: not shown(client, Role.DRAFTS), "no draft is left")
        with writer.server.dovecot.connect(writer.user, "Drafts") as other:
            wait_for(lambda: other.noop() and not other.search(None, "ALL")[1][0], "no draft is left on the server")
        assert len(writer.server.arrived(receiver)) == 1


def test_draft_of_another_program(writer: Writer) -> None:
    """It can be edited; the other program's version goes only after ours is there."""
    raw = b"From: anna@test.example\r\nTo: ola@test.example\r\nSubject: Begun elsewhere\r\n\r\nSome words\r\n"
    with writer.client() as client:
        with writer.server.dovecot.connect(writer.user, "Drafts") as other:
            other.append("Drafts", r"(\Draft \Seen)", None, raw)  # type: ignore[arg-type]
        client.sync_now()
        wait_for(lambda: subjects_shown(client, Role.DRAFTS) == ["Begun elsewhere"], "it is seen")
        begun = client.open_draft(shown(client, Role.DRAFTS)[0].id).result(20).draft
        assert (begun.subject, begun.to, begun.body.strip()) == ("Begun elsewhere", "ola@test.example", "Some words")
        client.keep_draft(replace(begun, body="Other words")).result(10)
        assert len(shown(client, Role.DRAFTS)) == 1
        with writer.server.dovecot.connect(writer.user, "Drafts") as other:
            wait_for(
                lambda: other.noop() and len(other.search(None, "BODY", '"Other words"')[1][0].split()) == 1, "new"
            )
            wait_for(
                lambda: other.noop() and not other.search(None, "BODY", '"Some words"')[1][0], "the old one is gone"
            )


def test_taken_back_in_time(writer: Writer) -> None:
    """Within the undo window nothing goes out, and the draft is as it was."""
    receiver = writer.server.new_user()
    with writer.client(undo_send=60) as client:
        entry = client.send(writer.draft(client, writer.server.address(receiver))).result(10)
        assert entry.state is SendState.QUEUED
        assert entry.not_before > time.time() + 50
        assert client.drafts() == []
        draft = client.cancel_sending(entry.id).result(10)
        assert draft is not None
        assert (draft.subject, draft.to) == ("Hello", writer.server.address(receiver))
        assert client.outbox() == []
        with pytest.raises(UsageError, match="taken back"):
            client.cancel_sending(entry.id).result(10)
    assert writer.server.arrived(receiver, 0) == []


def test_some_are_refused(writer: Writer) -> None:
    """Those that can have it have it; each refusal stands with its words; the others are tried again."""
    receiver = writer.server.new_user()
    to = ", ".join([writer.server.address(receiver), "nobody1@test.example", "full@test.example"])
    with writer.client() as client:
        entry = finished(client, client.send(writer.draft(client, to)).result(10), SendState.QUEUED)
        wait_for(lambda: client.outbox()[0].recipients[0].state is RecipientState.ACCEPTED, "one has it")
        entry = client.outbox()[0]
        assert [one.state for one in entry.recipients] == [
            RecipientState.ACCEPTED,
            RecipientState.REFUSED,
            RecipientState.DEFERRED,
        ]
        assert entry.recipients[1].code == 550
        assert "4.2.2" in entry.recipients[2].reply
        assert entry.next_try > time.time() + 30
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Hello"], "the Sent copy is there")
        client.retry_sending(entry.id).result(10)
        wait_for(lambda: client.outbox()[0].attempts == 2 and client.outbox()[0].state is SendState.QUEUED, "tried")
        again = client.cancel_sending(entry.id).result(10)
        assert again is not None
        assert (again.to, again.subject) == ("nobody1@test.example, full@test.example", "Hello")
        wait_for(lambda: client.outbox_entry(entry.id).state is SendState.DONE, "the rest was given up")  # type: ignore[union-attr]
    assert len(writer.server.arrived(receiver)) == 1
    with writer.client() as client:
        assert subjects_shown(client, Role.SENT) == ["Hello"]


def test_answered_is_marked_once_it_was_accepted(writer: Writer) -> None:
    """The message that was answered carries the flag here and on the server; the forwarded one its keyword."""
    receiver = writer.server.new_user()
    writer.server.dovecot.deliver(
        writer.user, f"From: {writer.server.address(receiver)}\r\nSubject: Question\r\n\r\nHow?\r\n".encode()
    )
    with writer.client() as client:
        wait_for(lambda: shown(client), "it is there")
        row = shown(client)[0]
        begun = client.reply(row.id).result(30)
        assert begun.draft.to == writer.server.address(receiver)
        assert not shown(client)[0].flags & Flag.ANSWERED
        finished(client, client.send(begun.draft).result(10))
        wait_for(lambda: shown(client)[0].flags & Flag.ANSWERED, "it is answered")
        forwarded = client.forward(row.id).result(30).draft
        finished(client, client.send(replace(forwarded, to=writer.server.address(receiver))).result(10))
        wait_for(lambda: "$Forwarded" in shown(client)[0].keywords, "it is forwarded")
        assert [change.summary for change in client.changes()] == [], "nothing of that is for undo"


def test_refused_after_the_dot(writer: Writer) -> None:
    """It is not sent, says so in the server's words, and can be edited again."""
    receiver = writer.server.new_user()
    with writer.client() as client:
        draft = writer.draft(client, writer.server.address(receiver), subject="refuse me")
        entry = finished(client, client.send(draft).result(10), SendState.FAILED)
        assert "we do not want this" in entry.recipients[0].reply
        again = client.cancel_sending(entry.id).result(10)
        assert again is not None
        finished(client, client.send(replace(again, subject="please")).result(10))
    [raw] = writer.server.arrived(receiver)
    assert b"Subject: please" in raw


def test_wrong_password_for_sending(writer: Writer) -> None:
    """It waits and says why; receiving goes on; with the right password it is sent, once."""
    receiver = writer.server.new_user()
    right = writer.account.outgoing
    assert right is not None
    writer.account = replace(writer.account, outgoing=replace(right, password_command=("echo", "wrong")))
    with writer.client() as client:
        entry = client.send(writer.draft(client, writer.server.address(receiver))).result(10)
        wait_for(lambda: client.outbox()[0].error, "the reason is said")
        assert "not accepted" in client.outbox()[0].error
        assert client.outbox()[0].attempts == 0, "a wrong password is no try"
        assert client.outbox()[0].needs_person
        assert client.statuses()[0].state == "live"
    writer.account = replace(writer.account, outgoing=right)
    with writer.client() as client:  # nobody need ask for it: a start tries what was held
        finished(client, entry)
    assert len(writer.server.arrived(receiver)) == 1


def test_incoming_server_that_is_back_has_mail_sent(writer: Writer) -> None:
    """What waits for a connection does not wait for its hour when the account's other server is reached again."""
    receiver, right = writer.server.new_user(), writer.account.outgoing
    assert right is not None
    writer.account = replace(writer.account, outgoing=replace(right, port=1))
    with writer.client() as client:
        entry = client.send(writer.draft(client, writer.server.address(receiver))).result(10)
        wait_for(lambda: client.outbox()[0].error, "there is no way to the server")
        assert not client.outbox()[0].needs_person
        account = client._db.read().execute("SELECT account_id FROM outbox").fetchone()[0]
        later = int(time.time()) + 9_000
        client._db.run(lambda txn: delivery.hold(txn, account, later, "Later."))
        engine = client._engine
        assert isinstance(engine, Engine)
        live = client.statuses()[0]
        engine._heard(StatusChanged(live))
        assert client.outbox()[0].next_try == later
        engine._heard(StatusChanged(replace(live, state=LinkState.OFFLINE)))
        engine._heard(StatusChanged(live))
        wait_for(lambda: client.outbox()[0].error != "Later.", "it was tried")
        assert client.outbox()[0].next_try < later
        assert client.outbox_entry(entry.id).state is SendState.QUEUED  # type: ignore[union-attr]


def test_no_answer_to_the_dot(writer: Writer) -> None:
    """The outbox says that nobody knows; nothing is sent again by itself; a person decides."""
    with Scripted(answering(dot=cut)) as broken:
        writer.account = replace(writer.account, outgoing=broken.server(user=""))
        with writer.client() as client:
            entry = client.send(writer.draft(client, "someone@example.org")).result(10)
            entry = finished(client, entry, SendState.UNKNOWN)
            assert entry.recipients[0].state is RecipientState.UNKNOWN
            with pytest.raises(UsageError, match="may have been sent"):
                client.cancel_sending(entry.id).result(10)
            client.retry().result(10)
            pause_until = time.monotonic() + 1.0
            wait_for(lambda: time.monotonic() > pause_until, "a second has passed")
            assert finished(client, entry, SendState.UNKNOWN).attempts == 1
    receiver = writer.server.new_user()
    writer.account = replace(writer.account, outgoing=writer.server.server(writer.user))
    with writer.client() as client:
        client.take_as_sent(entry.id).result(10)
        finished(client, entry)
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Hello"], "it is among the sent mail")
    assert writer.server.arrived(receiver, 0) == []


def test_line_that_breaks_before_the_dot(writer: Writer) -> None:
    """Whatever was noted before the dot: it did not go out, so it is tried again, and arrives once.

    Where the server dies a moment later, nobody knows whether it went out: that is said, and it is not sent again.
    """
    receiver = writer.server.new_user()
    with writer.client() as client:
        draft = writer.draft(client, writer.server.address(receiver), body="x" * 400_000)
        run = client._db.run

        def kill_postfix_first(job: Any, *, urgent: bool = False) -> Any:
            result = run(job, urgent=urgent)
            if killed == [] and client.outbox() and client.outbox()[0].state is SendState.UNKNOWN:
                killed.append(client.outbox()[0].id)
                writer.server.kill()
            return result

        killed = list[int]()
        client._db.run = kill_postfix_first  # type: ignore[method-assign]
        entry = client.send(draft).result(10)
        wait_for(lambda: killed, "the server died before the dot")
        client._db.run = run  # type: ignore[method-assign]
        writer.server.start()
        client.retry().result(10)
        if finished(client, entry, SendState.DONE, SendState.UNKNOWN).state is SendState.DONE:
            assert len(writer.server.arrived(receiver)) == 1
        else:
            assert len(writer.server.arrived(receiver, 0)) <= 1


@pytest.mark.parametrize("message_id", ["kept", "rewritten"])
def test_server_that_files_sent_mail_itself(writer: Writer, message_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its copy is recognised, also under another Message-ID; ours is not added, now or the next time."""
    monkeypatch.setattr(filing, "SOON_SECONDS", 4.0)
    writer.account = replace(writer.account, save_sent="auto")
    receiver = writer.server.new_user()
    with writer.client() as client:
        for number in (1, 2):
            draft = writer.draft(client, writer.server.address(receiver), subject=f"Letter {number}")
            entry = client.send(draft).result(10)
            raw = writer.server.arrived(receiver, number)[-1]
            own = raw[raw.index(b"Date:") :]
            if message_id == "rewritten":
                head, _, rest = own.partition(b"Message-ID: <")
                own = head + b"Message-ID: <other-" + rest
            with writer.server.dovecot.connect(writer.user, "Sent") as other:
                other.append("Sent", r"(\Seen)", None, own)  # type: ignore[arg-type]
            entry = finished(client, entry)
            assert entry.copy == "by the server"
        wait_for(lambda: len(shown(client, Role.SENT)) == 2, "both are shown")
        assert subjects_shown(client, Role.SENT) == ["Letter 1", "Letter 2"]


def test_server_that_does_not(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a look at the Sent folder our copy goes there, and the next one without a look."""
    monkeypatch.setattr(filing, "SOON_SECONDS", 1.0)
    writer.account = replace(writer.account, save_sent="auto")
    receiver = writer.server.new_user()
    with writer.client() as client:
        assert folder_of(client, Role.SENT) is not None
        for number in (1, 2):
            draft = writer.draft(client, writer.server.address(receiver), subject=f"Letter {number}")
            entry = finished(client, client.send(draft).result(10))
            assert entry.copy == "stored in Sent"
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Letter 1", "Letter 2"], "both are there")


def test_sent_while_imap_is_down(writer: Writer) -> None:
    """Sending needs no IMAP: it arrives, and the copy is filed when the server is back."""
    receiver = writer.server.new_user()
    with writer.client() as client:
        incoming = writer.account.incoming
        assert incoming is not None
    down = replace(writer.account, incoming=replace(writer.account.incoming, port=1))
    client = MailClient(paths(writer.home), [down])
    client.compose = ComposeSettings(undo_send=0)
    client.start()
    try:
        entry = client.send(writer.draft(client, writer.server.address(receiver))).result(10)
        assert len(writer.server.arrived(receiver)) == 1
        wait_for(lambda: client.outbox_entry(entry.id).state in (SendState.ACCEPTED, SendState.DONE), "accepted")  # type: ignore[union-attr]
    finally:
        client.stop()
    with writer.client() as client:
        wait_for(lambda: shown(client, Role.SENT) and shown(client, Role.SENT)[0].uid, "the copy is on the server")
        assert len(shown(client, Role.SENT)) == 1
