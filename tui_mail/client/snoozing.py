"""Sleep and waking of messages, and reminders, as a person asks for them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future

from tui_mail.client.acting import Acting
from tui_mail.errors import UsageError
from tui_mail.model import Change
from tui_mail.store import reminding, snoozing


class Snoozing(Acting):
    """The part of MailClient's acting half that is about moments to come."""

    def snooze(self, ids: Iterable[int], until: float) -> Future[Change | None]:
        """Have messages leave their folder until a moment (epoch, rounded up to a quarter of an hour).

        What sleeps already sleeps until then. Raises UsageError for a moment that has gone by.
        """
        wanted = list(ids)
        if until <= time.time():
            raise UsageError("That moment has gone by; nothing was done.")
        return self._act(lambda txn: snoozing.snooze(txn, wanted, until))

    def unsnooze(self, ids: Iterable[int]) -> Future[Change | None]:
        """Bring messages that sleep back to the inbox now; others stay where they are."""
        wanted = list(ids)
        return self._act(lambda txn: snoozing.unsnooze(txn, wanted))

    def remind(self, ids: Iterable[int], moment: float) -> Future[Change | None]:
        """Be reminded of messages at a moment (epoch) unless somebody has answered. Raises UsageError for the past."""
        wanted = list(ids)
        if moment <= time.time():
            raise UsageError("That moment has gone by; nothing was done.")
        return self._act(lambda txn: reminding.remind(txn, wanted, moment))

    def forget_reminder(self, ids: Iterable[int]) -> Future[Change | None]:
        """No reminder of these messages any more."""
        wanted = list(ids)
        return self._act(lambda txn: reminding.forget(txn, wanted))

    def has_reminders(self) -> bool:
        """Whether some message waits for an answer, or has waited in vain."""
        return reminding.any_marked(self._db.read())

    def newest_change(self) -> int:
        """The number of the newest change: for `rung_after`."""
        return reminding.newest_change(self._db.read())

    def rung_after(self, change_id: int) -> list[tuple[bool, int]]:
        """(whether it slept, message) of what came back or became due since then."""
        return reminding.rung_after(self._db.read(), change_id)
