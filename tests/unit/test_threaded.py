"""A folder's messages by thread, as arrays."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.threaded import Threads

_THREADS = st.lists(st.integers(1, 6), max_size=25)


def shown(threads: Threads) -> list[list[int]]:
    groups = [threads.group(index) for index in range(len(threads.heads))]
    assert [group[0] for group in groups] == list(threads.heads)
    return groups


def naive(pairs: list[tuple[int, int]]) -> list[list[int]]:
    """The groups of (message, thread), in the order in which each thread comes first."""
    groups = dict[int, list[int]]()
    for message, thread in pairs:
        groups.setdefault(thread, []).append(message)
    return list(groups.values())


@given(_THREADS)
def test_the_newest_message_of_each_stands_for_it(threads: list[int]) -> None:
    """In the order of the newest; the others are behind it, newest first, and are found."""
    ids = array("q", range(100 + len(threads), 100, -1))
    made = Threads.of(ids, threads)
    assert shown(made) == naive(list(zip(ids, threads, strict=True)))
    for index, group in enumerate(shown(made)):
        assert all(made.index_of(one, near) == index for one in group for near in (0, index))
    assert made.index_of(7) == -1


@given(_THREADS, st.sets(st.integers(100, 130)), st.sets(st.integers(100, 130)))
def test_messages_are_taken_out(threads: list[int], first: set[int], second: set[int]) -> None:
    """One by one or all at once; a thread of which nothing is left is gone, and nothing of what was taken is found."""
    ids = array("q", range(100 + len(threads), 100, -1))
    made = Threads.of(ids, threads).drop(first).drop(second)
    assert shown(made) == shown(Threads.of(ids, threads).without(first | second))
    assert all(made.index_of(one) == -1 for one in first | second)
    left = [(one, thread) for one, thread in zip(ids, threads, strict=True) if one not in first | second]
    assert sorted(map(sorted, shown(made))) == sorted(map(sorted, naive(left)))
