"""The only place where threads meet the screen.

What belongs here: carrying facts from other threads to the UI thread, few and coalesced.
What must never be here: widgets. Other threads may do nothing to the screen but `post_message`, and only here.

Engine events and finished errands are collected under a lock, and one `News` message is on its way at
most: 10,000 events cost the event loop one turn (10,000 messages would stall it for 80 ms).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from textual.message import Message

from tui_mail.errors import MailError
from tui_mail.model import (
    BodyArrived,
    ChangeFailed,
    Event,
    FolderListChanged,
    FoldersChanged,
    LinkAsked,
    OutgoingChanged,
    SearchAnswered,
    StatusChanged,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
Then = Callable[[], None]
"""What to do on the UI thread with what an errand brought."""


OPENING = 2.0
"""Seconds in which something may open: a composer wants a draft of the store, and once its libraries."""


class News(Message):
    """Something waits in the bridge; carries nothing itself."""


@dataclass(slots=True)
class Gathered:
    """Engine events since the screen last looked, each kind at most once per thing it is about."""

    folders: set[int] = field(default_factory=set)
    tree: bool = False
    statuses: bool = False
    links: bool = False
    """Another program asked to write to a mailto: link."""
    outgoing: bool = False
    """Drafts or the outbox changed."""
    bodies: dict[int, BodyArrived] = field(default_factory=dict)
    searches: list[SearchAnswered] = field(default_factory=list)
    failures: list[ChangeFailed] = field(default_factory=list)
    thens: list[Then] = field(default_factory=list)


class Mailbox(Protocol):
    """What the bridge needs of an app: the one method of Textual that is safe from any thread."""

    def post_message(self, message: Message) -> bool:
        """False when the app is gone."""


class Bridge:
    """Where other threads leave what they have for the screen."""

    def __init__(self, app: Mailbox) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._gathered = Gathered()
        self._posted = False
        self._opening = 0
        self._opens_until = 0.0
        self._awaited = set[object]()
        self._escapes: dict[object, Then] = {}

    @property
    def is_opening(self) -> bool:
        """What was just asked for opens or closes a screen when it is there: what is typed meanwhile is meant for that.

        Not what takes longer than OPENING seconds, unless it is awaited (`await_opening`).
        """
        return bool(self._awaited) or (self._opening > 0 and time.monotonic() < self._opens_until)

    def sink(self, event: Event) -> None:
        """Take an engine event; from any thread."""
        with self._lock:
            match event:
                case FoldersChanged(folder_ids):
                    self._gathered.folders |= folder_ids
                case FolderListChanged():
                    self._gathered.tree = True
                case LinkAsked():
                    self._gathered.links = True
                case OutgoingChanged():
                    self._gathered.outgoing = True
                case StatusChanged():
                    self._gathered.statuses = True
                case BodyArrived(message_id):
                    self._gathered.bodies[message_id] = event
                case SearchAnswered():
                    self._gathered.searches.append(event)
                case ChangeFailed():
                    self._gathered.failures.append(event)
            self._post()

    def deliver(self, then: Then) -> None:
        """Have `then` called on the UI thread; from any thread."""
        with self._lock:
            self._gathered.thens.append(then)
            self._post()

    def take(self) -> Gathered:
        """Everything gathered so far; on the UI thread, when News came."""
        with self._lock:
            gathered, self._gathered = self._gathered, Gathered()
            self._posted = False
            return gathered

    def opens(self) -> Then:
        """Something is about to open; to be called on the UI thread, as is what it gives, once that is over."""
        self._opening += 1
        self._opens_until = time.monotonic() + OPENING

        def opened() -> None:
            self._opening -= 1

        return opened

    def await_opening(
        self, future: Future[T], done: Callable[[T], None], failed: Callable[[MailError], None], given_up: Then
    ) -> Then:
        """As `when_done`, for what is typed into: every key waits for it, however long it takes.

        What this gives is to be called when the person is told of a way out: from then on `give_up` ends the waiting,
        and `given_up` is called instead of the others.
        """
        token = object()
        self._awaited.add(token)

        def is_over() -> bool:
            was_awaited = token in self._awaited
            self._awaited.discard(token)
            self._escapes.pop(token, None)
            return not was_awaited

        def offer() -> None:
            if token in self._awaited:
                self._escapes[token] = given_up

        self.when_done(
            future,
            lambda result: None if is_over() else done(result),
            lambda error: None if is_over() else failed(error),
        )
        return offer

    def give_up(self) -> bool:
        """Wait no longer for what has a way out; False when nothing has. On the UI thread."""
        escapes, self._escapes = self._escapes, {}
        self._awaited -= escapes.keys()
        for given_up in escapes.values():
            given_up()
        return bool(escapes)

    def when_done(
        self,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[MailError], None],
        *,
        opens: bool = False,
    ) -> None:
        """Call `done` or `failed` on the UI thread once the future is there; `opens`: the next key waits for it."""
        opened = self.opens() if opens else None

        def finished(future: Future[T]) -> None:
            try:
                tell(future)
            finally:
                if opened is not None:
                    self.deliver(opened)

        def tell(future: Future[T]) -> None:
            try:
                result = future.result()
            except CancelledError:
                return
            except MailError as error:
                problem = error
            except Exception as error:
                problem = _inside(error)
            else:
                self.deliver(lambda: done(result))
                return
            self.deliver(lambda: failed(problem))

        future.add_done_callback(finished)

    def _post(self) -> None:
        if not self._posted:
            self._posted = self._app.post_message(News())


class Errands:
    """A daemon thread that always does the newest errand asked for and forgets the others.

    `rest`: how long it pauses after an errand, as a multiple of how long that took; an urgent one does not wait.
    """

    def __init__(self, name: str, bridge: Bridge, failed: Callable[[MailError], None], rest: float = 0.0) -> None:
        self._name = name
        self._bridge = bridge
        self._failed = failed
        self._rest = rest
        self._condition = threading.Condition()
        self._next: Callable[[], Then | None] | None = None
        self._urgent = False
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, errand: Callable[[], Then | None], *, urgent: bool = True) -> None:
        """Do `errand` in the thread, then what it returns on the UI thread."""
        with self._condition:
            self._next = errand
            self._urgent = self._urgent or urgent
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """End the thread after what it is doing."""
        with self._condition:
            self._closed = True
            self._next = None
            self._condition.notify()

    def _run(self) -> None:
        rested_at = 0.0
        while True:
            with self._condition:
                while not self._closed and (self._next is None or (not self._urgent and time.monotonic() < rested_at)):
                    self._condition.wait(max(0.0, rested_at - time.monotonic()) if self._next else None)
                if self._closed or self._next is None:
                    return
                errand, self._next, self._urgent = self._next, None, False
            started = time.monotonic()
            self._do(errand)
            finished = time.monotonic()
            rested_at = finished + self._rest * (finished - started)

    def _do(self, errand: Callable[[], Then | None]) -> None:
        try:
            then = errand()
        except MailError as error:
            problem = error
        except Exception as error:
            problem = _inside(error)
        else:
            if then is not None and not self._closed:
                self._bridge.deliver(then)
            return
        if not self._closed:
            self._bridge.deliver(lambda: self._failed(problem))


def _inside(error: Exception) -> MailError:
    """A fault of ours, for people; where it was is in the log."""
    log.error("an errand of the screen failed", exc_info=error)
    return MailError("Something went wrong inside; nothing was lost. The log says where.", repr(error))
