"""What the tests of lines share: servers that lack something, and what was said about an account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import Dovecot, missing
from tests.servers.scripted import Scripted
from tests.sync.conftest import Person
from tui_mail.client import MailClient
from tui_mail.model import Account, AccountStatus, Event, LinkState, Protocol, StatusChanged
from tui_mail.paths import paths
from tui_mail.sync import account as worker
from tui_mail.sync import tasks, watch

NEVER = 10_000.0
WITHOUT_NOTIFY = (
    "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE ESEARCH LIST-EXTENDED"
    " LIST-STATUS SPECIAL-USE CONDSTORE QRESYNC"
)


def only_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found by asking: what is seen was told."""
    for name in ("POLL_SECONDS", "SLOW_POLL_SECONDS", "NET_SECONDS", "CHECK_SECONDS"):
        monkeypatch.setattr(tasks, name, NEVER)
    monkeypatch.setattr(worker, "CHECK_SECONDS", NEVER)
    monkeypatch.setattr(watch, "NOOP_SECONDS", NEVER)


@contextmanager
def lacking(tmp_path: Path, **options: str | int) -> Iterator[Person]:
    """Somebody on a server of their own."""
    need(missing())
    with Dovecot(**options) as server:
        yield Person(server, tmp_path / "home")


def moved_elsewhere(person: Person, folder: str) -> None:
    """Another client moves the first message of the inbox."""
    other = person.elsewhere()
    answer, _ = other.uid("COPY", "1", folder)
    assert answer == "OK"
    other.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    other.expunge()
    other.logout()


def state(client: MailClient, account: str = "work") -> AccountStatus:
    return next(status for status in client.statuses() if status.account == account)


@contextmanager
def on(tmp_path: Path, server: Scripted) -> Iterator[MailClient]:
    """A client of a scripted server."""
    account = Account("work", "Anna", "anna@example.org", Protocol.IMAP, server.server())
    client = MailClient(paths(tmp_path / "home"), [account], secret=lambda _: "secret")
    client.start()
    try:
        yield client
    finally:
        client.stop()


def states(events: list[Event]) -> list[LinkState]:
    """The states that were told, one after the other."""
    told = [event.status.state for event in events if isinstance(event, StatusChanged)]
    return [now for now, before in zip(told, [None, *told], strict=False) if now is not before]
