"""What there is of something in all of the mail: keywords and their numbers, everything from one sender.

What belongs here: questions that read much, each on a thread of its own. What must never be here: SQL, screens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from tui_mail.store import folders, keywords
from tui_mail.store.database import Database

T = TypeVar("T")


class Overview:
    """The part of MailClient that counts."""

    _db: Database

    def keyword_counts(self, account: str) -> Future[dict[str, int]]:
        """How many messages of an account have each of its keywords."""

        def count() -> dict[str, int]:
            sql = self._db.read()
            return keywords.counts(sql, folders.known_account(sql, account))

        return in_background("keywords", count)


def in_background(name: str, work: Callable[[], T]) -> Future[T]:
    """Do it on a thread of its own, which nobody waits for at the end."""
    future = Future[T]()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
