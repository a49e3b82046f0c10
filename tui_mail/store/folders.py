"""Accounts and their folders on disk: what exists, what it is for, how far it has been read.

What belongs here: the tables `account` and `folder`. What must never be here: messages.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import replace

from tui_mail.errors import ConfigError
from tui_mail.model import Folder, Role
from tui_mail.records import frozen
from tui_mail.store import purposes
from tui_mail.store.database import Transaction
from tui_mail.text import safe_line

ROLE_ORDER = (
    Role.INBOX,
    Role.DRAFTS,
    Role.SENT,
    Role.ARCHIVE,
    Role.JUNK,
    Role.TRASH,
    Role.ALL,
    Role.FLAGGED,
    Role.IMPORTANT,
)

STANDARD_NAMES = {
    Role.ARCHIVE: "Archive",
    Role.TRASH: "Trash",
    Role.JUNK: "Junk",
    Role.SENT: "Sent",
    Role.DRAFTS: "Drafts",
}
"""What a folder is called that an account lacks."""


@frozen
class FolderState:
    """How far the server's folder has been read (RFC 9051 2.3.1, RFC 7162)."""

    id: int
    account_id: int
    name: str
    role: Role
    selectable: bool
    uidvalidity: int
    uidnext: int
    highestmodseq: int
    synced_min_uid: int
    on_server: int
    scanned: int

    @property
    def complete(self) -> bool:
        """Every message of the folder is in the store."""
        return self.synced_min_uid == 1


@frozen
class KnownFolder:
    """A folder as the server lists it."""

    name: str
    delimiter: str
    role: Role
    selectable: bool


_FOLDER = (
    "SELECT f.id, a.name, f.name, f.delimiter, f.role, f.selectable, f.total, f.unread, f.on_server, f.version,"
    " f.synced_min_uid = 1, f.arrangement FROM folder f JOIN account a ON a.id = f.account_id"
)
_STATE = (
    "SELECT id, account_id, name, role, selectable, uidvalidity, uidnext, highestmodseq, synced_min_uid,"
    " on_server, scanned FROM folder"
)


def account_id(txn: Transaction, name: str) -> int:
    """The row of the account, made when it is new."""
    txn.sql.execute("INSERT OR IGNORE INTO account (name) VALUES (?)", (name,))
    found: int = txn.sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()[0]
    return found


def known_account(sql: sqlite3.Connection, name: str) -> int:
    """The row of the account; 0 while the store has never heard of it."""
    row = sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def accounts_with_mail(sql: sqlite3.Connection) -> list[str]:
    """The names of all accounts that have a message here."""
    has_mail = "EXISTS (SELECT 1 FROM message WHERE message.account_id = account.id)"
    return [name for (name,) in sql.execute(f"SELECT name FROM account WHERE {has_mail} ORDER BY name")]  # noqa: S608


def account_name(sql: sqlite3.Connection, account: int) -> str:
    """What the account is called in config.toml; empty when it is not known."""
    row = sql.execute("SELECT name FROM account WHERE id = ?", (account,)).fetchone()
    return "" if row is None else str(row[0])


def prepare(txn: Transaction, name: str) -> int:
    """The row of the account, and its inbox, which can be read before the list of folders is known."""
    account = account_id(txn, name)
    if by_name(txn.sql, account, "INBOX") is None:
        add(txn, account, KnownFolder("INBOX", "", Role.INBOX, selectable=True))
    return account


def all_folders(sql: sqlite3.Connection, account: str | None = None) -> list[Folder]:
    """Folders in the order of the tree: by account, roles first, then names."""
    where, values = (" WHERE a.name = ?", (account,)) if account is not None else ("", ())
    found = _as_they_will_be(sql, [_folder(row) for row in sql.execute(_FOLDER + where, values)])
    place = {role: index for index, role in enumerate(ROLE_ORDER)}
    return sorted(found, key=lambda f: (f.account, place.get(f.role, len(place)), f.name.casefold()))


def of_role(sql: sqlite3.Connection, role: Role) -> list[tuple[int, str]]:
    """(folder_id, account) of the folders for a role that can be opened, in all accounts."""
    query = "SELECT f.id, a.name FROM folder f JOIN account a ON a.id = f.account_id WHERE f.role = ? AND f.selectable"
    return [(row[0], row[1]) for row in sql.execute(query, (role,))]


