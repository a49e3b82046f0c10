"""pymap, the demo's IMAP server, with a mailbox and a port of its own for each user.

What belongs here: running it on a thread, empty and with nothing coming in. What must never be here: sample mail.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import tempfile
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tui_mail.demo.certificates import make_certificates
from tui_mail.demo.imap import MailServer
from tui_mail.model import Account, Protocol, Security, Server

HOST = "127.0.0.1"
PATIENCE = 20.0


class Pymap:
    """The servers of all users. `with` starts and stops them."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="py-", dir="/tmp")
        self._certificates = make_certificates(Path(self._folder.name))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self._certificates.chain, self._certificates.key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pymap", daemon=True)
        self._users: dict[str, tuple[MailServer, asyncio.Server]] = {}
        self._names = itertools.count(1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self._folder.cleanup()

    def new_user(self) -> str:
        """A user that did not exist, with the demo's folders, empty; no keyword is kept in them."""
        name = f"user{next(self._names)}"
        self._users[name] = self._do(self._serve(name))
        return name

    def account(self, user: str) -> Account:
        """An account named like the user, without a way to send."""
        server = Server(
            host="localhost",
            port=self._users[user][1].sockets[0].getsockname()[1],
            security=Security.TLS,
            user=user,
            password_command=("printf", "%s", "secret"),
            ca_file=str(self._certificates.authority),
        )
        return Account(user, user.title(), f"{user}@example.org", Protocol.IMAP, server)

    def deliver(self, user: str, *messages: bytes) -> None:
        """Put mail into the INBOX."""
        for message in messages:
            self._do(self._users[user][0].add("INBOX", message, int(time.time())))

    async def _serve(self, name: str) -> tuple[MailServer, asyncio.Server]:
        server = MailServer(name, "secret", 0, 1, int(time.time()))
        server._folders.keeps_keywords = False
        for folder in (server._folders._inbox, *server._folders._set.values()):
            folder._messages.clear()
            folder.keeps_keywords = False
        return server, await server.listen(HOST, self._context)

    async def _end(self) -> None:
        for _, listener in self._users.values():
            listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)
