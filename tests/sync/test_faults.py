"""Wherever the line is cut, whenever the process is killed: nothing lost, nothing doubled, nothing mistaken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.faults import Fault, FaultyLine
from tests.sync.conftest import Person, message, shown, wait_for
from tui_mail.client import MailClient
from tui_mail.model import ChangeState, Flag, LinkState, Role, Row

pytestmark = pytest.mark.server

FOLDERS = {"INBOX": Role.INBOX, "Archive": Role.ARCHIVE, "Trash": Role.TRASH}
Mail = dict[str, list[tuple[str, str]]]
"""By folder: subject and flags of each message, sorted."""

EXPECTED: Mail = {
    "INBOX": [("Number 2", r"\Flagged"), ("Number 4", ""), ("Number 6", "")],
    "Archive": [("Number 1", ""), ("Number 5", r"\Seen"), ("Number 7", "")],
    "Trash": [("Number 3", "")],
}


def without_id(number: int) -> bytes:
    """A message that nothing but its content identifies."""
    return re.sub(rb"Message-ID: .*\r\n", b"", message(number))


def on_server(person: Person) -> Mail:
    """What another client sees."""
    found: Mail = {}
    connection = person.server.connect(person.user)
    try:
        for folder in FOLDERS:
            connection.select(folder, readonly=True)
            _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            rows = [part for part in data if isinstance(part, tuple)]
            found[folder] = sorted(
                (
                    header.split(b":", 1)[1].strip().decode(),
                    " ".join(sorted(set(re.findall(r"\\\w+", said.decode())) - {r"\Recent"})),
                )
                for said, header in rows
            )
    finally:
        connection.logout()
    return found


def here(client: MailClient) -> Mail:
    """What the person sees."""
    return {name: sorted((row.subject, _words(row)) for row in shown(client, role)) for name, role in FOLDERS.items()}


def _words(row: Row) -> str:
    names = {Flag.SEEN: r"\Seen", Flag.FLAGGED: r"\Flagged", Flag.DELETED: r"\Deleted"}
    return " ".join(sorted(word for flag, word in names.items() if flag in row.flags))


def ids(client: MailClient) -> dict[str, int]:
    return {row.subject: row.id for role in FOLDERS.values() for row in shown(client, role)}


def wait_through(client: MailClient, holds: object, what: str, seconds: float = 20.0) -> None:
    """Wait like `wait_for`, and press "try again" whenever the line is down."""

    def look() -> bool:
        if client.statuses()[0].state is LinkState.OFFLINE:
            client.retry()
        return bool(holds())  # type: ignore[operator]

    wait_for(look, what, seconds)


def work(client: MailClient) -> dict[str, int]:
    """Sync, archive, flag, delete, undo; returns the ids of all messages before that."""
    wait_through(client, lambda: len(shown(client)) == 7, "seven rows")
    wait_through(client, lambda: client.statuses()[0].state is LinkState.LIVE, "all folders")
    by = ids(client)
    client.archive([by["Number 1"], by["Number 7"]]).result()
    client.mark([by["Number 2"]], add=Flag.FLAGGED).result()
    client.delete([by["Number 3"]]).result()
    client.mark([by["Number 5"]], add=Flag.SEEN).result()
    client.archive([by["Number 5"]]).result()
    client.archive([by["Number 4"]]).result()
    client.undo().result()
    return by


def agree(client: MailClient, person: Person, before: dict[str, int], what: str) -> None:
    """Store and server are what they should be; every message has the id that it had; nothing waits."""
    over = (ChangeState.DONE, ChangeState.CANCELLED)
    wait_through(client, lambda: all(change.state in over for change in client.changes()), f"nothing waits {what}")
    wait_through(client, lambda: here(client) == EXPECTED, f"the store is right {what}, not {here(client)}")
    assert on_server(person) == EXPECTED, what
    assert ids(client) == before, what
    assert client.statuses()[0].failed == 0, what


def deliver(person: Person) -> None:
    person.server.deliver(person.user, *(message(number) for number in range(1, 7)), without_id(7))


STEP = 12
"""Runs in one test: each begins with an account of its own."""


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("first", range(1, 61, STEP))
def test_cut_at_every_line_of_the_client(dovecot: Dovecot, tmp_path: Path, first: int, cut: str) -> None:
    for nth in range(first, first + STEP):
        _one_session(dovecot, tmp_path / str(nth), Fault("client", "", nth, cut))  # type: ignore[arg-type]


def _one_session(dovecot: Dovecot, home: Path, *faults: Fault) -> list[bytes]:
    person = Person(dovecot, home)
    deliver(person)
    with FaultyLine(dovecot, *faults) as line:
        person.account = line.account(person.user)
        with person.client() as client:
            before = work(client)
            agree(client, person, before, f"after a cut at {line.fired}")
        print(line.lines, line.fired)
        return line.fired
