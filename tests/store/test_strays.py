"""Messages that another client moved and that are seen in the new place before they are missed in the old one."""

from __future__ import annotations

from tests.store.conftest import Shelf, arrival
from tests.store.test_journal import fill
from tui_mail.client import actions
from tui_mail.store import due, messages, rows, strays


def seen_elsewhere(shelf: Shelf) -> None:
    """A sync of the archive lists the message of UID 1 of the inbox there."""
    moved = [arrival(70, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, moved))


def test_it_keeps_its_id_and_what_waits_for_it(shelf: Shelf) -> None:
    """The second row gives way, and the change goes to where the message is now."""
    ids = fill(shelf, 2)
    shelf.db.run(actions.to_folder(ids[:1], shelf.trash))
    seen_elsewhere(shelf)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == []
    assert list(rows.ids_of(shelf.db.read(), shelf.trash)) == ids[:1]
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    [item] = due.due_items(shelf.db.read(), change.id)
    assert (item.folder_id, item.uid) == (shelf.archive, 70)
    assert shelf.all_counts_true()


def test_an_older_copy_is_not_what_was_moved(shelf: Shelf) -> None:
    """What was there before the last comparisons of all folders stays a message of its own."""
    ids = fill(shelf, 1)
    seen_elsewhere(shelf)
    for _ in range(strays.COMPARISONS):
        shelf.db.run(lambda txn: strays.note_comparison(txn, shelf.account))
    [copy] = rows.ids_of(shelf.db.read(), shelf.archive)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == [copy]
    assert copy != ids[0]


def test_a_message_of_another_size_is_another_message(shelf: Shelf) -> None:
    fill(shelf, 1)
    other = [arrival(70, msgid="m1@example.org", size=4711)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, other))
    [there] = rows.ids_of(shelf.db.read(), shelf.archive)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == [there]


def test_no_change_overtakes_one_of_its_message_that_waits(shelf: Shelf) -> None:
    """What goes out together leaves out messages of which an earlier change is still waiting."""
    ids = fill(shelf, 3)
    shelf.db.run(actions.to_folder(ids[:1], shelf.trash))
    waiting = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert waiting is not None
    shelf.db.run(lambda txn: due.postpone(txn, waiting.id, 9_000_000_000))
    for id_ in (ids[1], ids[0], ids[2]):
        shelf.db.run(actions.to_folder([id_], shelf.archive))
    first = due.next_due(shelf.db.read(), shelf.account, 100)
    assert first is not None
    group = [first, *due.companions(shelf.db.read(), shelf.account, first)]
    together = [item.message_id for change in group for item in due.due_items(shelf.db.read(), change.id)]
    assert together == [ids[1], ids[2]]
