"""A line that breaks where a test says: a TLS proxy in front of a real server, which counts lines and octets and cuts.

    with FaultyLine(dovecot, Fault("client", "UID MOVE", cut="after")) as line:
        account = line.account(user)
        ...
        assert line.fired

Lines are counted over all connections. After the cut everything goes through, unless there is another fault. With
`dialogue` (a pattern of commands) it counts the octets of those commands and of their answers, and with `octet` it cuts
after one of them. `cut_soon`, `slow` and `offline` are for tests that make faults at random.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import threading
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal, Self

from tests.servers.dovecot import HOST, Dovecot
from tests.servers.private import PrivateServer
from tui_mail.model import Account, Protocol

ACT_SECONDS = 0.15
"""How long the server may take to act on a line whose answer is then swallowed, if it says nothing about it."""
FLUSH_SECONDS = 0.01
"""What was passed on before a cut has this long to leave."""

Side = Literal["client", "server"]


@dataclass(slots=True)
class Fault:
    """What happens at the n-th line of one side that matches."""

    side: Side
    match: str = ""
    nth: int = 1
    cut: Literal["", "before", "after"] = "after"
    """Cut both ends, with or without passing the line on; after a client's line its answer is swallowed."""
    stall: float = 0.0
    """Seconds to hold the line (and all that follow) back."""
    every: int = 0
    """Fire again each time that many more lines matched; 0: once."""
    seen: int = field(default=0, init=False)

    def hits(self, side: str, line: bytes) -> bool:
        """Count a line; True when something happens at it."""
        if side != self.side or not re.search(self.match.encode(), line, re.IGNORECASE):
            return False
        self.seen += 1
        if self.every and self.seen > self.nth:
            return (self.seen - self.nth) % self.every == 0
        return self.seen == self.nth


