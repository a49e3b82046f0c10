"""What was done offline meets a server on which things have changed: it hits its own messages or nothing."""

from __future__ import annotations

import pytest

from tests.sync.conftest import Person, settled, shown, subjects_shown, wait_for
from tui_mail.client import MailClient
from tui_mail.model import ChangeState, Flag, Role

pytestmark = pytest.mark.server


def id_of(client: MailClient, subject: str, role: Role = Role.INBOX) -> int:
    return next(row.id for row in shown(client, role) if row.subject == subject)


def all_told(client: MailClient) -> None:
    over = (ChangeState.DONE, ChangeState.CANCELLED)
    wait_for(lambda: all(change.state in over for change in client.changes()), "nothing waits")


def test_uids_lost_their_meaning(person: Person) -> None:
    """UIDVALIDITY changed while an archive and a star waited: both reach their messages, under the same ids."""
    person.deliver(1, 2, 3)
    with person.client() as client:
        settled(client)
        before = {str(row.subject): row.id for row in shown(client)}
    with person.client(start=False) as client:
        client.archive([before["Number 1"]]).result()
        client.mark([before["Number 2"]], add=Flag.FLAGGED).result()
    person.server.change_uidvalidity(person.user)
    with person.client() as client:
        wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the move")
        all_told(client)
        assert person.subjects() == ["Number 2", "Number 3"]
        assert person.flags() == [r"\Flagged", ""]
        wait_for(lambda: subjects_shown(client) == ["Number 2", "Number 3"], "the same here")
        assert {
            str(row.subject): row.id for role in (Role.INBOX, Role.ARCHIVE) for row in shown(client, role)
        } == before


def test_folder_was_renamed(person: Person) -> None:
    """Its messages are found under the new name, and what waited for them is done there."""
    person.deliver(1, 2)
    other = person.elsewhere()
    other.create("Plans")
    other.uid("MOVE", "1:*", "Plans")
    with person.client() as client:
        settled(client)
        plans = client.find_folder("Plans")
        wait_for(lambda: len(client.first_rows(plans.id)) == 2, "both rows")
        before = {str(row.subject): row.id for row in client.first_rows(plans.id)}
    with person.client(start=False) as client:
        client.mark([before["Number 1"]], add=Flag.FLAGGED).result()
        client.archive([before["Number 2"]]).result()
    assert other.rename("Plans", "Dreams")[0] == "OK"
    other.logout()
    with person.client() as client:
        wait_for(lambda: person.subjects("Archive") == ["Number 2"], "the move")
        all_told(client)
        assert person.flags("Dreams") == [r"\Flagged"]
        dreams = client.find_folder("Dreams")
        wait_for(lambda: [row.id for row in client.first_rows(dreams.id)] == [before["Number 1"]], "the same id")


def test_message_was_rescued_from_the_trash(person: Person) -> None:
    """Another client took it back while “delete for ever” waited here: it is not deleted."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        ids = [row.id for row in shown(client)]
        client.delete(ids).result()
        wait_for(lambda: person.subjects("Trash") == ["Number 1", "Number 2"], "both in the trash")
        all_told(client)
        wait_for(lambda: all(row.uid for row in shown(client, Role.TRASH)), "their places")
    with person.client(start=False) as client:
        client.expunge(ids).result()
    other = person.elsewhere("Trash")
    other.uid("MOVE", "1", "INBOX")
    other.logout()
    with person.client() as client:
        all_told(client)
        assert person.subjects("Trash") == []
        assert person.subjects() == ["Number 1"]
        wait_for(lambda: subjects_shown(client) == ["Number 1"], "it is seen again")


def test_message_was_deleted_elsewhere(person: Person) -> None:
    """What waited for it is let go once every folder has been looked at; other changes do not wait for that."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
    with person.client(start=False) as client:
        client.archive([id_of(client, "Number 1")]).result()
        client.mark([id_of(client, "Number 2")], add=Flag.SEEN).result()
    other = person.elsewhere()
    other.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    other.expunge()
    other.logout()
    with person.client() as client:
        wait_for(lambda: person.flags() == [r"\Seen"], "the other change")
        all_told(client)
        assert subjects_shown(client) == ["Number 2"]
        wait_for(lambda: subjects_shown(client, Role.ARCHIVE) == [], "nothing that is not there")
