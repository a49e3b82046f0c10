"""Gmail's labels: one message in several folders is one message, with one body, and no action doubles or loses it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.gmail import ALL, SPAM, STARRED, TRASH, Gmail
from tests.sync.conftest import folder_of, message, shown, wait_for
from tests.sync.odd_place import Place, agree, soon
from tui_mail.client import MailClient
from tui_mail.model import ChangeState, Flag, Role, Row
from tui_mail.net import connection
from tui_mail.net.sets import UidSet
from tui_mail.paths import paths
from tui_mail.sync import alarms
from tui_mail.sync import folder as folder_sync


@pytest.fixture
def gmail(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gmail]:
    """A server with three messages: one in the inbox, one with a label too, one that was only sent."""
    monkeypatch.setattr(folder_sync, "RESELECT_SECONDS", 0.25)
    monkeypatch.setattr(connection.Backoff, "next", lambda _: 0.05)
    with Gmail(certificate) as server:
        server.receive(message(1))
        server.receive(message(2), "INBOX", "Work", flags=[b"\\Seen"])
        server.receive(message(3), "[Gmail]/Sent Mail")
        yield server


@pytest.fixture
def place(gmail: Gmail, tmp_path: Path) -> Place:
    return Place(gmail, tmp_path / "home")


def number_of(server: Gmail, subject: int) -> int:
    """The server's number of a message."""
    raw = message(subject)
    return next(server.numbers[ALL, mail.uid] for mail in server.box(ALL).mails if mail.raw == raw)


def row_of(client: MailClient, subject: int, role: Role = Role.INBOX) -> Row:
    """The one row that a folder shows of a message."""
    [row] = [row for row in shown(client, role) if row.subject == f"Number {subject}"]
    return row


def whole_messages_sent(server: Gmail) -> int:
    """How many messages the server has sent whole."""
    asked = [re.match(rb"UID FETCH (\S+) \(UID BODY.PEEK", text) for text in server.sent(b"UID FETCH ")]
    return sum(len(UidSet.parse(found[1].decode())) for found in asked if found)


def told(client: MailClient) -> None:
    """Wait until the server has been told everything."""
    wait_for(lambda: all(c.state in (ChangeState.DONE, ChangeState.CANCELLED) for c in client.changes()), "all is told")


def test_the_first_sync_fetches_each_message_once(place: Place, gmail: Gmail) -> None:
    """Six places, three messages, three bodies; all is there in each folder, also after a restart."""
    with place.client() as client:
        agree(client, gmail)
        assert whole_messages_sent(gmail) == 3
        everything = folder_of(client, Role.ALL)
        assert everything is not None
        assert everything.total == 3
    with place.client() as client:
        agree(client, gmail)
    assert whole_messages_sent(gmail) == 3


def test_what_is_opened_is_not_fetched_again(gmail: Gmail, tmp_path: Path) -> None:
    """Where bodies come only when they are opened, one that another folder shows already is here at once."""
    place = Place(gmail, tmp_path / "home")
    with place.client(keep_bodies="opened") as client:
        wait_for(lambda: len(shown(client, Role.ALL)) == 3 and len(shown(client)) == 2, "the rows")
        for role in (Role.INBOX, Role.ALL):
            row = row_of(client, 2, role)
            client.request_body(row.id)
            wait_for(lambda id_=row.id: client.raw(id_) == message(2), "the body")  # type: ignore[misc]
        assert whole_messages_sent(gmail) == 1


@pytest.mark.parametrize("tells_uids", [True, False])
def test_archive_takes_it_out_of_the_inbox_and_undo_puts_it_back(place: Place, gmail: Gmail, tells_uids: bool) -> None:
    """All Mail shows it once, before, while and after; there, back, and there again."""
    gmail.tells_uids = tells_uids
    number = number_of(gmail, 1)
    with place.client() as client:
        agree(client, gmail)
        id_ = row_of(client, 1).id
        client.archive([id_]).result()
        assert [row.subject for row in shown(client)] == ["Number 2"]
        row_of(client, 1, Role.ALL)
        told(client)
        assert gmail.labels(number) == {ALL}
        agree(client, gmail)
        assert row_of(client, 1, Role.ALL).id == id_
        client.undo().result()
        assert row_of(client, 1).id == id_
        told(client)
        row_of(client, 1, Role.ALL)
        assert gmail.labels(number) == {ALL, "INBOX"}
        agree(client, gmail)
        assert row_of(client, 1).id == id_
        client.redo().result()
        told(client)
        assert gmail.labels(number) == {ALL}
        agree(client, gmail)
    assert whole_messages_sent(gmail) == 3


