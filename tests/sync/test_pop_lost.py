"""mail.db of a POP3 account is lost: everything is as it was, and no visit brings anything a second time."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import Dovecot
from tests.servers.pop3_scripted import OddPop, Scheme
from tests.servers.postfix import Postfix, missing
from tests.sync.conftest import message, shown, subjects_shown, wait_for
from tests.sync.pop_breaks import POLICIES
from tests.sync.test_pop import again, numbers, visiting
from tests.sync.writer import Writer, finished
from tui_mail.client import MailClient
from tui_mail.model import Account, Change, ChangeState, Flag, Folder, Protocol, Role
from tui_mail.paths import paths
from tui_mail.store import mirror

Picture = dict[tuple[str, Role], list[tuple[str, Flag, tuple[str, ...], str]]]


def picture(client: MailClient) -> Picture:
    """Every folder, and in it every message: subject, flags, keywords, hash of its octets."""
    found: Picture = {}
    for folder in client.folders():
        rows = client.first_rows(folder.id, 1_000)
        found[folder.name, folder.role] = sorted(
            (row.subject, row.flags, row.keywords, sha256(client.raw(row.id) or b"").hexdigest()) for row in rows
        )
        assert folder.total == len(rows)
        assert folder.unread == sum(not row.flags & Flag.SEEN for row in rows)
    return found


def lose(home: Path) -> None:
    for file in (home / "data").glob("mail.db*"):
        file.unlink()


def named(client: MailClient, name: str) -> Folder:
    return next(folder for folder in client.folders() if folder.name == name)


def done(client: MailClient, change: Change | None) -> None:
    """Wait until an action is carried out."""
    assert change is not None
    wait_for(lambda: client.state_of(change) is ChangeState.DONE, change.summary)


def lived_in(client: MailClient) -> None:
    """Twelve messages, and everything that a person does with some of them."""
    ids = {row.subject: row.id for row in shown(client)}

    def do(change: Change | None) -> None:
        done(client, change)

    do(client.create_folder("club", "Projects").result(10))
    do(client.create_folder("club", "Projects/Empty").result(10))
    do(client.create_folder("club", "Passing").result(10))
    do(client.move([ids["Number 1"], ids["Number 2"]], named(client, "Projects").id).result(10))
    do(client.rename_folder(named(client, "Projects").id, "Work").result(10))
    do(client.delete_folder(named(client, "Passing").id).result(10))
    do(client.copy([ids["Number 1"], ids["Number 3"]], named(client, "Work/Empty").id).result(10))
    do(client.mark([ids["Number 3"]], add=Flag.SEEN | Flag.FLAGGED, add_keywords=["blue"]).result(10))
    do(client.archive([ids["Number 4"]]).result(10))
    do(client.delete([ids["Number 5"], ids["Number 6"], ids["Number 7"]]).result(10))
    do(client.expunge([ids["Number 6"]]).result(10))
    do(client.junk([ids["Number 8"]]).result(10))
    do(client.undo().result(10))
    do(client.create_folder("club", "Quite empty").result(10))
    draft = replace(client.blank_draft().result(10).draft, to="ola@example.org", subject="Not yet", body="Dear")
    client.keep_draft(draft).result(10)
    wait_for(lambda: subjects_shown(client, Role.DRAFTS) == ["Not yet"], "the draft is kept")
    do(
        client.expunge(
            [next(row.id for row in client.first_rows(named(client, "Work").id) if "1" in row.subject)]
        ).result(10)
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_everything_is_as_it_was(policy: str, dovecot: Dovecot, tmp_path: Path) -> None:
    """Folders, also empty ones; flags, copies, drafts; what was deleted for ever stays so, whatever the policy."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 13)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club", delete_from_server=policy)
    with visiting(tmp_path, account) as client:
        lived_in(client)
        before = picture(client)
    assert [one[0] for one in before["Work/Empty", Role.NONE]] == ["Number 1", "Number 3"]
    assert before["Quite empty", Role.NONE] == []
    lose(tmp_path)
    with visiting(tmp_path, account) as client:
        assert client.recovered == sum(map(len, before.values()))
        assert picture(client) == before
        again(client)
        assert picture(client) == before
    lose(tmp_path)
    dovecot.deliver(user, message(13))
    with visiting(tmp_path, account) as client:
        assert subjects_shown(client) == numbers(3, *range(8, 14))
        again(client)
        now = picture(client)
        assert [one[0] for one in now.pop(("INBOX", Role.INBOX))] == numbers(3, *range(8, 14))
        assert now == {place: rows for place, rows in before.items() if place[1] is not Role.INBOX}


