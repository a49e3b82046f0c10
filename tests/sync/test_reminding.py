"""Reminders of what nobody answers, on a real server and with POP3: marked once, and not when somebody answered."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import Person, message, settled, shown, subjects_shown, wait_for
from tests.sync.test_pop import again, visiting
from tests.sync.test_snoozing import carried_out
from tests.sync.writer import Writer, finished
from tui_mail.client import MailClient
from tui_mail.dated import FOLLOW_UP, moment_of
from tui_mail.model import Account, Protocol, Role, Row
from tui_mail.sync import alarms

pytestmark = pytest.mark.server

DAY = 86_400


def answer(number: int, sender: str = "Ola <ola@example.org>") -> bytes:
    """An answer to a message."""
    return (
        message(number + 100, subject=f"Re: Number {number}")
        .replace(b"From: Anna Berg <anna@example.org>", f"From: {sender}".encode())
        .replace(b"MIME-Version", f"In-Reply-To: <m{number}@test.example>\r\nMIME-Version".encode())
    )


def sent(client: MailClient, *numbers: int) -> list[Row]:
    """Messages in the folder for sent mail, oldest first."""
    folder = next(one for one in client.folders() if one.role is Role.SENT)
    for number in numbers:
        client.append(folder.id, message(number)).result()
    return sorted(shown(client, Role.SENT), key=lambda row: row.subject)


def ring_later(client: MailClient, account: Account, seconds: float) -> int:
    """As if so much time had gone by."""
    db = client._db
    id_ = db.read().execute("SELECT id FROM account WHERE name = ?", (account.name,)).fetchone()[0]
    count = alarms.remind(db, id_, time.time() + seconds, alarms.own_addresses([account]))
    client._wake()
    return count


def threaded(client: MailClient) -> None:
    """Wait until every message has its place in a conversation."""
    placed = "SELECT CAST(COALESCE(MAX(value), 0) AS INTEGER) FROM meta WHERE key = 'placed'"
    left = f"SELECT 1 FROM message WHERE id > ({placed})"
    wait_for(lambda: client._db.read().execute(left).fetchone() is None, "all are placed")


def test_nobody_answered(person: Person) -> None:
    """One was answered, one only by its own sender: that one is marked on the server, starred, once, and stays."""
    with person.client() as client:
        settled(client)
        one, two = sent(client, 1, 2)
        client.remind([one.id, two.id], time.time() + DAY).result()
        carried_out(client)
        assert all("$Awaiting" in flags for flags in person.flags("Sent"))
        person.server.deliver(person.user, answer(1), answer(2, sender=f"Me <{person.account.email}>"))
        wait_for(lambda: len(shown(client)) == 2, "the answers came")
        threaded(client)
        assert ring_later(client, person.account, 0) == 0
        before = client.next_undo()
        assert ring_later(client, person.account, 2 * DAY) == 2
        assert ring_later(client, person.account, 2 * DAY) == 0
        assert client.next_undo() == before
        carried_out(client)
        rows = {row.subject: (row.starred, row.keywords) for row in shown(client, Role.SENT)}
        assert rows == {"Number 1": (False, ()), "Number 2": (True, ("$FollowUp",))}
        assert person.subjects("Sent") == ["Number 1", "Number 2"]
        said = [str(change.summary) for change in client.changes()]
        assert said[:2] == ["was answered: 1 message", "nobody answered: 1 message"]


def test_an_answer_that_comes_later(person: Person) -> None:
    """It takes the mark off again; the star is the person's own."""
    with person.client() as client:
        settled(client)
        (one,) = sent(client, 1)
        client.remind([one.id], time.time() + DAY).result()
        assert ring_later(client, person.account, 2 * DAY) == 1
        carried_out(client)
        person.server.deliver(person.user, answer(1))
        wait_for(lambda: shown(client), "the answer came")
        threaded(client)
        assert ring_later(client, person.account, 2 * DAY) == 1
        assert [(row.starred, row.keywords) for row in shown(client, Role.SENT)] == [(True, ())]


def test_another_moment_undo_and_none(person: Person) -> None:
    """A second reminder takes the place of the first; undo gives the first one back."""
    with person.client() as client:
        settled(client)
        (one,) = sent(client, 1)
        client.remind([one.id], time.time() + DAY).result()
        first = shown(client, Role.SENT)[0].keywords
        client.remind([one.id], time.time() + 5 * DAY).result()
        second = shown(client, Role.SENT)[0].keywords
        assert (moment_of(FOLLOW_UP, second) or 0) - (moment_of(FOLLOW_UP, first) or 0) == 4 * DAY
        client.undo().result()
        assert shown(client, Role.SENT)[0].keywords == first
        client.forget_reminder([one.id]).result()
        assert shown(client, Role.SENT)[0].keywords == ()
        assert ring_later(client, person.account, 9 * DAY) == 0


def test_with_pop3(dovecot: Dovecot, tmp_path: Path) -> None:
    """The same, with a folder for sent mail on this computer."""
    user = dovecot.new_user()
    account = replace(dovecot.account(user, Protocol.POP3), name="pop")
    with visiting(tmp_path, account) as client:
        one, two = sent(client, 1, 2)
        client.remind([one.id, two.id], time.time() + DAY).result()
        dovecot.deliver(user, answer(1))
        again(client)
        assert subjects_shown(client) == ["Re: Number 1"]
        threaded(client)
        assert ring_later(client, account, 2 * DAY) == 2
        rows = {row.subject: (row.starred, row.keywords) for row in shown(client, Role.SENT)}
        assert rows == {"Number 1": (False, ()), "Number 2": (True, ("$FollowUp",))}


def test_wished_for_while_it_was_written(writer: Writer) -> None:
    """The copy in the Sent folder gets the reminder, once; the wish is gone then."""
    to = writer.server.new_user()
    with writer.client() as client:
        draft = replace(writer.draft(client, writer.server.address(to)), remind_days=3)
        finished(client, client.send(draft).result(10))
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Hello"], "the copy is filed")
        assert ring_later(client, writer.account, 0) == 1
        assert ring_later(client, writer.account, 0) == 0
        carried_out(client)
        (row,) = shown(client, Role.SENT)
        moment = moment_of(FOLLOW_UP, row.keywords)
        assert moment is not None
        assert 2 * DAY < moment - time.time() < 4 * DAY
        assert ring_later(client, writer.account, 4 * DAY) == 1
        assert [one.keywords for one in shown(client, Role.SENT)] == [("$FollowUp",)]


def test_own_addresses() -> None:
    """The account's, its aliases with or without a name, and those of a pattern."""
    server = Account("a", "A", "Anna@example.org", Protocol.LOCAL, incoming=None)  # type: ignore[arg-type]
    is_mine = alarms.own_addresses(
        [replace(server, aliases=("x@club.example", "Anna B <b@c.example>", "*@anna.example"))]
    )
    mine = ["anna@example.org", "X@club.example", "b@c.example", "any@ANNA.example"]
    assert [is_mine(email) for email in [*mine, "ola@example.org", "anna.example", ""]] == [True] * 4 + [False] * 3
