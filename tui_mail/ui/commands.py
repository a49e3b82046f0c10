"""What every action of the registry does.

What belongs here: one function per action, and showing at once what the store will know a moment later.
What must never be here: key names, layouts, reading mail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.model import Role
from tui_mail.text import SafeText
from tui_mail.ui.actions import ACTIONS, GROUPS, Place
from tui_mail.ui.adding import add_account
from tui_mail.ui.at_hand import when_at_hand
from tui_mail.ui.conversing import Conversing
from tui_mail.ui.filing import Filing
from tui_mail.ui.handling import Handling
from tui_mail.ui.linking import pick_link
from tui_mail.ui.memory import remember
from tui_mail.ui.ordering import other_order
from tui_mail.ui.perusing import Perusing
from tui_mail.ui.revising import Revising
from tui_mail.ui.saving import Saving

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

Done = Callable[[], object]


class Commands:
    """The actions of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._list = screen.messages
        self._filing = Filing(screen)
        self.handling = Handling(screen, self._filing)
        self.revising = Revising(screen)
        self.conversing = Conversing(screen, self._open)
        self._saving = Saving(screen, self._filing.rename, self._filing.delete)
        self.perusing = Perusing(screen)
        self.table = self._table()

    def perform(self, action_id: str) -> None:
        """Do an action."""
        self.table[action_id]()

    def current_message(self) -> int:
        """The message that an answer is about: the one that is read, or under the cursor; 0 for none."""
        if self._screen.place is Place.READER and self._screen.reading.message_id:
            return self._screen.reading.message_id
        return self._list.current_id

    def _table(self) -> dict[str, Done]:
        screen = self._screen
        on_content = {**self.perusing.table, "link.open": lambda: pick_link(screen)}
        return {
            **self.handling.table,
            **{name: when_at_hand(screen, action) for name, action in on_content.items()},
            "message.open": self._open,
            "sender.desk": self._sender,
            "message.copy_text": self._copy_text,
            "thread.mute": self.conversing.mute,
            "thread.unfold": self.conversing.unfold,
            "thread.fold": self.conversing.fold,
            "view.threads": lambda: other_order(screen),
            "thread.next": lambda: self.conversing.step(1),
            "thread.previous": lambda: self.conversing.step(-1),
            "select.toggle": self._select(self._list.toggle_selected),
            "select.range": self._select(self._list.select_range),
            "select.none": self._select_none,
            "select.all": screen.finding.select_all,
            "search": screen.finding.open,
            "search.mail": screen.finding.open,
            "search.list": screen.finding.to_list,
            "search.save": self._saving.save,
            "search.close": screen.finding.close,
            **screen.beginning.table,
            **screen.narrowing.table,
            "compose.next": lambda: screen.writing.step(1),
            "compose.previous": lambda: screen.writing.step(-1),
            "go.composer": screen.writing.show_last,
            "go.outbox": screen.writing.show_outbox,
            "undo": self._undo,
            "redo": self.revising.redo,
            "history": screen.show_history,
            "settings": self._settings,
            "doctor": self._doctor,
            "move.down": lambda: self._step_line(1),
            "move.up": lambda: self._step_line(-1),
            "move.page_down": lambda: self._page(1),
            "move.page_up": lambda: self._page(-1),
            "move.top": lambda: self._to_end(top=True),
            "move.bottom": lambda: self._to_end(top=False),
            "message.next": lambda: self._step(1),
            "message.previous": lambda: self._step(-1),
            "message.next_unread": lambda: self._unread(1),
            "message.previous_unread": lambda: self._unread(-1),
            "back": self._back,
            "tree.back": screen.show_list,
            "tree.open": screen.open_chosen,
            "tree.collapse": lambda: screen.folder_tree.fold(True),
            "tree.expand": lambda: screen.folder_tree.fold(False),
            "folder.create": self._filing.create,
            "folder.rename": self._saving.rename,
            "folder.delete": self._saving.delete,
            "pane.next": lambda: self._tab(1),
            "pane.previous": lambda: self._tab(-1),
            "pane.other": lambda: screen.step_pane(1),
            "pane.other_back": lambda: screen.step_pane(-1),
            "go.inbox": self._go_to_inbox,
            "go.sent": lambda: self._go(Role.SENT),
            "go.drafts": lambda: self._go(Role.DRAFTS),
            "go.archive": lambda: self._go(Role.ARCHIVE),
            "go.trash": lambda: self._go(Role.TRASH),
            "go.folder": self._filing.go,
            "reader.quotes": self._quotes,
            "reader.headers": screen.reading.show_headers,
            "reader.trust": screen.reading.show_reasons,
            "reader.source": screen.reading.show_source,
            "view.layout": screen.next_layout,
            "view.theme": self._other_theme,
            "sync.now": self._sync,
            "sync.stop": self._stop_fetching,
            "sync.retry": self.retry,
            "account.add": lambda: add_account(screen),
            "palette": self._palette,
            "help": self._help,
            "quit": self._leave,
        }

    def _open(self) -> None:
        """Read it; a draft is written on instead."""
        if self.handling.role is Role.DRAFTS and self._list.current_id:
            self._screen.beginning.edit_as_new()
        else:
            self._list.to_unread()
            self.handling.follow()

    def _sender(self) -> None:
        from tui_mail.ui.sender_desk import SenderDesk

        SenderDesk(self._screen, self.handling, self._filing).open()

    def _copy_text(self) -> None:
        from tui_mail.ui.copying import pick_copy

        pick_copy(self._screen)

    def _undo(self) -> None:
        """Sending, if that was last; else the newest action."""

        def undo() -> None:
            if not self._screen.writing.take_newest_back():
                self.revising.undo()

        self._screen.outcome.before_undo(undo)

    def _select(self, change: Done) -> Done:
        def selecting() -> None:
            change()
            self._screen.say_list()

        return self.handling.when_seen(selecting)

    def _select_none(self) -> None:
        """Select nothing; where nothing is selected, end the filters, and then the search."""
        if not self._list.listing.selected and self._screen.narrowing.end_filters():
            return
        if self._screen.finding.has_title and not self._list.listing.selected:
            self._screen.finding.close()
            return
        self._list.select_none()
        self._screen.say_list()

    def _leave(self) -> None:
        """Out of the filters, out of the search, else out of the program."""
        if self._screen.narrowing.end_filters():
            return
        if self._screen.finding.has_title:
            self._screen.finding.close()
        else:
            self._screen.writing.leave()

    # --- moving

    def _step_line(self, lines: int) -> None:
        match self._screen.place:
            case Place.LIST:
                self._list.move_by(lines)
            case Place.TREE:
                self._screen.folder_tree.move_by(lines)
            case Place.READER:
                self._screen.reader.scroll_lines(lines)

    def _page(self, pages: int) -> None:
        match self._screen.place:
            case Place.LIST:
                self._list.page_by(pages)
            case Place.TREE:
                self._screen.folder_tree.page_by(pages)
            case Place.READER:
                self._screen.reader.page_by(pages)

    def _to_end(self, *, top: bool) -> None:
        match self._screen.place:
            case Place.LIST:
                self._list.move_to(0 if top else self._list.count)
            case Place.TREE:
                self._screen.folder_tree.move_to(0 if top else self._screen.folder_tree.count)
            case Place.READER if top:
                self._screen.reader.scroll_line_to_top(0)
            case Place.READER:
                self._screen.reader.to_end()

    def _step(self, lines: int) -> None:
        if self._list.move_by(lines) and self._screen.place is Place.READER:
            self.handling.follow()

    def _back(self) -> None:
        """To the list; what was looked for in the message ends first."""
        if not self.perusing.within.end():
            self._screen.show_list()

    def _unread(self, step: int) -> None:
        if self._screen.place is Place.READER and self.perusing.within.step(step):
            return
        if not self._list.next_unread(step):
            self._say("No more unread messages this way.")
        elif self._screen.place is Place.READER:
            self._list.to_unread()
            self.handling.follow()

    def _quotes(self) -> None:
        if not self._screen.reader.toggle_quotes():
            self._screen.reader.scroll_lines(1)

    def _tab(self, step: int) -> None:
        if not self._screen.narrowing.step(step):
            self._screen.step_pane(step)

    # --- going

    def _go(self, role: Role) -> None:
        folder = self.handling.folder_of_role(role)
        if folder is None:
            self._say(f"This account has no {role} folder.")
            return
        self._screen.open_folder(folder)
        self._screen.show_list()

    def _go_to_inbox(self) -> None:
        """All inboxes where there are several; once more, that of the account under the cursor."""
        screen, whole = self._screen, self._client.folder(ALL_INBOXES)
        if whole is None or (not screen.finding.active and screen.folder is not None and screen.folder.id == whole.id):
            self._go(Role.INBOX)
            return
        screen.open_folder(whole)
        screen.show_list()

    # --- the program

    def _other_theme(self) -> None:
        from tui_mail.ui.themes import other_theme

        theme = self._screen.app.theme = other_theme(self._screen.app.theme)
        remember(self._client.paths, "theme", theme)

    def _settings(self) -> None:
        from tui_mail.ui.screens.settings import Settings

        self._screen.app.push_screen(Settings(self._screen))

    def _doctor(self) -> None:
        from tui_mail.ui.screens.doctor import Doctor

        self._screen.app.push_screen(Doctor(self._screen))

    def _sync(self) -> None:
        self._client.sync_now(self._screen.folder.id if self._screen.folder else None)
        self._say("Checking for mail…")

    def _stop_fetching(self) -> None:
        stopped = self._client.stop_fetching()
        self._say("Stopping…" if stopped else "Nothing is being fetched over POP3.")

    def retry(self) -> None:
        """Connect again, and send again what servers refused."""

        def done(count: int) -> None:
            if count:
                self._say(f"Sending {count:,} refused change{'s' * (count != 1)} again…")
                self._screen.standing.acted()
                self._screen.standing.doings.ask(urgent=True)
                self._screen.reload(urgent=True)

        self._say("Trying again…")
        self._screen.bridge.when_done(self._client.retry(), done, self._screen.problem)

    def _palette(self) -> None:
        from tui_mail.ui.screens.picker import Choice, Picker

        place, keymap = self._screen.place, self._screen.keymap
        choices = [
            Choice(action.id, action.help, action.label, keymap.shown(action.id))
            for action in sorted(ACTIONS, key=lambda one: GROUPS.index(one.group))
            if place in action.where and action.id != "palette"
        ]

        def picked(action_id: str | None) -> None:
            if action_id is not None:
                self.perform(action_id)

        self._screen.app.push_screen(Picker("Commands", choices), picked)

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self._screen.app.push_screen(Help(self._screen.keymap, self._screen.place))

    # --- helpers

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
