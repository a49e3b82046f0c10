"""What a list is narrowed to: the tabs of the inbox, and the quick filters of any list.

What belongs here: which tab and which filters are on, the lines that say so, and the messages that fit, for whoever
lists them. What must never be here: what makes a message fit (facets, the store), and where the cursor goes meanwhile
(the list).

A message that stops fitting because of what was done to it (it was read, its star was taken) stays where it is until
the list is another one: nothing moves that the person did not move.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.config.splits import REST, USUAL
from tui_mail.facets import Facets, Mark, Wish
from tui_mail.model import Folder, Role
from tui_mail.text import SafeText, safe_line
from tui_mail.threaded import Threads
from tui_mail.ui.actions import Place
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.ordering import begin, is_by_thread
from tui_mail.ui.sorting import Sorting
from tui_mail.ui.widgets.cells import clip, steady
from tui_mail.ui.widgets.choice_line import ChoiceLine
from tui_mail.ui.widgets.listing import Listing, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_mail.model import Conversation, Row
    from tui_mail.query import Term
    from tui_mail.store.faceting import Asked
    from tui_mail.store.searcher import Answer, Searcher
    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.one_line import Run

WINDOW = 2_000
"""Newest messages among which the first that fit are looked for, before all are known: some milliseconds."""
LONGEST = 20
"""Cells of the name of a tab."""
FOUND = -2
"""Stands for what a search found, where facets are told apart by their folder."""
CHIPS = (
    ("filter.unread", Mark.UNREAD, "unread"),
    ("filter.starred", Mark.STARRED, "starred"),
    ("filter.attachment", Mark.ATTACHMENT, "attachment"),
    ("filter.contact", Mark.CONTACT, "contact"),
)


class Narrowing:
    """The tabs and the quick filters of the triage screen; a source of rows, ids and threads like the client."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        splits = screen.client.splits
        self._splits = USUAL if splits is None else splits
        wish = recall(screen.client.paths, "splits")
        self._tabs_on = wish == "on" or (wish != "off" and bool(splits))
        self._terms: tuple[Term, ...] | None = None
        self._lasting = True
        """What is in which tab never changes by what is done to a message."""
        self._split_of: dict[int, int] = {}
        self._left_at: dict[tuple[int, int], tuple[int, int]] = {}
        """The messages under the cursor and at the top, by folder and split."""
        self.marks = Mark.NONE
        self._chips_on = False
        self._facets: Facets | None = None
        self._of = 0
        """The folder that they are of."""
        self._pure: Listing | None = None
        """The list that held only what fitted when it was made."""
        self._unread: dict[int, list[int]] = {}
        self._told: Facets | None = None
        """What the numbers of the tabs were counted in…"""
        self._counted: tuple[Facets | None, Wish, list[int]] = (None, Wish(), [])
        """…and those of the filters."""
        self._searcher: Searcher | None = None
        self._tabs: ChoiceLine | None = None
        self._chips: ChoiceLine | None = None
        self.sorting = Sorting(screen)
        self.table: dict[str, Callable[[], object]] = {
            **self.sorting.table,
            "view.splits": self.toggle_tabs,
            "filter": self._toggle_chips,
            **{action: partial(self._toggle, mark) for action, mark, _ in CHIPS},
        }

    # --- what is on

    @property
    def tabs_wanted(self) -> bool:
        """The inbox is in tabs."""
        return self._tabs_on

    @property
    def has_tabs(self) -> bool:
        """The list on the screen is one tab of several."""
        return not self._screen.finding.active and self._tabbed(self._screen.folder)

    @property
    def is_on(self) -> bool:
        """The list on the screen may show less than its folder holds."""
        return self.has_tabs or self._chips_on

    @property
    def _wish(self) -> Wish:
        folder = self._screen.folder
        return Wish(self._split_of.get(folder.id, 0) if self.has_tabs and folder is not None else -1, self.marks)

    def _tabbed(self, folder: Folder | None) -> bool:
        return self._tabs_on and bool(self._splits) and folder is not None and folder.role is Role.INBOX

    # --- actions

    def step(self, step: int) -> bool:
        """To the next or previous tab; False when the keys are not in a list with tabs."""
        folder = self._screen.folder
        if not self.has_tabs or folder is None or self._screen.place is not Place.LIST:
            return False
        self._turn_to((self._wish.split + step) % (len(self._splits) + 1))
        return True

    def toggle_tabs(self) -> None:
        """The inbox in tabs, or whole."""
        if not self._splits:
            self._screen.say(SafeText("[splits] in config.toml is empty: there are no tabs."))
            return
        self._tabs_on = not self._tabs_on
        remember(self._client.paths, "splits", "on" if self._tabs_on else "off")
        folder = self._screen.folder
        if folder is not None and folder.role is Role.INBOX and not self._screen.finding.active:
            self._list_anew(self._screen.messages.current_id)
        self._screen.say(SafeText("The inbox in tabs" if self._tabs_on else "The inbox as a whole"))

    def end_filters(self) -> bool:
        """Show everything again; False when nothing is filtered."""
        if not self._chips_on:
            return False
        was, self.marks, self._chips_on = self.marks, Mark.NONE, False
        if was:
            self._list_anew(self._screen.messages.current_id)
        self._screen.say_list()
        return True

    def leave(self) -> None:
        """Another list is shown: its filters are its own."""
        self.marks, self._chips_on = Mark.NONE, False
        self.sorting.leave()

    def forget(self) -> None:
        """The list is in another order: what is known stands in the old one."""
        self._facets = None

    def pressed(self, line: ChoiceLine, index: int) -> None:
        """A tab or a filter was clicked."""
        if line is self._tabs:
            self._turn_to(index)
        elif index < len(CHIPS):
            self._toggle(CHIPS[index][1])

    def _turn_to(self, split: int) -> None:
        folder, messages = self._screen.folder, self._screen.messages
        if folder is None or not self.has_tabs or split == self._wish.split:
            return
        self._left_at[folder.id, self._wish.split] = (messages.current_id, messages.listing.id_at(messages.top))
        self._split_of[folder.id] = split
        self._list_anew(*self._left_at.get((folder.id, split), (0, 0)))

    def _toggle_chips(self) -> None:
        if not self.end_filters():
            self._chips_on, self._facets = True, None  # nobody has looked for contacts yet
            self._screen.say_list()
            self._screen.reload(urgent=True)

    def _toggle(self, mark: Mark) -> None:
        self.marks ^= mark
        if not self._chips_on:
            self._chips_on, self._facets = True, None
        self._list_anew(self._screen.messages.current_id)

    def _list_anew(self, cursor_id: int, top_id: int = 0) -> None:
        """Another selection of the same messages; the cursor stays on its message, or goes to the first."""
        screen, folder, messages = self._screen, self._screen.folder, self._screen.messages
        listing = messages.listing.beside()
        known = self._known(FOUND if screen.finding.active else folder.id if folder is not None else 0)
        if screen.finding.active:
            listing.ids = known.fitting(self._wish) if known is not None else messages.listing.ids[:]
        elif folder is not None and known is not None and not is_by_thread(screen, folder):
            listing.ids = without(known.fitting(self._wish), listing.hidden())
        elif folder is not None:
            begin(screen, listing, folder)
        self._pure = listing if known is not None else None
        role = folder.role if folder is not None and not screen.finding.active else Role.NONE
        if left := len(messages.listing.selected):
            screen.say(SafeText(f"{left:,} selected in the list before; here nothing is"))
        cursor, top = (max(0, listing.line_of(one, 0)) if one else 0 for one in (cursor_id, top_id))
        messages.show_listing(listing, role, cursor, top)
        messages.reveal()
        screen.say_list()
        screen.reload(urgent=True, onto=[cursor_id])

    # --- a source of messages

    @property
    def can_read_at_once(self) -> bool:
        """Of a few messages all can be read on the screen's thread: no index is asked."""
        return not (self.has_tabs and self._asked(threads=False).needs_index)

    def first_rows(self, folder_id: int, limit: int) -> list[Row]:
        """The newest rows that fit, as far as that is known at once."""
        if not self._narrows(folder_id):
            return self._client.first_rows(folder_id, limit)
        return self._client.rows(self._first(folder_id, limit, threads=False)[0])

    def ids(self, folder_id: int) -> array[int]:
        """Everything that fits. On a thread."""
        if not self._narrows(folder_id):
            return self.sorting.arranged(self._client.ids(folder_id))
        return self._all(folder_id, threads=False)[0]

    def threads(self, folder_id: int, newest: int = -1) -> Threads:
        """The threads of what fits; of everything: on a thread."""
        if not self._narrows(folder_id):
            return self.sorting.threads(self._client.threads(folder_id, newest))
        found = self._all(folder_id, threads=True) if newest < 0 else self._first(folder_id, newest, threads=True)
        return self.sorting.threads(Threads.of(*found))

    def conversations(self, folder_id: int, groups: Sequence[Sequence[int]]) -> dict[int, Conversation]:
        """Of the client."""
        return self._client.conversations(folder_id, groups)

    def members(self, folder_id: int, group: Sequence[int]) -> list[int]:
        """Of the client."""
        return self._client.members(folder_id, group)

    def of_found(self, answer: Answer) -> Answer:
        """What fits of what a search found. On a thread."""
        answer = replace(answer, ids=self.sorting.arranged(answer.ids, found=True))
        if not self._chips_on:
            return answer
        wish, kept = self._wish, self._kept()
        self._facets, self._of = self._client.facets_among(answer.ids, self._asked(threads=False)), FOUND
        return replace(answer, ids=self._facets.narrowed(wish, kept)[0])

    def _narrows(self, folder_id: int) -> bool:
        folder = self._screen.folder
        return folder is not None and folder.id == folder_id and (self._tabbed(folder) or self._chips_on)

    def _first(self, folder_id: int, limit: int, *, threads: bool) -> tuple[array[int], array[int]]:
        known, asked = self._known(folder_id), self._asked(threads=threads)
        if known is None or (threads and not known.threads):
            known = Facets() if asked.needs_index else self._client.facets(folder_id, asked, WINDOW)
        return known.narrowed(self._wish, newest=limit)

    def _all(self, folder_id: int, *, threads: bool) -> tuple[array[int], array[int]]:
        wish, kept, asked = self._wish, self._kept(), self._asked(threads=threads)
        if asked.needs_index:
            self._searcher = self._searcher or self._client.searcher()
            facets = self._searcher.facets((), self._client.within(folder_id), asked)
        else:
            facets = self._client.facets(folder_id, asked)
        if not threads:
            facets = self.sorting.facets(facets)
        self._facets, self._of = facets, folder_id
        found = facets.narrowed(wish, kept)
        if self.has_tabs:
            facets.part(len(self._splits) + 1)
        return found

    def _kept(self) -> Collection[int]:
        """What stays in the list though it may not fit any more: what was in it when all that was fitted."""
        listing = self._screen.messages.listing
        was_pure, self._pure = self._pure is listing, listing
        if not was_pure or (self._lasting and not self.marks):
            return ()
        return frozenset(listing.all_ids())

    def _known(self, of: int) -> Facets | None:
        return self._facets if self._of == of else None

    def _asked(self, *, threads: bool) -> Asked:
        from tui_mail.store.faceting import Asked

        return Asked(self._understood() if self.has_tabs else (), self._chips_on, threads)

    def _understood(self) -> tuple[Term, ...]:
        if self._terms is None:
            from tui_mail.query import OfKind, OnList
            from tui_mail.understanding import understand

            queries = [understand(query) for _, query in self._splits]
            self._lasting = all(isinstance(leaf, OfKind | OnList) for query in queries for leaf in query.leaves())
            self._terms = tuple(query.term for query in queries)
        return self._terms

    # --- what is said

    def show(self) -> None:
        """Write the lines above the list, as far as they are to be seen."""
        self._tabs = self._line(self._tabs, "list-tabs", shown=self.has_tabs)
        if self._tabs is not None and self.has_tabs:
            self._tabs.show(self._tab_runs(), self._wish.split)
        self._chips = self._line(self._chips, "list-chips", shown=self._chips_on)
        if self._chips is not None and self._chips_on:
            self._chips.show(*self._chip_runs())

    def empty_words(self) -> str:
        """What a list without messages says when there may be others in its folder; empty when it is for that."""
        folder = self._screen.folder
        if folder is not None and folder.total and not self.is_on and not self.sorting.order.is_usual:
            return "Sorting…"
        if not self.is_on or folder is None or not folder.total:
            return ""
        if self._known(folder.id) is None:
            return "Loading…"
        if self.marks:
            return "No message here is all of that."
        return f"Nothing in {self._names()[self._wish.split]}." if self.has_tabs else ""

    def _names(self) -> list[str]:
        return [*(clip(steady(safe_line(name)), LONGEST) for name, _ in self._splits), REST]

    def _tab_runs(self) -> list[list[Run]]:
        folder = self._screen.folder
        assert folder is not None
        names, facets = self._names(), self._known(folder.id)
        if facets is not None and self._told is not facets:
            self._told, self._unread[folder.id] = facets, facets.unread(len(names))
        unread, front = self._unread.get(folder.id, [0] * len(names)), self._wish.split
        parts = list[list["Run"]]()
        for at, name in enumerate(names):
            look = "tab" if at == front else "quiet" if not unread[at] else ""
            count = [(f" {unread[at]:,}", "accent")] if unread[at] else []
            parts.append([("▸" if at == front else " ", "accent"), (name, look), *count])
        return parts

    def _chip_runs(self) -> tuple[list[list[Run]], int, list[Run]]:
        of = FOUND if self._screen.finding.active else self._screen.folder.id if self._screen.folder else 0
        facets, wish = self._known(of), self._wish
        if self._counted[:2] != (facets, wish):
            every = [Wish(wish.split, wish.marks | mark) for _, mark, _ in CHIPS] + [Wish(wish.split)]
            self._counted = (facets, wish, [facets.count(one) for one in every] if facets is not None else [])
        counts = self._counted[2]
        parts = list[list["Run"]]()
        for at, (action, mark, label) in enumerate(CHIPS):
            on, many = mark in self.marks, f" {counts[at]:,}" if counts else ""
            key = self._screen.keymap.shown(action)
            apart = [(" ", "")] if at else []
            parts.append([*apart, ("✓" if on else key, "key"), (f" {label}", "tab" if on else ""), (many, "quiet")])
        end = self._screen.keymap.shown("select.none")
        shown = len(self._screen.messages.listing.all_ids())
        aside = [(f"{shown:,} of {counts[-1]:,}", "")] if counts else []
        return parts, 0, [*aside, (f" · {end} ends it ", "quiet")]

    def _line(self, line: ChoiceLine | None, name: str, *, shown: bool) -> ChoiceLine | None:
        if line is None and shown:
            line = ChoiceLine(id=name)
            before = self._chips if name == "list-tabs" and self._chips is not None else self._screen.messages
            self._screen.list_pane.mount(line, before=before)
        if line is not None and line.display is not shown:
            line.display = shown
        return line
