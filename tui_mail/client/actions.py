"""What actions write: each function gives a job for the store's writer, which returns the batch or None."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tui_mail.errors import CannotUndo, NotFound, UsageError
from tui_mail.model import ChangeKind, Flag, Role
from tui_mail.store import folders, journal, labels, messages, purposes, snoozing, undoing
from tui_mail.store.database import Transaction
from tui_mail.store.folders import FolderState
from tui_mail.store.journal import Effect

Job = Callable[[Transaction], int | None]


def to_folder(ids: Iterable[int], folder_id: int) -> Job:
    """Move messages to a folder of their account; those of other accounts stay. The job raises NotFound."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        target = _target(txn, folder_id)
        ours = [id_ for id_, account in messages.accounts_of(txn.sql, wanted) if account == target.account_id]
        verb = f"moved to {_called(target)}:"
        batch = journal.record(txn, Effect(ChangeKind.MOVE, folder_id), ours, verb)
        return batch and snoozing.forget(txn, ours, verb, batch)

    return job


def to_role(ids: Iterable[int], role: Role, verb: str) -> Job:
    """Move messages to the folder that their account has for a role. The job raises ConfigError."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        batch: int | None = None
        for account, group in _by_account(txn, wanted):
            everything = folders.by_role(txn.sql, account, Role.ALL)
            asked = role in purposes.of_account(txn.sql, account).chosen
            if role is Role.ARCHIVE and not asked and everything and labels.are_labels(txn.sql, account):
                target_id, group = everything.id, labels.to_archive(txn.sql, group)
            else:
                target_id = folders.for_role(txn, account, role)
            batch = journal.record(txn, Effect(ChangeKind.MOVE, target_id), group, verb, batch=batch) or batch
            batch = snoozing.forget(txn, group, verb, batch)
        return batch

    return job


def deleted_for_ever(ids: Iterable[int]) -> Job:
    """Delete messages for ever; by way of the trash where folders are labels, and only the trash deletes."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        verb, batch = "deleted for ever:", None
        for account, group in _by_account(txn, wanted):
            if labels.are_labels(txn.sql, account):
                trash = Effect(ChangeKind.MOVE, folders.for_role(txn, account, Role.TRASH))
                outside = labels.outside_trash(txn.sql, group)
                batch = journal.record(txn, trash, outside, verb, batch=batch) or batch
            batch = journal.record(txn, Effect(ChangeKind.EXPUNGE), group, verb, batch=batch) or batch
        return batch

    return job


def _by_account(txn: Transaction, ids: Sequence[int]) -> list[tuple[int, list[int]]]:
    by_account = defaultdict[int, list[int]](list)
    for id_, account in messages.accounts_of(txn.sql, ids):
        by_account[account].append(id_)
    return list(by_account.items())


def copies_in(ids: Iterable[int], folder_id: int) -> Job:
    """Copy messages to a folder of their account; those of other accounts, or in it already, are left out."""
    wanted = list(ids)

    def job(txn: Transaction) -> int | None:
        target = _target(txn, folder_id)
        ours = [id_ for id_, account in messages.accounts_of(txn.sql, wanted) if account == target.account_id]
        return journal.record_copies(txn, target.account_id, folder_id, ours, f"copied to {_called(target)}:")

    return job


def upload_of(message_id: int, folder_id: int) -> Job:
    """Store a message made here in a folder. The job raises NotFound."""

    def job(txn: Transaction) -> int | None:
        target = _target(txn, folder_id)
        return journal.record_upload(txn, target.account_id, folder_id, message_id, f"stored in {_called(target)}:")

    return job


def new_folder(account: str, name: str) -> Job:
    """Make a folder. The job raises UsageError for a name that cannot be, or is there already."""

    def job(txn: Transaction) -> int | None:
        id_ = folders.account_id(txn, account)
        _check_name(txn, id_, name)
        return journal.record_folder(txn, id_, Effect(ChangeKind.FOLDER_CREATE, name=name), f"made the folder {name}")

    return job


def renamed_folder(folder_id: int, new_name: str) -> Job:
    """Rename a folder and those below it. The job raises UsageError and NotFound."""

    def job(txn: Transaction) -> int | None:
        target = _target(txn, folder_id)
        shown = folders.one_folder(txn.sql, folder_id)
        name = shown.name if shown is not None else target.name
        if target.role is Role.INBOX:
            raise UsageError("The inbox cannot be renamed; nothing was changed.")
        if target.role is not Role.NONE:
            raise UsageError(f"The folder {name} has a purpose ({target.role}) and cannot be renamed here.")
        if snoozing.is_ours(txn.sql, target.account_id, name) and (target.on_server or (shown and shown.total)):
            raise UsageError(f"Messages sleep in {name}, and wake up by its name; nothing was changed.")
        if new_name == name:
            return None
        _check_name(txn, target.account_id, new_name, old=name)
        effect = Effect(ChangeKind.FOLDER_RENAME, folder_id, name=name, new_name=new_name)
        return journal.record_folder(txn, target.account_id, effect, f"renamed the folder {name} to {new_name}")

    return job


