"""What happens on the server is on the screen, and what is done here is on the server."""

from __future__ import annotations

import pytest

from tests.sync.conftest import Person, folder_of, message, settled, shown, subjects_shown, wait_for
from tui_mail.client import MailClient
from tui_mail.model import BodyArrived, ChangeState, Flag, LinkState, Role, RowState

pytestmark = pytest.mark.server


def ids_of(client: MailClient, *subjects: str) -> list[int]:
    return [row.id for row in shown(client) if row.subject in subjects]


def test_first_sync_brings_every_row_and_every_folder(person: Person) -> None:
    """More messages than the first window: all of them arrive, newest first, with true counts."""
    person.deliver(*range(1, 451))
    with person.client() as client:
        wait_for(lambda: len(shown(client)) == 450, "all rows")
        settled(client)
        inbox = folder_of(client, Role.INBOX)
        assert inbox is not None
        assert (inbox.total, inbox.unread, inbox.on_server, inbox.complete) == (450, 450, 450, True)
        dates = [row.date for row in shown(client)]
        assert dates == sorted(dates, reverse=True)
        assert {folder.role for folder in client.folders()} >= {
            Role.SENT,
            Role.DRAFTS,
            Role.ARCHIVE,
            Role.JUNK,
            Role.TRASH,
        }


def test_new_message_appears_by_itself(person: Person) -> None:
    person.deliver(1)
    with person.client() as client:
        settled(client)
        wait_for(lambda: client.statuses()[0].heard, "a watcher")
        person.deliver(2)
        wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 2"], "the new row")


def test_flag_set_by_another_client(person: Person) -> None:
    person.deliver(1)
    with person.client() as client:
        settled(client)
        other = person.elsewhere()
        other.uid("STORE", "1", "+FLAGS", r"(\Flagged \Seen Work)")
        wait_for(lambda: shown(client)[0].flags == Flag.SEEN | Flag.FLAGGED, "both flags")
        assert shown(client)[0].keywords == ("Work",)
        other.uid("STORE", "1", "-FLAGS", r"(\Seen)")
        wait_for(lambda: shown(client)[0].flags == Flag.FLAGGED, "unread again")
        inbox = folder_of(client, Role.INBOX)
        assert inbox is not None
        assert inbox.unread == 1
        other.logout()


def test_message_expunged_by_another_client(person: Person) -> None:
    person.deliver(1, 2, 3)
    with person.client() as client:
        settled(client)
        other = person.elsewhere()
        other.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
        other.expunge()
        wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 3"], "the row to go")
        other.logout()


def test_deletions_while_away_are_noticed(person: Person) -> None:
    """Gone between two sessions; the body of what stayed is not fetched again."""
    person.deliver(1, 2, 3)
    with person.client() as client:
        settled(client)
    other = person.elsewhere()
    other.uid("STORE", "1:2", "+FLAGS", r"(\Deleted)")
    other.expunge()
    other.logout()
    with person.client() as client:
        settled(client)
        wait_for(lambda: subjects_shown(client) == ["Number 3"], "the two rows to go")


def test_folder_created_elsewhere(person: Person) -> None:
    with person.client() as client:
        settled(client)
        other = person.elsewhere()
        assert other.create('"Projekte/Sommer &- mehr"')[0] == "OK"
        wait_for(lambda: any(f.name.startswith("Projekte/") for f in client.folders()), "the folder")
        other.logout()


def test_message_in_another_folder_is_noticed(person: Person) -> None:
    with person.client() as client:
        settled(client)
        other = person.elsewhere()
        other.append("Archive", None, None, message(9))  # type: ignore[arg-type]
        wait_for(lambda: subjects_shown(client, Role.ARCHIVE) == ["Number 9"], "the row in the archive")
        other.logout()


