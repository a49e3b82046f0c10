"""What a server refuses, whatever it was: said, taken back here, asked for no more, and done when a person tries again.

One test for each operation of the journal and each way to say no.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from tests.servers.odd import BARE, CAPABILITIES
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, agree, ids, stored, there
from tui_mail.client import MailClient
from tui_mail.model import Change, ChangeFailed, ChangeState, Flag, LinkState

REFUSALS = {
    "no": b"NO not today",
    "bad": b"BAD what is that",
    "overquota": b"NO [OVERQUOTA] there is no room",
    "noperm": b"NO [NOPERM] you may not",
    "cannot": b"NO [CANNOT] that cannot be",
}


@dataclass(frozen=True)
class Deed:
    """What a person does, which commands of it are refused, and what the server has in the end."""

    commands: tuple[str, ...]
    act: Callable[[MailClient, dict[str, int]], Future[Change | None]]
    done: Callable[[Place], object]
    capabilities: str = CAPABILITIES
    holds: bool = True
    """The server does nothing of it while it refuses."""


def _folder(client: MailClient, name: str) -> int:
    return client.find_folder(name).id


def _projects(at: Place) -> list[str]:
    return at.server.subjects("Projects")


DEEDS = {
    "flags": Deed(
        ("UID STORE",),
        lambda client, known: client.mark([known["Number 1"], known["Number 2"]], add=Flag.FLAGGED),
        lambda at: all(b"\\Flagged" in mail.flags for mail in at.server.box().mails[:2]),
    ),
    "keyword": Deed(
        ("UID STORE",),
        lambda client, known: client.mark([known["Number 2"]], add_keywords=["urgent"]),
        lambda at: b"urgent" in at.server.box().mails[1].flags,
    ),
    "move": Deed(
        ("UID MOVE", "UID COPY"),
        lambda client, known: client.move([known["Number 1"], known["Number 2"]], _folder(client, "Projects")),
        lambda at: _projects(at) == ["Number 9", "Number 1", "Number 2"],
    ),
    "move, without MOVE": Deed(
        ("UID COPY",),
        lambda client, known: client.archive([known["Number 1"]]),
        lambda at: at.server.subjects("Archive") == ["Number 1"],
        BARE + " UIDPLUS",
    ),
    "move, and what was copied may not be removed": Deed(
        ("UID STORE",),
        lambda client, known: client.archive([known["Number 1"]]),
        lambda at: at.server.subjects("Archive") == ["Number 1"] and "Number 1" not in at.server.subjects(),
        BARE + " UIDPLUS",
        holds=False,
    ),
    "copy": Deed(
        ("UID COPY",),
        lambda client, known: client.copy([known["Number 1"]], _folder(client, "Projects")),
        lambda at: _projects(at) == ["Number 9", "Number 1"],
    ),
    "upload": Deed(
        ("APPEND",),
        lambda client, _: client.append(_folder(client, "Projects"), message(5), flags=Flag.SEEN, when=1_790_000_000),
        lambda at: _projects(at) == ["Number 9", "Number 5"],
    ),
    "delete for ever": Deed(
        ("UID STORE",),
        lambda client, known: client.expunge([known["Number 8"]]),
        lambda at: not at.server.subjects("Trash"),
    ),
    "delete for ever, marked already": Deed(
        ("UID EXPUNGE",),
        lambda client, known: client.expunge([known["Number 8"]]),
        lambda at: not at.server.box("Trash").mails,
        holds=False,
    ),
    "make a folder": Deed(
        ("CREATE",),
        lambda client, _: client.create_folder("work", "New"),
        lambda at: b"New" in at.server.boxes,
    ),
    "rename a folder": Deed(
        ("RENAME",),
        lambda client, _: client.rename_folder(_folder(client, "Projects"), "Plans"),
        lambda at: b"Plans" in at.server.boxes and b"Projects" not in at.server.boxes,
    ),
    "delete a folder": Deed(
        ("DELETE",),
        lambda client, _: client.delete_folder(_folder(client, "Empty")),
        lambda at: set(at.server.boxes) == {b"INBOX", b"Archive", b"Trash", b"Projects"},
    ),
}

GOES_WITHOUT = {("delete for ever, marked already", "bad")}
"""UID EXPUNGE that is not known at all: it stays marked, and is shown no more, as where UIDPLUS is not offered."""


@pytest.mark.parametrize(
    ("name", "refusal"), [(name, how) for name in DEEDS for how in REFUSALS if (name, how) not in GOES_WITHOUT]
)
def test_refused(odd: Callable[[str], Place], name: str, refusal: str) -> None:
    """Failed and said; store and folders as the server has them; no loop; and `retry` carries it out."""
    deed = DEEDS[name]
    at = odd(deed.capabilities)
    server = at.server
    server.deliver(*(message(number) for number in range(1, 5)))
    server.deliver(message(8), folder="Trash")
    server.make("Projects").add(message(9))
    server.make("Empty")
    with at.client() as client:
        agree(client, server)
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "live")
        shown, folders, boxes = stored(client), {folder.name for folder in client.folders()}, set(server.boxes)
        server.refuses |= dict.fromkeys(deed.commands, REFUSALS[refusal])
        change = deed.act(client, ids(client)).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.FAILED, "it failed")
        wait_for(lambda: client.statuses()[0].failed == 1, "the status says so")
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "and the line is as it was")
        [told] = [one for one in client.changes() if one.batch == change.batch]
        assert told.error
        assert [event for event in at.events if isinstance(event, ChangeFailed)]
        if deed.holds:
            wait_for(lambda: stored(client) == shown, "taken back")
            assert set(server.boxes) == boxes
            wait_for(lambda: {folder.name for folder in client.folders()} == folders, "the same folders")
            assert stored(client) == there(server)
        for command in deed.commands:
            assert len(server.sent(command.encode())) <= 3
        server.refuses.clear()
        client.retry()
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "it is done after all")
        agree(client, server)
        assert deed.done(at)
        assert client.statuses()[0].failed == 0


@pytest.mark.parametrize("name", ["move", "move, without MOVE", "copy", "upload"])
def test_the_folder_to_put_it_into_was_deleted_a_moment_ago(odd: Callable[[str], Place], name: str) -> None:
    """NO [TRYCREATE]: it is made again, and nothing fails."""
    come = {"move": ["Number 1", "Number 2"], "move, without MOVE": ["Number 1"], "copy": ["Number 1"]}
    come["upload"] = ["Number 5"]
    deed = DEEDS[name]
    at = odd(deed.capabilities)
    server, target = at.server, b"Archive" if name == "move, without MOVE" else b"Projects"
    server.deliver(*(message(number) for number in range(1, 5)))
    server.make("Projects").add(message(9))
    with at.client() as client:
        agree(client, server)
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "live")
        known = ids(client)
        with server.lock:
            del server.boxes[target]
        change = deed.act(client, known).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "it is done")
        agree(client, server)
        assert server.subjects(target.decode()) == come[name]
        assert not [event for event in at.events if isinstance(event, ChangeFailed)]
