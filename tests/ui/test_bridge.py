"""Where threads meet the screen."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from textual.message import Message

from tui_mail.errors import MailError, StoreFull
from tui_mail.model import FoldersChanged
from tui_mail.ui.bridge import Bridge, Errands, News


class App:
    """Counts what is posted."""

    def __init__(self) -> None:
        self.posted: list[Message] = []
        self.came = threading.Event()

    def post_message(self, message: Message) -> bool:
        self.posted.append(message)
        self.came.set()
        return True


def test_a_flood_of_events_is_one_message() -> None:
    """Ten thousand events cost the event loop one turn."""
    app = App()
    bridge = Bridge(app)
    for number in range(10_000):
        bridge.sink(FoldersChanged(frozenset({number % 7})))
    assert [type(one) for one in app.posted] == [News]
    assert bridge.take().folders == set(range(7))
    bridge.sink(FoldersChanged(frozenset({1})))
    assert len(app.posted) == 2


def test_the_newest_errand_wins() -> None:
    """What was asked for while the thread was busy is forgotten, but for the last."""
    app = App()
    bridge = Bridge(app)
    errands = Errands("test", bridge, lambda _: None)
    done: list[int] = []
    started, go, finished = threading.Event(), threading.Event(), threading.Event()

    def busy() -> None:
        started.set()
        go.wait(10)

    errands.ask(busy)
    assert started.wait(10)
    for number in range(100):
        errands.ask(lambda number=number: done.append(number) or finished.set())  # type: ignore[misc,func-returns-value]
    go.set()
    assert finished.wait(10)
    errands.close()
    assert done == [99]


def test_failures_come_back_as_mail_errors() -> None:
    """An errand that fails says so on the screen's thread."""
    app = App()
    bridge = Bridge(app)
    problems: list[MailError] = []
    errands = Errands("test", bridge, problems.append)

    def fails() -> None:
        raise StoreFull("The disk is full.")

    errands.ask(fails)
    assert app.came.wait(10)
    for then in bridge.take().thens:
        then()
    errands.close()
    assert [problem.sentence for problem in problems] == ["The disk is full."]


def test_futures_are_answered_on_the_screens_thread() -> None:
    """Done and failed, each by its own way; nothing happens before the screen takes it."""
    bridge = Bridge(App())
    answers: list[object] = []
    good: Future[int] = Future()
    bad: Future[int] = Future()
    for future in (good, bad):
        bridge.when_done(future, answers.append, answers.append)
    good.set_result(1)
    bad.set_exception(ValueError("inside"))
    assert answers == []
    for then in bridge.take().thens:
        then()
    assert answers[0] == 1
    assert isinstance(answers[1], MailError)
