"""What there is of something in all of the mail: keywords and their numbers, everything from one sender.

What belongs here: questions that read much, each on a thread of its own. What must never be here: SQL, screens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from tui_mail.errors import NotFound
from tui_mail.paths import Paths
from tui_mail.store import bodies, folders
from tui_mail.store.database import Database

if TYPE_CHECKING:
    from tui_mail.mime.unsubscribing import Unsubscribing
    from tui_mail.store.senders import FromSender

T = TypeVar("T")


class Overview:
    """The part of MailClient that counts, and what is done about a sender as a whole."""

    paths: Paths
    searches: tuple[tuple[str, str], ...]
    _db: Database

    def keyword_counts(self, account: str) -> Future[dict[str, int]]:
        """How many messages of an account have each of its keywords."""
        from tui_mail.store import keywords

        def count() -> dict[str, int]:
            sql = self._db.read()
            return keywords.counts(sql, folders.known_account(sql, account))

        return in_background("keywords", count)

    def from_sender(self, email: str) -> Future[FromSender]:
        """Everything that is here from an address."""
        from tui_mail.store import senders

        return in_background("sender", lambda: senders.from_sender(self._db.read(), email))

    def unsubscribing(self, message_id: int) -> Future[Unsubscribing | None]:
        """How a message says that its list is left; None when it does not, or is not here whole."""
        from tui_mail.mime.unsubscribing import unsubscribing

        def look() -> Unsubscribing | None:
            raw = bodies.load(self._db.read_bodies(), message_id)
            return unsubscribing(raw) if raw is not None else None

        return in_background("unsubscribing", look)

    def leave_list(self, url: str) -> Future[int]:
        """Leave a list by one click (RFC 8058), because the person said so just now. The future raises ServerError."""

        def leave() -> int:
            from tui_mail.net.one_click import leave

            return leave(url)

        return in_background("leave-list", leave)

    def add_rule(self, rule: Mapping[str, object]) -> Future[None]:
        """Write a rule into config.toml, instead of one of the same name. The future raises ConfigError."""
        from tui_mail.config.changing import put_rule

        return in_background("rule", lambda: put_rule(self.paths, rule))

    def save_search(self, name: str, query: str | None) -> Future[None]:
        """Keep a search in config.toml, instead of one of the same name; None takes it out."""
        from tui_mail.config.changing import set_table

        def save() -> None:
            set_table(self.paths, "searches", {name: query})
            kept = {**dict(self.searches), name: query}
            self.searches = tuple((one, text) for one, text in kept.items() if text is not None)

        return in_background("save-search", save)

    def rename_search(self, name: str, other: str) -> Future[None]:
        """Keep a saved search under another name, instead of one that has that name."""
        from tui_mail.config.changing import set_table

        def rename() -> None:
            kept = dict(self.searches)
            query = kept.pop(name, None)
            if query is None:
                raise NotFound("That search is gone; nothing was changed.")
            set_table(self.paths, "searches", {name: None, other: query})
            kept[other] = query
            self.searches = tuple(kept.items())

        return in_background("rename-search", rename)


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
