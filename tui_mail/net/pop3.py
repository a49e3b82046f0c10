"""Reading mail over POP3: one session, in which nothing is deleted before the server has said so at its end.

    session = Pop3Session.open(server, secret)
    for listed in session.listing(): ...
    for number, raw in session.retrieve([1, 2, 3]): ...
    session.delete([1, 2])
    session.quit()

What belongs here: the commands of RFC 1939, and how many of them are under way at once (RFC 2449 section 6.6). What
must never be here: a decision what to fetch or to delete, or a second try.

DELE only marks. The server deletes after QUIT, and what it says then is the only proof: until `quit` has returned,
every message counts as still there.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from tui_mail.errors import CommandRefused, MailError
from tui_mail.model import Server
from tui_mail.net.busy import LONGEST
from tui_mail.net.failures import too_much
from tui_mail.net.pop3_line import Pop3Line
from tui_mail.net.pop3_login import Offered, log_in
from tui_mail.net.pop3_replies import (
    Listed,
    Reply,
    later,
    message_refused,
    number_in,
    refused,
    size_entry,
    uidl_entry,
)
from tui_mail.net.witness import NOBODY, Witness

__all__ = ["Listed", "Pop3Session"]

WINDOW = 50
"""Commands under way at once: few enough that neither side's buffers fill up with them."""
ENTRIES_LIMIT = 2_000_000
"""Messages of the largest mailbox that is listed."""
LISTING_LIMIT = 200_000_000
"""Octets of the longest listing."""
MESSAGE_LIMIT = 200_000_000
"""Octets of the largest message, when the caller says nothing else."""
SLACK = 1_000_000
"""Octets that a message may have beyond twice its listed size: some servers count in a way of their own."""
QUIT_FACTOR = 5
"""QUIT may take so many times the usual patience: large mailboxes are written anew then."""

Key = TypeVar("Key")
Entry = TypeVar("Entry")
Answer = TypeVar("Answer")


