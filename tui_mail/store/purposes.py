"""Which folder is for what: as the server tells it, unless config.toml says otherwise.

What belongs here: the note in `meta` of what was chosen and told, and giving each folder its role by it.
What must never be here: config.toml, and what a server's marks and names mean (sync/plan).

A folder that was chosen and cannot be had is no reason to take another one: its role has no folder then, and whoever
wants to put mail there is told so.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Mapping
from dataclasses import field

from tui_mail.model import Role
from tui_mail.records import frozen
from tui_mail.store.database import Transaction
from tui_mail.store.files import meta
from tui_mail.store.labels import are_labels

CHOOSABLE = (Role.DRAFTS, Role.SENT, Role.ARCHIVE, Role.JUNK, Role.TRASH)
"""Roles that a person may give to a folder."""

_SAFE = {
    Role.DRAFTS: "The draft is on this computer only",
    Role.SENT: "The copy of what was sent waits on this computer",
}


@frozen
class Purposes:
    """What is known of an account's folders."""

    told: Mapping[str, Role]
    """Every folder that can hold mail, and its role by itself."""
    chosen: Mapping[Role, str] = field(default_factory=dict)
    """What a person says instead."""
    delimiter: str = ""
    labels: bool = False
    """Folders are labels (Gmail): only the server's own trash and junk folders delete."""

    def found(self, name: str) -> str:
        """The folder that is meant by a name; levels may be parted by a slash whatever the server uses."""
        other = name.replace("/", self.delimiter) if self.delimiter else name
        return next((one for one in (name, other) if one in self.told), "")

    def problem(self, role: Role, name: str) -> str:
        """Why a folder cannot have a role, as the second half of a sentence; empty when it can."""
        folder = self.found(name)
        if not folder:
            return "there is no such folder" if len(self.told) > 1 else "the folders are not known yet"
        its = self.told[folder]
        if its not in (Role.NONE, *CHOOSABLE):
            return "that is the inbox" if its is Role.INBOX else f"that is a view of other folders ({its})"
        if its not in (Role.NONE, role) and its not in self.chosen:
            return f"that is the folder for {its}"
        if its is not role and self.labels and role in (Role.TRASH, Role.JUNK):
            return f"this server takes mail away only by its own {role} folder"
        return ""

    def roles(self) -> dict[str, Role]:
        """The role of every folder."""
        given = {self.found(name): role for role, name in self.chosen.items() if not self.problem(role, name)}
        return {name: given.get(name, Role.NONE if role in self.chosen else role) for name, role in self.told.items()}


def of_account(sql: sqlite3.Connection, account: int) -> Purposes:
    """What is known of an account's folders now."""
    row = sql.execute("SELECT name FROM account WHERE id = ?", (account,)).fetchone()
    chosen, told = _noted(sql, str(row[0])) if row is not None else ({}, {})
    held, delimiter = dict[str, Role](), ""
    query = "SELECT name, delimiter, role, selectable FROM folder WHERE account_id = ?"
    for name, parted, role, selectable in sql.execute(query, (account,)):
        delimiter = delimiter or parted
        if selectable:
            held[name] = told.get(name, Role.NONE if role in chosen else Role(role))
    return Purposes(held, chosen, delimiter, bool(chosen) and are_labels(sql, account))


def chosen_for(sql: sqlite3.Connection, name: str) -> dict[Role, str]:
    """What was chosen for the account of that name."""
    return _noted(sql, name)[0]


def choose(txn: Transaction, name: str, chosen: Mapping[Role, str]) -> None:
    """From now on the folders of an account are for what `chosen` says, the others for what they are by themselves."""
    row = txn.sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    now = of_account(txn.sql, row[0]) if row is not None else Purposes({})
    _note(txn, name, chosen, now.told)
    if row is None:
        return
    wanted = Purposes(now.told, chosen, now.delimiter, are_labels(txn.sql, row[0]))
    for folder, role in wanted.roles().items():
        txn.sql.execute("UPDATE folder SET role = ? WHERE account_id = ? AND name = ?", (role, row[0], folder))
    txn.lists.add(row[0])


def as_listed(txn: Transaction, account: int, told: Mapping[str, Role], delimiter: str) -> dict[str, Role]:
    """The roles of folders (those that can hold mail) that a server has just told of."""
    row = txn.sql.execute("SELECT name FROM account WHERE id = ?", (account,)).fetchone()
    chosen = chosen_for(txn.sql, str(row[0])) if row is not None else {}
    if not chosen:
        return dict(told)
    _note(txn, str(row[0]), chosen, told)
    return Purposes(told, chosen, delimiter, are_labels(txn.sql, account)).roles()


def lacking(sql: sqlite3.Connection, account: int, role: Role) -> str:
    """The sentence for a role whose chosen folder cannot be had; empty when there is nothing to say."""
    row = sql.execute("SELECT name FROM account WHERE id = ?", (account,)).fetchone()
    if row is None or role not in chosen_for(sql, str(row[0])):
        return ""
    known = of_account(sql, account)
    name, why = known.chosen[role], known.problem(role, known.chosen[role])
    if not why:
        return ""
    begin = _SAFE.get(role, "Nothing was moved")
    return (
        f'{begin}: the {role} folder of {row[0]} is to be "{name}", and {why}. Choose another one in the settings, or '
        f"with `tui-mail account set {shlex.quote(str(row[0]))} folders.{role}=…`."
    )


def _noted(sql: sqlite3.Connection, name: str) -> tuple[dict[Role, str], dict[str, Role]]:
    found = meta(sql, f"folders:{name}")
    if found is None:
        return {}, {}
    note = json.loads(found)
    return (
        {Role(role): folder for role, folder in note["chosen"].items()},
        {folder: Role(role) for folder, role in note["told"].items()},
    )


def _note(txn: Transaction, name: str, chosen: Mapping[Role, str], told: Mapping[str, Role]) -> None:
    """Nothing is noted while nothing is chosen: a folder's role is what it was told to be then."""
    if not chosen:
        txn.sql.execute("DELETE FROM meta WHERE key = ?", (f"folders:{name}",))
        return
    note = {"chosen": {role.value: folder for role, folder in chosen.items()}, "told": dict(told)}
    txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"folders:{name}", json.dumps(note)))
