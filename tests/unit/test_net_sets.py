"""UidSet: what servers write and what we write back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import ProtocolViolation
from tui_mail.net.sets import LAST_UID, UidSet, expanded

uids = st.sets(st.integers(1, 3_000), max_size=200)


@given(uids)
def test_a_set_written_and_read_is_the_same(members: set[int]) -> None:
    """Every set survives its text, and holds exactly its members."""
    made = UidSet.from_uids(members)
    assert set(made) == members
    assert len(made) == len(members)
    assert not members or UidSet.parse(str(made)) == made
    assert all((uid in made) == (uid in members) for uid in range(1, 300))


@given(uids, st.integers(1, 50))
def test_chunks_are_the_set_in_pieces(members: set[int], count: int) -> None:
    """No piece is larger than asked, none is empty, together they are the set."""
    pieces = list(UidSet.from_uids(members).chunks(count))
    assert [uid for piece in pieces for uid in piece] == sorted(members)
    assert all(0 < len(piece) <= count for piece in pieces)
    assert all(len(piece) == count for piece in pieces[:-1])


@given(uids)
def test_lines_stay_short(members: set[int]) -> None:
    """Every command line is short, together they are the set."""
    pieces = list(UidSet.from_uids(members).lines(40))
    assert [uid for piece in pieces for uid in piece] == sorted(members)
    assert all(len(str(piece)) <= 40 for piece in pieces)


@given(uids, uids)
def test_merged_is_the_union(one: set[int], other: set[int]) -> None:
    """Two sets merged hold what either held."""
    assert set(UidSet.merged([UidSet.from_uids(one), UidSet.from_uids(other)])) == one | other


def test_a_star_reaches_to_the_end() -> None:
    """`12:*` holds every UID from 12 on, and is written back with its star."""
    assert 4_000_000_000 in UidSet.parse(b"12:*")
    assert 11 not in UidSet.parse(b"12:*")
    assert str(UidSet.parse("12:*")) == "12:*"
    assert UidSet.parse("*:12") == UidSet.parse("12:*")


def test_numbers_that_are_no_uids_are_cut_off() -> None:
    """Zero and numbers beyond 32 bits name no message."""
    assert UidSet.parse("0:3") == UidSet.parse("1:3")
    assert not UidSet.parse("0")
    assert UidSet.parse(f"5:{2**64}") == UidSet(((5, LAST_UID),))


@pytest.mark.parametrize("text", ["", "a", "1:", ":2", "1,,2", "-5", "1:2:3", "1 2", "١"])
def test_what_is_no_set_is_refused(text: str) -> None:
    """Nonsense is a violation of the protocol, not an empty set."""
    with pytest.raises(ProtocolViolation):
        UidSet.parse(text)


def test_expanded_keeps_the_order_and_the_limit() -> None:
    """COPYUID pairs by position; a set of four thousand million is not unrolled."""
    assert expanded(b"9,3:5,1", 10) == [9, 3, 4, 5, 1]
    assert expanded(b"1:4294967295", 10) == []
