"""What was done, read in a thread: for the history, for what waits, and for what a server refused.

What belongs here: reading the journal and the subjects that belong to it. What must never be here: widgets, words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import Change, Protocol
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Bridge, Errands, Then
from tui_mail.ui.widgets.deed_text import Deed

if TYPE_CHECKING:
    from tui_mail.client import MailClient

LATEST = 100
"""Actions among which those that wait or were refused are looked for."""
WHOLE = 1_000
"""Actions that the history goes back."""
REST = 4.0
"""Reading may take a fifth of the time."""


class Doings:
    """The latest actions, newest first, as the store had them when they were last read."""

    def __init__(
        self, client: MailClient, bridge: Bridge, told: Callable[[bool], None], failed: Callable[[MailError], None]
    ) -> None:
        """`told` is called on the UI thread whenever they were read, with whether they are others than before."""
        self.deeds: list[Deed] = []
        self.next_undo = 0
        """The batch that undo takes back when none is named; 0 none."""
        self.whole = False
        """Whether the history is open: all of it is read then, with subjects."""
        self._client = client
        self._local = {account.name for account in client.accounts if account.protocol is Protocol.POP3}
        self._told = told
        self._errands = Errands("doings", bridge, failed, rest=REST)
        self._was_whole = False

    def ask(self, *, urgent: bool = False) -> None:
        """Read them anew."""
        whole = self.whole

        def errand() -> Then:
            changes = self._client.changes(WHOLE if whole and self._was_whole else LATEST)
            subjects = self._subjects(changes) if whole else {}
            deeds = [
                Deed(one, tuple(subjects[id_] for id_ in one.message_ids if id_ in subjects), self._is_here(one))
                for one in changes
            ]
            next_undo = self._client.next_undo()
            return lambda: self._came(deeds, next_undo, whole)

        self._errands.ask(errand, urgent=urgent)

    def close(self) -> None:
        """End the thread."""
        self._errands.close()

    def _came(self, deeds: list[Deed], next_undo: int, whole: bool) -> None:
        if whole and not self._was_whole:  # the newest are on the screen at once, the others follow
            self._was_whole = True
            self.ask(urgent=True)
        self._was_whole = self.whole and self._was_whole
        before = self.deeds, self.next_undo
        self.deeds, self.next_undo = deeds, next_undo
        self._told(before != (deeds, next_undo))

    def _is_here(self, change: Change) -> bool:
        return self._local.issuperset(change.accounts or (change.account,))

    def _subjects(self, changes: list[Change]) -> dict[int, SafeText]:
        ids = list(dict.fromkeys(id_ for change in changes for id_ in change.message_ids[:5]))
        return {row.id: row.subject for row in self._client.rows(ids)}
