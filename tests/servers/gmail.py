r"""A server that behaves like Gmail as far as a client can tell: folders are labels, and All Mail has everything.

    with Gmail(certificate) as server:
        number = server.receive(message(1), "Work")
        client = MailClient(paths(home), [server.account()])

What belongs here: labels over the folders of an odd server: one message, one set of flags, several places; MOVE and
COPY that put labels on and off; \Deleted, which takes a label off at once (Gmail's "auto-expunge", its default) and
deletes in Trash and Spam only; answers in Gmail's own order. What must never be here: misbehaviour (`bend`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.servers.odd import Box, Connection, Mail, Odd
from tests.servers.scripted import Peer

CAPABILITIES = (
    "IMAP4rev1 AUTH=PLAIN SASL-IR UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS ENABLE MOVE"
    " CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE"
)
ALL, TRASH, SPAM, STARRED = "[Gmail]/All Mail", "[Gmail]/Trash", "[Gmail]/Spam", "[Gmail]/Starred"
FOLDERS = {
    "INBOX": b"",
    "[Gmail]": rb"\Noselect \HasChildren",
    ALL: rb"\All",
    "[Gmail]/Drafts": rb"\Drafts",
    "[Gmail]/Important": rb"\Important",
    "[Gmail]/Sent Mail": rb"\Sent",
    SPAM: rb"\Junk",
    STARRED: rb"\Flagged",
    TRASH: rb"\Trash",
    "Work": b"",
}
SYSTEM = {
    "INBOX": "Inbox", "[Gmail]/Sent Mail": "Sent", STARRED: "Starred", "[Gmail]/Important": "Important",
    "[Gmail]/Drafts": "Draft",
}  # fmt: skip
ORDER = (
    b"X-GM-THRID",
    b"X-GM-MSGID",
    b"X-GM-LABELS",
    b"UID",
    b"RFC822.SIZE",
    b"MODSEQ",
    b"INTERNALDATE",
    b"FLAGS",
    b"BODY",
)
"""In which Gmail tells what was asked, in whatever order that was."""


class Gmail(Odd):
    """The server. `numbers` is X-GM-MSGID by folder and UID."""

    def __init__(self, certificate: Path, capabilities: str = CAPABILITIES) -> None:
        super().__init__(certificate, capabilities)
        self.numbers: dict[tuple[str, int], int] = {}
        self.threads: dict[int, int] = {}
        """X-GM-THRID by X-GM-MSGID; of a message that is not here it is the same number."""
        self.tells_uids = True
        """Whether MOVE and COPY say under which UID messages are now."""
        self._next = 1_278_455_344_230_334_865
        self.boxes.clear()
        for name, attributes in FOLDERS.items():
            self.make(name, attributes)

    def receive(self, raw: bytes, *labels: str, flags: Iterable[bytes] = (), thread: int = 0) -> int:
        """Mail comes in, under these labels (the inbox, if none is named); its number. `thread`: of which it is."""
        with self.lock:
            self._next += 1
            if thread:
                self.threads[self._next] = thread
            for name in (ALL, *(labels or ("INBOX",))):
                self._put(self._next, raw, set(flags), name)
            return self._next

    def label(self, number: int, name: str) -> None:
        """Put a label on; Trash and Spam take all others off."""
        with self.lock:
            mail = self._any(number)
            if name == STARRED:
                self.flag([number], b"+FLAGS", [b"\\Flagged"])
                return
            unwanted = [box for box in FOLDERS if box != name] if name in (TRASH, SPAM) else [TRASH, SPAM]
            if name not in (TRASH, SPAM):
                self._put(number, mail.raw, mail.flags, ALL)
            self._put(number, mail.raw, mail.flags, name)
            for box in unwanted:
                self.unlabel(number, box)

    def unlabel(self, number: int, name: str) -> None:
        """Take a label off."""
        with self.lock:
            uid = self.uid(number, name)
            if uid and name in self.names():
                self.box(name).remove([uid])

    def flag(self, numbers: Iterable[int], how: bytes, flags: Iterable[bytes]) -> None:
        """Set or clear flags of messages, wherever they are; a star is a label too."""
        wanted, words = set(numbers), list(flags)
        with self.lock:
            for name in self.names():
                uids = {mail.uid for mail in self.box(name).mails if self.numbers[name, mail.uid] in wanted}
                if uids:
                    self.box(name).set_flags(uids, how, words)
            for number in wanted if b"\\Flagged" in words else ():
                if how.startswith(b"-"):
                    self.unlabel(number, STARRED)
                else:
                    mail = self._any(number)
                    self._put(number, mail.raw, mail.flags, STARRED)

    def expunge(self, name: str, uids: Iterable[int]) -> None:
        """Take the label off; in Trash and Spam, delete; in All Mail, nothing."""
        with self.lock:
            for uid in uids:
                if name in (TRASH, SPAM):
                    for box in self.names():
                        self.unlabel(self.numbers[name, uid], box)
                elif name != ALL:
                    self.unlabel(self.numbers[name, uid], name)

    def names(self) -> list[str]:
        """All folders that hold messages."""
        return [name.decode() for name, box in self.boxes.items() if b"\\No" not in box.attributes]

    def labels(self, number: int) -> set[str]:
        """Where a message is."""
        with self.lock:
            return {name for name in self.names() if self.uid(number, name)}

    def uid(self, number: int, name: str) -> int:
        """The UID of a message in a folder, 0 where it is not."""
        mails = self.boxes[name.encode()].mails
        return next((mail.uid for mail in mails if self.numbers[name, mail.uid] == number), 0)

    def _any(self, number: int) -> Mail:
        return next(
            mail for name in self.names() for mail in self.box(name).mails if self.numbers[name, mail.uid] == number
        )

    def _put(self, number: int, raw: bytes, flags: set[bytes], name: str) -> None:
        if not self.uid(number, name):
            box = self.make(name)
            self.numbers[name, box.next] = number
            box.add(raw, flags - {b"\\Deleted"})

    def _talk(self, peer: Peer) -> None:
        GmailConnection(self, peer).run()


class GmailConnection(Connection):
    """One connection to it."""

    server: Gmail

    def do_id(self, _: list[bytes]) -> list[bytes]:
        return [b'* ID ("name" "GImap" "vendor" "Google, Inc.")', b"OK Success"]

    def do_uid_store(self, words: list[bytes]) -> list[bytes]:
        uids, numbers = self._chosen(words[0])
        flags = words[2].strip(b"()").split()
        self.server.flag(numbers, words[1], [flag for flag in flags if flag != b"\\Deleted"])
        if b"\\Deleted" in flags and words[1].startswith(b"+"):
            self.server.expunge(self._name, uids)
        assert self.box is not None
        if b"SILENT" in words[1]:
            self.known.update({mail.uid: mail.modseq for mail in self.box.mails if mail.uid in uids})
        return [b"OK Success"]

    def do_uid_copy(self, words: list[bytes]) -> list[bytes]:
        target = self._existing(words[1])
        if target is None:
            return [b"NO [TRYCREATE] no such folder"]
        uids, numbers = self._chosen(words[0])
        for number in numbers:
            self.server.label(number, target.name.decode())
        return [self._told(target, uids, numbers)]

    def do_uid_move(self, words: list[bytes]) -> list[bytes]:
        name, (_, numbers) = self._name, self._chosen(words[0])
        answer = self.do_uid_copy(words)
        if answer[-1].startswith(b"OK") and name != ALL:
            for number in numbers:
                self.server.unlabel(number, name)
        return answer

    def do_uid_expunge(self, words: list[bytes]) -> list[bytes]:
        return [b"OK Success"]

    def do_append(self, words: list[bytes]) -> list[bytes]:
        target = self._existing(words[0])
        if target is None:
            return [b"NO [TRYCREATE] no such folder"]
        raw = re.sub(rb"\\(.)", rb"\1", words[-1], flags=re.DOTALL)
        number = self.server.receive(raw, target.name.decode(), flags=words[1].strip(b"()").split())
        return [b"OK [APPENDUID %d %d] Success" % (target.validity, self.server.uid(number, target.name.decode()))]

    @property
    def _name(self) -> str:
        assert self.box is not None
        return self.box.name.decode()

    def _chosen(self, uids: bytes) -> tuple[list[int], list[int]]:
        """UIDs and numbers of messages of the open folder."""
        assert self.box is not None
        found = [mail.uid for _, mail in self.box.chosen(uids)]
        return found, [self.server.numbers[self._name, uid] for uid in found]

    def _told(self, target: Box, uids: list[int], numbers: list[int]) -> bytes:
        """COPYUID, in the tagged answer also of MOVE."""
        new = [self.server.uid(number, target.name.decode()) for number in numbers]
        if not uids or not all(new) or not self.server.tells_uids:
            return b"OK (Success)"
        old_set, new_set = (b",".join(b"%d" % uid for uid in some) for some in (uids, new))
        return b"OK [COPYUID %d %s %s] (Success)" % (target.validity, old_set, new_set)

    def _fetched(self, number: int, mail: Mail, items: bytes) -> bytes:  # type: ignore[override]
        plain = super()._fetched(number, mail, items)
        head, _, rest = plain.partition(b"(")
        own = self.server.numbers[self._name, mail.uid]
        told = list[bytes]()
        if b"X-GM-MSGID" in items:
            told.append(b"X-GM-MSGID %d" % own)
        if b"X-GM-THRID" in items:
            told.insert(0, b"X-GM-THRID %d" % self.server.threads.get(own, own))
        if b"X-GM-LABELS" in items:
            told.append(b"X-GM-LABELS (%s)" % b" ".join(self._words(own)))
        return head + b"(" + b" ".join([*told, _reordered(rest[:-1])]) + b")"

    def _words(self, number: int) -> list[bytes]:
        """The labels of a message, but for the open folder."""
        names = sorted(self.server.labels(number) - {self._name, ALL, TRASH, SPAM})
        return [b'"\\\\%s"' % SYSTEM[name].encode() if name in SYSTEM else b'"%s"' % name.encode() for name in names]


def _reordered(items: bytes) -> bytes:
    """The items of one answer in Gmail's order."""
    parts: list[bytes] = re.findall(
        rb'(?s)(BODY\[.*|UID \d+|FLAGS \([^)]*\)|MODSEQ \(\d+\)|INTERNALDATE "[^"]*"|RFC822\.SIZE \d+)(?: |$)', items
    )
    ordered = sorted(parts, key=lambda part: next(n for n, name in enumerate(ORDER) if part.startswith(name)))
    return b" ".join(ordered)
