"""The page of the assistant that looks at both servers, step by step.

What belongs here: its widgets, and what is shown of a look. What must never be here: looking (ui/trial).
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tui_mail.settings import Cure, Leg, LegReport, Step, StepDone
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.screens.setup_pages import CURES, Page
from tui_mail.ui.sheet import LegSheet, Sheet
from tui_mail.ui.trial import Trial
from tui_mail.ui.widgets.form import Lines, Mark, Push
from tui_mail.ui.widgets.one_line import Run


class TestPage(Page):
    """Each server, step by step."""

    __test__ = False  # for pytest, which reads the name otherwise
    TITLE = "Test"

    def compose(self) -> ComposeResult:
        """Two columns of steps, what went wrong, ways out."""
        with Horizontal(id="legs"):
            for leg in ("incoming", "outgoing"):
                yield Lines(id=f"{leg}-steps", classes="steps")
        with Vertical(id="cures", classes="form-buttons"):
            for number in range(CURES):
                yield Push(f"cure-{number}", "")
        with Horizontal(classes="form-buttons"):
            yield Push("go-on", "Continue")
            yield Push("again", "Test again")
            yield Push("back", "Back to the settings")
        yield Mark("letter", "Send a message to myself with the next test", alone=True)
        yield Static("", id="test-problem", classes="form-problem", markup=False)
        yield Static("", id="test-notes", classes="form-words", markup=False)

    def say(self, trial: Trial, sheet: Sheet) -> None:
        """How far it is, and what came of it."""
        for leg, one in sheet.legs():
            if one.host:
                self.say_steps(leg, one, trial.steps[leg], trial.reports.get(leg))
        self.say_problem(trial.problem, trial.notes, trial.learnt)
        self.offer(trial.cures)

    def offer(self, cures: Sequence[Cure]) -> None:
        """Buttons for ways out."""
        self.query_one("#cures").display = bool(cures)
        for number in range(CURES):
            push = self.query_one(f"#cure-{number}", Push)
            push.display = number < len(cures)
            if number < len(cures):
                push.say(f"{cures[number].leg.capitalize()}: {cures[number].words}")

    def say_steps(self, leg: Leg, one: LegSheet, done: Sequence[StepDone], report: LegReport | None) -> None:
        """How far a server is."""
        self.query_one(f"#{leg}-steps", Lines).write_lines(step_lines(leg, one, done, report))

    def say_problem(self, words: str, notes: Sequence[SafeText], learnt: Sequence[SafeText] = ()) -> None:
        """What is wrong, and what a person should know before going on."""
        self.query_one("#test-problem", Static).update(words)
        self.query_one("#test-problem").display = bool(words)
        lines = [*(f"✓ {one}" for one in learnt), *(f"! {note}" for note in notes)]
        self.query_one("#test-notes", Static).update("\n".join(lines))
        self.query_one("#test-notes").display = bool(lines)


def step_lines(leg: Leg, one: LegSheet, done: Sequence[StepDone], report: LegReport | None) -> list[list[Run]]:
    """The lines of one server: a mark, the step, what was learnt."""
    where = f"  {safe_line(one.host)}:{one.port} {one.security.upper()}"
    lines: list[list[Run]] = [[(f" {leg.capitalize()}", "strong"), (where, "quiet")]]
    by_step = {item.step: item for item in done}
    running = report is None
    for step in Step:
        item = by_step.get(step)
        if item is not None:
            mark: Run = ("  ✓", "success") if item.ok else ("  ✗", "error")
            lines.append([mark, (f" {step.value:<11}", ""), (item.words, "quiet")])
        elif running:
            lines.append([("  …", "accent"), (f" {step.value}", "")])
            running = False
        elif report is None:
            lines.append([(f"    {step.value}", "quiet")])
    return lines
