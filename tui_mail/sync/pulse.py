"""Who else is at work on this store: noticing commits, of this process or another, and waking the engine.

Light on purpose: the screen needs it at once, while the engine and its libraries are still being loaded.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from tui_mail.errors import StoreError
from tui_mail.model import Event, FolderListChanged, FoldersChanged, OutgoingChanged
from tui_mail.paths import Paths
from tui_mail.store import folders, outbox
from tui_mail.store.database import Database

Seen = dict[int, tuple[str, int, str]]
"""As `folders.versions` gives them."""

log = logging.getLogger(__name__)

GAP_SECONDS = 0.1
"""Least time between two events about folders."""
PULSE_SECONDS = 0.5
"""How often commits of other processes are looked for."""
SOCKET_PATH_LIMIT = 100
"""Octets that fit into the address of a unix socket."""


def private_socket(path: Path, kind: socket.SocketKind) -> socket.socket | None:
    """A unix socket of type `kind`, bound in place of one that a process left; None where there can be none.

    Only this person reaches it: its folder is 0700. (A umask would be that of all threads.)
    """
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        return None
    bound = socket.socket(socket.AF_UNIX, kind | socket.SOCK_CLOEXEC)
    try:
        path.unlink(missing_ok=True)
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        return None
    return bound


def wake_path(paths: Paths) -> Path:
    """The socket on which the engine of this store listens."""
    return paths.state / "engine.sock"


def wake_engine(paths: Paths, word: bytes = b"journal") -> None:
    """Tell the engine, whoever it is, that the journal has something new, or (`sync`) to look at every
    folder, or (`halt`) to stop fetching.
    """
    path = str(wake_path(paths))
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(word, path)


class Pulse(threading.Thread):
    """Notices every commit, of this process or another, and says which folders are different now."""

    def __init__(self, db: Database, emit: Callable[[Event], None], attend: Callable[[bool], None]) -> None:
        """What is committed from here on is told, though the thread may start only after somebody has read.

        Raises StoreError.
        """
        super().__init__(name="pulse", daemon=True)
        self._db = db
        self._emit = emit
        self._attend = attend
        self._beat = threading.Event()
        self._done = False
        self._seen, self._steps, self._outgoing = self._look()

    def beat(self) -> None:
        """Something was committed here."""
        self._beat.set()

    def stop(self) -> None:
        """End soon."""
        self._done = True
        self._beat.set()

    def run(self) -> None:
        """Compare versions after every commit, at most ten times a second."""
        seen_version, pause, is_first = -1, threading.Event(), True
        while not self._done:
            ours = not is_first and self._beat.wait(PULSE_SECONDS)
            self._beat.clear()
            if self._done:
                return
            try:
                version = self._db.data_version()
                if not is_first and not ours:
                    self._attend(version != seen_version)
                is_first = False
                if version == seen_version:
                    continue
                seen, steps, outgoing = self._look()
            except StoreError as error:  # a disk that fails now may be there again in a moment
                log.warning("pulse: %s", error.detail)
                pause.wait(PULSE_SECONDS)
                continue
            seen_version = version
            self._tell(self._seen, seen, {account for account, _, _ in self._steps ^ steps})
            if outgoing != self._outgoing:
                self._emit(OutgoingChanged())
            self._seen, self._steps, self._outgoing = seen, steps, outgoing
            pause.wait(GAP_SECONDS)

    def _look(self) -> tuple[Seen, frozenset[tuple[str, int, str]], int]:
        """Versions of all folders, what is to be rearranged, and the version of the outbox."""
        sql = self._db.read()
        return folders.versions(sql), folders.open_steps(sql), outbox.version(sql)

    def _tell(self, seen: Seen, now: Seen, rearranged: set[str]) -> None:
        """`rearranged`: accounts of which folders are renamed or deleted, though no server may know of it yet."""
        others = {id_ for id_, (_, _, role) in now.items() if id_ in seen and seen[id_][2] != role}
        for account in rearranged | {(now.get(id_) or seen[id_])[0] for id_ in (now.keys() ^ seen.keys()) | others}:
            self._emit(FolderListChanged(account))
        changed = frozenset(id_ for id_, (_, number, _) in now.items() if id_ not in seen or seen[id_][1] != number)
        if changed:
            self._emit(FoldersChanged(changed))
