"""Which message is which, when the server does not say; and changes that wait without holding up others."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.conftest import Shelf, arrival
from tests.store.test_journal import SEEN, do, fill
from tui_mail.errors import StoreError
from tui_mail.model import ChangeKind, Flag
from tui_mail.paths import paths
from tui_mail.store import due, folders, history, journal, messages, rows, undoing
from tui_mail.store.database import Database
from tui_mail.store.journal import Effect
from tui_mail.store.stages import Stage


def test_message_without_message_id_is_found_again(shelf: Shelf) -> None:
    """Two that differ only in their dates keep their ids over a new UIDVALIDITY."""
    listed = [arrival(uid, msgid="") for uid in (1, 2)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, listed))
    before = [(row.id, row.date) for row in rows.first_rows(shelf.db.read(), shelf.inbox, 10)]
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.inbox))
    again = [replace(listed[1], uid=11), replace(listed[0], uid=12)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, again))
    assert [(row.id, row.date) for row in rows.first_rows(shelf.db.read(), shelf.inbox, 10)] == before


def test_copy_that_was_seen_first_is_the_moved_message(shelf: Shelf) -> None:
    """The row that a sync made of the copy gives way to the message; what was done to that row stays."""
    [id_] = fill(shelf, 1)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), [id_])
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    there = [arrival(500, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, there))
    [twin] = set(rows.ids_of(shelf.db.read(), shelf.archive)) - {id_}
    do(shelf, SEEN, [twin])
    [item] = due.due_items(shelf.db.read(), change.id)
    shelf.db.run(lambda txn: due.moved(txn, shelf.archive, [(item, None)]))
    shelf.db.run(lambda txn: messages.settle(txn, shelf.archive))
    [row] = rows.first_rows(shelf.db.read(), shelf.archive, 10)
    assert (row.id, row.uid, row.flags) == (id_, 500, Flag.SEEN)
    assert shelf.all_counts_true()


def test_copy_is_no_proof_that_the_original_is_gone(shelf: Shelf) -> None:
    """While the server still has the original, its place is not forgotten: else it would never be deleted there."""
    [id_] = fill(shelf, 1)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), [id_])
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    there = [arrival(500, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, there))
    [item] = due.due_items(shelf.db.read(), change.id)
    assert (item.folder_id, item.uid) == (shelf.inbox, 1)


def test_change_taken_back_at_the_last_moment_is_not_sent(shelf: Shelf) -> None:
    """Undo between the worker's look and its first step."""
    ids = fill(shelf)
    do(shelf, SEEN, ids)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(undoing.undo)
    assert shelf.db.run(lambda txn: due.begin(txn, change.id)) is False
    assert due.next_due(shelf.db.read(), shelf.account, 9e9) is None


def test_change_that_waits_holds_up_only_its_own_messages(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, SEEN, ids[:1])
    do(shelf, Effect(ChangeKind.FLAGS, add=Flag.FLAGGED), ids[:2])
    do(shelf, Effect(ChangeKind.MOVE, shelf.trash), ids[2:])
    first = due.next_due(shelf.db.read(), shelf.account, 100)
    assert first is not None
    shelf.db.run(lambda txn: due.postpone(txn, first.id, 9_000_000_000))
    second = due.next_due(shelf.db.read(), shelf.account, 100)
    assert second is not None
    assert second.effect.kind is ChangeKind.MOVE
    shelf.db.run(lambda txn: due.postpone(txn, second.id, 8_000_000_000))
    assert due.next_due(shelf.db.read(), shelf.account, 100) is None
    assert due.next_due_time(shelf.db.read(), shelf.account) == 8_000_000_000
    shelf.db.run(due.retry_failed)
    again = due.next_due(shelf.db.read(), shelf.account, 100)
    assert again is not None
    assert again.id == first.id


def test_change_of_a_lost_message_waits_until_it_was_looked_for(shelf: Shelf) -> None:
    """Then it is let go, and the rest of the change is due."""
    ids = fill(shelf)
    do(shelf, SEEN, ids)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert len(due.due_items(shelf.db.read(), change.id)) == 3
    assert shelf.db.run(lambda txn: due.give_up(txn, shelf.account, 1000)) == 0
    assert shelf.db.run(lambda txn: due.give_up(txn, shelf.account, 9_000_000_000)) == 1
    assert [item.message_id for item in due.due_items(shelf.db.read(), change.id)] == ids[1:]


