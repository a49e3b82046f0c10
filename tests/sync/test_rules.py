"""Rules on real servers: once over each message that comes, not over what was there, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import Person, message, settled, shown, subjects_shown, wait_for
from tests.sync.test_pop import again, visiting
from tests.sync.test_snoozing import carried_out
from tui_mail.arriving import Rule
from tui_mail.client import MailClient
from tui_mail.model import Flag, Protocol
from tui_mail.sync import arrivals

pytestmark = pytest.mark.server

ODD = Rule("Odd ones", "in:inbox subject:(1 OR 3 OR 5 OR 7)", move="Odd", add=Flag.SEEN, keywords=("odd",))
STAR = Rule("Star", "in:inbox", add=Flag.FLAGGED, place=1)


@contextmanager
def ruled(person: Person, *rules: Rule) -> Iterator[MailClient]:
    """The person's client with rules."""
    person.account = replace(person.account, rules=rules)
    with person.client() as client:
        settled(client)
        yield client


def in_odd(person: Person) -> list[str]:
    """What the server has in the folder of the rule; nothing before that is made."""
    connection = person.elsewhere()
    try:
        there = connection.select('"Odd"')[0] == "OK"
    finally:
        connection.logout()
    return person.subjects("Odd") if there else []


def test_what_comes_is_moved_once(person: Person) -> None:
    """Not what was there at first; the next one, also while nothing ran; what is moved back by hand stays."""
    person.deliver(1, 2)
    with ruled(person, ODD, STAR) as client:
        assert subjects_shown(client) == ["Number 1", "Number 2"]
        before = client.next_undo()
        person.deliver(3, 4)
        wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 2", "Number 4"], "one went to its folder")
        carried_out(client)
        assert in_odd(person) == ["Number 3"]
        assert set(person.flags("Odd")[0].split()) - {r"\Recent"} == {r"\Seen", "odd"}
        assert [row.subject for row in shown(client) if row.starred] == ["Number 4"]
        assert client.next_undo() == before, "undo is about what a person did"
        done = [change for change in client.changes() if "Odd ones" in change.summary]
        assert [str(change.summary) for change in done] == ["rule “Odd ones”: 1 message"]
        client.undo(done[0].batch).result()
        wait_for(lambda: len(shown(client)) == 4, "it is back")
        carried_out(client)
        client.sync_now()
        settled(client)
        assert len(shown(client)) == 4, "it was not moved again"
    person.deliver(5, 6)
    with ruled(person, ODD, STAR) as client:
        wait_for(lambda: "Number 6" in subjects_shown(client), "it came")
        carried_out(client)
        assert in_odd(person) == ["Number 5"]
        assert len(shown(client)) == 5


def test_a_rule_that_is_new_is_about_what_is_new(person: Person) -> None:
    """What came while there were no rules is left alone, also when there had been some before."""
    with ruled(person, ODD):
        person.deliver(1)
        wait_for(lambda: in_odd(person) == ["Number 1"], "it went")
    with ruled(person) as client:
        person.deliver(3)
        wait_for(lambda: subjects_shown(client) == ["Number 3"], "it came")
    person.deliver(5)
    with ruled(person, ODD) as client:
        wait_for(lambda: in_odd(person) == ["Number 1", "Number 5"], "the new one went")
        assert subjects_shown(client) == ["Number 3"]


def test_stop_and_order(person: Person) -> None:
    """A later rule does not see what an earlier one stopped, and sees what it moved where it is then."""
    stop = Rule("Stop", "subject:1", add=Flag.SEEN, stop=True)
    away = Rule("Away", "subject:2", move="Away", place=1)
    inbox = Rule("Inbox", "in:inbox", keywords=("seen-by-rule",), place=2)
    there = Rule("There", "in:Away", add=Flag.FLAGGED, place=3)
    with ruled(person, stop, away, inbox, there) as client:
        client.create_folder("work", "Away").result()
        carried_out(client)
        person.deliver(1, 2, 3)
        wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 3"], "they came, and one went")
        carried_out(client)
        words = {row.subject: row.keywords for row in shown(client)}
        assert words == {"Number 1": (), "Number 3": ("seen-by-rule",)}
        assert set(person.flags("Away")[0].split()) - {r"\Recent"} == {r"\Flagged"}


def test_what_is_copied_or_uploaded_here_is_no_news(person: Person) -> None:
    """Only what others bring."""
    with ruled(person, ODD) as client:
        inbox = next(folder for folder in client.folders() if folder.role == "inbox")
        client.append(inbox.id, message(1)).result()
        wait_for(lambda: subjects_shown(client) == ["Number 1"], "it is here")
        carried_out(client)
        client.sync_now()
        person.deliver(3)
        wait_for(lambda: in_odd(person) == ["Number 3"], "what came went")
        assert subjects_shown(client) == ["Number 1"]


def test_died_before_the_rules_ran(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is stored, the rules have not run: they do at the next start."""
    with ruled(person, ODD):
        pass
    with monkeypatch.context() as patch:
        patch.setattr("tui_mail.sync.tasks.obey", lambda *_: 0)
        person.deliver(1, 2)
        with ruled(person, ODD) as client:
            wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 2"], "they came")
    with ruled(person, ODD) as client:
        wait_for(lambda: subjects_shown(client) == ["Number 2"], "the rule ran")
        carried_out(client)
        assert arrivals.obey(client._db, person.account) == 0


def test_with_pop3(dovecot: Dovecot, tmp_path: Path) -> None:
    """The same, with folders on this computer."""
    user = dovecot.new_user()
    dovecot.deliver(user, message(1), message(2))
    account = replace(dovecot.account(user, Protocol.POP3), name="pop", rules=(ODD,))
    with visiting(tmp_path, account) as client:
        assert subjects_shown(client) == ["Number 1", "Number 2"]
        dovecot.deliver(user, message(3), message(4))
        again(client)
        assert subjects_shown(client) == ["Number 1", "Number 2", "Number 4"]
        folder = next(one for one in client.folders() if one.name == "Odd")
        assert [(row.subject, row.unread, row.keywords) for row in client.first_rows(folder.id, 9)] == [
            ("Number 3", False, ("odd",))
        ]
    dovecot.deliver(user, message(5))
    with visiting(tmp_path, account) as client:
        assert subjects_shown(client) == ["Number 1", "Number 2", "Number 4"]
