"""What a person does in the tests of broken lines and killed processes, and how it has to end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from tests.sync.conftest import Person, message, shown
from tui_mail.client import MailClient
from tui_mail.model import ChangeState, Flag, LinkState, Role, Row

FOLDERS = {"INBOX": Role.INBOX, "Archive": Role.ARCHIVE, "Trash": Role.TRASH}
Mail = dict[str, list[tuple[str, str]]]
"""By folder: subject and flags of each message, sorted."""

EXPECTED: Mail = {
    "INBOX": [("Number 2", r"\Flagged"), ("Number 4", ""), ("Number 6", "")],
    "Archive": [("Number 1", ""), ("Number 5", r"\Seen"), ("Number 7", "")],
    "Trash": [("Number 3", "")],
}


def deliver(person: Person) -> None:
    """Seven messages; nothing but its content identifies the last one."""
    anonymous = re.sub(rb"Message-ID: .*\r\n", b"", message(7))
    person.server.deliver(person.user, *(message(number) for number in range(1, 7)), anonymous)


def until(client: MailClient, holds: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait, and press "try again" whenever the line is down."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}; {client.statuses()}"
        if client.statuses()[0].state is LinkState.OFFLINE:
            client.retry()
        pause.wait(0.01)


def work(client: MailClient) -> dict[str, int]:
    """Sync, then archive, flag, delete and undo whatever is not done yet; returns the ids of all messages."""
    until(client, lambda: len(ids(client)) == 7, "seven rows")
    until(client, lambda: client.statuses()[0].state is LinkState.LIVE, "all folders")
    by = ids(client)
    inbox = {row.subject: row for row in shown(client)}
    client.archive([by["Number 1"], by["Number 7"]]).result()
    client.mark([by["Number 2"]], add=Flag.FLAGGED).result()
    client.delete([by["Number 3"]]).result()
    client.mark([by["Number 5"]], add=Flag.SEEN).result()
    client.archive([by["Number 5"]]).result()
    last = client.changes(1)
    if "Number 4" not in inbox:
        client.undo().result()  # killed between the two
    elif not any(change.summary.startswith("undid") or change.state is ChangeState.CANCELLED for change in last):
        client.archive([by["Number 4"]]).result()
        client.undo().result()
    return by


def over(client: MailClient) -> None:
    """Wait until the server has been told everything."""
    ended = (ChangeState.DONE, ChangeState.CANCELLED)
    until(client, lambda: all(change.state in ended for change in client.changes()), "nothing waits")


def agree(client: MailClient, person: Person, before: dict[str, int], what: str) -> None:
    """Store and server are what they should be; every message has the id that it had; nothing waits."""
    over(client)
    until(client, lambda: here(client) == EXPECTED, f"the store is right {what}")
    assert on_server(person) == EXPECTED, what
    assert ids(client) == before, what
    assert client.statuses()[0].failed == 0, what


def here(client: MailClient) -> Mail:
    """What the person sees."""
    return {name: sorted((row.subject, _words(row)) for row in shown(client, role)) for name, role in FOLDERS.items()}


def ids(client: MailClient) -> dict[str, int]:
    """Our id of each message that is displayed anywhere."""
    return {row.subject: row.id for role in FOLDERS.values() for row in shown(client, role)}


def on_server(person: Person) -> Mail:
    r"""What another client sees, without what is marked \Deleted."""
    found: Mail = {}
    connection = person.server.connect(person.user)
    try:
        for folder in FOLDERS:
            answer, _ = connection.select(folder, readonly=True)
            rows = []
            if answer == "OK":
                _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                rows = [part for part in data if isinstance(part, tuple)]
            found[folder] = sorted(
                (header.split(b":", 1)[1].strip().decode(), _said(told)) for told, header in rows
                if rb"\Deleted" not in told
            )  # fmt: skip
    finally:
        connection.logout()
    return found


def _said(told: bytes) -> str:
    return " ".join(sorted(set(re.findall(r"\\\w+", told.decode())) - {r"\Recent"}))


def _words(row: Row) -> str:
    names = {Flag.SEEN: r"\Seen", Flag.FLAGGED: r"\Flagged", Flag.DELETED: r"\Deleted"}
    return " ".join(sorted(word for flag, word in names.items() if flag in row.flags))