def one_folder(sql: sqlite3.Connection, folder_id: int) -> Folder | None:
    """The folder, or None when it is gone."""
    row = sql.execute(_FOLDER + " WHERE f.id = ?", (folder_id,)).fetchone()
    shown = _as_they_will_be(sql, [_folder(row)]) if row is not None else []
    return shown[0] if shown else None


def by_role(sql: sqlite3.Connection, account: int, role: Role) -> FolderState | None:
    """The account's folder for a role; the first by name if the server marked several."""
    row = sql.execute(_STATE + " WHERE account_id = ? AND role = ? ORDER BY name LIMIT 1", (account, role)).fetchone()
    return None if row is None else _state(row)


def by_name(sql: sqlite3.Connection, account: int, name: str) -> FolderState | None:
    """The account's folder of that full name; INBOX in any case (RFC 9051 5.1)."""
    key = "INBOX" if name.upper() == "INBOX" else name
    row = sql.execute(_STATE + " WHERE account_id = ? AND name = ?", (account, key)).fetchone()
    return None if row is None else _state(row)


def state(sql: sqlite3.Connection, folder_id: int) -> FolderState | None:
    """How far one folder has been read; None when it is gone."""
    row = sql.execute(_STATE + " WHERE id = ?", (folder_id,)).fetchone()
    return None if row is None else _state(row)


def states(sql: sqlite3.Connection, account: int) -> list[FolderState]:
    """How far every selectable folder of an account has been read, inbox first."""
    found = [_state(row) for row in sql.execute(_STATE + " WHERE account_id = ? AND selectable", (account,))]
    place = {role: index for index, role in enumerate(ROLE_ORDER)}
    return sorted(found, key=lambda s: (place.get(s.role, len(place)), s.name.casefold()))


def being_deleted(sql: sqlite3.Connection, account: int) -> list[FolderState]:
    """The folders that a change which is not done yet deletes."""
    sought = "SELECT target FROM journal WHERE account_id = ?1 AND kind = 'folder_delete'"
    waiting = f"{sought} AND state IN ('queued', 'running')"
    return [_state(row) for row in sql.execute(f"{_STATE} WHERE account_id = ?1 AND id IN ({waiting})", (account,))]


def versions(sql: sqlite3.Connection) -> dict[int, tuple[str, int, str]]:
    """(account, version, role) of every folder: comparing two of these tells which ones changed."""
    rows = sql.execute("SELECT f.id, a.name, f.version, f.role FROM folder f JOIN account a ON a.id = f.account_id")
    return {id_: (account, version, role) for id_, account, version, role in rows}


def open_steps(sql: sqlite3.Connection) -> frozenset[tuple[str, int, str]]:
    """(account, change, state) of every unfinished change of a folder: when they are others, so is the tree."""
    return frozenset(
        sql.execute(
            "SELECT a.name, j.id, j.state FROM journal j JOIN account a ON a.id = j.account_id"
            " WHERE j.state IN ('queued', 'running', 'failed') AND j.kind LIKE 'folder%'"
        )
    )


def has_work(sql: sqlite3.Connection, account: int) -> bool:
    """True when a change of the account waits for the server."""
    return (
        sql.execute(
            "SELECT 1 FROM journal WHERE account_id = ? AND state IN ('queued', 'running') LIMIT 1", (account,)
        ).fetchone()
        is not None
    )


def replace_list(txn: Transaction, account: int, listed: Iterable[KnownFolder]) -> None:
    """Make the stored list equal to the server's; messages of a vanished folder are lost, not deleted.

    The roles are those that a person gave, else the listed ones.
    """
    listed = list(listed)
    told = {folder.name: folder.role for folder in listed if folder.selectable}
    roles = purposes.as_listed(txn, account, told, next((one.delimiter for one in listed if one.delimiter), ""))
    listed = [replace(folder, role=roles.get(folder.name, folder.role)) for folder in listed]
    known = {
        row[1]: row
        for row in txn.sql.execute(
            "SELECT id, name, delimiter, role, selectable FROM folder WHERE account_id = ?", (account,)
        )
    }
    for folder in listed:
        row = known.pop(folder.name, None)
        if row is None:
            add(txn, account, folder)
        elif row[2:] != (folder.delimiter, folder.role, int(folder.selectable)):
            txn.lists.add(account)
            txn.sql.execute(
                "UPDATE folder SET delimiter = ?, role = ?, selectable = ? WHERE id = ?",
                (folder.delimiter, folder.role, folder.selectable, row[0]),
            )
    for row in known.values():
        if not txn.sql.execute(
            "SELECT 1 FROM journal WHERE target = ? AND state IN ('queued', 'running')", (row[0],)
        ).fetchone():
            remove(txn, account, row[0])


