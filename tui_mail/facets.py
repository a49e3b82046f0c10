"""What each message of a list has that a list can be narrowed by: the split it belongs to, and some marks.

What belongs here: plain arrays, one octet for each message, so that all splits and all marks together are counted and
narrowed in a few milliseconds for 100,000 messages. What must never be here: the store, the screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from dataclasses import field
from enum import IntFlag
from itertools import compress

from tui_mail.records import frozen


class Mark(IntFlag):
    """What a message has."""

    NONE = 0
    UNREAD = 1
    STARRED = 2
    ATTACHMENT = 4
    CONTACT = 8
    """From somebody whom the person wrote to."""


EVERY = Mark.UNREAD | Mark.STARRED | Mark.ATTACHMENT | Mark.CONTACT
MARKS = 16
"""Values of the lower half of an octet: the marks; the split is the upper half."""
MOST_SPLITS = 14
PIECE = 20_000
"""Messages that are gone through at once: a thread that does so gives the interpreter away in between."""


@frozen
class Wish:
    """What a list is narrowed to: one split (-1: all), and what every message must have."""

    split: int = -1
    marks: Mark = Mark.NONE

    def table(self) -> bytes:
        """1 for every octet that fits."""
        return bytes(
            (self.split < 0 or value // MARKS == self.split) and not self.marks & ~value % MARKS for value in range(256)
        )


@frozen
class Facets:
    """Messages in the order of a list, and the facet of each."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    facets: bytes = b""
    threads: array[int] = field(default_factory=lambda: array("q"))
    """The thread of each, if that was asked for."""
    parts: dict[int, array[int]] = field(default_factory=dict)
    """The messages of each split, once `part` was called."""

    def part(self, splits: int) -> None:
        """Have the messages of each split ready: going from one to another costs nothing then. On a thread."""
        for split in range(splits):
            self.parts[split] = self.narrowed(Wish(split))[0]

    def fitting(self, wish: Wish) -> array[int]:
        """The messages that fit."""
        ready = self.parts.get(wish.split) if not wish.marks else None
        return ready[:] if ready is not None else self.narrowed(wish)[0]

    def narrowed(self, wish: Wish, kept: Collection[int] = (), newest: int = -1) -> tuple[array[int], array[int]]:
        """The messages that fit, and those of `kept`; and the thread of each. Or only the first so many of them."""
        fits = self.facets.translate(wish.table())
        if kept:
            fits = bytes(fit or id_ in kept for fit, id_ in zip(fits, self.ids, strict=True))
        if newest >= 0:
            fits = _first(fits, newest)
        ids, threads = array("q"), array("q")
        for piece in (slice(at, at + PIECE) for at in range(0, len(fits), PIECE)):
            ids.extend(compress(self.ids[piece], fits[piece]))
            threads.extend(compress(self.threads[piece], fits[piece]))
        return ids, threads

    def arranged(self, ids: array[int]) -> Facets:
        """The same in another order; `ids` are all of them."""
        places = dict(zip(self.ids, range(len(self.ids)), strict=True))
        order = [places[one] for one in ids]
        threads = array("q", [self.threads[place] for place in order]) if self.threads else self.threads
        return Facets(ids, bytes([self.facets[place] for place in order]), threads)

    def unread(self, splits: int) -> list[int]:
        """How many are unread in each split."""
        return [self.count(Wish(one, Mark.UNREAD)) for one in range(splits)]

    def count(self, wish: Wish) -> int:
        """How many fit."""
        return self.facets.translate(wish.table()).count(1)


def _first(fits: bytes, count: int) -> bytes:
    """The beginning, with no more than so many ones."""
    if count == 0:
        return b""
    at = -1
    for _ in range(count):
        at = fits.find(1, at + 1)
        if at < 0:
            return fits
    return fits[: at + 1]