def test_archive_from_elsewhere_means_the_inbox(place: Place, gmail: Gmail) -> None:
    """From All Mail and from a label the message leaves the inbox, and nothing else."""
    one, two = number_of(gmail, 1), number_of(gmail, 2)
    with place.client() as client:
        agree(client, gmail)
        work = client.find_folder("Work")
        client.archive([row_of(client, 1, Role.ALL).id, row_of(client, 3, Role.ALL).id]).result()
        client.archive([client.first_rows(work.id)[0].id]).result()
        told(client)
        assert gmail.labels(one) == {ALL}
        assert gmail.labels(two) == {ALL, "Work"}
        agree(client, gmail)


@pytest.mark.parametrize("tells_uids", [True, False])
def test_delete_takes_it_from_everywhere_and_undo_brings_it_back(place: Place, gmail: Gmail, tells_uids: bool) -> None:
    """It is in Trash and nowhere else; its rows in other folders go, and none is doubled."""
    gmail.tells_uids = tells_uids
    number = number_of(gmail, 2)
    with place.client() as client:
        agree(client, gmail)
        id_ = row_of(client, 2).id
        client.delete([id_]).result()
        told(client)
        assert gmail.labels(number) == {TRASH}
        agree(client, gmail)
        assert row_of(client, 2, Role.TRASH).id == id_
        client.undo().result()
        told(client)
        assert gmail.labels(number) == {ALL, "INBOX"}
        agree(client, gmail)
        client.junk([id_]).result()
        told(client)
        assert gmail.labels(number) == {SPAM}
        agree(client, gmail)


@pytest.mark.parametrize("role", [Role.INBOX, Role.ALL, Role.TRASH])
def test_for_ever_is_for_ever_and_only_in_the_trash(place: Place, gmail: Gmail, role: Role) -> None:
    """EXPUNGE under a label would only take that off: the message goes by way of Trash, and no other one with it."""
    number = number_of(gmail, 1)
    if role is Role.TRASH:
        gmail.label(number, TRASH)
    with place.client() as client:
        agree(client, gmail)
        client.expunge([row_of(client, 1, role).id]).result()
        told(client)
        assert gmail.labels(number) == set()
        agree(client, gmail)
        assert len(shown(client, Role.ALL)) == 2


def test_a_star_is_one_for_all_folders(place: Place, gmail: Gmail) -> None:
    """It is in Starred then; the message has its flags in common wherever it is shown."""
    number = number_of(gmail, 2)
    with place.client() as client:
        agree(client, gmail)
        client.mark([row_of(client, 2).id], add=Flag.FLAGGED).result()
        told(client)
        assert STARRED in gmail.labels(number)
        assert row_of(client, 2, Role.ALL).flags & Flag.FLAGGED
        agree(client, gmail)
        row_of(client, 2, Role.FLAGGED)
        client.undo().result()
        told(client)
        agree(client, gmail)
        assert shown(client, Role.FLAGGED) == []
    assert whole_messages_sent(gmail) == 3


def test_labels_put_on_and_off_elsewhere(place: Place, gmail: Gmail) -> None:
    """The rows follow; no body is fetched for one that is here."""
    one, two = number_of(gmail, 1), number_of(gmail, 2)
    with place.client() as client:
        agree(client, gmail)
        gmail.unlabel(one, "INBOX")
        gmail.label(one, "Work")
        gmail.label(two, "[Gmail]/Important")
        gmail.flag([two], b"-FLAGS", [b"\\Seen"])
        agree(client, gmail)
        gmail.label(one, "INBOX")
        gmail.label(two, TRASH)
        agree(client, gmail)
    assert whole_messages_sent(gmail) == 3


def test_what_was_done_offline(place: Place, gmail: Gmail) -> None:
    """No row is doubled while the server knows of nothing; then it is told, while others changed labels too."""
    one, two = number_of(gmail, 1), number_of(gmail, 2)
    four = gmail.receive(message(4), "INBOX")
    with place.client() as client:
        agree(client, gmail)
    client = MailClient(paths(place.home), [gmail.account()])
    try:
        client.archive([row_of(client, 1).id]).result()
        client.delete([row_of(client, 2).id]).result()
        client.mark([row_of(client, 4).id], add=Flag.FLAGGED | Flag.SEEN).result()
        client.archive([row_of(client, 4).id]).result()
        client.undo().result()
        assert [row.subject for row in shown(client)] == ["Number 4"]
        for number in (1, 3, 4):
            row_of(client, number, Role.ALL)
    finally:
        client.stop()
    gmail.label(one, "Work")
    with place.client() as client:
        told(client)
        assert gmail.labels(one) == {ALL, "Work"}
        assert gmail.labels(two) == {TRASH}
        assert gmail.labels(four) == {ALL, "INBOX", STARRED}
        agree(client, gmail)


