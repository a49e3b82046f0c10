"""What every action of the registry does.

What belongs here: one function per action, and showing at once what the store will know a moment later.
What must never be here: key names, layouts, reading mail.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import Change, Flag, Folder, Role
from tui_mail.text import SafeText
from tui_mail.ui.actions import ACTIONS, GROUPS, Place
from tui_mail.ui.adding import add_account
from tui_mail.ui.conversing import Conversing
from tui_mail.ui.filing import Filing
from tui_mail.ui.linking import pick_link
from tui_mail.ui.memory import remember
from tui_mail.ui.revising import Revising
from tui_mail.ui.screens.words import messages_words
from tui_mail.ui.widgets.folder_tree import folder_label

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
Done = Callable[[], None]


class Commands:
    """The actions of the triage screen."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._list = screen.messages
        self._delete_asked: tuple[float, tuple[int, ...]] = (0.0, ())
        self._filing = Filing(screen)
        self.revising = Revising(screen)
        self.conversing = Conversing(screen, self._open)
        self.table = self._table()

    def perform(self, action_id: str) -> None:
        """Do an action."""
        self.table[action_id]()

    def mark_opened(self, message_id: int) -> None:
        """A message was opened: it is read."""
        row = self._list.listing.row_at(self._list.listing.find(message_id, self._list.cursor))
        if row is not None and row.unread:
            self._flag([message_id], add=Flag.SEEN, asked=False)

    def current_message(self) -> int:
        """The message that an answer is about: the one that is read, or under the cursor; 0 for none."""
        if self._screen.place is Place.READER and self._screen.reading.message_id:
            return self._screen.reading.message_id
        return self._list.current_id

    def _table(self) -> dict[str, Done]:
        screen = self._screen
        return {
            "message.open": self._open,
            "message.archive": self._archive,
            "message.trash": self._trash,
            "message.move": self._move,
            "message.copy": self._copy,
            "message.read": self._toggle_read,
            "message.star": self._toggle_star,
            "message.junk": self._junk,
            "thread.mute": self.conversing.mute,
            "thread.unfold": self.conversing.unfold,
            "thread.fold": self.conversing.fold,
            "view.threads": screen.other_order,
            "select.toggle": self._select(self._list.toggle_selected),
            "select.range": self._select(self._list.select_range),
            "select.none": self._select(self._list.select_none),
            **screen.beginning.table,
            "compose.next": lambda: screen.writing.step(1),
            "compose.previous": lambda: screen.writing.step(-1),
            "go.composer": screen.writing.show_last,
            "go.outbox": screen.writing.show_outbox,
            "undo": self._undo,
            "redo": self.revising.redo,
            "history": screen.show_history,
            "settings": self._settings,
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
            "back": screen.show_list,
            "tree.back": screen.show_list,
            "tree.open": screen.folder_tree.choose,
            "tree.collapse": lambda: screen.folder_tree.fold(True),
            "tree.expand": lambda: screen.folder_tree.fold(False),
            "folder.create": self._filing.create,
            "folder.rename": self._filing.rename,
            "folder.delete": self._filing.delete,
            "pane.next": lambda: screen.step_pane(1),
            "pane.previous": lambda: screen.step_pane(-1),
            "go.inbox": lambda: self._go(Role.INBOX),
            "go.sent": lambda: self._go(Role.SENT),
            "go.drafts": lambda: self._go(Role.DRAFTS),
            "go.archive": lambda: self._go(Role.ARCHIVE),
            "go.trash": lambda: self._go(Role.TRASH),
            "go.folder": self._filing.go,
            "reader.quotes": self._quotes,
            "reader.headers": screen.reading.show_headers,
            "reader.source": screen.reading.show_source,
            "link.open": lambda: pick_link(screen),
            "view.layout": screen.next_layout,
            "view.theme": self._other_theme,
            "sync.now": self._sync,
            "sync.stop": self._stop_fetching,
            "sync.retry": self.retry,
            "account.add": lambda: add_account(screen),
            "palette": self._palette,
            "help": self._help,
            "quit": screen.writing.leave,
        }

    # --- handling mail

    def _archive(self) -> None:
        if self._role is Role.ARCHIVE:
            self._say("It is in the archive already.")
            return
        self._send_off(self._client.archive, "Archived")

    def _trash(self) -> None:
        if self._role is not Role.TRASH:
            self._send_off(self._client.delete, "Moved to Trash:")
            return
        ids = tuple(self._targets())
        asked, about = self._delete_asked
        if ids and about == ids and time.monotonic() - asked < AGAIN_SECONDS:
            self._delete_asked = (0.0, ())
            self._send_off(self._client.expunge, "Deleted for ever:", undoable=False)
        elif ids:
            self._delete_asked = (time.monotonic(), ids)
            key = self._screen.keymap.shown("message.trash")
            self._say(f"{key} again deletes {messages_words(len(ids))} for ever")

    def _junk(self) -> None:
        if self._role is not Role.JUNK:
            self._send_off(self._client.junk, "Moved to Junk:")
            return
        inbox = self._folder_of_role(Role.INBOX)
        if inbox is not None:
            self._send_off(lambda ids: self._client.move(ids, inbox.id), "Moved to Inbox:")

    def _move(self) -> None:
        ids = self._targets()

        def move(folder: Folder) -> None:
            self._send_off(lambda ids: self._client.move(ids, folder.id), f"Moved to {folder_label(folder)}:", ids)

        self._filing.pick_target("Move", ids, move)

    def _copy(self) -> None:
        ids = self._targets()

        def copy(folder: Folder) -> None:
            words = f"Copied to {folder_label(folder)}: {messages_words(len(ids))}"

            def done(change: Change | None) -> None:
                self._screen.standing.acted()
                undo = f" · {self._screen.keymap.shown('undo')} undo" if change is not None else ""
                self._say(words + undo if change is not None else "Nothing to copy.")

            self._screen.bridge.when_done(self._client.copy(ids, folder.id), done, self._screen.problem)

        self._filing.pick_target("Copy", ids, copy)

    def _send_off(
        self,
        send: Callable[[list[int]], Future[Change | None]],
        words: str,
        ids: list[int] | None = None,
        *,
        undoable: bool = True,
    ) -> None:
        """Take `ids`, or else the targets, out of the list at once, and do it."""
        ids = ids or self._targets()
        if not ids:
            return
        resolved = self._list.hide(ids)
        self._screen.say_list()

        def done(change: Change | None) -> None:
            resolved(change is not None)
            self._screen.standing.acted()
            self._screen.reload(urgent=change is None)

        def failed(error: MailError) -> None:
            resolved(False)
            self._screen.reload(urgent=True, onto=ids[0])
            self._screen.problem(error)

        self._screen.bridge.when_done(send(ids), done, failed)
        hint = f" · {self._screen.keymap.shown('undo')} undo" if undoable else ""
        self._say(f"{words} {messages_words(len(ids))}{hint}")
        if self._screen.place is Place.READER:
            self._follow()

    def _open(self) -> None:
        """Read it; a draft is written on instead."""
        if self._role is Role.DRAFTS and self._list.current_id:
            self._screen.beginning.edit_as_new()
        else:
            self._list.to_unread()
            self._follow()

    def _undo(self) -> None:
        """Sending, if that was last; else the newest action."""
        if not self._screen.writing.take_newest_back():
            self.revising.undo()

    def _follow(self) -> None:
        """The reader goes on with the message that is under the cursor now."""
        if self._list.current_id:
            self._screen.show_reader()
        else:
            self._screen.show_list()

    def _toggle_read(self) -> None:
        ids, current = self._targets(), self._list.current
        several = self._list.listing.selected or len(ids) > 1
        unread = any(row.unread for row in self._client.rows(ids)) if several else bool(current and current.unread)
        flags = (Flag.SEEN, Flag.NONE) if unread else (Flag.NONE, Flag.SEEN)
        self._flag(ids, add=flags[0], remove=flags[1])

    def _toggle_star(self) -> None:
        ids, current = self._targets(), self._list.current
        said = self._list.listing.conversation_at(self._list.cursor)
        if self._list.listing.selected:
            plain = any(not row.starred for row in self._client.rows(ids))
        elif len(ids) > 1 and said is not None:  # one star is enough for a conversation
            plain = not said.starred
            ids = ids[:1] if plain else ids
        else:
            plain = bool(current and not current.starred)
        flags = (Flag.FLAGGED, Flag.NONE) if plain else (Flag.NONE, Flag.FLAGGED)
        self._flag(ids, add=flags[0], remove=flags[1])

    def _flag(self, ids: list[int], *, add: Flag = Flag.NONE, remove: Flag = Flag.NONE, asked: bool = True) -> None:
        """Show flags at once, and set them; what nobody asked for is not what undo is about."""
        if not ids:
            return
        resolved = self._list.flag(ids, add, remove)

        def failed(error: MailError) -> None:
            resolved()
            self._screen.problem(error)

        def done(_: Change | None) -> None:
            resolved()
            self._screen.standing.acted()

        marked = self._client.mark(ids, add=add, remove=remove, undoable=asked)
        self._screen.bridge.when_done(marked, done, failed)

    def _select(self, change: Done) -> Done:
        def selecting() -> None:
            change()
            self._screen.say_list()

        return selecting

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
            self._follow()

    def _unread(self, step: int) -> None:
        if not self._list.next_unread(step):
            self._say("No more unread messages this way.")
        elif self._screen.place is Place.READER:
            self._list.to_unread()
            self._follow()

    def _quotes(self) -> None:
        if not self._screen.reader.toggle_quotes():
            self._screen.reader.scroll_lines(1)

    # --- going

    def _go(self, role: Role) -> None:
        folder = self._folder_of_role(role)
        if folder is None:
            self._say(f"This account has no {role} folder.")
            return
        self._screen.open_folder(folder)
        self._screen.show_list()

    # --- the program

    def _other_theme(self) -> None:
        from tui_mail.ui.themes import other_theme

        theme = self._screen.app.theme = other_theme(self._screen.app.theme)
        remember(self._client.paths, "theme", theme)

    def _settings(self) -> None:
        from tui_mail.ui.screens.settings import Settings

        self._screen.app.push_screen(Settings(self._screen))

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

    def _targets(self) -> list[int]:
        """What an action is about: who reads means what is read, though it may have gone from the list meanwhile."""
        shown = self._screen.reading.message_id
        reading = self._screen.place is Place.READER and shown and not self._list.listing.selected
        if not reading or shown == self._list.current_id:
            return self._list.targets()
        if self._list.listing.line_of(shown, self._list.cursor) >= 0:
            return [shown]
        self._say("This message is no longer in this folder.")
        return []

    @property
    def _role(self) -> Role:
        return self._screen.folder.role if self._screen.folder is not None else Role.NONE

    def _folder_of_role(self, role: Role) -> Folder | None:
        """The folder of a role: of the account that is shown, else of any."""
        here = self._screen.folder
        found = [one for one in self._client.folders() if one.role is role and one.selectable]
        found.sort(key=lambda one: here is None or one.account != here.account)
        return found[0] if found else None

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
