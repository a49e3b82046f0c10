"""What is done to messages: archive, trash, junk, move, copy, read, star; on all that are meant, at once on the screen.

What belongs here: which messages are meant, and showing what the store will know a moment later.
What must never be here: key names, moving the cursor, folders being made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import Change, Flag, Folder, Role
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import Place
from tui_mail.ui.filing import Filing
from tui_mail.ui.screens.words import messages_words
from tui_mail.ui.widgets.folder_tree import folder_label

if TYPE_CHECKING:
    from tui_mail.ui.labelling import Labelling
    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
Done = Callable[[], None]


class Handling:
    """The actions on messages."""

    def __init__(self, screen: Triage, filing: Filing) -> None:
        self._screen = screen
        self._client = screen.client
        self._list = screen.messages
        self._filing = filing
        self._delete_asked: tuple[float, tuple[int, ...]] = (0.0, ())
        self._again: Done | None = None
        """What the last action did to messages, for those that are meant now."""
        self._labelling: Labelling | None = None
        actions: dict[str, Done] = {
            "message.archive": self._archive,
            "message.trash": self._trash,
            "message.move": self._move,
            "message.copy": self._copy,
            "message.read": self._toggle_read,
            "message.star": self._toggle_star,
            "message.junk": self._junk,
            "message.again": self._repeat,
            "message.label": self._label,
            "message.snooze": self._snooze,
        }
        self.table = {name: self.when_seen(action) for name, action in actions.items()}

    def mark_opened(self, message_id: int) -> None:
        """A message was opened: it is read. Its line may not be read anew yet, or be none of this list."""
        row = self._list.listing.row_at(self._list.listing.find(message_id, self._list.cursor))
        row = row if row is not None else self._client.row(message_id)
        if row is not None and row.unread:
            self._flag([message_id], add=Flag.SEEN, asked=False)

    def follow(self) -> None:
        """The reader goes on with the message that is under the cursor now."""
        if self._list.current_id:
            self._screen.show_reader()
        else:
            self._screen.show_list()

    def folder_of_role(self, role: Role) -> Folder | None:
        """The folder of a role: of the account that is shown, else of any."""
        here = self._screen.here
        found = [one for one in self._client.folders() if one.role is role and one.selectable]
        found.sort(key=lambda one: here is None or one.account != here.account)
        return found[0] if found else None

    def when_seen(self, action: Done) -> Done:
        """Not when something other than a key has just put another message under the cursor, or out of sight."""

        def careful() -> None:
            in_list = self._screen.place is Place.LIST
            if in_list and self._list.is_displaced:
                self._say(
                    "What is under the cursor has just changed, so nothing was done; press it again if you mean this."
                )
            elif in_list and not self._list.listing.selected and not self._list.is_seen(self._list.cursor):
                self._list.reveal()
                self._say("The message was out of sight, so nothing was done; press it again if you mean this.")
            else:
                action()

        return careful

    def _repeat(self) -> None:
        """The last action once more."""
        if self._again is None:
            self._say("There is nothing to repeat yet.")
        elif self._again == self._trash and not self._outside(self._targets(), Role.TRASH):
            self._say("Deleting for ever is not repeated.")
        else:
            self._again()

    def _label(self) -> None:
        if self._labelling is None:
            from tui_mail.ui.labelling import Labelling

            self._labelling = Labelling(self._screen, self._targets, self._note_again)
        self._labelling.pick()

    def _note_again(self, again: Done) -> None:
        self._again = again

    def _archive(self) -> None:
        self._again = self._archive
        ids = self._targets()
        outside = self._outside(ids, Role.ARCHIVE)
        if outside:
            self.send_off(self._client.archive, "Archived", outside)
        elif ids:
            self._say("It is in the archive already." if len(ids) == 1 else "They are in the archive already.")

    def _trash(self) -> None:
        """To the trash; only what is there already is deleted for ever, and never together with anything else."""
        self._again = self._trash
        ids = tuple(self._targets())
        outside = self._outside(ids, Role.TRASH)
        if outside:
            self.send_off(self._client.delete, "Moved to Trash:", outside)
            return
        asked, about = self._delete_asked
        if ids and about == ids and time.monotonic() - asked < AGAIN_SECONDS:
            self._delete_asked = (0.0, ())
            self.send_off(self._client.expunge, "Deleted for ever:", list(ids), undoable=False)
        elif ids:
            self._delete_asked = (time.monotonic(), ids)
            key = self._screen.keymap.shown("message.trash")
            self._say(f"{key} again deletes {messages_words(len(ids))} for ever")

    def _junk(self) -> None:
        self._again = self._junk
        ids = self._targets()
        outside = self._outside(ids, Role.JUNK)
        if outside:
            self.send_off(self._client.junk, "Moved to Junk:", outside)
            return
        inbox = self.folder_of_role(Role.INBOX)
        if inbox is not None and ids:
            self.send_off(lambda ids: self._client.move(ids, inbox.id), "Moved to Inbox:", ids)

    def _move(self) -> None:
        self._filing.pick_target("Move", self._targets(), self._move_to)

    def _move_to(self, folder: Folder, ids: list[int] | None = None) -> None:
        """Move `ids`, or else the targets."""
        self._again = lambda: self._move_to(folder)
        ours = self._that_can_go_to(folder, ids or self._targets())
        if ours:
            self.send_off(lambda ids: self._client.move(ids, folder.id), f"Moved to {folder_label(folder)}:", ours)

    def _snooze(self) -> None:
        from tui_mail.ui.snoozing import pick_moment

        self._again = self._snooze
        pick_moment(self._screen, self._targets(), self.send_off)

    def _copy(self) -> None:
        self._filing.pick_target("Copy", self._targets(), self._copy_to)

    def _copy_to(self, folder: Folder, ids: list[int] | None = None) -> None:
        self._again = lambda: self._copy_to(folder)
        ours = self._that_can_go_to(folder, ids or self._targets())
        if not ours:
            return
        words = f"Copied to {folder_label(folder)}: {messages_words(len(ours))}"

        def done(change: Change | None) -> None:
            self._screen.standing.acted()
            undo = f" · {self._screen.keymap.shown('undo')} undo" if change is not None else ""
            self._say(words + undo if change is not None else "Nothing to copy.")

        self._screen.outcome.follow(self._client.copy(ours, folder.id), done, f"Copied to {folder_label(folder)}")

    def _that_can_go_to(self, folder: Folder, ids: list[int]) -> list[int]:
        """Those that can: a list may hold messages of several accounts, and a repeated action may be elsewhere."""
        if self._screen.spans_accounts:
            ours = self._screen.finding.of_account(ids, folder.account)
            if ids and not ours:
                self._say(f"{folder_label(folder)} is of {safe_line(folder.account)}; nothing was done.")
            return ours
        here = self._screen.folder
        if here is not None and here.account == folder.account and here.id != folder.id:
            return ids
        where = "another account" if here is not None and here.account != folder.account else "this folder"
        if ids:
            self._say(f"{folder_label(folder)} is {where}; nothing was done.")
        return []

    def send_off(
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
        reads, advance = self._screen.place is Place.READER, self._client.auto_advance
        resolved = self._list.hide(ids, newer=reads and advance == "previous")
        self._screen.say_list()

        def done(change: Change | None) -> None:
            resolved(change is not None)
            self._screen.standing.acted()
            self._screen.reload(urgent=change is None)

        def failed() -> None:
            resolved(False)
            self._list.note_displaced()
            self._screen.reload(urgent=True, onto=ids)

        self._screen.outcome.follow(send(ids), done, words, failed)
        hint = f" · {self._screen.keymap.shown('undo')} undo" if undoable else ""
        self._say(f"{words} {messages_words(len(ids))}{hint}")
        if reads and advance == "list":
            self._screen.show_list()
        elif reads:
            self.follow()

    def _toggle_read(self) -> None:
        ids, current = self._targets(), self._list.current
        several = self._list.listing.selected or len(ids) > 1
        unread = any(row.unread for row in self._client.rows(ids)) if several else bool(current and current.unread)
        self._again = partial(self._set, Flag.SEEN, on=unread)
        self._set(Flag.SEEN, ids, on=unread)

    def _toggle_star(self) -> None:
        ids, current = self._targets(), self._list.current
        said = self._list.listing.conversation_at(self._list.cursor)
        if self._list.listing.selected:
            plain = any(not row.starred for row in self._client.rows(ids))
        elif len(ids) > 1 and said is not None:
            plain = not said.starred
        else:
            plain = bool(current and not current.starred)
        self._again = partial(self._set, Flag.FLAGGED, on=plain)
        self._set(Flag.FLAGGED, ids, on=plain)

    def _set(self, flag: Flag, ids: list[int] | None = None, *, on: bool) -> None:
        """Set a flag, or take it, of `ids` or else of the targets; one star is enough for a conversation."""
        ids = self._targets() if ids is None else ids
        if flag is Flag.FLAGGED and on and not self._list.listing.selected:
            ids = ids[:1]
        self._flag(ids, add=flag if on else Flag.NONE, remove=Flag.NONE if on else flag)

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
        if asked:
            self._screen.outcome.follow(marked, done, "Marked", resolved)
        else:
            self._screen.bridge.when_done(marked, done, failed)

    def chosen(self) -> list[int]:
        """What is selected, where an action would be about that."""
        return self._targets() if self._list.listing.selected else []

    def _targets(self) -> list[int]:
        """What an action is about: who reads means what is read, though it may have gone from the list meanwhile."""
        shown = self._screen.reading.message_id
        alone = self._screen.one_pane or not self._list.listing.selected  # the ✓ of others are not to be seen
        if self._screen.place is not Place.READER or not shown or not alone:
            return self._list.targets()
        if shown == self._list.current_id:
            return [shown] if self._list.listing.selected else self._list.targets()
        if shown not in self._list.listing.hidden() and self._client.row(shown) is not None:
            return [shown]
        self._say("This message is no longer in this folder.")
        return []

    @property
    def role(self) -> Role:
        """What the folder is for that everything is in that an action is about."""
        if self._screen.finding.active:
            return self._screen.finding.role_of(self._list.targets())
        return self._screen.folder.role if self._screen.folder is not None else Role.NONE

    def _outside(self, ids: Sequence[int], role: Role) -> list[int]:
        """Those that are in no folder of a role.

        A conversation has messages of other folders than the one that is listed, and who reads may have gone to one.
        """
        screen, folder = self._screen, self._screen.folder
        is_plain = not screen.finding.active and self._list.listing.folding is None and screen.place is not Place.READER
        if is_plain and folder is not None:
            return [] if folder.role is role else list(ids)
        return self._client.ids_outside(ids, role)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
