"""What a person can see: the store, read for whoever asks.

What belongs here: reading folders, rows, messages and history. What must never be here: writing, or the engine.

Reads take a few milliseconds at most and may be called on the screen's thread, except where a docstring says that
they block.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_mail.client import actions
from tui_mail.client.inboxes import ALL_INBOXES, all_inboxes
from tui_mail.errors import NotFound
from tui_mail.model import Account, Change, ChangeState, Conversation, Folder, Message, Role, Row
from tui_mail.store import bodies, conversations, due, folders, history, merged, outbox, rows, undoing
from tui_mail.store.database import Database
from tui_mail.threaded import Threads

if TYPE_CHECKING:
    from tui_mail.client.parsed import ParsedMessages
    from tui_mail.client.trusting import Trusting
    from tui_mail.store.checkup import Checkup
    from tui_mail.store.holdings import Holdings


class Reading:
    """The reading half of MailClient."""

    accounts: tuple[Account, ...]
    _db: Database
    _parsed: ParsedMessages
    _trusting: Trusting | None = None

    def folders(self) -> list[Folder]:
        """All folders in the order of the tree: accounts as configured, roles first, then names."""
        place = {account.name: index for index, account in enumerate(self.accounts)}
        found = [folder for folder in folders.all_folders(self._db.read()) if folder.account in place]
        return sorted(found, key=lambda folder: place[folder.account])

    def places(self) -> list[Folder]:
        """What can be opened: all folders, before them all inboxes as one where there are several accounts."""
        found = self.folders()
        whole = all_inboxes(found)
        return [whole, *found] if whole is not None else found

    def within(self, folder_id: int) -> tuple[int, ...]:
        """The folders whose mail a place shows: itself, or all inboxes."""
        if folder_id != ALL_INBOXES:
            return (folder_id,)
        known = {account.name for account in self.accounts}
        return tuple(id_ for id_, account in folders.of_role(self._db.read(), Role.INBOX) if account in known)

    def folder(self, folder_id: int) -> Folder | None:
        """One folder, None when it is gone."""
        if folder_id == ALL_INBOXES:
            return all_inboxes(self.folders())
        return folders.one_folder(self._db.read(), folder_id)

    def find_folder(self, name: str, account: str | None = None) -> Folder:
        """A folder by `[ACCOUNT:]NAME` or by role, of the first account that has it. Raises NotFound."""
        wanted, known = name, {a.name for a in self.accounts}
        if ":" in name and name.partition(":")[0] in known:
            account, _, wanted = name.partition(":")
        candidates = [folder for folder in self.folders() if account in (None, folder.account)]
        for owner in dict.fromkeys(folder.account for folder in candidates):
            its = [folder for folder in candidates if folder.account == owner]
            named = [folder for folder in its if folder.name == wanted]
            for folder in named or [folder for folder in its if folder.role and folder.role == wanted.lower()]:
                return folder
        for folder in candidates:
            if folder.name.casefold() == wanted.casefold():
                return folder
        for folder in candidates:  # INBOX.Snoozed, where all folders are below the inbox
            if folder.name.casefold() == f"inbox{folder.delimiter}{wanted.casefold()}":
                return folder
        raise NotFound(
            f"There is no folder {name!r} here; `tui-mail folders` lists them, `tui-mail sync` reads them anew."
        )

    def find_place(self, name: str) -> Folder:
        """`find_folder`; but `inbox` is all inboxes where there are several accounts. Raises NotFound."""
        whole = all_inboxes(self.folders()) if name.casefold() == Role.INBOX else None
        return whole or self.find_folder(name)

    def name_problem(self, account: str, name: str, *, old: str = "") -> str:
        """What is wrong with a name for a folder that is new, or was `old`, in a few words; empty when nothing is."""
        there = [folder for folder in self.folders() if folder.account == account]
        delimiter = next((folder.delimiter for folder in there if folder.delimiter), "")
        return actions.name_problem(name, delimiter, [folder.name for folder in there if folder.name != old])

    def first_rows(self, folder_id: int, limit: int = 200, *, unread: bool = False) -> list[Row]:
        """The newest rows of a folder, by key, which is quick whatever its size."""
        if folder_id == ALL_INBOXES:
            return merged.first_rows(self._db.read(), self.within(folder_id), limit, unread)
        return rows.first_rows(self._db.read(), folder_id, limit, unread)

    def ids(self, folder_id: int) -> array[int]:
        """The ids of all rows of a folder, newest first. Blocks for a second at a million: call it on a thread."""
        if folder_id == ALL_INBOXES:
            return merged.ids_of(self._db.read(), self.within(folder_id))
        return rows.ids_of(self._db.read(), folder_id)

    def threads(self, folder_id: int, newest: int = -1) -> Threads:
        """The threads of a folder, or those of its newest messages. All of them: call it on a thread."""
        if folder_id == ALL_INBOXES:
            return merged.threads_of(self._db.read(), self.within(folder_id), newest)
        return conversations.threads_of(self._db.read(), folder_id, newest)

    def conversations(self, folder_id: int, groups: Sequence[Sequence[int]]) -> dict[int, Conversation]:
        """What a list says of threads, by the newest message of each; `groups`: what the folder has of each."""
        return conversations.conversations_of(self._db.read(), self.within(folder_id), groups)

    def members(self, folder_id: int, group: Sequence[int]) -> list[int]:
        """The messages of one thread, newest first; those in other folders too, but not in Trash and Junk."""
        return conversations.members_of(self._db.read(), self.within(folder_id), group)

    def whole_threads(self, ids: Sequence[int]) -> list[int]:
        """These messages, and what is in one thread and one folder with them. Blocks for big folders."""
        return conversations.whole(self._db.read(), ids)

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of these ids in this order; what is no longer displayed is left out."""
        return rows.rows_of(self._db.read(), ids)

    def row(self, message_id: int) -> Row | None:
        """One row, None when it is no longer displayed."""
        found = self.rows([message_id])
        return found[0] if found else None

    def raw(self, message_id: int) -> bytes | None:
        """The message as the server gave it; None when it is not here yet. Blocks on the disk for big ones."""
        return bodies.load(self._db.read_bodies(), message_id)

    def holdings(self, account: str) -> Holdings:
        """How much of an account is here, as a whole."""
        from tui_mail.store import holdings

        return holdings.of_account(self._db.read(), self._db.read_bodies(), account)

    def check_store(self) -> Checkup:
        """Compare everything on this disk with what was stored. Blocks for seconds or minutes."""
        from tui_mail.store import checkup

        return checkup.check(self._db.read(), self._db.read_bodies())

    def waiting(self) -> tuple[int, int]:
        """(changes, messages to be sent) that a server has not been told yet."""
        sql = self._db.read()
        ids = [folders.known_account(sql, account.name) for account in self.accounts]
        changes = sum(due.open_counts(sql, id_)[0] for id_ in ids)
        return changes, sum(entry.is_moving for entry in outbox.entries(sql))

    def strangers(self) -> list[str]:
        """The accounts that the store holds mail of and that the configuration does not name."""
        known = {account.name for account in self.accounts}
        return [name for name in folders.accounts_with_mail(self._db.read()) if name not in known]

    def changes(self, limit: int = 100) -> list[Change]:
        """What was done, newest first, one entry for each key press, and how far the server has been told."""
        return history.changes(self._db.read(), limit)

    def next_undo(self) -> int:
        """The batch that `undo` takes back when none is named; 0 when there is none."""
        return undoing.next_undo(self._db.read()) or 0

    def change(self, batch: int) -> Change | None:
        """One action, with all its messages; None when there is no such."""
        return history.change_of_batch(self._db.read(), batch)

    def renewed(self, change: Change) -> Change:
        """A change as it is by now."""
        return history.change_of_batch(self._db.read(), change.batch) or change

    def state_of(self, change: Change) -> ChangeState:
        """How far a change is by now."""
        return self.renewed(change).state

    @property
    def has_mail(self) -> bool:
        """True when there is something to show before any server was asked."""
        return any(folder.total for folder in self.folders())

    def handled_since(self, moment: float) -> int:
        """How many messages were moved or deleted since then (epoch), without what was undone."""
        return history.handled_since(self._db.read(), int(moment))

    def _judged(self, message_id: int, message: Message) -> Message:
        """A parsed message with what speaks for and against it."""
        if self._trusting is None:
            from tui_mail.client.trusting import Trusting  # needs more than a start can pay

            self._trusting = Trusting(self._db, lambda: self.accounts, self._parsed.forget)
        return self._trusting.judged(message_id, message)
