"""Every kind of change on a real server: carried out, taken back after the server knew, and done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.dovecot import BARE, Dovecot
from tests.sync.conftest import Person, folder_of, message, settled, shown, subjects_shown, wait_for
from tui_mail.client import MailClient
from tui_mail.errors import CannotUndo, UsageError
from tui_mail.model import Change, ChangeKind, ChangeState, Flag, Folder, Role


def done(client: MailClient, change: Change | None) -> Change:
    """Wait until the server has carried it out."""
    assert change is not None
    wait_for(lambda: client.state_of(change) is ChangeState.DONE, f"{change.summary} is done")
    return change


def named(client: MailClient, name: str) -> Folder | None:
    return next((folder for folder in client.folders() if folder.name == name), None)


def folders_there(person: Person) -> set[str]:
    """The folders that the server has."""
    connection = person.elsewhere()
    try:
        _, lines = connection.list()
    finally:
        connection.logout()
    return {line.decode().rsplit(" ", 1)[1].strip('"') for line in lines if isinstance(line, bytes)}


def test_copy_and_back_and_again(person: Person) -> None:
    """A copy is there at once with its octets; undo puts it into the trash, redo brings it back; the original stays."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        wait_for(lambda: all(client.raw(row.id) for row in shown(client)), "bodies")
        archive = folder_of(client, Role.ARCHIVE)
        assert archive is not None
        change = client.copy([row.id for row in shown(client)], archive.id).result()
        assert subjects_shown(client, Role.ARCHIVE) == ["Number 1", "Number 2"]
        done(client, change)
        assert person.subjects("Archive") == ["Number 1", "Number 2"] == person.subjects()
        wait_for(lambda: all(client.raw(row.id) for row in shown(client, Role.ARCHIVE)), "the copies have octets")
        copies = {row.id for row in shown(client, Role.ARCHIVE)}
        done(client, client.undo().result())
        assert (person.subjects("Archive"), person.subjects("Trash")) == ([], ["Number 1", "Number 2"])
        done(client, client.redo().result())
        assert (person.subjects("Archive"), person.subjects("Trash")) == (["Number 1", "Number 2"], [])
        assert {row.id for row in shown(client, Role.ARCHIVE)} == copies
        assert person.subjects() == ["Number 1", "Number 2"]


def test_copy_taken_back_before_the_server_knew(person: Person) -> None:
    """Nothing was sent, so nothing is left; and it can be done again."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
    with person.client(start=False) as client:
        archive = folder_of(client, Role.ARCHIVE)
        assert archive is not None
        client.copy([shown(client)[0].id], archive.id).result()
        client.undo().result()
        assert subjects_shown(client, Role.ARCHIVE) == []
        again = client.redo().result()
        assert subjects_shown(client, Role.ARCHIVE) == ["Number 1"]
        client.start()
        done(client, again)
        assert (person.subjects("Archive"), person.subjects()) == (["Number 1"], ["Number 1"])


def test_upload_and_back_and_again(person: Person) -> None:
    """A message made here is shown at once, octet for octet on the server, and undone into the trash."""
    with person.client() as client:
        settled(client)
        sent = folder_of(client, Role.SENT)
        assert sent is not None
        raw = message(9, "Written here.")
        change = client.append(sent.id, raw.replace(b"\r\n", b"\n"), flags=Flag.SEEN).result()
        [row] = shown(client, Role.SENT)
        assert (row.subject, row.flags, client.raw(row.id)) == ("Number 9", Flag.SEEN, raw)
        done(client, change)
        connection = person.elsewhere("Sent")
        _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
        connection.logout()
        assert data[0] is not None
        assert data[0][1] == raw
        done(client, client.undo().result())
        assert (person.subjects("Sent"), person.subjects("Trash")) == ([], ["Number 9"])
        done(client, client.redo().result())
        assert (person.subjects("Sent"), person.subjects("Trash")) == (["Number 9"], [])
        assert [found.id for found in shown(client, Role.SENT)] == [row.id]


def test_what_is_no_message_is_not_uploaded(person: Person) -> None:
    with person.client(start=False) as client, pytest.raises(UsageError, match="no message"):
        client.append(1, b"  \r\n")


def test_folder_made_filled_renamed_and_all_taken_back(person: Person) -> None:
    """Undo walks back through the folder's whole life, over a restart of the client."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        client.create_folder("work", "Plans").result()
        plans = named(client, "Plans")
        assert plans is not None
        done(client, client.move([row.id for row in shown(client)], plans.id).result())
        assert person.subjects("Plans") == ["Number 1", "Number 2"]
        renamed = client.rename_folder(plans.id, "Pläne & mehr").result()
        assert named(client, "Plans") is None
        assert named(client, "Pläne & mehr") is not None
        done(client, renamed)
        assert "Plans" not in folders_there(person)
    with person.client() as client:
        settled(client)
        kept = named(client, "Pläne & mehr")
        assert kept is not None
        assert kept.id == plans.id
        assert len(client.first_rows(kept.id)) == 2
        done(client, client.undo().result())
        assert person.subjects("Plans") == ["Number 1", "Number 2"]
        done(client, client.undo().result())
        done(client, client.undo().result())
        assert "Plans" not in folders_there(person)
        assert named(client, "Plans") is None
        assert (person.subjects(), subjects_shown(client)) == (["Number 1", "Number 2"],) * 2
        for _ in range(3):
            done(client, client.redo().result())
        again = named(client, "Pläne & mehr")
        assert again is not None
        wait_for(lambda: len(client.first_rows(again.id)) == 2, "both are in it again")
        assert person.subjects() == []


