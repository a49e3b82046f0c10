"""The list of messages: a million rows cost what thirty cost.

What belongs here: the window over a Listing, the cursor that keeps to its message, what stands in an empty list.
What must never be here: what actions do, and any query while painting: rows are read before, by window.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_mail.model import Conversation, Flag, Role, Row
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.folding import Folding
from tui_mail.ui.widgets.line_view import CursorView, Run
from tui_mail.ui.widgets.listing import Listing, RowSource
from tui_mail.ui.widgets.row_text import Calendar, Columns, people_runs, row_runs, waiting_runs
from tui_mail.ui.widgets.whose import Whose

MARGIN = 40
"""Lines above and below the window whose rows are kept ready."""
NEAR = 1_000
"""Lines around the cursor among which another message is looked for when its own has gone."""
SURPRISE = 0.7
"""Seconds that a person has to see that the cursor is on another message than it was, which they did not do."""


class MessageList(CursorView):
    """The messages of a folder, newest first."""

    PREFIX = "list"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--unread", "list--read", "list--quiet", "list--fresh", "list--bar", "list--mark", "list--star",
        "list--failed", "list--chip", "list--cursor", "list--blurred", "list--selected", "list--words",
        "list--account0", "list--account1", "list--account2", "list--account3",
    }  # fmt: skip

    class Moved(Message):
        """The cursor is on another message, or on the same one that changed its line."""

    class Chosen(Message):
        """The message under the cursor was clicked, to be opened."""

    class Above(Message):
        """How many new messages wait above the window is another number now."""

    def __init__(self, source: RowSource, *, id: str | None = None) -> None:
        self._source = source
        self.listing = Listing()
        self.role = Role.NONE
        self.me = frozenset[str]()
        """The addresses of the person, in lower case."""
        self.whose: Whose | None = None
        self.where: Callable[[int], str] = lambda _: ""
        """The name of a folder, by its id, when it is another one than the list is of."""
        """The marks of accounts, while the list is of several."""
        self.words = ""
        """What an empty list says."""
        self.above = 0
        """New messages above the window since it was last at the top."""
        self.pressed = 0.0
        """When the key that is being answered was pressed (`time.monotonic`); 0 when none is."""
        self._displaced_at = 0.0
        self._calendar = Calendar.at(time.time())
        self._columns_for = (80, 0)
        self._columns = Columns.of(80)
        super().__init__(id=id)

    # --- what is shown

    @property
    def current_id(self) -> int:
        """The message under the cursor; 0 when the list is empty."""
        return self.listing.id_at(self.cursor)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.listing.row_at(self.cursor)

    def targets(self) -> list[int]:
        """What an action is about: the selection in the order of the list, else the message under the cursor."""
        if self.listing.selected:
            return self.listing.chosen()
        return self.listing.meant(self.current_id, self.cursor) if self.current_id else []

    @property
    def is_displaced(self) -> bool:
        """The message under the cursor, or all that were selected, went away a moment ago, and not by a key.

        A key that was pressed before that, or soon after, was meant for what was there before.
        """
        return (self.pressed or time.monotonic()) - self._displaced_at < SURPRISE

    def note_displaced(self) -> None:
        """Something else than a key puts another message under the cursor now, or will in a moment."""
        self._displaced_at = time.monotonic()

    def show_listing(self, listing: Listing, role: Role, cursor: int = 0, top: int = 0) -> None:
        """Show another folder; `cursor` and `top` are lines."""
        self.listing, self.role, self.above = listing, role, 0
        self.cursor = max(0, min(cursor, len(listing) - 1))
        self._relay_out(top)
        self.post_message(self.Moved())

    def replace_ids(
        self, ids: array[int] | Folding, number: int, left_out: frozenset[int], among: Sequence[int] = ()
    ) -> None:
        """Show what a reload brought. Cursor and window stay on their messages, or go to the first one of `among`."""
        old = self.listing.ids
        cursor_id, top_id, was = self.current_id, self.listing.id_at(self.top), self.cursor
        had_selected, was_seen = bool(self.listing.selected), self.is_seen(self.cursor)
        self.listing.replace(ids, number, left_out)
        onto = self.listing.uppermost(among)
        if self.listing.ids == old:
            self.refresh_rows()
            if onto and (at := self.listing.line_of(onto, self.cursor)) >= 0:
                self.move_to(at)
            return
        shift = len(self.listing) - len(old)
        near = self.cursor + max(0, shift)
        at = self.listing.line_of(onto, near) if onto else -1
        onto = onto if at >= 0 else 0
        if not onto:
            at = self.listing.line_of(cursor_id, near) if cursor_id else 0
        was_empty = not old
        self.cursor = at if at >= 0 else self._survivor(old, near)
        if (cursor_id and not onto and self.current_id != cursor_id) or (had_selected and not self.listing.selected):
            self.note_displaced()
        top = self._top_after(top_id, shift, came_by_itself=not onto)
        seen = slice(self.top, self.top + self.page)
        if top == self.top and self.cursor == was and self.listing.ids[seen] == old[seen]:
            self.set_count(len(self.listing))
            self.refresh_rows()
        else:
            self._relay_out(top, reread=True)
        if onto or (was_seen and not self.is_seen(self.cursor)):
            self.reveal()
        if was_empty or at < 0 or onto:
            self.post_message(self.Moved())

    def refresh_rows(self) -> None:
        """Read the rows of the window again; only lines that changed are painted."""
        changed = self.listing.reread(self._source, self.top - MARGIN, self.top + self.page + MARGIN)
        if self.count:
            self.forget(*changed)
        if self.cursor in changed:
            self.post_message(self.Moved())

    def refresh_day(self) -> None:
        """Dates read differently after midnight."""
        calendar = Calendar.at(time.time())
        if calendar != self._calendar:
            self._calendar = calendar
            self.forget_all()

    def say(self, words: str) -> None:
        """What to show when there is no message."""
        if words != self.words:
            self.words = words
            if not self.listing.ids:
                self._relay_out(0)

    def wordless(self) -> list[int]:
        """Messages in the window that are here whole and whose first words are not in their rows yet."""
        window = (self.listing.row_at(index) for index in range(self.top, self.top + self.page))
        return [row.id for row in window if row is not None and row.has_body and not row.snippet]

    # --- what was done to messages

    def hide(self, ids: Iterable[int], *, newer: bool = False) -> Callable[[bool], None]:
        """Take messages out at once; the cursor goes to the next older one, or the next newer one."""
        gone = frozenset(ids)
        cursor_id, top_id, was = self.current_id, self.listing.id_at(self.top), self.cursor
        if cursor_id in gone:
            cursor_id = self._neighbour(gone, newer=newer)
        resolved = self.listing.hide(gone, was)
        at = self.listing.find(cursor_id, was) if cursor_id else -1
        self.cursor = at if at >= 0 else max(0, min(was, len(self.listing) - 1))
        top = self.listing.find(top_id, self.top)
        self._relay_out(top if top >= 0 else self.top)
        self.reveal()
        self.post_message(self.Moved())
        return resolved

    def flag(self, ids: Iterable[int], add: Flag, remove: Flag) -> Callable[[], None]:
        """Show flags as set or taken at once."""
        flagged = frozenset(ids)
        resolved = self.listing.flag(flagged, add, remove)
        self._repaint(flagged)

        def done() -> None:
            resolved()
            self.refresh_rows()
            self._repaint(flagged)

        return done

    def toggle_selected(self) -> None:
        """Select the message under the cursor, or take it out."""
        if self.current_id:
            self.listing.toggle(self.cursor)
            self.listing.anchor = self.current_id
            self.forget(self.cursor)

    def select_range(self) -> None:
        """Select everything between the last selected message and the cursor."""
        anchor = self.listing.find(self.listing.anchor, self.cursor) if self.listing.anchor else self.cursor
        first, last = sorted((anchor if anchor >= 0 else self.cursor, self.cursor))
        self.listing.select_lines(first, last + 1)
        self.listing.anchor = self.current_id
        self.forget_all()

    def select_all(self) -> None:
        """Select every message of the list."""
        self.listing.select_all()
        self.forget_all()

    def select_none(self) -> None:
        """Select nothing."""
        if self.listing.selected:
            self.listing.selected.clear()
            self.forget_all()

    # --- threads

    def unfold(self) -> bool:
        """Show the messages of the thread under the cursor; False when it is shown so, or has one message."""
        folding, head = self.listing.folding, self.current_id
        if folding is None or head in folding.below or not folding.unfold(head):
            return False
        self._refolded(head)
        return True

    def fold(self) -> bool:
        """Show the thread of the message under the cursor as one line."""
        folding = self.listing.folding
        head = folding.head_of(self.current_id) if folding is not None else 0
        if folding is None or not folding.fold(head):
            return False
        self._refolded(head)
        self.post_message(self.Moved())
        return True

    def to_unread(self) -> None:
        """Unfold the thread under the cursor, and go to its oldest message that is not read."""
        if self.unfold() and self.listing.folding is not None:
            last = self.cursor + len(self.listing.folding.below[self.current_id])
            self.listing.read(self._source, self.cursor, last + 1)
            for index in range(last, self.cursor, -1):
                row = self.listing.row_at(index)
                if row is not None and row.unread:
                    self.move_to(index)
                    return

    def _refolded(self, head: int) -> None:
        self.listing.refold()
        self.cursor = max(0, self.listing.find(head, self.cursor))
        self._relay_out(self.top)
        self.reveal()

    def next_unread(self, step: int) -> bool:
        """Move to the next unread message in a direction; False when there is none near."""
        index = self.listing.unread_after(self.cursor + step, step, self._source)
        if index >= 0:
            self.move_to(index)
        return index >= 0

    # --- painting

    def ground(self, index: int) -> str:
        """Cursor, then selection."""
        return super().ground(index) or ("selected" if self.listing.is_selected(index) else "")

    def paint(self, index: int, cells: int) -> Strip:
        """One message, or the words of an empty list."""
        if not self.listing.ids:
            return self._words_strip(index, cells)
        row = self.listing.row_at(index)
        at_cursor = index == self.cursor
        if row is None:
            return self.strip(waiting_runs(), cells, self.ground(index))
        selected = self.listing.is_selected(index)
        taken = self.whose.cells(cells) if self.whose is not None else 0
        if (cells, taken) != self._columns_for:
            self._columns, self._columns_for = Columns.of(cells - taken), (cells, taken)
        who, fold = None, ""
        if self.listing.folding is not None:
            row, who, fold = self._in_thread(self.listing.folding, row, self.listing.conversation_at(index))
        whose = self.whose.runs(row.account, cells) if self.whose is not None else None
        runs = row_runs(
            row, self._columns, self._calendar, self.role, cursor=at_cursor, selected=selected, who=who, fold=fold,
            whose=whose, where=self.where(row.folder_id),
        )  # fmt: skip
        return self.strip(runs, cells, self.ground(index))

    def _in_thread(self, folding: Folding, row: Row, said: Conversation | None) -> tuple[Row, list[Run] | None, str]:
        """How a line of a list by thread differs: its marks, who is named, and the sign before its subject."""
        if said is None:
            return row, None, "└" if folding.is_below(row.id) else ""
        muted = " ⊘" if said.muted else ""
        if row.id in folding.below:
            return row, None, f"▾{muted}"
        if said.count < 2:
            return row, None, muted.strip()
        flags = row.flags & ~Flag.SEEN if said.unread else row.flags | Flag.SEEN
        flags = flags | Flag.FLAGGED if said.starred else flags & ~Flag.FLAGGED
        return replace(row, flags=flags), people_runs(said, self.me, self._columns.who), f"▸{muted}"

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The window moved: have its rows before it is painted."""
        self._read_window()
        super().watch_scroll_y(old_value, new_value)
        if new_value < 1 and self.above:
            self.above = 0
            self.post_message(self.Above())

    def on_resize(self) -> None:
        """Another window."""
        self._read_window()
        if not self.listing.ids:
            self._relay_out(0)
        else:
            self.reveal()

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self._read_window()
        self.post_message(self.Moved())

    def chosen(self) -> None:
        """Tell the screen."""
        if self.listing.ids:
            self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """With Ctrl a click selects, with Shift it selects up to there; without, it moves the cursor, then opens."""
        index = event.y + self.top
        if index >= len(self.listing) or not (event.ctrl or event.shift):
            return
        event.stop()
        event.prevent_default()
        if event.shift and not self.listing.anchor:
            self.listing.anchor = self.current_id
        self.move_to(index)
        if event.shift:
            self.select_range()
        else:
            self.toggle_selected()
        self.post_message(self.Moved())

    def move_to(self, index: int) -> bool:
        """No cursor in an empty list."""
        return bool(self.listing.ids) and super().move_to(index)

    def _top_after(self, top_id: int, shift: int, *, came_by_itself: bool) -> int:
        """The line to be at the top: new messages show when the top was seen and the cursor stays in sight."""
        if not top_id:
            return 0
        top = self.listing.line_of(top_id, self.top + max(0, shift))
        if top < 0:
            return self.top
        came = top - self.top
        if self.top == 0 and not self.above and self.is_seen(self.cursor):
            return 0
        if came > 0 and came_by_itself:
            self.above += came
            self.post_message(self.Above())
        return top

    def _neighbour(self, gone: frozenset[int], *, newer: bool) -> int:
        ids = self.listing.ids
        older_ones, newer_ones = range(self.cursor + 1, len(ids)), range(self.cursor - 1, -1, -1)
        for indexes in (newer_ones, older_ones) if newer else (older_ones, newer_ones):
            for index in indexes:
                if ids[index] not in gone:
                    return ids[index]
        return 0

    def _survivor(self, old: array[int], near: int) -> int:
        """The line of the next older message that is still there, else of the next newer one."""
        ids, start, at = self.listing.ids, max(0, near - NEAR), self.cursor
        lines = {message_id: start + offset for offset, message_id in enumerate(ids[start : near + NEAR])}
        for message_id in chain(old[at + 1 : at + NEAR], reversed(old[max(0, at - NEAR) : at])):
            if message_id in lines:
                return lines[message_id]
        return max(0, min(at, len(ids) - 1))

    def _relay_out(self, top: int, *, reread: bool = False) -> None:
        """Everything may stand on another line now."""
        self.set_count(len(self.listing) or (self.page if self.words else 0))
        self.scroll_line_to_top(top)
        if reread:
            self.listing.reread(self._source, self.top - MARGIN, self.top + self.page + MARGIN)
        else:
            self._read_window()
        self.forget_all()

    def _read_window(self) -> None:
        self.listing.read(self._source, self.top - MARGIN, self.top + self.page + MARGIN)

    def _repaint(self, ids: Collection[int]) -> None:
        """Paint the lines of these messages anew, those in sight."""
        if len(ids) > self.page:
            self.forget_all()
        else:
            window = range(self.top, min(len(self.listing), self.top + self.page))
            self._strips = {at: strip for at, strip in self._strips.items() if at in window}
            self.forget(*(at for at in window if self._means_any(at, ids)))

    def _means_any(self, index: int, ids: Collection[int]) -> bool:
        said = self.listing.conversation_at(index)
        return self.listing.id_at(index) in ids or (said is not None and not said.here.isdisjoint(ids))

    def _words_strip(self, index: int, cells: int) -> Strip:
        if index != max(0, self.page // 3):
            return Strip.blank(cells, self.look(""))
        left = max(0, (cells - width(self.words)) // 2)
        return self.strip([(" " * left, ""), (self.words, "words")], cells)
