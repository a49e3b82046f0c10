"""Folders that a person chose for a purpose, on real servers: mail goes there, and nowhere else when it cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import Person, folder_of, settled, shown, subjects_shown, wait_for
from tests.sync.writer import Writer, finished
from tui_mail.config.changing import add_account
from tui_mail.errors import ConfigError, UsageError
from tui_mail.model import Account, FolderListChanged, Protocol, Role
from tui_mail.outgoing import SendState
from tui_mail.paths import paths

pytestmark = pytest.mark.server


def chosen(account: Account, **folders: str) -> Account:
    return replace(account, folders=tuple((Role(role), name) for role, name in folders.items()))


def make(person: Person, *names: str) -> None:
    """Another program makes folders."""
    with person.elsewhere() as other:
        for name in names:
            other.create(f'"{name}"')


def test_mail_goes_to_the_chosen_folders(person: Person) -> None:
    """Archive, trash and junk, though the server marks others; taken back; and by themselves again afterwards."""
    make(person, "Old/2026", "Bin", "Bad")
    person.deliver(1, 2, 3, 4)
    person.account = chosen(person.account, archive="Old/2026", trash="Bin", junk="Bad")
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(shown(client)) == 4, "all is here")
        wait_for(lambda: client.find_folder("Old/2026").role is Role.ARCHIVE, "the folder has its role")
        four, three, two, _ = (row.id for row in shown(client))
        client.archive([four]).result(10)
        client.delete([three]).result(10)
        client.junk([two]).result(10)
        wait_for(lambda: person.subjects("Old/2026") == ["Number 4"], "it is archived there")
        wait_for(lambda: person.subjects("Bin") == ["Number 3"], "it is thrown away there")
        wait_for(lambda: person.subjects("Bad") == ["Number 2"], "it is junk there")
        assert person.subjects("Archive") == person.subjects("Trash") == person.subjects("Junk") == []
        client.undo().result(10)
        wait_for(lambda: person.subjects("Bad") == [], "junk came back")
        assert client.find_folder("archive").name == "Old/2026"
        assert client.find_folder("Archive").role is Role.NONE
    person.account = chosen(person.account)
    with person.client() as client:
        wait_for(lambda: client.find_folder("Archive").role is Role.ARCHIVE, "as the server says")
        settled(client)
        client.archive([shown(client)[0].id]).result(10)
        wait_for(lambda: len(person.subjects("Archive")) == 1, "it is archived where the server says")
        assert person.subjects("Old/2026") == ["Number 4"]


@pytest.mark.parametrize("name", ["Nowhere", "Sent", "INBOX"])
def test_a_folder_that_cannot_be_had_moves_nothing(person: Person, name: str) -> None:
    """One sentence, nothing moved and nothing made; other actions go on; the folder made, it works."""
    person.deliver(1, 2)
    person.account = chosen(person.account, archive=name)
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(shown(client)) == 2, "all is here")
        before = sorted(folder.name for folder in client.folders())
        with pytest.raises(ConfigError, match=rf'Nothing was moved: the archive folder of work is to be "{name}"'):
            client.archive([shown(client)[0].id]).result(10)
        assert any(f'"{name}"' in sentence for sentence in client.warnings())
        assert len(shown(client)) == 2
        client.delete([shown(client)[0].id]).result(10)
        wait_for(lambda: person.subjects("Trash") == ["Number 2"], "deleting works")
        assert sorted(folder.name for folder in client.folders()) == before
        assert person.subjects("Sent") == person.subjects("Archive") == []
        if name == "Nowhere":
            make(person, name)
            client.sync_now()
            wait_for(lambda: folder_of(client, Role.ARCHIVE), "it is seen")
            client.archive([shown(client)[0].id]).result(10)
            wait_for(lambda: person.subjects(name) == ["Number 1"], "it is archived there")
            assert client.warnings() == []


def test_chosen_while_it_runs(person: Person) -> None:
    """No restart: the next key obeys, and so does the next list of the server."""
    add_account(paths(person.home), person.account)
    make(person, "Old/2026")
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(shown(client)) == 2, "all is here")
        wait_for(lambda: client.find_folder("Old/2026"), "the folders are known")
        with pytest.raises(UsageError, match="there is no such folder; did you mean"):
            client.refuse_wrong_folders(person.account, {"folders.archive": "Old/2025"})
        assert client.wait_until_synced("work", 60)
        person.events.clear()
        client.keep_up_folders(chosen(person.account, archive="Old/2026"))
        wait_for(lambda: FolderListChanged("work") in person.events, "the tree is told")
        client.archive([shown(client)[0].id]).result(10)
        wait_for(lambda: person.subjects("Old/2026") == ["Number 2"], "it is archived there")
        client.sync_now()
        assert client.wait_until_synced("work", 60)
        client.archive([shown(client)[0].id]).result(10)
        wait_for(lambda: len(person.subjects("Old/2026")) == 2, "still there")


def test_the_copy_of_what_is_sent(writer: Writer) -> None:
    """It is filed in the chosen folder; while that is not there it waits, and goes nowhere else."""
    receiver = writer.server.address(writer.server.new_user())
    with writer.server.dovecot.connect(writer.user) as other:
        other.create("Outbound")
    writer.account = chosen(writer.account, sent="Outbound")
    with writer.client() as client:
        wait_for(lambda: client.find_folder("Outbound").role is Role.SENT, "the folder has its role")
        finished(client, client.send(writer.draft(client, receiver, subject="First")).result(10))
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["First"], "the copy is there")
        wait_for(lambda: shown(client, Role.SENT)[0].uid, "the copy is on the server")
    writer.account = chosen(writer.account, sent="Nowhere")
    with writer.client() as client:
        entry = client.send(writer.draft(client, receiver, subject="Second")).result(10)
        finished(client, entry, SendState.ACCEPTED)
        assert any("waits on this computer" in sentence for sentence in client.warnings())
        assert "waits on this computer" in client.outbox()[0].error
    writer.account = chosen(writer.account, sent="Outbound")
    with writer.client() as client:
        assert not finished(client, entry).error
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["First", "Second"], "the copy was not lost")
        wait_for(lambda: all(row.uid for row in shown(client, Role.SENT)), "it is on the server")
    with writer.server.dovecot.connect(writer.user, "Sent") as other:
        assert other.search(None, "ALL")[1] == [b""]


def test_folders_of_this_computer(dovecot: Dovecot, person: Person) -> None:
    """A POP3 account: its own folders can be chosen too."""
    account = replace(
        person.account, protocol=Protocol.POP3, incoming=dovecot.server(person.user, protocol="pop3"), folders=()
    )
    person.account = account
    person.deliver(1)
    with person.client() as client:
        wait_for(lambda: len(shown(client)) == 1, "it is here")
        client.create_folder("work", "Kept").result(10)
    person.account = chosen(account, archive="Kept", trash="Nowhere")
    with person.client() as client:
        wait_for(lambda: client.find_folder("Kept").role is Role.ARCHIVE, "the folder has its role")
        with pytest.raises(ConfigError, match="Nothing was moved"):
            client.delete([shown(client)[0].id]).result(10)
        client.archive([shown(client)[0].id]).result(10)
        assert subjects_shown(client, Role.ARCHIVE) == ["Number 1"]
        wait_for(lambda: shown(client, Role.ARCHIVE)[0].state == "synced", "it is carried out")
