"""What servers add to a search: asked folder by folder, and counted until the last one has answered.

What belongs here: which folders are asked, and what was answered so far, for one search. What must never be here: how a
server is asked (sync.asking), and what is found here (store.search).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_mail.model import Account, Folder, Protocol, Role, SearchAnswered
from tui_mail.query import All, In, Of, Query, parted
from tui_mail.store.search import folders_meant
from tui_mail.text import SafeText, safe_line

EVERYWHERE = (Role.ALL, Role.JUNK, Role.TRASH)
"""Where folders are labels, every message is in one of these."""


@dataclass(slots=True)
class ServerSide:
    """The answers to one search."""

    number: int
    waiting: dict[str, set[int]]
    """Of each account, the folders that have not answered."""
    hints: tuple[SafeText, ...] = ()
    asked: int = 0
    ids: list[int] = field(default_factory=list)
    unknown: int = 0
    problems: dict[str, SafeText] = field(default_factory=dict)

    def take(self, answer: SearchAnswered) -> bool:
        """Count an answer; True when there is something new to say."""
        left = self.waiting.get(answer.account)
        if answer.number != self.number or left is None:
            return False
        if answer.problem:
            self.problems[answer.account] = answer.problem
        if not answer.folder_id:
            self.waiting[answer.account] = set()
            return True
        if answer.folder_id not in left and answer.account not in self.problems:
            return False
        left.discard(answer.folder_id)
        if not answer.problem:  # the line was there again
            self.ids += answer.message_ids
            self.unknown += answer.unknown
        return True

    @property
    def is_done(self) -> bool:
        """Nobody is waited for."""
        return not any(self.waiting.values())

    def words(self, added: int) -> SafeText:
        """How far it is: `server added 14, complete`."""
        found = f"server added {added:,}"
        if self.unknown:
            found += f" and has {self.unknown:,} more that are not listed here yet"
        if not self.is_done:
            left = sum(map(len, self.waiting.values()))
            return safe_line(f"{found}, asking {self.asked - left + 1} of {self.asked}")
        return safe_line(f"{found}, not all of it answered" if self.problems else f"{found}, complete")


def folders_to_ask(
    query: Query, accounts: Sequence[Account], known: Sequence[Folder], missing: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Of each IMAP account the folders that may have what is not here: `missing`, as far as the query means them."""
    meant = {folder.id for folder in known if folder.selectable}
    for term in query.term.terms if isinstance(query.term, All) else (query.term,):
        if isinstance(term, In):
            meant &= set(folders_meant(term, known))
        elif isinstance(term, Of):
            meant &= {folder.id for folder in known if folder.account.casefold() == term.account.casefold()}
    chosen = dict[str, list[int]]()
    for account in accounts:
        ids = set(missing.get(account.name, ())) & meant
        ours = [folder for folder in known if folder.id in ids]
        if any(folder.role is Role.ALL for folder in ours):
            ours = [folder for folder in ours if folder.role in EVERYWHERE]
        if ours and account.protocol is Protocol.IMAP:
            chosen[account.name] = [folder.id for folder in ours]
    return chosen if parted(query).server is not None else {}
