"""ImapSession: what the rest of the program can ask an IMAP server to do. UIDs only; our own exceptions only.

What belongs here: one method per wish, its commands, and the extensions that make it cheap. What must never be
here: deciding what to fetch or delete (that is sync's), plain EXPUNGE or CLOSE (they destroy what others marked).
"""

from __future__ import annotations

import contextlib

from tui_mail.errors import CommandRefused
from tui_mail.model import Flag, Server
from tui_mail.net.arguments import append_date, flag_words, string
from tui_mail.net.connection import Wake
from tui_mail.net.fetching import flag_updates
from tui_mail.net.gathering import CopiedUids, FolderList, SelectFacts, personal_prefix
from tui_mail.net.login import compress, log_in
from tui_mail.net.names import encode_name, quoted
from tui_mail.net.offers import is_unknown
from tui_mail.net.reading import CHANGE_EXTENSIONS, MEGABYTE, Reading
from tui_mail.net.replies import (
    EventKind,
    FlagUpdate,
    FolderStatus,
    HeaderRow,
    IdleEvent,
    ListedFolder,
    Malformed,
    Selected,
    StatusLine,
    number_of,
    status_of,
)
from tui_mail.net.sets import LAST_UID, NO_UIDS, UidSet
from tui_mail.net.wire import Octets
from tui_mail.net.witness import NOBODY, Witness

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

STATUS_ITEMS = b"MESSAGES UNSEEN UIDNEXT UIDVALIDITY"
LIST_EXTENSIONS = ("LIST-EXTENDED", "LIST-STATUS")


