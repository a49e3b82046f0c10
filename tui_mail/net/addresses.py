"""From addresses to one connection: several are tried at once, so that one that is silent holds nothing up (RFC 8305).

What belongs here: looking a name up, and connecting. What must never be here: sentences (failures), TLS (connection).
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from tui_mail.records import frozen

STAGGER = 0.25
"""Seconds after which the next address is tried beside those that have not answered yet."""
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 10035))


@frozen
class Place:
    """An address and a port, as the system wants them."""

    family: int
    at: Any

    @property
    def address(self) -> str:
        """The address alone, such as "192.0.2.1"."""
        return str(self.at[0])

    @property
    def is_ipv6(self) -> bool:
        """IPv6, not IPv4."""
        return self.family == socket.AF_INET6


@frozen
class Tried:
    """What came of trying an address."""

    place: Place
    seconds: float
    sock: socket.socket | None = None
    """The connection, non-blocking; it belongs to whoever is given this."""
    error: OSError | None = None


def places_of(host: str, port: int) -> list[Place]:
    """The addresses of a name, the best first. Raises OSError (socket.gaierror), UnicodeError, OverflowError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(Place(family, at) for family, _, _, _, at in found))


def connect_first(places: Sequence[Place], timeout: float) -> socket.socket:
    """A blocking connection to the first address that answers. Raises the OSError of the last that did not."""
    last: OSError = TimeoutError("no address")
    tries = Attempts(places, timeout)
    for tried in tries:
        if tried.sock is not None:
            tries.close()
            tried.sock.settimeout(timeout)
            return tried.sock
        last = tried.error or last
    raise last


def connect_each(places: Sequence[Place], timeout: float) -> list[Tried]:
    """Every address tried, all at once and each closed again, in the order of `places`."""
    found = {tried.place: tried for tried in Attempts(places, timeout, stagger=0.0)}
    for tried in found.values():
        if tried.sock is not None:
            tried.sock.close()
    return [found[place] for place in places]


class Attempts(Iterator[Tried]):
    """Each address as it answers, or fails. `close` gives up those that are still under way."""

    def __init__(self, places: Sequence[Place], timeout: float, *, stagger: float = STAGGER) -> None:
        self._left = deque(places)
        self._deadline = time.monotonic() + timeout
        self._stagger = stagger
        self._next_at = 0.0
        self._waiting: dict[socket.socket, tuple[Place, float]] = {}
        self._done = deque[Tried]()
        self._selector = selectors.DefaultSelector()

    def __next__(self) -> Tried:
        while not self._done:
            if not self._left and not self._waiting:
                self.close()
                raise StopIteration
            self._step(time.monotonic())
        return self._done.popleft()

    def close(self) -> None:
        """Give up what is under way, and what has come and was not taken."""
        for sock in [*self._waiting, *(tried.sock for tried in self._done if tried.sock is not None)]:
            sock.close()
        self._done.clear()
        self._waiting.clear()
        self._left.clear()
        self._selector.close()

    def _step(self, now: float) -> None:
        if now >= self._deadline:
            for place in self._left:
                self._done.append(Tried(place, 0.0, error=TimeoutError("timed out")))
            self._left.clear()
            for sock in list(self._waiting):
                self._end(sock, now, TimeoutError("timed out"))
        elif self._left and (now >= self._next_at or not self._waiting):
            self._begin(self._left.popleft(), now)
            self._next_at = now + self._stagger
        else:
            until = min(self._deadline, self._next_at) if self._left else self._deadline
            for key, _ in self._selector.select(until - now):
                ready: Any = key.fileobj
                code = ready.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                self._end(ready, time.monotonic(), OSError(code, _words(code)) if code else None)

    def _begin(self, place: Place, now: float) -> None:
        try:
            sock = socket.socket(place.family, socket.SOCK_STREAM)
        except OSError as error:
            self._done.append(Tried(place, 0.0, error=error))
            return
        sock.setblocking(False)
        try:
            code = sock.connect_ex(place.at)
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code in _UNDER_WAY:
            self._waiting[sock] = (place, now)
            self._selector.register(sock, selectors.EVENT_WRITE)
        else:
            sock.close()
            self._done.append(Tried(place, 0.0, error=OSError(code, _words(code))))

    def _end(self, sock: socket.socket, now: float, error: OSError | None) -> None:
        place, began = self._waiting.pop(sock)
        self._selector.unregister(sock)
        if error is not None:
            sock.close()
            self._next_at = 0.0
        self._done.append(Tried(place, now - began, sock if error is None else None, error))


def _words(code: int) -> str:
    return errno.errorcode.get(code, str(code))
