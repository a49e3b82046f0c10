"""A box that asks for a password or a passphrase; what is typed is never shown.

What belongs here: the box. Where the answer goes is the caller's business (asking).
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_mail.text import SafeText
from tui_mail.ui.widgets.one_line import OneLine


class SecretPrompt(ModalScreen[str | None]):
    """Asks; Enter gives what was typed, Esc gives None. `twice`: a new one, typed once more."""

    AUTO_FOCUS = "Input"

    def __init__(self, title: str, words: SafeText, *, twice: bool = False) -> None:
        super().__init__(classes="picker")
        self._title = title
        self._words = words
        self._twice = twice

    def compose(self) -> ComposeResult:
        """Title, words, one or two fields, what is wrong, keys."""
        with Vertical(id="picker-box"):
            yield OneLine(id="picker-title")
            yield Static(self._words, id="secret-words", markup=False)
            for number in range(1 + self._twice):
                placeholder = "once more" if number else ""
                line = Input(password=True, compact=True, classes="secret-input", placeholder=placeholder)
                line.cursor_blink = False
                yield line
            yield Static("", id="secret-wrong", markup=False)
            yield OneLine(id="secret-keys")

    def on_mount(self) -> None:
        """Say what it is."""
        self.query_one("#picker-title", OneLine).write([(f" {self._title}", "strong")])
        keys = [(" Enter", "key"), (" go on  ", "quiet"), ("Esc", "key"), (" not now", "quiet")]
        self.query_one("#secret-keys", OneLine).write(keys)

    def on_input_submitted(self) -> None:
        """Take it, once both say the same."""
        lines = list(self.query(Input))
        first, last = lines[0].value, lines[-1].value
        if not first:
            self._say("Nothing was typed; Esc leaves it for now.")
            lines[0].focus()
        elif len(lines) > 1 and not last:
            lines[-1].focus()
        elif first != last:
            self._say("The two differ.")
            lines[-1].focus()
        else:
            self.dismiss(first)

    def on_key(self, event: events.Key) -> None:
        """Esc gives nothing; up and down go from field to field."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif event.key in ("up", "down"):
            event.stop()
            (self.focus_next if event.key == "down" else self.focus_previous)(Input)

    def _say(self, words: str) -> None:
        wrong = self.query_one("#secret-wrong", Static)
        wrong.update(f"✗ {words}")
        wrong.display = True
