"""What is being sent, read in a thread: for the status line and the outbox.

What belongs here: when the outbox is read. What must never be here: widgets, words.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.outgoing import OutboxEntry
from tui_mail.ui.bridge import Bridge, Errands, Then

if TYPE_CHECKING:
    from tui_mail.client import MailClient

AGAIN = 3.0
"""Seconds after which it is read again while something is on its way: another process may be the one that sends."""


class Sendings:
    """The outbox as it was when it was last read, the newest first; with what was sent today."""

    def __init__(
        self, client: MailClient, bridge: Bridge, told: Callable[[], None], failed: Callable[[MailError], None]
    ) -> None:
        """`told` is called on the UI thread when it is other than before."""
        self.entries: list[OutboxEntry] = []
        self.on_change: Callable[[], None] | None = None
        """Called beside `told`: by the outbox while it is shown."""
        self._client = client
        self._told = told
        self._errands = Errands("outbox", bridge, failed, rest=4.0)
        self._read_at = 0.0
        self._midnight = 0.0

    @property
    def open(self) -> list[OutboxEntry]:
        """What is not over."""
        return [entry for entry in self.entries if entry.is_open]

    def ask(self) -> None:
        """Read it anew."""
        self._read_at = time.monotonic()
        self._errands.ask(self._errand)

    def tick(self) -> None:
        """A second went by."""
        if self.open and time.monotonic() - self._read_at > AGAIN:
            self.ask()

    def close(self) -> None:
        """End the thread."""
        self._errands.close()

    def _errand(self) -> Then:
        midnight = int(time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1)))
        entries = self._client.outbox(done_since=midnight)
        return lambda: self._came(entries)

    def _came(self, entries: list[OutboxEntry]) -> None:
        if entries != self.entries:
            self.entries = entries
            self._told()
            if self.on_change is not None:
                self.on_change()
