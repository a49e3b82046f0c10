"""A running screen takes over what another process is asked to write: `tui-mail mailto:…` from a browser.

What belongs here: the socket beside the store on which a screen listens, and the other end of it. The words are a
mailto: link, which is untrusted wherever it comes from; only this user can reach the socket (0600 in a 0700 folder).
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable

from tui_mail.paths import Paths
from tui_mail.sync.pulse import SOCKET_PATH_LIMIT, private_socket

LONGEST = 100_000
"""Octets of a link that are read."""
PATIENCE = 2.0
_TAKEN = b"taken\n"


class Takeover:
    """Listens until closed; `taken` is called with each link, on a thread of its own."""

    def __init__(self, paths: Paths, taken: Callable[[str], None]) -> None:
        self._path = paths.state / "screen.sock"
        self._taken = taken
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen, unless another screen of this store does."""
        other = _connect(str(self._path))
        if other is not None:
            other.close()
            return
        listener = private_socket(self._path, socket.SOCK_STREAM)
        if listener is None:
            return
        listener.listen(4)
        self._listener = listener
        threading.Thread(target=self._hear, args=(listener,), name="takeover", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # ends the thread's wait
            listener.close()
            self._path.unlink(missing_ok=True)

    def _hear(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                line.settimeout(PATIENCE)
                said = b""
                while not said.endswith(b"\n") and len(said) < LONGEST and (octets := line.recv(65_536)):
                    said += octets
                if said.endswith(b"\n"):
                    line.sendall(_TAKEN)
                    self._taken(said.decode("utf-8", "replace").strip())


def hand_over(paths: Paths, link: str) -> bool:
    """Give a link to the running screen; False when there is none that takes it."""
    line = _connect(str(paths.state / "screen.sock"))
    if line is None:
        return False
    with line, contextlib.suppress(OSError):
        line.sendall(" ".join(link.split()).encode() + b"\n")
        return line.recv(100) == _TAKEN
    return False


def _connect(path: str) -> socket.socket | None:
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        return None
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    line.settimeout(PATIENCE)
    try:
        line.connect(path)
    except OSError:
        line.close()
        return None
    return line
