"""Backups: of one moment whatever is written meanwhile, proved, all or nothing, and quiet when they come back."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.store.conftest import Shelf
from tests.store.test_outbox import JUN, OLA, TAKEN, claimed, queued, state
from tui_mail.errors import StoreDamaged, UsageError
from tui_mail.model import ChangeKind, Flag
from tui_mail.outgoing import SendState
from tui_mail.paths import paths
from tui_mail.store import backup, blobs, bodies, delivery, due, journal, local, making, messages, outbox
from tui_mail.store.backup import Backup
from tui_mail.store.database import Database
from tui_mail.store.journal import Effect

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from tui_mail.paths import paths
from tui_mail.store import backup, staging
from tui_mail.store.database import Database

left = int(sys.argv[1])

def deadly(function):
    def call(*words, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*words, **named)
    return call

backup.write = deadly(backup.write)
backup._hashed = deadly(backup._hashed)
backup._checked = deadly(backup._checked)
backup.quieted = deadly(backup.quieted)
staging.sync = deadly(staging.sync)
Path.rename = deadly(Path.rename)
told = deadly(lambda done, total: None)
home, target = Path(sys.argv[3]), Path(sys.argv[4])
if sys.argv[2] == "take":
    db = Database(paths(home))
    backup.take(db, target, {"config.toml": b"# mine"}, told)
    db.close()
else:
    backup.restore(target, paths(home).data, (), told)
"""


def put(shelf: Shelf, number: int) -> int:
    """A message that is here whole."""
    raw = b"Subject: %d\r\nMessage-ID: <m%d@x>\r\n\r\n%s\r\n" % (number, number, b"text " * 200)
    id_ = making.make(shelf.db, "work", raw, Flag.NONE, 1_700_000_000 + number)
    shelf.db.run(lambda txn: local.place(txn, shelf.inbox, [id_]))
    return id_


def taken(shelf: Shelf, target: Path) -> Backup:
    return backup.take(shelf.db, target, {"config.toml": b"# mine"}, lambda *_: None)


def restored(target: Path, home: Path, *local_accounts: str) -> Backup:
    return backup.restore(target, paths(home).data, local_accounts, lambda *_: None)


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if "unfinished" in file.name]


def test_there_and_back(shelf: Shelf, tmp_path: Path) -> None:
    """Every message is in it and comes back, and files and folders are nobody else's to read."""
    ids = [put(shelf, number) for number in range(30)]
    blob = blobs.save(shelf.db, b"attached")
    made = taken(shelf, tmp_path / "copy")
    assert (made.whole, made.damaged) == (30, ())
    assert sorted(file.name for file in (tmp_path / "copy").iterdir()) == [
        *("backup.json", "bodies.db", "config.toml", "mail.db")
    ]
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "copy").iterdir()} == {0o600}
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    assert restored(tmp_path / "copy", tmp_path / "other").whole == 30
    again = Database(paths(tmp_path / "other"))
    try:
        assert [bodies.load(again.read_bodies(), id_) for id_ in ids] == [
            bodies.load(shelf.db.read_bodies(), id_) for id_ in ids
        ]
        assert blobs.load(again.read_bodies(), blob) == b"attached"
        assert messages.of_account(again.read(), shelf.account) == ids
    finally:
        again.close()
    assert leftovers(tmp_path) == []


