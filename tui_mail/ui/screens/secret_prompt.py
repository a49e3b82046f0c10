"""One line at the bottom that asks for a secret: what is typed is not shown, not kept and not in any history.

What belongs here: the line. What is done with it is the caller's business.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tui_mail.text import SafeText
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.one_line import OneLine

TYPING = 14
"""Columns in which somebody sees that something is typed."""


class SecretPrompt(ModalScreen[str | None]):
    """Asks; Enter gives what was typed to the last blank, Esc or an empty line gives None."""

    AUTO_FOCUS = "Input"
    COMES_UNASKED = True
    """No key asked for it: what waits for something else does not wait for this (`Turns`)."""

    def __init__(self, question: SafeText, problem: SafeText) -> None:
        """`problem` says what was wrong with the last answer; empty at first."""
        super().__init__(classes="prompt")
        self._question = question
        self._problem = problem
        self._label = OneLine(id="prompt-label")
        self._wrong = OneLine(id="prompt-problem")

    def compose(self) -> ComposeResult:
        """Question, input, what was wrong: beside it, or above it where both have no room in one line."""
        with Vertical(id="prompt-lines"):
            if self._is_tight:
                yield self._wrong
            with Horizontal(id="prompt-line"):
                yield self._label
                yield Input(password=True, id="prompt-input", compact=True)
                if not self._is_tight:
                    yield self._wrong

    def on_mount(self) -> None:
        """As wide as the words, which leave room for typing."""
        beside = 0 if self._is_tight else width(self._words)
        question = f" {clip(self._question, max(10, self.app.size.width - beside - TYPING))} "
        self._label.styles.width = width(question)
        self._label.write([(question, "strong")])
        if self._words:
            self._wrong.styles.width = "100%" if self._is_tight else width(self._words)
            self._wrong.write([(self._words, "error")])

    @property
    def _words(self) -> str:
        return f" ✗ {clip(self._problem, self.app.size.width - 4)} " if self._problem else ""

    @property
    def _is_tight(self) -> bool:
        return bool(self._words) and width(self._words) + width(self._question) + 2 + TYPING > self.app.size.width

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it as it is."""
        self.dismiss(event.value or None)

    def on_key(self, event: events.Key) -> None:
        """Esc takes nothing."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
