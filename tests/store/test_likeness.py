"""Rows whose UID turns out to be another message: what a server says of UIDs is believed only as far as it can be."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import Shelf, arrival
from tests.store.test_journal import do, fill
from tui_mail.model import ChangeKind
from tui_mail.store import due, messages, rows
from tui_mail.store.identity import Likeness, likenesses
from tui_mail.store.journal import Effect

LIKENESS = st.builds(Likeness, st.integers(0, 3), st.integers(0, 50_000))


@given(LIKENESS, LIKENESS)
def test_only_what_is_alike_may_be_the_same(one: Likeness, other: Likeness) -> None:
    """Another Message-ID, or a size that no guess explains, is another message; an unknown size says nothing."""
    assert one.may_be(one)
    if one.may_be(other) and one.size and other.size:
        assert one.key == other.key
        assert abs(one.size - other.size) <= max(4_096, one.size // 4)
    if not one.size:
        assert one.may_be(other)


def test_moved_to_a_uid_that_is_another_message(shelf: Shelf) -> None:
    """The row there stays what it is; where the moved one went is found out by reading the folder."""
    [id_] = fill(shelf, 1)
    there = [arrival(500, msgid="other@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, there))
    [other] = rows.ids_of(shelf.db.read(), shelf.archive)
    do(shelf, Effect(ChangeKind.MOVE, shelf.archive), [id_])
    change = due.next_due(shelf.db.read(), shelf.account, 9e9)
    assert change is not None
    shelf.db.run(lambda txn: due.begin(txn, change.id))
    [item] = due.due_items(shelf.db.read(), change.id)
    shelf.db.run(lambda txn: due.moved(txn, shelf.archive, [(item, 500)]))
    assert messages.is_expecting(shelf.db.read(), shelf.archive)
    arrived = [arrival(501, msgid="m1@example.org")]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.archive, arrived))
    assert {row.id: row.uid for row in rows.first_rows(shelf.db.read(), shelf.archive, 10)} == {other: 500, id_: 501}
    assert shelf.all_counts_true()


def test_a_uid_that_is_listed_with_another_message(shelf: Shelf) -> None:
    """The row loses the UID to the message that has it, and finds its own when that is listed."""
    first, second, third = fill(shelf)
    listed = [replace(arrival(9, msgid="m2@example.org"), size=100), replace(arrival(2, msgid="new@example.org"))]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, listed))
    found = {row.id: row.uid for row in rows.first_rows(shelf.db.read(), shelf.inbox, 10)}
    assert found[second] == 9
    assert sorted(found.values()) == [1, 2, 3, 9]
    assert (found[first], found[third]) == (1, 3)
    assert shelf.all_counts_true()


def test_likenesses_are_of_what_is_stored(shelf: Shelf) -> None:
    """UIDs that are not stored are left out."""
    fill(shelf, 2)
    known = likenesses(shelf.db.read(), shelf.inbox, [1, 2, 7])
    assert set(known) == {1, 2}
    assert not known[1].may_be(known[2])
