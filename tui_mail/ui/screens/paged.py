"""A screen of several pages of a form, one at a time: the keys that go from field to field.

What belongs here: focus, and the line that says what is wrong. What must never be here: what the pages are about.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_mail.ui.screens.setup_pages import Page
from tui_mail.ui.widgets.form import Mark, Pick, Push

LOW = 20
"""Lines below which every line is needed."""
TIGHT = 34
"""Lines below which what cannot be seen of the settings is scrolled to, and the buttons stay."""


class Paged(Screen[str | None]):
    """Has a page on which the cursor is."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "step(1)", show=False, priority=True),
        Binding("shift+tab", "step(-1)", show=False, priority=True),
        Binding("down", "onward(1)", show=False, priority=True),
        Binding("up", "onward(-1)", show=False, priority=True),
        Binding("left", "aside(-1)", show=False, priority=True),
        Binding("right", "aside(1)", show=False, priority=True),
        Binding("enter", "enter", show=False, priority=True),
        Binding("escape", "back", show=False),
    ]

    page: Page
    to_mount: list[Page]
    """Pages that are not there yet."""

    async def mount_next(self) -> None:
        """One page after the other, so that what is typed meanwhile is shown between them."""
        if self.to_mount:
            await self.mount(self.to_mount.pop(0))
            self.call_after_refresh(self.mount_next)

    async def mount_rest(self) -> None:
        """For who is quicker than that."""
        rest, self.to_mount = self.to_mount, []
        await self.mount_all(rest)

    def on_resize(self) -> None:
        """Another height."""
        self.suit(self.size.height)

    def suit(self, height: int) -> None:
        """A low window gets pages without air."""
        self.set_class(height < LOW, "-low")
        self.set_class(height < TIGHT, "-tight")

    def action_back(self) -> None:
        """The page before."""
        raise NotImplementedError

    def action_step(self, step: int) -> None:
        """To the next field, or the one before."""
        entries = self.page.order
        here = next((at for at, one in enumerate(entries) if one is self.focused), 0)
        target = entries[(here + step) % len(entries)]
        self.set_focus(target)  # at once, unlike Widget.focus()
        target.scroll_visible(animate=False)

    def action_onward(self, step: int) -> None:
        """The same, without going round."""
        entries = self.page.order
        here = next((at for at, one in enumerate(entries) if one is self.focused), 0)
        if 0 <= here + step < len(entries):
            self.action_step(step)

    def action_enter(self) -> None:
        """Go on; a button is pressed."""
        if isinstance(self.focused, Push):
            raise SkipAction
        self.action_onward(1)

    def action_aside(self, step: int) -> None:
        """From one button to its neighbour; elsewhere the keys are the field's."""
        if not isinstance(self.focused, Push):
            raise SkipAction
        self.action_onward(step)

    def problem(self, page: str, words: str) -> None:
        """What is wrong on a page; empty when nothing is."""
        from textual.widgets import Static

        line = self.query_one(f"#{page}-problem", Static)
        line.update(f"✗ {words}" if words else "")
        line.display = bool(words)

    def on_key(self, event: events.Key) -> None:
        """Letters typed on a button are nobody's."""
        if isinstance(self.focused, Push | Mark | Pick) and event.is_printable:
            event.stop()
