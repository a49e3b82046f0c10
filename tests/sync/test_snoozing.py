"""Messages that sleep, on a real server: they leave, come back once and unread, whoever is looking."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.odd import CAPABILITIES, Bend
from tests.sync.conftest import Person, folder_of, message, settled, shown, subjects_shown, wait_for
from tests.sync.odd_place import Place, soon
from tests.sync.test_pop import visiting
from tui_mail.client import MailClient
from tui_mail.dated import QUARTER, SNOOZED, moment_of
from tui_mail.model import ChangeState, Flag, Protocol, Role, Row
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


def test_on_a_server_that_keeps_no_keywords(odd: Callable[[str], Place]) -> None:
    """The moment is kept here, also after a restart and after the flags were read anew; nothing is refused."""
    at = odd(CAPABILITIES)
    lose = re.compile(rb" ?(\$Snoozed|snoozed-\w+)")
    forget: Bend = lambda said: [lose.sub(b"", line).replace(rb" \*)", b")") for line in said]  # noqa: E731
    for word in ("SELECT", "UID FETCH", "FETCH", "UID STORE", "NOOP", "IDLE", "UID MOVE"):
        at.server.bend[word] = forget
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        soon(client, lambda: len(shown(client)) == 2, "the inbox is read")
        row = shown(client)[0]
        change = client.snooze([row.id], time.time() + HOUR).result()
        assert change is not None
        soon(client, lambda: client.state_of(change) is ChangeState.DONE, "it is carried out")
        assert at.server.subjects("Snoozed") == [row.subject]
        assert [moment_of(SNOOZED, one.keywords) is not None for one in asleep(client)] == [True]
    with at.client() as client:
        soon(client, lambda: at.server.box("Snoozed").mails, "it is compared again")
        assert [moment_of(SNOOZED, one.keywords) is not None for one in asleep(client)] == [True]
        assert ring_later(client, 2 * HOUR) == 1
        soon(client, lambda: len(at.server.subjects()) == 2, "it is back")
        assert [one.keywords for one in shown(client)] == [(), ()]
        kept = "SELECT COUNT(*) FROM kept_keyword"
        soon(client, lambda: client._db.read().execute(kept).fetchone() == (0,), "nothing is left over")


def test_with_pop3(dovecot: Dovecot, tmp_path: Path) -> None:
    """The folder is on this computer; sleeping and waking are the same, also after mail.db was lost."""
    user = dovecot.new_user()
    dovecot.deliver(user, message(1), message(2))
    account = replace(dovecot.account(user, Protocol.POP3), name="pop")
    with visiting(tmp_path, account) as client:
        row = shown(client)[0]
        change = client.snooze([row.id], time.time() + HOUR).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "it sleeps")
        assert [one.subject for one in asleep(client)] == [row.subject]
        client.undo().result()
        assert len(shown(client)) == 2
        client.redo().result()
        wait_for(lambda: client.wait_until_synced("pop", 0.2), "it sleeps again")
    for file in (tmp_path / "data").glob("mail.db*"):
        file.unlink()
    with visiting(tmp_path, account) as client:
        assert [one.subject for one in asleep(client)] == [row.subject]
        before = client.next_undo()
        assert ring_later(client, 2 * HOUR) == 1
        assert client.next_undo() == before
        wait_for(lambda: client.wait_until_synced("pop", 0.2), "it is back")
        assert [(one.unread, one.keywords) for one in shown(client)] == [(True, ()), (True, ())]
        assert asleep(client) == []
