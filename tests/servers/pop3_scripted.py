"""POP3 servers that behave, except where a test tells them otherwise.

    with Scripted(answering(dele=b"-ERR no")) as server:              one step of the dialogue at a time
        session = Pop3Session.open(server.server(), "secret")

    with OddPop(certificate) as server:                               a mailbox that lasts over many sessions
        server.deliver(b"Subject: hello\\r\\n\\r\\nhello\\r\\n")
        server.uidl = "renamed"
        client = MailClient(paths(home), [server.account()])

What belongs here: the dialogue, a mailbox, and the deviations that real servers are known for. What must never be here:
what a client is expected to make of them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.servers.scripted import Peer, Script, Scripted
from tests.servers.smtp_scripted import Told, cut, silent, then_cut
from tui_mail.model import Account, Protocol, Security, Server

__all__ = ["CAPABILITIES", "MAIL", "Kept", "OddPop", "Told", "answering", "block", "cut", "silent", "then_cut"]

CAPABILITIES = (b"USER", b"TOP", b"UIDL", b"RESP-CODES", b"PIPELINING", b"SASL PLAIN")
MAIL = (
    b"Subject: one\r\n\r\nhello\r\n",
    b"Subject: two\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\nthe end\r\n",
    b"Subject: three\r\n\r\n" + b"x" * 5_000 + b"\r\n",
)


def block(*lines: bytes) -> bytes:
    """A long answer, without its last CRLF."""
    return b"\r\n".join([b"+OK", *lines, b"."])


def stuffed(raw: bytes) -> bytes:
    """A message as it goes over the line, with its end."""
    lines = raw.split(b"\r\n")
    body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return body + (b"" if body.endswith(b"\r\n") or not body else b"\r\n") + b".\r\n"


def answering(
    *, mail: tuple[bytes, ...] = MAIL, capabilities: tuple[bytes, ...] = CAPABILITIES, **told: Told
) -> Script:
    """A script with a step for each of: greeting, capa, stls, utf8, user, pass, apop, auth, list, uidl, top, retr, …

    `told` says what a step is answered instead of what is usual: see smtp_scripted.
    """
    usual: dict[str, Told] = {
        "greeting": b"+OK ready",
        "capa": block(*capabilities),
        "auth": b"+ ",
        "list": block(*(b"%d %d" % (number, len(raw)) for number, raw in enumerate(mail, 1))),
        "uidl": block(*(b"%d u%d" % (number, number) for number in range(1, len(mail) + 1))),
    }

    def script(peer: Peer) -> None:
        def step(name: str, otherwise: bytes = b"+OK") -> None:
            what = told.get(name, usual.get(name, otherwise))
            if isinstance(what, list):
                what = what.pop(0) if len(what) > 1 else what[0]
            if callable(what):
                what(peer)
            else:
                peer.say(what)

        step("greeting")
        while True:
            word, _, rest = peer.line().partition(b" ")
            name = word.decode("ascii", "replace").lower()
            if name in ("retr", "top"):
                raw = dict(enumerate(mail, 1)).get(int(rest.split()[0]), b"")
                shown = raw if name == "retr" else raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                step(name, b"+OK\r\n" + stuffed(shown).removesuffix(b"\r\n"))
            elif name == "auth" and "auth" not in told:
                peer.say(b"+ ")
                peer.line()
                step("answer", b"+OK welcome")
            elif name == "stls" and "stls" not in told:
                peer.say(b"+OK begin")
                peer.encrypt()
            else:
                step(name)
                if name == "quit":
                    return

    return script


@dataclass
class Kept:
    """One message in the mailbox."""

    raw: bytes
    name: str
    """Its UIDL, as long as nothing else is asked of it."""
    popped: bool = False
    """Read whole in a session that ended with QUIT."""


Scheme = Literal["normal", "renamed", "content", "equal", "numbered", "absent"]


class OddPop(Scripted):
    """A mailbox of one user; `lock` is held while a command is carried out. Its password is any."""

    def __init__(self, certificate: Path, capabilities: tuple[bytes, ...] = CAPABILITIES) -> None:
        super().__init__(self._talk, certificate=certificate, tls=True)
        self.lock = threading.RLock()
        self.capabilities = capabilities
        self.mails: list[Kept] = []
        self.deleted: list[bytes] = []
        """What is gone for good, in the order in which it went."""
        self.sessions: list[list[str]] = []
        """The commands of each session, the login left out, such as "RETR 3"."""
        self.uidl: Scheme = "normal"
        """normal · renamed: others than before, for everything · content: the same for equal messages · equal: the same
        for all · numbered: the number in the listing, so that it is used again · absent: there is no UIDL."""
        self.renamed = 0
        """So many of the oldest messages have other names than before, and the others their own."""
        self.hides_popped = False
        """Like Gmail: what was read whole is not listed in later sessions."""
        self.batch = 0
        """Most messages of a listing, the oldest first; 0: all."""
        self.keeps_deleted = False
        """Like Gmail: DELE and QUIT are agreed to, and delete nothing."""
        self.exclusive = False
        """A second session at the same time is refused with [IN-USE]."""
        self.refuses: dict[str, bytes] = {}
        """What a command, such as "DELE" or "RETR 3", is answered instead of being carried out."""
        self.cut_at: dict[str, int] = {}
        """{"RETR": 3}: hang up at the third RETR of each session, before it is carried out; "*" counts all commands."""
        self.cut_half = False
        """Send the first half of the answer before that."""
        self.loses_quit = False
        """QUIT is carried out, and its answer never comes."""
        self._names = 0
        self._inside = 0

    def server(self, security: Security = Security.TLS, **more: str) -> Server:
        """How to log in here as anna, over TLS."""
        return super().server(security, **more)

    def account(self, **more: str) -> Account:
        """Anna's account here."""
        return Account("work", "Anna", "anna@example.org", Protocol.POP3, self.server(), **more)  # type: ignore[arg-type]

    def deliver(self, *raws: bytes) -> None:
        """Mail comes in."""
        with self.lock:
            for raw in raws:
                self._names += 1
                self.mails.append(Kept(raw, f"u{self._names:05}"))

    def _talk(self, peer: Peer) -> None:
        peer.say(b"+OK ready <1.2@example.org>")
        if not self._log_in(peer):
            return
        with self._counted():
            with self.lock:
                shown = [kept for kept in self.mails if not (self.hides_popped and kept.popped)]
                shown = shown[: self.batch or None]
                log = list[str]()
                self.sessions.append(log)
            _Visit(self, peer, shown, log).run()

    def _log_in(self, peer: Peer) -> bool:
        while True:
            word = peer.line().decode().partition(" ")[0]
            if word == "CAPA":
                self.say_capabilities(peer)
            elif word == "AUTH":
                peer.say(b"+ ")
                peer.line()
                break
            elif word == "PASS":
                break
            elif word == "QUIT":
                peer.say(b"+OK bye")
                return False
            else:
                peer.say(b"+OK")
        if self.exclusive and self._inside:
            peer.say(b"-ERR [IN-USE] another session")
            return False
        refusal = self.refuses.get("PASS", b"")
        peer.say(refusal or b"+OK welcome")
        return not refusal

    def say_capabilities(self, peer: Peer) -> None:
        """The answer to CAPA, which follows `uidl`."""
        words = [word for word in self.capabilities if word != b"UIDL" or self.uidl != "absent"]
        peer.say(b"+OK", *words, b".")

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