def deleted_folder(folder_id: int) -> Job:
    """Move what is in a folder to the trash, then delete it: one batch. The job raises UsageError and NotFound."""

    def job(txn: Transaction) -> int | None:
        target = _target(txn, folder_id)
        shown = folders.one_folder(txn.sql, folder_id)
        name = shown.name if shown is not None else target.name
        if target.role is not Role.NONE:
            raise UsageError(f"The folder {name} has a purpose ({target.role}) and cannot be deleted here.")
        delimiter = folders.delimiter_of(txn.sql, target.account_id)
        shown_names = [f.name for f in folders.all_folders(txn.sql, folders.account_name(txn.sql, target.account_id))]
        if delimiter and any(other.startswith(name + delimiter) for other in shown_names):
            raise UsageError(f"There are folders inside {name}; delete those first. Nothing was changed.")
        if not target.complete and target.uidvalidity:
            raise UsageError(f"The folder {name} has not been read to its end; wait a moment. Nothing was changed.")
        verb, trash = f"deleted the folder {name}", folders.for_role(txn, target.account_id, Role.TRASH)
        inside = messages.displayed_in(txn.sql, folder_id)
        batch = journal.record(txn, Effect(ChangeKind.MOVE, trash), inside, verb)
        effect = Effect(ChangeKind.FOLDER_DELETE, folder_id, name=name)
        return journal.record_folder(txn, target.account_id, effect, verb, batch=batch)

    return job


def undone(batch: int | None) -> Callable[[Transaction], int | CannotUndo | None]:
    """Take an action back, the newest if none is named; one that cannot be is passed over by the next undo."""

    def job(txn: Transaction) -> int | CannotUndo | None:
        try:
            return undoing.undo(txn, batch)
        except CannotUndo as refusal:
            if batch is None and not refusal.for_now:
                undoing.pass_over(txn)
            return refusal

    return job


def _target(txn: Transaction, folder_id: int) -> FolderState:
    target = folders.state(txn.sql, folder_id)
    if target is None:
        raise NotFound("That folder is gone; nothing was changed.")
    return target


def _called(folder: FolderState) -> str:
    """A folder in the words of a person: by its role where it has one."""
    return "Inbox" if folder.role is Role.INBOX else folders.STANDARD_NAMES.get(folder.role, folder.name)


def name_problem(name: str, delimiter: str, taken: Iterable[str]) -> str:
    """What is wrong with a folder's name, in a few words; empty when nothing is. `taken`: the names that there are."""
    levels = name.split(delimiter) if delimiter else [name]
    if not all(level.strip() for level in levels):
        return "a level has no name"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "a control character is in it"
    if name.casefold() in {other.casefold() for other in taken}:
        return "there is one of this name already"
    return ""


def _check_name(txn: Transaction, account: int, name: str, *, old: str = "") -> None:
    shown = folders.all_folders(txn.sql, folders.account_name(txn.sql, account))
    problem = name_problem(
        name, folders.delimiter_of(txn.sql, account), [folder.name for folder in shown if folder.name != old]
    )
    if problem:
        raise UsageError(f"{name!r} cannot be the name of a folder: {problem}. Nothing was changed.")
    if folders.by_name(txn.sql, account, name) is not None:
        raise UsageError(f"The server has yet to let go of the name {name!r}; wait a moment. Nothing was changed.")


def flag_words(add: Flag, remove: Flag) -> str:
    """What flags mean in the words of a person."""
    words = {Flag.SEEN: ("marked read:", "marked unread:"), Flag.FLAGGED: ("starred", "unstarred")}
    for flag, (set_, cleared) in words.items():
        if flag in add:
            return set_
        if flag in remove:
            return cleared
    return "marked"


def keyword_words(added: Sequence[str], removed: Sequence[str]) -> str:
    """What keywords that were set or taken off mean in the words of a person; empty for none."""
    parts = [f"{verb} {', '.join(words)}" for verb, words in (("labelled", added), ("no longer", removed)) if words]
    return f"{', '.join(parts)}:" if parts else ""
