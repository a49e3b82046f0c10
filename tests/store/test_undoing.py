"""Undo without end: whatever was done, and however far the server is, back step by step and forth again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Shelf
from tests.store.test_journal import carry_out, fill
from tui_mail.client import actions
from tui_mail.errors import CannotUndo, UsageError
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import due, folders, history, journal, messages, rows, undoing
from tui_mail.store.database import Transaction
from tui_mail.store.journal import Effect

View = dict[str, list[tuple[str, Flag]]]


def view(shelf: Shelf, originals: list[int]) -> View:
    """By folder name: subject and flags of what is displayed; copies in the trash are what undo left of them."""
    found: View = {}
    for folder in folders.all_folders(shelf.db.read()):
        shown = rows.first_rows(shelf.db.read(), folder.id, 100)
        kept = [row for row in shown if row.id in originals or folder.role is not Role.TRASH]
        found[folder.name] = sorted((str(row.subject), row.flags) for row in kept)
    return found


class Acts:
    """What a person may do, by number; each returns whether anything was done."""

    def __init__(self, shelf: Shelf, ids: list[int]) -> None:
        self.shelf, self.ids = shelf, ids
        self.all: list[Callable[[int], int | None]] = [
            self.star, self.archive, self.trash, self.copy, self.make, self.rename, self.fill, self.delete,
        ]  # fmt: skip

    def star(self, which: int) -> int | None:
        effect = Effect(ChangeKind.FLAGS, add=Flag.FLAGGED) if which % 2 else Effect(ChangeKind.FLAGS, add=Flag.SEEN)
        return self.shelf.db.run(lambda txn: journal.record(txn, effect, [self.ids[which]], "marked"))

    def archive(self, which: int) -> int | None:
        return self.shelf.db.run(actions.to_folder([self.ids[which]], self.shelf.archive))

    def trash(self, which: int) -> int | None:
        return self.shelf.db.run(actions.to_folder([self.ids[which]], self.shelf.trash))

    def copy(self, which: int) -> int | None:
        return self.shelf.db.run(actions.copies_in([self.ids[which]], self.shelf.archive))

    def make(self, which: int) -> int | None:
        return self._folder(lambda: actions.new_folder("work", f"Made {which}"))

    def rename(self, which: int) -> int | None:
        return self._folder(lambda: actions.renamed_folder(self._made(), f"Named {which}"))

    def fill(self, which: int) -> int | None:
        return self._folder(lambda: actions.to_folder([self.ids[which]], self._made()))

    def delete(self, which: int) -> int | None:
        return self._folder(lambda: actions.deleted_folder(self._made()))

    def _made(self) -> int:
        return next(
            (f.id for f in folders.all_folders(self.shelf.db.read()) if f.name.startswith(("Made", "Named"))), 0
        )

    def _folder(self, job: Callable[[], actions.Job]) -> int | None:
        try:
            return self.shelf.db.run(job())
        except UsageError:
            return None


def in_a_moment(shelf: Shelf, step: Callable[[Transaction], int | None]) -> int | None:
    """Do it, if need be after the server has been told what came before."""
    try:
        return shelf.db.run(step)
    except CannotUndo as refusal:
        if not refusal.for_now:
            raise
        carry_out(shelf, 5000)
        return shelf.db.run(step)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2), st.booleans()), min_size=1, max_size=10),
    st.booleans(),
    st.booleans(),
)
def test_back_to_the_beginning_and_forth_to_the_end(
    steps: list[tuple[int, int, bool]], told_between: bool, told_after: bool
) -> None:
    """Every undo shows what was there before the action, every redo what was there after it."""
    with tempfile.TemporaryDirectory() as home:
        shelf = Shelf(Path(home))
        ids = fill(shelf, 3)
        acts, uid = Acts(shelf, ids), 1000
        views = [view(shelf, ids)]
        for number, which, told in steps:
            if acts.all[number](which) is None:
                continue
            views.append(view(shelf, ids))
            if told:
                uid += 100
                carry_out(shelf, uid)
                assert view(shelf, ids) == views[-1]
        for before in reversed(views[:-1]):
            assert in_a_moment(shelf, undoing.undo) is not None
            assert view(shelf, ids) == before
            if told_between:
                uid += 100
                carry_out(shelf, uid)
        assert shelf.db.run(undoing.undo) is None
        for after in views[1:]:
            assert in_a_moment(shelf, undoing.redo) is not None
            assert view(shelf, ids) == after
            if told_after:
                uid += 100
                carry_out(shelf, uid)
        assert shelf.db.run(undoing.redo) is None
        assert shelf.all_counts_true()
        shelf.db.close()


def test_history_tells_one_line_for_each_key_press(shelf: Shelf) -> None:
    ids = fill(shelf, 3)
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    shelf.db.run(lambda txn: journal.record(txn, Effect(ChangeKind.FLAGS, add=Flag.SEEN), ids[:1], "marked read:"))
    shelf.db.run(undoing.undo)
    newest, older = history.changes(shelf.db.read())
    assert (newest.summary, newest.undone, newest.undoable) == ("marked read: 1 message", True, False)
    assert newest.why_not == "It has been undone already."
    assert (older.summary, older.count, older.undoable) == ("moved to Archive: 3 messages", 3, True)
    assert older.accounts == ("work",)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_nothing_is_undone_when_the_messages_are_gone(shelf: Shelf, is_forgotten: bool) -> None:
    """What another client deleted for ever cannot be moved back, and undo says so, a moment later too."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    carry_out(shelf)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.archive, [1000]))
    if is_forgotten:
        shelf.db.run(lambda txn: messages.forget_lost(txn, shelf.account, 9_000_000_000))
    with pytest.raises(CannotUndo, match="gone from the server"):
        shelf.db.run(undoing.undo)


