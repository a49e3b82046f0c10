"""The outbox: what is being sent, how far each recipient is, and what can be done about it.

What belongs here: the list, what is said of the line under the cursor, the keys. What must never be here: reading the
outbox (`sendings`), words (`outbox_text`), sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.strip import Strip

from tui_mail.errors import MailError
from tui_mail.outgoing import OutboxEntry, SendState
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.one_line import Run
from tui_mail.ui.widgets.outbox_text import back_words, entry_details, entry_runs, removed_words, serving, title_runs

if TYPE_CHECKING:
    from tui_mail.ui.writing import Writing

T = TypeVar("T")
AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
NAMED = ("outbox.edit", "outbox.cancel", "outbox.retry", "outbox.again", "outbox.sent", "outbox.remove")


class EntryList(ItemList[OutboxEntry]):
    """One line for each message: first what is on its way, then what is over."""

    PREFIX = "entry"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "entry--what", "entry--quiet", "entry--mark", "entry--bar", "entry--done", "entry--waiting", "entry--failed",
        "entry--cursor", "entry--blurred",
    }  # fmt: skip

    def show(self, entries: list[OutboxEntry]) -> None:
        """Show these; the cursor stays on its message."""
        before = self.current.id if self.current is not None else 0
        ordered = sorted(entries, key=lambda entry: (not entry.is_open, -entry.id))
        kept = next((at for at, entry in enumerate(ordered) if entry.id == before), self.cursor)
        self.show_items(ordered, kept)

    def paint(self, index: int, cells: int) -> Strip:
        """One message."""
        runs = entry_runs(self.items[index], cells, time.time(), cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))


class Outbox(ListBox):
    """A box over whatever is in front."""

    NAME = "outbox"
    PLACE = Place.OUTBOX

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._client = writing.client
        self._sendings = writing.sendings
        self._list = EntryList(id="outbox-list")
        self._again_asked: tuple[int, float] = (0, 0.0)
        super().__init__(writing.keymap, self._list)

    def begin(self) -> None:
        """What is known already is shown at once."""
        self._sendings.on_change = self._look_again
        self._look_again()
        self._sendings.ask()

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._sendings.on_change = None

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        return {
            "outbox.edit": self._edit,
            "outbox.cancel": self._cancel,
            "outbox.retry": self._retry,
            "outbox.again": self._again,
            "outbox.sent": self._was_sent,
            "outbox.remove": self._remove,
        }

    def tick(self) -> None:
        """Seconds are counted down in the list."""
        self._list.forget_all()
        self.write_title()

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """How many are where."""
        return title_runs(self._sendings.entries)

    def describe(self) -> None:
        """Recipient by recipient."""
        entry = self._list.current
        self.offer(NAMED, serving(entry))
        if entry is None:
            words = "Nothing is on its way, and nothing was sent today."
            self.details.show(Document([], [Paragraph(((words, "quiet"),))]))
            return
        keys = {action_id: self.keymap.shown(action_id) for action_id in NAMED}
        self.details.show(entry_details(entry, time.time(), keys), keep_place=True)

    def choose(self) -> None:
        """What Enter does."""
        self._edit()

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
            self._do(self._client.cancel_sending(entry.id, keep=True), lambda draft: back_words(entry, draft))

    def _retry(self) -> None:
        entry = self._list.current
        if entry is not None:
            self._do(self._client.retry_sending(entry.id), lambda _: "Trying again…")

    def _again(self) -> None:
        entry = self._list.current
        if entry is None:
            return
        about, asked = self._again_asked
        if entry.state is SendState.UNKNOWN and (about != entry.id or time.monotonic() - asked > AGAIN_SECONDS):
            self._again_asked = (entry.id, time.monotonic())
            self.say(SafeText(f"It may arrive twice. {self.keymap.shown('outbox.again')} again sends it once more"))
            return
        self._again_asked = (0, 0.0)
        self._do(self._client.send_again(entry.id), lambda _: "Sending it once more…")

    def _was_sent(self) -> None:
        entry = self._list.current
        if entry is not None:
            self._do(self._client.take_as_sent(entry.id), lambda _: "Taken as sent.")

    def _remove(self) -> None:
        entry = self._list.current
        if entry is None:
            return
        if entry.state not in (SendState.DONE, SendState.CANCELLED, SendState.FAILED):
            self.say(SafeText(f"It is still on its way; {self.keymap.shown('outbox.cancel')} takes it back."))
            return
        shown = self.keymap.shown("go.drafts")
        self._do(self._client.forget_sending(entry.id), lambda draft: removed_words(entry, draft, shown))

    def _do(self, future: Future[T], words: Callable[[T], str]) -> None:
        def done(result: T) -> None:
            self.say(SafeText(words(result)))
            self._sendings.ask()

        self._writing.bridge.when_done(future, done, self._problem)

    def _problem(self, error: MailError) -> None:
        self.say(error.shown)
        self._sendings.ask()

    def _look_again(self) -> None:
        self._list.show(self._sendings.entries)
        self.write_title()
