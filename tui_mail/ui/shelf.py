"""Folders as they were left: which messages their lists held, and where the cursor was.

What belongs here: how many are kept. What must never be here: Textual.
"""

from __future__ import annotations

from collections import OrderedDict

from tui_mail.ui.widgets.listing import Listing

SHELVED = 6
"""Folders whose list is kept as it was left."""


class Shelf:
    """The lists of the folders that were open last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Listing, int, int]] = OrderedDict()

    def put(self, folder_id: int, listing: Listing, cursor: int, top: int) -> None:
        """Keep a list with its cursor and its first visible line."""
        if listing.ids:
            self._kept[folder_id] = (listing, cursor, top)
            self._kept.move_to_end(folder_id)
            while len(self._kept) > SHELVED:
                self._kept.popitem(last=False)

    def take(self, folder_id: int) -> tuple[Listing, int, int]:
        """The list as it was left; an empty one when it was not kept."""
        return self._kept.pop(folder_id, (Listing(), 0, 0))

    def forget(self, folder_id: int) -> None:
        """That list is no longer right."""
        self._kept.pop(folder_id, None)
