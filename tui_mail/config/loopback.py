"""The end of a login in a browser: a tiny HTTP listener on 127.0.0.1 that takes one redirect (RFC 8252 section 7.3).

What belongs here: hearing the browser out, and telling the person to go back. What must never be here: a word of the
request in the answer, an address that others can reach, or an end to the waiting because of a request that is not ours.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tui_mail.errors import Unreachable

REQUEST_SECONDS = 10.0
REQUEST_LIMIT = 16 * 1024
CONNECTIONS = 32
"""Most at a time; browsers open some that they never use."""

_PAGE = """\
HTTP/1.1 {status}\r
Content-Type: text/html; charset=utf-8\r
Content-Length: {length}\r
Cache-Control: no-store\r
Referrer-Policy: no-referrer\r
Content-Security-Policy: default-src 'none'\r
Connection: close\r
\r
"""
_DONE = "<!doctype html><title>tui-mail</title><p>tui-mail has what it needs. You can close this page."
_NOT_OURS = "<!doctype html><title>tui-mail</title><p>This is not the end of a login that tui-mail began."


class Loopback:
    """Listens on a port that the system chose, from now until `close`."""

    def __init__(self, is_ours: Callable[[str], bool]) -> None:
        """`is_ours` tells by its state whether a query ends this login. Raises Unreachable."""
        self._is_ours = is_ours
        self._found: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        try:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
        except OSError as error:
            raise Unreachable(
                "This computer gives no port to wait for the browser on. Your mail is safe. Try again.", repr(error)
            ) from error
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name="oauth-loopback", daemon=True).start()

    def wait(self, stop: threading.Event, seconds: float) -> str | None:
        """The query of our redirect; None when there was none in time, or `stop` was set."""
        deadline = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                return self._found.get(timeout=0.1)
        return None

    def close(self) -> None:
        """Give the port back."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._answer, args=(line,), name="oauth-redirect", daemon=True).start()
            else:
                line.close()

    def _answer(self, line: socket.socket) -> None:
        try:
            with line, contextlib.suppress(OSError, ValueError):
                words = _request_line(line).split(" ")
                query = urlsplit(words[1]).query if len(words) == 3 and words[0] == "GET" else ""
                ours = bool(query) and self._is_ours(query)
                if ours:
                    self._found.put(query)
                page = (_DONE if ours else _NOT_OURS).encode()
                head = _PAGE.format(status="200 OK" if ours else "404 Not Found", length=len(page))
                line.sendall(head.encode() + page)
        finally:
            self._places.release()


def _request_line(line: socket.socket) -> str:
    """The first line of a request, once its head is complete: a browser that is answered before shows an error."""
    deadline = time.monotonic() + REQUEST_SECONDS
    octets = b""
    while b"\r\n\r\n" not in octets and len(octets) < REQUEST_LIMIT:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        more = line.recv(4096)
        if not more:
            break
        octets += more
    return octets.split(b"\r\n", 1)[0].decode("latin-1")