@pytest.mark.parametrize("action", ["archive", "delete", "undo", "for ever"])
def test_an_answer_that_is_lost(place: Place, gmail: Gmail, action: str) -> None:
    """The server moved it, and the line broke before it said so: nothing is doubled after a restart."""
    number = number_of(gmail, 1)

    def cut(said: list[bytes]) -> list[bytes]:
        gmail.bend.clear()
        return [b"* BYE"]

    with place.client() as client:
        agree(client, gmail)
        id_ = row_of(client, 1).id
        if action == "undo":
            client.archive([id_]).result()
            told(client)
        gmail.bend.update({"UID MOVE": cut, "UID COPY": cut})
        if action == "archive":
            client.archive([id_]).result()
        elif action == "delete":
            client.delete([id_]).result()
        elif action == "undo":
            client.undo().result()
        else:
            client.expunge([id_]).result()
        wait_for(lambda: not gmail.bend, "the line was cut")
    with place.client() as client:
        soon(client, lambda: all(change.state == ChangeState.DONE for change in client.changes()), "all is told")
        wanted = {"archive": {ALL}, "delete": {TRASH}, "undo": {ALL, "INBOX"}, "for ever": set[str]()}[action]
        assert gmail.labels(number) == wanted
        agree(client, gmail)
    assert whole_messages_sent(gmail) == 3


def test_undo_before_the_answer(place: Place, gmail: Gmail) -> None:
    """Archived while the line was down, tried, and taken back before the server confirmed: it is in the inbox."""
    number = number_of(gmail, 1)

    def cut(said: list[bytes]) -> list[bytes]:
        return [b"* BYE"]

    with place.client() as client:
        agree(client, gmail)
        id_ = row_of(client, 1).id
        gmail.bend["UID MOVE"] = cut
        client.archive([id_]).result()
        wait_for(lambda: gmail.sent(b"UID MOVE"), "it was tried")
        client.undo().result()
        gmail.bend.clear()
        soon(client, lambda: row_of(client, 1).id == id_, "the row")
        soon(client, lambda: gmail.labels(number) == {ALL, "INBOX"}, "it is told")
        soon(client, lambda: not client.statuses()[0].pending, "nothing is left to be told")
        agree(client, gmail)
        assert gmail.labels(number) == {ALL, "INBOX"}


def test_snoozed_it_leaves_the_inbox_and_comes_back(place: Place, gmail: Gmail) -> None:
    """The label Snoozed instead of that of the inbox; All Mail and other labels show it all the time, once."""
    number = number_of(gmail, 2)
    with place.client() as client:
        agree(client, gmail)
        client.snooze([row_of(client, 2).id], time.time() + 3600).result()
        assert [row.subject for row in shown(client)] == ["Number 1"]
        told(client)
        assert gmail.labels(number) == {ALL, "Work", "Snoozed"}
        agree(client, gmail)
        assert alarms.ring(client._db, time.time() + 7200) == 1
        client._wake()
        told(client)
        assert gmail.labels(number) == {ALL, "Work", "INBOX"}
        agree(client, gmail)
        row = row_of(client, 2)
        assert (row.unread, row.keywords) == (True, ())
        assert row_of(client, 2, Role.ALL).keywords == ()
        assert alarms.ring(client._db, time.time() + 7200) == 0


def test_conversations_are_those_of_gmail_too(place: Place, gmail: Gmail) -> None:
    """Messages that name nobody are one conversation where the server says so; all others stay apart."""
    first = number_of(gmail, 1)
    gmail.receive(message(4), thread=first)
    gmail.receive(message(5, subject="Something else"), thread=first)
    with place.client() as client:
        agree(client, gmail)
        threads = {row.subject: row.thread for row in shown(client)}
        assert threads["Number 1"] == threads["Number 4"] == threads["Something else"] != threads["Number 2"]
        gmail.receive(message(6), thread=first)
        soon(client, lambda: len(shown(client)) == 5, "the new one")
        soon(client, lambda: row_of(client, 6).thread == row_of(client, 1).thread, "its place")
        assert len({row.thread for row in shown(client)}) == 2
