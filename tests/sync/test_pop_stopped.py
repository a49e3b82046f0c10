"""A long download over POP3: told as it goes on, stopped by a person, cut, killed; it goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.servers.faults import Fault, FaultyLine
from tests.sync.conftest import message, shown, subjects_shown, wait_for
from tests.sync.test_pop import numbers
from tui_mail.client import MailClient
from tui_mail.model import Account, AccountStatus, Event, LinkState, Protocol, StatusChanged
from tui_mail.paths import paths

COUNT = 300
LINE = "\\+OK [0-9]+ octets"
"""How Dovecot begins to give a message out."""


def begun(home: Path, account: Account, told: list[AccountStatus]) -> MailClient:
    """A client that fetches."""

    def hear(event: Event) -> None:
        if isinstance(event, StatusChanged):
            told.append(event.status)

    client = MailClient(paths(home), [account])
    client.subscribe(hear)
    client.start()
    return client


def slow_account(line: FaultyLine, user: str) -> Account:
    return replace(line.account(user), name="club", delete_from_server="at_once")


def retrieved(line: FaultyLine) -> int:
    return sum(fired.startswith(b"RETR") for fired in line.fired)


def test_stopped_by_a_person_and_gone_on_with(dovecot: Dovecot, tmp_path: Path) -> None:
    """It tells how far it is, ends within a second when asked to, deletes nothing then, and fetches nothing twice."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, COUNT + 1)))
    slow = Fault("server", LINE, cut="", stall=0.02, every=1)
    counted = Fault("client", "RETR", cut="", every=1)
    told = list[AccountStatus]()
    with FaultyLine(dovecot, slow, counted, protocol=Protocol.POP3) as line:
        client = begun(tmp_path, slow_account(line, user), told)
        try:
            wait_for(lambda: len(shown(client)) >= 60, "some are here", 60)
            assert "Number 300" in subjects_shown(client), "the newest come first"
            assert client.stop_fetching()
            wait_for(lambda: client.statuses()[0].state is LinkState.STOPPED, "it stopped", 1)
            stopped = client.statuses()[0]
            assert 60 <= stopped.done < COUNT
            assert stopped.total == COUNT
            assert 0 < stopped.octets < stopped.octets_total
            assert not client.stop_fetching()
            here = len(shown(client))
            with dovecot.connect(user, "INBOX") as other:
                assert len(other.search(None, "ALL")[1][0].split()) == COUNT
            line.faults[:] = [counted]
            line.fired.clear()
            client.sync_now()
            wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is done", 60)
            assert subjects_shown(client) == numbers(*range(1, COUNT + 1))
            assert retrieved(line) == COUNT - here
        finally:
            client.stop()
    fetching = [one for one in told if one.state is LinkState.SYNCING and one.octets_total]
    assert [one.done for one in fetching] == sorted(one.done for one in fetching)
    assert len({one.done for one in fetching}) > 3
    assert {one.total for one in fetching} == {COUNT}
    assert told[-1].octets_total == 0


def test_what_came_before_the_line_broke_is_kept(dovecot: Dovecot, tmp_path: Path) -> None:
    """Also within a batch that was not full: none of it is fetched again."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 31)))
    broken = Fault("server", LINE, nth=21, cut="before")
    with FaultyLine(dovecot, broken, protocol=Protocol.POP3) as line:
        client = begun(tmp_path, slow_account(line, user), [])
        try:
            wait_for(lambda: client.statuses()[0].state is LinkState.OFFLINE, "the line broke")
            assert subjects_shown(client) == numbers(*range(11, 31))
            line.fired.clear()
            line.faults[:] = [Fault("client", "RETR", cut="", every=1)]
            client.retry()
            wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is done")
            assert subjects_shown(client) == numbers(*range(1, 31))
            assert retrieved(line) == 10
        finally:
            client.stop()
