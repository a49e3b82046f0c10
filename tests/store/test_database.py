"""Files, migrations, the writer thread, and what happens when the disk does not do what it should."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from tests.store.conftest import Shelf, arrival
from tui_mail.errors import StoreDamaged, StoreError, StoreFull, StoreReadOnly
from tui_mail.model import Role
from tui_mail.paths import Paths, paths
from tui_mail.store import bodies, folders, messages, rows
from tui_mail.store.database import Database
from tui_mail.store.files import SCHEMA_VERSION
from tui_mail.store.folders import KnownFolder

PREVIOUS = sorted(Path(__file__).parent.glob("mail-v*.db"))


def test_files_are_private(shelf: Shelf) -> None:
    """Nobody but the owner reads mail, whatever the umask."""
    for file in shelf.db.mail_path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


@pytest.mark.parametrize("previous", PREVIOUS, ids=lambda file: file.stem)
def test_previous_versions_file_opens_with_its_mail(previous: Path, tmp_path: Path) -> None:
    """A file written by an earlier release shows the same rows after the migration."""
    where = paths(tmp_path)
    where.prepare()
    shutil.copy(previous, where.data / "mail.db")
    db = Database(where)
    try:
        assert db.read().execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        inbox = folders.all_folders(db.read())[0]
        found = rows.first_rows(db.read(), inbox.id, 10)
        assert [row.subject for row in found] == ["Number 3", "Number 2", "Number 1"]
        assert (inbox.total, inbox.unread) == (3, 2)
    finally:
        db.close()


def test_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A store of a later release is never written by an earlier one."""
    where = paths(tmp_path)
    Database(where).close()
    with sqlite3.connect(where.data / "mail.db") as sql:
        sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="newer tui-mail"):
        Database(where)


def test_garbage_instead_of_a_database(tmp_path: Path) -> None:
    """A damaged file gives one sentence that says mail is safe, and is not touched."""
    where = paths(tmp_path)
    where.prepare()
    file = where.data / "mail.db"
    file.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreDamaged, match="safe"):
        Database(where)
    assert file.read_bytes().startswith(b"not a database")


def read_everything(where: Paths) -> None:
    """Open a store and go through all of its messages."""
    db = Database(where)
    try:
        db.run(lambda txn: txn.sql.execute("SELECT COUNT(subject), MAX(message_id) FROM message").fetchall())
    finally:
        db.close()


def test_damage_inside_is_reported_by_the_reader(shelf: Shelf) -> None:
    """Pages overwritten in the middle of the file surface as StoreDamaged, not as sqlite3.DatabaseError."""
    many = [arrival(uid) for uid in range(1, 3000)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, many))
    where = paths(shelf.db.mail_path.parent.parent)
    shelf.db.close()
    with shelf.db.mail_path.open("r+b") as file:
        file.seek(8192 * 8)
        file.write(os.urandom(8192 * 20))
    with pytest.raises(StoreDamaged):
        read_everything(where)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere; the full disk test covers root")
def test_read_only_home(tmp_path: Path) -> None:
    """A folder that cannot be written gives one sentence."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreReadOnly):
        Database(paths(tmp_path))


def test_home_that_is_a_file(tmp_path: Path) -> None:
    """--home naming a file gives one sentence."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreReadOnly, match="no mail was touched"):
        Database(paths(tmp_path / "file"))


def test_full_disk_fails_the_write_and_keeps_what_was_there(shelf: Shelf) -> None:
    """SQLITE_FULL becomes StoreFull for the write that met it; earlier rows stay, later writes work again."""
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(1)]))

    def limit(pages: int) -> None:
        shelf.db.run(lambda txn: txn.sql.execute(f"PRAGMA max_page_count = {pages}"))

    limit(1)
    many = [arrival(uid) for uid in range(2, 5000)]
    with pytest.raises(StoreFull, match="full"):
        shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, many))
    assert shelf.counts(shelf.inbox) == (1, 1)
    limit(1_000_000)
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, many))
    assert shelf.counts(shelf.inbox) == (4999, 4999)


def test_a_listener_that_fails_does_not_end_the_writing(tmp_path: Path) -> None:
    """What is committed is committed, and the next write is carried out."""
    told = list[set[int]]()

    def listen(changed: set[int], _: set[int]) -> None:
        told.append(changed)
        raise AttributeError("not there yet")

    db = Database(paths(tmp_path), listen)
    try:
        account = db.run(lambda txn: folders.account_id(txn, "work"))
        for name in ("INBOX", "Archive"):
            known = KnownFolder(name, "/", Role.NONE, selectable=True)
            db.write(lambda txn, known=known: folders.add(txn, account, known)).result(30)  # type: ignore[misc]
    finally:
        db.close()
    assert len(told) == 2


def test_one_failing_write_leaves_its_neighbours_whole(shelf: Shelf) -> None:
    """Writes that share a commit do not share their failures."""
    started, go = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        started.set()
        go.wait(5)

    first = shelf.db.write(hold)
    started.wait(5)
    good = shelf.db.write(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(1)]))
    bad = shelf.db.write(lambda txn: txn.sql.execute("INSERT INTO nowhere VALUES (1)"))
    also_good = shelf.db.write(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [arrival(2)]))
    go.set()
    first.result(5)
    assert (good.result(5), also_good.result(5)) == (1, 1)
    with pytest.raises(StoreError):
        bad.result(5)
    assert shelf.counts(shelf.inbox) == (2, 2)


def test_bodies_of_another_mail_db_are_set_aside(tmp_path: Path) -> None:
    """Ids start again in a new mail.db; a body must never be shown under another message's id."""
    where = paths(tmp_path)
    db = Database(where)
    bodies.save(db, [bodies.pack(1, b"Subject: secret of message one\r\n\r\n")])
    assert bodies.load(db.read_bodies(), 1) is not None
    db.close()
    for file in where.data.glob("mail.db*"):
        file.unlink()
    db = Database(where)
    try:
        assert bodies.load(db.read_bodies(), 1) is None
        assert list(where.data.glob("bodies.*.db")), "the old file is kept"
    finally:
        db.close()


def test_body_that_changed_on_disk_is_not_shown(shelf: Shelf) -> None:
    """A body whose hash does not fit is as good as absent."""
    bodies.save(shelf.db, [bodies.pack(7, b"short")])
    shelf.db.run(lambda _: shelf.db.bodies_sql.execute("UPDATE body SET raw = x'6f74686572' WHERE message_id = 7"))
    assert bodies.load(shelf.db.read_bodies(), 7) is None
