"""The screen where mail is handled: folders, list, reader; wiring only.

What belongs here: which pane shows what, where the keys go, what news changes. What actions do is `commands.py`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui_mail.client.inboxes import ALL_INBOXES, widened
from tui_mail.errors import MailError
from tui_mail.model import Folder, LinkState, Role
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.beginning import Beginning
from tui_mail.ui.bridge import Bridge, Gathered
from tui_mail.ui.commands import Commands
from tui_mail.ui.finding import Finding
from tui_mail.ui.keys import Keymap, KeyReader, key_name
from tui_mail.ui.layouts import LAYOUTS, is_narrow, next_layout, too_small
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.narrowing import Narrowing
from tui_mail.ui.ordering import begin
from tui_mail.ui.outcome import Outcome
from tui_mail.ui.pacing import Pacing
from tui_mail.ui.positions import keep_position, restore_position
from tui_mail.ui.reading import Reading
from tui_mail.ui.reloading import Reloading
from tui_mail.ui.reminding import Reminding
from tui_mail.ui.screens.words import empty_words, list_title, status_of
from tui_mail.ui.shelf import Shelf
from tui_mail.ui.standing import Standing
from tui_mail.ui.unasked import Unasked
from tui_mail.ui.whereabouts import elsewhere
from tui_mail.ui.widgets.choice_line import ChoiceLine
from tui_mail.ui.widgets.folder_tree import FolderTree
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.message_list import MessageList
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.panes import Panes
from tui_mail.ui.widgets.reader import Reader
from tui_mail.ui.widgets.whose import Whose
from tui_mail.ui.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_mail.client import MailClient
    from tui_mail.notices import Notices
    from tui_mail.ui.screens.history import History

RESTING = 1.0
"""Seconds without a key after which the first words of messages are looked for."""
TOAST_SECONDS = 8.0
"""How long a problem stays on the screen."""
FILLING_RELOAD = 1.5
"""Seconds between two readings of all ids meanwhile; they only lengthen the list below."""


class Triage(Screen[None]):
    """Folders, list, reader, a status line above and the keys below."""

    AUTO_FOCUS = ""
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Textual's own, but a change of panes does not repaint the whole screen."""

    def __init__(self, client: MailClient, bridge: Bridge, keymap: Keymap, notice: SafeText | None = None) -> None:
        super().__init__(id="triage")
        self.client = client
        self.bridge = bridge
        self.keymap = keymap
        self.folder: Folder | None = None
        self.messages = MessageList(client, id="list")
        self.whose = Whose([account.name for account in client.accounts]) if len(client.accounts) > 1 else None
        self.messages.me = frozenset(one.email.casefold() for one in client.identities())
        self.folder_tree = FolderTree(client.searches, id="tree")
        self.reader = Reader(id="reader")
        self.standing = Standing(client, bridge, keymap, self.problem, notice)
        self.outcome = Outcome(self)
        self.key_bar = KeyBar(keymap, id="keys")
        self.list_title = OneLine(id="list-title")
        self._history: History | None = None
        self._too_small = OneLine(id="too-small")
        self._mail = Container(id="mail")
        self.list_pane = Vertical(id="list-pane")
        self._reader_pane = Vertical(id="reader-pane")
        parts = (self.list_pane, self._reader_pane)
        self._panes = Panes(client.paths, self.folder_tree, self.list_title, self._mail, parts)
        self._keys = KeyReader(keymap)
        self._unasked = Unasked()
        remembered = recall(client.paths, "layout")
        self._layout_wish = remembered if remembered in LAYOUTS else "classic"
        self._face = "list"
        self._selected_in = 0
        self._shelf = Shelf()
        self._reloaded_at = 0.0
        self._arranged = (0, 0)
        self._warned = (SafeText(""), 0.0)
        """The last toast, and until when it is there (monotonic)."""
        self._pacing = Pacing(self.set_timer, self._look)
        self.narrowing = Narrowing(self)
        self._reloading = Reloading(self.narrowing, bridge, self.messages, self.say_list, self.problem)
        self.reading = Reading(client, bridge, self.reader, self._was_shown, self.problem, keymap)
        self.writing = Writing(self)
        self.beginning = Beginning(self, self.writing)
        self.finding = Finding(self)
        self.reminding = Reminding(self)
        self.commands = Commands(self)
        self.use_notices: Callable[[Notices], None] = lambda _: None

    def compose(self) -> ComposeResult:
        """Everything, once; layouts are classes in the stylesheet."""
        yield self.standing.status
        yield self.standing.notice_line
        with self._panes:
            yield self.folder_tree
            with self._mail:
                with self.list_pane:
                    yield self.list_title
                    yield self.messages
                with self._reader_pane:
                    yield self.commands.perusing.unsealing.line
                    yield self.reader
        yield self.key_bar
        yield self._too_small

    def on_mount(self) -> None:
        """The first rows are read here, before the first frame."""
        self._arrange()
        folders = self.client.places()
        self.folder_tree.show(folders)
        self.reminding.look()
        inbox = next((one for one in folders if one.role is Role.INBOX), None)
        first = inbox or next((one for one in folders if one.selectable), None)
        if first is not None:
            self.open_folder(first)
        else:
            self.messages.say("Loading · newest first")
        self._say_status()
        self.messages.focus()
        self.set_interval(1.0, self._tick)

    # --- where we are

    @property
    def place(self) -> Place:
        """The pane that the keys go to."""
        if self.focused is self.folder_tree:
            return Place.TREE
        if self.finding.has_focus:
            return Place.SEARCH
        return Place.READER if self.focused is self.reader else Place.LIST

    @property
    def one_pane(self) -> bool:
        """True when list, reader and tree are shown one at a time."""
        return self.has_class("-single")

    def show_list(self) -> None:
        """Back to the list."""
        self._show("list")

    def show_reader(self) -> None:
        """To the reader."""
        self._show("reader")

    def step_pane(self, step: int) -> None:
        """To the next or previous pane that is on the screen, or can be."""
        faces = ("tree", "list") if self.one_pane and self._face != "reader" else ("tree", "list", "reader")
        self._show(faces[(faces.index(self._face) + step) % len(faces)])

    def next_layout(self) -> None:
        """Classic, three columns, list only."""
        self._layout_wish = next_layout(self._layout_wish)
        remember(self.client.paths, "layout", self._layout_wish)
        self._arrange()
        self.say(SafeText(LAYOUTS[self._layout_wish] if not is_narrow(self.size) else "one pane fits"))

    def enter(self, widget: Widget) -> None:
        """Into a field of the list's pane."""
        self._face = "list"
        self._show_face()
        self.set_focus(widget, scroll_visible=False)

    # --- folders

    @property
    def here(self) -> Folder | None:
        """The folder of what an action is about: of a list of several, that of the message under the cursor."""
        if not self.spans_accounts:
            return self.folder
        return self.finding.here() or (None if self.finding.active else self.folder)

    @property
    def spans_accounts(self) -> bool:
        """The list may hold messages of several accounts."""
        return self.finding.active or (self.folder is not None and self.folder.id == ALL_INBOXES)

    def open_chosen(self) -> None:
        """Enter in the tree: what is chosen is open before the next key is looked at."""
        chosen = self.folder_tree.choose()
        if isinstance(chosen, FolderTree.Chosen):
            self.on_folder_tree_chosen(chosen)
        elif chosen is not None:
            self.on_folder_tree_search_chosen(chosen)

    def open_folder(self, folder: Folder) -> None:
        """Show a folder: as it was left, or its newest rows; all of its ids follow. It ends a search."""
        if not self.finding.active:
            self.shelve()
        self.finding.end()
        self._reloading.forget_wish()
        self.folder = folder
        self._show_folder(folder)

    def shelve(self) -> None:
        """Keep the list of the folder as it is, for when it is shown again."""
        if self.folder is not None and not self.narrowing.marks:
            keep_position(self)
            self._shelf.put(self.folder.id, self.messages.listing, self.messages.cursor, self.messages.top)

    def show_folder_again(self) -> None:
        """The list of the folder, while the search box is empty."""
        self.finding.active = False
        if self.folder is not None:
            self._show_folder(self.folder)

    def _show_folder(self, folder: Folder) -> None:
        self.narrowing.leave()
        listing, cursor, top = self._shelf.take(folder.id)
        is_new = not listing.ids
        if is_new:
            begin(self, listing, folder)
        self.client.watch_folder(folder.id)
        self.messages.whose = self.whose if self.spans_accounts else None
        self.messages.where = elsewhere(self.client, folder)
        self.messages.show_listing(listing, folder.role, cursor, top)
        self.folder_tree.mark_open(folder.id)
        self.say_list()
        self.reload(urgent=True)
        if is_new:
            restore_position(self, folder)

    def reload(self, *, urgent: bool = False, onto: Sequence[int] = ()) -> None:
        """Read all ids of the folder, or of what is found, in a thread; the cursor goes to the first of `onto`."""
        if self.finding.active:
            self.finding.ask_again(urgent=urgent, onto=onto)
        elif self.folder is not None:
            self._reloaded_at = time.monotonic()
            self._arranged = (self.folder.id, self.folder.arrangement)
            self._reloading.ask(self.folder.id, urgent=urgent, onto=onto)

    def say_list(self) -> None:
        """The title above the list, and the words in it when it is empty."""
        folder = self.folder
        self.narrowing.show()
        if self.finding.has_title:
            self.list_title.write(*self.finding.title())
            return
        if folder is None:
            return
        several = len(self.client.accounts) > 1
        selected = len(self.messages.listing.selected)
        ordered = self.narrowing.sorting.words()
        self.list_title.write(*list_title(folder, selected, several, self.messages.above, ordered))
        if not self.messages.listing.ids:
            status = status_of(folder, self.client.statuses())
            words = self.narrowing.empty_words() or empty_words(folder, status, self.client.handled_since)
            self.messages.say(words)

    # --- news

    def news(self, gathered: Gathered) -> None:
        """What other threads brought; called by the app, at most once per turn of the event loop."""
        for then in gathered.thens:
            then()
        if gathered.links:
            self.beginning.write_to_links()
        if gathered.outgoing:
            self.writing.sendings.ask()
        if gathered.tree:
            self._folders_came()
        filling = self.folder is not None and not self.folder.complete
        self._pacing.note(gathered.folders, gathered.statuses, filling=filling)
        for body in gathered.bodies.values():
            self.reading.arrived(body)
        for answer in gathered.searches:
            self.finding.server_answered(answer)
        if self._history is not None and (gathered.folders or gathered.statuses):
            self.standing.doings.ask()
        for failure in gathered.failures:
            self.standing.doings.ask()
            self.say(failure.sentence, error=True)
            self.reload(urgent=True)

    def _look(self, changed: set[int], status_changed: bool) -> None:
        if changed:
            self._folders_changed(changed)
        if status_changed:
            self._say_status()

    def say(self, words: SafeText, *, error: bool = False) -> None:
        """A word about what happened: quietly in the status line, or as a toast when it matters."""
        if error:
            self._warn(words)
        elif self._history is not None:
            self._history.say(words)
        elif not self.writing.say(words):
            self.standing.status.whisper(words)

    def _warn(self, words: SafeText) -> None:
        """As a toast, which is not put up once more for each key while it is there."""
        before, until = self._warned
        if words != before or time.monotonic() >= until:
            self._warned = (words, time.monotonic() + TOAST_SECONDS)
            self.notify(words, severity="error", timeout=TOAST_SECONDS, markup=False)

    def problem(self, error: MailError) -> None:
        """Something could not be done."""
        self.say(error.shown, error=True)

    def _folders_came(self) -> None:
        folders = self.client.places()
        self.folder_tree.show(folders)
        known = {folder.id: folder for folder in folders}
        if self.folder is None or self.folder.id not in known:
            first = next((one for one in folders if one.role is Role.INBOX), folders[0] if folders else None)
            if first is not None:
                self.open_folder(first)
        else:
            self._folders_changed(set(known))

    def _folders_changed(self, changed: set[int]) -> None:
        folders = self.client.places()
        changed = widened(changed, folders)
        self.reminding.look()
        self.folder_tree.update_counts(folders)
        for folder_id in changed:
            if self.folder is None or folder_id != self.folder.id:
                self._shelf.forget(folder_id)
        if self.finding.active:
            self.folder = next((one for one in folders if self.folder and one.id == self.folder.id), self.folder)
            self.messages.refresh_rows()
            self.reload()
            return
        if self.folder is None or self.folder.id not in changed:
            self._thread_changed(folders, changed)
            return
        self.folder = next((one for one in folders if one.id == self.folder.id), self.folder)
        if self.messages.listing.ids:
            self.messages.refresh_rows()
        else:
            begin(self, self.messages.listing, self.folder)
            self.messages.show_listing(self.messages.listing, self.folder.role)
        self.say_list()
        rearranged = self.narrowing.is_on or self._arranged != (self.folder.id, self.folder.arrangement)
        if rearranged and (self.folder.complete or time.monotonic() - self._reloaded_at > FILLING_RELOAD):
            self.reload()

    def _thread_changed(self, folders: list[Folder], changed: set[int]) -> None:
        """Other folders changed: what they have of the threads on the screen may be other messages now."""
        folding, here = self.messages.listing.folding, self.folder
        if (
            here is None
            or folding is None
            or not any(f.id in changed and here.account in ("", f.account) for f in folders)
        ):
            return
        self.messages.refresh_rows()
        if folding.below:
            self.reload()

    def _say_status(self) -> None:
        self.standing.heard()
        refused = any(one.state is LinkState.REFUSED for one in self.client.statuses())
        if self.folder is None and not self.finding.active and refused:
            self.messages.say("No mail yet: the server refused. See the line above.")
        if not self.messages.listing.ids:
            self.say_list()

    def show_history(self) -> None:
        """What was done, over everything else."""
        from tui_mail.ui.screens.history import History

        self._history = history = History(self)
        self.standing.on_doings = history.look_again

        def closed(_: None) -> None:
            self._history = self.standing.on_doings = None

        self.app.push_screen(history, closed)

    def _tick(self) -> None:
        self.standing.tick()
        self.writing.tick()
        self.finding.tick()
        if self.client.attention.quiet_for > RESTING and (wordless := self.messages.wordless()):
            self.client.prepare(wordless)
        if int(time.time()) % 60 == 0:
            self.messages.refresh_day()

    # --- events

    async def takes(self, event: events.Key) -> bool:
        """Answer a key at once; False when it means nothing here.

        Textual would hand it to the widget that has the focus, and from there up.
        """
        if self.finding.has_focus and event.key.startswith("alt+") and event.is_printable:  # Esc, and a key (`Turns`)
            await self.takes(events.Key("escape", "\x1b"))
            event = events.Key(event.key.removeprefix("alt+"), event.character)
        if self._unasked.swallows(event):
            if words := self._unasked.words:
                self.say(words)
            return True
        name = key_name(event.key, event.character)
        if self.finding.has_focus and await self.finding.takes(name, event.character):
            return True
        was_waiting = bool(self._keys.waiting)
        action_id = self._keys.feed(name, self.place)
        if self._keys.waiting or was_waiting:
            self.key_bar.show(self.place, self._keys.waiting)
        if action_id is not None:
            self.messages.pressed = event.time
            try:
                self.commands.perform(action_id)
            finally:
                self.messages.pressed = 0.0
                self._unasked.note(action_id, event)
            await self.finding.is_there()
        return action_id is not None or bool(self._keys.waiting) or was_waiting

    def opened_nothing(self) -> None:
        """What keys waited for did not open; the reason is said elsewhere."""
        self._unasked.failed(time.monotonic())

    def opens_nothing(self) -> None:
        """What keys waited for will not open, as the person wished."""
        self._unasked.opened()

    def on_screen_suspend(self) -> None:
        """Another screen is in front of this one."""
        self._unasked.opened()

    def on_key(self, event: events.Key) -> None:
        """A key that means nothing."""
        if event.is_printable and self.place is not Place.SEARCH:
            name = key_name(event.key, event.character)
            self.say(SafeText(f"{name} does nothing here · {self.keymap.shown('help')} shows the keys"))

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.commands.perform(event.action_id)

    def on_message_list_moved(self) -> None:
        """Another message is under the cursor; who is reading one that has gone goes on reading it."""
        self.say_list()
        listing, cursor, read = self.messages.listing, self.messages.cursor, self.reading.message_id
        if self.place is not Place.READER:
            if not self.one_pane:
                gone = read in listing.hidden()  # it was just put away: nothing of it stays on the screen
                show = self.reading.open if gone else self.reading.preview
                show(listing.row_at(cursor), listing.row_at(cursor + 1))
        elif read != listing.id_at(cursor) and listing.find(read, cursor) >= 0:
            self.show_reader()

    def on_message_list_above(self) -> None:
        """New messages came above the window, or were seen."""
        self.say_list()

    def on_message_list_chosen(self) -> None:
        """A message was clicked."""
        self.commands.perform("message.open")

    def on_choice_line_pressed(self, event: ChoiceLine.Pressed) -> None:
        """A tab or a filter was clicked."""
        self.narrowing.pressed(event.line, event.index)

    def on_input_changed(self) -> None:
        """Something else is looked for."""
        self.finding.heed()

    def on_folder_tree_chosen(self, event: FolderTree.Chosen) -> None:
        """A folder was chosen."""
        folder = self.client.folder(event.folder_id)
        if folder is not None:
            self.open_folder(folder)
            self.show_list()

    def on_folder_tree_search_chosen(self, event: FolderTree.SearchChosen) -> None:
        """A saved search was chosen."""
        self.finding.look_for(event.query)

    def on_reader_fold_clicked(self) -> None:
        """Unfold."""
        self.reader.toggle_quotes()

    def on_descendant_focus(self) -> None:
        """The footer shows the keys of the pane that has the focus."""
        face = {Place.TREE: "tree", Place.READER: "reader"}.get(self.place, "list")
        if face != self._face:
            self._face = face
            self._show_face()
        self.key_bar.show(self.place)

    def on_resize(self) -> None:
        """Another layout may fit."""
        self._arrange()

    def on_unmount(self) -> None:
        """End the threads of this screen."""
        if not self.finding.active:
            keep_position(self)
        self.writing.close()
        self._reloading.close()
        self.finding.close_files()
        self.standing.close()
        self.reading.close()

    # --- helpers

    def _show(self, face: str) -> None:
        self._face = face
        self._show_face()
        panes: dict[str, Widget] = {"tree": self.folder_tree, "list": self.messages, "reader": self.reader}
        self.set_focus(panes[face], scroll_visible=False)
        if face == "reader":
            self.reading.open(self.messages.current, self.messages.listing.row_at(self.messages.cursor + 1))

    def _arrange(self) -> None:
        """Give the screen the classes of its layout."""
        layout = "single" if is_narrow(self.size) else self._layout_wish
        for name in LAYOUTS:
            self.set_class(name == layout, f"-{name}")
        self._panes.fit(layout)
        self._show_face()
        if not self.one_pane and self.place is not Place.READER and self.messages.current is not None:
            self.reading.preview(self.messages.current, self.messages.listing.row_at(self.messages.cursor + 1))
        self.set_class(bool(too_small(self.size)), "-too-small")
        self._too_small.write([(too_small(self.size), "strong")])
        self.key_bar.show(self.place)

    def _show_face(self) -> None:
        """Show the one pane there is room for, or all; set on the panes themselves, which spares a restyle."""
        single, face = self.one_pane, self._face
        self.folder_tree.display = not single or face == "tree"
        self._mail.display = not single or face != "tree"
        self.list_pane.display = not single or face != "reader"
        self._reader_pane.display = not single or face == "reader"

    def get_selected_text(self) -> str | None:
        """What was selected with the mouse, without what only the reader puts beside a text."""
        selected = super().get_selected_text()
        if not selected:
            return selected
        from tui_mail.mime.inline_pgp import selected_text

        return selected_text(selected, self.reading.message)

    def _was_shown(self, message_id: int) -> None:
        """A message is in the reader; it counts as read when the reader has the focus."""
        if message_id != self._selected_in:  # what was selected in another is not what an answer quotes
            self._selected_in = message_id
            self.clear_selection()
        self.commands.perusing.unsealing.look(message_id)
        if self._face == "reader":
            self.commands.handling.mark_opened(message_id)
