"""A mail server out of a tree of unpacked packages, on loopback, that one test session owns.

What belongs here: its folder, ports, users and processes, and how a test talks to it. What must never be here: how
a certain server is configured (cyrus, courier).

Every process lives in a process namespace of its own where the kernel allows that, and dies with the test process,
however that ends.
"""

from __future__ import annotations

import imaplib
import itertools
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import debs
from tests.servers.dovecot import wait_until
from tui_mail.demo.certificates import make_certificates
from tui_mail.model import Account, Protocol, Security, Server

HOST = "127.0.0.1"
NOBODY = 65534
"""User and group number of the mail when the server runs as root."""


class PrivateServer(ABC):
    """The server, its folder, its ports and its users. `with` starts and stops it."""

    name: str
    """Of its tree in debs."""
    listeners: tuple[str, ...]
    """What listens; `imaps` among them."""
    namespaces: tuple[str, ...] = ("--pid",)
    """What it has of its own, as unshare calls it."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self._root: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- running ------------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The temporary folder of everything: programs, configuration, log, mail."""
        assert self._root is not None, "the server was not started"
        return self._root

    @property
    def tree(self) -> Path:
        """The server's programs, where a user without rights can read them too."""
        return self.root / "tree"

    @property
    def ca_file(self) -> Path:
        """The authority that a client must trust."""
        return self.root / "ca.pem"

    @property
    def log(self) -> str:
        """What the server wrote, for a failure's message."""
        path = self.root / "server.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start; after `kill` on the same ports, with the same mail. Raises RuntimeError with the log."""
        assert self._process is None, "already running"
        if self._root is None:
            self._make_root()
        for _ in range(3):
            self.ports = self.ports or _free_ports(self.listeners)
            argv = self.configure()
            with open(self.root / "server.log", "ab") as log:
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", *self._apart(), *argv],
                    env={**self.environment(), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
                    cwd=self.root,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # cyrus ends its whole process group with itself
                )
            if self._answers(within=15.0):
                return
            self.kill()
            self.ports = {}  # perhaps somebody else was quicker
        raise RuntimeError(f"{self.name} did not start:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """End every process at once, as a crash would; mail and ports stay."""
        process, self._process = self._process, None
        if process is None:
            return
        if not _allowed(self.namespaces):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # the namespace goes with it
        process.wait(10)
        wait_until(lambda: not any(map(_is_open, self.ports.values())), 10)

    def stop(self) -> None:
        """End every process and remove the mail."""
        self.kill()
        root, self._root = self._root, None
        if root is not None:
            wait_until(lambda: shutil.rmtree(root, ignore_errors=True) or not root.exists(), 5)

    @property
    def is_apart(self) -> bool:
        """Whether its processes have a namespace of their own, and die with the tests."""
        return _allowed(self.namespaces)

    # --- users --------------------------------------------------------------------------------

    def new_user(self, password: str = "secret", name: str = "") -> str:
        """A user that did not exist, with an empty inbox; works while the server runs."""
        name = name or f"user{next(self._names)}"
        self.passwords[name] = password
        self.add_user(name)
        return name

    def server(
        self, user: str, security: Security | str = Security.TLS, protocol: Protocol | str = Protocol.IMAP
    ) -> Server:
        """How to log in as `user`: the certificate is for localhost, the password comes from a command."""
        return Server(
            host="localhost",
            port=self.ports[f"{protocol}{'s' if security == Security.TLS else ''}"],
            security=Security(security),
            user=user,
            password_command=("printf", "%s", self.passwords[user]),
            ca_file=str(self.ca_file),
        )

    def account(self, user: str, protocol: Protocol | str = Protocol.IMAP) -> Account:
        """An account named like the user, without a way to send."""
        return Account(
            name=user,
            full_name=user.title(),
            email=f"{user}@example.org",
            protocol=Protocol(protocol),
            incoming=self.server(user, protocol=protocol),
        )

    def connect(self, user: str, folder: str = "") -> imaplib.IMAP4_SSL:
        """Another client of the same user, logged in; `folder` is selected when given."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=context, timeout=20)
        password = self.passwords[user]
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        if folder:
            answer, data = client.select(f'"{folder}"')
            assert answer == "OK", data
        return client

    # --- what a certain server is -------------------------------------------------------------

    @abstractmethod
    def configure(self) -> list[str]:
        """Write the configuration for `ports`; returns the command to start."""

    @abstractmethod
    def add_user(self, user: str) -> None:
        """Have the server know a user of `passwords`."""

    @abstractmethod
    def deliver(self, user: str, *messages: bytes) -> None:
        """Deliver to the INBOX, as a mail server does it; on return the messages are there."""

    def environment(self) -> dict[str, str]:
        """The environment of the server's programs."""
        return {"LD_LIBRARY_PATH": debs.libraries(self.tree)}

    def run(self, *argv: str | Path, told: str = "") -> str:
        """Run a program of the tree; returns what it printed."""
        done = subprocess.run(
            [str(word) for word in argv], env=self.environment(), input=told, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{argv[0]}: {done.stderr or done.stdout}"
        return done.stdout

    def own(self, *tops: Path) -> None:
        """Give files, and folders with all in them, to the user that the server reads mail as."""
        if os.geteuid() == 0:
            for top in tops:
                for file in (top, *top.rglob("*")):
                    os.chown(file, NOBODY, NOBODY)

    # --- how it is done -----------------------------------------------------------------------

    def _make_root(self) -> None:
        packages = debs.tree(self.name)
        self._root = Path(tempfile.mkdtemp(prefix=f"{self.name[:2]}-", dir="/tmp"))  # short: sockets lie in it
        self._root.chmod(0o755)
        shutil.copytree(packages, self.tree, symlinks=True)
        make_certificates(self._root)

    def _apart(self) -> list[str]:
        if not _allowed(self.namespaces):
            return []
        # the shell is what dies first: a server that changes its user is no longer told that its parent died
        return ["unshare", *self.namespaces, "--fork", "--kill-child", "sh", "-c", '"$@" & wait', "sh"]

    def _answers(self, within: float) -> bool:
        process = self._process
        assert process is not None
        context = ssl.create_default_context(cafile=str(self.ca_file))

        def greets() -> bool:
            try:
                with socket.create_connection((HOST, self.ports["imaps"]), 10) as line:
                    line.settimeout(10)
                    with context.wrap_socket(line, server_hostname="localhost") as inside:
                        return inside.recv(1024).startswith(b"* OK")
            except OSError:
                return False

        def listens() -> bool:
            return process.poll() is not None or (all(map(_is_open, self.ports.values())) and greets())

        return wait_until(listens, within) and process.poll() is None


@cache
def _allowed(namespaces: tuple[str, ...]) -> bool:
    return subprocess.run(["unshare", *namespaces, "--fork", "true"], capture_output=True).returncode == 0


def missing_namespaces(namespaces: tuple[str, ...]) -> str:
    """Why a server that needs these cannot run; empty when it can."""
    allowed = os.geteuid() == 0 and _allowed(namespaces)
    return "" if allowed else f"it needs root, and a kernel that allows `unshare {' '.join(namespaces)}`"


def _free_ports(names: tuple[str, ...]) -> dict[str, int]:
    held = [socket.create_server((HOST, 0)) for _ in names]
    ports = {name: int(listener.getsockname()[1]) for name, listener in zip(names, held, strict=True)}
    for listener in held:
        listener.close()
    return ports


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
