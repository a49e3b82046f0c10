"""Reading all ids of the folder on the screen anew, in a thread.

What belongs here: which reload the list waits for, and where its cursor goes then.
What must never be here: when to reload; the screen decides.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Protocol

from tui_mail.errors import MailError
from tui_mail.ui.bridge import Bridge, Errands, Then
from tui_mail.ui.widgets.folding import Folding
from tui_mail.ui.widgets.listing import without
from tui_mail.ui.widgets.message_list import MessageList

RELOAD_REST = 9.0
"""A reload of all ids may take a tenth of the time."""


class IdSource(Protocol):
    """Where ids come from."""

    def ids(self, folder_id: int) -> array[int]:
        """All ids, newest first."""


class Reloading:
    """Keeps a MessageList agreeing with the store."""

    def __init__(
        self, source: IdSource, bridge: Bridge, messages: MessageList, done: Callable[[], None],
        failed: Callable[[MailError], None],
    ) -> None:  # fmt: skip
        self._source = source
        self._messages = messages
        self._done = done
        self._errands = Errands("list", bridge, failed, rest=RELOAD_REST)
        self._onto: Sequence[int] = ()
        self._onto_after = 0

    def ask(self, folder_id: int, *, urgent: bool = False, onto: Sequence[int] = ()) -> None:
        """Read the ids of a folder; the cursor goes to the uppermost one of `onto`, with what is read from now on."""
        listing = self._messages.listing
        if any(onto):
            self._onto, self._onto_after = onto, listing.reloads

        def errand() -> Then:
            number, left_out = listing.reload()
            folding = listing.folding
            found: array[int] | Folding = (
                without(self._source.ids(folder_id), left_out) if folding is None else folding.read().without(left_out)
            )

            def then() -> None:
                if listing is self._messages.listing:
                    self._messages.replace_ids(found, number, left_out, self._wished(number))
                    self._done()

            return then

        self._errands.ask(errand, urgent=urgent)

    def forget_wish(self) -> None:
        """Another folder is shown."""
        self._onto = ()

    def close(self) -> None:
        """End the thread."""
        self._errands.close()

    def _wished(self, number: int) -> Sequence[int]:
        """The messages to go to, once; what was being read when it was asked for cannot hold it."""
        if number <= self._onto_after:
            return ()
        onto, self._onto = self._onto, ()
        return onto
