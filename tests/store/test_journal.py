"""What a person does is durable, shown at once, sent once, and can be taken back before and after the server knows."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.store.conftest import Shelf, arrival
from tui_mail.model import ChangeKind, Flag, RowState
from tui_mail.store import due, folders, journal, messages, rows, undoing
from tui_mail.store.journal import Effect

SEEN = Effect(ChangeKind.FLAGS, add=Flag.SEEN)


def fill(shelf: Shelf, count: int = 3) -> list[int]:
    """Put messages into the inbox; their ids, oldest first."""
    arrivals = [arrival(uid) for uid in range(1, count + 1)]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, arrivals))
    return sorted(rows.ids_of(shelf.db.read(), shelf.inbox))


def do(shelf: Shelf, effect: Effect, ids: list[int]) -> int | None:
    return shelf.db.run(lambda txn: journal.record(txn, effect, ids, "did"))


def carry_out(shelf: Shelf, next_uid: int = 1000) -> None:
    """Be the server: confirm everything that is due."""
    while (change := due.next_due(shelf.db.read(), shelf.account, 9e9)) is not None:
        shelf.db.run(lambda txn: due.begin(txn, change.id))
        items = due.due_items(shelf.db.read(), change.id)
        if change.effect.kind in (ChangeKind.MOVE, ChangeKind.COPY, ChangeKind.APPEND):
            places = [(item, next_uid + n) for n, item in enumerate(items)]
            next_uid += len(items)
            shelf.db.run(partial(due.moved, target=change.effect.target or 0, places=places))
        elif change.effect.kind is ChangeKind.FLAGS:
            shelf.db.run(partial(due.flagged, effect=change.effect, items=items))
        elif change.effect.kind is ChangeKind.EXPUNGE:
            shelf.db.run(partial(due.expunged, items=items))
        elif change.effect.kind is ChangeKind.FOLDER_DELETE:
            shelf.db.run(partial(folders.deleted, account=shelf.account, folder_id=change.effect.target or 0))
        elif change.effect.kind is ChangeKind.FOLDER_RENAME:
            names = (change.effect.name, change.effect.new_name)
            shelf.db.run(partial(folders.rename, account=shelf.account, name=names[0], new_name=names[1]))
        shelf.db.run(lambda txn: due.finish(txn, change.id))


def test_effect_shows_at_once_and_waits_for_the_server(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, SEEN, ids[:2])
    assert shelf.counts(shelf.inbox) == (3, 1)
    states = [row.state for row in rows.rows_of(shelf.db.read(), ids)]
    assert states == [RowState.PENDING, RowState.PENDING, RowState.SYNCED]
    carry_out(shelf)
    assert {row.state for row in rows.rows_of(shelf.db.read(), ids)} == {RowState.SYNCED}
    assert shelf.counts(shelf.inbox) == (3, 1)


def test_nothing_is_written_for_what_is_so_already(shelf: Shelf) -> None:
    ids = fill(shelf)
    assert do(shelf, SEEN, ids) is not None
    assert do(shelf, SEEN, ids) is None


def test_undo_before_the_server_knows_sends_nothing(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids)
    shelf.db.run(undoing.undo)
    assert due.next_due(shelf.db.read(), shelf.account, 9e9) is None
    assert shelf.counts(shelf.inbox) == (3, 3)
    assert shelf.all_counts_true()


def test_undo_after_the_server_knows_moves_back(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids)
    carry_out(shelf)
    assert shelf.counts(shelf.archive) == (3, 3)
    shelf.db.run(undoing.undo)
    assert shelf.counts(shelf.inbox) == (3, 3)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    assert change.effect == Effect(ChangeKind.MOVE, shelf.inbox)
    carry_out(shelf)
    assert [row.folder_id for row in rows.rows_of(shelf.db.read(), ids)] == [shelf.inbox] * 3


def test_undo_of_flags_leaves_what_was_so_before(shelf: Shelf) -> None:
    """Marking three read, one of which was read: undo makes two unread."""
    ids = fill(shelf)
    do(shelf, SEEN, ids[:1])
    carry_out(shelf)
    do(shelf, SEEN, ids)
    carry_out(shelf)
    shelf.db.run(undoing.undo)
    assert shelf.counts(shelf.inbox) == (3, 2)


def test_undo_passes_over_what_nobody_asked_for(shelf: Shelf) -> None:
    """Opening a message marked it read: undo takes back the move before, and the message stays read."""
    ids = fill(shelf)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids[:1])
    shelf.db.run(lambda txn: journal.record(txn, SEEN, ids[1:2], "opened", undoable=False))
    shelf.db.run(undoing.undo)
    assert shelf.counts(shelf.inbox) == (3, 2)
    assert shelf.counts(shelf.archive) == (0, 0)


def test_undo_walks_back_and_redo_forward(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids[:1])
    do(shelf, Effect(ChangeKind.MOVE, shelf.trash), ids[1:2])
    shelf.db.run(undoing.undo)
    shelf.db.run(undoing.undo)
    assert shelf.db.run(undoing.undo) is None
    assert shelf.counts(shelf.inbox) == (3, 3)
    shelf.db.run(undoing.redo)
    assert shelf.counts(shelf.archive) == (1, 1)
    shelf.db.run(undoing.redo)
    assert shelf.counts(shelf.trash) == (1, 1)
    assert shelf.db.run(undoing.redo) is None


def test_refused_change_is_taken_back_and_can_be_retried(shelf: Shelf) -> None:
    ids = fill(shelf)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids[:1])
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: (due.begin(txn, change.id), due.fail(txn, change.id, "over quota")))
    assert shelf.counts(shelf.inbox) == (3, 3)
    assert rows.rows_of(shelf.db.read(), ids[:1])[0].state is RowState.FAILED
    assert due.open_counts(shelf.db.read(), shelf.account) == (0, 1)
    shelf.db.run(due.retry_failed)
    assert shelf.counts(shelf.archive) == (1, 1)


def test_server_flags_stay_under_a_waiting_change(shelf: Shelf) -> None:
    """A sync between key and replay must not show the message unread again."""
    ids = fill(shelf)
    do(shelf, SEEN, ids)
    update = [messages.ServerFlags(uid, Flag.FLAGGED, ()) for uid in (1, 2, 3)]
    shelf.db.run(lambda txn: messages.update_flags(txn, shelf.inbox, update))
    assert all(row.flags == Flag.SEEN | Flag.FLAGGED for row in rows.rows_of(shelf.db.read(), ids))


def test_move_whose_answer_was_lost_makes_no_double(shelf: Shelf) -> None:
    """The server moved it, the line broke, the archive was read first: still one message, with its id."""
    ids = fill(shelf, 1)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    there = [arrival(500, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, there))
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == ids
    assert shelf.counts(shelf.inbox) == (0, 0)
    [item] = due.due_items(shelf.db.read(), change.id)
    assert (item.folder_id, item.uid) == (shelf.archive, 500)
    assert shelf.all_counts_true()


def test_copyuid_after_a_sync_saw_the_copy_makes_no_double(shelf: Shelf) -> None:
    """A row that a sync of the target made first gives way to the message that was moved."""
    ids = fill(shelf, 1)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), ids)
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    there = [arrival(500, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, there))
    [item] = due.due_items(shelf.db.read(), change.id)
    shelf.db.run(lambda txn: due.moved(txn, shelf.archive, [(item, 500)]))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == ids
    assert shelf.all_counts_true()


class Desk(RuleBasedStateMachine):
    """Whatever people and servers do in whatever order, counters are true and nothing is lost or doubled."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.shelf = Shelf(Path(self.home.name))
        self.ids = fill(self.shelf, 4)
        self.uid = 100

    @rule(which=st.integers(0, 3), to=st.sampled_from(["inbox", "archive", "trash"]))
    def move(self, which: int, to: str) -> None:
        do(self.shelf, Effect(ChangeKind.MOVE, getattr(self.shelf, to)), [self.ids[which]])

    @rule(which=st.integers(0, 3), seen=st.booleans())
    def mark(self, which: int, seen: bool) -> None:
        flags = {"add": Flag.SEEN} if seen else {"remove": Flag.SEEN}
        do(self.shelf, Effect(ChangeKind.FLAGS, **flags), [self.ids[which]])

    @rule()
    def undo(self) -> None:
        self.shelf.db.run(undoing.undo)

    @rule()
    def redo(self) -> None:
        self.shelf.db.run(undoing.redo)

    @precondition(lambda self: due.next_due(self.shelf.db.read(), self.shelf.account, 9e9) is not None)
    @rule()
    def server_confirms(self) -> None:
        self.uid += 100
        carry_out(self.shelf, self.uid)

    @precondition(lambda self: due.next_due(self.shelf.db.read(), self.shelf.account, 9e9) is not None)
    @rule()
    def server_refuses(self) -> None:
        change = due.next_due(self.shelf.db.read(), self.shelf.account, 9e9)
        assert change is not None
        self.shelf.db.run(lambda txn: due.begin(txn, change.id))
        self.shelf.db.run(lambda txn: due.fail(txn, change.id, "no"))

    @invariant()
    def counters_are_true(self) -> None:
        assert self.shelf.all_counts_true()

    @invariant()
    def every_message_is_displayed_once(self) -> None:
        shown = [
            id_
            for f in (self.shelf.inbox, self.shelf.archive, self.shelf.trash)
            for id_ in rows.ids_of(self.shelf.db.read(), f)
        ]
        assert sorted(shown) == self.ids

    def teardown(self) -> None:
        self.shelf.db.close()
        self.home.cleanup()


Desk.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestDesk = Desk.TestCase
