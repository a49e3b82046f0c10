"""What is done with mail that has just come, before anybody sees it: the rules of config.toml.

What belongs here: having rules run once over it. What must never be here: what they do (store.ruling), servers: what
rules do is in the journal like what a person does.
"""

from __future__ import annotations

import logging
import time

from tui_mail.errors import ConfigError
from tui_mail.model import Account
from tui_mail.store import folders, ruling
from tui_mail.store.database import Database, Transaction

log = logging.getLogger(__name__)


def obey(db: Database, account: Account) -> int:
    """Run the rules of an account over what came since they ran last; how many actions that made. Raises StoreError.

    Only the engine's thread of this account does it. Nothing is written while there are no rules.
    """
    id_ = folders.known_account(db.read(), account.name)
    if not account.rules:
        if id_ and ruling.has_marks(db.read(), id_):
            db.run(lambda txn: ruling.forget(txn, id_))
        return 0
    came = ruling.arrivals(db.read(), id_) if id_ else None
    if came is None or not came.marks:
        return 0
    plans = ruling.plans(db.read(), account.rules, came.ids, time.time())

    def job(txn: Transaction) -> int:
        done = ruling.carry_out(txn, plans, asked=False)
        ruling.note(txn, came.marks)
        return sum(one.batch is not None for one in done)

    try:
        return db.run(job)
    except ConfigError as error:  # a folder that a person chose is not there: said elsewhere, and looked for again
        log.warning("rules of %s: %s", account.name, error.sentence)
        return 0