class ImapSession(Reading):
    """A logged-in connection to an IMAP server. One thread at a time; `shut` may come from any."""

    copied_validity = 0
    """UIDVALIDITY of the folder that the UIDs of the last copy or move are of; 0 when the server did not tell any."""
    selected = ""
    """Name of the open folder."""

    @classmethod
    def open(
        cls,
        server: Server,
        secret: str,
        *,
        wake: Wake | None = None,
        timeout: float = 20.0,
        witness: Witness = NOBODY,
    ) -> ImapSession:
        """Connect, encrypt, log in. `secret` is the password, or the access token when auth is oauth2.

        Raises Unreachable, CertificateRefused, AuthenticationRefused, ConnectionLost, ProtocolViolation,
        UnsafeArgument; the connection is closed then.
        """
        session = cls(server, wake=wake, timeout=timeout, witness=witness)
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
        except CommandRefused as refusal:
            if not wanted:
                raise
            self.run("list the folders", b'LIST "" "*"', take=found.take, budget=64 * MEGABYTE)
            if is_unknown(refusal):
                self.without(*LIST_EXTENSIONS)
        return found.folders()

    def list_below(self, name: str, delimiter: str) -> list[ListedFolder]:
        """The folders inside one (RFC 9051 6.3.9)."""
        found, below = FolderList(), name + delimiter
        self.run(f"list the folders inside {name}", b'LIST ""', self._name(f"{below}*"), take=found.take)
        return [folder for folder in found.folders() if folder.name.startswith(below)]  # a name may have wildcards

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

        def ask(items: bytes) -> None:
            self.run(f"look at the folder {name}", b"STATUS", self._name(name), b"(%s)" % items, take=take)

        if self.has("CONDSTORE"):
            self.else_without(
                CHANGE_EXTENSIONS, lambda: ask(STATUS_ITEMS + b" HIGHESTMODSEQ"), lambda: ask(STATUS_ITEMS)
            )
        else:
            ask(STATUS_ITEMS)
        return found[-1] if found else FolderStatus()

    def open_folder(self, name: str, *, known: tuple[int, int, int] | None = None, read_only: bool = False) -> Selected:
        """Open a folder; with `known` = (uidvalidity, modseq, uidnext) also what changed since (RFC 7162).

        The events of the folder that was open before are dropped. `uidvalidity` 0: nothing of it may be kept.
        """
        how = [b"EXAMINE" if read_only else b"SELECT", self._name(name)]
        if known and self.has_qresync and known[0] and known[1] and known[2] > 1:
            asked = UidSet(((1, known[2] - 1),))
            since = b"(QRESYNC (%d %d %s))" % (known[0], known[1], str(asked).encode())
            facts, flags, reply = self.else_without(
                ("QRESYNC",), lambda: self._opened(name, [*how, since], asked), lambda: self._opened(name, how)
            )
        elif self.has("CONDSTORE"):
            facts, flags, reply = self.else_without(
                CHANGE_EXTENSIONS, lambda: self._opened(name, [*how, b"(CONDSTORE)"]), lambda: self._opened(name, how)
            )
        else:
            facts, flags, reply = self._opened(name, how)
        self.selected, self.wire.state = name, "SELECTED"
        if not (facts.uidnext and facts.uidvalidity):
            with contextlib.suppress(CommandRefused):
                told = self.status(name)
                facts.uidnext = facts.uidnext or told.uidnext
                facts.uidvalidity = facts.uidvalidity or told.uidvalidity
        if not (self.has("CONDSTORE") or self.has("QRESYNC")):  # Yahoo tells a number that it knows no command for
            facts.highestmodseq = 0
        self.exists, self._modseqs = facts.exists, facts.highestmodseq > 0
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
            changeable=Flag.NONE if reply.code == "READ-ONLY" else facts.changeable,
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
        self._subscribe(name)

    def prefix(self) -> str:
        """What the person's own folders begin with (NAMESPACE, RFC 2342); empty when nothing, or not told."""
        found: list[str] = []

        def take(kind: str, _: int, rest: list[bytes]) -> bool:
            if kind == "NAMESPACE":
                found.append(personal_prefix(rest))
            return kind == "NAMESPACE"

        if self.has("NAMESPACE"):
            self.run("tell where folders are", b"NAMESPACE", take=take)
        return found[-1] if found else ""

    def rename_folder(self, name: str, new_name: str, *, subscribed: bool = True) -> None:
        """Rename a folder and those below it (RFC 9051 6.3.6); subscriptions follow as far as the server lets them."""
        self.run(f"rename the folder {name}", b"RENAME", self._name(name), self._name(new_name))
        if subscribed:
            self.unsubscribe(name)
            self._subscribe(new_name)

    def delete_folder(self, name: str) -> None:
        """Delete a folder with all that is in it (RFC 9051 6.3.5): the caller sees to it that nothing is."""
        self.run(f"delete the folder {name}", b"DELETE", self._name(name))

    def unsubscribe(self, name: str) -> None:
        """Other clients need not show it; a server that does not want to is left alone."""
        with contextlib.suppress(CommandRefused):
            self.run(f"unsubscribe from the folder {name}", b"UNSUBSCRIBE", self._name(name))

    def _subscribe(self, name: str) -> None:
        with contextlib.suppress(CommandRefused):
            self.run(f"subscribe to the folder {name}", b"SUBSCRIBE", self._name(name))

    # --- changing -----------------------------------------------------------------------------

    def add_flags(self, uids: UidSet, flags: Flag, keywords: tuple[str, ...] = ()) -> None:
        """Set these flags, leaving the others. UIDs that are gone do not matter."""
        self._change_flags(b"+FLAGS.SILENT", uids, flags, keywords)

    def remove_flags(self, uids: UidSet, flags: Flag, keywords: tuple[str, ...] = ()) -> None:
        """Take these flags away, leaving the others. UIDs that are gone do not matter."""
        self._change_flags(b"-FLAGS.SILENT", uids, flags, keywords)

    def move_messages(self, uids: UidSet, target: str) -> dict[int, int] | None:
        """Move (RFC 6851); old → new UIDs where the server tells them, None where it does not.

        Raises CommandRefused, also when the server cannot move, which `has` tells then: copy, and mark the originals.
        """
        if not self.has("MOVE"):
            raise CommandRefused(
                f"{self.host} cannot move messages in one step. Nothing was changed.",
                "no MOVE",
                code="CANNOT",
                bad=True,
            )
        try:
            return self._transfer("move messages", b"UID MOVE", uids, target)
        except CommandRefused as refusal:
            if is_unknown(refusal):
                self.without("MOVE")
            raise

    def copy_messages(self, uids: UidSet, target: str) -> dict[int, int] | None:
        """Copy; old → new UIDs where the server tells them, None where it does not."""
        return self._transfer("copy messages", b"UID COPY", uids, target)

    def expunge_uids(self, uids: UidSet) -> None:
        r"""Remove for ever those of `uids` that are marked \Deleted (UID EXPUNGE, RFC 4315), and no others.

        Where the server turns out not to know how, they stay marked there.
        """
        if not self.has("UIDPLUS"):
            raise CommandRefused(
                f"{self.host} cannot remove single messages for ever. They stay marked as deleted there.",
                "no UIDPLUS",
                code="CANNOT",
                bad=True,
            )
        for line in uids.lines():
            try:
                self.run("remove messages for ever", b"UID EXPUNGE", str(line).encode())
            except CommandRefused as refusal:
                if not is_unknown(refusal):
                    raise
                self.without("UIDPLUS")
                return

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

    # --- what the server can ------------------------------------------------------------------

    def compress(self) -> bool:
        """Compress from now on (RFC 4978); False when the server cannot."""
        return self.has("COMPRESS=DEFLATE") and compress(self)

    # --- below --------------------------------------------------------------------------------

    def _opened(
        self, name: str, parts: list[bytes | Octets], asked: UidSet = NO_UIDS
    ) -> tuple[SelectFacts, list[FlagUpdate], StatusLine]:
        self._events = [event for event in self._events if event.mailbox]
        self.selected, self.wire.state = "", "AUTH"
        facts = SelectFacts()
        with self.translated():
            tag = self.begin(*parts, budget=256 * MEGABYTE, patience=180)
            flags = list(flag_updates(self, tag, asked, facts.take))
            reply = self.status_kept(tag, f"open the folder {name}")
        if facts.broken:
            self.without("QRESYNC")
        return facts, flags, reply

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
        self.copied_validity = copied.validity
        return copied.told

    def _name(self, name: str) -> bytes | Octets:
        return string(encode_name(name))

    def _status_items(self) -> bytes:
        return STATUS_ITEMS + (b" HIGHESTMODSEQ" if self.has("CONDSTORE") else b"")
