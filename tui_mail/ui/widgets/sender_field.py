"""Whom a message comes from: a field that opens a list."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.message import Message

from tui_mail.outgoing import Identity
from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import steady
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.typing import Stepped


class SenderField(OneLine, can_focus=True):
    """Shows an identity; Enter, Space or a click asks for another."""

    class Pressed(Message):
        """Somebody wants another one."""

    def __init__(self, is_action: Callable[[str], bool], *, id: str) -> None:
        self._is_action = is_action
        self.identity = Identity("", "", "")
        super().__init__(id=id)

    def show(self, identity: Identity) -> None:
        """Show this one."""
        self.identity = identity
        name, email = steady(safe_line(identity.name)), safe_line(identity.email)
        self.write([(f"{name} <{email}>" if name else email, ""), (" ▾", "accent")])

    async def on_key(self, event: events.Key) -> None:
        """Enter opens, arrows leave."""
        if self._is_action(event.key):
            return
        if event.key in ("enter", "space"):
            self.post_message(self.Pressed())
        elif event.key in ("up", "down"):
            self.post_message(Stepped(-1 if event.key == "up" else 1))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self) -> None:
        """A click opens."""
        self.focus()
        self.post_message(self.Pressed())
