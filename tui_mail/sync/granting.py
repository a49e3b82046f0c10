"""Large messages: their text when they are opened, their parts when somebody asks for them, the whole in portions.

What belongs here: what is done for one wish (store/excerpts), a short step at a time, so that every other job of the
account gets its turn in between. What must never be here: when (tasks), protocol (net/portions).

Whatever a server says of the parts of a message is believed only as far as the octets agree; where they do not, the
message is fetched as a whole, as every small one is.
"""

from __future__ import annotations

import shutil
import time

from tui_mail.errors import CommandRefused, UnsafeArgument
from tui_mail.excerpt import PARTIAL_FROM, TEXT, WHOLE
from tui_mail.mime.headers import parse_headers
from tui_mail.store import bodies, excerpts, messages, parts, places
from tui_mail.store.excerpts import Wish
from tui_mail.sync import bodies as fetching
from tui_mail.sync.coming import Coming
from tui_mail.sync.folder import FolderSync
from tui_mail.text import SafeText, safe_line

TRIES = 4
"""Lines that may break one after the other before a single portion of something came."""
SPARE_DISK = 100_000_000
"""Octets of disk that a part which somebody asked for leaves free."""

GONE = SafeText("The server no longer has this message where it was; its folder is being read again.")
CHANGED = SafeText("The folder changed on the server and is being read again; try once more in a moment.")
NO_PART = SafeText("The server does not give this part of the message. Fetch the whole message instead.")
NO_ROOM = SafeText("There is not enough room on this disk for it. Nothing was kept; it is safe on the server.")


