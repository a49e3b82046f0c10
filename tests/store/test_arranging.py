"""The orders of a list, as the store puts messages into them."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from tests.store.conftest import Shelf, arrival
from tui_mail.model import Address, Flag
from tui_mail.orders import Order, Sort, halves
from tui_mail.store import messages, rows
from tui_mail.store.arranging import arranged, having
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText


def letter(
    uid: int,
    subject: str = "",
    sender: tuple[str, str] = ("", ""),
    came: int = 0,
    flags: Flag = Flag.NONE,
    size: int = 1,
) -> Arrival:
    """The higher its number, the newer."""
    one = arrival(uid, flags=flags, size=size)
    address = Address(SafeText(sender[0]), SafeText(sender[1]))
    fields = replace(one.fields, subject=SafeText(subject), from_=(address,) if any(sender) else (), to=(address,))
    return replace(one, fields=fields, internaldate=came or one.internaldate)


def put(shelf: Shelf, *letters: Arrival) -> array[int]:
    """Their ids, newest first."""
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, letters))
    return rows.ids_of(shelf.db.read(), shelf.inbox)


def order(shelf: Shelf, ids: array[int], order_: Order) -> list[int]:
    """The UIDs in that order."""
    sql = shelf.db.read()
    sort = order_.sort
    found = (
        halves(ids, having(sql, ids, sort), order_)
        if sort in (Sort.UNREAD, Sort.STARRED, Sort.FILES)
        else arranged(sql, ids, order_)
    )
    assert sorted(found) == sorted(ids)
    assert found == arranged(sql, ids, order_)
    return [row.uid for row in rows.rows_of(sql, found)]


def test_subjects_as_people_read_them(shelf: Shelf) -> None:
    """Answers beside what they answer, accents and capitals aside; without a subject last, from whichever end."""
    subjects = {1: "zebra", 2: "Re: Apple", 3: "apple", 4: "Éclair", 5: "", 6: "AW: RE: eclair", 7: "Zebra", 8: "会議"}
    ids = put(shelf, *(letter(uid, subject) for uid, subject in subjects.items()))
    assert order(shelf, ids, Order(Sort.SUBJECT)) == [3, 2, 6, 4, 7, 1, 8, 5]
    assert order(shelf, ids, Order(Sort.SUBJECT, True)) == [8, 7, 1, 6, 4, 3, 2, 5]


def test_senders_by_what_is_shown_of_them(shelf: Shelf) -> None:
    """The name, else the address; messages of one sender newest first."""
    senders = [
        ("Åsa", "x@x.example"),
        ("", "bert@a.example"),
        ("anna", "z@z.example"),
        ("", ""),
        ("Anna", "z@z.example"),
    ]
    ids = put(shelf, *(letter(uid, sender=sender) for uid, sender in enumerate(senders, 1)))
    assert order(shelf, ids, Order(Sort.SENDER)) == [5, 3, 1, 2, 4]
    assert order(shelf, ids, Order(Sort.SENDER, True)) == [2, 1, 5, 3, 4]
    to = arranged(shelf.db.read(), ids, Order(Sort.SENDER), by_recipient=True)
    assert [row.uid for row in rows.rows_of(shelf.db.read(), to)] == [5, 3, 1, 2, 4]


@pytest.mark.parametrize("turned", [False, True])
def test_numbers_and_marks(shelf: Shelf, turned: bool) -> None:
    """What is equal stands newest first in both directions."""
    ids = put(
        shelf,
        letter(1, size=10, came=1_700_000_900),
        letter(2, size=30, flags=Flag.SEEN),
        letter(3, size=10, flags=Flag.SEEN | Flag.FLAGGED),
        letter(4, size=20, came=1_699_920_000, flags=Flag.SEEN),
    )
    wanted = {
        Sort.DATE: ([4, 3, 2, 1], [1, 2, 3, 4]),
        Sort.ARRIVAL: ([1, 3, 2, 4], [4, 2, 3, 1]),
        Sort.SIZE: ([2, 4, 3, 1], [3, 1, 4, 2]),
        Sort.UNREAD: ([1, 4, 3, 2], [4, 3, 2, 1]),
        Sort.STARRED: ([3, 4, 2, 1], [4, 2, 1, 3]),
        Sort.FILES: ([4, 3, 2, 1], [4, 3, 2, 1]),
    }
    for sort, ends in wanted.items():
        assert order(shelf, ids, Order(sort, turned)) == ends[turned], sort


def test_thousands_are_sorted_in_pieces(shelf: Shelf) -> None:
    """As if it were done at once."""
    ids = put(shelf, *(letter(uid, f"Subject {uid * 7919 % 5003:04}") for uid in range(1, 5_003)))
    for turned in (False, True):
        subjects = [
            row.subject
            for row in rows.rows_of(shelf.db.read(), arranged(shelf.db.read(), ids, Order(Sort.SUBJECT, turned)))
        ]
        assert subjects == sorted(subjects, reverse=turned)


def test_what_has_gone_meanwhile_is_nobodys_place(shelf: Shelf) -> None:
    """An id without a row does not shift the others, and nothing at all is nothing."""
    ids = put(shelf, letter(1, "b"), letter(2, "a"))
    found = arranged(shelf.db.read(), array("q", [99_999, *ids]), Order(Sort.SUBJECT))
    assert list(found) == [ids[0], ids[1], 99_999]
    assert not arranged(shelf.db.read(), array("q"), Order(Sort.SENDER))


def test_an_order_is_remembered_in_a_word() -> None:
    """And anything else is the usual one."""
    for sort in Sort:
        for turned in (False, True):
            assert Order.of(Order(sort, turned).kept) == Order(sort, turned)
    assert Order.of("nonsense") == Order.of("") == Order()
