"""A box over the screen with a list in it, what is said of the line under the cursor, and keys of its own.

What belongs here: what the outbox, the history and the settings share. What must never be here: what their lines are,
and what their keys do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from tui_mail.ui.actions import Place
from tui_mail.ui.keys import Keymap, KeyReader, key_name
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.one_line import OneLine, Run
from tui_mail.ui.widgets.reader import Reader

T = TypeVar("T")
SAID_SECONDS = 6.0
"""How long a word about what was just done stands in the title."""


class ItemList(CursorView, Generic[T]):
    """One line for each item."""

    class Moved(Message):
        """The cursor is on another line, or the line reads differently."""

    class Chosen(Message):
        """A line was clicked twice."""

    def __init__(self, *, id: str) -> None:
        self.items: list[T] = []
        super().__init__(id=id)

    @property
    def current(self) -> T | None:
        """What the cursor is on."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def show_items(self, items: list[T], cursor: int) -> None:
        """Show these, with the cursor on one of them."""
        self.items = items
        self.set_count(len(items))
        self.cursor = min(cursor, max(0, len(items) - 1))
        self.reveal()
        self.forget_all()
        self.post_message(self.Moved())

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self.post_message(self.Moved())

    def chosen(self) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen())


class ListBox(ModalScreen[None]):
    """The box: title, list, details, keys. Styled by the ids NAME-box, NAME-title, NAME-details and NAME-keys."""

    NAME: ClassVar[str]
    PLACE: ClassVar[Place]

    def __init__(self, keymap: Keymap, items: CursorView) -> None:
        """`items` is the list; its messages are ItemList's."""
        super().__init__(classes=self.NAME)
        self.keymap = keymap
        self.details = Reader(id=f"{self.NAME}-details")
        self.details.can_focus = False
        self._items = items
        self._reader = KeyReader(keymap)
        self._title = OneLine(id=f"{self.NAME}-title")
        self._key_bar = KeyBar(keymap, id=f"{self.NAME}-keys")
        self._said: tuple[str, str, float] = ("", "", 0.0)
        moves: dict[str, Callable[[], object]] = {
            "back": self.dismiss,
            "move.down": lambda: items.move_by(1),
            "move.up": lambda: items.move_by(-1),
            "move.page_down": lambda: items.page_by(1),
            "move.page_up": lambda: items.page_by(-1),
            "move.top": lambda: items.move_to(0),
            "move.bottom": lambda: items.move_to(items.count),
            "help": self._help,
        }
        self.table = {**moves, **self.actions()}

    # --- what each box says of itself

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What the actions of this place do, besides moving."""
        return {}

    def begin(self) -> None:
        """Show what is known."""

    def tick(self) -> None:
        """A second went by."""
        self.write_title()

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """What stands at the left and at the right of the title."""
        return [], []

    def describe(self) -> None:
        """Say what there is to say of the line under the cursor."""

    def choose(self) -> None:
        """A line was clicked twice: what Enter does."""

    # --- what all of them do

    def compose(self) -> ComposeResult:
        """Title, list, details, keys."""
        with Vertical(id=f"{self.NAME}-box"):
            yield self._title
            yield self._items
            yield self.details
            yield self._key_bar

    def on_mount(self) -> None:
        """The list has the keys."""
        self._key_bar.show(self.PLACE)
        self._items.focus()
        self.begin()
        self.set_interval(1.0, self.tick)

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def say(self, words: str, look: str = "accent") -> None:
        """A word about what was just done."""
        self._said = (words, look, time.monotonic())
        self.write_title()

    def offer(self, all_of: Collection[str], serving: Collection[str]) -> None:
        """Name in the footer those of some actions only that serve the line under the cursor."""
        self._key_bar.leave_out([action_id for action_id in all_of if action_id not in serving])

    def write_title(self) -> None:
        """What was just done, else what the box is about."""
        left, right = self.title_runs()
        words, look, since = self._said
        if words and time.monotonic() - since < SAID_SECONDS:
            left = [(f" {words}", look)]
        self._title.write(left, right)

    async def on_key(self, event: events.Key) -> None:
        """Every key of this screen."""
        action_id = self._reader.feed(key_name(event.key, event.character), self.PLACE)
        self._key_bar.show(self.PLACE, self._reader.waiting)
        event.stop()
        event.prevent_default()
        if action_id is not None:
            self.table[action_id]()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.table[event.action_id]()

    def on_item_list_moved(self) -> None:
        """Another line."""
        self.describe()

    def on_item_list_chosen(self) -> None:
        """The same line again."""
        self.choose()

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self.app.push_screen(Help(self.keymap, self.PLACE))