class Granting:
    """What is under way for one account; it outlives broken lines, and goes on where they broke."""

    def __init__(self) -> None:
        self._coming: dict[tuple[int, str], Coming] = {}
        self._broke: dict[tuple[int, str], int] = {}
        self._unclear: set[int] = set()
        """Messages whose structure does not tell where their text is: they are fetched whole."""
        self._large = 0
        """The message that is fetched in the background."""

    def grant(self, sync: FolderSync, account: str) -> bool:
        """Do one step for what is wished for; True when something is left to do."""
        wishes = excerpts.wishes(sync.db.read_bodies(), account)
        self._drop_unwished({(wish.message_id, wish.section) for wish in wishes})
        if not wishes:
            return False
        wish = wishes[0]
        problem = self._tried(sync, wish)
        if problem is not None:
            excerpts.settle(sync.db, wish.message_id, wish.section, problem).result()
        return problem is None or len(wishes) > 1

    def fetch_large(self, sync: FolderSync, newer_than: int | None) -> bool:
        """A step for the next message that is to be here whole and was too large to come with others.

        False when there is none.
        """
        if newer_than is None:
            return False
        if not self._large:
            free = shutil.disk_usage(sync.db.bodies_path.parent).free - fetching.SPARE_DISK
            limit = min(fetching.OPENED_LIMIT, free // 3)
            found = messages.large_bodiless(sync.db.read(), sync.account_id, newer_than, limit)
            if found is None:
                return False
            self._large = found
        problem = self._tried(sync, Wish(self._large, WHOLE, "", 0))
        if problem:
            refused = [(self._large, fetching.REFUSED)]
            sync.db.run(lambda txn: messages.set_has_body(txn, refused))
        if problem is not None:
            self._large = 0
        return True

    def stop(self) -> None:
        """Leave nothing unfinished behind."""
        for coming in self._coming.values():
            coming.give_up()
        self._coming.clear()

    def _drop_unwished(self, wished: set[tuple[int, str]]) -> None:
        for key in self._coming.keys() - wished:
            if key[0] != self._large and (key[0], TEXT) not in wished:
                self._coming.pop(key).give_up()

    def _tried(self, sync: FolderSync, wish: Wish) -> SafeText | None:
        """One step: None when there are more to come, empty when it is done, else why it cannot be."""
        key = wish.message_id, wish.section
        self._broke[key] = self._broke.get(key, 0) + 1
        if self._broke[key] > TRIES:
            del self._broke[key]
            self._drop(key)
            return fetching.CANNOT_BE_HAD
        if wish.section == TEXT and self._broke[key] > 1:  # what it asks for may be what breaks the line
            self._unclear.add(wish.message_id)
        try:
            problem = self._step(sync, wish)
        except (CommandRefused, UnsafeArgument) as refusal:
            problem = refusal.shown
        except OSError as error:
            problem = NO_ROOM if error.errno == 28 else safe_line(f"It cannot be written here: {error.strerror}.")
        del self._broke[key]
        if problem:
            self._drop(key)
        return problem

    def _drop(self, key: tuple[int, str]) -> None:
        for one in (key, (key[0], WHOLE) if key[1] == TEXT else key):
            coming = self._coming.pop(one, None)
            if coming is not None:
                coming.give_up()

    def _step(self, sync: FolderSync, wish: Wish) -> SafeText | None:
        place = places.place_of(sync.db.read(), wish.message_id)
        if place is None:
            return GONE
        _, folder_id, uid, size = place
        if wish.section in (TEXT, WHOLE) and fetching.is_here(sync, wish.message_id):
            return SafeText("")
        if sync.open(folder_id) is None:
            return CHANGED
        if wish.section == TEXT and wish.message_id not in self._unclear:
            problem = _excerpt(sync, wish.message_id, folder_id, uid, size)
            if problem is not None:
                return problem
            self._unclear.add(wish.message_id)
        if wish.section in (TEXT, WHOLE):
            if size > fetching.OPENED_LIMIT:
                return fetching.too_large(size)
            return self._whole(sync, wish.message_id, (folder_id, uid), size)
        return self._portion(sync, wish, (folder_id, uid), max(size, wish.octets))

    def _whole(self, sync: FolderSync, message_id: int, place: tuple[int, int], size: int) -> SafeText | None:
        """The message as it is, by way of a file."""
        problem = self._portion(sync, Wish(message_id, WHOLE, "", 0), place, size)
        if problem is None or problem:
            return problem
        path = parts.place(sync.db, message_id, WHOLE)
        raw = path.read_bytes()
        path.unlink()
        if not raw:
            return GONE
        if not fetching.is_its_body(sync, place[0], message_id, place[1], raw):
            return fetching.ANOTHER
        bodies.save(sync.db, [bodies.pack(message_id, raw)], urgent=True)
        parts.forget(sync.db, message_id)
        self._unclear.discard(message_id)
        return SafeText("")

    def _portion(self, sync: FolderSync, wish: Wish, place: tuple[int, int], size: int) -> SafeText | None:
        """The next octets of a part, into its file."""
        from tui_mail.net.portions import portion

        key, path = (wish.message_id, wish.section), parts.place(sync.db, wish.message_id, wish.section)
        coming = self._coming.get(key)
        if coming is None or coming.place != place:
            if path.exists():
                return SafeText("")
            if coming is not None:
                self._coming.pop(key).give_up()
            expected = wish.octets or size
            parts.make_room(sync.db, expected)
            if shutil.disk_usage(path.parent).free < expected + SPARE_DISK:
                return NO_ROOM
            coming = self._coming[key] = Coming(path, place, wish.encoding)
        began = time.monotonic()
        asked = min(coming.count, wish.octets - coming.at + 1) if wish.octets > coming.at else coming.count
        octets = portion(sync.session, place[1], wish.section, coming.at, asked)
        if octets is None:
            return GONE if wish.section == WHOLE else NO_PART
        coming.take(octets, time.monotonic() - began)
        if octets and (len(octets) == asked or coming.at < wish.octets):
            return None if coming.at <= 2 * size + fetching.BACKGROUND_LIMIT else _wrong_size(coming.at, size)
        if coming.at < wish.octets:
            return _wrong_size(coming.at, wish.octets)
        coming.finish()
        del self._coming[key]
        return SafeText("")


def _excerpt(sync: FolderSync, message_id: int, folder_id: int, uid: int, size: int) -> SafeText | None:
    """The text of a message; None when it cannot be had without the rest, else what went wrong, or nothing."""
    from tui_mail.mime.excerpts import compose, wanted
    from tui_mail.net.portions import beginnings, structure

    if size < PARTIAL_FROM:
        return None
    try:
        told = structure(sync.session, uid)
        if told is None:
            return None
        root, header = told
        excerpt = compose(root, header, beginnings(sync.session, uid, wanted(root)), size)
    except CommandRefused:
        return None
    listed, named = places.message_id_of(sync.db.read(), message_id), parse_headers(header).message_id
    if listed and named and listed != named:
        sync.holds(folder_id, [uid])
        return fetching.ANOTHER
    if excerpt is None:
        return None
    excerpts.save(sync.db, message_id, excerpt)
    return SafeText("")


def _wrong_size(came: int, told: int) -> SafeText:
    return safe_line(
        f"The server lists this with {told:,} octets and gave {came:,}. Nothing was kept; fetch the whole message."
    )
