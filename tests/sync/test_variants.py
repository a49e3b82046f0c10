"""Servers that lack one extension or another, and one of another make: the same promises on all of them."""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import BARE, Dovecot, missing
from tests.sync.conftest import folder_of, message, settled, shown, wait_for
from tests.sync.places import soon
from tui_mail.client import MailClient
from tui_mail.demo.server import Demo
from tui_mail.model import Account, ChangeState, Flag, Role
from tui_mail.paths import paths
from tui_mail.sync import alarms

pytestmark = pytest.mark.server

EVERYTHING = (
    "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE ESEARCH LIST-EXTENDED"
    " LIST-STATUS SPECIAL-USE CONDSTORE QRESYNC NOTIFY"
)
LACKING = {
    "nothing": (),
    "qresync": ("QRESYNC",),
    "condstore": ("QRESYNC", "CONDSTORE"),
    "move": ("MOVE",),
    "uidplus": ("UIDPLUS",),
    "esearch": ("ESEARCH",),
    "idle": ("IDLE", "NOTIFY"),
    "notify": ("NOTIFY",),
    "special-use": ("SPECIAL-USE",),
    "list-status": ("LIST-STATUS", "NOTIFY"),
}
Connect = Callable[[], imaplib.IMAP4_SSL]


@pytest.fixture(params=[*LACKING, "bare", "demo"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Account, Connect]]:
    """A server that lacks something: an account there, and how another client gets in."""
    if request.param == "demo":
        with Demo(messages=30, every=0) as demo:
            yield demo.account, lambda: _log_in(demo)
        return
    need(missing())
    lacking = LACKING.get(request.param, ())
    words = " ".join(word for word in EVERYTHING.split() if word not in lacking)
    with Dovecot(imap_capability=BARE if request.param == "bare" else words) as server:
        yield replace(server.account("anna"), name=f"without-{request.param}"), lambda: server.connect("anna")


def _log_in(demo: Demo) -> imaplib.IMAP4_SSL:
    context = ssl.create_default_context(cafile=demo.ports.ca)
    connection = imaplib.IMAP4_SSL("localhost", demo.ports.imap, ssl_context=context, timeout=20)
    connection.login(demo.ports.user, demo.ports.password)
    return connection


class Other:
    """Another client of the same person."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect

    @contextmanager
    def opened(self, folder: str) -> Iterator[imaplib.IMAP4_SSL]:
        connection = self.connect()
        try:
            connection.select(folder)
            yield connection
        finally:
            connection.logout()

    def append(self, *numbers: int) -> None:
        with self.opened("INBOX") as connection:
            for number in numbers:
                assert connection.append("INBOX", "", "", message(number))[0] == "OK"

    def store(self, number: int, how: str, flags: str) -> None:
        with self.opened("INBOX") as connection:
            _, [found] = connection.uid("SEARCH", "SUBJECT", f'"Number {number}"')
            assert connection.uid("STORE", found.decode(), how, flags)[0] == "OK"
            if "Deleted" in flags:
                connection.expunge()

    def subjects(self, folder: str) -> dict[str, str]:
        r"""Flags by subject, of ours, without what is marked \Deleted. A double is told by its subject."""
        with self.opened(folder) as connection:
            _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        found = dict[str, str]()
        for told, header in (part for part in data if isinstance(part, tuple)):
            subject = header.split(b":", 1)[1].strip().decode()
            if subject.startswith("Number ") and rb"\Deleted" not in told:
                assert subject not in found, "doubled"
                found[subject] = " ".join(sorted(re.findall(r"\\(?:Seen|Flagged)", told.decode())))
        return found


def rows(client: MailClient, role: Role) -> dict[str, tuple[int, Flag]]:
    """Ours: id and flags by subject."""
    ours = [row for row in shown(client, role) if row.subject.startswith("Number ")]
    assert len({row.subject for row in ours}) == len(ours), "doubled"
    return {row.subject: (row.id, row.flags) for row in ours}


def test_everything_works_there_too(place: tuple[Account, Connect], tmp_path: Path) -> None:
    """News comes, actions and their undoing get there, and all is the same after a restart."""
    account, connect = place
    other = Other(connect)
    other.append(1, 2, 3, 4, 5)
    client = MailClient(paths(tmp_path), [account])

    client.start()
    try:
        wait_for(lambda: len(rows(client, Role.INBOX)) == 5, "five rows")
        settled(client)
        ids = {subject: id_ for subject, (id_, _) in rows(client, Role.INBOX).items()}
        other.store(1, "+FLAGS", r"(\Seen \Flagged)")
        soon(client, lambda: rows(client, Role.INBOX)["Number 1"][1] == Flag.SEEN | Flag.FLAGGED, "flags set elsewhere")
        other.store(2, "+FLAGS", r"(\Deleted)")
        soon(client, lambda: "Number 2" not in rows(client, Role.INBOX), "the deletion elsewhere")
        other.append(6)
        soon(client, lambda: "Number 6" in rows(client, Role.INBOX), "new mail")
        client.archive([ids["Number 3"]]).result()
        client.mark([ids["Number 4"]], add=Flag.FLAGGED).result()
        wait_for(lambda: other.subjects("INBOX").get("Number 4") == r"\Flagged", "the star there")
        client.undo().result()
        wait_for(lambda: other.subjects("INBOX").get("Number 4") == "", "no star there")
        labelled = client.mark([ids["Number 4"]], add_keywords=["Later"]).result()
        client.delete([ids["Number 5"]]).result()
        assert labelled is not None
        client.snooze([rows(client, Role.INBOX)["Number 6"][0]], time.time() + 3600).result()
        ended = (ChangeState.DONE, ChangeState.FAILED)
        wait_for(lambda: all(change.state in ended for change in client.changes()), "all is told")
        soon(client, lambda: rows(client, Role.ARCHIVE).get("Number 3", (0,))[0] == ids["Number 3"], "the same id")
        soon(client, lambda: rows(client, Role.TRASH).get("Number 5", (0,))[0] == ids["Number 5"], "the same id")
        assert other.subjects("Snoozed") == {"Number 6": ""}
        assert alarms.ring(client._db, time.time() + 7200) == 1
        client._wake()
        wait_for(lambda: "Number 6" in other.subjects("INBOX"), "it is back there")
        wait_for(lambda: all(change.state in ended for change in client.changes()), "all is told")
        assert [row.keywords for row in shown(client) if row.subject == "Number 6"] == [()]
        _agree(client, other, labelled=client.state_of(labelled) is ChangeState.DONE)
    finally:
        client.stop()
    client = MailClient(paths(tmp_path), [account])
    client.start()
    try:
        settled(client)
        _agree(client, other, labelled=None)
        assert rows(client, Role.ARCHIVE)["Number 3"][0] == ids["Number 3"]
    finally:
        client.stop()


def _agree(client: MailClient, other: Other, *, labelled: bool | None) -> None:
    for role, subjects in {
        Role.INBOX: {"Number 1", "Number 4", "Number 6"}, Role.ARCHIVE: {"Number 3"}, Role.TRASH: {"Number 5"},
    }.items():  # fmt: skip
        folder = folder_of(client, role)
        assert folder is not None
        assert rows(client, role).keys() == subjects
        there = other.subjects(folder.name)
        assert there.keys() == subjects
        assert {s: r"\Flagged" in words for s, words in there.items()} == {
            s: Flag.FLAGGED in flags for s, (_, flags) in rows(client, role).items()
        }
    if labelled is not None:
        [row] = [row for row in shown(client) if row.subject == "Number 4"]
        assert ("Later" in row.keywords) is labelled, "a keyword is only shown when the server keeps it"
