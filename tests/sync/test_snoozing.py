"""Messages that sleep, on a real server: they leave, come back once and unread, whoever is looking."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sync.conftest import Person, folder_of, settled, shown, subjects_shown, wait_for
from tui_mail.client import MailClient
from tui_mail.dated import QUARTER, SNOOZED, moment_of
from tui_mail.model import Flag, Role, Row
from tui_mail.store import folders, snoozing
from tui_mail.sync import alarms

pytestmark = pytest.mark.server

HOUR = 3600


def asleep(client: MailClient) -> list[Row]:
    """What the folder Snoozed shows."""
    found = [folder for folder in client.folders() if folder.name == snoozing.FOLDER]
    return client.first_rows(found[0].id, 100) if found else []


def carried_out(client: MailClient) -> None:
    """Wait until the server has everything."""
    db = client._db
    wait_for(lambda: not folders.has_work(db.read(), folders.known_account(db.read(), "work")), "the server has it")


def ring_later(client: MailClient, seconds: float) -> int:
    """As if so much time had gone by."""
    count = alarms.ring(client._db, time.time() + seconds)
    client._wake()
    return count


def first_row(client: MailClient) -> Row:
    wait_for(lambda: shown(client), "the inbox has mail")
    return shown(client)[0]


def test_sleeps_on_the_server_and_comes_back_unread(person: Person) -> None:
    """In the folder Snoozed with both keywords; when it is time in the inbox, without them, unread, once."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        row = first_row(client)
        client.mark([row.id], add=Flag.SEEN).result()
        until = time.time() + HOUR
        client.snooze([row.id], until).result()
        carried_out(client)
        assert person.subjects("Snoozed") == [row.subject]
        flags = person.flags("Snoozed")[0].split()
        moment = moment_of(SNOOZED, flags)
        assert "$Snoozed" in flags
        assert moment is not None
        assert 0 <= moment - until <= QUARTER
        assert ring_later(client, 0) == 0
        before = client.next_undo()
        assert ring_later(client, 2 * HOUR) == 1
        assert client.next_undo() == before, "what woke by itself is not what undo takes back"
        assert ring_later(client, 2 * HOUR) == 0, "it wakes once"
        assert subjects_shown(client) == ["Number 1", "Number 2"]
        carried_out(client)
    assert person.subjects() == ["Number 1", "Number 2"]
    assert person.subjects("Snoozed") == []
    assert not [flag for flag in person.flags() if "nooze" in flag or "Seen" in flag]


def test_one_undo_brings_it_back_as_it_was(person: Person) -> None:
    """Two changes, one key press."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
        row = first_row(client)
        client.snooze([row.id], time.time() + HOUR).result()
        carried_out(client)
        client.undo().result()
        assert [one.keywords for one in shown(client)] == [()]
        client.redo().result()
        assert len(asleep(client)) == 1
        client.unsnooze([row.id]).result()
        assert [one.keywords for one in shown(client)] == [()]
        carried_out(client)
    assert person.subjects() == ["Number 1"]
    assert not [flag for flag in person.flags() if "nooze" in flag]


def test_wakes_at_the_next_start(person: Person) -> None:
    """Nothing ran when it was time."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
        row = first_row(client)
        client._act(lambda txn: snoozing.snooze(txn, [row.id], time.time() - HOUR)).result()
    with person.client() as client:
        wait_for(lambda: subjects_shown(client) == ["Number 1"], "it is in the inbox")
        settled(client)
        carried_out(client)
    assert person.subjects() == ["Number 1"]


def test_what_another_computer_snoozed_wakes_here(person: Person, tmp_path: Path) -> None:
    """The keyword on the server says when."""
    person.deliver(1)
    other = Person(person.server, tmp_path / "other")
    other.user, other.account = person.user, replace(person.account)
    with other.client() as client:
        settled(client)
        row = first_row(client)
        client._act(lambda txn: snoozing.snooze(txn, [row.id], time.time() + HOUR)).result()
        carried_out(client)
    with person.client() as client:
        settled(client)
        wait_for(lambda: asleep(client), "it sleeps here too")
        assert shown(client) == []
        assert ring_later(client, 2 * HOUR) == 1
        carried_out(client)
    assert person.subjects() == ["Number 1"]
    with other.client() as client:
        settled(client)
        wait_for(lambda: subjects_shown(client) == ["Number 1"] and not asleep(client), "it knows")
    assert person.subjects() == ["Number 1"]


def test_moved_by_hand_it_does_not_sleep_any_more(person: Person) -> None:
    """Archived out of the folder Snoozed: it stays where it was put, without a date."""
    person.deliver(1)
    with person.client() as client:
        settled(client)
        row = first_row(client)
        client.snooze([row.id], time.time() + HOUR).result()
        client.archive([row.id]).result()
        archive = folder_of(client, Role.ARCHIVE)
        assert archive is not None
        assert [one.keywords for one in client.first_rows(archive.id, 10)] == [()]
        assert ring_later(client, 2 * HOUR) == 0