def test_of_one_moment_while_mail_comes_and_goes(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row lacks its octets, whatever is committed while the files are copied."""
    look = backup.meta

    def slow(sql: sqlite3.Connection, key: str) -> str | None:
        found = look(sql, key)
        threading.Event().wait(0.03)  # time enough between the two files for many writes
        return found

    monkeypatch.setattr(backup, "meta", slow)
    ids = [put(shelf, number) for number in range(40)]
    over, committed = threading.Event(), 0

    def busy() -> None:
        nonlocal committed
        number = 100
        while not over.is_set():
            ids.append(put(shelf, number))
            oldest, number = ids.pop(0), number + 1

            def forget(txn: object, id_: int = oldest) -> None:
                shelf.db._writer_sql.execute("DELETE FROM message WHERE id = ?", (id_,))
                bodies.delete(shelf.db, [id_])

            shelf.db.run(forget)
            committed += 1

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for attempt in range(100):
            if attempt >= 6 and committed >= 6:
                break
            made = taken(shelf, tmp_path / f"copy{attempt}")
            assert (made.damaged, made.whole in (40, 41)) == ((), True)
    finally:
        over.set()
        thread.join()
    assert committed >= 6


@pytest.mark.parametrize("there", ["file", "folder"])
def test_nothing_is_written_over(there: str, shelf: Shelf, tmp_path: Path) -> None:
    """What is at that place stays, whatever it is; an empty folder is a place."""
    put(shelf, 1)
    target = tmp_path / "copy"
    if there == "folder":
        target.mkdir()
    file = target / "mine" if there == "folder" else target
    file.write_text("mine")
    with pytest.raises(UsageError, match="left as it is"):
        taken(shelf, target)
    assert file.read_text() == "mine"
    assert leftovers(tmp_path) == []
    file.unlink()
    assert taken(shelf, target).whole == 1
    with pytest.raises(UsageError, match="not empty"):
        taken(shelf, target)
    with pytest.raises(UsageError, match="it stays"):
        restored(target, tmp_path)


@pytest.mark.parametrize("what", ["take", "restore"])
def test_killed_anywhere(what: str, shelf: Shelf, tmp_path: Path) -> None:
    """There is all of it under its name, or nothing; and the next try needs nobody to clear up."""
    ids = [put(shelf, number) for number in range(5)]
    whole = tmp_path / "whole"
    taken(shelf, whole)
    home = tmp_path if what == "take" else tmp_path / "other"
    appears = tmp_path / "copy" if what == "take" else paths(home).data
    target = tmp_path / "copy" if what == "take" else whole
    deaths, code, nth = 0, -signal.SIGKILL, 0
    while code == -signal.SIGKILL:
        nth += 1
        words = [sys.executable, "-c", KILLED_AT, str(nth), what, str(home), str(target)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        code = done.returncode
        deaths += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL), done.stderr
        if code and appears.exists() and any(appears.iterdir()):  # killed after the name was given: it is whole
            assert len(list(appears.glob("*.db"))) == 2
            if what == "take":
                assert restored(appears, tmp_path / f"check{nth}").whole == 5
            shutil.rmtree(appears)
    assert deaths >= 8
    assert leftovers(appears.parent) == []
    if what == "restore":
        again = Database(paths(home))
        assert all(bodies.load(again.read_bodies(), id_) for id_ in ids)
        again.close()


def test_a_copy_that_is_not_what_it_was(shelf: Shelf, tmp_path: Path) -> None:
    """One octet in any file of it, or a file that is gone: nothing is restored, and the sentence names the file."""
    put(shelf, 1)
    taken(shelf, tmp_path / "copy")
    for name in ("mail.db", "bodies.db"):
        file = tmp_path / "copy" / name
        octets = bytearray(file.read_bytes())
        octets[-1] ^= 1
        file.write_bytes(octets)
        with pytest.raises(StoreDamaged, match=name):
            restored(tmp_path / "copy", tmp_path / "other")
        octets[-1] ^= 1
        file.write_bytes(octets)
    (tmp_path / "copy" / "config.toml").write_text("# another's")
    with pytest.raises(StoreDamaged, match=r"config\.toml"):
        restored(tmp_path / "copy", tmp_path / "other")
    (tmp_path / "copy" / "config.toml").write_text("# mine")
    assert not (tmp_path / "other" / "data").exists()
    for contents in ("", "[]", "{}", json.dumps({"format": 1, "files": {"../x": {}}, "made": ""})):
        (tmp_path / "copy" / "backup.json").write_text(contents)
        with pytest.raises(UsageError, match="no backup"):
            restored(tmp_path / "copy", tmp_path / "other")


def test_what_is_damaged_here_already(shelf: Shelf, tmp_path: Path) -> None:
    """The rest is still worth a backup, which says what it lacks."""
    first, second = put(shelf, 1), put(shelf, 2)
    with sqlite3.connect(shelf.db.bodies_path) as sql:
        sql.execute("UPDATE body SET raw = x'00' WHERE message_id = ?", (first,))
    sql.close()
    made = taken(shelf, tmp_path / "copy")
    assert (made.whole, made.damaged) == (1, (first,))
    assert restored(tmp_path / "copy", tmp_path / "other").damaged == (first,)
    assert second != first


def test_a_disk_that_does_not_keep_what_it_is_given(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is read again, octet for octet: it is not called a backup, and nothing is left of it."""
    put(shelf, 1)
    copy = backup._copy

    def failing(source: sqlite3.Connection, file: Path, progress: backup.Progress) -> None:
        copy(source, file, progress)
        if file.name == "bodies.db":
            with sqlite3.connect(file) as sql:
                sql.execute("UPDATE body SET raw = x'00'")
            sql.close()

    monkeypatch.setattr(backup, "_copy", failing)
    with pytest.raises(StoreDamaged, match="not what is stored here"):
        taken(shelf, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("kept_here", [False, True])
def test_nothing_is_done_twice(kept_here: bool, shelf: Shelf, tmp_path: Path) -> None:
    """What waited for a server may have been done since: a person is asked. What no server has goes on."""
    id_ = put(shelf, 1)
    shelf.db.run(lambda txn: journal.record(txn, Effect(ChangeKind.MOVE, target=shelf.archive), [id_], "archived"))
    waiting, number = due.next_due(shelf.db.read(), shelf.account, 1e10), queued(shelf)
    assert waiting is not None
    sent = queued(shelf)
    claimed(shelf, sent)
    shelf.db.run(lambda txn: delivery.settled(txn, sent, {OLA: TAKEN, JUN: TAKEN}, "250 ok"))
    taken(shelf, tmp_path / "copy")
    restored(tmp_path / "copy", tmp_path / "other", *(["work"] if kept_here else []))
    again = Database(paths(tmp_path / "other"))
    try:
        found = due.next_due(again.read(), shelf.account, 1e10)
        assert (found == waiting) if kept_here else (found is None)
        assert [copy.id for copy in delivery.copies_wanted(again.read(), shelf.account)] == (
            [sent] if kept_here else []
        )
        entry = outbox.entry(again.read(), number)
        assert entry is not None
        assert entry.state is SendState.UNKNOWN
        assert "may have been sent since" in entry.error
        if not kept_here:
            assert due.open_counts(again.read(), shelf.account) == (0, 1)
            assert again.run(lambda txn: due.retry_failed(txn)) == 1
        again.run(lambda txn: outbox.send_again(txn, number))
        entry = outbox.entry(again.read(), number)
        assert entry is not None
        assert entry.state is SendState.QUEUED
        assert {one.state.value for one in entry.recipients} == {"waiting"}
    finally:
        again.close()
    assert state(shelf, number) is SendState.QUEUED
