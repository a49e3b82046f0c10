"""How things stand: the status line, the notice below it, and what they say of actions that wait or were refused.

What belongs here: when the lines above the panes are written anew. What must never be here: their words (`words`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import AccountStatus
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Bridge
from tui_mail.ui.doings import Doings
from tui_mail.ui.keys import Keymap
from tui_mail.ui.screens.words import notice_runs
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from tui_mail.client import MailClient


class Standing:
    """The lines above the panes."""

    def __init__(
        self, client: MailClient, bridge: Bridge, keymap: Keymap, failed: Callable[[MailError], None],
        notice: SafeText | None,
    ) -> None:  # fmt: skip
        self.status = StatusLine(id="status")
        self.notice_line = OneLine(id="notice")
        self.doings = Doings(client, bridge, self._doings_came, failed)
        self.on_doings: Callable[[], None] | None = None
        """Called when the latest actions are others, or are further."""
        self._client = client
        self._keymap = keymap
        self._notice = notice
        self._waiting = True  # what was left by an earlier run is read a second after the first picture
        self._told = set[SafeText]()
        self._counts: list[tuple[int, int]] = []

    def show(self) -> list[AccountStatus]:
        """Write the lines anew; gives how the accounts are."""
        statuses = self._client.statuses()
        self.status.show(statuses)
        for status in statuses:
            if status.notice and status.notice not in self._told:
                self._told.add(status.notice)
                self.status.notify(status.notice, severity="warning", timeout=30, markup=False)
                self._client.note_told(status.account)
        refused = [deed.change for deed in self.doings.deeds if deed.failed]
        runs = notice_runs(statuses, self._notice, self._keymap, refused)
        self.notice_line.write(*runs)
        self.notice_line.display = bool(runs[0])
        return statuses

    def acted(self) -> None:
        """Something that the server must be told of is durable here."""
        self._waiting = True
        if self.doings.whole:
            self.doings.ask(urgent=True)

    def heard(self) -> None:
        """An account is in another state; when it counts other actions than before, they are read anew."""
        counts = [(status.pending, status.failed) for status in self.show()]
        if counts != self._counts:
            self._counts = counts
            self.doings.ask()

    def tick(self) -> None:
        """A second went by."""
        if self._waiting:  # asked once a second, so that hanging ones are seen
            self.doings.ask()
        self.status.tick()

    def close(self) -> None:
        """End the thread."""
        self.doings.close()

    def _doings_came(self, changed: bool) -> None:
        waiting = sum(deed.waiting for deed in self.doings.deeds)
        self._waiting = bool(waiting)
        self.status.wait_for(waiting)
        if changed:
            self.show()
        if changed and self.on_doings is not None:
            self.on_doings()
