"""The process that parses: hostile bytes are read where they can only hurt a child that is easily replaced.

The child has no terminal, no standard streams, no environment, a bounded memory and a bounded processor time per
message; it ends when the pipe does, however its parent died. A message that kills it or outlasts it is shown
as raw text.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from types import TracebackType
from typing import Literal

from tui_mail.errors import NotFound
from tui_mail.mime.frames import (
    pack_request,
    receive_frame,
    send_frame,
    unpack_attachment,
    unpack_message,
    unpack_words,
)
from tui_mail.mime.parse import MESSAGE_LIMIT, raw_message
from tui_mail.mime.pictures import Raster, unpack_raster
from tui_mail.model import Message, Part
from tui_mail.thrift import MALLOC

SECONDS_LIMIT = 10.0
"""Longest wait for one message by the clock; the child itself ends after CPU_LIMIT seconds of computing."""
CPU_LIMIT = 5
Answer = Literal["message", "words", "picture"]
MEMORY_LIMIT = 1024 * 1024 * 1024

_START = (
    "import sys; sys.path[:] = sys.argv[5:]; from tui_mail.mime.child import main;"
    " main(*map(int, sys.argv[1:4]), sys.argv[4])"
)


class ParserProcess:
    """One child that parses one message at a time; started when first needed. Any thread may call."""

    def __init__(
        self, *, seconds: float = SECONDS_LIMIT, cpu_seconds: int = CPU_LIMIT, answer: Answer = "message"
    ) -> None:
        """`answer` "words": the child is asked by `words` and not by `parse`, and is smaller; "picture": `picture`."""
        self._answer = answer
        self._seconds = seconds
        self._cpu_seconds = cpu_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._is_closed = False

    def __enter__(self) -> ParserProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id, 0 while there is none."""
        return self._child.pid if self._child else 0

    @property
    def is_closed(self) -> bool:
        """Nothing is read any more."""
        return self._is_closed

    def warm(self) -> None:
        """Start the child now (it needs a tenth of a second); returns at once."""
        if self._lock.acquire(blocking=False):
            try:
                self._start()
            except (OSError, EOFError):
                self._end()
            finally:
                self._lock.release()

    def parse(self, raw: bytes, charset: str = "") -> Message:
        """The parsed message; the raw text with a warning when parsing failed. Blocks up to SECONDS_LIMIT.

        `charset`: what its text is written in, whatever it says itself.
        """
        with self._lock:
            if self._is_closed:
                return raw_message(raw, "The reader is closed.")
            try:
                return unpack_message(self._answered(raw[: MESSAGE_LIMIT + 1], charset))
            except TimeoutError:
                self._end()
                return raw_message(raw, "This message takes too long to read; what you see is its raw text.")
            except (OSError, EOFError, ValueError, TypeError, LookupError):
                self._end()
                return raw_message(raw, "This message could not be read safely; what you see is its raw text.")

    def attachment(self, raw: bytes, index: int) -> tuple[Part, bytes]:
        """An attachment by its number, and its content. Blocks like `parse`. Raises NotFound."""
        with self._lock:
            found: tuple[Part, bytes] | None = None
            try:
                found = unpack_attachment(self._answered(raw[: MESSAGE_LIMIT + 1], attachment=index))
            except (OSError, EOFError, ValueError, TypeError, LookupError):
                self._end()
            if found is None:
                raise NotFound(f"The message has no attachment number {index} that can be read.")
            return found

    def words(self, raw: bytes) -> tuple[str, str] | None:
        """The words of the files' names and those of the text; None when they cannot be had. Blocks like `parse`.

        Raises OSError when no child can be started.
        """
        with self._lock:
            if self._is_closed:
                return None
            self._start()
            try:
                return unpack_words(self._answered(raw[: MESSAGE_LIMIT + 1]))
            except (OSError, EOFError, ValueError, TypeError, LookupError):
                self._end()
                return None

    def picture(self, content: bytes, wide: int, high: int) -> Raster | None:
        """A picture within so many pixels; None when it cannot be read. Blocks like `parse`."""
        with self._lock:
            try:
                return unpack_raster(self._answered(content, size=(wide, high)), wide, high)
            except (OSError, EOFError, ValueError):
                self._end()
                return None

    def rest(self) -> None:
        """End the child until it is needed again."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End the child. Later calls of `parse` show raw text."""
        self._is_closed = True
        if child := self._child:
            child.kill()
        with self._lock:
            self._end()

    def _answered(self, raw: bytes, charset: str = "", attachment: int = 0, size: tuple[int, int] = (0, 0)) -> bytes:
        line = self._start()
        request = pack_request(charset, attachment, size)
        try:
            send_frame(line, request)
            send_frame(line, raw)
        except (BrokenPipeError, ConnectionResetError):
            self._end()
            line = self._start()
            send_frame(line, request)
            send_frame(line, raw)
        return receive_frame(line)

    def _start(self) -> socket.socket:
        if self._line and self._child and self._child.poll() is None:
            return self._line
        self._end()
        if self._is_closed:
            raise EOFError("closed")
        ours, theirs = socket.socketpair()
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
        with theirs:
            self._line = ours
            ours.settimeout(self._seconds)
            self._child = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", "-c", _START,
                    str(theirs.fileno()), str(self._cpu_seconds), str(MEMORY_LIMIT), self._answer,
                    *filter(None, _paths()),
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),), start_new_session=True, cwd="/",
                env=MALLOC | kept,
            )  # fmt: skip
        return ours

    def _end(self) -> None:
        if self._line:
            self._line.close()
            self._line = None
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None


def _paths() -> list[str]:
    """Where the child finds what we found; relative entries made absolute, because it runs elsewhere."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [os.path.abspath(path) for path in dict.fromkeys([here, *sys.path]) if path]
