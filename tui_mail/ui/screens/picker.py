"""Picking one of many by typing a few letters: folders, commands, links.

What belongs here: the box with its input and its list. What is picked is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from tui_mail.records import frozen
from tui_mail.ui.fuzzy import best_score
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.widgets.cells import clip, right, width
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.one_line import OneLine

T = TypeVar("T")
ROWS = 14
"""Choices in sight at most."""
AROUND = 9
"""Lines of the box and around it that are no choices."""
LOW = 18
"""Lines below which every line is needed."""


@frozen
class Choice(Generic[T]):
    """One thing to pick."""

    value: T
    label: str
    aside: str = ""
    """Quiet words after the label; searched too."""
    key: str = ""
    """What stands at the right: the key that does the same."""


class ChoiceList(CursorView, Generic[T]):
    """The choices that fit what was typed."""

    PREFIX = "choice"
    can_focus = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "choice--label", "choice--quiet", "choice--key", "choice--bar", "choice--cursor", "choice--blurred",
    }  # fmt: skip

    class Chosen(Message):
        """A choice was clicked."""

    def __init__(
        self,
        choices: Sequence[Choice[T]],
        make: Callable[[str], Choice[T] | None] | None = None,
        *,
        makes_first: bool = False,
        id: str | None = None,
    ) -> None:
        self._all = choices
        self._make = make
        self._makes_first = makes_first
        self.shown: list[Choice[T]] = list(choices)
        super().__init__(id=id)
        self.set_count(len(self.shown))

    def filter(self, query: str) -> None:
        """Show what fits, the best first; last, or before all, what can be made of the words."""
        scored = [(best_score(query, choice.label, choice.aside), choice) for choice in self._all]
        fitting = [(points, choice) for points, choice in scored if points > 0]
        if query.strip():
            fitting.sort(key=lambda pair: -pair[0])
        self.shown = [choice for _, choice in fitting]
        made = self._make(query.strip()) if self._make is not None and query.strip() else None
        known = next((choice for choice in self._all if made is not None and choice.value == made.value), None)
        if made is not None and self._makes_first:
            self.shown = [known or made, *(choice for choice in self.shown if choice.value != made.value)]
        elif made is not None and known is None:
            self.shown.append(made)
        self.cursor = 0
        self.set_count(len(self.shown))
        self.scroll_line_to_top(0)
        self.forget_all()

    def offer(self, choices: Sequence[Choice[T]], query: str = "") -> None:
        """Show other choices, those that fit what was typed."""
        self._all = choices
        self.filter(query)

    def ground(self, index: int) -> str:
        """The cursor always looks as if it had the focus: the input has it for the list."""
        return "cursor" if index == self.cursor else ""

    def chosen(self) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen())

    def paint(self, index: int, cells: int) -> Strip:
        """One choice."""
        choice = self.shown[index]
        room = cells - 3 - (width(choice.key) + 2 if choice.key else 0)
        label = clip(choice.label, room)
        aside = clip(choice.aside, room - width(label) - 2) if choice.aside else ""
        bar = "▌" if index == self.cursor else " "
        runs = [(f"{bar} ", "bar"), (label, "label")]
        if aside:
            runs.append((f"  {aside}", "quiet"))
        used = sum(width(text) for text, _ in runs)
        runs.append((right(f"{choice.key} ", cells - used), "key"))
        return self.strip(runs, cells, self.ground(index))


def list_room(lines: int) -> int:
    """How many choices a window of so many lines has room for."""
    return lines - 2 if lines < LOW else lines - AROUND


class Picker(ModalScreen[T | None]):
    """A box over the screen: type, move, Enter; Esc goes back with None."""

    AUTO_FOCUS = "Input"

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice[T]],
        nothing: str = "Nothing fits.",
        make: Callable[[str], Choice[T] | None] | None = None,
        *,
        makes_first: bool = False,
    ) -> None:
        """`make` gives what stands last: a choice that is not there yet, made of the words that were typed.

        `makes_first`: it stands first, and so does what is there if it is only another way to say that.
        """
        super().__init__(classes="picker")
        self._title = title
        self._choices = choices
        self._nothing = nothing
        self._makes = make is not None
        self._list = ChoiceList[T](choices, make, makes_first=makes_first, id="picker-list")
        self._line = OneLine(id="picker-title")
        self._input = Input(id="picker-input", compact=True)

    def compose(self) -> ComposeResult:
        """Title, input, list."""
        with Vertical(id="picker-box"):
            yield self._line
            yield self._input
            yield self._list

    def on_mount(self) -> None:
        """As high as the choices need."""
        self._fit()
        self._say()

    def offer(self, choices: Sequence[Choice[T]]) -> None:
        """Show other choices; what was typed, and the choice under the cursor, stay.

        They may come before the box is on the screen, and when it is on its way out.
        """
        shown, at = self._list.shown, self._list.cursor
        current = shown[at].value if shown and at else None
        self._choices = choices
        self._list.offer(choices, self._input.value)
        self._fit()
        values = [choice.value for choice in self._list.shown]
        if current in values:
            self._list.move_to(values.index(current))
        self._say()

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")
        self._list.styles.max_height = list_room(self.size.height)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow down."""
        self._list.filter(event.value)
        self._say()

    def on_input_submitted(self) -> None:
        """Take the choice under the cursor."""
        self._take()

    def on_choice_list_chosen(self) -> None:
        """A click takes a choice as well."""
        self._take()

    def on_key(self, event: events.Key) -> None:
        """Keys that the input leaves over move in the list."""
        choices = self._list
        match event.key:
            case "escape":
                self.dismiss(None)
            case "down" | "ctrl+n" | "tab":
                choices.move_by(1)
            case "up" | "ctrl+p" | "shift+tab":
                choices.move_by(-1)
            case "pagedown":
                choices.page_by(1)
            case "pageup":
                choices.page_by(-1)
            case _:
                return
        event.stop()
        event.prevent_default()

    def _fit(self) -> None:
        self._list.styles.height = max(1, min(ROWS, len(self._choices) + self._makes))

    def _take(self) -> None:
        choices = self._list
        if choices.shown:
            self.dismiss(choices.shown[choices.cursor].value)

    def _say(self) -> None:
        shown = len(self._list.shown)
        aside = self._nothing if not shown else ""
        self._line.write([(f" {self._title}", "strong")], [(f"{aside} ", "quiet")])
