"""Before an account is worked on: is its mail laid out for the protocol that config.toml names?

What belongs here: ending a change of protocol that was begun (and perhaps killed), and refusing to touch mail that is
laid out for another protocol. What must never be here: how rows are changed (store/conversion), beginning a change.
"""

from __future__ import annotations

import shlex

from tui_mail.errors import ConfigError
from tui_mail.model import Account, Protocol
from tui_mail.store import conversion, layout, messages, mirror
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import account_id
from tui_mail.store.layout import Intent


def settle(db: Database, account: Account) -> None:
    """See that the store is as config.toml has it. Raises ConfigError when they differ and nobody wanted that.

    A change that was begun and did not get into config.toml is off; one that did is ended. Repeating changes nothing.
    """
    sql, name = db.read(), account.name
    intent, now = layout.intent_of(sql, name), layout.laid_out_for(sql, name)
    if intent is not None and intent.protocol is account.protocol:
        finish(db, name, intent)
    elif now not in (None, account.protocol):
        raise ConfigError(
            f'"{name}" is read as {account.protocol}, but its mail here is kept for {now}, so nothing was touched.'
            f" Was it changed while this ran, start again; else `tui-mail account convert {shlex.quote(name)}"
            f" --protocol {account.protocol}` changes it with its mail."
        )
    elif intent is not None or layout.noted(sql, name) is None:
        db.run(lambda txn: _as_it_is(txn, account))


def _as_it_is(txn: Transaction, account: Account) -> None:
    layout.intend(txn, account.name, None)
    layout.lay_out(txn, account.name, account.protocol)


def finish(db: Database, name: str, intent: Intent) -> None:
    """Make the rows follow config.toml: one transaction, then the copy of them beside the octets."""
    db.run(lambda txn: conversion.carry_out(txn, name, intent))
    if intent.protocol is Protocol.IMAP:
        mirror.rename(db, name, intent.beside)
    else:
        db.run(lambda txn: _noted(db, txn, account_id(txn, name)))
    db.run(lambda txn: layout.intend(txn, name, None))


def _noted(db: Database, txn: Transaction, account: int) -> None:
    """All that must be known of an account that is on this computer only."""
    mirror.note(db, txn, messages.of_account(txn.sql, account))
    mirror.catch_up(db, txn, account)
