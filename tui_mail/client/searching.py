"""Looking for messages: the index asked on a thread of whoever looks, and how much of the mail it covers.

What belongs here: what a person sees of a search. What must never be here: the language (query), SQL, filling the index
beyond what a command needs (sync.indexer does that behind a running screen).
"""

from __future__ import annotations

import time

from tui_mail.model import Account
from tui_mail.paths import Paths
from tui_mail.store.database import Database
from tui_mail.store.search_index import Coverage
from tui_mail.store.searcher import Searcher
from tui_mail.text import SafeText, safe_line


def covered_words(covered: Coverage) -> SafeText:
    """How much of the mail was looked at: `all headers, 62 % of the texts`."""
    if not covered.messages:
        return safe_line("no mail here yet")
    heads, texts = (_share(part, covered.messages) for part in (covered.headers, covered.bodies))
    return safe_line(f"{heads} headers, {texts} texts".replace("% ", "% of the "))


def _share(part: int, whole: int) -> str:
    return "all" if part >= whole else f"{min(99, part * 100 // whole)} %"


class Searching:
    """The searching part of MailClient."""

    accounts: tuple[Account, ...]
    paths: Paths
    _db: Database

    def searcher(self) -> Searcher:
        """An asker of one's own; to be closed."""
        return Searcher(self.paths, self._db, self.accounts)

    def index_now(self, seconds: float) -> None:
        """Put what is missing into the index, headers first, for so long at most. Raises StoreError."""
        from tui_mail.mime.worker import ParserProcess
        from tui_mail.sync.indexer import catch_up, opened

        deadline = time.monotonic() + seconds
        index = opened(self.paths, self._db)
        try:
            with ParserProcess(answer="words") as reader:
                for _ in catch_up(index, self._db, lambda: reader):
                    if time.monotonic() > deadline:
                        return
        finally:
            index.close()
