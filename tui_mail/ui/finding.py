"""Searching on the screen: the box above the list, and what the list shows while something is looked for.

What belongs here: when the index is asked, and what becomes of its answers. What must never be here: how it is asked
(client.searching), and what is done to what was found: that is done as in any folder.

The list of the folder that was on the screen is put on the shelf, as when another folder is opened; it comes back, with
its cursor, when the search ends. What was archived or deleted out of the results stays out of them until something else
is looked for, though it may still be found in another folder.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.client.searching import covered_words
from tui_mail.errors import MailError
from tui_mail.model import Folder, Role
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.scope import Scope
from tui_mail.ui.whereabouts import elsewhere
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.folder_tree import folder_label
from tui_mail.ui.widgets.listing import Listing, without
from tui_mail.ui.widgets.one_line import PART, Run

if TYPE_CHECKING:
    from tui_mail.client.server_side import ServerSide
    from tui_mail.model import SearchAnswered
    from tui_mail.query import Query
    from tui_mail.store.searcher import Answer, Searcher
    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.search_box import SearchBox

SERVER_SECONDS = 1.5
"""Without a key after which servers are asked for what is not here; Enter asks them at once."""
PAUSE_SECONDS = 0.08
"""After a key, before it is asked: who types on wants the answer to the whole word."""
RELOAD_REST = 9.0
"""Asking again because of news may take a tenth of the time."""
GROWING_SECONDS = 2.0
"""How often it is asked again while the index is still being filled."""
OPENING = 0.5
"""Seconds that a key waits at most for what the one before opened or asked for."""
COMMON_LIMIT = 500
"""Selected messages whose folders are compared before an action; more have nothing in common."""


class Finding:
    """The search of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._searcher: Searcher | None = None
        self._errands = Errands("search", screen.bridge, self._failed, rest=RELOAD_REST)
        self._box: SearchBox | None = None
        self._timer: Timer | None = None
        self._heeded = ""
        """What is in the box, as far as it was looked for."""
        self._query: Query | None = None
        """What is in the box, when that is something."""
        self._asked = 0
        """Numbers the queries: an answer to an earlier one comes too late."""
        self._shown = 0
        """The number of the query whose answer is on the screen."""
        self._awaited = -1
        """The number of the query whose answer the next key is meant for."""
        self._scope: Scope | None = None
        """The only folder that is looked into, whatever is in the box."""
        self._answer: Answer | None = None
        self._asked_at = 0.0
        self._folders: dict[int, Folder] = {}
        self._side: ServerSide | None = None
        self._side_for = 0
        """The number of the query that servers were asked."""
        self._early: list[SearchAnswered] = []
        """Answers that came before it was known who was asked."""
        self._server_errands = Errands("search-servers", screen.bridge, self._failed)
        self._typed_at = 0.0
        self._now = 0.0
        self.active = False
        """The list shows what was found."""

    # --- the box

    @property
    def has_focus(self) -> bool:
        """What is typed goes into the box."""
        return self._box is not None and self._screen.focused is self._box

    async def is_there(self) -> None:
        """The next key finds the box that the last one opened, or what was looked for when Enter was pressed.

        When that takes long, an empty list stands in for it: what is meant for what is found is done to nothing else.
        """
        end = time.monotonic() + OPENING
        while (self.has_focus and self._box is not None and not self._box.is_mounted) or self._awaited == self._asked:
            if time.monotonic() > end:
                self._show_none_yet()
                return
            await asyncio.sleep(0.001)

    @property
    def text(self) -> str:
        """What is looked for, and where; empty when nothing is."""
        words = self._box.value.strip() if self._box is not None and self._box.display else ""
        return words if self._scope is None or not words else self._scope.words_with(words)

    async def takes(self, key: str, character: str | None) -> bool:
        """Type or edit in the box at once; False for other keys."""
        took = self._box is not None and await self._box.takes(key, character)
        self.heed()
        return took

    def heed(self) -> None:
        """Look for what is in the box now. Textual's word that it changed may come when the box is closed already."""
        if self._box is not None and self._box.display and self._box.value != self._heeded:
            self.typed(self._box.value)

    def open(self, text: str | None = None) -> None:
        """Show the box and go into it; `text` replaces what is in it."""
        if self._box is None:
            from tui_mail.ui.widgets.search_box import SearchBox

            self._box = SearchBox()
            self._screen.list_pane.mount(self._box, before=0)
        self._box.display = True
        if text is not None:
            self._scope = None
            self._box.value = text
            self._box.cursor_position = len(text)
        self._screen.enter(self._box)

    def look_for(self, text: str) -> None:
        """Show what a saved search finds, at once."""
        self.open(text)
        self.typed(text)
        self.to_list()

    def open_here(self, folder: Folder) -> None:
        """An empty box for what is in one folder; with nothing in it all of that is found."""
        self.open("")
        self._scope = Scope(folder, self._client.folder)
        self.typed("")

    def to_list(self) -> None:
        """From the box to what was found, at once; an empty box closes."""
        if self._query is not None and self._query.is_empty and self._query.hints:
            self._screen.say(self._query.hints[0])
            return
        if self._query is None or self._query.is_empty:
            self.close()
            return
        if self._timer is not None:
            self._ask_now()
        self._typed_at = 0.0  # no more is typed: servers may be asked
        self._awaited = self._asked if self._shown != self._asked else -1
        self._screen.show_list()

    def close(self) -> None:
        """Back to where one was."""
        if self.active and self._screen.folder is not None:
            self._screen.open_folder(self._screen.folder)
        else:
            self.end()
            self._screen.say_list()
        self._screen.show_list()

    def end(self) -> None:
        """Another list is shown."""
        self._asked += 1
        self._stop_timer()
        self._query, self._answer, self._side, self.active, self._heeded = None, None, None, False, ""
        self._scope = None
        if self._box is not None and self._box.display:
            self._box.display = False
            self._box.clear_quietly()

    def typed(self, text: str) -> None:
        """Look for something else in a moment."""
        from tui_mail.understanding import understand

        self._heeded = text
        self._now = self._typed_at = time.time()
        query, before = understand(text, self._now), self._query
        if self._scope is not None:
            query = self._scope.narrowed(query)
        self._query = query if text.strip() or self._scope is not None else None
        if self._query is None and self.active:
            self._stop_timer()
            self._asked += 1
            self._answer = None
            self._screen.show_folder_again()
        elif not query.is_empty and (before is None or query.term != before.term):
            self._stop_timer()
            self._asked += 1
            if self._searcher is not None:
                self._searcher.interrupt()
            self._timer = self._screen.set_timer(PAUSE_SECONDS, self._ask_now)
        self._screen.say_list()

    # --- asking

    def ask_again(self, *, urgent: bool = False, onto: Sequence[int] = ()) -> None:
        """Something changed: what is shown may be found no more, or more may be.

        Who looks for what is unread reads it: it stays in the list until something else is looked for.
        """
        if not self.active or self._answer is None:
            return
        query, asked, listing = self._answer.query, self._asked, self._screen.messages.listing
        kept = self._answer.ids
        told = list(self._side.ids) if self._side is not None else []
        self._asked_at = time.monotonic()

        def errand() -> Then | None:
            number, left_out = listing.reload()
            answer = self._found(query, asked, told, kept)
            if answer is None:
                return None
            ids = without(answer.ids, left_out)

            def then() -> None:
                if asked == self._asked and listing is self._screen.messages.listing:
                    self._answer = answer
                    self._screen.messages.replace_ids(ids, number, left_out, onto)
                    self._screen.say_list()

            return then

        self._errands.ask(errand, urgent=urgent)

    def tick(self) -> None:
        """Once a second: an index that is being filled may find more, and servers what is not here."""
        if self.active and self._side_for != self._asked and time.time() - self._typed_at > SERVER_SECONDS:
            self._ask_servers()
        if self._answer is not None and time.monotonic() - self._asked_at > GROWING_SECONDS:
            covered = self._answer.covered
            if min(covered.headers, covered.bodies) < covered.messages:
                self.ask_again()

    def server_answered(self, answer: SearchAnswered) -> None:
        """A folder was looked into; what it adds is shown in its place among the rest."""
        if self._side is None:
            self._early.append(answer)
        elif self._side_for == self._asked and self._side.take(answer):
            if answer.message_ids:
                self.ask_again(urgent=True)
            self._screen.say_list()

    def _ask_servers(self) -> None:
        """On a thread: the folders that are not here whole are looked up first."""
        if self._answer is None:
            return
        query, asked, now = self._answer.query, self._asked, self._now
        self._side, self._side_for, self._early = None, asked, []

        def errand() -> Then | None:
            side = self._client.ask_servers(query, now)

            def then() -> None:
                if asked != self._asked:
                    return
                self._side, early = side, self._early
                for answer in early:
                    self.server_answered(answer)
                self._screen.say_list()

            return then

        self._server_errands.ask(errand)

    def close_files(self) -> None:
        """The screen ends."""
        self._errands.close()
        self._server_errands.close()
        if self._searcher is not None:
            self._searcher.interrupt()

    def _ask_now(self) -> None:
        self._stop_timer()
        query, asked = self._query, self._asked
        self._asked_at = time.monotonic()
        if query is None:
            return

        def errand() -> Then | None:
            answer = self._found(query, asked)
            return None if answer is None else lambda: self._show(answer, asked)

        self._errands.ask(errand)

    def _found(self, query: Query, asked: int, told: Sequence[int] = (), kept: Sequence[int] = ()) -> Answer | None:
        """The answer, on the thread that asks; None when something else is wanted by now."""
        if asked != self._asked:
            return None
        if self._searcher is None:
            self._searcher = self._client.searcher()
        try:
            return self._screen.narrowing.of_found(self._searcher.find(query, told, kept))
        except MailError:
            if asked != self._asked:  # it was interrupted
                return None
            raise

    def _show(self, answer: Answer, asked: int) -> None:
        if asked != self._asked:
            return
        self._begin_list()
        self._answer = answer
        self._shown, self._awaited = asked, -1
        self._folders = {folder.id: folder for folder in self._client.folders()}
        covered = answer.covered
        whole = min(covered.headers, covered.bodies) >= covered.messages
        self._screen.messages.say("Nothing found." if whole else "Nothing found so far.")
        self._screen.messages.whose = self._screen.whose
        self._screen.messages.where = elsewhere(self._client, None if self._scope is None else self._scope.folder)
        self._screen.messages.show_listing(Listing(answer.ids, keeps_hidden=True), Role.NONE)
        self._screen.say_list()

    def _begin_list(self) -> None:
        if not self.active:
            self._screen.shelve()
            self.active = True

    def _show_none_yet(self) -> None:
        """The list of the folder goes, though nothing is found yet."""
        self._awaited = -1
        if self._query is not None and not self._query.is_empty:
            self._begin_list()
            self._screen.messages.say("Searching…")
            self._screen.messages.show_listing(Listing(array("q"), keeps_hidden=True), Role.NONE)
            self._screen.say_list()

    def _failed(self, error: MailError) -> None:
        self._awaited = -1
        self._screen.problem(error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # --- what is said

    @property
    def has_title(self) -> bool:
        """Something is looked for, though nothing may be found yet; the line above the list is about that."""
        return self.active or self._query is not None

    def title(self) -> tuple[list[Run], list[Run]]:
        """How many were found, where the one under the cursor is, what was not understood; how much was looked at."""
        answer, messages = self._answer, self._screen.messages
        hints = self._query.hints if self._query is not None else ()
        if answer is not None and (self._query is None or answer.query.term == self._query.term):
            hints = answer.hints
        left: list[Run] = [(" Searching…" if answer is None else f" {len(messages.listing):,} found", "strong")]
        if self._query is not None and self._query.is_empty:
            left = [(" Nothing to search for yet", "quiet")]
        if self._scope is not None:
            left.append((f" in {self._name(self._scope.folder)}", "accent"))
        if messages.listing.selected and self.active:
            left.append((f" · {len(messages.listing.selected):,} selected", "accent"))
        if self.active and (ordered := self._screen.narrowing.sorting.words()):
            left.append((ordered, "accent"))
        for hint in hints:  # cut where there is no room, and never left out
            left += [(PART, "warning"), (hint, "warning")]
        most = sum(width(text) for text, _ in left)
        here = self.here()
        if here is not None and self.active and (self._scope is None or self._scope.folder.id == ALL_INBOXES):
            left.append((f" · in {self._name(here)}", "quiet"))
        right: list[Run] = []
        if answer is not None:
            words = str(covered_words(answer.covered))
            if self._side is not None and self._side.asked:
                words += f"{PART}{self._side.words(answer.added)}"
                left += [(f" · {problem}", "warning") for problem in self._side.problems.values()]
            if most + width(words) + 2 <= self._screen.list_title.size.width:
                right = [(f"{words} ", "quiet")]
        return left, right

    def _name(self, folder: Folder) -> str:
        several = len(self._client.accounts) > 1 and folder.id != ALL_INBOXES
        return f"{folder_label(folder)} · {folder.account}" if several else folder_label(folder)

    # --- what actions are about

    def here(self) -> Folder | None:
        """The folder of the message under the cursor."""
        row = self._screen.messages.current
        if row is None:
            return None
        return self._folders.get(row.folder_id) or self._client.folder(row.folder_id)

    def role_of(self, ids: list[int]) -> Role:
        """What the folders of these messages are for, when all are for the same."""
        if len(ids) > COMMON_LIMIT:
            return Role.NONE
        folders = {row.folder_id for row in self._client.rows(ids)}
        roles = {found.role if (found := self._folders.get(one)) is not None else Role.NONE for one in folders}
        return roles.pop() if len(roles) == 1 else Role.NONE

    def of_account(self, ids: list[int], account: str) -> list[int]:
        """Those of one account."""
        return self._client.ids_of_account(ids, account)

    def select_all(self) -> None:
        """Everything that was found, or is listed of a tab or a filter; else, begin a search in this folder."""
        folder = self._screen.folder
        if self.active or self._screen.narrowing.is_on:
            self._screen.messages.select_all()
            self._screen.say_list()
        elif folder is not None:
            self.open_here(folder)
            key = self._screen.keymap.shown("select.all")
            self._screen.say(SafeText(f"Say which; then Enter, and {key} selects them all"))
