"""Somebody else takes mail out of the maildrop: it is noticed, said once, and nothing is given up for it."""

from __future__ import annotations

import poplib
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.pop3_scripted import OddPop
from tests.sync.conftest import message, shown, wait_for
from tests.sync.test_pop import again, visiting
from tui_mail.client import MailClient
from tui_mail.model import Event, Protocol, StatusChanged
from tui_mail.store import others
from tui_mail.store.others import IN_USE_TIMES, REMEMBERED_SECONDS, Signs, after_listing, after_refusal, sentence
from tui_mail.sync import pop_account

pytestmark = pytest.mark.timeout(120)


def take_away(dovecot: Dovecot, user: str, *numbers: int) -> None:
    """Another POP3 client deletes messages."""
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    other = poplib.POP3_SSL("localhost", dovecot.ports["pop3s"], context=context)
    other.user(user)
    other.pass_(dovecot.passwords[user])
    for number in numbers:
        other.dele(number)
    other.quit()


def later(client: MailClient) -> None:
    """Another visit, in another second than the last one: the store counts in seconds."""
    began = int(time.time())
    wait_for(lambda: int(time.time()) > began, "a second")
    again(client)


def until_noticed(client: MailClient) -> list[str]:
    """Visits until something is said, as polling would."""

    def noticed() -> bool:
        again(client)
        return bool(client.warnings())

    wait_for(noticed, "it is noticed")
    return list(client.warnings())


@pytest.mark.server
def test_another_client_deletes(dovecot: Dovecot, tmp_path: Path) -> None:
    """One sentence, once; all of it is still here."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 7)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club")
    with visiting(tmp_path, account) as client:
        events = list[Event]()
        client.subscribe(events.append)
        again(client)
        assert client.warnings() == []
        take_away(dovecot, user, 1, 2, 3)
        [said] = until_noticed(client)
        assert said.startswith("3 messages of club that tui-mail left on the server went from there")
        assert "safe here" in said
        notices = {event.status.notice for event in events if isinstance(event, StatusChanged)}
        assert notices == {"", said}
        assert len(shown(client)) == 6
        client.note_told("club")
        again(client)
        again(client)
        assert client.statuses()[0].notice == ""
        assert client.warnings() == [said]
        assert client.warnings(once=True) == []
        take_away(dovecot, user, 1)
        wait_for(lambda: again(client) or client.warnings()[0].startswith("4 "), "the next one is counted")
        assert client.warnings(once=True) == []


@pytest.mark.server
@pytest.mark.parametrize("policy", ["at_once", "when_deleted"])
def test_what_we_delete_is_no_sign(policy: str, dovecot: Dovecot, tmp_path: Path) -> None:
    """Neither what was told to be deleted, nor what the person threw away here."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 5)))
    account = replace(dovecot.account(user, Protocol.POP3), name="club", delete_from_server=policy)
    with visiting(tmp_path, account) as client:
        later(client)
        client.delete([row.id for row in shown(client)][:2]).result(10)
        for _ in range(4):
            later(client)
        assert client.warnings() == []


@pytest.mark.parametrize("trick", ["hidden once", "hides what was fetched", "other names"])
def test_what_servers_do_is_no_sign(trick: str, certificate: Path, tmp_path: Path) -> None:
    """A listing that lacks something once, Gmail's way of hiding what was read, and new names for everything."""
    with OddPop(certificate) as server:
        server.hides_popped = trick == "hides what was fetched"
        server.deliver(*(message(number) for number in range(1, 31)))
        with visiting(tmp_path, server.account()) as client:
            later(client)
            held = list(server.mails)
            if trick == "hidden once":
                server.mails[:] = []
                later(client)
                server.mails[:] = held
            if trick == "other names":
                server.uidl = "renamed"
            for _ in range(4):
                later(client)
            assert client.warnings() == []


def test_taken_before_it_was_fetched(certificate: Path, tmp_path: Path) -> None:
    """What was listed, and gone before it could be fetched, is said to be elsewhere."""
    with OddPop(certificate) as server:
        server.refuses["RETR 2"] = b"-ERR not now"
        server.deliver(*(message(number) for number in range(1, 4)))
        with visiting(tmp_path, server.account()) as client:
            assert len(shown(client)) == 2
            del server.mails[1]
            server.refuses.clear()
            [said] = until_noticed(client)
            assert said.startswith("1 message of work went from the server before this computer had fetched it all")


def test_in_use_again_and_again(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once or twice is nothing; five times in a row is said."""
    monkeypatch.setattr(pop_account, "BUSY_SECONDS", 0.05)
    with OddPop(certificate) as server:
        server.deliver(message(1))
        server.refuses["PASS"] = b"-ERR [IN-USE] another session"
        with visiting(tmp_path, server.account()) as client:
            wait_for(client.warnings, "it is said")
            assert client.warnings()[0].startswith("The mailbox of work was in use by another program")
            wait_for(lambda: client.statuses()[0].notice, "the status says it")
            server.refuses.clear()
            client.retry()
            wait_for(lambda: len(shown(client)) == 1, "it comes in the end")


def test_signs() -> None:
    """Twice missing is gone; it is counted once; what is told stays told until it gets worse."""
    first = after_listing(Signs(), {"a"}, {"b": 10}, [], 100)
    assert (first.taken, first.missing, first.at) == (0, ("b",), 0)
    second = after_listing(first, {"a"}, {"b": 10}, [], 200)
    assert (second.taken, second.missing, second.at, second.until) == (1, (), 200, 10)
    told = replace(second, told=True)
    third = after_listing(told, {"a"}, {"b": 10}, [], 300)
    assert (third.taken, third.told) == (1, True)
    back = after_listing(first, {"a", "b"}, {}, [], 200)
    assert (back.taken, back.missing) == (0, ())
    waits = after_listing(told, {"a", "c"}, {}, ["c"], 400)
    worse = after_listing(after_listing(waits, {"a"}, {}, [], 500), {"a"}, {}, [], 600)
    assert (worse.missed, worse.told, worse.waiting) == (1, False, ())


def test_sentences_end() -> None:
    """A month after the last sign nothing is said any more; what was turned away a few times is nothing."""
    signs = Signs()
    for _ in range(IN_USE_TIMES - 1):
        signs = after_refusal(signs, 100)
    assert sentence(signs, "work", 100, once=False) == ""
    signs = after_refusal(signs, 100)
    assert "in use" in sentence(signs, "work", 100, once=False)
    assert sentence(signs, "work", 101 + REMEMBERED_SECONDS, once=False) == ""
    assert others.sentence(replace(signs, told=True), "work", 100, once=True) == ""
