"""A line that breaks where a test says: a TLS proxy in front of a real server, which counts lines and cuts.

    with FaultyLine(dovecot, Fault("client", "UID MOVE", cut="after")) as line:
        account = line.account(user)
        ...
        assert line.fired

Lines are counted over all connections. After the cut everything goes through, unless there is another fault.
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
from tui_mail.model import Account

ACT_SECONDS = 0.15
"""How long the server may take to act on a line whose answer is then swallowed."""


@dataclass(slots=True)
class Fault:
    """What happens at the n-th line of one side that matches."""

    side: Literal["client", "server"]
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

    def __init__(self, server: Dovecot, *faults: Fault) -> None:
        self.server = server
        self.faults = list(faults)
        self.fired: list[bytes] = []
        """The lines at which something happened."""
        self.lines = {"client": 0, "server": 0}
        self.port = 0
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
        account = self.server.account(user)
        return replace(account, incoming=replace(account.incoming, port=self.port))

    def heal(self) -> None:
        """Nothing happens from now on."""
        self.faults = []

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
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection(HOST, self.server.ports["imap"])
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, up_writer)
        pumps = (self._pump("client", reader, up_writer, link), self._pump("server", up_reader, writer, link))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pumps, return_exceptions=True)
        link.abort()

    async def _pump(self, side: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> None:
        rest = b""
        while chunk := await reader.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.lines[side] += 1
                fault = next((fault for fault in self.faults if fault.hits(side, line)), None)
                if fault is None:
                    self._pass_on(side, writer, line + b"\n", link)
                    continue
                self.fired.append(line)
                await asyncio.sleep(fault.stall)
                if fault.cut != "before":
                    link.muted = side == "client" and fault.cut == "after"
                    self._pass_on(side, writer, line + b"\n", link)
                if fault.cut:
                    await asyncio.sleep(ACT_SECONDS if link.muted else 0.01)
                    link.abort()
                    return
            if rest and not any(fault.side == side for fault in self.faults):
                self._pass_on(side, writer, rest, link)
                rest = b""
            await writer.drain()
        if rest:
            self._pass_on(side, writer, rest, link)
        for end in (link.client, link.server):
            end.close()

    @staticmethod
    def _pass_on(side: str, writer: asyncio.StreamWriter, octets: bytes, link: _Link) -> None:
        if not (side == "server" and link.muted):
            writer.write(octets)


@dataclass(slots=True)
class _Link:
    """The two ends of one connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    muted: bool = False

    def abort(self) -> None:
        for end in (self.client, self.server):
            end.transport.abort()
