"""A person's client on a real server, and another client of the same person."""

from __future__ import annotations

import imaplib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import need
from tests.servers.dovecot import Dovecot, missing
from tests.servers.odd import Odd
from tests.servers.postfix import Postfix
from tui_mail.client import MailClient
from tui_mail.demo.certificates import make_certificates
from tui_mail.model import Account, Event, Folder, Role, Row
from tui_mail.net import connection
from tui_mail.paths import paths
from tui_mail.sync import bodies as body_jobs
from tui_mail.sync import folder as folder_sync
from tui_mail.sync import plan

if TYPE_CHECKING:
    from tests.sync import odd_place
    from tests.sync.killed import Nursery
    from tests.sync.operations import Bench
    from tests.sync.writer import Writer


PATIENCE = 45.0
"""Seconds after which something will not happen any more, on a computer with a lot else to do."""


def wait_for(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until `holds()` is true; fails with `what` otherwise."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds} s still not: {what}")
        pause.wait(0.01)


def message(number: int, text: str = "", subject: str = "") -> bytes:
    """A small message with an identity of its own."""
    return (
        f"From: Anna Berg <anna@example.org>\r\nTo: Ola <ola@example.org>\r\n"
        f"Subject: {subject or f'Number {number}'}\r\n"
        f"Date: Mon, 02 Nov 2026 10:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        f"Message-ID: <m{number}@test.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Body of number {number}. {text}\r\n"
    ).encode()


class Person:
    """One user of the server, with the home of a client."""

    def __init__(self, server: Dovecot, home: Path) -> None:
        self.server = server
        self.user = server.new_user()
        self.home = home
        self.account: Account = replace(server.account(self.user), name="work")
        self.events: list[Event] = []

    @contextmanager
    def client(self, *, start: bool = True) -> Iterator[MailClient]:
        """The client, running; its store stays for the next one."""
        client = MailClient(paths(self.home), [self.account])
        client.subscribe(self.events.append)
        if start:
            client.start()
        try:
            yield client
        finally:
            client.stop()

    def elsewhere(self, folder: str = "INBOX") -> imaplib.IMAP4_SSL:
        """Another client of the same person, with a folder open."""
        return self.server.connect(self.user, folder)

    def deliver(self, *numbers: int) -> None:
        """Mail comes in."""
        self.server.deliver(self.user, *(message(number) for number in numbers))

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """What the server has, sorted."""
        connection = self.elsewhere(folder)
        try:
            _, data = connection.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            found = [part[1] for part in data if isinstance(part, tuple)]
        finally:
            connection.logout()
        return sorted(line.split(b":", 1)[1].strip().decode() for line in found)

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each message on the server, in order."""
        connection = self.elsewhere(folder)
        try:
            _, data = connection.uid("FETCH", "1:*", "(FLAGS)")
        finally:
            connection.logout()
        return [part.decode().split("FLAGS (")[1].split(")")[0] for part in data if isinstance(part, bytes)]


def folder_of(client: MailClient, role: Role) -> Folder | None:
    return next((folder for folder in client.folders() if folder.role is role), None)


def shown(client: MailClient, role: Role = Role.INBOX) -> list[Row]:
    """The rows of a folder, newest first; empty while it is not there yet."""
    folder = folder_of(client, role)
    return client.first_rows(folder.id, 100_000) if folder is not None else []


def subjects_shown(client: MailClient, role: Role = Role.INBOX) -> list[str]:
    return sorted(row.subject for row in shown(client, role))


def settled(client: MailClient) -> None:
    """Wait until the first sync is over and IDLE has begun."""
    wait_for(lambda: client.statuses()[0].state == "live", "the account is live")


@pytest.fixture
def person(dovecot: Dovecot, tmp_path: Path) -> Person:
    return Person(dovecot, tmp_path / "home")


@pytest.fixture
def writer(postfix: Postfix, tmp_path: Path) -> Writer:
    from tests.sync.writer import Writer  # which needs what is above

    return Writer(postfix, tmp_path / "home")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this computer, and its authority."""
    directory = tmp_path_factory.mktemp("certificate")
    make_certificates(directory)
    return directory


@pytest.fixture
def odd(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], odd_place.Place]]:
    """Gives a server with some capabilities, and a home for its client; waits that are built in are short."""
    monkeypatch.setattr(folder_sync, "RESELECT_SECONDS", 0.25)
    monkeypatch.setattr(plan, "SCAN_CLOSED_SECONDS", 1)
    monkeypatch.setattr(body_jobs, "CLOSED_SECONDS", 0.3)
    monkeypatch.setattr(connection.Backoff, "next", lambda _: 0.05)
    from tests.sync import odd_place  # which needs this module

    with ExitStack() as stack:
        yield lambda capabilities: odd_place.Place(
            stack.enter_context(Odd(certificate, capabilities)), tmp_path / "home"
        )


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """The process that forks clients which are killed."""
    from tests.sync.killed import Nursery  # which needs what is above

    with Nursery() as running:
        yield running


@pytest.fixture(
    scope="module", params=["dovecot", "no-move", "no-uidplus"][: 3 if os.environ.get("TUI_MAIL_LONG") == "1" else 2]
)
def bench(
    request: pytest.FixtureRequest, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """Prepared accounts on a server that can move, or cannot."""
    from tests.sync.operations import SERVERS, Bench

    need(missing())
    with Dovecot(**SERVERS[request.param]) as server:
        yield Bench(request.param, server, nursery, Path(tmp_path_factory.mktemp(request.param)))
