"""Work beside the screen: done once in a thread of its own, its result handed to the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from tui_mail.errors import MailError
from tui_mail.ui.bridge import Bridge

T = TypeVar("T")


def aside(
    bridge: Bridge,
    work: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[MailError], None],
    *,
    opens: bool = False,
) -> None:
    """Do `work` in a thread, then `done` with what it gave, or `failed`, on the screen's thread.

    `opens`: the next key is meant for what it opens.
    """
    future = Future[T]()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as problem:
            future.set_exception(problem)
        else:
            future.set_result(result)

    bridge.when_done(future, done, failed, opens=opens)
    threading.Thread(target=run, name="aside", daemon=True).start()
