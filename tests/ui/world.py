"""A real store with real messages in it and a real MailClient, without a server."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from textual._context import visible_screen_stack
from textual.pilot import Pilot

from tui_mail.client import MailClient
from tui_mail.mime.headers import parse_headers
from tui_mail.model import Account, ChangeKind, Flag, Folder, Protocol, Role, Security, Server
from tui_mail.paths import paths
from tui_mail.store import bodies, due, folders, journal, messages, muting
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival
from tui_mail.ui.app import TuiMailApp

NOWHERE = Server("127.0.0.1", 9, Security.NONE, "anna", password_command=("echo", "secret"))
ROLES = {
    "INBOX": Role.INBOX, "Drafts": Role.DRAFTS, "Sent": Role.SENT, "Archive": Role.ARCHIVE, "Junk": Role.JUNK,
    "Trash": Role.TRASH, "Projects": Role.NONE, "Projects/Garden": Role.NONE, "Travel": Role.NONE,
}  # fmt: skip


def account(name: str = "work") -> Account:
    """An account whose server is not there."""
    return Account(name, "Anna Berg", "anna@example.org", Protocol.IMAP, NOWHERE)


@dataclass(frozen=True)
class Letter:
    """A message to be put into the store."""

    subject: str = "Hello"
    sender: str = "Kirsten Dahl <kirsten@dahl.example>"
    body: str = "Hi Anna,\n\nI left the keys with the neighbour.\n\nKirsten\n"
    age: float = 3600.0
    """Seconds before now."""
    flags: Flag = Flag.NONE
    to: str = "Anna Berg <anna@example.org>"
    content_type: str = "text/plain; charset=utf-8"
    here: bool = True
    """Its body is in the store."""

    def raw(self, number: int) -> bytes:
        """As it would come from a server."""
        date = format_datetime(datetime.fromtimestamp(int(time.time() - self.age), UTC))
        head = (
            f"From: {self.sender}\nTo: {self.to}\nSubject: {self.subject}\nDate: {date}\n"
            f"Message-ID: <{number}@test.example>\nMIME-Version: 1.0\nContent-Type: {self.content_type}\n\n"
        )
        return (head + self.body).replace("\n", "\r\n").encode("utf-8", "surrogateescape")


class World:
    """A store below one directory."""

    def __init__(self, home: Path, accounts: Sequence[Account] = ()) -> None:
        self.accounts = tuple(accounts or (account(),))
        self.client = MailClient(paths(home), self.accounts)
        self.db: Database = self.client._db
        self._uid = 0
        for one in self.accounts:
            self.db.run(partial(_make_folders, one.name))

    def folder(self, name: str = "INBOX", account_name: str = "") -> Folder:
        """A folder by its name on the server."""
        wanted = account_name or self.accounts[0].name
        return next(one for one in self.client.folders() if (one.account, one.name) == (wanted, name))

    def put(self, letters: Iterable[Letter], folder: str = "INBOX", account_name: str = "") -> list[int]:
        """Store messages as if they had been synced; gives their ids, in the order of `letters`."""
        arrivals, raws = [], []
        for letter in letters:
            self._uid += 1
            raw = letter.raw(self._uid)
            fields = parse_headers(raw)
            date = int(time.time() - letter.age)
            arrivals.append(Arrival(self._uid, letter.flags, (), date, len(raw), fields))
            raws.append((self._uid, raw, letter.here))
        home = self.folder(folder, account_name)

        def job(txn: Transaction) -> dict[int, int]:
            owner = folders.account_id(txn, home.account)
            last = muting.newest(txn)
            messages.insert(txn, owner, home.id, arrivals)
            muting.hush_after(txn, last)
            folders.set_progress(txn, home.id, synced_min_uid=1, uidvalidity=1, on_server=home.total + len(arrivals))
            return dict(txn.sql.execute("SELECT uid, id FROM message WHERE folder_id = ?", (home.id,)).fetchall())

        ids = self.db.run(job)
        bodies.save(self.db, [bodies.pack(ids[uid], raw) for uid, raw, here in raws if here])
        return [ids[uid] for uid, _, _ in raws]

    def take_away(self, *ids: int, folder: str = "INBOX") -> None:
        """Another client deletes these."""
        uids = [self.db.read().execute("SELECT uid FROM message WHERE id = ?", (one,)).fetchone()[0] for one in ids]
        self.db.run(lambda txn: messages.lose(txn, self.folder(folder).id, uids))

    def carry_out(self, batch: int) -> None:
        """The server does all of an action, and says so."""

        def job(txn: Transaction) -> None:
            for change in journal.of_batch(txn.sql, batch):
                due.begin(txn, change.id)
                items = due.due_items(txn.sql, change.id)
                match change.effect.kind:
                    case ChangeKind.FLAGS:
                        due.flagged(txn, change.effect, items)
                    case ChangeKind.EXPUNGE:
                        due.expunged(txn, items)
                    case ChangeKind.MOVE:
                        places = []
                        for item in items:
                            self._uid += 1
                            places.append((item, self._uid))
                        due.moved(txn, change.effect.target or 0, places)
                due.finish(txn, change.id)

        self.db.run(job)

    def refuse(self, batch: int, sentence: str) -> None:
        """The server answers NO to an action."""

        def job(txn: Transaction) -> None:
            for change in journal.of_batch(txn.sql, batch):
                due.begin(txn, change.id)
                due.fail(txn, change.id, sentence)

        self.db.run(job)

    def app(self) -> TuiMailApp:
        """A screen for this store."""
        return TuiMailApp(self.client)


def _make_folders(name: str, txn: Transaction) -> None:
    owner = folders.account_id(txn, name)
    folders.replace_list(txn, owner, [KnownFolder(n, "/", role, True) for n, role in ROLES.items()])


@contextmanager
def world(home: Path, letters: Iterable[Letter] = (), accounts: Sequence[Account] = ()) -> Iterator[World]:
    """A store with `letters` in its inbox, closed at the end."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    made = World(home, accounts)
    try:
        made.put(letters)
        yield made
    finally:
        made.client.stop()


async def wait_for(pilot: Pilot[None], true: Callable[[], object], seconds: float = 40.0) -> None:
    """Let the program run until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        await pilot.pause()
        await asyncio.sleep(0.005)


def screen_text(app: TuiMailApp) -> str:
    """What a person would see, line by line."""
    width, height = app.size
    visible_screen_stack.set(app._background_screens)  # else a dialog not painted yet is kept with nothing behind it
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip()[:width] for strip in lines[:height])
