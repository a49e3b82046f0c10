"""One story on every server we can have: Dovecot (whole, and without extensions), Cyrus, Courier, pymap; over TLS.

At the end of every step, store and server hold the same messages in the same folders, with the same flags.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import need
from tests.sync.conftest import message, wait_for
from tests.sync.places import LIMIT, MAKES, Place, agree, folder, here, ids, settled, soon, subjects
from tui_mail.client import MailClient
from tui_mail.dated import SNOOZED, moment_of
from tui_mail.model import Change, ChangeState, Flag
from tui_mail.sync import alarms

pytestmark = pytest.mark.server


@pytest.fixture(scope="session", params=MAKES)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[str, object]]:
    """A server of one make; the tests of a make run one after the other."""
    name: str = request.param
    if name in ("cyrus", "courier"):
        yield name, request.getfixturevalue(name)
        return
    need(MAKES[name].missing())
    with MAKES[name].start() as server:
        yield name, server


@pytest.fixture
def place(running: tuple[str, object], tmp_path: Path) -> Iterator[Place]:
    """An account of its own on it."""
    name, server = running
    with ExitStack() as stack:
        yield Place(MAKES[name], server, tmp_path / "home", stack)


def deliver(place: Place, *numbers: int) -> None:
    place.server.deliver(place.user, *(message(number) for number in numbers))


def done(client: MailClient, change: Change | None) -> None:
    """Wait until the server has carried it out."""
    assert change is not None
    wait_for(lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), f"{change.summary} is told")
    assert client.state_of(change) is ChangeState.DONE, client.changes(3)


def test_what_happens_elsewhere_appears(place: Place) -> None:
    """Folders of any name, mail in them, flags, deletions and folders that come and go: all is as it is there."""
    names = [place.name("Größe"), place.name("Places", "Harbour"), *(place.name(name) for name in place.make.hostile)]
    for number, name in enumerate(names, 100):
        place.other.create_folder(name)
        place.other.append(name, message(number))
    deliver(place, *range(1, 8))
    with place.client() as client:
        settled(client)
        there = agree(client, place, "after the first sync")
        assert subjects(there, "INBOX") == [f"Number {number}" for number in range(1, 8)]
        assert all(subjects(there, name) == [f"Number {number}"] for number, name in enumerate(names, 100))
        before = ids(client)

        deliver(place, 8)
        if place.other.has_capability("IDLE"):
            wait_for(lambda: "Number 8" in ids(client), "new mail, without asking")
        [first], [second] = place.search("INBOX", "Number 1"), place.search("INBOX", "Number 2")
        place.other.add_flags([first], [b"\\Flagged", b"\\Seen"])
        place.other.add_flags([second], [b"\\Deleted"])
        place.other.expunge()
        if place.make.keeps_keywords:
            place.other.add_flags([first], [b"$Later"])
        there = agree(client, place, "after flags and a deletion elsewhere")
        assert "Number 2" not in subjects(there, "INBOX")
        place.other.remove_flags(place.search("INBOX", "Number 1"), [b"\\Flagged"])
        agree(client, place, "after a flag was taken away")

        place.other.create_folder(place.name("Later"))
        place.other.append(place.name("Later"), message(200), [b"\\Seen"])
        agree(client, place, "after a folder was made elsewhere")
        kept = ids(client, place.name("Later"))
        place.other.rename_folder(place.name("Later"), place.name("Sooner"))
        agree(client, place, "after it was renamed")
        assert ids(client, place.name("Sooner")) == kept, "it is the same message"
        place.other.delete_folder(place.name("Sooner"))
        there = agree(client, place, "after it was deleted")
        assert place.name("Sooner") not in there
    with place.client() as client:
        assert here(client) == there, "before the line is up"
        settled(client)
        agree(client, place, "after a restart")
        assert before.items() - {("Number 2", before["Number 2"])} <= ids(client).items(), "the same ids"


def test_what_is_done_here_is_done_there(place: Place) -> None:
    """Star, keyword, archive, delete, junk and move, each with undo and redo; the message stays the same one."""
    place.other.create_folder(place.name("Projets été"))
    deliver(place, *range(1, 8))
    with place.client() as client:
        settled(client)
        before = agree(client, place, "at first")
        by = ids(client)
        elsewhere = folder(client, place.name("Projets été")).id
        for what, act in {
            "star": lambda: client.mark([by["Number 1"]], add=Flag.FLAGGED | Flag.SEEN),
            "archive": lambda: client.archive([by["Number 2"], by["Number 3"]]),
            "delete": lambda: client.delete([by["Number 4"]]),
            "junk": lambda: client.junk([by["Number 5"]]),
            "move": lambda: client.move([by["Number 6"]], elsewhere),
        }.items():
            done(client, act().result())
            after = agree(client, place, what)
            assert after != before
            done(client, client.undo().result())
            undone = {name: rows for name, rows in agree(client, place, f"undo of {what}").items() if rows}
            assert undone == {name: rows for name, rows in before.items() if rows}
            done(client, client.redo().result())
            assert agree(client, place, f"redo of {what}") == after
            before = after
        assert ids(client, place.name("Archive")) == {f"Number {n}": by[f"Number {n}"] for n in (2, 3)}
        assert ids(client, place.name("Projets été")) == {"Number 6": by["Number 6"]}
        change = client.mark([by["Number 7"]], add_keywords=["Later"]).result()
        agree(client, place, "a keyword, kept or not")
        assert change is not None
        assert (client.state_of(change) is ChangeState.DONE) is place.make.keeps_keywords
        there = agree(client, place, "at last")
    with place.client() as client:
        settled(client)
        assert agree(client, place, "after a restart") == there


def test_what_sleeps_wakes(place: Place) -> None:
    """In the folder Snoozed beside the others, with its moment; one undo and redo; back in the inbox, once, unread."""
    deliver(place, 1, 2)
    with place.client() as client:
        settled(client)
        before = agree(client, place, "at first")
        by = ids(client)
        done(client, client.snooze([by["Number 1"]], time.time() + 3600).result())
        assert ids(client, place.name("Snoozed")) == {"Number 1": by["Number 1"]}
        done(client, client.undo().result())
        back = {name: rows for name, rows in agree(client, place, "undone").items() if rows}
        assert back == {name: rows for name, rows in before.items() if rows}
        done(client, client.redo().result())
        [row] = client.first_rows(folder(client, place.name("Snoozed")).id, 9)
        assert moment_of(SNOOZED, row.keywords) is not None
        if place.make.keeps_keywords:
            agree(client, place, "asleep again")
        assert alarms.ring(client._db, time.time() + 7200) == 1
        client._wake()
        wait_for(lambda: all(change.state is ChangeState.DONE for change in client.changes()), "all is told")
        there = agree(client, place, "awake")
        assert subjects(there, "INBOX") == ["Number 1", "Number 2"]
        assert ids(client) == by


def test_what_was_done_offline_is_done_later(place: Place) -> None:
    """Changes made without a line wait on this computer, survive a restart, and get there; one is taken back."""
    deliver(place, *range(1, 7))
    with place.client() as client:
        settled(client)
        agree(client, place, "at first")
        by = ids(client)
    with place.client(start=False) as client:
        client.archive([by["Number 1"], by["Number 2"]]).result()
        client.mark([by["Number 3"]], add=Flag.FLAGGED).result()
        client.delete([by["Number 4"]]).result()
        client.mark([by["Number 2"]], add=Flag.SEEN).result()
        client.junk([by["Number 5"]]).result()
        client.undo().result()
        expected = {name: rows for name, rows in here(client).items() if rows}
    deliver(place, 9)
    with place.client() as client:
        settled(client)
        there = agree(client, place, "when the line was back")
        assert subjects(there, "INBOX") == ["Number 3", "Number 5", "Number 6", "Number 9"]
        others = {name: rows for name, rows in there.items() if rows and name != "INBOX"}
        assert others == {name: rows for name, rows in expected.items() if name != "INBOX"}


def test_copies_uploads_and_folders(place: Place) -> None:
    """A copy, an upload, and a folder that is made, renamed and deleted: seen there, and taken back."""
    deliver(place, 1, 2)
    with place.client() as client:
        settled(client)
        before = agree(client, place, "at first")
        by = ids(client)
        made = client.create_folder("work", place.name("Bücher")).result()
        done(client, made)
        assert place.name("Bücher") in agree(client, place, "a folder was made")
        books = folder(client, place.name("Bücher"))
        done(client, client.copy([by["Number 1"]], books.id).result())
        there = agree(client, place, "a copy")
        assert subjects(there, books.name) == ["Number 1"]
        assert there["INBOX"] == before["INBOX"]
        done(client, client.undo().result())
        assert subjects(agree(client, place, "undo of the copy"), books.name) == []
        done(client, client.append(books.id, message(50, "Grüße\n.\nfrom here")).result())
        there = agree(client, place, "an upload")
        assert there[books.name] == {("Number 50", Flag.SEEN, ()): 1}
        done(client, client.rename_folder(books.id, place.name("Livres à lire")).result())
        there = agree(client, place, "a folder was renamed")
        assert subjects(there, place.name("Livres à lire")) == ["Number 50"]
        done(client, client.undo().result())
        assert subjects(agree(client, place, "undo of that"), place.name("Bücher")) == ["Number 50"]
        done(client, client.delete_folder(folder(client, place.name("Bücher")).id).result())
        assert place.name("Bücher") not in agree(client, place, "a folder was deleted")
        done(client, client.undo().result())
        there = agree(client, place, "undo of the deletion")
        assert subjects(there, place.name("Bücher")) == ["Number 50"]
    with place.client() as client:
        settled(client)
        assert agree(client, place, "after a restart") == there


@pytest.mark.parametrize("running", [name for name, make in MAKES.items() if make.has_acl], indirect=True)
def test_a_folder_that_may_only_be_read(place: Place) -> None:
    """What may not be done there is taken back here, and said; what may be done goes on."""
    deliver(place, 1, 2, 3)
    name = place.name("Read only")
    place.other.create_folder(name)
    place.other.append(name, message(10))
    place.other.setacl(name, place.make.owner or place.user, "lra")
    with place.client() as client:
        settled(client)
        before = agree(client, place, "at first")
        refused = [
            client.move([ids(client)["Number 1"]], folder(client, name).id).result(),
            client.mark([ids(client, name)["Number 10"]], add=Flag.FLAGGED).result(),
            client.move([ids(client, name)["Number 10"]], folder(client, "INBOX").id).result(),
        ]
        allowed = client.mark([ids(client)["Number 2"]], add=Flag.FLAGGED).result()
        done(client, allowed)
        for change in refused:
            assert change is not None
            wait_for(lambda change=change: client.state_of(change) is ChangeState.FAILED, f"{change.summary} failed")
        wait_for(lambda: client.statuses()[0].failed == len(refused), "the status line says it")
        assert all(entry.error for entry in client.changes() if entry.state is ChangeState.FAILED)
        there = agree(client, place, "after the refusals")
        assert there[name] == before[name]
        assert subjects(there, "INBOX") == subjects(before, "INBOX")


@pytest.mark.parametrize("running", [name for name, make in MAKES.items() if make.limits], indirect=True)
def test_a_full_account(place: Place) -> None:
    """What there is no room for is refused and taken back here; nothing is lost, and the rest goes on."""
    assert place.make.limits is not None
    place.server.deliver(place.user, message(1, "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * (LIMIT * 8)), message(2))
    place.make.limits(place.server, place.user)
    place.other.create_folder(place.name("Copies"))
    with place.client() as client:
        settled(client)
        before = agree(client, place, "at first")
        copies = folder(client, place.name("Copies")).id
        refused = client.copy([ids(client)["Number 1"]], copies).result()
        assert refused is not None
        wait_for(lambda: client.state_of(refused) is ChangeState.FAILED, "the copy failed")
        assert client.changes(1)[0].error
        done(client, client.mark([ids(client)["Number 2"]], add=Flag.SEEN).result())
        there = agree(client, place, "after the refusal")
        assert there[place.name("Copies")] == before[place.name("Copies")]


def test_a_folder_made_anew_keeps_what_is_here(place: Place) -> None:
    """Deleted and made again with the same mail (another UIDVALIDITY): the same ids, and no body is fetched twice."""
    name = place.name("Again")
    place.other.create_folder(name)
    for number in range(1, 6):
        place.other.append(name, message(number), msg_time=None)
    dates = {uid: told[b"INTERNALDATE"] for uid, told in _dates(place, name).items()}
    with place.client() as client:
        settled(client)
        agree(client, place, "at first")
        before = ids(client, name)
        wait_for(lambda: all(client.raw(id_) for id_ in before.values()), "the bodies are here")
        bodies = {id_: client.raw(id_) for id_ in before.values()}
    place.other.select_folder("INBOX")
    place.other.delete_folder(name)
    place.other.create_folder(name)
    for number, date in zip(range(1, 6), dates.values(), strict=True):
        place.other.append(name, message(number), msg_time=date)
    with place.client() as client:
        settled(client)
        agree(client, place, "made anew")
        soon(client, lambda: ids(client, name) == before, "the same messages")
        rows = client.first_rows(folder(client, name).id)
        assert all(row.has_body for row in rows), "they were never without their bodies"
        assert {id_: client.raw(id_) for id_ in before.values()} == bodies


def _dates(place: Place, name: str) -> dict[int, dict[bytes, object]]:
    place.other.select_folder(name, readonly=True)
    return place.other.fetch(place.other.search(), ["INTERNALDATE"])


@pytest.mark.parametrize("running", ["courier"], indirect=True)
def test_an_account_with_nothing_but_an_inbox(place: Place) -> None:
    """The archive is made where the server has its folders, though none is there to show where that is."""
    for folder_there in place.server.maildir(place.user).glob(".[A-Z]*"):
        shutil.rmtree(folder_there)
    assert [name for *_, name in place.other.list_folders()] == ["INBOX"]
    deliver(place, 1, 2)
    with place.client() as client:
        settled(client)
        agree(client, place, "at first")
        by = ids(client)
        done(client, client.archive([by["Number 1"]]).result())
        done(client, client.create_folder("work", "Books").result())
        there = agree(client, place, "archived")
        assert subjects(there, place.name("Archive")) == ["Number 1"]
        assert subjects(there, place.name("Books")) == []
        assert ids(client, place.name("Archive")) == {"Number 1": by["Number 1"]}