def test_a_change_of_what_was_gone_says_so(shelf: Shelf) -> None:
    """All that it was about had been deleted elsewhere: done it is, and it is told why the server has nothing of it."""
    ids = fill(shelf)
    do(shelf, SEEN, ids[:1])
    do(shelf, SEEN, ids[1:])
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1, 2]))
    shelf.db.run(lambda txn: due.give_up(txn, shelf.account, 9_000_000_000))
    while (change := due.next_due(shelf.db.read(), shelf.account, 9e9)) is not None:
        shelf.db.run(lambda txn, id_=change.id: due.finish(txn, id_))  # type: ignore[misc]
    told = history.changes(shelf.db.read())
    assert [(one.count, one.state, one.error) for one in told] == [(2, "done", ""), (1, "done", due.GONE_BEFORE)]


def test_two_messages_never_get_one_uid(shelf: Shelf) -> None:
    """A server whose COPYUID names one UID twice costs a look at the folder and nothing else."""
    ids = fill(shelf, 2)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    items = {item.message_id: item for item in due.due_items(shelf.db.read(), change.id)}
    shelf.db.run(lambda txn: due.moved(txn, shelf.archive, [(items[ids[0]], 7), (items[ids[1]], 7)]))
    assert sorted(rows.ids_of(shelf.db.read(), shelf.archive)) == ids
    assert messages.is_expecting(shelf.db.read(), shelf.archive)


def test_giving_up_waiting_takes_nothing_back(shelf: Shelf) -> None:
    """A screen that is closed while an action is being written does not stop it, nor the writer."""
    ids, held = fill(shelf), threading.Event()
    first = shelf.db.write(lambda _: held.wait(10))
    action = shelf.db.write(lambda txn: journal.record(txn, SEEN, ids, "did"), urgent=True)
    assert not action.cancel()
    held.set()
    first.result()
    assert action.result() is not None
    assert shelf.counts(shelf.inbox) == (3, 0)


def test_reader_speaks_of_the_store_and_not_of_sqlite(shelf: Shelf) -> None:
    with pytest.raises(StoreError):
        shelf.db.read().execute("SELECT nonsense FROM nowhere")


def test_many_open_a_new_store_at_once(tmp_path: Path) -> None:
    """Two programs started together for the first time."""
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda _: Database(paths(tmp_path)), range(6)))
    assert len({db.run(lambda txn: folders.account_id(txn, "work")) for db in opened}) == 1
    for db in opened:
        db.close()
    assert [name for name in os.listdir(paths(tmp_path).data) if name.startswith("bodies")] == ["bodies.db"]


def test_two_that_are_alike_are_moved_by_two_clients(shelf: Shelf) -> None:
    """Ours was moved and the answer lost; what turns up elsewhere is the other one, and nothing of it is half moved."""
    third = shelf.db.run(lambda txn: folders.add_unmade(txn, shelf.account, "Third"))
    fourth = shelf.db.run(lambda txn: folders.add_unmade(txn, shelf.account, "Fourth"))
    alike = arrival(1, msgid="m1@example.org")
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [alike]))
    [ours] = rows.ids_of(shelf.db.read(), shelf.inbox)
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, third, [alike]))
    [theirs] = rows.ids_of(shelf.db.read(), third)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), [ours])
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    shelf.db.run(
        lambda txn: due.set_stage(txn, due.due_items(txn.sql, change.id), Stage.TODO, probe=500)  # the UID MOVE is sent
    )
    shelf.db.run(lambda txn: messages.lose(txn, third, [1]))
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    [item] = due.due_items(shelf.db.read(), change.id)
    assert item.probe == 0
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, fourth, [replace(alike, uid=7)]))
    assert list(rows.ids_of(shelf.db.read(), fourth)) == [theirs]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, [replace(alike, uid=500)]))
    [item] = due.due_items(shelf.db.read(), change.id)
    assert (item.folder_id, item.uid) == (shelf.archive, 500)
