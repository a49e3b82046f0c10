"""Which folders a person chose: from config.toml into the store, where the engine obeys it.

What belongs here: saying no to what cannot be, before it is written, and telling the store. What must never be here:
config.toml itself (config), what a folder is for by itself (store/purposes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_mail.config.rules import suggestion
from tui_mail.errors import UsageError
from tui_mail.model import Account, Role
from tui_mail.store import folders, purposes
from tui_mail.store.database import Database, Transaction
from tui_mail.store.labels import are_labels
from tui_mail.text import SafeText, safe_line

TABLE = "folders."
"""Begins the keys of these settings."""


def keep_up(db: Database, accounts: Sequence[Account]) -> None:
    """Have the store follow what config.toml says, if it does not; returns at once, and later writes find it done."""
    other = [account for account in accounts if dict(account.folders) != purposes.chosen_for(db.read(), account.name)]

    def job(txn: Transaction) -> None:
        for account in other:
            purposes.choose(txn, account.name, dict(account.folders))

    if other:
        db.write(job, urgent=True)


def refuse_wrong_folders(db: Database, account: Account, changes: Mapping[str, object]) -> None:
    """Raise UsageError when a folder cannot be for what these changes say, as far as the store knows the folders."""
    chosen = dict(account.folders)
    for key, value in changes.items():
        if key.startswith(TABLE):
            role = Role(key.removeprefix(TABLE))
            chosen.pop(role, None)
            if value:
                chosen[role] = str(value)
    known = purposes.of_account(db.read(), folders.known_account(db.read(), account.name))
    labels = are_labels(db.read(), folders.known_account(db.read(), account.name))
    wanted = purposes.Purposes(known.told, chosen, known.delimiter, labels)
    if len(wanted.told) < 2:
        return
    for key in changes:
        role = Role(key.removeprefix(TABLE)) if key.startswith(TABLE) else Role.NONE
        problem = wanted.problem(role, chosen[role]) if role in chosen else ""
        if problem:
            hint = suggestion(chosen[role], [name for name in wanted.told if name != chosen[role]])
            end = hint or "."
            raise UsageError(f'{key} cannot be "{chosen[role]}": {problem}{end} Nothing was changed.')


def lacking(db: Database, accounts: Sequence[Account]) -> list[SafeText]:
    """A sentence for each folder that was chosen and cannot be had."""
    found = list[str]()
    for account in accounts:
        chosen = purposes.chosen_for(db.read(), account.name)
        id_ = folders.known_account(db.read(), account.name) if chosen else 0
        if id_ and len(purposes.of_account(db.read(), id_).told) > 1:
            found += [purposes.lacking(db.read(), id_, role) for role in chosen]
    return [safe_line(sentence) for sentence in found if sentence]