def test_folder_deleted_with_its_mail_and_back(person: Person) -> None:
    """What is in a deleted folder goes to the trash; one undo makes the folder again and puts everything back."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        client.create_folder("work", "Plans").result()
        plans = named(client, "Plans")
        assert plans is not None
        done(client, client.move([row.id for row in shown(client)], plans.id).result())
        wait_for(lambda: (named(client, "Plans") or plans).complete, "the folder is read")
        change = client.delete_folder(plans.id).result()
        assert named(client, "Plans") is None
        assert change is not None
        assert change.summary == "deleted the folder Plans (2 messages to the trash)"
        done(client, change)
        assert "Plans" not in folders_there(person)
        assert person.subjects("Trash") == ["Number 1", "Number 2"] == subjects_shown(client, Role.TRASH)
        done(client, client.undo().result())
        assert (person.subjects("Plans"), person.subjects("Trash")) == (["Number 1", "Number 2"], [])
        again = named(client, "Plans")
        assert again is not None
        wait_for(lambda: len(client.first_rows(again.id)) == 2, "they are shown there")


def test_folder_that_still_holds_mail_is_not_deleted(person: Person) -> None:
    """Mail that came into the folder meanwhile keeps it: the change fails visibly, and the folder is shown again."""
    with person.client() as client:
        settled(client)
        done(client, client.create_folder("work", "Plans").result())
        plans = named(client, "Plans")
        assert plans is not None
        wait_for(lambda: (named(client, "Plans") or plans).complete, "the folder is read")
    with person.client(start=False) as client:
        connection = person.elsewhere()
        connection.append("Plans", "", "", message(5))
        connection.logout()
        change = client.delete_folder(plans.id).result()
        assert change is not None
        client.start()
        wait_for(lambda: client.state_of(change) is ChangeState.FAILED, "the change fails")
        [told] = client.changes(1)
        assert "still holds mail" in told.error
        wait_for(lambda: named(client, "Plans") is not None, "the folder is shown")
        wait_for(lambda: [row.subject for row in client.first_rows(plans.id)] == ["Number 5"], "with its mail")


def test_folder_names_that_cannot_be(person: Person) -> None:
    with person.client() as client:
        settled(client)
        for name in ("Archive", "aRcHive", " ", "a\nb", "a//b"):
            with pytest.raises(UsageError, match="Nothing was changed"):
                client.create_folder("work", name).result()
        inbox = folder_of(client, Role.INBOX)
        assert inbox is not None
        with pytest.raises(UsageError, match="inbox cannot be renamed"):
            client.rename_folder(inbox.id, "Other").result()
        with pytest.raises(UsageError, match="cannot be deleted"):
            client.delete_folder(inbox.id).result()


def test_folder_that_the_server_refuses_is_taken_back(person: Person) -> None:
    """A name that only the server knows to be impossible: shown, refused, gone again, and said why."""
    with person.client() as client:
        settled(client)
        change = client.create_folder("work", "x" * 400).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.FAILED, "the server refuses")
        assert named(client, "x" * 400) is None
        assert client.changes(1)[0].error
        assert client.changes(1)[0].undoable
        client.undo().result()
        assert (
            client.statuses()[0].failed == 0 or wait_for(lambda: client.statuses()[0].failed == 0, "dismissed") is None
        )


def test_deleted_for_ever_says_why_it_stays(person: Person) -> None:
    """Undo says that it cannot, and the next undo goes on with what was done before."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        first, second = shown(client)
        client.mark([first.id], add=Flag.FLAGGED).result()
        done(client, client.expunge([second.id]).result())
        [told] = client.changes(1)
        assert (told.kind, told.undoable, told.why_not) == (
            ChangeKind.EXPUNGE, False, "What was deleted for ever cannot come back.",
        )  # fmt: skip
        with pytest.raises(CannotUndo, match="cannot come back"):
            client.undo().result()
        done(client, client.undo().result())
        assert [row.flags for row in shown(client)] == [Flag.NONE]
        assert person.subjects() == ["Number 2"]


