"""The order of the list on the screen: which one each folder has, and putting what it holds into that.

What belongs here: what is remembered of it, and the picker. What must never be here: what the store knows of orders
(arranging), and what a list is narrowed to (narrowing).

A list that is ordered by marks keeps what was done to its messages where it was until it is another list: nothing moves
that the person did not move.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from tui_mail.client.searching import TO_OTHERS
from tui_mail.facets import Facets
from tui_mail.model import Folder
from tui_mail.orders import MARKED, Order, halves
from tui_mail.records import frozen
from tui_mail.threaded import Threads
from tui_mail.ui.memory import recall, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.listing import Listing

AT_ONCE = 2_000
"""So many messages are put into an order before the first frame; more, on a thread."""


@frozen
class Held:
    """How a list that is ordered by marks was when it was made."""

    listing: Listing
    order: Order
    front: frozenset[int]
    known: frozenset[int]


class Sorting:
    """The orders of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._kept: dict[str, Order] = {}
        self._held: Held | None = None
        self._found = Order()
        """That of what is found: of this run only."""
        self.table: dict[str, Callable[[], object]] = {"view.sort": self._choose}

    # --- which order

    @property
    def order(self) -> Order:
        """Of the list on the screen."""
        folder = self._screen.folder
        return self._found if self._screen.finding.active or folder is None else self._of(folder)

    def words(self) -> str:
        """What the line above the list says of it; empty for the usual one."""
        return "" if self.order.is_usual else f" · {self.order.words}"

    def can_begin(self, folder: Folder) -> bool:
        """Whether its first frame can be had without holding up the screen."""
        return folder.total <= AT_ONCE

    def turn_to(self, order: Order) -> None:
        """List it so from now on; the cursor keeps to its message."""
        screen, folder = self._screen, self._screen.folder
        if screen.finding.active:
            self._found = order
        elif folder is not None:
            self._kept[_key(folder)] = order
            remember(screen.client.paths, _key(folder), order.kept)
        self.leave()
        screen.narrowing.forget()
        screen.say_list()
        screen.reload(urgent=True, onto=[screen.messages.current_id])

    def leave(self) -> None:
        """Another list is shown, or this one anew: marks count as they are now."""
        self._held = None

    # --- putting into order, on whatever thread reads

    def arranged(self, ids: array[int], *, found: bool = False) -> array[int]:
        """These messages, which come newest first, in the order of the list; `found`: by a search."""
        order = self._found if found else self.order
        if order.is_usual:
            return ids
        if order.sort in MARKED:
            return halves(ids, self._front(ids, order), order)
        return self._screen.client.arranged(ids, order, by_recipient=not found and self._is_to_others)

    def facets(self, facets: Facets) -> Facets:
        """The same in the order of the list."""
        return facets if self.order.is_usual else facets.arranged(self.arranged(facets.ids))

    def threads(self, threads: Threads) -> Threads:
        """The threads, each by its newest message; by marks, by any of its messages."""
        order = self.order
        if order.is_usual:
            return threads
        if order.sort not in MARKED:
            return threads.arranged(self.arranged(threads.heads))
        has = threads.heads_with(self._front(threads.ids, order))
        return threads.arranged(halves(threads.heads, has, order))

    def _front(self, ids: array[int], order: Order) -> frozenset[int]:
        """What has the mark that the list is ordered by, or had it when it came into the list."""
        listing, held = self._screen.messages.listing, self._held
        front = self._screen.client.having(ids, order.sort)
        if held is not None and held.listing is listing and held.order == order:
            front = frozenset(one for one in ids if one in (held.front if one in held.known else front))
        self._held = Held(listing, order, front, frozenset(ids))
        return front

    @property
    def _is_to_others(self) -> bool:
        folder = self._screen.folder
        return folder is not None and folder.role in TO_OTHERS

    def _of(self, folder: Folder) -> Order:
        key = _key(folder)
        if key not in self._kept:
            self._kept[key] = Order.of(recall(self._screen.client.paths, key))
        return self._kept[key]

    # --- the picker

    def _choose(self) -> None:
        from tui_mail.ui.screens.sort_box import SortBox

        self._screen.app.push_screen(SortBox(self.order, self.turn_to, recipients=self._is_to_others))


def _key(folder: Folder) -> str:
    return f"sort:{folder.account}:{folder.name}"
