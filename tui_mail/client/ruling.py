"""Rules, run over what is there because a person asks for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tui_mail.arriving import Rule, Ruled
from tui_mail.store import folders, messages, ruling
from tui_mail.store.database import Database


def run(db: Database, rules: Sequence[Rule], accounts: Sequence[str], *, dry_run: bool) -> list[Ruled]:
    """What rules do to all mail in the folders that they look at, or would do. Takes seconds for a large mailbox.

    Raises ConfigError when a folder that a rule needs cannot be had; nothing was done then.
    """
    sql, ids = db.read(), list[int]()
    for name in accounts:
        for state in folders.states(sql, folders.known_account(sql, name)):
            if ruling.is_looked_at(sql, state):
                ids += messages.displayed_in(sql, state.id)
    plans = ruling.plans(sql, rules, ids, time.time())
    if dry_run:
        return [Ruled(plan.rule, tuple(letter.id for letter in plan.found)) for plan in plans]
    return db.run(lambda txn: ruling.carry_out(txn, plans, asked=True), urgent=True)
