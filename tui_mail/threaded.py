"""A folder's messages by thread: which is shown for each, and which are behind it.

What belongs here: plain arrays, so that a million messages cost what they weigh. What must never be here: the store,
the screen.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import accumulate


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Threads:
    """The threads of a folder, that of the newest message first."""

    heads: array[int] = field(default_factory=_numbers)
    """The newest message of each, which stands for it in a list."""
    ids: array[int] = field(default_factory=_numbers)
    """All messages of the folder: those of one thread side by side, newest first."""
    starts: array[int] = field(default_factory=_numbers)
    """Where those of each thread begin in `ids`…"""
    stops: array[int] = field(default_factory=_numbers)
    """…and end."""

    @classmethod
    def of(cls, ids: array[int], threads: Iterable[int]) -> Threads:
        """From the messages of a folder, newest first, and the thread of each."""
        numbers = dict[int, int]()
        number = numbers.setdefault
        places = array("q", [number(thread, len(numbers)) for thread in threads])
        counts = [0] * len(numbers)
        del numbers
        for place in places:
            counts[place] += 1
        stops = array("q", accumulate(counts))
        starts = array("q", [0, *stops[:-1]] if stops else [])
        at, grouped = starts[:], ids[:]
        for place, message_id in zip(places, ids, strict=True):
            grouped[at[place]] = message_id
            at[place] += 1
        return cls(array("q", [grouped[start] for start in starts]), grouped, starts, stops)

    def group(self, index: int) -> list[int]:
        """The messages of the thread with this number, newest first."""
        return self.ids[self.starts[index] : self.stops[index]].tolist()

    def index_of(self, message_id: int, near: int = 0) -> int:
        """The number of the thread that has this message in the folder; -1 when none has."""
        heads = self.heads
        for reach in (64, len(heads)):
            try:
                return heads.index(message_id, max(0, near - reach), min(len(heads), near + reach))
            except ValueError:
                continue
        try:
            place = self.ids.index(message_id)
        except ValueError:
            return -1
        index = bisect_right(self.starts, place) - 1
        return index if index >= 0 and place < self.stops[index] else -1

    def arranged(self, heads: array[int]) -> Threads:
        """The same threads in another order: that of their newest messages."""
        places = dict(zip(self.heads, range(len(self.heads)), strict=True))
        made = Threads(heads=heads)
        for head in heads:
            place = places[head]
            made.starts.append(len(made.ids))
            made.ids.extend(self.ids[self.starts[place] : self.stops[place]])
            made.stops.append(len(made.ids))
        return made

    def heads_with(self, some: frozenset[int]) -> frozenset[int]:
        """The newest messages of the threads that have any of these."""
        groups = map(self.group, range(len(self.heads)))
        return frozenset(group[0] for group in groups if not some.isdisjoint(group))

    def without(self, gone: Collection[int]) -> Threads:
        """The same without some messages."""
        if not gone:
            return self
        made = Threads()
        for start, stop in zip(self.starts, self.stops, strict=True):
            left = [one for one in self.ids[start:stop] if one not in gone]
            if left:
                made.starts.append(len(made.ids))
                made.ids.extend(left)
                made.stops.append(len(made.ids))
                made.heads.append(left[0])
        return made

    def drop(self, gone: Collection[int], near: int = 0) -> Threads:
        """The same, quickly for a few messages; may be this very object."""
        if len(gone) > FEW:
            return self.without(gone)
        for message_id in gone:
            index = self.index_of(message_id, near)
            if index < 0:
                continue
            left = [one for one in self.group(index) if one != message_id]
            if left:
                start = self.starts[index]
                self.ids[start : start + len(left)] = array("q", left)
                self.ids[start + len(left)] = 0
                self.stops[index] = start + len(left)
                self.heads[index] = left[0]
            else:
                for column in (self.heads, self.starts, self.stops):
                    del column[index]
        return self


FEW = 12
"""So many messages are taken out one by one."""
