"""Sets of UIDs as ranges, which is how servers speak of them and how 100 000 of them fit into 20 bytes.

What belongs here: reading, writing and asking RFC 9051 sequence sets. What must never be here: sequence
numbers (they leave no room of this package), I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from tui_mail.errors import ProtocolViolation
from tui_mail.records import frozen

LAST_UID = 2**32 - 1
"""The greatest UID that RFC 9051 allows; `*` in a set is read as this."""


@frozen
class UidSet:
    """An immutable set of UIDs. `ranges` are sorted, disjoint and inclusive at both ends."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: bytes | str) -> UidSet:
        """The set that `1:3,9,12:*` writes; numbers outside 1..2^32-1 are cut off.

        Raises ProtocolViolation when it is no sequence set.
        """
        written = text.decode("ascii", "replace") if isinstance(text, bytes) else text
        found: list[tuple[int, int]] = []
        for piece in written.split(","):
            first, colon, last = piece.partition(":")
            low = _number(first)
            high = _number(last) if colon else low
            if low > high:
                low, high = high, low
            if high >= 1 and low <= LAST_UID:
                found.append((max(low, 1), min(high, LAST_UID)))
        return cls(_merged(found))

    @classmethod
    def from_uids(cls, uids: Iterable[int]) -> UidSet:
        """The set of these UIDs, in any order, doubles allowed."""
        return cls(_merged([(uid, uid) for uid in uids]))

    @classmethod
    def merged(cls, sets: Iterable[UidSet]) -> UidSet:
        """The union of all of them."""
        return cls(_merged([pair for one in sets for pair in one.ranges]))

    def __contains__(self, uid: int) -> bool:
        ranges = self.ranges
        at = bisect_right(ranges, (uid, LAST_UID)) - 1
        return at >= 0 and ranges[at][1] >= uid

    def __iter__(self) -> Iterator[int]:
        for low, high in self.ranges:
            yield from range(low, high + 1)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __str__(self) -> str:
        return ",".join(_written(low, high) for low, high in self.ranges)

    def chunks(self, count: int) -> Iterator[UidSet]:
        """The same UIDs, ascending, in sets of at most `count`."""
        taken: list[tuple[int, int]] = []
        room = count
        for start, high in self.ranges:
            low = start
            while low <= high:
                last = min(high, low + room - 1)
                taken.append((low, last))
                room -= last - low + 1
                low = last + 1
                if not room:
                    yield UidSet(tuple(taken))
                    taken, room = [], count
        if taken:
            yield UidSet(tuple(taken))

    def lines(self, limit: int = 7_000) -> Iterator[UidSet]:
        """The same UIDs in sets whose text is at most about `limit` characters: one command line each."""
        taken: list[tuple[int, int]] = []
        length = 0
        for low, high in self.ranges:
            size = len(_written(low, high)) + 1
            if taken and length + size > limit:
                yield UidSet(tuple(taken))
                taken, length = [], 0
            taken.append((low, high))
            length += size
        if taken:
            yield UidSet(tuple(taken))


NO_UIDS = UidSet()


def expanded(text: bytes, most: int) -> list[int]:
    """The numbers of a set in the order written (COPYUID pairs by position), empty when more than `most`.

    Raises ProtocolViolation when it is no sequence set.
    """
    numbers: list[int] = []
    for piece in text.decode("ascii", "replace").split(","):
        first, colon, last = piece.partition(":")
        low = _number(first)
        high = _number(last) if colon else low
        if abs(high - low) + 1 + len(numbers) > most:
            return []
        numbers.extend(range(low, high + 1) if low <= high else range(low, high - 1, -1))
    return numbers


def _number(text: str) -> int:
    if text == "*":
        return LAST_UID
    if not (text.isascii() and text.isdigit() and len(text) <= 40):
        raise ProtocolViolation(
            "The server sent a list of messages that makes no sense. Nothing was changed; a new connection is tried.",
            f"sequence set {text[:80]!r}",
        )
    return int(text)


def _written(low: int, high: int) -> str:
    last = "*" if high == LAST_UID else str(high)
    return last if low == high else f"{low}:{last}"


def _merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    if len(ranges) < 2:
        return tuple(ranges)
    ranges.sort()
    merged: list[tuple[int, int]] = []
    start, end = ranges[0]
    for low, high in ranges:
        if low <= end + 1:
            end = max(end, high)
        else:
            merged.append((start, end))
            start, end = low, high
    merged.append((start, end))
    return tuple(merged)