def test_expunge_taken_back_before_the_server_knew(person: Person) -> None:
    person.deliver(1)
    with person.client() as client:
        settled(client)
    with person.client(start=False) as client:
        client.expunge([shown(client)[0].id]).result()
        assert shown(client) == []
        client.undo().result()
        assert subjects_shown(client) == ["Number 1"]


def test_one_line_of_history_is_taken_back(person: Person) -> None:
    """Not only the newest: each action can be answered on its own, once."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        newer, older = shown(client)
        starred = done(client, client.mark([newer.id], add=Flag.FLAGGED).result())
        done(client, client.archive([older.id]).result())
        done(client, client.undo(starred.batch).result())
        assert person.subjects("Archive") == ["Number 1"]
        assert person.flags() == [""]
        assert [change.undone for change in client.changes() if change.batch == starred.batch] == [True]
        with pytest.raises(CannotUndo, match="already"):
            client.undo(starred.batch).result()


def test_what_does_the_same_goes_out_together(person: Person) -> None:
    """Forty messages archived one by one, without a line: all arrive, each is its own step of undo."""
    person.deliver(*range(1, 41))
    with person.client() as client:
        settled(client)
    with person.client(start=False) as client:
        rows = shown(client)
        for row in rows:
            client.mark([row.id], add=Flag.SEEN).result()
            client.archive([row.id]).result()
        client.start()
        for change in client.changes(100):
            done(client, change)
        assert len(person.subjects("Archive")) == 40
        assert set(person.flags("Archive")) == {r"\Seen"}
        done(client, client.undo().result())
        assert person.subjects() == [rows[-1].subject]


def test_folder_with_mail_that_somebody_else_marked_is_not_deleted(tmp_path: Path) -> None:
    r"""Without UIDPLUS what we moved stays there, marked \Deleted; what others marked is nowhere else, and keeps it."""
    with Dovecot(imap_capability=BARE) as server:
        person = Person(server, tmp_path / "home")
        person.deliver(1)
        with person.client() as client:
            settled(client)
            for name in ("Ours", "Theirs"):
                done(client, client.create_folder("work", name).result())
            connection = person.elsewhere()
            connection.append("Theirs", r"(\Deleted)", "", message(5))
            connection.logout()
            ours, theirs = named(client, "Ours"), named(client, "Theirs")
            assert ours is not None
            assert theirs is not None
            done(client, client.move([row.id for row in shown(client)], ours.id).result())
            for folder in (ours, theirs):
                client.sync_now(folder.id)
                wait_for(lambda folder=folder: (client.folder(folder.id) or folder).complete, "read")  # type: ignore[misc]
            done(client, client.delete_folder(ours.id).result())
            refused = client.delete_folder(theirs.id).result()
            assert refused is not None
            wait_for(lambda: client.state_of(refused) is ChangeState.FAILED, "refused")
        assert folders_there(person) >= {"Theirs"}
        assert "Ours" not in folders_there(person)
        assert person.subjects("Theirs") == ["Number 5"]
