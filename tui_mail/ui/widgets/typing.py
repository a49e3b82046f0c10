"""What all fields of the composer share: keys that act, and keys that edit, in the order in which they were pressed.

Textual hands editing keys (Backspace, arrows) from the field up to the app and back, while printing keys are taken
at once: when several keys come in one piece, as over a slow line, "x, Backspace, y" would delete the y. Here both are
taken at once. Keys that are actions of the composer go up to the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, TextArea

from tui_mail.ui.pasting import pasted_files

SIGNATURE_LINES = 12
"""A signature is not longer than this."""


class Stepped(Message):
    """The cursor wants to leave a field upwards (-1) or downwards (1)."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class FilesPasted(Message):
    """Paths of files were pasted or dragged in."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__()
        self.paths = paths


def editing_keys(bindings: Iterable[BindingType]) -> Mapping[str, str]:
    """From keys to the actions that a widget of Textual has for them."""
    found: dict[str, str] = {}
    for one in bindings:
        if isinstance(one, Binding):
            found.update(dict.fromkeys(one.key.split(","), one.action))
    return found


class Line(Input):
    """A field of one line."""

    KEYS: ClassVar[Mapping[str, str]] = editing_keys(Input.BINDINGS)

    def __init__(self, is_action: Callable[[str], bool], *, id: str, placeholder: str = "") -> None:
        self._is_action = is_action
        super().__init__(id=id, compact=True, select_on_focus=False, placeholder=placeholder)
        self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        """Up, down and Enter leave the field; the other keys edit it."""
        if self._is_action(event.key):
            event.prevent_default()
        elif event.key in ("up", "down", "enter"):
            event.stop()
            event.prevent_default()
            self.post_message(Stepped(-1 if event.key == "up" else 1))
        elif (action := self.KEYS.get(event.key)) is not None:
            event.stop()
            event.prevent_default()
            await self.run_action(action)


class Body(TextArea):
    """The text of a message; what is quoted and the signature are quieter than what is written."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"body--quote", "body--signature"}
    KEYS: ClassVar[Mapping[str, str]] = editing_keys(TextArea.BINDINGS)

    def __init__(self, is_action: Callable[[str], bool], *, id: str) -> None:
        self._is_action = is_action
        super().__init__(id=id, compact=True, highlight_cursor_line=False, max_checkpoints=500)
        self.cursor_blink = False

    async def on_key(self, event: events.Key) -> None:
        """Up in the first line leaves the text; the other keys edit it."""
        if self._is_action(event.key):
            event.prevent_default()
        elif event.key == "up" and self.cursor_at_first_line and not self._above():
            event.stop()
            event.prevent_default()
            self.post_message(Stepped(-1))
        elif (action := self.KEYS.get(event.key)) is not None:
            event.stop()
            event.prevent_default()
            await self.run_action(action)

    async def on_paste(self, event: events.Paste) -> None:
        """Paths of files become attachments; anything else is text."""
        files = pasted_files(event.text)
        if files:
            event.stop()
            event.prevent_default()
            self.post_message(FilesPasted(files))

    def get_line(self, line_index: int) -> Text:
        """The line, in its look."""
        line = super().get_line(line_index)
        if line.plain.startswith(">"):
            line.stylize(self.get_component_rich_style("body--quote", partial=True))
        elif line_index >= self._signature_from():
            line.stylize(self.get_component_rich_style("body--signature", partial=True))
        return line

    def _signature_from(self) -> int:
        """The line "-- " if nothing but a signature follows; looked for in the last lines only."""
        last = self.document.line_count - 1
        for index in range(last, max(-1, last - SIGNATURE_LINES), -1):
            if self.document.get_line(index).rstrip() == "--":
                return index
        return last + 1

    def _above(self) -> bool:
        """True when the cursor is in a first line that is wrapped, below its beginning."""
        return self.wrapped_document.location_to_offset(self.cursor_location).y > 0
