"""Keeping search.db up with the mail that is here, behind everything else.

What belongs here: when to look for what is missing, and the pace. What must never be here: what is missing
(store.search_index), or reading messages in this process: their text is hostile, a child reads it.

It compares all numbers after a start and, at most every few seconds, after a commit; what came last is looked at first.
It rests while a sync is storing messages. Each step is one small transaction, after which it pauses as long as the step
took; whatever ends the process in the middle costs one step.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui_mail.attention import Attention
from tui_mail.errors import StoreDamaged, StoreError
from tui_mail.paths import Paths
from tui_mail.store import bodies, excerpts
from tui_mail.store.database import Database
from tui_mail.store.search_file import open_index, path_of, throw_away
from tui_mail.store.search_index import RANGE, BodyWords, SearchIndex

if TYPE_CHECKING:
    from tui_mail.mime.worker import ParserProcess

BEGIN_SECONDS = 2.0
"""After a start, everything else comes first for so long."""
LOOK_SECONDS = 1.0
"""How often it looks whether something was committed."""
QUIET_SECONDS = 0.7
"""How long nothing must have been committed before it begins…"""
LATEST_SECONDS = 8.0
"""…and after which it begins nevertheless."""
COMPARE_SECONDS = 4.0
"""Between two comparisons of everything…"""
RANGE_SECONDS = 0.3
"""…and at least so long for each RANGE of numbers, which takes a thirtieth of that."""
TROUBLE_SECONDS = 60.0
"""Pause after the disk or the file failed."""
BODIES = 25
"""Messages whose text goes into one transaction…"""
BODIES_SECONDS = 0.2
"""…or as many as are read in this time."""
LONGEST_PAUSE = 0.25

log = logging.getLogger(__name__)


class Indexer(threading.Thread):
    """The thread that fills search.db, in the process that is the engine."""

    def __init__(self, paths: Paths, db: Database, attention: Attention) -> None:
        super().__init__(name="indexer", daemon=True)
        self._paths = paths
        self._db = db
        self._attention = attention
        self._over = threading.Event()
        self._reader: ParserProcess | None = None

    def stop(self) -> None:
        """End soon."""
        self._over.set()
        if self._reader is not None:
            self._reader.close()

    def run(self) -> None:
        """Index what is there and what comes, until stopped."""
        if self._over.wait(BEGIN_SECONDS):
            return
        while not self._over.is_set():
            try:
                self._keep_up()
            except StoreDamaged as error:
                log.warning("the index is made anew: %s", error.detail)
                throw_away(self._paths)
            except StoreError as error:
                log.warning("the index: %s", error.detail)
            except Exception:  # a thread's top: mail works without an index
                log.exception("the index")
            self._over.wait(TROUBLE_SECONDS)

    def _keep_up(self) -> None:
        index = opened(self._paths, self._db)
        try:
            seen, compared_at, behind = -1, 0.0, True
            while not self._over.is_set():
                version = index.version()
                if version != seen:
                    seen, behind = self._when_quiet(index, version), True
                    self._do(add_new(index, self._db, self._read_words))
                pause = max(COMPARE_SECONDS, RANGE_SECONDS * index.newest() / RANGE)
                if behind and time.monotonic() - compared_at > pause:
                    self._do(catch_up(index, self._db, self._read_words))
                    compared_at, behind = time.monotonic(), False
                    self._rest()
                    index.rest()
                self._over.wait(LOOK_SECONDS)
        finally:
            index.close()

    def _when_quiet(self, index: SearchIndex, version: int) -> int:
        """Wait until nobody has committed for a moment, but not for ever; gives the version then."""
        began = changed_at = time.monotonic()
        while not self._over.wait(QUIET_SECONDS / 4):
            now, before = time.monotonic(), version
            version = index.version()
            changed_at = now if version != before else changed_at
            if now - changed_at > QUIET_SECONDS or now - began > LATEST_SECONDS:
                break
        return version

    def _read_words(self) -> ParserProcess:
        """The child that reads, once there is something to read: its libraries are not loaded before."""
        if self._reader is None:
            from tui_mail.mime.worker import ParserProcess

            self._reader = ParserProcess(answer="words")
            if self._over.is_set():
                self._reader.close()
        return self._reader

    def _rest(self) -> None:
        if self._reader is not None:
            self._reader.rest()

    def _do(self, steps: Iterator[None]) -> None:
        began = time.monotonic()
        for _ in steps:
            self._attention.give_way()
            if self._over.wait(min(LONGEST_PAUSE, time.monotonic() - began)):
                return
            began = time.monotonic()


def opened(paths: Paths, db: Database) -> SearchIndex:
    """The index of a store. Raises StoreError."""
    return SearchIndex(open_index(paths, db.mail_path, db.store_id()), path_of(paths))


Reading = Callable[[], "ParserProcess"]
"""Gives the child that reads; called when there is something to read."""


def add_new(index: SearchIndex, db: Database, reading: Reading) -> Iterator[None]:
    """What came since the last time, step by step; the bodies only of what came last."""
    newest, indexed = index.newest(), index.newest_indexed()
    while indexed < newest and index.add_heads(indexed + 1, newest):
        yield
    yield from _add_bodies(index, db, reading, max(1, newest - RANGE), newest)
    yield from _add_excerpts(index, db, reading)


def catch_up(index: SearchIndex, db: Database, reading: Reading | None) -> Iterator[None]:
    """Everything that is missing or too much, step by step: first all headers, then the bodies that somebody reads."""
    newest = max(index.newest(), index.newest_indexed())
    for first in range(1, newest + 1, RANGE):
        last = first + RANGE - 1
        if index.remove_gone(first, last):
            yield
        while index.add_heads(first, last):
            yield
        yield
    if reading is None:
        return
    for first in range(1, newest + 1, RANGE):
        yield from _add_bodies(index, db, reading, first, first + RANGE - 1)
        yield
    yield from _add_excerpts(index, db, reading)


def _add_bodies(index: SearchIndex, db: Database, reading: Reading, first: int, last: int) -> Iterator[None]:
    while missing := index.without_body(first, last, 10 * BODIES):
        yield from _add(missing, index, reading, lambda id_: bodies.load(db.read_bodies(), id_), excerpt=False)
        if missing:  # the child was closed
            return


def _add_excerpts(index: SearchIndex, db: Database, reading: Reading) -> Iterator[None]:
    """What is here of large messages: they are few."""

    def load(message_id: int) -> bytes | None:
        excerpt = excerpts.load(db.read_bodies(), message_id)
        return None if excerpt is None else excerpt.octets

    if missing := index.without_excerpt(excerpts.ids(db.read_bodies())):
        yield from _add(missing, index, reading, load, excerpt=True)


Load = Callable[[int], bytes | None]
"""The octets of a message, or what there is of it."""


def _add(missing: list[int], index: SearchIndex, reading: Reading, load: Load, *, excerpt: bool) -> Iterator[None]:
    """Index these messages, which are taken off the list, as long as the child is there."""
    reader = reading()
    while missing:
        found = _read(missing, load, reader, excerpt=excerpt)
        if reader.is_closed:  # what was not read for that reason is not unreadable
            missing += [one.message_id for one in found]
            return
        index.add_bodies(found)
        yield


def _read(missing: list[int], load: Load, reader: ParserProcess, *, excerpt: bool) -> list[BodyWords]:
    """The words of the first of these messages, which are taken off the list."""
    found, began = list[BodyWords](), time.monotonic()
    while missing and len(found) < BODIES and time.monotonic() - began < BODIES_SECONDS:
        message_id = missing.pop(0)
        raw = load(message_id)
        words = None if raw is None else reader.words(raw)
        filenames, text = words or ("", "")
        found.append(BodyWords(message_id, filenames, text, words is not None, excerpt))
    return found
