"""A dry run of a visit to a POP3 maildrop: its decisions, and none of its acts.

What belongs here: a session of its own that ends without QUIT, so that no server can take it for a wish to delete. What
must never be here: deciding (plan_drop), or anything that writes.
"""

from __future__ import annotations

from tui_mail.model import Account
from tui_mail.net.pop3 import Pop3Session
from tui_mail.store import folders
from tui_mail.store.database import Database
from tui_mail.sync.drop import Drop
from tui_mail.sync.plan_drop import Foretold


def foretell(db: Database, account: Account, policy: str, secret: str) -> Foretold:
    """What the next visit would do under `policy`. Blocks. Raises ServerError and StoreError."""
    session = Pop3Session.open(account.incoming, secret)
    try:
        return Drop(db, account.name, folders.known_account(db.read(), account.name), policy).foretell(session)
    finally:
        session.close()
