"""Reading the open folder: rows, flags, whole messages, searches. UIDs only.

What belongs here: what to ask so that the answers are cheap. What must never be here: deciding what to read (that is
sync's), and changing anything on the server (imap).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui_mail.errors import CommandRefused
from tui_mail.net.arguments import sequence_set, string
from tui_mail.net.fetching import HEADER_ITEMS, flag_updates, header_rows, whole_messages
from tui_mail.net.gathering import Vanished, esearch
from tui_mail.net.news import News
from tui_mail.net.offers import is_unknown
from tui_mail.net.replies import FlagUpdate, HeaderRow, numbers_in
from tui_mail.net.sets import LAST_UID, UidSet
from tui_mail.net.wire import Octets, Pieces

MEGABYTE = 1024 * 1024
SEARCH_EXTENSIONS = ("ESEARCH", "IMAP4REV2")
CHANGE_EXTENSIONS = ("CONDSTORE", "QRESYNC")
IDENTITIES = {"X-GM-EXT-1": b" X-GM-MSGID X-GM-THRID X-GM-LABELS", "OBJECTID": b" EMAILID"}
"""What to ask for to learn the server's own name of a message (Gmail's, RFC 8474)."""
EXPECTED = 100_000
"""Messages that may have arrived since a folder was opened, for reckoning what an answer may hold."""

_NUMBERS = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.IGNORECASE)


class Reading(News):
    """A session with an open folder that can be read."""

    has_condstore = False
    """Messages carry a MODSEQ, so that changes can be asked for."""
    has_qresync = False
    """The server confirmed QRESYNC: it tells what vanished."""
    exists = 0
    """How many messages the open folder has, as far as the server said."""
    _modseqs = False

    def headers_by_sequence(self, first: int, last: int) -> Iterator[HeaderRow]:
        """Rows of the messages at these places of the open folder, as they arrive."""
        if not 1 <= first <= last:
            return iter(())
        return self._rows(b"FETCH %d:%d" % (first, last), UidSet(((1, LAST_UID),)), first, last)

    def headers(self, uids: str) -> Iterator[HeaderRow]:
        """Rows of these UIDs (`5:*` allowed), as they arrive. A UID that was not asked for is never yielded."""
        return self._rows(b"UID FETCH %s" % sequence_set(uids), UidSet.parse(uids), 1, LAST_UID)

    def flags(self, uids: str, *, changed_since: int = 0, vanished: bool = False) -> tuple[list[FlagUpdate], UidSet]:
        """Flags of these UIDs, only of those changed since a MODSEQ if given; and what vanished since then.

        Look at `has_qresync` afterwards: where the server turns out not to know of changes, all flags are told.
        """
        wanted, asked = sequence_set(uids), UidSet.parse(uids)

        def ask(items: bytes, *since: bytes) -> tuple[list[FlagUpdate], UidSet]:
            gone = Vanished()
            with self.translated():
                tag = self.begin(b"UID FETCH", wanted, items, *since, budget=self._budget(asked, 1_024))
                found = list(flag_updates(self, tag, asked, gone.take))
                self.status_kept(tag, "tell the flags of messages")
            if gone.broken:
                self.without("QRESYNC")
            return found, gone.uids

        if not self._modseqs:
            return ask(b"(UID FLAGS)")
        if not changed_since:
            return self.else_without(CHANGE_EXTENSIONS, lambda: ask(b"(UID FLAGS MODSEQ)"), lambda: ask(b"(UID FLAGS)"))
        labels = b" X-GM-LABELS" if self.has("X-GM-EXT-1") else b""
        earlier = b" VANISHED" if vanished and self.has_qresync else b""
        return self.else_without(
            CHANGE_EXTENSIONS,
            lambda: ask(b"(UID FLAGS MODSEQ%s)" % labels, b"(CHANGEDSINCE %d%s)" % (changed_since, earlier)),
            lambda: ask(b"(UID FLAGS)"),
        )

    def bodies(self, uids: UidSet, *, limit: int) -> Iterator[tuple[int, bytes]]:
        """UID and octets of whole messages, as they arrive; one longer than `limit` octets is left out."""
        for line in uids.lines():
            command = b"UID FETCH %s (UID BODY.PEEK[])" % str(line).encode()
            budget = (limit + 65_536) * len(line) + 64 * MEGABYTE
            yield from self.streamed(
                "send messages",
                lambda tag, asked=line: whole_messages(self, tag, asked, limit),  # type: ignore[misc]
                command,
                budget=budget,
            )

    def body(self, uid: int, *, limit: int) -> bytes | None:
        """One whole message; None when it is gone, or longer than `limit` octets."""
        return next((octets for _, octets in list(self.bodies(UidSet.from_uids([uid]), limit=limit))), None)

    def all_uids(self) -> UidSet:
        """The UIDs of every message in the open folder."""
        return self._found(b"ALL")

    def find_message_id(self, message_id: str, from_uid: int) -> list[int]:
        """UIDs from `from_uid` on whose Message-ID holds this one, ascending."""
        criteria: list[bytes | Octets] = [b"UID %d:*" % from_uid] if from_uid > 1 else []
        criteria += [b"HEADER MESSAGE-ID", string(message_id.encode("utf-8", "surrogateescape"))]
        return [uid for uid in self._found(*criteria) if uid >= from_uid]

    def uids_found(self, keys: Sequence[bytes | Octets]) -> UidSet:
        """The UIDs of the open folder that a search finds (`searching.criteria`). Raises CommandRefused."""
        return self._found(*keys)

    def note(self, pieces: Pieces) -> None:
        """Keep what came unasked, and the number of messages that it tells."""
        super().note(pieces)
        told = _NUMBERS.match(pieces[0])
        if told is not None:
            self.exists = int(told[1]) if told[2].upper() == b"EXISTS" else max(0, self.exists - 1)

    # --- below --------------------------------------------------------------------------------

    def without(self, *capabilities: str) -> None:
        """Believe no more that the server offers these, until the end of the session."""
        super().without(*capabilities)
        if "QRESYNC" in capabilities:
            self.has_qresync = False
        if "CONDSTORE" in capabilities:
            self.has_condstore = self._modseqs = False

    def _rows(self, command: bytes, asked: UidSet, first: int, last: int) -> Iterator[HeaderRow]:
        """Rows with all that the server offers; what it does not know after all is left away."""
        named = next((name for name in IDENTITIES if self.has(name)), "")
        identity, modseq = IDENTITIES.get(named, b""), b" MODSEQ" if self._modseqs else b""
        tries: list[tuple[bytes, tuple[str, ...]]] = [(modseq + identity, ())]
        if identity:
            tries.append((modseq, (named,)))
        if modseq:
            tries.append((b"", (*CHANGE_EXTENSIONS, *((named,) if named else ()))))
        for number, (extra, lies) in enumerate(tries, 1):
            told = False
            try:
                for row in self.streamed(
                    "list messages",
                    lambda tag: header_rows(self, tag, asked, first, last),
                    command,
                    b"(UID FLAGS INTERNALDATE RFC822.SIZE%s %s)" % (extra, HEADER_ITEMS),
                    budget=self._budget(asked, 16_384),
                ):
                    told = True
                    yield row
            except CommandRefused as refusal:
                if told or number == len(tries) or not is_unknown(refusal):
                    raise
                continue
            if lies:
                self.without(*lies)
            return

    def _budget(self, asked: UidSet, each: int) -> int:
        return 64 * MEGABYTE + each * min(len(asked), self.exists + EXPECTED)

    def _found(self, *criteria: bytes | Octets) -> UidSet:
        found: list[UidSet] = []

        def take(kind: str, _: int, rest: list[bytes]) -> bool:
            if kind == "SEARCH":
                found.append(UidSet.from_uids(uid for uid in numbers_in(rest) if 1 <= uid <= LAST_UID))
            elif kind == "ESEARCH":
                found.append(esearch(rest))
            return kind in ("SEARCH", "ESEARCH")

        def search(how: bytes) -> None:
            self.run("search", how, *criteria, take=take, budget=256 * MEGABYTE, patience=300)

        if self.has("ESEARCH") or self.has("IMAP4REV2"):
            self.else_without(
                SEARCH_EXTENSIONS, lambda: search(b"UID SEARCH RETURN (ALL)"), lambda: search(b"UID SEARCH")
            )
        else:
            search(b"UID SEARCH")
        return UidSet.merged(found)
