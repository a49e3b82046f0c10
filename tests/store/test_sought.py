"""Copies whose answer was lost and whose UID tells nothing any more, decided from what all folders hold."""

from __future__ import annotations

import time

from tests.store.conftest import Shelf, arrival
from tests.store.test_journal import fill
from tui_mail.client import actions
from tui_mail.store import due, journal, messages, rows
from tui_mail.store.due import DueItem
from tui_mail.store.stages import Stage

LATER = 9_000_000_000


def sent(shelf: Shelf, probe: int = 5) -> DueItem:
    """The only change was sent, and its answer was lost."""
    change = due.next_due(shelf.db.read(), shelf.account, LATER)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    [item] = due.due_items(shelf.db.read(), change.id)
    shelf.db.run(lambda txn: due.set_stage(txn, [item], Stage.SENT, probe=probe))
    return left(shelf, change.id)[0]


def left(shelf: Shelf, change: int) -> list[DueItem]:
    return due.due_items(shelf.db.read(), change)


def copied(shelf: Shelf) -> tuple[int, int]:
    """A message of the inbox is copied to the archive; (its id, that of the copy)."""
    ids = fill(shelf, 1)
    shelf.db.run(lambda txn: journal.record_copies(txn, shelf.account, shelf.archive, ids, "copied"))
    return ids[0], next(iter(rows.ids_of(shelf.db.read(), shelf.archive)))


def seen(shelf: Shelf, folder: int, uid: int = 70) -> None:
    """A sync lists a message there that is alike."""
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder, [arrival(uid, msgid="m1@example.org")]))


def test_a_copy_is_what_came_since(shelf: Shelf) -> None:
    """Somebody moved it on: the copy keeps its id and is there; nothing is left to be sent."""
    _, copy = copied(shelf)
    item = sent(shelf)
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.archive))
    assert left(shelf, item.change_id)[0].stage is Stage.SOUGHT
    seen(shelf, shelf.trash)
    shelf.db.run(lambda txn: due.give_up(txn, shelf.account, LATER))
    assert left(shelf, item.change_id) == []
    assert list(rows.ids_of(shelf.db.read(), shelf.trash)) == [copy]
    assert shelf.all_counts_true()


def test_what_made_nothing_is_sent_again_but_not_too_soon(shelf: Shelf) -> None:
    """Only when all folders have been compared since it was doubted."""
    original, copy = copied(shelf)
    item = sent(shelf)
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.archive))
    shelf.db.run(lambda txn: due.give_up(txn, shelf.account, int(time.time()) - 5))
    assert left(shelf, item.change_id)[0].stage is Stage.SOUGHT
    shelf.db.run(lambda txn: due.give_up(txn, shelf.account, LATER))
    [again] = left(shelf, item.change_id)
    assert (again.stage, again.probe) == (Stage.TODO, 0)
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == [copy]
    assert list(rows.ids_of(shelf.db.read(), shelf.inbox)) == [original]


def test_what_was_refused_meanwhile_is_sought_when_it_is_tried_again(shelf: Shelf) -> None:
    copied(shelf)
    item = sent(shelf)
    shelf.db.run(lambda txn: due.fail(txn, item.change_id, "no"))
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.archive))
    shelf.db.run(lambda txn: due.retry_failed(txn))
    assert left(shelf, item.change_id)[0].stage is Stage.SOUGHT


def test_our_copy_is_not_taken_for_what_another_client_moved(shelf: Shelf) -> None:
    """Without MOVE: our copy was seen in the archive, then the original in the trash: that one is the message."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    item = sent(shelf)
    seen(shelf, shelf.archive, 5)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert left(shelf, item.change_id)[0].folder_id is None
    seen(shelf, shelf.trash)
    [followed] = left(shelf, item.change_id)
    assert (followed.folder_id, followed.uid, followed.stage) == (shelf.trash, 70, Stage.SENT)


def test_our_copy_is_the_message_when_there_is_no_other(shelf: Shelf) -> None:
    """Without MOVE: the original was deleted for ever elsewhere. Nothing is lost."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    item = sent(shelf)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    seen(shelf, shelf.archive, 5)
    shelf.db.run(lambda txn: due.give_up(txn, shelf.account, LATER))
    [found] = left(shelf, item.change_id)
    assert (found.folder_id, found.uid) == (shelf.archive, 5)
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == ids
    assert shelf.all_counts_true()
