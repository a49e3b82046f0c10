"""Commits of this process and of others are told."""

from __future__ import annotations

import queue
from pathlib import Path

from tui_mail.model import Event, FolderListChanged
from tui_mail.paths import paths
from tui_mail.store import folders
from tui_mail.store.database import Database, Transaction
from tui_mail.sync.pulse import Pulse

PATIENCE = 30.0


def add_folder(txn: Transaction) -> None:
    """One that nobody has seen."""
    account = folders.account_id(txn, "work")
    txn.sql.execute("INSERT INTO folder (account_id, name) VALUES (?, 'News')", (account,))


def test_tells_of_a_commit_by_another_process_before_it_began(tmp_path: Path) -> None:
    """The screen reads its first rows before the thread runs: nothing that comes in between goes unseen."""
    db, other = Database(paths(tmp_path), lambda *_: None), Database(paths(tmp_path), lambda *_: None)
    told = queue.Queue[Event]()
    pulse = Pulse(db, told.put, lambda _: None)
    try:
        other.run(add_folder)
        pulse.start()
        assert told.get(timeout=PATIENCE) == FolderListChanged("work")
    finally:
        pulse.stop()
        pulse.join(PATIENCE)
        other.close()
        db.close()