def for_role(txn: Transaction, account: int, role: Role) -> int:
    """The folder for a role; where the account lacks one, the server makes it when the first message goes there.

    Raises ConfigError when a person chose one that cannot be had: no other is taken instead.
    """
    lacking = purposes.lacking(txn.sql, account, role)
    if lacking:
        raise ConfigError(lacking)
    existing = by_role(txn.sql, account, role)
    if existing is not None:
        return existing.id
    name = prefix(txn.sql, account) + STANDARD_NAMES[role]
    named = by_name(txn.sql, account, name)
    if named is not None:
        return named.id
    return add_unmade(txn, account, name, role)


def add_unmade(txn: Transaction, account: int, name: str, role: Role = Role.NONE, *, id_: int | None = None) -> int:
    """A folder that is to be made on the server; `id_` is one that it had before."""
    made = KnownFolder(name, delimiter_of(txn.sql, account), role, selectable=True)
    return add(txn, account, made, id_=id_)


def delimiter_of(sql: sqlite3.Connection, account: int) -> str:
    """What parts the levels of names in an account; empty while that is not known."""
    row = sql.execute("SELECT delimiter FROM folder WHERE account_id = ? AND delimiter != ''", (account,)).fetchone()
    return "" if row is None else str(row[0])


def local_as_remote(sql: sqlite3.Connection, account: int, name: str) -> str:
    """What a folder of this computer only (levels parted by a slash) is called on the account's server."""
    delimiter = delimiter_of(sql, account)
    if delimiter and delimiter != "/":
        name = name.replace(delimiter, "-").replace("/", delimiter)
    return prefix(sql, account) + name


def prefix(sql: sqlite3.Connection, account: int) -> str:
    """What every name of the account but INBOX begins with, on servers that keep all folders below INBOX."""
    delimiter = delimiter_of(sql, account)
    names = [row[0] for row in sql.execute("SELECT name FROM folder WHERE account_id = ?", (account,))]
    others = [name for name in names if name != "INBOX"]
    below = f"INBOX{delimiter}"
    return below if delimiter and others and all(name.startswith(below) for name in others) else ""


def forget_unmade(txn: Transaction, folder_id: int) -> None:
    """The folder is not to be made after all: it goes, unless the server has it by now."""
    row = txn.sql.execute("SELECT account_id, uidvalidity FROM folder WHERE id = ?", (folder_id,)).fetchone()
    if row is not None and row[1] == 0:
        remove(txn, row[0], folder_id)


def rename(txn: Transaction, account: int, name: str, new_name: str) -> None:
    """The server renamed a folder, and with it those below it (RFC 9051 6.3.6)."""
    txn.lists.add(account)
    delimiter = delimiter_of(txn.sql, account)
    for id_, old in txn.sql.execute("SELECT id, name FROM folder WHERE account_id = ?", (account,)).fetchall():
        new = renamed(old, name, new_name, delimiter)
        if new != old:
            txn.sql.execute("UPDATE OR IGNORE folder SET name = ? WHERE id = ?", (new, id_))


def renamed(name: str, old: str, new: str, delimiter: str) -> str:
    """What a folder is called after the folder `old` was renamed to `new`."""
    if name == old:
        return new
    return new + name[len(old) :] if delimiter and name.startswith(old + delimiter) else name


