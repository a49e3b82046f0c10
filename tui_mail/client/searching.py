"""Looking for messages: the index asked on a thread of whoever looks, and how much of the mail it covers.

What belongs here: what a person sees of a search. What must never be here: the language (understanding), SQL,
filling the index beyond what a command needs (sync.indexer does that behind a running screen).
"""

from __future__ import annotations

import time
from array import array
from typing import TYPE_CHECKING

from tui_mail.model import Account, Question, Role
from tui_mail.orders import MARKED, Order, Sort, halves
from tui_mail.paths import Paths
from tui_mail.store.database import Database
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_mail.client.server_side import ServerSide
    from tui_mail.facets import Facets
    from tui_mail.model import Folder, Row
    from tui_mail.query import Query
    from tui_mail.store.faceting import Asked
    from tui_mail.store.search_index import Coverage
    from tui_mail.store.searcher import Searcher
    from tui_mail.sync.account import AccountWorker
    from tui_mail.sync.apart import FarWorker
    from tui_mail.sync.pop_account import PopWorker
    from tui_mail.threaded import Threads


TO_OTHERS = frozenset({Role.SENT, Role.DRAFTS})
"""Folders of which a list says to whom a message is."""
ELSEWHERE = SafeText("Another tui-mail talks to the servers now; only this computer was searched.")


def covered_words(covered: Coverage) -> SafeText:
    """How much of the mail was looked at: `all headers, 62 % of the texts`."""
    if not covered.messages:
        return safe_line("no mail here yet")
    if not covered.headers:
        return safe_line("the index is being made")
    heads, texts = (_share(part, covered.messages) for part in (covered.headers, covered.bodies))
    return safe_line(f"{heads} headers, {texts} texts".replace("% ", "% of the "))


def _share(part: int, whole: int) -> str:
    return "all" if part >= whole else f"{min(99, part * 100 // whole)} %"


class Searching:
    """The searching part of MailClient."""

    accounts: tuple[Account, ...]
    paths: Paths
    _db: Database
    _searches = 0

    if TYPE_CHECKING:

        def folders(self) -> list[Folder]:
            """Of Reading."""

        def within(self, folder_id: int) -> tuple[int, ...]:
            """Of Reading."""

        def first_rows(self, folder_id: int, limit: int = 200, *, unread: bool = False) -> list[Row]:
            """Of Reading."""

        def ids(self, folder_id: int) -> array[int]:
            """Of Reading."""

        def rows(self, ids: Sequence[int]) -> list[Row]:
            """Of Reading."""

        @property
        def _workers(self) -> Mapping[str, AccountWorker | PopWorker | FarWorker]: ...

        @property
        def _is_elsewhere(self) -> bool: ...

    def searcher(self) -> Searcher:
        """An asker of one's own; to be closed. It is loaded when it is needed: no start waits for a search."""
        from tui_mail.store.searcher import Searcher

        return Searcher(self.paths, self._db, self.accounts)

    def facets(self, folder_id: int, asked: Asked, newest: int = -1) -> Facets:
        """What a place can be narrowed by, or its newest messages alone. All of them: call it on a thread."""
        from tui_mail.store.faceting import facets_of

        return facets_of(self._db.read(), self.within(folder_id), asked, self.folders(), newest)

    def facets_among(self, ids: Sequence[int], asked: Asked) -> Facets:
        """The same for some messages. Call it on a thread."""
        from tui_mail.store.faceting import facets_among

        return facets_among(self._db.read(), ids, asked, self.folders())

    def arranged(self, ids: array[int], order: Order, *, by_recipient: bool = False) -> array[int]:
        """These messages, newest first, in another order. Of more than a few: call it on a thread."""
        from tui_mail.store.arranging import arranged

        return arranged(self._db.read(), ids, order, by_recipient=by_recipient)

    def first_in_order(self, folder: Folder, order: Order, limit: int, *, unread: bool = False) -> list[Row]:
        """The first rows of a place in an order, or of what is unread there. Blocks for big ones."""
        if order.is_usual:
            return self.first_rows(folder.id, limit, unread=unread)
        ids = self.ids(folder.id)
        if unread:
            kept = self.having(ids, Sort.UNREAD)
            ids = array("q", (one for one in ids if one in kept))
        return self.rows(self.arranged(ids, order, by_recipient=folder.role in TO_OTHERS)[:limit])

    def threads_in_order(self, threads: Threads, folder: Folder, order: Order) -> Threads:
        """Threads of a place in an order: each by its newest message, by marks, by any of them. Blocks for many."""
        if order.is_usual:
            return threads
        if order.sort in MARKED:
            has = threads.heads_with(self.having(threads.ids, order.sort))
            return threads.arranged(halves(threads.heads, has, order))
        return threads.arranged(self.arranged(threads.heads, order, by_recipient=folder.role in TO_OTHERS))

    def having(self, ids: Sequence[int], sort: Sort) -> frozenset[int]:
        """Those that are unread, or starred, or have files. Likewise."""
        from tui_mail.store.arranging import having

        return having(self._db.read(), ids, sort)

    def ask_servers(self, query: Query, now: float) -> ServerSide:
        """Have the servers look into what is not here; SearchAnswered follows for each folder.

        Only the newest search counts. `now` is what the query was understood with. Reads each folder: not for the
        thread of a screen.
        """
        from tui_mail.client.server_side import ServerSide, folders_to_ask
        from tui_mail.query import parted
        from tui_mail.store import places

        self._searches += 1
        missing = {account.name: places.not_whole(self._db.read(), account.name) for account in self.accounts}
        chosen = folders_to_ask(query, self.accounts, self.folders(), missing)
        waiting = {name: set(ids) for name, ids in chosen.items()}
        side = ServerSide(self._searches, waiting, parted(query).hints, sum(map(len, chosen.values())))
        for name, ids in chosen.items():
            worker = self._workers.get(name)
            if worker is None or self._is_elsewhere:
                side.waiting[name] = set()
                side.problems[name] = ELSEWHERE
            else:
                worker.search(Question(side.number, query.text, now, tuple(ids)))
        return side

    def ids_of_account(self, ids: Sequence[int], account: str) -> list[int]:
        """Those of an account, in their order."""
        from tui_mail.store import messages

        return list(ids) if len(self.accounts) == 1 else messages.of_account_among(self._db.read(), ids, account)

    def ids_outside(self, ids: Sequence[int], role: Role) -> list[int]:
        """Those that are in no folder of a role, in their order."""
        from tui_mail.store import messages

        return messages.outside_role_among(self._db.read(), ids, role)

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
