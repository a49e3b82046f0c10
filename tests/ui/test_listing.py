"""Which messages a list shows, while they come, go, and are acted upon."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from tests.ui.test_row_text import ROW
from tui_mail.model import Flag, Row
from tui_mail.ui.widgets.listing import Listing


class Rows:
    """A source of rows that remembers what it was asked."""

    def __init__(self, count: int) -> None:
        self.order = array("q", range(count, 0, -1))
        self.flags: dict[int, Flag] = {}
        self.asked: list[int] = []

    def first_rows(self, folder_id: int, limit: int) -> list[Row]:
        return self.rows(self.order[:limit])

    def ids(self, folder_id: int) -> array[int]:
        return array("q", self.order)

    def rows(self, ids: Sequence[int]) -> list[Row]:
        self.asked.extend(ids)
        return [replace(ROW, id=one, flags=self.flags.get(one, Flag.SEEN)) for one in ids]


def listing(rows: Rows) -> Listing:
    made = Listing()
    number, left_out = made.reload()
    made.replace(rows.ids(1), number, left_out)
    return made


def test_reads_only_what_is_missing() -> None:
    """A row that was read is not read again."""
    rows = Rows(1_000)
    made = listing(rows)
    made.read(rows, 0, 30)
    made.read(rows, 10, 40)
    assert len(rows.asked) == 40


def test_hidden_messages_stay_hidden_while_older_reloads_arrive() -> None:
    """An array of ids that was read before the move was durable does not bring the message back."""
    rows = Rows(10)
    made = listing(rows)
    number, left_out = made.reload()
    resolved = made.hide([9], near=1)
    assert made.find(9, 1) == -1
    resolved(True)
    made.replace(rows.ids(1), number, left_out)
    assert made.find(9, 1) == -1
    number, left_out = made.reload()
    assert 9 not in left_out  # the store knows by now, and is believed
    del rows.order[1]
    made.replace(rows.ids(1), number, left_out)
    assert made.hidden() == frozenset()
    assert made.find(9, 1) == -1


def test_what_the_server_refused_at_once_is_back_with_the_first_reload() -> None:
    """The move was durable and refused before anything was read: there may be no second reload."""
    rows = Rows(10)
    made = listing(rows)
    made.hide([9], near=1)(True)
    number, left_out = made.reload()
    made.replace(rows.ids(1), number, left_out)
    assert made.find(9, 0) == 1


def test_a_refused_move_brings_the_message_back() -> None:
    """Nothing is hidden for a move that did not happen."""
    rows = Rows(10)
    made = listing(rows)
    made.hide([9], near=1)(False)
    number, left_out = made.reload()
    made.replace(rows.ids(1), number, left_out)
    assert made.find(9, 0) == 1


def test_flags_show_at_once_and_until_the_store_knows() -> None:
    """The overlay is laid over what the store says."""
    rows = Rows(5)
    made = listing(rows)
    made.read(rows, 0, 5)
    resolved = made.flag([4], Flag.FLAGGED, Flag.SEEN)
    row = made.row_at(1)
    assert row is not None
    assert (row.starred, row.unread) == (True, True)
    resolved()
    row = made.row_at(1)
    assert row is not None
    assert (row.starred, row.unread) == (False, False)


def test_finds_a_message_near_and_far() -> None:
    """Around where it was first, then everywhere."""
    made = listing(Rows(100_000))
    assert made.find(99_990, 8) == 10
    assert made.find(1, 8) == 99_999
    assert made.find(123_456, 8) == -1


def test_goes_to_the_next_unread() -> None:
    """In both directions, across rows that have not been read yet."""
    rows = Rows(2_000)
    rows.flags = {1_000: Flag.NONE, 1_900: Flag.NONE}
    made = listing(rows)
    assert made.unread_after(0, 1, rows) == 100
    assert made.unread_after(101, 1, rows) == 1_000
    assert made.unread_after(999, -1, rows) == 100
    assert made.unread_after(99, -1, rows) == -1


def test_rereading_says_what_changed() -> None:
    """Only lines that read differently are painted."""
    rows = Rows(50)
    made = listing(rows)
    made.read(rows, 0, 20)
    rows.flags[48] = Flag.NONE
    assert made.reread(rows, 0, 20) == [2]