def test_what_another_program_took_back_is_as_it_was(shelf: Shelf) -> None:
    """Nothing is left to be undone, and the mail is not said to be gone."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    carry_out(shelf)
    shelf.db.run(
        lambda txn: txn.sql.execute("UPDATE message SET folder_id = ?1, view_folder = ?1", (shelf.inbox,)).rowcount
    )
    with pytest.raises(CannotUndo, match="as it was before already"):
        shelf.db.run(undoing.undo)


def test_a_waiting_folder_change_holds_everything_behind_it(shelf: Shelf) -> None:
    """What comes after a rename may mean the new name, so it waits; nothing overtakes a change of folders."""
    ids = fill(shelf, 2)
    made = shelf.db.run(actions.new_folder("work", "Plans"))
    assert made is not None
    shelf.db.run(actions.to_folder(ids, shelf.archive))
    first = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert first is not None
    assert first.effect.kind is ChangeKind.FOLDER_CREATE
    shelf.db.run(lambda txn: due.postpone(txn, first.id, 9_000_000_000))
    assert due.next_due(shelf.db.read(), shelf.account, 100) is None
    assert due.next_due_time(shelf.db.read(), shelf.account) == 9_000_000_000


def test_equal_changes_go_together_but_never_past_another_of_their_messages(shelf: Shelf) -> None:
    ids = fill(shelf, 3)
    for id_ in ids:
        shelf.db.run(actions.to_folder([id_], shelf.archive))
    shelf.db.run(actions.to_folder([ids[0]], shelf.trash))
    shelf.db.run(actions.to_folder([ids[0]], shelf.archive))
    first = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert first is not None
    together = due.companions(shelf.db.read(), shelf.account, first)
    items = [item.message_id for change in together for item in due.due_items(shelf.db.read(), change.id)]
    assert items == ids[1:]


def test_a_refused_upload_keeps_its_only_copy(shelf: Shelf) -> None:
    """What the server does not take is not shown as there, and is kept for another try however long it waits."""
    from tests.store.conftest import arrival
    from tui_mail.store import unborn

    id_ = shelf.db.run(lambda txn: unborn.insert_unborn(txn, shelf.account, arrival(1)))
    shelf.db.run(actions.upload_of(id_, shelf.archive))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == [id_]
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: (due.begin(txn, change.id), due.fail(txn, change.id, "over quota")))
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == []
    assert shelf.db.run(lambda txn: messages.forget_lost(txn, shelf.account, 9_000_000_000)) == []
    shelf.db.run(due.retry_failed)
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == [id_]


def test_nothing_that_arrives_is_taken_for_a_copy_not_sent_yet(shelf: Shelf) -> None:
    """A twin of a waiting copy that turns up in some folder is a message of its own."""
    from tests.store.conftest import arrival

    ids = fill(shelf, 1)
    shelf.db.run(actions.copies_in(ids, shelf.archive))
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.trash, [arrival(7, msgid="m1@example.org")]))
    [twin] = rows.ids_of(shelf.db.read(), shelf.trash)
    [copy] = rows.ids_of(shelf.db.read(), shelf.archive)
    assert twin not in (copy, ids[0])


def test_what_is_to_be_copied_is_not_deleted_before(shelf: Shelf) -> None:
    """A copy that has to wait holds up what would take its original away."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.copies_in(ids, shelf.archive))
    shelf.db.run(lambda txn: journal.record(txn, Effect(ChangeKind.EXPUNGE), ids, "deleted for ever:"))
    first = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert first is not None
    assert first.effect.kind is ChangeKind.COPY
    shelf.db.run(lambda txn: due.postpone(txn, first.id, 9_000_000_000))
    assert due.next_due(shelf.db.read(), shelf.account, 100) is None


def test_a_copy_whose_original_is_gone_says_so(shelf: Shelf) -> None:
    """Deleted elsewhere before it was copied: the copy is shown no more, and the person is told why."""
    ids = fill(shelf, 1)
    shelf.db.run(actions.copies_in(ids, shelf.archive))
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert shelf.db.run(lambda txn: due.give_up(txn, shelf.account, 9_000_000_000)) == 1
    assert list(rows.ids_of(shelf.db.read(), shelf.archive)) == []
    [told] = history.changes(shelf.db.read())
    assert (told.state, told.error) == ("failed", "The message was deleted elsewhere before it could be copied.")
