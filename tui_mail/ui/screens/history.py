"""The history: what was done, newest first, how far the server is, and taking any of it back.

What belongs here: the list, what is said of the line under the cursor, the keys. What must never be here: reading the
journal (`doings`), words of a line (`deed_text`), what undo does to the list behind (`revising`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip

from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.keys import KeyReader, key_name
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.deed_text import Deed, DeedColumns, deed_details, deed_runs, title_runs
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.reader import Reader
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

SAID_SECONDS = 6.0
"""How long a word about what was just done stands in the title."""
NAMED = ("history.undo", "history.retry", "undo", "redo")


class DeedList(CursorView):
    """One line for each key press."""

    PREFIX = "deed"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "deed--what", "deed--quiet", "deed--mark", "deed--bar", "deed--done", "deed--waiting", "deed--failed",
        "deed--cursor", "deed--blurred",
    }  # fmt: skip

    class Moved(Message):
        """The cursor is on another line, or the line reads differently."""

    class Chosen(Message):
        """A line was clicked twice."""

    def __init__(self, account_names: Sequence[str], *, id: str | None = None) -> None:
        self.deeds: list[Deed] = []
        self._names = account_names
        super().__init__(id=id)

    @property
    def current(self) -> Deed | None:
        """What the cursor is on."""
        return self.deeds[self.cursor] if self.cursor < len(self.deeds) else None

    def show(self, deeds: list[Deed]) -> None:
        """Show these; the cursor stays on its action, unless it is on the newest: then it stays there."""
        before = self.current.change.batch if self.current is not None and self.cursor else 0
        self.deeds = deeds
        self.set_count(len(deeds))
        self.cursor = next((at for at, deed in enumerate(deeds) if deed.change.batch == before), 0)
        self.reveal()
        self.forget_all()
        self.post_message(self.Moved())

    def paint(self, index: int, cells: int) -> Strip:
        """One action."""
        columns = DeedColumns.of(cells, self._names)
        runs = deed_runs(self.deeds[index], columns, Calendar.at(time.time()), cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self.post_message(self.Moved())

    def chosen(self) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen())


class History(ModalScreen[None]):
    """A box over the triage screen."""

    def __init__(self, behind: Triage) -> None:
        super().__init__(classes="history")
        self._behind = behind
        self._doings = behind.standing.doings
        self._keymap = behind.keymap
        self._reader = KeyReader(behind.keymap)
        names = [account.name for account in behind.client.accounts]
        self._list = DeedList(names if len(names) > 1 else (), id="history-list")
        self._title = OneLine(id="history-title")
        self._details = Reader(id="history-details")
        self._details.can_focus = False
        self._key_bar = KeyBar(behind.keymap, id="history-keys")
        self._said: tuple[str, float] = ("", 0.0)
        self.table = self._actions()

    def compose(self) -> ComposeResult:
        """Title, list, details, keys."""
        with Vertical(id="history-box"):
            yield self._title
            yield self._list
            yield self._details
            yield self._key_bar

    def on_mount(self) -> None:
        """What is known already is shown at once; the rest follows."""
        self._key_bar.show(Place.HISTORY)
        self._list.focus()
        self._doings.whole = True
        self._doings.ask(urgent=True)
        self.look_again()
        self.set_interval(1.0, self._write_title)

    def on_unmount(self) -> None:
        """The whole history need not be read any more."""
        self._doings.whole = False

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def look_again(self) -> None:
        """The actions are others now, or are further."""
        self._list.show(self._doings.deeds)
        self._write_title()

    def say(self, words: SafeText) -> None:
        """A word about what was just done."""
        self._said = (words, time.monotonic())
        self._write_title()

    async def on_key(self, event: events.Key) -> None:
        """Every key of this screen."""
        action_id = self._reader.feed(key_name(event.key, event.character), Place.HISTORY)
        self._key_bar.show(Place.HISTORY, self._reader.waiting)
        event.stop()
        event.prevent_default()
        if action_id is not None:
            self.table[action_id]()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.table[event.action_id]()

    def on_deed_list_moved(self) -> None:
        """Say what there is to say of the line."""
        deed = self._list.current
        if deed is None:
            words = "Nothing done yet." if not self._doings.deeds else ""
            self._details.show(Document([], [Paragraph(((words, "quiet"),))]))
            return
        keys = {action_id: self._keymap.shown(action_id) for action_id in NAMED}
        self._details.show(deed_details(deed, Calendar.at(time.time()), keys))

    def on_deed_list_chosen(self) -> None:
        """A second click does what Enter does."""
        self._undo_this()

    def _actions(self) -> dict[str, Callable[[], object]]:
        """What every action of this place does."""
        revising, deeds = self._behind.commands.revising, self._list
        return {
            "undo": revising.undo,
            "redo": revising.redo,
            "back": self.dismiss,
            "history.undo": self._undo_this,
            "history.retry": self._retry,
            "move.down": lambda: deeds.move_by(1),
            "move.up": lambda: deeds.move_by(-1),
            "move.page_down": lambda: deeds.page_by(1),
            "move.page_up": lambda: deeds.page_by(-1),
            "move.top": lambda: deeds.move_to(0),
            "move.bottom": lambda: deeds.move_to(deeds.count),
            "help": self._help,
        }

    def _undo_this(self) -> None:
        deed = self._list.current
        if deed is not None:
            self._behind.commands.revising.undo(deed.change.batch)

    def _retry(self) -> None:
        if not any(deed.failed for deed in self._list.deeds):
            self.say(SafeText("The server has refused nothing."))
            return
        self._behind.commands.retry()

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self.app.push_screen(Help(self._keymap, Place.HISTORY))

    def _write_title(self) -> None:
        left, aside = title_runs(self._doings.deeds, self._doings.next_undo, self._keymap.shown("undo"))
        words, since = self._said
        if words and time.monotonic() - since < SAID_SECONDS:
            left = [(f" {words}", "accent")]
        self._title.write(left, aside)
