"""What a form is made of beside fields of text: one of few, a mark, a button; all of one line.

What belongs here: how they look and which keys they take. What is chosen is the page's business.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.one_line import OneLine, Run
from tui_mail.ui.widgets.typing import Line


def field(name: str, placeholder: str = "", *, secret: bool = False, only: str | None = None) -> Line:
    """A field of text in which every key edits; `secret`: what is typed is not shown; `only`: its pattern."""
    line = Line(lambda _: False, id=name, placeholder=placeholder)
    line.password = secret
    line.restrict = only
    return line


class Lines(OneLine):
    """Several lines, each cut where the widget ends."""

    def __init__(self, *, id: str, classes: str = "") -> None:
        self._lines: list[list[Run]] = []
        super().__init__(id=id, classes=classes)

    def write_lines(self, lines: list[list[Run]]) -> None:
        """Say something else."""
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    @property
    def text(self) -> str:
        """What it says, without looks."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def render_line(self, y: int) -> Strip:
        """One of them."""
        cells = self.size.width
        segments, used = self._segments(self._lines[y] if y < len(self._lines) else [], cells)
        return Strip([*segments, Segment(" " * (cells - used), self.look(""))], cells)


class Control(OneLine, can_focus=True):
    """What takes the focus and is no text; the screen has Tab, Enter, up and down."""

    def watch_has_focus(self, has_focus: bool) -> None:
        """Look so; a handler of Focus comes before it is true."""
        super().watch_has_focus(has_focus)
        self.show()

    def show(self) -> None:
        """Write the line as it is now."""

    def act(self, key: str) -> bool:
        """What a key does; False when it does nothing."""
        return False

    async def on_key(self, event: events.Key) -> None:
        """Take the keys that mean something here."""
        if self.act(event.key):
            event.stop()
            event.prevent_default()


class Pick(Control):
    """One of a few values; ← → and Space go through them."""

    class Changed(Message):
        """Another value was picked."""

        def __init__(self, pick: Pick) -> None:
            super().__init__()
            self.pick = pick

        @property
        def control(self) -> Pick:
            """Which one."""
            return self.pick

    def __init__(self, name: str, values: Sequence[tuple[str, str]]) -> None:
        self._values = values
        self._at = 0
        super().__init__(id=name)
        self.show()

    @property
    def value(self) -> str:
        """What is picked."""
        return self._values[self._at][0]

    def set(self, value: str) -> None:
        """Pick it, without a message."""
        self._at = next((at for at, (one, _) in enumerate(self._values) if one == value), 0)
        self.show()

    def show(self) -> None:
        """‹ TLS › with the focus, else TLS ▾."""
        label = self._values[self._at][1]
        if self.has_focus:
            self.write([("‹ ", "accent"), (label, "strong"), (" ›", "accent")])
        else:
            self.write([(label, ""), (" ▾", "accent")])

    def act(self, key: str) -> bool:
        """To the next one or the one before."""
        step = {"left": -1, "right": 1, "space": 1}.get(key, 0)
        if step:
            self._at = (self._at + step) % len(self._values)
            self.show()
            self.post_message(self.Changed(self))
        return bool(step)

    def on_click(self) -> None:
        """To the next one."""
        self.focus()
        self.act("right")


class Mark(Control):
    """A line that is chosen, or not: ● and ○ for one of several, [x] and [ ] for itself."""

    class Chosen(Message):
        """Somebody chose it, or took the choice back."""

        def __init__(self, mark: Mark) -> None:
            super().__init__()
            self.mark = mark

        @property
        def control(self) -> Mark:
            """Which one."""
            return self.mark

    def __init__(self, name: str, label: str, aside: str = "", *, alone: bool = False, pad: int = 0) -> None:
        """`pad`: cells of the label, so that what is said of several stands in one column."""
        self.is_on = False
        self._pad = pad
        self._label = label
        self._aside = aside
        self._alone = alone
        super().__init__(id=name)
        self.show()

    def say(self, label: str, aside: str) -> None:
        """Other words."""
        self._label, self._aside = label, aside
        self.show()

    def set(self, on: bool) -> None:
        """Choose it, or not, without a message."""
        self.is_on = on
        self.show()

    def show(self) -> None:
        """The mark, the label, and what it means."""
        marks = ("[x]", "[ ]") if self._alone else ("●", "○")
        look = "quiet" if self.disabled else "strong" if self.has_focus or self.is_on else ""
        runs: list[Run] = [("▌" if self.has_focus else " ", "accent"), (marks[not self.is_on], "accent"), (" ", "")]
        gap = " " * max(2, self._pad - width(self._label) + 2)
        self.write([*runs, (self._label, look), (f"{gap}{self._aside}" if self._aside else "", "quiet")])

    def act(self, key: str) -> bool:
        """Space chooses."""
        if key == "space":
            self.post_message(self.Chosen(self))
        return key == "space"

    def on_click(self) -> None:
        """A click chooses."""
        if not self.disabled:
            self.focus()
            self.post_message(self.Chosen(self))


class Push(Control):
    """Words that do something with Enter, Space or a click."""

    class Pressed(Message):
        """Somebody pressed it."""

        def __init__(self, push: Push) -> None:
            super().__init__()
            self.push = push

        @property
        def control(self) -> Push:
            """Which one."""
            return self.push

    def __init__(self, name: str, label: str) -> None:
        self._label = label
        super().__init__(id=name, classes="push")
        self.say(label)

    def say(self, label: str) -> None:
        """Other words."""
        self._label = label
        self.styles.width = width(label) + 5
        self.show()

    def show(self) -> None:
        """In brackets; with the focus as a bar."""
        self.write(
            [(f" {self._label} ", "pill")] if self.has_focus else [("[", "quiet"), (self._label, "key"), ("]", "quiet")]
        )

    def act(self, key: str) -> bool:
        """Press it."""
        if key in ("enter", "space"):
            self.post_message(self.Pressed(self))
        return key in ("enter", "space")

    def on_click(self) -> None:
        """A click presses."""
        self.focus()
        self.post_message(self.Pressed(self))