def test_nothing_but_folders(dovecot: Dovecot, tmp_path: Path) -> None:
    """Without a single message there are folders, and they stay."""
    account = replace(dovecot.account(dovecot.new_user(), Protocol.POP3), name="club")
    with visiting(tmp_path, account) as client:
        done(client, client.create_folder("club", "Projects").result(10))
        before = picture(client)
    lose(tmp_path)
    away = replace(account, incoming=replace(account.incoming, port=1))
    with visiting(tmp_path, away) as client:
        assert client.recovered == 0
        assert picture(client) == before


def test_all_names_of_a_message_are_remembered(certificate: Path, tmp_path: Path) -> None:
    """The server called everything otherwise for a while: neither its old names nor its new ones are news."""
    with OddPop(certificate) as server:
        server.deliver(*(message(number) for number in range(1, 31)))
        account: Account = server.account()
        with visiting(tmp_path, account) as client:
            server.uidl = "renamed"
            again(client)
            away = [row.id for row in shown(client)][:25]
            done(client, client.delete(away).result(10))
            done(client, client.expunge(away).result(10))
            left = subjects_shown(client)
            assert len(left) == 5
        lose(tmp_path)
        server.sessions.clear()
        schemes: tuple[Scheme, ...] = ("renamed", "normal")
        for scheme in schemes:
            server.uidl = scheme
            with visiting(tmp_path, account) as client:
                assert subjects_shown(client) == left
                assert subjects_shown(client, Role.TRASH) == []
        assert not any(command.startswith("RETR") for log in server.sessions for command in log)


def test_what_is_left_of_the_lost_file_is_no_part_of_the_new_one(dovecot: Dovecot, tmp_path: Path) -> None:
    """The write-ahead log of a program that was killed still lies beside it."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 6)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club", delete_from_server="at_once")
    log = tmp_path / "data" / "mail.db-wal"
    with visiting(tmp_path, account) as client:
        before = picture(client)
        shutil.copy(log, tmp_path / "log")
    lose(tmp_path)
    shutil.copy(tmp_path / "log", log)
    with visiting(tmp_path, account) as client:
        assert client.recovered == 5
        assert picture(client) == before


def test_killed_while_it_is_made_anew(dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended just before the new file gets its name, and just after: the octets are found either way."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 6)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club", delete_from_server="at_once")
    with visiting(tmp_path, account) as client:
        before = picture(client)
    link = os.link
    for does in (lambda *_: None, link):
        lose(tmp_path)

        def ended(*names: Path, does: Callable[..., None] = does) -> None:
            does(*names)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "link", ended)
            with pytest.raises(KeyboardInterrupt):
                mirror.recover(paths(tmp_path))
        with visiting(tmp_path, account) as client:
            assert picture(client) == before


def test_octets_that_are_no_more_readable_are_fetched_again(dovecot: Dovecot, tmp_path: Path) -> None:
    """While the server still has the message, its name alone does not count as having it."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 6)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club")
    with visiting(tmp_path, account) as client:
        before = picture(client)
    lose(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "bodies.db")) as kept, kept:
        kept.execute("UPDATE body SET raw = x'00' WHERE message_id = (SELECT MIN(message_id) FROM body)")
    with visiting(tmp_path, account) as client:
        assert client.recovered == 4
        assert picture(client) == before


