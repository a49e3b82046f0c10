"""Bringing whole messages to this computer: the one that somebody opened, or the next ones in the background."""

from __future__ import annotations

import contextlib
import shutil
import time

from tui_mail.errors import CommandRefused, ServerError
from tui_mail.mime.headers import parse_headers
from tui_mail.net.imap import UidSet
from tui_mail.sizes import size_label
from tui_mail.store import bodies, messages, places
from tui_mail.store.bodies import PackedBody
from tui_mail.store.database import Database, Transaction
from tui_mail.store.identity import likenesses
from tui_mail.sync import checking, plan
from tui_mail.sync.folder import FolderSync
from tui_mail.text import SafeText

BACKGROUND_LIMIT = 10_000_000
"""Octets above which a message is only fetched when it is opened."""
OPENED_LIMIT = 100_000_000
"""Octets above which a message is not fetched at all."""
SPARE_DISK = 500_000_000
"""Octets of free disk below which nothing is fetched in the background."""

CLOSED_SECONDS = 300.0
"""How long no bodies are fetched from a folder that could not be opened."""
BROKEN_LINES = 3
"""Lines that may break while one message is fetched, before it is only fetched when it is opened."""
CANNOT_BE_HAD = SafeText("The line broke each time this message was fetched. It stays on the server; try again later.")

ANOTHER = SafeText(
    "The server gave another message than the one it lists here, so it was not kept. Its folder is being read again."
)
STORED, TOO_LARGE, REFUSED = 1, 2, 3


def fetch_one(sync: FolderSync, message_id: int) -> SafeText:
    """Fetch and store one body; returns a sentence when it cannot be had, else an empty one."""
    place = places.place_of(sync.db.read(), message_id)
    if place is None:
        return SafeText("The server no longer has this message where it was; its folder is being read again.")
    if is_here(sync, message_id):
        return SafeText("")
    _, folder_id, uid, size = place
    if size > OPENED_LIMIT:
        return too_large(size)
    if sync.open(folder_id) is None:
        return SafeText("The folder changed on the server and is being read again; try once more in a moment.")
    raw = sync.session.body(uid, limit=max(OPENED_LIMIT, size))
    if raw is None:
        return SafeText("The server no longer has this message; its folder is being read again.")
    if not is_its_body(sync, folder_id, message_id, uid, raw):
        return ANOTHER
    bodies.save(sync.db, [bodies.pack(message_id, raw)], urgent=True)
    return SafeText("")


def too_large(size: int) -> SafeText:
    """Why a message is not fetched whole."""
    return SafeText(f"This message has {size_label(size)}, more than tui-mail fetches. It stays on the server.")


def is_its_body(sync: FolderSync, folder_id: int, message_id: int, uid: int, raw: bytes) -> bool:
    """Whether these octets, told under a UID, are the message that is listed there; if in doubt the row is read again.

    A server may guess sizes and tidy headers up, but no message has two Message-IDs.
    """
    if checking.fits(likenesses(sync.db.read(), folder_id, [uid]).get(uid), raw):
        return True
    if not sync.holds(folder_id, [uid]):
        return False
    listed, told = places.message_id_of(sync.db.read(), message_id), parse_headers(raw).message_id
    return not (listed and told and listed != told)


def is_here(sync: FolderSync, message_id: int) -> bool:
    """Whether the octets are here already, whole, because another folder has the same message."""
    for _, alike in bodies.kept_elsewhere(sync.db.read(), [message_id]):
        if bodies.load(sync.db.read_bodies(), alike) is not None:
            bodies.share(sync.db, [(message_id, alike)], urgent=True)
            return bodies.load(sync.db.read_bodies(), message_id) is not None
    return False


class BodyFetch:
    """Bodies in the background, for one account; it remembers over broken lines which messages broke them."""

    def __init__(self) -> None:
        self._broke: dict[int, int] = {}
        """How often the line broke while this message was being fetched."""
        self._closed: dict[int, float] = {}
        """Folders that could not be opened, and until when (monotonic) they are left out."""
        self.left_large = True
        """Since it was last looked at, messages were left because they are large."""

    def fetch_batch(self, sync: FolderSync, keep_bodies: str) -> bool:
        """Fetch the next bodies that the policy wants, newest first; True when there may be more."""
        newer_than = newest_wanted(keep_bodies, time.time())
        if newer_than is None or shutil.disk_usage(sync.db.bodies_path.parent).free < SPARE_DISK:
            return False
        closed = [folder_id for folder_id, until in self._closed.items() if until > time.monotonic()]
        candidates = messages.bodiless(sync.db.read(), sync.account_id, newer_than, 2 * plan.BATCH_MESSAGES, closed)
        alike = bodies.kept_elsewhere(sync.db.read(), [candidate[0] for candidate in candidates])
        if alike and (shared := bodies.share(sync.db, alike)):  # Gmail has a message in several folders
            candidates = [candidate for candidate in candidates if candidate[0] not in shared]
            if not candidates:
                return True
        fine = [candidate for candidate in candidates if candidate[0] not in self._broke]
        chosen, beyond, folder_id = plan.body_batch(fine or candidates[:1], BACKGROUND_LIMIT)
        if beyond:
            self.left_large = True
            marks = [(id_, TOO_LARGE) for id_ in beyond]
            sync.db.run(lambda txn: messages.set_has_body(txn, marks))
        if chosen and self._is_open(sync, folder_id):
            self._fetch(sync, folder_id, chosen)
        return bool(candidates)

    def _is_open(self, sync: FolderSync, folder_id: int) -> bool:
        with contextlib.suppress(CommandRefused):
            if sync.open(folder_id) is not None:
                return True
        self._closed[folder_id] = time.monotonic() + CLOSED_SECONDS
        return False

    def _fetch(self, sync: FolderSync, folder_id: int, chosen: list[tuple[int, int]]) -> None:
        ids = {uid: id_ for id_, uid in chosen}
        packed, doubtful = list[PackedBody](), dict[int, bytes]()
        known = likenesses(sync.db.read(), folder_id, ids)
        refused = False
        try:
            for uid, raw in sync.session.bodies(UidSet.from_uids(ids), limit=2 * BACKGROUND_LIMIT):
                sync.attention.give_way()
                if uid in ids and checking.fits(known.get(uid), raw):
                    packed.append(bodies.pack(ids.pop(uid), raw))
                elif uid in ids:
                    doubtful[uid] = raw
        except CommandRefused:  # one of them cannot be had: each is asked for alone
            refused = True
        except ServerError:
            for id_ in ids.values():
                self._broke[id_] = self._broke.get(id_, 0) + 1
            self._save(sync, packed, [id_ for id_ in ids.values() if self._broke[id_] > BROKEN_LINES])
            raise
        for uid, raw in doubtful.items():
            if is_its_body(sync, folder_id, ids[uid], uid, raw):
                packed.append(bodies.pack(ids.pop(uid), raw))
        if (refused or ids) and len(chosen) > 1:
            for id_ in ids.values():
                self._broke.setdefault(id_, 0)
            self._save(sync, packed, [])
        else:
            self._save(sync, packed, list(ids.values()))

    def _save(self, sync: FolderSync, packed: list[PackedBody], refused: list[int]) -> None:
        if packed:
            bodies.save(sync.db, packed)
        if refused:
            sync.db.run(lambda txn: messages.set_has_body(txn, [(id_, REFUSED) for id_ in refused]))
        for id_ in [*refused, *(body.message_id for body in packed)]:
            self._broke.pop(id_, None)


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
