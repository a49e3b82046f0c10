"""Links by letters: each link in the reader wears one or two letters; typed, they show where it leads, Enter opens it.

What belongs here: the letters, and the line that names the target before anything is opened. What must never be here:
opening (`linking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_mail.mime.domains import host_of
from tui_mail.model import Link
from tui_mail.text import safe_line
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.widgets.cells import clip
from tui_mail.ui.widgets.one_line import OneLine, Run
from tui_mail.ui.widgets.reader import Reader

Wish = tuple[Literal["open", "copy", "list"], Link | None]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FIRST = ("asdfghjkl", "qwertyuiop", "zxcvbnm")
"""First letters of labels of one, two and three letters: no label begins another one, whatever is typed."""


class Hints(ModalScreen[Wish | None]):
    """Letters pick, Enter opens, y copies, Tab lists them all, Esc goes back."""

    AUTO_FOCUS = ""

    def __init__(self, reader: Reader, links: Sequence[Link]) -> None:
        super().__init__(classes="hints")
        self._reader = reader
        self._links = links
        self._labels = labels(len(links))
        self._typed = ""
        self._picked: Link | None = None
        self._target = OneLine(id="hints-target")
        self._line = OneLine(id="hints-line")

    def compose(self) -> ComposeResult:
        """Two lines at the bottom."""
        with Vertical(id="hints-box"):
            yield self._target
            yield self._line

    def on_mount(self) -> None:
        """Every link gets its letters; one of them is in sight."""
        self._reader.show_labels(self._labels)
        self._say()

    def on_unmount(self) -> None:
        """The numbers come back."""
        self._reader.show_labels({})

    def on_key(self, event: events.Key) -> None:
        """Letters, and what to do with the link that they mean."""
        event.stop()
        event.prevent_default()
        key = event.character if event.character and event.character.isprintable() else event.key
        match event.key:
            case "escape" | "backspace" if self._picked is not None or self._typed:
                self._typed, self._picked = "", None
            case "escape" | "left":
                self.dismiss(None)
            case "tab":
                self.dismiss(("list", None))
            case "enter" if self._picked is None and self._typed.isdigit():
                self._pick(int(self._typed))
            case "enter" if self._picked is not None:
                self.dismiss(("open", self._picked))
            case "y" | "c" if self._picked is not None:
                self.dismiss(("copy", self._picked))
            case "pagedown" | "space":
                self._reader.page_by(1)
            case "pageup":
                self._reader.page_by(-1)
            case "down":
                self._reader.scroll_lines(1)
            case "up":
                self._reader.scroll_lines(-1)
            case _ if self._picked is None and len(key) == 1 and (key.lower() in _LETTERS or key in "0123456789"):
                self._type(key.lower())
            case _:
                return
        self._say()

    def _type(self, key: str) -> None:
        wanted = self._typed + key
        fitting = [number for number, label in self._labels.items() if label.startswith(wanted)]
        if fitting and self._labels[fitting[0]] == wanted:
            self._pick(fitting[0])
        elif fitting or (wanted.isdigit() and int(wanted) <= len(self._links)):
            self._typed = wanted

    def _pick(self, number: int) -> None:
        if 1 <= number <= len(self._links):
            self._picked, self._typed = self._links[number - 1], ""
        else:
            self._typed = ""

    def _say(self) -> None:
        if not self.is_running:
            return
        if self._picked is None:
            words = f" Link: {self._typed}" if self._typed else " Type the letters of a link, or its number and Enter"
            self._target.write([(words, "strong")])
            self._line.write([(" Tab", "key"), (" all links  ", "quiet"), ("Esc", "key"), (" back", "quiet")])
            return
        warning = lie(self._picked)
        self._target.write([(" → ", "accent"), *target_runs(self._picked, max(10, self.size.width - 4))])
        runs: list[Run] = [(" Enter", "key"), (" opens it  ", "quiet")] if self._picked.safe else []
        runs += [(" y", "key"), (" copies it  ", "quiet"), ("Esc", "key"), (" back", "quiet")]
        if not self._picked.safe:
            warning = "shown only: not a web or mail address"
        self._line.write(runs, [(f"⚠ {warning} ", "warning")] if warning else [])


def labels(count: int) -> dict[int, str]:
    """Letters for each number, as many as the number has digits, so that nothing moves when they are shown."""
    found = dict[int, str]()
    for size, (begin, end) in enumerate(((1, 9), (10, 99), (100, 999))):
        for number in range(begin, min(end, count) + 1):
            at, label = number - begin, ""
            for _ in range(size):
                label = _LETTERS[at % 26] + label
                at //= 26
            if at < len(_FIRST[size]):
                found[number] = _FIRST[size][at] + label
    return found


def target_of(link: Link) -> str:
    """Where a link leads: the host, or the address that would be written to."""
    if link.url.lower().startswith("mailto:"):
        return safe_line(link.url[7:].partition("?")[0])
    return safe_line(host_of(link.url))


def lie(link: Link) -> str:
    """A word about a link that reads like another host than the one it leads to; empty when it does not."""
    return f"it reads “{clip(link.claims, 40)}”" if link.claims else ""


def target_runs(link: Link, cells: int) -> list[Run]:
    """The host plainly, and the whole address behind it."""
    host = target_of(link)
    return [(clip(host, 60) or "no host", "strong"), (f"   {clip(link.url, max(8, cells - len(host) - 6))}", "quiet")]
