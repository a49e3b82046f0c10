"""The demo's server: a process of its own with IMAP, SMTP and sample mail, that leaves nothing behind.

    python -m tui_mail.demo.server --port-file F [--messages N] [--every SECONDS] [--seed N] [--now EPOCH]

runs until SIGTERM or SIGINT; F is written once it listens. `Demo` runs the same beside a client and ends with it,
however the client ends: the child sees the end of a pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import count as count_from
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tui_mail.demo.home import PASSWORD, USER, Ports, write_whole
from tui_mail.errors import MailError
from tui_mail.model import Account

HOST = "127.0.0.1"
FRESH = 20.0
"""Seconds between two new messages."""


class Demo:
    """A server with sample mail, and a home for the client that shows it.

    `start` returns once the server listens. Raises MailError when it does not.
    """

    def __init__(self, messages: int = 2000, every: float = FRESH, seed: int = 1, now: int | None = None) -> None:
        self._words = [f"--messages={messages}", f"--every={every}", f"--seed={seed}"]
        if now is not None:
            self._words.append(f"--now={now}")
        self._child: subprocess.Popen[str] | None = None
        self._ports: Ports | None = None

    @property
    def ports(self) -> Ports:
        """Where it listens."""
        assert self._ports is not None, "the demo was not started"
        return self._ports

    @property
    def home(self) -> Path:
        """The value for TUI_MAIL_HOME; removed by `stop`."""
        return Path(self.ports.home)

    @property
    def account(self) -> Account:
        """The one account of its config.toml."""
        return self.ports.account()

    def start(self) -> Self:
        """Start the server's process and wait until it listens."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tui_mail.demo.server", "--lifeline", *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(),
            start_new_session=True,
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self.stop()
            raise MailError(
                "The demo's mail server did not start; none of your own mail is concerned. "
                "Try `python -m tui_mail.demo.server --port-file ports.json` to see why."
            )
        self._ports = Ports.from_json(line)
        return self

    def stop(self) -> None:
        """End the server and remove the home. May be called twice."""
        child, self._child = self._child, None
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._ports is not None:
            shutil.rmtree(self._ports.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Sink:
    """Takes every mail: one to Robin comes back to the INBOX, each lies as a file in HOME/smtp."""

    def __init__(self, imap: Any, directory: Path) -> None:
        self._imap = imap
        self._directory = directory
        self._numbers = count_from(1)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd with a whole message."""
        raw = bytes(envelope.content)
        self._directory.mkdir(mode=0o700, exist_ok=True)
        number = next(self._numbers)
        write_whole(self._directory / f"{number:04d}.envelope", "\n".join([envelope.mail_from, *envelope.rcpt_tos]))
        (self._directory / f"{number:04d}.eml").write_bytes(raw)
        account = f"{USER}@"
        if any(recipient.startswith(account) for recipient in envelope.rcpt_tos):
            await self._imap.add("INBOX", raw, int(time.time()))
        return "250 2.0.0 The demo took it; nobody will read it"


async def serve(options: argparse.Namespace, home: Path) -> None:
    """Listen, report, deliver new mail, until a signal or the end of standard input."""
    from aiosmtpd.smtp import SMTP, AuthResult

    from tui_mail.demo.certificates import make_certificates
    from tui_mail.demo.imap import MailServer
    from tui_mail.demo.mail import arrival

    loop = asyncio.get_running_loop()
    now = options.now if options.now is not None else int(time.time())
    certificates = make_certificates(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    imap = MailServer(USER, PASSWORD, options.messages, options.seed, now)
    imap_listener = await imap.listen(HOST, context)
    sink = Sink(imap, home / "smtp")

    def session() -> SMTP:
        return SMTP(
            sink,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=50_000_000,
            auth_require_tls=False,
            authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
                success=data.login == USER.encode() and data.password == PASSWORD.encode(),
                handled=False,
            ),
            loop=loop,
        )

    smtp_listener = await loop.create_server(session, HOST, 0, ssl=context)
    ports = Ports(_port(imap_listener), _port(smtp_listener), USER, PASSWORD, str(certificates.authority), str(home))
    write_whole(home / "config.toml", ports.configuration())
    over = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, over.set)
    if options.lifeline:
        loop.add_reader(0, lambda: over.set() if not os.read(0, 1024) else None)
        sys.stdout.write(ports.to_json() + "\n")
        sys.stdout.flush()
    if options.port_file is not None:
        write_whole(options.port_file, ports.to_json() + "\n")
    number = 0
    while options.every > 0 and not await _is_over(over, options.every):
        when = int(time.time())
        await imap.add("INBOX", arrival(number, options.seed, when).raw, when)
        number += 1
    await over.wait()


def main(words: Sequence[str] | None = None) -> int:
    """The process: a home, a server in it, and nothing left of either."""
    parser = argparse.ArgumentParser(prog="python -m tui_mail.demo.server", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--every", type=float, default=FRESH, help="seconds between two new messages; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", type=int, help="when the newest message came, seconds since the epoch")
    parser.add_argument("--port-file", type=Path, help="where to write the ports, as JSON")
    parser.add_argument("--lifeline", action="store_true", help="end with standard input; report on standard output")
    options = parser.parse_args(words)
    home = Path(tempfile.mkdtemp(prefix="tui-mail-demo-"))
    try:
        asyncio.run(serve(options, home))
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _environment() -> dict[str, str]:
    """The child finds this very package, wherever it was imported from."""
    package = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{known}" if known else package}


async def _is_over(over: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return False
    return True


def _port(listener: asyncio.Server) -> int:
    port: int = listener.sockets[0].getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
