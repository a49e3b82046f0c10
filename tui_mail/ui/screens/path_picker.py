"""Picking files to attach: type a path, with what is in the folder below it.

What belongs here: the box, and which entries of a folder fit what was typed. What must never be here: reading files.
"""

from __future__ import annotations

import os
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui_mail.sizes import size_label
from tui_mail.text import safe_line
from tui_mail.ui.bridge import Bridge, Errands, Then
from tui_mail.ui.pasting import pasted_files
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.picker import LOW, ROWS, Choice, ChoiceList, list_room
from tui_mail.ui.widgets.cells import steady
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.typing import FilesPasted

LISTED = 500
"""Entries of a folder that are offered at most."""


class PathInput(Input):
    """Files that are dragged in are no text."""

    def on_paste(self, event: events.Paste) -> None:
        """Hand them on."""
        files = pasted_files(event.text)
        if files:
            event.stop()
            event.prevent_default()
            self.post_message(FilesPasted(files))


class PathPicker(ModalScreen[list[Path] | None]):
    """Enter takes a file or opens a folder, Tab completes; Esc gives None."""

    AUTO_FOCUS = "Input"
    last = "~/"
    """The folder that the last file was taken from."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(classes="picker")
        self._input = PathInput(PathPicker.last, id="picker-input", compact=True, select_on_focus=False)
        self._list = ChoiceList[Path]([], id="picker-list")
        self._title = OneLine(id="picker-title")
        self._errands = Errands("paths", bridge, lambda _: None)

    def compose(self) -> ComposeResult:
        """Title, input, list."""
        with Vertical(id="picker-box"):
            yield self._title
            yield self._input
            yield self._list

    def on_mount(self) -> None:
        """The folder of the last time."""
        self._say("")
        self._list.styles.height = ROWS

    def on_unmount(self) -> None:
        """End the thread."""
        self._errands.close()

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")
        self._list.styles.max_height = list_room(self.size.height)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what fits."""
        typed = event.value
        if (begun := begun_again(typed)) != typed:
            self._input.value = begun
            self._input.cursor_position = len(begun)
            return

        def errand() -> Then:
            choices, problem = entries_for(typed)

            def then() -> None:
                if self._input.value == typed:
                    self._list.offer(choices)
                    self._say(problem)

            return then

        self._errands.ask(errand)

    def on_files_pasted(self, event: FilesPasted) -> None:
        """Files that are dragged in are taken."""
        self._take(event.paths)

    def on_input_submitted(self) -> None:
        """Take what was typed if it is a file, else what is under the cursor."""
        files = pasted_files(self._input.value)
        if files and not self._list.cursor:
            self._take(files)
        else:
            self._follow()

    def on_choice_list_chosen(self) -> None:
        """A click does what Enter does."""
        self._follow()

    def on_key(self, event: events.Key) -> None:
        """Keys that the input leaves over."""
        match event.key:
            case "escape":
                self.dismiss(None)
            case "down" | "ctrl+n":
                self._list.move_by(1)
            case "up" | "ctrl+p":
                self._list.move_by(-1)
            case "pagedown":
                self._list.page_by(1)
            case "pageup":
                self._list.page_by(-1)
            case "tab" if self._list.shown:
                self._write(self._list.shown[self._list.cursor].value)
            case "tab":
                pass
            case _:
                return
        event.stop()
        event.prevent_default()

    def _follow(self) -> None:
        if not self._list.shown:
            return
        path = self._list.shown[self._list.cursor].value
        if path.is_dir():
            self._write(path)
        else:
            self._take([path])

    def _take(self, files: list[Path]) -> None:
        PathPicker.last = _written(files[0].parent, folder=True)
        self.dismiss(files)

    def _write(self, path: Path) -> None:
        self._input.value = _written(path, folder=path.is_dir())
        self._input.cursor_position = len(self._input.value)

    def _say(self, problem: str) -> None:
        self._title.write([(" Attach a file", "strong")], [(f"{problem or 'Tab completes'} ", "quiet")])


def begun_again(typed: str) -> str:
    """What counts of a typed path: "~//tmp" begins again at the root, "/tmp/~/" at home."""
    for mark in ("//", "/~"):
        if mark in typed:
            typed = mark[1:] + typed.rpartition(mark)[2]
    return typed


def entries_for(typed: str) -> tuple[list[Choice[Path]], str]:
    """What a typed path may go on with, folders first, and what is wrong with it; reads the folder."""
    folder_part, _, beginning = os.path.expanduser(typed).rpartition("/")
    folder = Path(folder_part or "/") if typed.startswith(("/", "~")) else Path(folder_part or ".")
    try:
        with os.scandir(folder) as found:
            entries = [one for one in found if _fits(one.name, beginning)]
        entries.sort(key=lambda one: (not one.is_dir(), one.name.casefold()))
        nothing = "nothing begins like this" if beginning else "nothing is here"
        return [_choice(one) for one in entries[:LISTED]], "" if entries else nothing
    except OSError as error:
        return [], str(error.strerror or "cannot be read")


def _fits(name: str, beginning: str) -> bool:
    if name.startswith(".") and not beginning.startswith("."):
        return False
    return name.casefold().startswith(beginning.casefold())


def _choice(entry: os.DirEntry[str]) -> Choice[Path]:
    label = steady(safe_line(entry.name))
    if entry.is_dir():
        return Choice(Path(entry.path), f"{label}/")
    try:
        return Choice(Path(entry.path), label, "", size_label(entry.stat().st_size))
    except OSError:
        return Choice(Path(entry.path), label)


def _written(path: Path, *, folder: bool) -> str:
    """As a person types it, home as ~."""
    home = Path.home()
    text = f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    text = "~" if text == "~/." else text
    return f"{text.rstrip('/')}/" if folder else text
