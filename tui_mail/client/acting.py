"""What a person can do: every action, written to the store.

What belongs here: one method for each action. What must never be here: carrying it out on a server (the engine).

Each returns a Future at once: it resolves when the action is durable on this computer, which is all that an action
needs; the server follows.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

from tui_mail.client import actions
from tui_mail.client.upload import upload
from tui_mail.errors import CannotUndo, UsageError
from tui_mail.model import Change, ChangeKind, Flag, Role
from tui_mail.store import bodies, history, journal, muting, undoing
from tui_mail.store.database import Database, Transaction
from tui_mail.store.journal import Effect

KEYWORD = re.compile(r"[A-Za-z0-9$_.\-]{1,64}")


class Acting:
    """The acting half of MailClient."""

    _db: Database

    def mark(
        self,
        ids: Iterable[int],
        *,
        add: Flag = Flag.NONE,
        remove: Flag = Flag.NONE,
        add_keywords: Sequence[str] = (),
        remove_keywords: Sequence[str] = (),
        undoable: bool = True,
    ) -> Future[Change | None]:
        """Set and clear flags and keywords; not `undoable` is for what nobody asked for.

        Raises UsageError for what RFC 9051 allows no keyword to be.
        """
        wanted = list(ids)
        for word in (*add_keywords, *remove_keywords):
            if not KEYWORD.fullmatch(word):
                raise UsageError(f"{word!r} cannot be a keyword; letters, digits, $, _ and - can.")
        words = actions.flag_words(add, remove)
        if not (add or remove):
            words = actions.keyword_words(add_keywords, remove_keywords) or words
        effect = Effect(ChangeKind.FLAGS, None, add, remove, " ".join(add_keywords), " ".join(remove_keywords))
        return self._act(lambda txn: journal.record(txn, effect, wanted, words, undoable=undoable))

    def move(self, ids: Iterable[int], folder_id: int) -> Future[Change | None]:
        """Move messages to a folder of their account; those of other accounts stay."""
        return self._act(actions.to_folder(ids, folder_id))

    def archive(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's archive."""
        return self._act(actions.to_role(ids, Role.ARCHIVE, "archived"))

    def delete(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's trash; what is there already stays (see `expunge`)."""
        return self._act(actions.to_role(ids, Role.TRASH, "moved to Trash:"))

    def junk(self, ids: Iterable[int]) -> Future[Change | None]:
        """Move messages to their account's junk folder."""
        return self._act(actions.to_role(ids, Role.JUNK, "moved to Junk:"))

    def expunge(self, ids: Iterable[int]) -> Future[Change | None]:
        """Delete messages for ever. There is no way back."""
        return self._act(actions.deleted_for_ever(ids))

    def mute(self, *message_ids: int, muted: bool) -> Future[None]:
        """Have what comes to the conversations of messages count as read, or no longer."""

        def job(txn: Transaction) -> None:
            for one in message_ids:
                muting.mute(txn, one, muted=muted)

        return self._db.write(job, urgent=True)

    def copy(self, ids: Iterable[int], folder_id: int) -> Future[Change | None]:
        """Copy messages to another folder of their account; the copies are there at once."""
        future = self._act(actions.copies_in(ids, folder_id))
        future.add_done_callback(self._share_bodies)
        return future

    def append(
        self, folder_id: int, raw: bytes, *, flags: Flag = Flag.SEEN, when: int | None = None
    ) -> Future[Change | None]:
        """Store a message made here in a folder, octet for octet but for line ends; it is there at once.

        `when` is its INTERNALDATE (epoch), now if left out. Raises UsageError for what no server takes (NUL).
        """
        return upload(self._db, folder_id, raw, flags, when, self._act)

    def create_folder(self, account: str, name: str) -> Future[Change | None]:
        """Make a folder; it is there at once. The future raises UsageError for a name that cannot be."""
        return self._act(actions.new_folder(account, name))

    def rename_folder(self, folder_id: int, new_name: str) -> Future[Change | None]:
        """Rename a folder, and with it those below. The future raises UsageError for a name that cannot be."""
        return self._act(actions.renamed_folder(folder_id, new_name))

    def delete_folder(self, folder_id: int) -> Future[Change | None]:
        """Move what is in a folder to the trash, then delete it. The future raises UsageError when that cannot be."""
        return self._act(actions.deleted_folder(folder_id))

    def undo(self, batch: int | None = None) -> Future[Change | None]:
        """Take an action back, the newest if none is named, whether or not the server knows of it.

        None when there is nothing left. The future raises CannotUndo with the reason; the next undo passes it over.
        """
        return self._act(actions.undone(batch))

    def redo(self) -> Future[Change | None]:
        """Do again what was undone last; None when there is nothing."""
        return self._act(undoing.redo)

    def _act(self, job: Callable[[Transaction], int | CannotUndo | None]) -> Future[Change | None]:
        def write(txn: Transaction) -> Change | CannotUndo | None:
            batch = job(txn)
            return history.change_of_batch(txn.sql, batch) if isinstance(batch, int) else batch

        acted = Future[Change | None]()
        acted.set_running_or_notify_cancel()

        def tell(written: Future[Change | CannotUndo | None]) -> None:
            problem = written.exception()
            if problem is not None:
                acted.set_exception(problem)
                return
            result = written.result()
            if isinstance(result, CannotUndo):
                acted.set_exception(result)
                return
            if result is not None:
                self._wake()
            acted.set_result(result)

        self._db.write(write, urgent=True).add_done_callback(tell)
        return acted

    def _share_bodies(self, future: Future[Change | None]) -> None:
        """A copy has the octets of what it is a copy of; where those are not here, they are fetched like any other."""
        change = future.result() if future.exception() is None else None
        if change is not None:
            pairs = journal.copies_of_bodies(self._db.read(), change.batch)
            threading.Thread(target=bodies.share, args=(self._db, pairs), name="share-bodies", daemon=True).start()

    def _wake(self) -> None:
        """A change was written: whoever is the engine carries it out."""
        raise NotImplementedError