class _Visit:
    """One session of OddPop, from the login on."""

    def __init__(self, server: OddPop, peer: Peer, shown: list[Kept], log: list[str]) -> None:
        self.server, self.peer, self.shown, self.log = server, peer, shown, log
        self.marked: set[int] = set()
        self.read: set[int] = set()
        self.counts = Counter[str]()

    def run(self) -> None:
        """Until QUIT, or until one side hangs up."""
        while True:
            line = self.peer.line().decode()
            word, _, rest = line.partition(" ")
            if word == "CAPA":
                self.server.say_capabilities(self.peer)
                continue
            self.log.append(line)
            self.counts.update((word, "*"))
            cut_now = any(self.counts[key] == at and key in (word, "*") for key, at in self.server.cut_at.items())
            refusal = self.server.refuses.get(line) or self.server.refuses.get(word)
            if cut_now and not self.server.cut_half:
                raise EOFError
            with self.server.lock:
                said = refusal + b"\r\n" if refusal else self.answer(word, rest)
            if cut_now:
                self.peer.send(said[: len(said) // 2])
            if cut_now or (word == "QUIT" and self.server.loses_quit):
                raise EOFError
            self.peer.send(said)
            if word == "QUIT":
                return

    def answer(self, word: str, rest: str) -> bytes:
        """Carry out one command; the whole answer."""
        there = [number for number in range(1, len(self.shown) + 1) if number not in self.marked]
        if word == "LIST":
            return self.long(b"%d %d" % (number, len(self.shown[number - 1].raw)) for number in there)
        if word == "UIDL" and self.server.uidl != "absent":
            return self.long(b"%d %s" % (number, self.name(number).encode()) for number in there)
        if word == "RSET":
            self.marked.clear()
            return b"+OK\r\n"
        if word == "QUIT":
            return self.finish()
        if word in ("RETR", "TOP", "DELE") and (number := int(rest.split()[0])) in there:
            raw = self.shown[number - 1].raw
            if word == "DELE":
                self.marked.add(number)
                return b"+OK marked\r\n"
            if word == "TOP":
                return b"+OK\r\n" + stuffed(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            self.read.add(number)
            return b"+OK %d octets\r\n" % len(raw) + stuffed(raw)
        return b"-ERR no such command or message\r\n"

    def long(self, lines: Iterator[bytes]) -> bytes:
        """A listing."""
        return b"".join([b"+OK\r\n", *(line + b"\r\n" for line in lines), b".\r\n"])

    def name(self, number: int) -> str:
        """A message's UIDL."""
        kept = self.shown[number - 1]
        if number <= self.server.renamed:
            return f"new-{kept.name}"
        digest = hashlib.sha1(kept.raw).hexdigest()
        return {"renamed": f"new-{kept.name}", "content": digest, "equal": "same", "numbered": str(number)}.get(
            self.server.uidl, kept.name
        )

    def finish(self) -> bytes:
        """QUIT: the only moment at which anything is deleted."""
        for number in self.read:
            self.shown[number - 1].popped = True
        if not self.server.keeps_deleted:
            gone = [self.shown[number - 1] for number in sorted(self.marked)]
            self.server.deleted += [kept.raw for kept in gone]
            self.server.mails = [kept for kept in self.server.mails if not any(kept is other for other in gone)]
        return b"+OK bye\r\n"
