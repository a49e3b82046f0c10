"""Searching on the screen: the box above the list, and what the list shows while something is looked for.

What belongs here: when the index is asked, and what becomes of its answers. What must never be here: how it is asked
(client.searching), and what is done to what was found: that is done as in any folder.

The list of the folder that was on the screen is put on the shelf, as when another folder is opened; it comes back, with
its cursor, when the search ends. What was archived or deleted out of the results stays out of them until something else
is looked for, though it may still be found in another folder.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui_mail.client.searching import covered_words
from tui_mail.errors import MailError
from tui_mail.model import Folder, Role
from tui_mail.query import Query, understand
from tui_mail.store.searcher import Answer
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.widgets.folder_tree import folder_label
from tui_mail.ui.widgets.listing import Listing, without
from tui_mail.ui.widgets.one_line import Run

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.search_box import SearchBox

PAUSE_SECONDS = 0.08
"""After a key, before it is asked: who types on wants the answer to the whole word."""
RELOAD_REST = 9.0
"""Asking again because of news may take a tenth of the time."""
GROWING_SECONDS = 2.0
"""How often it is asked again while the index is still being filled."""
COMMON_LIMIT = 500
"""Selected messages whose folders are compared before an action; more have nothing in common."""


class Finding:
    """The search of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._searcher = screen.client.searcher()
        self._errands = Errands("search", screen.bridge, self._failed, rest=RELOAD_REST)
        self._box: SearchBox | None = None
        self._timer: Timer | None = None
        self._query = understand("")
        self._asked = 0
        """Numbers the queries: an answer to an earlier one comes too late."""
        self._answer: Answer | None = None
        self._asked_at = 0.0
        self._folders: dict[int, Folder] = {}
        self.active = False
        """The list shows what was found."""

    # --- the box

    @property
    def has_focus(self) -> bool:
        """What is typed goes into the box."""
        return self._box is not None and self._screen.focused is self._box

    def open(self, text: str | None = None) -> None:
        """Show the box and go into it; `text` replaces what is in it."""
        if self._box is None:
            from tui_mail.ui.widgets.search_box import SearchBox

            self._box = SearchBox()
            self._screen.list_pane.mount(self._box, before=0)
        self._box.display = True
        if text is not None:
            self._box.value = text
            self._box.cursor_position = len(text)
        self._screen.enter(self._box)

    def to_list(self) -> None:
        """From the box to what was found, at once; an empty box closes."""
        if self._query.is_empty:
            self.close()
            return
        if self._timer is not None:
            self._ask_now()
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
        self._query, self._answer, self.active = understand(""), None, False
        if self._box is not None and self._box.display:
            self._box.display = False
            self._box.clear_quietly()

    def typed(self, text: str) -> None:
        """Look for something else in a moment."""
        self._stop_timer()
        query = understand(text)
        if query.is_empty and not query.hints and self.active and self._screen.folder is not None:
            self._asked += 1
            self._query = query
            self._screen.show_folder_again()
            return
        changed = query.term != self._query.term
        self._query = query
        if changed and not query.is_empty:
            self._asked += 1
            self._searcher.interrupt()
            self._timer = self._screen.set_timer(PAUSE_SECONDS, self._ask_now)
        self._screen.say_list()

    # --- asking

    def ask_again(self, *, urgent: bool = False, onto: int = 0) -> None:
        """Something changed: what is shown may be found no more, or more may be."""
        if not self.active or self._answer is None:
            return
        query, asked, listing = self._answer.query, self._asked, self._screen.messages.listing
        self._asked_at = time.monotonic()

        def errand() -> Then | None:
            number, left_out = listing.reload()
            answer = self._found(query, asked)
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
        """Once a second: an index that is being filled may find more."""
        if self._answer is not None and time.monotonic() - self._asked_at > GROWING_SECONDS:
            covered = self._answer.covered
            if min(covered.headers, covered.bodies) < covered.messages:
                self.ask_again()

    def close_files(self) -> None:
        """The screen ends."""
        self._errands.close()
        self._searcher.interrupt()

    def _ask_now(self) -> None:
        self._stop_timer()
        query, asked = self._query, self._asked
        self._asked_at = time.monotonic()

        def errand() -> Then | None:
            answer = self._found(query, asked)
            return None if answer is None else lambda: self._show(answer, asked)

        self._errands.ask(errand)

    def _found(self, query: Query, asked: int) -> Answer | None:
        """The answer, on the thread that asks; None when something else is wanted by now."""
        if asked != self._asked:
            return None
        try:
            return self._searcher.find(query)
        except MailError:
            if asked != self._asked:  # it was interrupted
                return None
            raise

    def _show(self, answer: Answer, asked: int) -> None:
        if asked != self._asked:
            return
        if not self.active:
            self._screen.shelve()
            self.active = True
        self._answer = answer
        self._folders = {folder.id: folder for folder in self._client.folders()}
        self._screen.messages.say("Nothing found.")
        self._screen.messages.show_listing(Listing(answer.ids, keeps_hidden=True), Role.NONE)
        self._screen.say_list()

    def _failed(self, error: MailError) -> None:
        self._screen.problem(error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    # --- what is said

    @property
    def has_title(self) -> bool:
        """The line above the list is about the search."""
        return self.active or not self._query.is_empty or bool(self._query.hints)

    def title(self) -> tuple[list[Run], list[Run]]:
        """How many were found, where the one under the cursor is, what was not understood; how much was looked at."""
        answer, messages = self._answer, self._screen.messages
        waiting = answer is None or answer.query.term != self._query.term
        hints = self._query.hints if answer is None or waiting else answer.hints
        left: list[Run] = [(" Searching…" if answer is None else f" {len(messages.listing):,} found", "strong")]
        if self._query.is_empty:
            left = [(" Nothing to search for yet", "quiet")]
        if messages.listing.selected and self.active:
            left.append((f" · {len(messages.listing.selected):,} selected", "accent"))
        left += [(f" · {hint}", "warning") for hint in hints]
        here = self.here()
        if here is not None and self.active:
            left.append((f" · in {folder_label(here)}", "quiet"))
            if len(self._client.accounts) > 1:
                left.append((f" · {here.account}", "quiet"))
        right: list[Run] = [] if answer is None else [(f"{covered_words(answer.covered)} ", "quiet")]
        return left, right

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
        return [row.id for row in self._client.rows(ids) if row.account == account]

    def select_all(self) -> None:
        """Everything that was found; outside of a search, begin one in this folder."""
        folder = self._screen.folder
        if self.active:
            self._screen.messages.select_all()
            self._screen.say_list()
        elif folder is not None:
            name = folder.role.value or folder.name.replace('"', " ")
            self.open(f'in:"{name}" ' if " " in name else f"in:{name} ")
            key = self._screen.keymap.shown("select.all")
            self._screen.say(SafeText(f"Say which; then Enter, and {key} selects them all"))
