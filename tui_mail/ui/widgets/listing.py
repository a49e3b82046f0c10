"""Which messages a list shows, in which order, and what the person just did to them.

What belongs here: the ids of a folder, rows near the window, the cursor's message, the selection, and the
overlay: what was done and is not durable yet is shown as done.
What must never be here: Textual. It is plain data, so a million rows can be tested without a screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tui_mail.model import Conversation, Flag, Row
from tui_mail.ui.widgets.folding import Folding

ROWS_KEPT = 4_000
"""Rows remembered at most; a window and its neighbours need a few hundred."""


class RowSource(Protocol):
    """Where rows come from; MailClient is one."""

    def first_rows(self, folder_id: int, limit: int) -> list[Row]:
        """The newest rows, newest first."""

    def ids(self, folder_id: int) -> array[int]:
        """All ids, newest first."""

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """These rows, in this order; ids that are gone are left out."""


@dataclass(slots=True)
class Flagging:
    """Flags that were set or taken, while the store does not know it."""

    ids: frozenset[int]
    add: Flag
    remove: Flag


@dataclass(slots=True)
class Hiding:
    """Messages that were moved away, while a newer array of ids may still hold them."""

    ids: frozenset[int]
    durable_at: int | None = None
    """The number of the last reload that began before the move was durable."""


@dataclass
class Listing:
    """The messages of one folder as the list shows them."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    selected: set[int] = field(default_factory=set)
    """Messages, also where a line stands for several: what comes to a conversation later was not selected."""
    anchor: int = 0
    """Message id that X selects from; 0 none."""
    reloads: int = 0
    """How many reloads were begun."""
    keeps_hidden: bool = False
    """What was put away stays away, though a reload may bring it: of a search, which looks into every folder."""
    folding: Folding | None = None
    """The threads that the lines are of; None: each line is a message."""
    _said: dict[int, Conversation] = field(default_factory=dict)
    _rows: dict[int, Row] = field(default_factory=dict)
    _flaggings: list[Flagging] = field(default_factory=list)
    _hidings: list[Hiding] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def beside(self) -> Listing:
        """Another list of the same messages: what is on its way, or marked and not durable yet, is so there too."""
        return Listing(
            reloads=self.reloads, keeps_hidden=self.keeps_hidden, _flaggings=self._flaggings, _hidings=self._hidings
        )

    def all_ids(self) -> array[int]:
        """Every message that the lines stand for."""
        return self.ids if self.folding is None else self.folding.threads.ids

    # --- reading

    def id_at(self, index: int) -> int:
        """The message on a line; 0 when there is no such line."""
        return self.ids[index] if 0 <= index < len(self.ids) else 0

    def row_at(self, index: int) -> Row | None:
        """The row on a line as the person should see it; None while it has not been read."""
        row = self._rows.get(self.id_at(index))
        return row if row is None or not self._flaggings else self._overlaid(row)

    def conversation_at(self, index: int) -> Conversation | None:
        """What is to be said of the thread that a line stands for; None when it stands for one message."""
        said = self._said.get(self.id_at(index))
        if said is None or not self._flaggings:
            return said
        unread, starred = said.unread, said.starred
        for one in self._flaggings:
            here = one.ids & said.here
            unread = unread - here if one.add & Flag.SEEN else unread | here if one.remove & Flag.SEEN else unread
            starred = starred | here if one.add & Flag.FLAGGED else starred
            starred = starred - here if one.remove & Flag.FLAGGED else starred
        return replace(said, unread=unread, starred=starred)

    def is_unread(self, index: int) -> bool:
        """Whether a line has something that was not read."""
        row, said = self.row_at(index), self.conversation_at(index)
        folded = said is not None and self.folding is not None and self.id_at(index) not in self.folding.below
        return bool(said.unread) if said is not None and folded else row is not None and row.unread

    def meant(self, message_id: int, near: int = 0) -> list[int]:
        """The messages that a line means: of a folded thread all that the folder has of it."""
        return [message_id] if self.folding is None else self.folding.meant(message_id, near)

    def is_selected(self, index: int) -> bool:
        """Whether some of what a line stands for is selected; behind a folded line, too."""
        return bool(self.selected) and not self.selected.isdisjoint(self.meant(self.id_at(index), index))

    def chosen(self) -> list[int]:
        """What is selected, in the order of the list; what is behind a folded line, or of another folder, is there."""
        ordered = dict.fromkeys(one for one in self.all_ids() if one in self.selected)
        return [*ordered, *sorted(self.selected.difference(ordered), reverse=True)]

    def toggle(self, index: int) -> None:
        """Select what a line means, or take it out."""
        meant = set(self.meant(self.id_at(index), index))
        self.selected = self.selected - meant if meant <= self.selected else self.selected | meant

    def select_lines(self, start: int, stop: int) -> None:
        """Select what these lines mean."""
        for index in range(start, min(stop, len(self.ids))):
            self.selected.update(self.meant(self.ids[index], index))

    def select_all(self) -> None:
        """Select what all lines mean."""
        self.selected = {*self.all_ids(), *self.ids}
        self.selected.discard(0)

    def line_of(self, message_id: int, near: int) -> int:
        """The line that a message is on, or behind; -1 when it is not in the list."""
        at = self.find(message_id, near)
        if at >= 0 or self.folding is None or not message_id:
            return at
        head = self.folding.head_of(message_id)
        return self.find(head, near) if head else -1

    def uppermost(self, ids: Sequence[int]) -> int:
        """That one of some messages which is uppermost in the list; else the first of them, 0 of none."""
        wanted = frozenset(ids if len(ids) > 1 else ())
        shown = (id_ for id_ in self.ids if id_ in wanted) if wanted else iter(ids)
        return next(shown, ids[0] if ids else 0)

    def find(self, message_id: int, near: int) -> int:
        """The line of a message, looked for around `near` first; -1 when it is not in the list."""
        ids = self.ids
        if 0 <= near < len(ids) and ids[near] == message_id:
            return near
        for reach in (64, 4_096, len(ids)):
            try:
                return ids.index(message_id, max(0, near - reach), min(len(ids), near + reach))
            except ValueError:
                continue
        return -1

    def unread_after(self, start: int, step: int, source: RowSource, limit: int = 5_000) -> int:
        """The next unread line from `start` in a direction, read a few hundred rows at a time; -1 if none is near."""
        index = start
        while 0 <= index < len(self.ids) and abs(index - start) < limit:
            self.read(source, index if step > 0 else index - 255, index + 256 if step > 0 else index + 1)
            for _ in range(256):
                if self.is_unread(index):
                    return index
                index += step
                if not 0 <= index < len(self.ids):
                    return -1
        return -1

    def read(self, source: RowSource, start: int, stop: int) -> None:
        """Have the rows of these lines, reading those that are missing in one go."""
        wanted = self.ids[max(0, start) : max(0, stop)]
        rows = self._rows
        missing = [message_id for message_id in wanted if message_id not in rows]
        if not missing:
            return
        if len(rows) + len(missing) > ROWS_KEPT:
            kept = {message_id: rows[message_id] for message_id in wanted if message_id in rows}
            rows.clear()
            rows.update(kept)
            self._said.clear()
            missing = list(wanted)
        for row in source.rows(missing):
            rows[row.id] = row
        self._said.update(self._read_threads(missing, start))

    def reread(self, source: RowSource, start: int, stop: int) -> list[int]:
        """Read the rows of these lines again and forget all others; gives the lines that changed."""
        start = max(0, start)
        wanted = self.ids[start : max(0, stop)]
        before, said = self._rows, self._said
        self._rows = {row.id: row for row in source.rows(wanted)}
        self._said = self._read_threads(wanted, start)
        return [
            start + offset
            for offset, message_id in enumerate(wanted)
            if self._rows.get(message_id) != before.get(message_id)
            or self._said.get(message_id) != said.get(message_id)
        ]

    def _read_threads(self, lines: Iterable[int], near: int) -> dict[int, Conversation]:
        """What is to be said of the threads that have a line among these."""
        if self.folding is None:
            return {}
        return self.folding.said(lines, max(0, near))

    # --- replacing

    def begin(self, rows: Iterable[Row]) -> None:
        """Show these rows, the newest of a folder, until all ids are known."""
        self._rows = {row.id: row for row in rows}
        hidden = self.hidden()
        self.ids = array("q", (message_id for message_id in self._rows if message_id not in hidden))

    def begin_ids(self, ids: array[int]) -> None:
        """Show all of a folder."""
        self.ids = without(ids, self.hidden())

    def begin_threads(self, folding: Folding) -> None:
        """Show these threads, the newest of a folder, until all are known."""
        self._rows, self._said = {}, {}
        self.folding = folding.without(self.hidden())
        self.ids = self.folding.lines()

    def refold(self) -> None:
        """A thread was folded or unfolded."""
        if self.folding is not None:
            self.ids = self.folding.lines()

    def reload(self) -> tuple[int, frozenset[int]]:
        """Begin a reload: its number, and what must be left out of what it brings: what the store may not know yet."""
        self.reloads += 1
        return self.reloads, frozenset().union(*(h.ids for h in self._hidings if self._outlasts(h, self.reloads)))

    def replace(self, ids: array[int] | Folding, number: int, left_out: frozenset[int] = frozenset()) -> None:
        """Show what reload `number` brought; hidings that were durable before it began are over."""
        self._hidings = [hiding for hiding in self._hidings if self._outlasts(hiding, number)]
        hidden, before = self.hidden() - left_out, self.all_ids()
        if isinstance(ids, Folding):
            self.folding = ids.without(hidden)
            ids, hidden = self.folding.lines(), frozenset()
        self.ids = without(ids, hidden)
        if self.selected:  # what is of another folder stays selected, too
            self.selected -= set(before).difference(self.all_ids())

    # --- the overlay

    def hidden(self) -> frozenset[int]:
        """Everything that is on its way out."""
        return frozenset().union(*(hiding.ids for hiding in self._hidings)) if self._hidings else frozenset()

    def hide(self, ids: Iterable[int], near: int) -> Callable[[bool], None]:
        """Take messages out of the list; call the result with True when that is durable, with False to take it back."""
        hiding = Hiding(frozenset(ids))
        self._hidings.append(hiding)
        if self.folding is not None:
            self.folding.without(hiding.ids)
            self.refold()
        elif len(hiding.ids) <= 8:
            for message_id in hiding.ids:
                index = self.find(message_id, near)
                if index >= 0:
                    del self.ids[index]
        else:
            self.ids = without(self.ids, hiding.ids)
        self.selected -= hiding.ids

        def resolved(durable: bool) -> None:
            if durable:
                hiding.durable_at = self.reloads
            elif hiding in self._hidings:
                self._hidings.remove(hiding)

        return resolved

    def _outlasts(self, hiding: Hiding, number: int) -> bool:
        """Whether it still counts when reload `number` began: what was durable by then is as the store has it.

        The server may have refused it meanwhile, and it is back.
        """
        return self.keeps_hidden or hiding.durable_at is None or hiding.durable_at >= number

    def unhide(self, ids: Iterable[int]) -> None:
        """Messages that came back (by undo) are no longer on their way out."""
        back = frozenset(ids)
        for hiding in self._hidings:
            hiding.ids -= back

    def flag(self, ids: Iterable[int], add: Flag, remove: Flag) -> Callable[[], None]:
        """Show flags as set or taken until the result is called."""
        flagging = Flagging(frozenset(ids), add, remove)
        self._flaggings.append(flagging)

        def resolved() -> None:
            if flagging in self._flaggings:
                self._flaggings.remove(flagging)

        return resolved

    def _overlaid(self, row: Row) -> Row:
        flags = row.flags
        for flagging in self._flaggings:
            if row.id in flagging.ids:
                flags = (flags | flagging.add) & ~flagging.remove
        return row if flags == row.flags else replace(row, flags=flags)


def without(ids: array[int], left_out: frozenset[int]) -> array[int]:
    """The array without some ids; the same one when there is nothing to leave out."""
    return array("q", (one for one in ids if one not in left_out)) if left_out else ids
