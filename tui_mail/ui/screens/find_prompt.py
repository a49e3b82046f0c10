"""The line that asks for words inside the message that is read.

What belongs here: the line. Finding is `widgets/hits`, which place is looked at `within`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from tui_mail.ui.screens.prompt import Prompt

if TYPE_CHECKING:
    from tui_mail.ui.within import Within


class FindPrompt(Prompt):
    """Asks for words, and shows with every letter where they are."""

    def __init__(self, within: Within, value: str) -> None:
        super().__init__("Find in this message", value, selects=True)
        self._within = within

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show where they are."""
        event.prevent_default()  # of the line that asks for anything
        words = event.value.strip()

        def told(count: int) -> None:
            if self.is_running:
                self._say("not here" if words and not count else "")

        self._within.look_for(words, told)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on reading where they are."""
        event.prevent_default()
        self.dismiss(event.value)
