"""In which order a folder is listed, by message or by thread, and the newest of it, before all of it is known.

What belongs here: what is remembered of that. What must never be here: what a list is narrowed to (narrowing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.model import Folder
from tui_mail.text import SafeText
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.widgets.folding import Folding
from tui_mail.ui.widgets.listing import Listing

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

FIRST_ROWS = 200
FIRST_THREADS = 400
"""Newest messages whose threads are shown first."""
BY_THREAD = "thread"


def is_by_thread(screen: Triage, folder: Folder) -> bool:
    """Whether it was listed so last."""
    return recall(screen.client.paths, _key(folder)) == BY_THREAD


def begin(screen: Triage, listing: Listing, folder: Folder) -> None:
    """The newest of a folder, in the order in which it is listed."""
    if not screen.narrowing.sorting.order.is_usual:
        _begin_sorted(screen, listing, folder)
    elif is_by_thread(screen, folder):
        listing.begin_threads(Folding(screen.narrowing, folder.id).read(FIRST_THREADS))
    else:
        listing.begin(screen.narrowing.first_rows(folder.id, FIRST_ROWS))


def _begin_sorted(screen: Triage, listing: Listing, folder: Folder) -> None:
    """All of a folder, if it is small; of a big one nothing, until it was put into its order."""
    source = screen.narrowing
    at_once = source.sorting.can_begin(folder) and source.can_read_at_once
    if is_by_thread(screen, folder):
        folding = Folding(source, folder.id)
        listing.begin_threads(folding.read() if at_once else folding)
    elif at_once:
        listing.begin_ids(source.ids(folder.id))


def other_order(screen: Triage) -> None:
    """List the folder by thread, or by message; the cursor keeps to its message."""
    folder, here, messages = screen.folder, screen.messages.current_id, screen.messages
    if folder is None or screen.finding.active:
        return
    by_thread = messages.listing.folding is None
    remember(screen.client.paths, _key(folder), BY_THREAD if by_thread else "")
    listing = Listing(selected=set(messages.listing.selected))
    begin(screen, listing, folder)
    messages.show_listing(listing, folder.role, max(0, listing.line_of(here, messages.cursor)))
    messages.reveal()
    screen.reload(urgent=True, onto=[here])
    screen.say_list()
    how = screen.narrowing.sorting.order.words
    screen.say(SafeText(f"By conversation, {how}" if by_thread else f"By message, {how}"))


def _key(folder: Folder) -> str:
    """Under which name it is remembered how a folder is listed."""
    return f"order:{folder.account}:{folder.name}"
