"""The history: what was done, newest first, how far the server is, and taking any of it back.

What belongs here: the list, what is said of the line under the cursor, the keys. What must never be here: reading the
journal (`doings`), words of a line (`deed_text`), what undo does to the list behind (`revising`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.strip import Strip

from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.widgets.deed_text import Deed, DeedColumns, deed_details, deed_runs, title_runs
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.one_line import Run
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

NAMED = ("history.undo", "history.retry", "undo", "redo")


class DeedList(ItemList[Deed]):
    """One line for each key press."""

    PREFIX = "deed"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "deed--what", "deed--quiet", "deed--mark", "deed--bar", "deed--done", "deed--waiting", "deed--failed",
        "deed--cursor", "deed--blurred",
    }  # fmt: skip

    def __init__(self, account_names: Sequence[str], *, id: str) -> None:
        self._names = account_names
        super().__init__(id=id)

    def show(self, deeds: list[Deed]) -> None:
        """Show these; the cursor stays on its action, unless it is on the newest: then it stays there."""
        before = self.current.change.batch if self.current is not None and self.cursor else 0
        self.show_items(deeds, next((at for at, deed in enumerate(deeds) if deed.change.batch == before), 0))

    def paint(self, index: int, cells: int) -> Strip:
        """One action."""
        columns = DeedColumns.of(cells, self._names)
        runs = deed_runs(self.items[index], columns, Calendar.at(time.time()), cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))


class History(ListBox):
    """A box over the triage screen."""

    NAME = "history"
    PLACE = Place.HISTORY

    def __init__(self, behind: Triage) -> None:
        self._behind = behind
        self._doings = behind.standing.doings
        names = [account.name for account in behind.client.accounts]
        self._list = DeedList(names if len(names) > 1 else (), id="history-list")
        super().__init__(behind.keymap, self._list)

    def begin(self) -> None:
        """What is known already is shown at once; the rest follows."""
        self._doings.whole = True
        self._doings.ask(urgent=True)
        self.look_again()

    def on_unmount(self) -> None:
        """The whole history need not be read any more."""
        self._doings.whole = False

    def look_again(self) -> None:
        """The actions are others now, or are further."""
        self._list.show(self._doings.deeds)
        self.write_title()

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        revising = self._behind.commands.revising
        return {
            "undo": lambda: self._behind.outcome.before_undo(revising.undo),
            "redo": revising.redo,
            "history.undo": self._undo_this,
            "history.retry": self._retry,
        }

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """What the undo key takes back."""
        return title_runs(self._doings.deeds, self._doings.next_undo, self.keymap.shown("undo"))

    def describe(self) -> None:
        """How far the server is, and what can be done."""
        deed = self._list.current
        if deed is None:
            words = "Nothing done yet." if not self._doings.deeds else ""
            self.details.show(Document([], [Paragraph(((words, "quiet"),))]))
            return
        keys = {action_id: self.keymap.shown(action_id) for action_id in NAMED}
        self.details.show(deed_details(deed, Calendar.at(time.time()), keys))

    def choose(self) -> None:
        """What Enter does."""
        self._undo_this()

    def _undo_this(self) -> None:
        deed = self._list.current
        if deed is not None:
            self._behind.commands.revising.undo(deed.change.batch)

    def _retry(self) -> None:
        if not any(deed.failed for deed in self._list.items):
            self.say(SafeText("The server has refused nothing."))
            return
        self._behind.commands.retry()
