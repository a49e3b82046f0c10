"""A store of its own for every test, and messages to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_mail.model import Address, Flag, HeaderFields, Role
from tui_mail.paths import paths
from tui_mail.store import folders
from tui_mail.store.database import Database
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText


class Shelf:
    """A database with one account and the folders that everybody has."""

    def __init__(self, home: Path) -> None:
        self.db = Database(paths(home))
        self.account = self.db.run(lambda txn: folders.account_id(txn, "work"))
        self.inbox = self.add("INBOX", Role.INBOX)
        self.archive = self.add("Archive", Role.ARCHIVE)
        self.trash = self.add("Trash", Role.TRASH)

    def add(self, name: str, role: Role = Role.NONE) -> int:
        return self.db.run(lambda txn: folders.add(txn, self.account, KnownFolder(name, "/", role, selectable=True)))

    def counts(self, folder_id: int) -> tuple[int, int]:
        folder = folders.one_folder(self.db.read(), folder_id)
        assert folder is not None
        return folder.total, folder.unread

    def true_counts(self, folder_id: int) -> tuple[int, int]:
        """What the counters ought to say."""
        total, unread = (
            self.db.read()
            .execute(
                "SELECT COUNT(*), COALESCE(SUM(view_flags & 1 = 0), 0) FROM message WHERE view_folder = ?", (folder_id,)
            )
            .fetchone()
        )
        return total, unread

    def all_counts_true(self) -> bool:
        return all(self.counts(f) == self.true_counts(f) for f in (self.inbox, self.archive, self.trash))


def arrival(uid: int, *, msgid: str | None = None, flags: Flag = Flag.NONE, size: int = 100, date: int = 0) -> Arrival:
    """A message as a server lists it."""
    when = date or 1_700_000_000 + uid
    fields = HeaderFields(
        date=when,
        from_=(Address(SafeText("Anna"), SafeText("anna@example.org")),),
        to=(),
        cc=(),
        subject=SafeText(f"Number {uid}"),
        message_id=f"m{uid}@example.org" if msgid is None else msgid,
        references=(),
        list_id=SafeText(""),
        has_attachments=False,
    )
    return Arrival(uid, flags, (), when, size, fields)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.db.close()
