"""The outbox: what is being sent, how far each recipient is, and what can be done about it.

What belongs here: the list, what is said of the line under the cursor, the keys. What must never be here: reading the
outbox (`sendings`), words (`outbox_text`), sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip

from tui_mail.errors import MailError
from tui_mail.outgoing import OutboxEntry, SendState
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.keys import KeyReader, key_name
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.outbox_text import entry_details, entry_runs, title_runs
from tui_mail.ui.widgets.reader import Reader

if TYPE_CHECKING:
    from tui_mail.ui.writing import Writing

T = TypeVar("T")
SAID_SECONDS = 6.0
"""How long a word about what was just done stands in the title."""
AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
NAMED = ("outbox.edit", "outbox.cancel", "outbox.retry", "outbox.again", "outbox.sent", "outbox.remove")


class EntryList(CursorView):
    """One line for each message: first what is on its way, then what is over."""

    PREFIX = "entry"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "entry--what", "entry--quiet", "entry--mark", "entry--bar", "entry--done", "entry--waiting", "entry--failed",
        "entry--cursor", "entry--blurred",
    }  # fmt: skip

    class Moved(Message):
        """The cursor is on another line, or the line reads differently."""

    class Chosen(Message):
        """A line was clicked twice."""

    def __init__(self, *, id: str) -> None:
        self.entries: list[OutboxEntry] = []
        super().__init__(id=id)

    @property
    def current(self) -> OutboxEntry | None:
        """What the cursor is on."""
        return self.entries[self.cursor] if self.cursor < len(self.entries) else None

    def show(self, entries: list[OutboxEntry]) -> None:
        """Show these; the cursor stays on its message."""
        before = self.current.id if self.current is not None else 0
        self.entries = sorted(entries, key=lambda entry: (not entry.is_open, -entry.id))
        self.set_count(len(entries))
        kept = next((at for at, entry in enumerate(self.entries) if entry.id == before), None)
        self.cursor = min(self.cursor, max(0, len(entries) - 1)) if kept is None else kept
        self.reveal()
        self.forget_all()
        self.post_message(self.Moved())

    def paint(self, index: int, cells: int) -> Strip:
        """One message."""
        runs = entry_runs(self.entries[index], cells, time.time(), cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self.post_message(self.Moved())

    def chosen(self) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen())


class Outbox(ModalScreen[None]):
    """A box over whatever is in front."""

    def __init__(self, writing: Writing) -> None:
        super().__init__(classes="outbox")
        self._writing = writing
        self._client = writing.client
        self._sendings = writing.sendings
        self._keymap = writing.keymap
        self._reader = KeyReader(writing.keymap)
        self._list = EntryList(id="outbox-list")
        self._title = OneLine(id="outbox-title")
        self._details = Reader(id="outbox-details")
        self._details.can_focus = False
        self._key_bar = KeyBar(writing.keymap, id="outbox-keys")
        self._said: tuple[str, float] = ("", 0.0)
        self._again_asked: tuple[int, float] = (0, 0.0)
        self.table = self._actions()

    def compose(self) -> ComposeResult:
        """Title, list, details, keys."""
        with Vertical(id="outbox-box"):
            yield self._title
            yield self._list
            yield self._details
            yield self._key_bar

    def on_mount(self) -> None:
        """What is known already is shown at once."""
        self._key_bar.show(Place.OUTBOX)
        self._list.focus()
        self._sendings.on_change = self._look_again
        self._look_again()
        self._sendings.ask()
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._sendings.on_change = None

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def say(self, words: SafeText) -> None:
        """A word about what was just done."""
        self._said = (words, time.monotonic())
        self._write_title()

    async def on_key(self, event: events.Key) -> None:
        """Every key of this screen."""
        action_id = self._reader.feed(key_name(event.key, event.character), Place.OUTBOX)
        self._key_bar.show(Place.OUTBOX, self._reader.waiting)
        event.stop()
        event.prevent_default()
        if action_id is not None:
            self.table[action_id]()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.table[event.action_id]()

    def on_entry_list_moved(self) -> None:
        """Say what there is to say of the line."""
        entry = self._list.current
        if entry is None:
            words = "Nothing is on its way, and nothing was sent today."
            self._details.show(Document([], [Paragraph(((words, "quiet"),))]))
            return
        keys = {action_id: self._keymap.shown(action_id) for action_id in NAMED}
        self._details.show(entry_details(entry, time.time(), keys), keep_place=True)

    def on_entry_list_chosen(self) -> None:
        """A second click does what Enter does."""
        self._edit()

    def _actions(self) -> dict[str, Callable[[], object]]:
        """What every action of this place does."""
        entries = self._list
        return {
            "outbox.edit": self._edit,
            "outbox.cancel": self._cancel,
            "outbox.retry": self._retry,
            "outbox.again": self._again,
            "outbox.sent": self._was_sent,
            "outbox.remove": self._remove,
            "back": self.dismiss,
            "move.down": lambda: entries.move_by(1),
            "move.up": lambda: entries.move_by(-1),
            "move.page_down": lambda: entries.page_by(1),
            "move.page_up": lambda: entries.page_by(-1),
            "move.top": lambda: entries.move_to(0),
            "move.bottom": lambda: entries.move_to(entries.count),
            "help": self._help,
        }

    def _edit(self) -> None:
        entry = self._list.current
        if entry is None:
            return
        if not entry.is_open:
            self.say(SafeText("It is over; in Sent, edit as new sends it once more."))
            return
        self._writing.take_back(entry.id, then=self.dismiss, failed=self._problem)

    def _cancel(self) -> None:
        entry = self._list.current
        if entry is not None:
            self._do(self._client.cancel_sending(entry.id, keep=True), "Taken back; it is a draft again.")

    def _retry(self) -> None:
        entry = self._list.current
        if entry is not None:
            self._do(self._client.retry_sending(entry.id), "Trying again…")

    def _again(self) -> None:
        entry = self._list.current
        if entry is None:
            return
        about, asked = self._again_asked
        if entry.state is SendState.UNKNOWN and (about != entry.id or time.monotonic() - asked > AGAIN_SECONDS):
            self._again_asked = (entry.id, time.monotonic())
            self.say(SafeText(f"It may arrive twice. {self._keymap.shown('outbox.again')} again sends it once more"))
            return
        self._again_asked = (0, 0.0)
        self._do(self._client.send_again(entry.id), "Sending it once more…")

    def _was_sent(self) -> None:
        entry = self._list.current
        if entry is not None:
            self._do(self._client.take_as_sent(entry.id), "Taken as sent.")

    def _remove(self) -> None:
        entry = self._list.current
        if entry is None:
            return
        if entry.state not in (SendState.DONE, SendState.CANCELLED, SendState.FAILED):
            self.say(SafeText(f"It is still on its way; {self._keymap.shown('outbox.cancel')} takes it back."))
            return
        self._do(self._client.forget_sending(entry.id), "Removed from this list.")

    def _do(self, future: Future[T], words: str) -> None:
        def done(_: T) -> None:
            self.say(SafeText(words))
            self._sendings.ask()

        self._writing.bridge.when_done(future, done, self._problem)

    def _problem(self, error: MailError) -> None:
        self.say(error.shown)
        self._sendings.ask()

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self.app.push_screen(Help(self._keymap, Place.OUTBOX))

    def _look_again(self) -> None:
        self._list.show(self._sendings.entries)
        self._write_title()

    def _tick(self) -> None:
        self._list.forget_all()  # seconds are counted down in it
        self._write_title()

    def _write_title(self) -> None:
        left, aside = title_runs(self._sendings.entries)
        words, since = self._said
        if words and time.monotonic() - since < SAID_SECONDS:
            left = [(f" {words}", "accent")]
        self._title.write(left, aside)