def test_what_is_being_written(dovecot: Dovecot, tmp_path: Path) -> None:
    """An open draft is open again with its file, whether or not an older version is in the Drafts folder."""
    account = replace(dovecot.account(dovecot.new_user(), Protocol.POP3), name="club")
    (tmp_path / "notes.txt").write_text("what was said")
    with visiting(tmp_path, account) as client:
        files = client.attach([tmp_path / "notes.txt"]).result(10)
        blank = replace(client.blank_draft().result(10).draft, to="ola@example.org", attachments=files)
        client.save_draft(replace(blank, subject="Open")).result(10)
        older = client.keep_draft(client.save_draft(replace(blank, subject="Older")).result(10)).result(10)
        wait_for(lambda: subjects_shown(client, Role.DRAFTS) == ["Older"], "it is kept")
        client.save_draft(replace(older, subject="Newer")).result(10)
        before = client.drafts()
        assert len(before) == 2
    lose(tmp_path)
    with visiting(tmp_path, account) as client:
        assert client.drafts() == before
        assert subjects_shown(client, Role.DRAFTS) == ["Older"]
        assert sorted(draft.subject for draft in client.recover_drafts().result(10)) == ["Newer", "Open"]
        wait_for(lambda: subjects_shown(client, Role.DRAFTS) == ["Newer", "Open"], "both are kept, and once")
        assert all(b"notes.txt" in (client.raw(row.id) or b"") for row in shown(client, Role.DRAFTS))


@pytest.mark.parametrize("protocol", [Protocol.POP3, Protocol.IMAP])
def test_what_waits_to_be_sent_is_sent_once(protocol: Protocol, tmp_path: Path) -> None:
    """The outbox goes on as after any crash: with its recipients, its file in Sent, and what it answers."""
    need(missing())
    with Postfix() as post:
        writer = Writer(post, tmp_path / "home")
        receiver, hidden = post.new_user(), post.new_user()
        incoming = post.dovecot.account(writer.user, protocol).incoming
        writer.account = replace(writer.account, protocol=protocol, incoming=incoming, delete_from_server="at_once")
        post.dovecot.deliver(writer.user, message(1))
        with writer.client() as client:
            wait_for(lambda: shown(client) and client.raw(shown(client)[0].id), "it is here")
            post.kill()
            begun = client.reply(shown(client)[0].id).result(10).draft
            draft = replace(begun, to=post.address(receiver), bcc=post.address(hidden))
            sent = client.send(client.keep_draft(draft).result(10)).result(10)
            wait_for(lambda: client.outbox()[0].attempts or client.outbox()[0].error, "it was tried")
            before = client.outbox()[0]
        lose(writer.home)
        with writer.client() as client:
            (after,) = client.outbox()
            assert (after.id, after.message_id) == (sent.id, before.message_id)
            assert [one.email for one in after.recipients] == [post.address(receiver), post.address(hidden)]
            post.start()
            client.retry().result(10)
            finished(client, after)
            wait_for(lambda: subjects_shown(client, Role.SENT) == ["Re: Number 1"], "the copy is here")
            if protocol is Protocol.POP3:
                wait_for(lambda: shown(client)[0].flags & Flag.ANSWERED, "it is answered")
                wait_for(lambda: not shown(client, Role.DRAFTS), "its draft is gone")
        assert [len(post.arrived(one)) for one in (receiver, hidden)] == [1, 1]


def test_what_was_sent_is_not_sent_again(writer: Writer) -> None:
    """The copy is among the sent mail, and nowhere else."""
    receiver = writer.server.new_user()
    incoming = writer.server.dovecot.account(writer.user, Protocol.POP3).incoming
    writer.account = replace(writer.account, protocol=Protocol.POP3, incoming=incoming)
    with writer.client() as client:
        finished(client, client.send(writer.draft(client, writer.server.address(receiver))).result(10))
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Hello"], "the copy is shown")
        wait_for(lambda: len(mirror.noted(client._db, writer.account.name)) == 1, "and stored")
        before = picture(client)
    lose(writer.home)
    with writer.client() as client:
        assert picture(client) == before
        assert client.outbox() == []
    assert len(writer.server.arrived(receiver)) == 1
