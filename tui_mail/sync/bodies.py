"""Bringing whole messages to this computer: the one that somebody opened, or the next ones in the background."""

from __future__ import annotations

import shutil
import time

from tui_mail.net.imap import UidSet
from tui_mail.store import bodies, messages
from tui_mail.store.database import Database, Transaction
from tui_mail.sync import plan
from tui_mail.sync.folder import FolderSync
from tui_mail.text import SafeText

BACKGROUND_LIMIT = 10_000_000
"""Octets above which a message is only fetched when it is opened."""
OPENED_LIMIT = 100_000_000
"""Octets above which a message is not fetched at all."""
SPARE_DISK = 500_000_000
"""Octets of free disk below which nothing is fetched in the background."""

STORED, TOO_LARGE, REFUSED = 1, 2, 3


def fetch_one(sync: FolderSync, message_id: int) -> SafeText:
    """Fetch and store one body; returns a sentence when it cannot be had, else an empty one."""
    place = messages.place_of(sync.db.read(), message_id)
    if place is None:
        return SafeText("The server no longer has this message where it was; its folder is being read again.")
    _, folder_id, uid, size = place
    if size > OPENED_LIMIT:
        return SafeText(f"This message has {size // 1_000_000} MB, more than tui-mail opens. It stays on the server.")
    if sync.open(folder_id) is None:
        return SafeText("The folder changed on the server and is being read again; try once more in a moment.")
    raw = sync.session.body(uid, limit=max(OPENED_LIMIT, size))
    if raw is None:
        return SafeText("The server no longer has this message; its folder is being read again.")
    bodies.save(sync.db, [bodies.pack(message_id, raw)], urgent=True)
    return SafeText("")


def fetch_batch(sync: FolderSync, keep_bodies: str) -> bool:
    """Fetch the next bodies that the policy wants, newest first; True when there may be more."""
    newer_than = newest_wanted(keep_bodies, time.time())
    if newer_than is None or shutil.disk_usage(sync.db.bodies_path.parent).free < SPARE_DISK:
        return False
    candidates = messages.bodiless(sync.db.read(), sync.account_id, newer_than, 2 * plan.BATCH_MESSAGES)
    chosen, beyond, folder_id = plan.body_batch(candidates, BACKGROUND_LIMIT)
    marks = [(id_, TOO_LARGE) for id_ in beyond]
    if chosen and sync.open(folder_id) is not None:
        ids = {uid: id_ for id_, uid in chosen}
        packed = [
            bodies.pack(ids.pop(uid), raw)
            for uid, raw in sync.session.bodies(UidSet.from_uids(ids), limit=2 * BACKGROUND_LIMIT)
            if uid in ids
        ]
        bodies.save(sync.db, packed)
        marks += [(id_, REFUSED) for id_ in ids.values()]
    elif chosen:
        return False
    if marks:
        sync.db.run(lambda txn: messages.set_has_body(txn, marks))
    return bool(candidates)


def newest_wanted(keep_bodies: str, now: float) -> int | None:
    """The oldest date whose bodies are kept whole, from `all`, `opened` or `N days`; None for none at all."""
    if keep_bodies == "opened":
        return None
    number, _, unit = keep_bodies.partition(" ")
    if unit.startswith("day") and number.isdigit():
        return int(now) - int(number) * 86_400
    return 0


def forget_lost(db: Database, account_id: int, before: int) -> None:
    """Delete messages that vanished from the server before `before` and turned up nowhere, with their bodies."""

    def job(txn: Transaction) -> None:
        bodies.delete(db, messages.forget_lost(txn, account_id, before))

    db.run(job)
