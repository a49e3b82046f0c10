"""What can be done with conversations as such: unfolding and muting them.

What belongs here: those actions, and what is said of them. What must never be here: what makes messages a conversation
(the store), lines (the list).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


class Conversing:
    """Conversations of the triage screen."""

    def __init__(self, screen: Triage, open_message: Callable[[], None]) -> None:
        self._screen = screen
        self._list = screen.messages
        self._open = open_message

    def unfold(self) -> None:
        """Show the messages of a conversation; open what has none."""
        if not self._list.unfold():
            self._open()

    def fold(self) -> None:
        """Show a conversation as one line."""
        self._list.fold()

    def mute(self) -> None:
        """What comes to this conversation counts as read; or no longer."""
        screen, listing = self._screen, self._list.listing
        folding = listing.folding
        if folding is None:
            screen.say(SafeText(f"A conversation can be muted; {screen.keymap.shown('view.threads')} lists them."))
            return
        head = folding.head_of(self._list.current_id)
        said = listing.conversation_at(self._list.listing.find(head, self._list.cursor)) if head else None
        if said is None:
            return
        again = f" · {screen.keymap.shown('thread.mute')} again ends it"
        future = screen.client.mute(head, muted=not said.muted)
        screen.bridge.when_done(future, lambda _: self._list.refresh_rows(), screen.problem)
        screen.say(SafeText("No longer muted" if said.muted else f"Muted: what comes to it counts as read{again}"))
