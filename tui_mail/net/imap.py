"""ImapSession: what the rest of the program can ask an IMAP server to do. UIDs only; our own exceptions only.

What belongs here: one method per wish, its commands, and the extensions that make it cheap. What must never be
here: deciding what to fetch or delete (that is sync's), plain EXPUNGE or CLOSE (they destroy what others marked).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from tui_mail.errors import CommandRefused
from tui_mail.model import Flag, Server
from tui_mail.net.arguments import append_date, flag_words, sequence_set, string
from tui_mail.net.connection import Wake
from tui_mail.net.fetching import HEADER_ITEMS, flag_updates, header_rows, whole_messages
from tui_mail.net.gathering import CopiedUids, FolderList, SelectFacts, Vanished, esearch
from tui_mail.net.login import compress, log_in
from tui_mail.net.names import encode_name, quoted
from tui_mail.net.replies import (
    EventKind,
    FlagUpdate,
    FolderStatus,
    HeaderRow,
    IdleEvent,
    ListedFolder,
    Malformed,
    Selected,
    number_of,
    numbers_in,
    status_of,
)
from tui_mail.net.sets import LAST_UID, NO_UIDS, UidSet
from tui_mail.net.talk import Conversation
from tui_mail.net.wire import Octets

__all__ = [
    "EventKind",
    "FlagUpdate",
    "FolderStatus",
    "HeaderRow",
    "IdleEvent",
    "ImapSession",
    "ListedFolder",
    "Selected",
    "UidSet",
]

MEGABYTE = 1024 * 1024
DONE_PATIENCE = 15.0
"""Seconds that a server may take to end IDLE; beyond, the line is dead."""
SETTLE = 0.02
"""Seconds to wait for more news after the first."""
EXPECTED = 100_000
"""Messages that may have arrived since a folder was opened, for reckoning what an answer may hold."""


class ImapSession(Conversation):
    """A logged-in connection to an IMAP server. One thread at a time; `shut` may come from any."""

    has_condstore = False
    """Messages carry a MODSEQ, so that changes can be asked for."""
    has_qresync = False
    """The server confirmed QRESYNC: it tells what vanished."""
    selected = ""
    """Name of the open folder."""
    _exists = 0
    _modseqs = False

    @classmethod
    def open(cls, server: Server, secret: str, *, wake: Wake | None = None, timeout: float = 20.0) -> ImapSession:
        """Connect, encrypt, log in. `secret` is the password, or the access token when auth is oauth2.

        Raises Unreachable, CertificateRefused, AuthenticationRefused, ConnectionLost, ProtocolViolation,
        UnsafeArgument; the connection is closed then.
        """
        session = cls(server, wake=wake, timeout=timeout)
        try:
            enabled = log_in(session, secret)
        except BaseException:
            session.wire.shutdown()
            raise
        session.has_qresync = "QRESYNC" in enabled
        session.has_condstore = bool(enabled & {"QRESYNC", "CONDSTORE"})
        return session

    # --- folders ------------------------------------------------------------------------------

    def list_all(self) -> list[ListedFolder]:
        """Every folder, with its status where the server offers that in one go (RFC 5819)."""
        found = FolderList()
        extras = [b"SPECIAL-USE"] if self.has("SPECIAL-USE") else []
        if self.has("LIST-STATUS"):
            extras.append(b"STATUS (%s)" % self._status_items())
        wanted = [b"RETURN (%s)" % b" ".join(extras)] if extras and self.has("LIST-EXTENDED") else []
        try:
            self.run("list the folders", b'LIST "" "*"', *wanted, take=found.take, budget=64 * MEGABYTE)
        except CommandRefused:
            if not wanted:
                raise
            self.run("list the folders", b'LIST "" "*"', take=found.take, budget=64 * MEGABYTE)
        return found.folders()

    def status(self, name: str) -> FolderStatus:
        """Counters of one folder."""
        found: list[FolderStatus] = []

        def take(kind: str, _: int, rest: list[bytes]) -> bool:
            if kind != "STATUS":
                return False
            try:
                told, status = status_of(rest)
            except Malformed:
                return True
            if told == name:
                found.append(status)
            return told == name

        self.run(f"look at the folder {name}", b"STATUS", self._name(name), b"(%s)" % self._status_items(), take=take)
        return found[-1] if found else FolderStatus()

    def open_folder(self, name: str, *, known: tuple[int, int, int] | None = None, read_only: bool = False) -> Selected:
        """Open a folder; with `known` = (uidvalidity, modseq, uidnext) also what changed since (RFC 7162).

        The events of the folder that was open before are dropped. `uidvalidity` 0: nothing of it may be kept.
        """
        asked = NO_UIDS
        parts: list[bytes | Octets] = [b"EXAMINE" if read_only else b"SELECT", self._name(name)]
        if known and self.has_qresync and known[0] and known[1] and known[2] > 1:
            asked = UidSet(((1, known[2] - 1),))
            parts.append(b"(QRESYNC (%d %d %s))" % (known[0], known[1], str(asked).encode()))
        elif self.has("CONDSTORE"):
            parts.append(b"(CONDSTORE)")
        self._events = [event for event in self._events if event.mailbox]
        self.selected, self.wire.state = "", "AUTH"
        facts = SelectFacts()
        doing = f"open the folder {name}"
        with self.translated():
            tag = self.begin(*parts, budget=256 * MEGABYTE, patience=180)
            flags = list(flag_updates(self, tag, asked, facts.take))
            reply = self.status_kept(tag, doing)
        self.selected, self.wire.state = name, "SELECTED"
        if not facts.uidnext:
            facts.uidnext = self.status(name).uidnext
        self._exists, self._modseqs = facts.exists, facts.highestmodseq > 0
        self.has_condstore = self.has_condstore or self._modseqs
        same = known is not None and facts.uidvalidity == known[0]
        return Selected(
            name=name,
            uidvalidity=facts.uidvalidity,
            uidnext=facts.uidnext,
            exists=facts.exists,
            highestmodseq=facts.highestmodseq,
            read_only=read_only or reply.code == "READ-ONLY",
            keywords_allowed=facts.keywords_allowed,
            flags=flags if same else [],
            vanished=facts.uids if same else NO_UIDS,
        )

    def make_folder(self, name: str) -> None:
        """Create and subscribe a folder; one that exists already is fine."""
        try:
            self.run(f"make the folder {name}", b"CREATE", self._name(name))
        except CommandRefused as error:
            if error.code != "ALREADYEXISTS" and "exists" not in error.detail.lower():
                raise
        try:
            self.run(f"subscribe to the folder {name}", b"SUBSCRIBE", self._name(name))
        except CommandRefused:
            return

    def rename_folder(self, name: str, new_name: str) -> None:
        """Rename a folder and those below it (RFC 9051 6.3.6); subscriptions follow as far as the server lets them."""
        self.run(f"rename the folder {name}", b"RENAME", self._name(name), self._name(new_name))
        for command, about in ((b"UNSUBSCRIBE", name), (b"SUBSCRIBE", new_name)):
            with contextlib.suppress(CommandRefused):
                self.run(f"subscribe to the folder {about}", command, self._name(about))

    def delete_folder(self, name: str) -> None:
        """Delete a folder with all that is in it (RFC 9051 6.3.5): the caller sees to it that nothing is."""
        self.run(f"delete the folder {name}", b"DELETE", self._name(name))
        with contextlib.suppress(CommandRefused):
            self.run(f"unsubscribe from the folder {name}", b"UNSUBSCRIBE", self._name(name))

    # --- reading ------------------------------------------------------------------------------

    def headers_by_sequence(self, first: int, last: int) -> Iterator[HeaderRow]:
        """Rows of the messages at these places of the open folder, as they arrive."""
        if not 1 <= first <= last:
            return iter(())
        return self._rows(b"FETCH %d:%d" % (first, last), UidSet(((1, LAST_UID),)), first, last)

    def headers(self, uids: str) -> Iterator[HeaderRow]:
        """Rows of these UIDs (`5:*` allowed), as they arrive. A UID that was not asked for is never yielded."""
        return self._rows(b"UID FETCH %s" % sequence_set(uids), UidSet.parse(uids), 1, LAST_UID)

    def flags(self, uids: str, *, changed_since: int = 0, vanished: bool = False) -> tuple[list[FlagUpdate], UidSet]:
        """Flags of these UIDs, only of those changed since a MODSEQ if given; and what vanished since then."""
        gone = Vanished()
        parts = [b"UID FETCH", sequence_set(uids), b"(UID FLAGS MODSEQ)" if self._modseqs else b"(UID FLAGS)"]
        if changed_since:
            earlier = b" VANISHED" if vanished and self.has_qresync else b""
            parts.append(b"(CHANGEDSINCE %d%s)" % (changed_since, earlier))
        with self.translated():
            tag = self.begin(*parts, budget=self._budget(UidSet.parse(uids), 1_024))
            found = list(flag_updates(self, tag, UidSet.parse(uids), gone.take))
            self.status_kept(tag, "tell the flags of messages")
        return found, gone.uids

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

    # --- changing -----------------------------------------------------------------------------

    def add_flags(self, uids: UidSet, flags: Flag, keywords: tuple[str, ...] = ()) -> None:
        """Set these flags, leaving the others. UIDs that are gone do not matter."""
        self._change_flags(b"+FLAGS.SILENT", uids, flags, keywords)

    def remove_flags(self, uids: UidSet, flags: Flag, keywords: tuple[str, ...] = ()) -> None:
        """Take these flags away, leaving the others. UIDs that are gone do not matter."""
        self._change_flags(b"-FLAGS.SILENT", uids, flags, keywords)

    def move_messages(self, uids: UidSet, target: str) -> dict[int, int] | None:
        """Move (RFC 6851); old → new UIDs where the server tells them, None where it does not.

        Raises CommandRefused, also when the server cannot move: then copy, and mark the originals.
        """
        if not self.has("MOVE"):
            raise CommandRefused(
                f"{self.host} cannot move messages in one step. Nothing was changed.",
                "no MOVE",
                code="CANNOT",
                bad=True,
            )
        return self._transfer("move messages", b"UID MOVE", uids, target)

    def copy_messages(self, uids: UidSet, target: str) -> dict[int, int] | None:
        """Copy; old → new UIDs where the server tells them, None where it does not."""
        return self._transfer("copy messages", b"UID COPY", uids, target)

    def expunge_uids(self, uids: UidSet) -> None:
        r"""Remove for ever those of `uids` that are marked \Deleted (UID EXPUNGE, RFC 4315), and no others."""
        if not self.has("UIDPLUS"):
            raise CommandRefused(
                f"{self.host} cannot remove single messages for ever. They stay marked as deleted there.",
                "no UIDPLUS",
                code="CANNOT",
                bad=True,
            )
        for line in uids.lines():
            self.run("remove messages for ever", b"UID EXPUNGE", str(line).encode())

    def append_message(self, folder: str, raw: bytes, flags: Flag, when: int) -> tuple[int, int] | None:
        """Store a message in a folder, octet for octet; (UIDVALIDITY, UID) where the server tells them.

        `when` is its INTERNALDATE, seconds since the epoch. Raises CommandRefused (code TRYCREATE, OVERQUOTA, …).
        """
        words = b"(%s)" % b" ".join(flag_words(flags, ()))
        reply = self.run(
            f"store a message in {folder}",
            b"APPEND",
            self._name(folder),
            words,
            quoted(append_date(when)),
            Octets(raw),
            patience=120,
        )
        told = reply.data.split()
        if reply.code != "APPENDUID" or len(told) != 2:
            return None
        return (number_of(told[0], LAST_UID), number_of(told[1], LAST_UID)) if number_of(told[1], LAST_UID) else None

    # --- watching -----------------------------------------------------------------------------

    def idle(self, timeout: float) -> list[IdleEvent]:
        """Wait for news (RFC 2177): returns with events, when `wake` is set, or after `timeout` seconds.

        The wake is not cleared. Raises ConnectionLost when the server ends the connection or is silent at DONE.
        """
        with self.translated():
            if self._events:
                return self.drain_events()
            wire, until = self.wire, time.monotonic() + timeout
            tag = self.begin(b"IDLE", patience=DONE_PATIENCE)
            ended = self._await_news(tag, until)
            wire.begin(patience=DONE_PATIENCE)
            if not ended:
                wire.send(b"DONE\r\n")
            self.finish(tag, "tell news")
        return self.drain_events()

    def noop(self) -> list[IdleEvent]:
        """Ask for news, and keep the connection alive."""
        self.run("answer", b"NOOP", patience=30)
        return self.drain_events()

    def watch_all(self) -> bool:
        """Ask to be told of every folder (NOTIFY, RFC 5465); False when the server cannot."""
        if not self.has("NOTIFY"):
            return False
        try:
            self.run(
                "tell news of all folders",
                b"NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))"
                b" (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))",
            )
        except CommandRefused:
            return False
        return True

    def has(self, capability: str) -> bool:
        """True when the server offers this extension."""
        return capability in self.capabilities_now

    def compress(self) -> bool:
        """Compress from now on (RFC 4978); False when the server cannot."""
        return self.has("COMPRESS=DEFLATE") and compress(self)

    # --- below --------------------------------------------------------------------------------

    def _await_news(self, tag: bytes, until: float) -> bool:
        """Read until there are events, the wake is set, or it is `until`; True when the server ended IDLE itself."""
        wire = self.wire
        while True:
            while wire.has_line() or wire.waiting:
                if self.completes(wire.receive(), tag):
                    return True
            left = until - time.monotonic()
            if self._events:
                until = min(until, time.monotonic() + SETTLE) if left > SETTLE else until
                left = until - time.monotonic()
            if left <= 0 or wire.wait(left, self.wake) != "ready":
                return False
            wire.begin(patience=DONE_PATIENCE)
            wire.fill_ready()

    def _rows(self, command: bytes, asked: UidSet, first: int, last: int) -> Iterator[HeaderRow]:
        modseq = b" MODSEQ" if self._modseqs else b""
        return self.streamed(
            "list messages",
            lambda tag: header_rows(self, tag, asked, first, last),
            command,
            b"(UID FLAGS INTERNALDATE RFC822.SIZE%s %s)" % (modseq, HEADER_ITEMS),
            budget=self._budget(asked, 16_384),
        )

    def _budget(self, asked: UidSet, each: int) -> int:
        return 64 * MEGABYTE + each * min(len(asked), self._exists + EXPECTED)

    def _found(self, *criteria: bytes | Octets) -> UidSet:
        found: list[UidSet] = []

        def take(kind: str, _: int, rest: list[bytes]) -> bool:
            if kind == "SEARCH":
                found.append(UidSet.from_uids(uid for uid in numbers_in(rest) if 1 <= uid <= LAST_UID))
            elif kind == "ESEARCH":
                found.append(esearch(rest))
            return kind in ("SEARCH", "ESEARCH")

        how = b"UID SEARCH RETURN (ALL)" if self.has("ESEARCH") or self.has("IMAP4REV2") else b"UID SEARCH"
        self.run("search", how, *criteria, take=take, budget=256 * MEGABYTE, patience=300)
        return UidSet.merged(found)

    def _change_flags(self, how: bytes, uids: UidSet, flags: Flag, keywords: tuple[str, ...]) -> None:
        words = flag_words(flags, keywords)
        if not words:
            return
        for line in uids.lines():
            self.run("change flags", b"UID STORE", str(line).encode(), how, b"(%s)" % b" ".join(words))

    def _transfer(self, doing: str, how: bytes, uids: UidSet, target: str) -> dict[int, int] | None:
        copied = CopiedUids(uids)
        for line in uids.lines():
            arguments = (str(line).encode(), self._name(target))
            copied.learn(self.run(f"{doing} to {target}", how, *arguments, take=copied.take, patience=300))
        return copied.told

    def _name(self, name: str) -> bytes | Octets:
        return string(encode_name(name))

    def _status_items(self) -> bytes:
        modseq = b" HIGHESTMODSEQ" if self.has("CONDSTORE") else b""
        return b"MESSAGES UNSEEN UIDNEXT UIDVALIDITY" + modseq
