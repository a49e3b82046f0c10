"""All of a large message of which the reader shows the text: fetched beside the screen, with its progress, and stopped.

What must never be here: fetching (the client).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_mail.sizes import size_label
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand

if TYPE_CHECKING:
    from tui_mail.errors import MailError
    from tui_mail.ui.screens.triage import Triage

SAY_SECONDS = 1.0
"""How often its progress is told."""


class Wholly:
    """One message at a time."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._fetching = 0
        self._is_stopped = False
        self._said = 0.0

    def fetch(self) -> None:
        """Begin, or stop."""
        screen = self._screen
        if self._fetching:
            self._is_stopped = True
            return
        message, message_id = at_hand(screen), screen.reading.message_id
        if message is None:
            return
        if not message.away:
            screen.say(SafeText("All of this message is here."))
            return
        row = screen.client.row(message_id)
        size, key = size_label(row.size if row is not None else 0), screen.keymap.shown("message.whole")
        self._fetching, self._is_stopped, self._said = message_id, False, 0.0

        def count(octets: int) -> None:
            now = time.monotonic()
            if now - self._said > SAY_SECONDS:
                self._said = now
                words = safe_line(f"Fetching the message: {size_label(octets)} of {size} · {key} stops it")
                screen.bridge.deliver(lambda: screen.say(words))

        def done(_: bytes) -> None:
            self._fetching = 0
            screen.say(SafeText("All of the message is here."))
            if screen.reading.message_id == message_id:
                screen.reading.reload()

        def failed(error: MailError) -> None:
            self._fetching = 0
            screen.problem(error)

        screen.say(safe_line(f"Fetching all of the message: {size} · {key} stops it"))
        aside(screen.bridge, lambda: screen.client.whole(message_id, count, lambda: self._is_stopped), done, failed)
