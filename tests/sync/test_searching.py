"""Searching with a server's help: what is not here is found there, and shown as what it is here."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.sync.conftest import Person, message, settled, wait_for
from tests.sync.test_apart import apart
from tui_mail.client import MailClient
from tui_mail.client.server_side import ServerSide
from tui_mail.model import SearchAnswered
from tui_mail.store.searcher import Answer
from tui_mail.understanding import understand

pytestmark = pytest.mark.server


def bare(person: Person) -> Person:
    """Somebody who keeps no bodies on the computer."""
    person.account = replace(person.account, keep_bodies="opened")
    return person


def deliver(person: Person, *messages: bytes) -> None:
    """Mail comes in."""
    person.server.deliver(person.user, *messages)


def synced(client: MailClient) -> None:
    """All is here that is to be."""
    wait_for(lambda: client.is_settled and client.wait_until_synced("work", 1), "synced")


def asked(person: Person, client: MailClient, text: str) -> tuple[ServerSide, Answer]:
    """A search with all that servers add."""
    now = time.time()
    query = understand(text, now)
    before = len(person.events)
    side = client.ask_servers(query, now)

    def answered() -> bool:
        for event in person.events[before:]:
            if isinstance(event, SearchAnswered):
                side.take(event)
        return side.is_done

    wait_for(answered, "the server answers")
    client.index_now(30)
    searcher = client.searcher()
    found = searcher.find(query, side.ids)
    searcher.close()
    return side, found


def subjects(client: MailClient, found: Answer) -> list[str]:
    return [row.subject for row in client.rows(found.ids)]


def test_a_server_finds_in_bodies_that_are_not_here(person: Person) -> None:
    """Each message once, the newest first; terms that are better known here hold, too."""
    person = bare(person)
    texts = {1: "needle", 2: "nothing", 3: "needle and 会议", 4: "hay"}
    deliver(person, *(message(number, text) for number, text in texts.items()))
    with person.client() as client:
        synced(client)
        side, found = asked(person, client, "needle")
        assert subjects(client, found) == ["Number 3", "Number 1"]
        assert found.added == 2
        assert side.words(found.added) == "server added 2, complete"
        assert found.covered.bodies == 0
        for text, wanted in {
            "会议": ["Number 3"],
            "needle -会议": ["Number 1"],
            "needle OR hay": ["Number 4", "Number 3", "Number 1"],
            "needle is:read": [],
            "needle is:unread in:inbox": ["Number 3", "Number 1"],
            "needle in:sent": [],
            'needle "\\" ) (': ["Number 3", "Number 1"],
            "subject:2": ["Number 2"],
        }.items():
            _, found = asked(person, client, text)
            assert subjects(client, found) == wanted, text


def test_nobody_is_asked_when_all_is_here(person: Person) -> None:
    """The index has every text; a search that holds no words is no question for a server either."""
    deliver(person, message(1, "needle"))
    with person.client() as client:
        synced(client)
        side, found = asked(person, client, "needle")
        assert side.asked == 0
        assert subjects(client, found) == ["Number 1"]


def test_a_server_that_is_away_is_said(person: Person) -> None:
    """What is here is found nevertheless."""
    person = bare(person)
    deliver(person, message(1, "needle"))
    with person.client() as client:
        synced(client)
    person.account = replace(person.account, incoming=replace(person.account.incoming, port=9))
    with person.client() as client:
        wait_for(lambda: client.statuses()[0].sentence, "it is known to be away")
        side, found = asked(person, client, "needle")
        assert side.problems["work"]
        assert "not all" in side.words(found.added)
        assert subjects(client, found) == []
        assert subjects(client, asked(person, client, "number")[1]) == ["Number 1"]


def test_with_the_engine_in_another_process(person: Person) -> None:
    """The question and the answers go over the pipe, and that process fills the index."""
    person = bare(person)
    deliver(person, message(1, "needle"), message(2, "hay"))
    with apart(person) as client:
        settled(client)
        side, found = asked(person, client, "needle")
        assert subjects(client, found) == ["Number 1"]
        assert side.words(found.added) == "server added 1, complete"


def test_the_engine_indexes_what_comes_by_itself(person: Person) -> None:
    """Headers and texts, and what comes later."""
    deliver(person, message(1, "needle"))
    with apart(person) as client:
        settled(client)
        searcher = client.searcher()
        wait_for(lambda: subjects(client, searcher.find(understand("needle"))) == ["Number 1"], "it is found")
        deliver(person, message(2, "another needle"))
        wait_for(lambda: len(searcher.find(understand("needle")).ids) == 2, "the new one is found")
        searcher.close()