@pytest.mark.parametrize(("verb", "role", "name"), [
    ("archive", Role.ARCHIVE, "Archive"), ("delete", Role.TRASH, "Trash"), ("junk", Role.JUNK, "Junk"),
])  # fmt: skip
def test_action_is_carried_out(person: Person, verb: str, role: Role, name: str) -> None:
    """Gone from the inbox here and there, in its folder here and there, with the same id."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        [wanted] = ids_of(client, "Number 1")
        getattr(client, verb)([wanted]).result()
        assert subjects_shown(client) == ["Number 2"], "at once, before the server knows"
        wait_for(lambda: person.subjects(name) == ["Number 1"], "the server's copy")
        assert person.subjects() == ["Number 2"]
        wait_for(
            lambda: [(row.id, row.state) for row in shown(client, role)] == [(wanted, RowState.SYNCED)], "confirmed"
        )
        assert shown(client, role)[0].uid > 0


def test_flags_are_carried_out_and_undone(person: Person) -> None:
    person.deliver(1)
    with person.client() as client:
        settled(client)
        client.mark([shown(client)[0].id], add=Flag.SEEN | Flag.FLAGGED, add_keywords=["Later"]).result()
        wait_for(lambda: set(person.flags()[0].split()) >= {r"\Seen", r"\Flagged", "Later"}, "flags there")
        client.undo().result()
        wait_for(lambda: not set(person.flags()[0].split()) & {r"\Seen", r"\Flagged", "Later"}, "flags gone there")


def test_undo_of_a_move_that_the_server_has_carried_out(person: Person) -> None:
    person.deliver(1)
    with person.client() as client:
        settled(client)
        change = client.archive([shown(client)[0].id]).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "the move is done")
        client.undo().result()
        assert subjects_shown(client) == ["Number 1"]
        wait_for(lambda: person.subjects() == ["Number 1"], "back on the server")
        assert person.subjects("Archive") == []


def test_action_without_a_network_is_replayed(person: Person) -> None:
    """Done offline, kept over a restart of the client, sent at the next connection."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
    with person.client(start=False) as client:
        client.archive(ids_of(client, "Number 1")).result()
        client.mark(ids_of(client, "Number 2"), add=Flag.SEEN).result()
    assert person.subjects() == ["Number 1", "Number 2"]
    with person.client() as client:
        wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the move")
        wait_for(lambda: person.flags() == [r"\Seen"], "the flag")
        settled(client)
        assert subjects_shown(client) == ["Number 2"]


def test_opened_message_comes_first(person: Person) -> None:
    """A body that is not here yet is fetched when it is asked for, and is what the server has."""
    person.account = person.account.__class__(
        **{**{f: getattr(person.account, f) for f in person.account.__slots__}, "keep_bodies": "opened"}
    )
    person.deliver(*range(1, 6))
    with person.client() as client:
        settled(client)
        wanted = shown(client)[0]
        assert client.raw(wanted.id) is None
        client.request_body(wanted.id)
        wait_for(lambda: BodyArrived(wanted.id) in person.events, "the event")
        raw = client.raw(wanted.id)
        assert raw is not None
        assert raw.endswith(message(5).split(b"\r\n\r\n")[1])
        parsed = client.message(wanted.id)
        assert parsed is not None
        assert parsed.subject == "Number 5"


def test_bodies_come_in_the_background(person: Person) -> None:
    person.deliver(*range(1, 31))
    with person.client() as client:
        wait_for(lambda: len([row for row in shown(client) if row.has_body]) == 30, "all bodies")


def test_uidvalidity_change_keeps_ids_and_bodies(person: Person) -> None:
    """The server renumbered everything: the same messages under the same ids, and no body fetched twice."""
    person.deliver(*range(1, 21))
    with person.client() as client:
        wait_for(lambda: len([row for row in shown(client) if row.has_body]) == 20, "all bodies")
        settled(client)
        before = {row.message_id: row.id for row in shown(client)}
    person.server.change_uidvalidity(person.user)
    with person.client() as client:
        settled(client)
        wait_for(lambda: len(shown(client)) == 20, "all rows again")
        assert {row.message_id: row.id for row in shown(client)} == before
        assert all(row.has_body for row in shown(client))


def test_wrong_password_stops_and_asks(person: Person) -> None:
    """No loop against the server: that locks accounts. A sentence, and a key to try again."""
    person.server.connect(person.user).logout()
    good = person.account
    client = MailClient(
        __import__("tui_mail.paths", fromlist=["paths"]).paths(person.home), [good], secret=lambda _: "wrong"
    )
    client.start()
    try:
        wait_for(lambda: client.statuses()[0].state is LinkState.REFUSED, "refused")
        assert "password" in client.statuses()[0].sentence
        assert client.statuses()[0].exit_code == 77
    finally:
        client.stop()


def test_second_client_on_the_same_store(person: Person) -> None:
    """One is the engine; the other reads the same mail, and what it does is sent by the first."""
    person.deliver(1, 2)
    with person.client() as first:
        settled(first)
        with person.client() as second:
            wait_for(lambda: second.is_settled, "it is decided who is the engine")
            assert (first.is_engine, second.is_engine) == (True, False)
            second.archive(ids_of(second, "Number 1")).result()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "sent by the first")
            wait_for(lambda: subjects_shown(first) == ["Number 2"], "seen by the first")


def test_second_client_takes_over(person: Person) -> None:
    person.deliver(1)
    with person.client(start=False) as second:
        with person.client() as first:
            settled(first)
            second.start()
            wait_for(lambda: second.is_settled, "decided")
            assert not second.is_engine
        wait_for(lambda: second.is_engine, "the second is the engine now")
        person.deliver(2)
        wait_for(lambda: len(shown(second)) == 2, "and brings new mail")
