"""What can be done with conversations as such: unfolding them, muting them, going through them.

What belongs here: those actions, and what is said of them. What must never be here: what makes messages a conversation
(the store), lines (the list).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.model import Row
from tui_mail.text import SafeText
from tui_mail.ui.aside import aside

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


JUDGED = 100
"""Selected conversations that are looked at to tell whether all are muted."""


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

    def step(self, by: int) -> None:
        """The next message of the conversation, in whatever folder of the account it is; or the one before."""
        screen, here = self._screen, self._screen.commands.current_message()
        client = screen.client
        if not here:
            return

        def work() -> tuple[list[int], list[Row]]:
            row = client.row(here)
            members = client.members(row.folder_id, client.whole_threads([here]))[::-1] if row is not None else []
            at = members.index(here) if here in members else -1
            wanted = at + by if at >= 0 else -1
            return members, client.rows([members[wanted]]) if 0 <= wanted < len(members) else []

        def done(found: tuple[list[int], list[Row]]) -> None:
            members, rows = found
            if not rows:
                only = len(members) < 2
                way = "newer" if by > 0 else "older"
                screen.say(SafeText("No others in this conversation." if only else f"Nothing {way} in it."))
                return
            screen.show_reader()
            screen.reading.open(rows[0])
            line = self._list.listing.line_of(rows[0].id, self._list.cursor)
            if line >= 0:
                self._list.move_to(line)
            screen.say(SafeText(f"{members.index(rows[0].id) + 1} of {len(members)} in this conversation"))

        aside(screen.bridge, work, done, screen.problem, opens=True)

    def mute(self) -> None:
        """What comes to this conversation, or to those that are selected, counts as read; or no longer."""
        screen, listing = self._screen, self._list.listing
        folding = listing.folding
        if folding is None:
            screen.say(SafeText(f"A conversation can be muted; {screen.keymap.shown('view.threads')} lists them."))
            return
        meant = listing.chosen() if listing.selected else [self._list.current_id]
        heads = [head for head in dict.fromkeys(map(folding.head_of, meant)) if head]
        said = folding.said(heads[:JUDGED], self._list.cursor)
        if not said:
            return
        muted = not all(one.muted for one in said.values())
        future = screen.client.mute(*heads, muted=muted)
        screen.bridge.when_done(future, lambda _: self._list.refresh_rows(), screen.problem)
        many, again = len(heads), screen.keymap.shown("thread.mute")
        which = "" if many == 1 else f" {many:,} conversations"
        it = "it" if many == 1 else "them"
        to_end = f"Muted{which}: what comes to {it} counts as read · {again} again ends it"
        screen.say(SafeText(to_end if muted else f"No longer muted{':' if which else ''}{which}"))
