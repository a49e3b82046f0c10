"""What is new mail, and what only looks like it, on real servers by IMAP and by POP3."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import Person, message, settled, shown, wait_for
from tui_mail.client import MailClient
from tui_mail.client.newcomers import Newcomers
from tui_mail.model import LinkState, Protocol
from tui_mail.notices import Notices

pytestmark = pytest.mark.server


class Ear:
    """Looks at every folder, as if all of them had changed."""

    def __init__(self, client: MailClient, *folders: str) -> None:
        self.client = client
        self.newcomers: Newcomers = client.newcomers()
        self.newcomers.want({"work": folders or ("inbox",)})
        self.told: list[str] = []

    def hears(self) -> list[str]:
        """The subjects that were told so far."""
        self.newcomers.begin({"work": self.client.statuses()[0].state})
        came = self.newcomers.look(folder.id for folder in self.client.folders())
        self.told += reversed([f"{one.folder}: {one.subject}" for one in came])
        return self.told


def test_imap(person: Person) -> None:
    """In the wanted folders: what came, once; neither what was there, nor what is read, moved, copied or undone."""
    person.deliver(1, 2)
    with person.elsewhere() as other:
        other.create("Lists")
    with person.client() as client:
        ear = Ear(client, "inbox", "Lists")
        settled(client)
        assert ear.hears() == []
        wait_for(lambda: len(shown(client)) == 2, "all is here")
        assert ear.hears() == []
        with person.elsewhere() as other:
            other.append("INBOX", r"(\Seen)", None, message(3))
        client.archive([shown(client)[0].id]).result(10)
        wait_for(lambda: len(person.subjects("Archive")) == 1, "it is archived")
        client.undo().result(10)
        wait_for(lambda: len(person.subjects()) == 3, "it came back, with another UID")
        client.copy([shown(client)[0].id], client.find_folder("inbox").id).result(10)
        person.deliver(4)
        wait_for(lambda: "Number 4" in {row.subject for row in shown(client)}, "it has come")
        assert client.wait_until_synced("work", 60)
        wait_for(lambda: ear.hears(), "it is told")
        client.sync_now()
        assert client.wait_until_synced("work", 60)
        with person.elsewhere() as other:
            other.append("Lists", "", None, message(5))
            other.append("Sent", "", None, message(6))
        client.sync_now()
        wait_for(lambda: len(ear.hears()) == 2, "the list is told")
        assert ear.told == ["Inbox: Number 4", "Lists: Number 5"]


def test_a_folder_that_is_not_there(person: Person) -> None:
    """Said where warnings are, with what was meant; roles are names too, in any case."""
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(client.folders()) > 1, "the folders are known")
        for by, expected in (("bell", ['New mail in "Lits" is not told: work has no such folder']), ("off", [])):
            client.notices = Notices(by, folders={"work": ("Inbox", "SENT", "Lits")})
            assert [str(one)[: len(expected[0])] if expected else one for one in client.warnings()] == expected


def test_what_came_while_nobody_listened(person: Person) -> None:
    """The next start shows it, and does not tell."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(shown(client)) == 1, "it is here")
    person.deliver(2)
    with person.client() as client:
        ear = Ear(client)
        wait_for(lambda: not ear.hears() and client.statuses()[0].state is LinkState.LIVE, "it is live")
        wait_for(lambda: len(shown(client)) == 2, "it is here")
        assert ear.hears() == []
        person.deliver(3)
        wait_for(lambda: ear.hears() == ["Inbox: Number 3"], "what comes now is told")


def test_pop3(dovecot: Dovecot, person: Person) -> None:
    """The first download is no news; what the next visit brings is."""
    server = dovecot.server(person.user, protocol="pop3")
    person.account = replace(person.account, protocol=Protocol.POP3, incoming=server)
    person.deliver(1, 2)
    with person.client() as client:
        ear = Ear(client)
        wait_for(lambda: len(shown(client)) == 2 and client.statuses()[0].state is LinkState.LIVE, "all is here")
        assert ear.hears() == []
        client.archive([shown(client)[0].id]).result(10)
        client.undo().result(10)
        person.deliver(3)
        client.sync_now()
        wait_for(lambda: ear.hears() == ["Inbox: Number 3"], "it is told")
