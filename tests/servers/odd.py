"""An IMAP server with real folders and mail in memory, whose every answer a test may bend.

    with Odd(certificate) as server:
        server.deliver("INBOX", message(1))
        server.bend["SELECT"] = lambda said: [line for line in said if b"UIDNEXT" not in line]
        client = MailClient(paths(home), [server.account()])

What belongs here: an honest server of one user, small enough to be believed, and `bend`: what a command (`SELECT`,
`UID FETCH`, …) answers goes through it. What must never be here: a misbehaviour; those are the tests'.

An answer is a list of untagged lines and, last, the words behind the tag; one that begins with `*` ends the connection.
"""

from __future__ import annotations

import itertools
import re
import select
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.scripted import Peer, Scripted
from tui_mail.model import Account, Protocol, Security

CAPABILITIES = "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN IDLE UIDPLUS MOVE ESEARCH SPECIAL-USE LIST-EXTENDED LIST-STATUS"
MODSEQS = CAPABILITIES + " ENABLE CONDSTORE"
QRESYNC = MODSEQS + " QRESYNC"
BARE = "IMAP4rev1 AUTH=PLAIN SASL-IR"

Bend = Callable[[list[bytes]], list[bytes]]

_PART = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^()]*(?:\([^()]*\)[^()]*)*\))|([^\s"]+)')


@dataclass
class Mail:
    """One message in one folder."""

    uid: int
    raw: bytes
    flags: set[bytes]
    modseq: int
    when: bytes = b"02-Nov-2026 10:00:00 +0000"


@dataclass
class Box:
    """One folder; `gone` holds (modseq, UID) of what was expunged."""

    name: bytes
    attributes: bytes = b""
    validity: int = 1
    next: int = 1
    modseq: int = 1
    mails: list[Mail] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)

    def add(self, raw: bytes, flags: Iterable[bytes] = (), when: bytes = b"") -> int:
        """A new message; its UID."""
        self.modseq += 1
        mail = Mail(self.next, raw, set(flags), self.modseq)
        mail.when = when or mail.when
        self.mails.append(mail)
        self.next += 1
        return mail.uid

    def remove(self, uids: Iterable[int]) -> None:
        """Expunge."""
        unwanted = set(uids)
        self.modseq += 1
        self.gone += [(self.modseq, mail.uid) for mail in self.mails if mail.uid in unwanted]
        self.mails = [mail for mail in self.mails if mail.uid not in unwanted]

    def set_flags(self, uids: Iterable[int], how: bytes, flags: Iterable[bytes]) -> None:
        """STORE: `how` begins with + or -."""
        self.modseq += 1
        for mail in self.mails:
            if mail.uid in uids:
                before = set(mail.flags)
                mail.flags = before | set(flags) if how.startswith(b"+") else before - set(flags)
                mail.modseq = self.modseq if mail.flags != before else mail.modseq

    def chosen(self, text: bytes, *, by_number: bool = False) -> list[tuple[int, Mail]]:
        """(sequence number, message) of a set, in which `*` is the last one."""
        top = len(self.mails) if by_number else max((mail.uid for mail in self.mails), default=0)
        ranges = list[tuple[int, int]]()
        for piece in text.split(b","):
            low, _, high = piece.replace(b"*", b"%d" % top).partition(b":")
            ranges.append((int(low), int(high or low)))
        return [
            (number, mail)
            for number, mail in enumerate(self.mails, 1)
            if any(min(r) <= (number if by_number else mail.uid) <= max(r) for r in ranges)
        ]


class Odd(Scripted):
    """The server; `lock` is held while a command is carried out. Change boxes through `with server.lock`."""

    def __init__(self, certificate: Path, capabilities: str = CAPABILITIES) -> None:
        super().__init__(self._talk, certificate=certificate, tls=True)
        self.lock = threading.RLock()
        self.capabilities = capabilities
        self.boxes: dict[bytes, Box] = {}
        self.bend: dict[str, Bend] = {}
        self.refuses: dict[str, bytes] = {}
        """What a command is answered that is not carried out."""
        self.delimiter = b'"/"'
        self.validities = itertools.count(100)
        """UIDVALIDITY of folders that clients make."""
        for name, attributes in (("INBOX", b""), ("Archive", b"\\Archive"), ("Trash", b"\\Trash")):
            self.make(name, attributes)

    def account(self, **more: str) -> Account:
        """Anna's account here."""
        server = self.server(Security.TLS, user="anna")
        return Account("work", "Anna", "anna@example.org", Protocol.IMAP, server, **more)  # type: ignore[arg-type]

    def make(self, name: str | bytes, attributes: bytes = b"") -> Box:
        """A new folder."""
        raw = name.encode("ascii") if isinstance(name, str) else name
        with self.lock:
            return self.boxes.setdefault(raw, Box(raw, attributes))

    def box(self, name: str = "INBOX") -> Box:
        """A folder that exists."""
        return self.boxes[name.encode()]

    def deliver(self, *raws: bytes, folder: str = "INBOX", flags: Iterable[bytes] = ()) -> list[int]:
        """Mail comes in; its UIDs."""
        with self.lock:
            return [self.box(folder).add(raw, flags) for raw in raws]

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """What a folder holds, in order of UIDs, without what is marked deleted."""
        with self.lock:
            mails = [mail for mail in self.box(folder).mails if b"\\Deleted" not in mail.flags]
        return [found[1].decode() if (found := re.search(rb"(?m)^Subject: ([^\r]*)", m.raw)) else "" for m in mails]

    def sent(self, command: bytes) -> list[bytes]:
        """Commands that clients sent and that begin like this, without their tags."""
        texts = (line.partition(b" ")[2] for line in list(self.seen))
        return [text for text in texts if text.upper().startswith(command)]

    # --- one connection -----------------------------------------------------------------------

    def _talk(self, peer: Peer) -> None:
        Connection(self, peer).run()


class Connection:
    def __init__(self, server: Odd, peer: Peer) -> None:
        self.server = server
        self.peer = peer
        self.box: Box | None = None
        self.qresync = False
        self.known: dict[int, int] = {}
        """UID → MODSEQ of the open folder, as this client was told."""

    def run(self) -> None:
        self.peer.say(b"* OK [CAPABILITY %s] ready" % self.server.capabilities.encode())
        while True:
            tag, text = self.peer.command()
            while marker := re.search(rb" ?\{(\d+)\+?\}$", text):
                if not marker[0].endswith(b"+}"):
                    self.peer.say(b"+ go")
                literal = self.peer.octets(int(marker[1]))
                quoted = b'"' + literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
                text = text[: marker.start()] + b" " + quoted + self.peer.line()
            words = [(a or b or c) for a, b, c in _PART.findall(text)]
            name = words.pop(0).upper()
            if name == b"UID":
                name += b" " + words.pop(0).upper()
            if name == b"IDLE":
                answer = self._idle()
            else:
                with self.server.lock:
                    answer = self._answer(name.decode(), words)
            self.peer.say(*answer[:-1], answer[-1] if answer[-1].startswith(b"*") else tag + b" " + answer[-1])
            if answer[-1].startswith(b"*") or name == b"LOGOUT":
                return

    def _answer(self, name: str, words: list[bytes]) -> list[bytes]:
        method = getattr(self, "do_" + name.lower().replace(" ", "_"), lambda _: [b"BAD unknown"])
        refusal = self.server.refuses.get(name)
        answer = [refusal] if refusal else method(words)
        if name not in ("FETCH", "SELECT", "EXAMINE"):
            answer[-1:-1] = self._news()
        return self.server.bend.get(name, list)(answer)

    def _news(self) -> list[bytes]:
        """What changed in the open folder since this client was last told."""
        if self.box is None:
            return []
        lines, now = list[bytes](), {mail.uid: mail.modseq for mail in self.box.mails}
        gone = [(number, uid) for number, uid in enumerate(self.known, 1) if uid not in now]
        if gone and self.qresync:
            lines.append(b"* VANISHED " + b",".join(b"%d" % uid for _, uid in gone))
        elif gone:
            lines += [b"* %d EXPUNGE" % number for number, _ in reversed(gone)]
        if now.keys() - self.known.keys():
            lines.append(b"* %d EXISTS" % len(now))
        lines += [
            self._fetched(number, mail, b"UID FLAGS MODSEQ" if self.qresync else b"FLAGS")
            for number, mail in enumerate(self.box.mails, 1)
            if mail.uid in self.known and mail.modseq != self.known[mail.uid]
        ]
        self.known = now
        return lines

    def _idle(self) -> list[bytes]:
        self.peer.say(b"+ idling")
        sock = self.peer.sock
        assert isinstance(sock, ssl.SSLSocket)
        while not sock.pending() and not select.select([sock], [], [], 0.02)[0]:
            with self.server.lock:
                news = self._news()
            if news := self.server.bend.get("IDLE", list)(news):
                self.peer.say(*news)
        self.peer.line()
        return [b"OK done"]

    # --- commands -----------------------------------------------------------------------------

    def do_authenticate(self, _: list[bytes]) -> list[bytes]:
        return [b"OK [CAPABILITY %s] in" % self.server.capabilities.encode()]

    def do_enable(self, words: list[bytes]) -> list[bytes]:
        self.qresync = b"QRESYNC" in words
        return [b"* ENABLED " + b" ".join(words), b"OK done"]

    def do_noop(self, _: list[bytes]) -> list[bytes]:
        return [b"OK done"]

    do_subscribe = do_unsubscribe = do_noop

    def do_logout(self, _: list[bytes]) -> list[bytes]:
        return [b"* BYE bye", b"OK done"]

    def do_list(self, words: list[bytes]) -> list[bytes]:
        lines = list[bytes]()
        with_status = b"STATUS" in b" ".join(words)
        for box in self.server.boxes.values():
            name = b"{%d}\r\n%s" % (len(box.name), box.name)
            lines.append(b"* LIST (%s) %s %s" % (box.attributes, self.server.delimiter, name))
            if with_status and b"\\No" not in box.attributes:
                lines.append(self._counters(box))
        return [*lines, b"OK done"]

    def do_status(self, words: list[bytes]) -> list[bytes]:
        box = self._existing(words[0])
        return [self._counters(box), b"OK done"] if box else [b"NO [NONEXISTENT] no such folder"]

    def do_select(self, words: list[bytes]) -> list[bytes]:
        self.box, closed = self._existing(words[0]), self.box
        if self.box is None:
            return [b"NO [NONEXISTENT] no such folder"]
        box = self.box
        self.known = {mail.uid: mail.modseq for mail in box.mails}
        modseq = "CONDSTORE" in self.server.capabilities
        lines = [
            *([b"* OK [CLOSED] closed"] if closed and self.qresync else []),
            b"* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Answered \\Draft \\Deleted \\*)] kept",
            b"* %d EXISTS" % len(box.mails),
            b"* OK [UIDVALIDITY %d] valid" % box.validity,
            b"* OK [UIDNEXT %d] next" % box.next,
            *([b"* OK [HIGHESTMODSEQ %d] highest" % box.modseq] if modseq else []),
        ]
        known = re.search(rb"QRESYNC \((\d+) (\d+)", b" ".join(words[1:]))
        if known and int(known[1]) == box.validity:
            lines += self._earlier(int(known[2]))
            lines += [
                self._fetched(number, mail, b"UID FLAGS MODSEQ")
                for number, mail in enumerate(box.mails, 1)
                if mail.modseq > int(known[2])
            ]
        return [*lines, b"OK [READ-WRITE] open"]

    do_examine = do_select

    def do_create(self, words: list[bytes]) -> list[bytes]:
        if words[0] in self.server.boxes:
            return [b"NO [ALREADYEXISTS] exists"]
        self.server.make(words[0]).validity = next(self.server.validities)
        return [b"OK done"]

    def do_fetch(self, words: list[bytes]) -> list[bytes]:
        return self.do_uid_fetch(words, by_number=True)

    def do_uid_fetch(self, words: list[bytes], *, by_number: bool = False) -> list[bytes]:
        assert self.box is not None
        since = re.search(rb"CHANGEDSINCE (\d+)", b" ".join(words[2:]))
        earlier = self._earlier(int(since[1])) if since and b"VANISHED" in words[2] else []
        rows = [
            self._fetched(number, mail, words[1].strip(b"()"))
            for number, mail in self.box.chosen(words[0], by_number=by_number)
            if since is None or mail.modseq > int(since[1])
        ]
        return [*earlier, *rows, b"OK done"]

    def do_uid_search(self, words: list[bytes]) -> list[bytes]:
        assert self.box is not None
        uids = [mail.uid for mail in self.box.mails]
        if b"MESSAGE-ID" in words:
            wanted = words[words.index(b"MESSAGE-ID") + 1]
            uids = [mail.uid for mail in self.box.mails if wanted in mail.raw]
        if b"RETURN" in words:
            told = b" ALL " + b",".join(b"%d" % uid for uid in uids) if uids else b""
            return [b'* ESEARCH (TAG "x") UID' + told, b"OK done"]
        return [b"* SEARCH" + b"".join(b" %d" % uid for uid in uids), b"OK done"]

    def do_uid_store(self, words: list[bytes]) -> list[bytes]:
        assert self.box is not None
        uids = {mail.uid for _, mail in self.box.chosen(words[0])}
        self.box.set_flags(uids, words[1], words[2].strip(b"()").split())
        if b"SILENT" in words[1]:
            self.known.update({mail.uid: mail.modseq for mail in self.box.mails if mail.uid in uids})
        return [b"OK done"]

    def do_uid_copy(self, words: list[bytes]) -> list[bytes]:
        return [self._copied(words) or b"NO [TRYCREATE] no such folder"]

    def do_uid_move(self, words: list[bytes]) -> list[bytes]:
        assert self.box is not None
        moving = [mail.uid for _, mail in self.box.chosen(words[0])]
        done = self._copied(words)
        if done:
            self.box.remove(moving)
        return [b"* " + done, b"OK done"] if done else [b"NO [TRYCREATE] no such folder"]

    def do_uid_expunge(self, words: list[bytes]) -> list[bytes]:
        assert self.box is not None
        self.box.remove([m.uid for _, m in self.box.chosen(words[0]) if b"\\Deleted" in m.flags])
        return [b"OK done"]

    def do_append(self, words: list[bytes]) -> list[bytes]:
        box = self._existing(words[0])
        if box is None:
            return [b"NO [TRYCREATE] no such folder"]
        flags = next((word.strip(b"()").split() for word in words[1:-1] if word.startswith(b"(")), [])
        uid = box.add(re.sub(rb"\\(.)", rb"\1", words[-1], flags=re.DOTALL), flags)
        return [b"OK [APPENDUID %d %d] done" % (box.validity, uid)]

    def do_rename(self, words: list[bytes]) -> list[bytes]:
        box = self._existing(words[0])
        if box is None or words[1] in self.server.boxes:
            return [b"NO there is none of that name, or one of the new name"]
        del self.server.boxes[box.name]
        box.name = words[1]
        self.server.boxes[box.name] = box
        return [b"OK done"]

    def do_delete(self, words: list[bytes]) -> list[bytes]:
        box = self._existing(words[0])
        if box is None:
            return [b"NO [NONEXISTENT] no such folder"]
        del self.server.boxes[box.name]
        return [b"OK done"]

    def _existing(self, name: bytes) -> Box | None:
        plain = re.sub(rb"\\(.)", rb"\1", name, flags=re.DOTALL)
        box = self.server.boxes.get(b"INBOX" if plain.upper() == b"INBOX" else plain)
        return None if box is None or b"\\No" in box.attributes else box

    def _counters(self, box: Box) -> bytes:
        unseen = sum(b"\\Seen" not in mail.flags for mail in box.mails)
        told = b"MESSAGES %d UNSEEN %d UIDNEXT %d UIDVALIDITY %d" % (len(box.mails), unseen, box.next, box.validity)
        if "CONDSTORE" in self.server.capabilities:
            told += b" HIGHESTMODSEQ %d" % box.modseq
        return b"* STATUS {%d}\r\n%s (%s)" % (len(box.name), box.name, told)

    def _earlier(self, modseq: int) -> list[bytes]:
        assert self.box is not None
        gone = [b"%d" % uid for when, uid in self.box.gone if when > modseq]
        return [b"* VANISHED (EARLIER) " + b",".join(gone)] if gone else []

    def _copied(self, words: list[bytes]) -> bytes:
        assert self.box is not None
        target = self._existing(words[1])
        if target is None:
            return b""
        pairs = [(m.uid, target.add(m.raw, m.flags, m.when)) for _, m in self.box.chosen(words[0])]
        if "UIDPLUS" not in self.server.capabilities or not pairs:
            return b"OK done"
        old, new = (b",".join(b"%d" % pair[side] for pair in pairs) for side in (0, 1))
        return b"OK [COPYUID %d %s %s] done" % (target.validity, old, new)

    @staticmethod
    def _fetched(number: int, mail: Mail, items: bytes) -> bytes:
        told = list[bytes]()
        for item in re.findall(rb"[A-Z0-9.\-]+(?:\[[^\]]*\])?", items):
            if item == b"UID":
                told.append(b"UID %d" % mail.uid)
            elif item == b"FLAGS":
                told.append(b"FLAGS (%s)" % b" ".join(sorted(mail.flags)))
            elif item == b"MODSEQ":
                told.append(b"MODSEQ (%d)" % mail.modseq)
            elif item == b"INTERNALDATE":
                told.append(b'INTERNALDATE "%s"' % mail.when)
            elif item == b"RFC822.SIZE":
                told.append(b"RFC822.SIZE %d" % len(mail.raw))
            elif item.startswith(b"BODY"):
                fields = re.search(rb"\((.*)\)", item)
                octets = _header(mail.raw, fields[1].upper().split()) if fields else mail.raw
                told.append(b"%s {%d}\r\n%s" % (item.replace(b".PEEK", b""), len(octets), octets))
        return b"* %d FETCH (%s)" % (number, b" ".join(told))


def _header(raw: bytes, wanted: list[bytes]) -> bytes:
    head = raw.partition(b"\r\n\r\n")[0]
    fields = re.findall(rb"(?m)^[^\s:]+:.*(?:\r?\n[ \t].*)*", head)
    return (
        b"".join(f + b"\r\n" for f in (f.rstrip(b"\r\n") for f in fields) if f.split(b":")[0].upper() in wanted)
        + b"\r\n"
    )