def add(txn: Transaction, account: int, folder: KnownFolder, *, id_: int | None = None) -> int:
    """A new folder; nothing of it has been read. `id_` is one that it had before."""
    txn.lists.add(account)
    cursor = txn.sql.execute(
        "INSERT INTO folder (id, account_id, name, delimiter, role, selectable) VALUES (?, ?, ?, ?, ?, ?)",
        (id_, account, folder.name, folder.delimiter, folder.role, folder.selectable),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def remove(txn: Transaction, account: int, folder_id: int) -> None:
    """The folder is gone from the server. Its messages may turn up elsewhere: they are lost, not deleted."""
    txn.lists.add(account)
    txn.sql.execute(
        "UPDATE message SET folder_id = NULL, uid = NULL, lost_since = ?,"
        " view_folder = CASE WHEN view_folder = ?2 THEN NULL ELSE view_folder END WHERE folder_id = ?2",
        (int(time.time()), folder_id),
    )
    txn.sql.execute("UPDATE message SET view_folder = NULL WHERE view_folder = ?", (folder_id,))
    txn.sql.execute("DELETE FROM folder WHERE id = ?", (folder_id,))


def deleted(txn: Transaction, account: int, folder_id: int) -> None:
    """The server deleted the folder for us; its row stays when a later change makes it anew."""
    again = "SELECT 1 FROM journal WHERE kind = 'folder_create' AND target = ? AND state IN ('queued', 'running')"
    if txn.sql.execute(again, (folder_id,)).fetchone() is None:
        remove(txn, account, folder_id)
    else:
        set_progress(txn, folder_id, uidvalidity=0, uidnext=0, highestmodseq=0, synced_min_uid=0, on_server=0)


def set_progress(
    txn: Transaction,
    folder_id: int,
    *,
    uidvalidity: int | None = None,
    uidnext: int | None = None,
    highestmodseq: int | None = None,
    synced_min_uid: int | None = None,
    on_server: int | None = None,
    scanned: int | None = None,
) -> None:
    """Store how far the folder has been read; always in the transaction that stored what was read."""
    given = {
        "uidvalidity": uidvalidity,
        "uidnext": uidnext,
        "highestmodseq": highestmodseq,
        "synced_min_uid": synced_min_uid,
        "on_server": on_server,
        "scanned": scanned,
    }
    values = {column: value for column, value in given.items() if value is not None}
    if values:
        txn.folders.add(folder_id)
        columns = ", ".join(f"{column} = ?" for column in values)
        txn.sql.execute(f"UPDATE folder SET {columns} WHERE id = ?", (*values.values(), folder_id))  # noqa: S608


def _as_they_will_be(sql: sqlite3.Connection, found: list[Folder]) -> list[Folder]:
    """Folders with every unfinished change of them: a new name is shown at once, a deleted one no more."""
    hidden = set[int]()
    steps = sql.execute(
        "SELECT j.kind, a.name, j.target, j.name, j.new_name FROM journal j JOIN account a ON a.id = j.account_id"
        " WHERE j.state IN ('queued', 'running') AND j.kind LIKE 'folder%' ORDER BY j.id"
    ).fetchall()
    made_at = {target: at for at, (kind, _, target, _, _) in enumerate(steps) if kind == "folder_create"}
    for at, (kind, account, target, name, new_name) in enumerate(steps):
        if kind == "folder_delete":
            hidden.add(target)
        elif kind == "folder_create":
            hidden.discard(target)
            found = [_shown_as(folder, name) if folder.id == target else folder for folder in found]
        else:
            there = {folder.id for folder in found if folder.account == account and made_at.get(folder.id, -1) < at}
            found = [_shown_as(f, renamed(f.name, name, new_name, f.delimiter)) if f.id in there else f for f in found]
    return [folder for folder in found if folder.id not in hidden]


def _shown_as(folder: Folder, name: str) -> Folder:
    return folder if folder.name == name else replace(folder, name=name, shown=safe_line(name))


def _folder(row: tuple[int, str, str, str, str, int, int, int, int, int, int, int]) -> Folder:
    id_, account, name, delimiter, role, selectable, total, unread, on_server, version, complete, arrangement = row
    return Folder(
        id=id_,
        account=account,
        name=name,
        shown=safe_line(name),
        delimiter=delimiter,
        role=Role(role),
        selectable=bool(selectable),
        total=total,
        unread=unread,
        on_server=on_server,
        version=version,
        complete=bool(complete),
        arrangement=arrangement,
    )


def _state(row: tuple[int, int, str, str, int, int, int, int, int, int, int]) -> FolderState:
    id_, account, name, role, selectable, *rest = row
    return FolderState(id_, account, name, Role(role), bool(selectable), *rest)