class Pop3Session:
    """A logged-in connection. One thread at a time; only `shut` may come from another.

    After a MailError other than CommandRefused the session is closed. An iterator that is dropped before its end closes
    it too when answers are still on their way; until then no other command can be given.
    """

    def __init__(self, line: Pop3Line, offered: Offered, *, patience: float) -> None:
        self.host = line.server.host
        self.login_delay = min(number_in(offered.words, "LOGIN-DELAY") or 0, int(LONGEST))
        """Seconds that the server wants between two logins; 0 when it does not say."""
        self.expire = number_in(offered.words, "EXPIRE")
        """Days after which the server deletes by itself, 0: as soon as a message was read; None: never, or unknown."""
        self._line = line
        self._offered = offered
        self._patience = patience
        self._missing: set[str] = set()
        self._sizes: dict[int, int] = {}
        self._waiting: deque[Any] = deque()

    @classmethod
    def open(
        cls,
        server: Server,
        secret: str,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        witness: Witness = NOBODY,
    ) -> Pop3Session:
        """Connect, encrypt, log in. `secret` is the password, or the access token when `server.auth` is "oauth2".

        `timeout` is for each step of this; `patience` for what comes later: each short answer, and each pause in a long
        one. Raises Unreachable, CertificateRefused, AuthenticationRefused, UnsafeArgument, ProtocolViolation,
        ConnectionLost, ServerBusy for whatever is to be tried again later, and CommandRefused for a mailbox that cannot
        be had for good ([SYS/PERM]).
        """
        line = Pop3Line(server, timeout=timeout, witness=witness)
        try:
            offered = log_in(line, secret, timeout)
        except BaseException:
            line.close()
            raise
        return cls(line, offered, patience=patience)

    @property
    def is_open(self) -> bool:
        """False once the connection was closed or broke, as far as that was noticed."""
        return self._line.alive

    @property
    def heard(self) -> float:
        """When the server's last octet came, seconds since the epoch."""
        return self._line.heard

    def has(self, capability: str) -> bool:
        """True when the server offers this; without CAPA it has TOP, and UIDL until a listing shows otherwise."""
        word = capability.upper()
        return word in self._offered.words or (
            not self._offered.told and word in ("UIDL", "TOP") and word not in self._missing
        )

    # --- what is there ------------------------------------------------------------------------

    def count(self) -> int:
        """How many messages there are (STAT). Raises CommandRefused, ConnectionLost, ServerBusy, ProtocolViolation."""
        reply = next(reply for _, reply in self._each([("STAT", b"STAT\r\n")], lambda _, reply: reply))
        if not reply.is_ok:
            raise self._refused("count the mail", reply)
        word = reply.text.partition(" ")[0]
        return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0

    def listing(self) -> list[Listed]:
        """Every message, by number. UIDLs are empty where the server has none, or none that can be used.

        What is said twice and differently is not believed: a number with two sizes is left out, one with two UIDLs has
        none. Raises CommandRefused when there is no list; ConnectionLost, ServerBusy, ProtocolViolation.
        """
        sizes: dict[int, int] = {}
        names: dict[int, str] = {}

        def answer(word: str, reply: Reply) -> Reply:
            if reply.is_ok and word == "LIST":
                sizes.update(self._entries(size_entry))
            elif reply.is_ok:
                names.update(self._entries(uidl_entry))
            return reply

        replies = dict(self._each([("LIST", b"LIST\r\n"), ("UIDL", b"UIDL\r\n")], answer))
        if not replies["LIST"].is_ok:
            raise self._refused("list the mail", replies["LIST"])
        if not replies["UIDL"].is_ok and (sizes or replies["UIDL"].kind != "err"):  # some have no names for nothing
            self._do_without_uidl(replies["UIDL"])
        self._sizes = sizes
        return [Listed(number, sizes[number], names.get(number, "")) for number in sorted(sizes)]

    def _do_without_uidl(self, reply: Reply) -> None:
        """Raise when the server has names, and only does not tell them now: that must not look like none at all."""
        if "UIDL" in self._offered.words or reply.kind != "err" or later(self.host, reply):
            raise self._refused("name the mail", reply)
        self._missing.add("UIDL")

    def _refused(self, what: str, reply: Reply) -> MailError:
        error = refused(self.host, what, reply)
        if not isinstance(error, CommandRefused):
            self._line.close()
        return error

    def _entries(self, parse: Callable[[bytes], tuple[int, Entry] | None]) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        contradictory: set[int] = set()
        for count, line in enumerate(self._line.lines(self._patience, LISTING_LIMIT)):
            if count >= ENTRIES_LIMIT:
                raise too_much(self.host, f"a listing of more than {count} messages")
            entry = parse(line)
            if entry is not None and found.setdefault(*entry) != entry[1]:
                contradictory.add(entry[0])
        return {number: value for number, value in found.items() if number not in contradictory}

    # --- messages -----------------------------------------------------------------------------

    def top(self, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The header of each message (TOP with no line of text); one that is refused is left out.

        Without TOP there is none. Raises ConnectionLost, ServerBusy, ProtocolViolation.
        """

        def answer(number: int, reply: Reply) -> bytes | None:
            if reply.is_ok:
                return self._line.block(self._patience, self._most(number, MESSAGE_LIMIT))
            message_refused(self.host, f"show message {number}", reply)
            return None

        asked = [(number, b"TOP %d 0\r\n" % number) for number in numbers] if self.has("TOP") else []
        with contextlib.closing(self._each(asked, answer)) as answers:
            for number, block in answers:
                if block is not None:
                    yield number, block

    def retrieve(
        self, numbers: Sequence[int], limit: int = MESSAGE_LIMIT
    ) -> Iterator[tuple[int, bytes | CommandRefused]]:
        """Each message whole, octet for octet as the server has it, or the refusal of this one.

        `limit`: octets of a message, beyond which the server is not listened to any more; nor is it beyond twice what
        the last listing said and `SLACK`. Raises ConnectionLost, ServerBusy, ProtocolViolation.
        """

        def answer(number: int, reply: Reply) -> bytes | CommandRefused:
            if reply.is_ok:
                return self._line.block(self._patience, self._most(number, limit))
            return message_refused(self.host, f"give out message {number}", reply)

        yield from self._each([(number, b"RETR %d\r\n" % number) for number in numbers], answer)

    def _most(self, number: int, limit: int) -> int:
        return min(limit, 2 * self._sizes[number] + SLACK) if number in self._sizes else limit

    def delete(self, numbers: Sequence[int]) -> list[int]:
        """Mark each message; those that the server agreed to delete after `quit`.

        Raises ConnectionLost, ServerBusy, ProtocolViolation.
        """

        def answer(number: int, reply: Reply) -> bool:
            if not reply.is_ok:
                message_refused(self.host, f"delete message {number}", reply)
            return reply.is_ok

        asked = self._each([(number, b"DELE %d\r\n" % number) for number in numbers], answer)
        return [number for number, agreed in asked if agreed]

    # --- the end ------------------------------------------------------------------------------

    def quit(self) -> None:
        """QUIT: what was marked is deleted once this has returned.

        Otherwise it raises, and some of it may be deleted or none: CommandRefused and ServerBusy for the server's own
        words, ConnectionLost, ProtocolViolation.
        """
        assert not self._waiting, "answers are still on their way"
        try:
            self._line.command(b"QUIT\r\n", patience=self._patience)
            reply = self._line.reply(self._patience * QUIT_FACTOR)
        finally:
            self._line.close()
        if not reply.is_ok:
            raise refused(self.host, "end the session and delete what was marked", reply)

    def close(self) -> None:
        """Hang up without QUIT, so that nothing is deleted; takes two seconds at most, and never raises."""
        with contextlib.suppress(MailError):
            if self._line.alive and not self._waiting:  # for a server that takes hanging up for QUIT
                self._line.command(b"RSET\r\n", patience=1.0)
                self._line.reply(1.0)
        self._line.close()

    def shut(self) -> None:
        """End the connection at once, from any thread; whoever uses it gets ConnectionLost."""
        self._line.cut()

    # --- several commands at once -------------------------------------------------------------

    def _each(
        self, commands: Sequence[tuple[Key, bytes]], answer: Callable[[Key, Reply], Answer]
    ) -> Generator[tuple[Key, Answer], None, None]:
        """Give the commands, as many at once as the server bears; what `answer` makes of each one's reply, in order.

        `answer` reads what follows the reply. What it raises, and an end before the last answer, closes the line.
        """
        assert not self._waiting, "answers are still on their way"
        window = WINDOW if self.has("PIPELINING") else 1
        left, waiting = iter(commands), self._waiting
        try:
            while True:
                if len(waiting) <= window // 2 and (group := list(islice(left, window - len(waiting)))):
                    send = self._line.transmit if waiting else self._line.command
                    send(b"".join(octets for _, octets in group), patience=self._patience)
                    waiting.extend(key for key, _ in group)
                if not waiting:
                    return
                key: Key = waiting[0]
                found = answer(key, self._line.reply(self._patience))
                waiting.popleft()
                yield key, found
        finally:
            if waiting:
                waiting.clear()
                self._line.close()
