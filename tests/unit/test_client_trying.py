"""Several tries at once: how many, how long, and that nobody is kept waiting."""

from __future__ import annotations

import threading
import time

import pytest

from tui_mail.client import trying
from tui_mail.client.trying import MOST, Tries
from tui_mail.errors import MailError, Unreachable


def forever() -> float:
    """The end of a test's patience."""
    return time.monotonic() + 60


def test_outcomes_come_as_they_come_on_the_waiting_thread() -> None:
    """The quick one first, what was returned or why not."""
    slow_may_end, outcomes = threading.Event(), []

    def slow() -> str:
        slow_may_end.wait(30)
        return "slow"

    def failing() -> str:
        raise Unreachable("away")

    def then(outcome: str | MailError) -> None:
        outcomes.append((str(outcome), threading.current_thread() is threading.main_thread()))
        slow_may_end.set()

    tries = Tries(threading.Event(), forever())
    tries.add(slow, then)
    tries.add(failing, then)
    while tries.wait():
        pass
    assert outcomes == [("away", True), ("slow", True)]


def test_only_a_few_run_at_once() -> None:
    """However many there are."""
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    tries, ended = Tries(threading.Event(), forever()), []
    for _ in range(4 * MOST):
        tries.add(work, ended.append)
    while tries.wait():
        pass
    assert len(ended) == 4 * MOST
    assert most == MOST


def test_a_try_that_takes_too_long_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is free, and what it says later is not heard."""
    monkeypatch.setattr(trying, "LIMIT", 0.1)
    release, outcomes = threading.Event(), []
    tries = Tries(threading.Event(), forever())
    for _ in range(MOST):
        tries.add(lambda: release.wait(30), outcomes.append)
    tries.add(lambda: "after", outcomes.append)
    while tries.wait():
        pass
    release.set()
    assert [type(outcome) for outcome in outcomes[:-1]] == [Unreachable] * MOST
    assert outcomes[-1] == "after"


def test_stopping_ends_the_waiting_at_once() -> None:
    """Though every try still hangs."""
    stop, release, outcomes = threading.Event(), threading.Event(), []
    tries = Tries(stop, forever())
    tries.add(lambda: release.wait(30), outcomes.append)
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert not tries.wait()
    assert time.monotonic() - began < 6
    release.set()
    assert outcomes == []


def test_an_error_of_our_own_is_an_outcome_like_another() -> None:
    """It goes to the log, and the search goes on."""
    outcomes: list[object] = []
    tries = Tries(threading.Event(), forever())
    tries.add(lambda: 1 // 0, outcomes.append)
    assert tries.wait()
    assert isinstance(outcomes[0], MailError)
    assert not tries.wait()


def test_the_whole_has_an_end() -> None:
    """Also while something runs."""
    release = threading.Event()
    tries = Tries(threading.Event(), time.monotonic() + 0.2)
    tries.add(lambda: release.wait(30), lambda _: None)
    began = time.monotonic()
    assert not tries.wait()
    assert time.monotonic() - began < 6
    release.set()
