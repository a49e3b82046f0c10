"""Narrowing a list by what each of its messages has."""

from __future__ import annotations

from array import array

from tui_mail.facets import MARKS, Facets, Mark, Wish

SOME = Facets(
    array("q", [9, 8, 7, 6, 5]),
    bytes([0, MARKS | Mark.UNREAD, Mark.UNREAD | Mark.STARRED, 2 * MARKS, Mark.STARRED]),
    array("q", [1, 2, 1, 4, 5]),
)


def fitting(wish: Wish, **more: object) -> list[int]:
    return list(SOME.narrowed(wish, **more)[0])  # type: ignore[arg-type]


def test_by_split_and_by_marks() -> None:
    """Every mark must be there."""
    assert fitting(Wish()) == [9, 8, 7, 6, 5]
    assert fitting(Wish(0)) == [9, 7, 5]
    assert fitting(Wish(2)) == [6]
    assert fitting(Wish(-1, Mark.UNREAD)) == [8, 7]
    assert fitting(Wish(0, Mark.UNREAD | Mark.STARRED)) == [7]
    assert list(SOME.narrowed(Wish(0))[1]) == [1, 1, 5]


def test_what_is_kept_and_how_many() -> None:
    """A message that was listed stays where it was; a window is the first of them."""
    assert fitting(Wish(1), kept={9, 5, 1}) == [9, 8, 5]
    assert fitting(Wish(0), newest=2) == [9, 7]
    assert fitting(Wish(0), newest=0) == []
    assert fitting(Wish(0), newest=50) == [9, 7, 5]


def test_counts() -> None:
    """Of the unread by split, and of what fits."""
    assert SOME.unread(3) == [1, 1, 0]
    assert SOME.count(Wish(-1, Mark.STARRED)) == 2
    assert Facets().unread(2) == [0, 0]
