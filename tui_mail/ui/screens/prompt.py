"""One line at the bottom that asks for a few words: the name of a folder.

What belongs here: the line, and what is wrong with what was typed. What is done with it is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.one_line import OneLine


class Prompt(ModalScreen[str | None]):
    """Asks; Enter gives the words, Esc gives None."""

    AUTO_FOCUS = "Input"

    def __init__(
        self,
        question: str,
        value: str = "",
        problem: Callable[[str], str] = lambda _: "",
        *,
        doubt: Callable[[str], str] = lambda _: "",
        selects: bool = False,
    ) -> None:
        """`problem` says what is wrong with an answer, `doubt` what a second Enter takes it for; empty: nothing.

        `selects`: what is in the line already is selected, so that typing replaces it.
        """
        super().__init__(classes="prompt")
        self._question = question
        self._value = value
        self._problem = problem
        self._selects = selects
        self._doubt = doubt
        self._doubted = ""
        self._label = OneLine(id="prompt-label")
        self._wrong = OneLine(id="prompt-problem")

    def compose(self) -> ComposeResult:
        """Question, input, what is wrong."""
        with Horizontal(id="prompt-line"):
            yield self._label
            yield Input(self._value, id="prompt-input", compact=True, select_on_focus=self._selects)
            yield self._wrong

    def on_mount(self) -> None:
        """As wide as the question."""
        question = f" {clip(self._question, max(10, self.app.size.width // 2))} "
        self._label.styles.width = width(question)
        self._label.write([(question, "strong")])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what would be refused."""
        self._doubted = ""
        self._say(self._problem(event.value.strip()) if event.value.strip() != self._value else "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, unless something is wrong with it."""
        words = event.value.strip()
        problem = self._problem(words) if words else "a name is needed"
        if problem and words != self._value:
            self._say(problem)
        elif self._doubted != words and (doubt := self._doubt(words)):
            self._doubted = words
            self._say(doubt)
        else:
            self.dismiss(words)

    def on_key(self, event: events.Key) -> None:
        """Esc takes nothing."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)

    def _say(self, problem: str) -> None:
        words = f" ✗ {problem} " if problem else ""
        self._wrong.styles.width = width(words)
        self._wrong.write([(words, "error")] if words else [])
