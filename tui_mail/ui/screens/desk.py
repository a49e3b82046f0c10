"""The box of one sender: what there is from them, and what can be done about all of it.

What belongs here: how that is shown. What must never be here: what the choices do (`ui.sender_desk`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from tui_mail.model import Folder
from tui_mail.sizes import size_label
from tui_mail.text import SafeText
from tui_mail.ui.screens.picker import Choice, Picker, list_room
from tui_mail.ui.screens.words import messages_words
from tui_mail.ui.widgets.folder_tree import folder_label
from tui_mail.ui.widgets.one_line import OneLine, Run
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.store.senders import FromSender

LINES = 2
"""Lines of facts."""


class Desk(Picker[str]):
    """A picker with facts above."""

    def __init__(self, title: str, choices: Sequence[Choice[str]]) -> None:
        super().__init__(title, choices)
        self._facts = [OneLine(classes="desk-facts") for _ in range(LINES)]

    def compose(self) -> ComposeResult:
        """Title, facts, input, list."""
        with Vertical(id="picker-box"):
            yield self._line
            yield from self._facts
            yield self._input
            yield self._list

    def on_resize(self) -> None:
        """The facts need their lines."""
        super().on_resize()
        self._list.styles.max_height = max(1, list_room(self.size.height) - LINES)

    def tell(self, lines: Sequence[list[Run]]) -> None:
        """Show these facts."""
        for widget, runs in zip(self._facts, lines, strict=False):
            widget.write(runs)


def facts_lines(found: FromSender, folders: Mapping[int, Folder], calendar: Calendar) -> list[list[Run]]:
    """How much there is from a sender, since when, and where."""
    if not found.total:
        return [[(" Nothing is here from this address.", "quiet")], []]
    unread = f" · {found.unread:,} unread" if found.unread else ""
    between = calendar.long_label(found.last)
    if found.total > 1:
        between = f"{calendar.long_label(found.first)} – {between}"
    names = [(folders[one], count) for one, count in found.folders if one in folders]
    several = len({folder.account for folder, _ in names}) > 1
    where = [f"{count:,} {_place(folder, several)}" for folder, count in names]
    return [
        [(f" {messages_words(found.total)}{unread}", "strong"), (f" · {size_label(found.size)}", "quiet"),
         (f" · {between}", "quiet")],
        [(f"{' · ' if at else ' '}{words}", "quiet") for at, words in enumerate(where)],
    ]  # fmt: skip


def _place(folder: Folder, several: bool) -> SafeText:
    return SafeText(f"{folder_label(folder)} ({folder.account})" if several else folder_label(folder))
