"""Another client of the same person, for random walks: plain imaplib on a line without faults; it keeps the book.

What belongs here: what it does and reads. What must never be here: which of it is done when (walk).
"""

from __future__ import annotations

import contextlib
import imaplib
import random
import re

from tests.servers.courier import Courier
from tests.servers.dovecot import Dovecot
from tests.sync.ledger import FIXED, Boxes, Ledger
from tests.sync.operations import decoded, flags_in
from tests.sync.witness import Walked, moves

WHO = "other"


def letter(token: str) -> bytes:
    """A message that tells its token three times; every seventh has no Message-ID."""
    number = int(token[1:])
    identity = f"Message-ID: <{token}@walk.example>\r\n" if number % 7 else ""
    return (
        f"From: Anna <anna@example.org>\r\nTo: ola@example.org\r\nSubject: {token}\r\n{identity}"
        f"Date: Mon, 02 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBody of {token}.\r\n"
    ).encode()


class Elsewhere:
    """The other client. It calls every folder as if it lay at the top; `said` and `plain` translate."""

    def __init__(self, server: Walked, user: str, ledger: Ledger, chance: random.Random) -> None:
        self.server = server
        self.user = user
        self.ledger = ledger
        self.chance = chance
        self._prefix, self._delimiter = ("INBOX.", ".") if isinstance(server, Courier) else ("", "/")
        self._moves = moves(server) or isinstance(server, Dovecot)  # which does it unasked
        self._line: imaplib.IMAP4_SSL | None = None
        self._doomed = 0

    @property
    def line(self) -> imaplib.IMAP4_SSL:
        """Its connection, made when it is needed."""
        if self._line is None:
            self._line = self.server.connect(self.user)
        return self._line

    def hang_up(self) -> None:
        """Close the connection, before the server ends."""
        if self._line is not None:
            with contextlib.suppress(imaplib.IMAP4.abort):
                self._line.logout()
        self._broke()

    def said(self, folder: str) -> str:
        """The name of a folder as the server has it."""
        return folder if folder == "INBOX" else self._prefix + folder

    def plain(self, name: str) -> str:
        """The other way round."""
        return name.removeprefix(self._prefix)

    def furnish(self) -> None:
        """Make those of the folders that stay which the server does not make by itself."""
        for folder in set(FIXED) - set(self.folders()):
            self.line.create(self._quoted(folder))
            self.line.subscribe(self._quoted(folder))

    # --- reading ------------------------------------------------------------------------------

    def folders(self) -> list[str]:
        """The names of all folders."""
        _, listed = self.line.list()
        lines = [line for line in listed if isinstance(line, bytes) and rb"\Noselect" not in line]
        names = [line.rpartition(b' "%s" ' % self._delimiter.encode())[2].decode().strip('"') for line in lines]
        return sorted(self.plain(decoded(name)) for name in names)

    def rows(self, folder: str) -> list[tuple[int, str, frozenset[str]]]:
        """UID, token and flags of each message; opens the folder. Empty when it is gone."""
        answer, _ = self.line.select(self._quoted(folder))
        if answer != "OK":
            return []
        try:
            _, data = self.line.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        except imaplib.IMAP4.abort:
            self._broke()
            return []
        return [
            (
                int(re.search(rb"UID (\d+)", part[0])[1]),  # type: ignore[index]
                part[1].split(b":", 1)[1].strip().decode(),
                frozenset(flags_in(part[0]).split()),
            )
            for part in data if isinstance(part, tuple)
        ]  # fmt: skip

    def boxes(self) -> Boxes:
        """All that there is."""
        self.hang_up()  # a session that is old may list folders as they were a moment ago
        found: Boxes = {}
        for folder in self.folders():
            found[folder] = sorted(
                ((token, flags) for _, token, flags in self.rows(folder)), key=lambda row: (row[0], sorted(row[1]))
            )
        return found

    # --- doing --------------------------------------------------------------------------------

    def deliver(self, token: str, *, still: bool = False) -> None:
        """Mail comes in, to the inbox as a server does it, or somewhere by APPEND."""
        if not still and self.chance.random() < 0.6:
            self.server.deliver(self.user, letter(token))
            self.ledger.came(token, "INBOX", ())
            return
        folder = self.chance.choice(("INBOX", "Archive", "Junk") if still else self._targets())
        flags = [flag for flag in (r"\Seen", r"\Flagged", "blue") if self.chance.random() < 0.3]
        date = imaplib.Time2Internaldate(1_780_000_000 + int(token[1:]))
        try:
            answer, told = self.line.append(self._quoted(folder), f"({' '.join(flags)})", date, letter(token))
            assert answer == "OK", told
        except imaplib.IMAP4.abort:
            self._broke()
            self.ledger.came(token, folder, flags, still=still, sure=False)
        else:
            self.ledger.came(token, folder, flags, still=still)

    def flag(self) -> None:
        """Set or clear flags or keywords."""
        chosen = self._chosen()
        flag = self.chance.choice((r"\Seen", r"\Flagged", r"\Answered", "red", "blue"))
        sets = self.chance.random() < 0.6
        for uid, token in chosen:
            try:
                told = self._ok("STORE", str(uid), "+FLAGS" if sets else "-FLAGS", f"({flag})")
            except imaplib.IMAP4.abort:
                self._broke()
                self.ledger.flagged(WHO, token, [flag] if sets else [], [] if sets else [flag])
                self.ledger.unsure(token, "or not: its line ended")
                return
            self.ledger.flagged(WHO, token, [flag] if sets else [], [] if sets else [flag])
            if told == [None]:  # it had it already, or somebody moved it a moment ago: OK all the same
                self.ledger.unsure(token, "or not: nothing was told of it")

    def move(self) -> None:
        """Move messages; nothing where that would be a copy and a deletion: ours is enough of that."""
        if not self._moves:
            return
        chosen = self._chosen()
        target = self.chance.choice(self._targets())
        for uid, token in chosen:
            try:
                moved = self._still_there("MOVE", uid, target)
            except imaplib.IMAP4.abort:
                self._broke()
                self.ledger.moved(WHO, token, target)
                self.ledger.unsure(token, "or not: its line ended")
                return
            if moved:
                self.ledger.moved(WHO, token, target)

    def copy(self) -> None:
        """Copy a message."""
        chosen = self._chosen(1)
        target = self.chance.choice(self._targets())
        for uid, token in chosen:
            try:
                copied = self._still_there("COPY", uid, target)
            except imaplib.IMAP4.abort:
                self._broke()
                self.ledger.copied(WHO, token, target, sure=False)
                return
            if copied:
                self.ledger.copied(WHO, token, target, sure=True)

    def expunge(self) -> None:
        """Remove a message for ever."""
        for uid, token in self._chosen(1):
            self.ledger.removed(WHO, token)
            self._ok("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
            self.ledger.flagged(WHO, token, [r"\Deleted"], [])
            self._ok("EXPUNGE", str(uid))

    def make_folder(self) -> None:
        """Make a folder."""
        self.line.create(self._quoted(f"Pile {self.chance.randrange(6)}"))

    def rename_folder(self) -> None:
        """Rename a folder."""
        name, new = self._pile(), f"Pile {self.chance.randrange(6)}"
        if name:
            self.ledger.renamed(name, new)
            self.line.rename(self._quoted(name), self._quoted(new))

    def delete_folder(self) -> None:
        """Delete a folder with all that is in it."""
        name = self._pile()
        if name is None:
            return
        self._doomed += 1
        doomed = f"Doomed {self._doomed}"
        self.ledger.renamed(name, doomed)
        answer, _ = self.line.rename(self._quoted(name), self._quoted(doomed))
        if answer != "OK":
            return
        for _, token, _ in self.rows(doomed):
            self.ledger.removed(WHO, token)
            self.ledger.unsure(token, f"{WHO}: deleted {name} with it")
        self.line.unselect()
        self.line.delete(self._quoted(doomed))

    def renew_folder(self) -> None:
        """Make a folder anew with all that is in it: no UID of it means anything any more."""
        name = self._pile()
        if isinstance(self.server, Dovecot) and (name is None or self.chance.random() < 0.4):
            name = self.chance.choice(FIXED)
            self.hang_up()
            self.server.change_uidvalidity(self.user, name)
            return
        if name is None or not self._moves:
            return
        old = f"{name} before"
        self.ledger.renamed(name, old)
        if self.line.rename(self._quoted(name), self._quoted(old))[0] != "OK":
            return
        self.line.create(self._quoted(name))
        if self.rows(old) and self.line.uid("MOVE", "1:*", self._quoted(name))[0] != "OK":
            return  # somebody deleted or renamed the new one at once: all is in the old one
        self.line.unselect()
        self.line.delete(self._quoted(old))

    # --- below --------------------------------------------------------------------------------

    def _broke(self) -> None:
        """The server ended the line: the folder that was open was deleted, or its UIDs lost their meaning."""
        line, self._line = self._line, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown()

    def _quoted(self, folder: str) -> str:
        return f'"{self.said(folder)}"'

    def _targets(self) -> list[str]:
        """Folders that a person would put mail into: not one that is being deleted."""
        return [name for name in self.folders() if "being-deleted" not in name]

    def _pile(self) -> str | None:
        piles = [name for name in self._targets() if name not in FIXED and not name.startswith("Doomed")]
        return self.chance.choice(piles) if piles else None

    def _chosen(self, most: int = 3) -> list[tuple[int, str]]:
        """Messages of some folder, which is open then."""
        names = self._targets()
        for folder in self.chance.sample(names, len(names)):
            rows = [
                (uid, token)
                for uid, token, flags in self.rows(folder)
                if not self.ledger.is_still(token) and r"\Deleted" not in flags  # those are gone, but for the octets
            ]
            if rows:
                return self.chance.sample(rows, min(len(rows), self.chance.randint(1, most)))
        return []

    def _still_there(self, command: str, uid: int, target: str) -> bool:
        """Move or copy it; False when it is gone."""
        answer, _ = self.line.uid(command, str(uid), self._quoted(target))
        told = self.line.response("COPYUID")[1]
        return answer == "OK" and told != [None]

    def _ok(self, command: str, *words: str) -> list[object]:
        answer, told = self.line.uid(command, *words)
        assert answer == "OK", (command, words, told)
        return told
