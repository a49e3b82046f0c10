"""A person's client on an odd server, and what it means that the two agree."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.odd import Odd
from tests.sync.conftest import PATIENCE, wait_for
from tui_mail.client import MailClient
from tui_mail.model import Event, Flag
from tui_mail.paths import paths

ASK_SECONDS = 0.1


class Place:
    """One odd server and one home."""

    def __init__(self, server: Odd, home: Path) -> None:
        self.server = server
        self.home = home
        self.events: list[Event] = []

    @contextmanager
    def client(self, **more: str) -> Iterator[MailClient]:
        """The client, running; its store stays for the next one."""
        client = MailClient(paths(self.home), [self.server.account(**more)], secret=lambda _: "secret")
        client.subscribe(self.events.append)
        client.start()
        try:
            yield client
        finally:
            client.stop()


def soon(client: MailClient, holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until `holds()`, looking at the server, and calling it again, now and then."""
    asked, pause = 0.0, ASK_SECONDS

    def look() -> bool:
        nonlocal asked, pause
        if holds():
            return True
        if time.monotonic() - asked > pause:
            asked, pause = time.monotonic(), min(3.0, 1.5 * pause)  # or a slow computer does nothing but answer
            client.sync_now()
            client.retry()
        return False

    wait_for(look, what, seconds)


def ids(client: MailClient) -> dict[str, int]:
    """Message ids by subject, of everything that is shown."""
    found = dict[str, int]()
    for folder in client.folders():
        for row in client.first_rows(folder.id, 10_000):
            assert row.subject not in found, "doubled"
            found[row.subject] = row.id
    return found


def stored(client: MailClient, *, bodies: bool = True) -> set[tuple[object, ...]]:
    """Folder, UID, body and flags of everything that is shown."""
    return {
        (folder.name, row.uid, client.raw(row.id) if bodies else row.subject, row.flags & (Flag.SEEN | Flag.FLAGGED))
        for folder in client.folders()
        for row in client.first_rows(folder.id, 10_000)
    }


def there(server: Odd, *, bodies: bool = True) -> set[tuple[object, ...]]:
    """The same of everything that the server has, but for what is marked deleted."""
    names = {b"\\Seen": Flag.SEEN, b"\\Flagged": Flag.FLAGGED}
    found = set[tuple[object, ...]]()
    with server.lock:
        for box in server.boxes.values():
            for mail in box.mails:
                if b"\\Deleted" not in mail.flags:
                    flags = sum((flag for name, flag in names.items() if name in mail.flags), Flag.NONE)
                    match = re.search(rb"(?m)^Subject: ([^\r]*)", mail.raw)
                    what = mail.raw if bodies else match[1].decode() if match else ""
                    found.add((box.name.decode("latin-1"), mail.uid, what, flags))
    return found


def agree(client: MailClient, server: Odd, *, bodies: bool = True) -> None:
    """Wait until what is shown is what the server has, each message once, with its own body."""
    try:
        soon(client, lambda: stored(client, bodies=bodies) == there(server, bodies=bodies), "the two agree")
    except BaseException:
        ours, theirs = stored(client, bodies=bodies), there(server, bodies=bodies)
        print(
            "only here: ", *sorted(map(repr, ours - theirs)), "only there:", *sorted(map(repr, theirs - ours)), sep="\n"
        )
        raise
    rows = [row for folder in client.folders() for row in client.first_rows(folder.id, 10_000)]
    assert len(rows) == len(there(server))
