"""Searches that a server answers: one folder after the other, of the newest search only.

What belongs here: which folders of a search are still to be asked, and asking one. What must never be here: when
(tasks), or what is made of the answers (client.searching).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_mail.model import Folder, Question, SearchAnswered
from tui_mail.net.sets import UidSet
from tui_mail.store import folders, places
from tui_mail.sync.folder import FolderSync
from tui_mail.text import SafeText


@dataclass(slots=True)
class Asking:
    """The newest question, and which folders have not answered. The worker's lock guards it."""

    question: Question | None = None
    left: set[int] = field(default_factory=set)

    def begin(self, question: Question) -> None:
        """Ask this, and nothing that was asked before."""
        self.question, self.left = question, set(question.folder_ids)


def ask(sync: FolderSync, account: str, question: Question, folder_id: int) -> SearchAnswered:
    """What the server finds in a folder. Raises CommandRefused and whatever breaks the line."""
    from tui_mail.net.searching import criteria
    from tui_mail.query import In, Of, parted
    from tui_mail.store.search import folders_meant
    from tui_mail.understanding import understand

    term = parted(understand(question.text, question.now)).server
    folder = folders.one_folder(sync.db.read(), folder_id)
    if term is None or folder is None or sync.open(folder_id) is None:
        reason = SafeText("This folder is being read again; search once more in a moment.")
        return SearchAnswered(question.number, account, folder_id, problem=reason if term is not None else SafeText(""))
    here: Folder = folder

    def holds(place: In | Of) -> bool:
        if isinstance(place, Of):
            return place.account.casefold() == account.casefold()
        return bool(folders_meant(place, [here]))

    found: UidSet = sync.session.uids_found(criteria(term, holds))
    ids = places.ids_at(sync.db.read(), folder_id, found.ranges)
    unknown = max(0, min(len(found), sync.session.exists) - len(ids))
    return SearchAnswered(question.number, account, folder_id, tuple(ids), unknown)
