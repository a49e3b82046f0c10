"""In which order a list stands: by what, and from which end.

What belongs here: the orders that there are, and what they are called. What must never be here: the store, the screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from enum import StrEnum

from tui_mail.records import frozen


class Sort(StrEnum):
    """What a list is ordered by; what is equal in that stands newest first."""

    DATE = "date"
    ARRIVAL = "arrival"
    SENDER = "sender"
    SUBJECT = "subject"
    SIZE = "size"
    UNREAD = "unread"
    STARRED = "starred"
    FILES = "files"


MARKED = frozenset({Sort.UNREAD, Sort.STARRED, Sort.FILES})
"""Two halves: what has it, and what has not."""
_ENDS = {
    Sort.DATE: ("newest first", "oldest first"),
    Sort.ARRIVAL: ("last come first", "first come first"),
    Sort.SENDER: ("A to Z", "Z to A"),
    Sort.SUBJECT: ("A to Z", "Z to A"),
    Sort.SIZE: ("largest first", "smallest first"),
    Sort.UNREAD: ("unread first", "read first"),
    Sort.STARRED: ("starred first", "starred last"),
    Sort.FILES: ("files first", "files last"),
}


@frozen
class Order:
    """One order; the usual one when nothing is said."""

    sort: Sort = Sort.DATE
    turned: bool = False

    @classmethod
    def of(cls, kept: str) -> Order:
        """What `kept` wrote; the usual one for anything else."""
        name = kept.removeprefix("-")
        return cls(Sort(name), kept.startswith("-")) if name in frozenset(Sort) else cls()

    @property
    def kept(self) -> str:
        """As it is remembered: "sender", "-size"; empty for the usual one."""
        return "" if self.is_usual else f"{'-' if self.turned else ''}{self.sort}"

    @property
    def is_usual(self) -> bool:
        """By date, newest first."""
        return self == Order()

    @property
    def end(self) -> str:
        """What stands first, in words."""
        return _ENDS[self.sort][self.turned]

    @property
    def words(self) -> str:
        """All of it in words: "by sender, A to Z", "unread first"."""
        return self.end if self.sort in MARKED or self.sort is Sort.DATE else f"by {self.sort}, {self.end}"

    def turn(self) -> Order:
        """From the other end."""
        return Order(self.sort, not self.turned)


def halves(ids: Iterable[int], front: Collection[int], order: Order) -> array[int]:
    """What has it, then what has not; or the other way round. Each half as it was."""
    one, other = array("q"), array("q")
    for id_ in ids:
        (one if (id_ in front) != order.turned else other).append(id_)
    one.extend(other)
    return one