class FaultyLine:
    """Listens in front of `server`; use it as a context manager."""

    def __init__(
        self,
        server: Dovecot | PrivateServer,
        *faults: Fault,
        dialogue: str = "",
        octet: tuple[Side, int] | None = None,
        protocol: Protocol = Protocol.IMAP,
    ) -> None:
        self.server = server
        self.protocol = protocol
        self.faults = list(faults)
        self.fired: list[bytes] = []
        """The lines at which something happened."""
        self.lines = {"client": 0, "server": 0}
        self.dialogue = re.compile(rb"^\S+ (UID )?(" + dialogue.encode() + rb")\b", re.IGNORECASE) if dialogue else None
        self.octets = {"client": 0, "server": 0}
        """Octets of the dialogue that went through."""
        self.cuts = 0
        """Connections that were cut."""
        self.offline = False
        """Nobody gets through; see `go_offline`."""
        self.slow = 0.0
        """Seconds by which every piece is late."""
        self.port = 0
        self._octet = octet
        self._soon: dict[str, int] = {}
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="faulty-line", daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def account(self, user: str) -> Account:
        """The user's account, through this line."""
        account = self.server.account(user, self.protocol)
        return replace(account, incoming=replace(account.incoming, port=self.port))

    def heal(self) -> None:
        """Nothing happens from now on."""
        self.faults, self.slow, self.offline, self._octet = [], 0.0, False, None
        self._soon.clear()

    def cut_soon(self, side: Side, octets: int) -> None:
        """Cut the connection on which that many more octets of one side have gone through, between two octets."""
        self._soon[side] = octets

    def go_offline(self) -> None:
        """Cut every connection, and refuse new ones until `offline` is False again."""
        self.offline = True
        self._loop.call_soon_threadsafe(lambda: [link.abort() for link in list(self._links)])

    # --- the loop's thread --------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.root / "server.pem", self.server.root / "server.key")
        listener = self._loop.run_until_complete(asyncio.start_server(self._accept, HOST, 0, ssl=context))
        self.port = listener.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        listener.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for link in list(self._links):
            link.abort()
        self._loop.run_until_complete(asyncio.sleep(0))  # the transports let go of their sockets
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.offline:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(HOST, self.server.ports[self.protocol])
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, up_writer)
        self._links.add(link)
        pumps = (self._pump("client", reader, up_writer, link), self._pump("server", up_reader, writer, link))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pumps, return_exceptions=True)
        self._links.discard(link)
        link.abort()

    async def _pump(self, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
        rest = b""
        while chunk := await reader.read(65_536):
            if self.slow:
                await asyncio.sleep(self.slow)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if await self._line(side, line + b"\n", writer, link):
                    return
            watched = self.dialogue is not None or any(fault.side == side for fault in self.faults)
            if rest and (not watched or (side == "client" and link.literal > 0)):
                if await self._piece(side, rest, writer, link):
                    return
                rest = b""
            await writer.drain()
        if rest:
            self._pass_on(side, writer, rest, link)
        for end in (link.client, link.server):
            end.close()

    async def _line(self, side: Side, line: bytes, writer: asyncio.StreamWriter, link: _Link) -> bool:
        """One line; True when it was the last."""
        self.lines[side] += 1
        if side == "server" and link.muted and link.tag and line.startswith(link.tag):
            link.acted.set()
        if side == "client" and link.literal <= 0 and not link.continues:
            link.tag = line.partition(b" ")[0] + b" "
        fault = next((fault for fault in self.faults if fault.hits(side, line.rstrip(b"\n"))), None)
        if fault is None:
            return await self._piece(side, line, writer, link)
        self.fired.append(line.rstrip(b"\n"))
        await asyncio.sleep(fault.stall)
        if fault.cut != "before":
            link.muted = side == "client" and fault.cut == "after"
            self._pass_on(side, writer, line, link)
        if fault.cut:
            await self._cut(link)
        return bool(fault.cut)

    async def _piece(self, side: Side, piece: bytes, writer: asyncio.StreamWriter, link: _Link) -> bool:
        """Octets of one side, no more than a line; True when the connection was cut among them."""
        left = self._left_soon(side, len(piece))
        if self._counts(side, piece, link):
            before = self.octets[side]
            self.octets[side] += len(piece)
            if self._octet is not None and self._octet[0] == side and before < self._octet[1] <= self.octets[side]:
                left = self._octet[1] - before
        if left is None:
            self._pass_on(side, writer, piece, link)
            return False
        link.muted = side == "client" and left == len(piece)
        self._pass_on(side, writer, piece[:left], link)
        self.fired.append(piece[:left])
        await self._cut(link)
        return True

    def _left_soon(self, side: Side, size: int) -> int | None:
        """How many octets are still to go through before the cut that `cut_soon` asked for; None: all of these."""
        left = self._soon.get(side)
        if left is None:
            return None
        if left > size:
            self._soon[side] = left - size
            return None
        self._soon.pop(side, None)
        return left

    def _counts(self, side: Side, piece: bytes, link: _Link) -> bool:
        """Whether these octets belong to the dialogue: a command that matches, its literals, and what is answered."""
        if self.dialogue is None:
            return False
        if side == "server":
            counted = bool(link.asked)
            if link.asked and piece.startswith(link.asked) and piece.endswith(b"\n"):
                link.asked = b""
            return counted
        if link.literal > 0:
            link.literal -= len(piece)
            link.continues = link.literal >= 0  # below: the end of the command came with the end of the literal
            return bool(link.asked)
        if not link.continues:
            link.asked = piece.partition(b" ")[0] + b" " if self.dialogue.search(piece) else b""
        announced = re.search(rb"\{(\d+)\+?\}\r?\n$", piece)
        link.continues = announced is not None
        link.literal = int(announced[1]) if announced else 0
        return bool(link.asked)

    async def _cut(self, link: _Link) -> None:
        self.cuts += 1
        if link.muted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(link.acted.wait(), ACT_SECONDS)
        else:
            await asyncio.sleep(FLUSH_SECONDS)
        link.abort()

    @staticmethod
    def _pass_on(side: str, writer: asyncio.StreamWriter, octets: bytes, link: _Link) -> None:
        if not (side == "server" and link.muted):
            writer.write(octets)


@dataclass(slots=True, eq=False)
class _Link:
    """The two ends of one connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    muted: bool = False
    tag: bytes = b""
    """Of the client's last command."""
    asked: bytes = b""
    """The same, while that belongs to the dialogue and is not answered."""
    literal: int = 0
    """Octets of a literal still to come from the client."""
    continues: bool = False
    """The client's next line is the rest of a command."""
    acted: asyncio.Event = field(default_factory=asyncio.Event)
    """The server has answered a command whose answer is swallowed."""

    def abort(self) -> None:
        for end in (self.client, self.server):
            end.transport.abort()
