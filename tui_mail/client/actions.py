"""What actions write: each function gives a job for the store's writer, which returns the batch or None."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from tui_mail.errors import NotFound
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import folders, journal, messages
from tui_mail.store.database import Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.store.journal import Effect

Job = Callable[[Transaction], int | None]

_STANDARD_NAMES = {Role.ARCHIVE: "Archive", Role.TRASH: "Trash", Role.JUNK: "Junk"}


def to_folder(ids: Iterable[int], folder_id: int) -> Job:
    """Move messages to a folder of their account; those of other accounts stay. The job raises NotFound."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        target = folders.state(txn.sql, folder_id)
        if target is None:
            raise NotFound("That folder is gone; the messages are where they were.")
        ours = [id_ for id_, account in messages.accounts_of(txn.sql, wanted) if account == target.account_id]
        return journal.record(txn, Effect(ChangeKind.MOVE, folder_id), ours, f"moved to {target.name}:")

    return job


def to_role(ids: Iterable[int], role: Role, verb: str) -> Job:
    """Move messages to the folder that their account has for a role."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        by_account = defaultdict[int, list[int]](list)
        for id_, account in messages.accounts_of(txn.sql, wanted):
            by_account[account].append(id_)
        batch: int | None = None
        for account, group in by_account.items():
            target = folders.by_role(txn.sql, account, role)
            target_id = target.id if target is not None else _made_for(txn, account, role)
            batch = journal.record(txn, Effect(ChangeKind.MOVE, target_id), group, verb, batch=batch) or batch
        return batch

    return job


def _made_for(txn: Transaction, account: int, role: Role) -> int:
    """A folder for a role that the account lacks; the server makes it when the first message is moved there."""
    name = _STANDARD_NAMES[role]
    existing = folders.by_name(txn.sql, account, name)
    if existing is not None:
        return existing.id
    return folders.add(txn, account, KnownFolder(name, "", role, selectable=True))


def flag_words(add: Flag, remove: Flag) -> str:
    """What flags mean in the words of a person."""
    words = {Flag.SEEN: ("marked read:", "marked unread:"), Flag.FLAGGED: ("starred", "unstarred")}
    for flag, (set_, cleared) in words.items():
        if flag in add:
            return set_
        if flag in remove:
            return cleared
    return "marked"
