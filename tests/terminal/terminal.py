"""A terminal that a test owns: it starts a program, types, looks at the screen, and knows when each byte came.

    with Terminal(["tui-mail", "demo"]) as terminal:
        terminal.wait_for("Inbox")
        took = terminal.seconds_until("Re: coffee", since=terminal.send("j"))

A thread reads and stamps; the emulation (pyte) runs when somebody looks, so that it costs nothing in the times.
Times are seconds of `time.perf_counter()`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]
import pyte
from pyte.screens import Char

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
}
"""What a terminal sends for a key; `ctrl+x` and single characters are made from their names."""

ANSWERS = (
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), b"\x1b[>1;10;0c"),
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
    (re.compile(rb"\x1b\[\?u"), b"\x1b[?0u"),
)
"""Questions that programs ask a terminal at their start, and what a plain one says."""

_UNKNOWN = re.compile(
    rb"\x1b\[[<=>][0-9;:]*[A-Za-z]"  # keyboard protocols
    rb"|\x1b\[\?[0-9;]*(?:\$p|[rsu])"  # questions about modes
    rb"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, clipboard, pictures
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:?<=>$ ]*|[\]PX^_][^\x07\x1b]*\x1b?)?$")
_COLONS = re.compile(rb"\x1b\[[0-9;:]*:[0-9;:]*m")

Condition = str | Callable[["Terminal"], object]
"""A text on the screen, or a question about it."""


class Terminal:
    """A program in a pseudo-terminal of `columns` × `rows`.

    `env` is added to a clean environment: HOME and PATH of the caller, a UTF-8 locale, true colour.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 160,
        rows: int = 48,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.reads: list[tuple[float, bytes]] = []
        """When each piece came, and what it was."""
        self.at_end = False
        """True when the program closed the terminal."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lines = [""] * rows
        self._shown = 0
        self._held = b""
        self._stamp = 0.0
        self._came = threading.Event()
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = subprocess.Popen(
                list(argv),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=_environment(env or {}),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    # --- looking ----------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the spaces at their ends."""
        self._show()
        return list(self._display())

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def raw(self) -> bytes:
        """Every byte the program wrote."""
        return b"".join(data for _, data in list(self.reads))

    @property
    def last_read(self) -> float:
        """When the newest byte came; the start if none did."""
        return self.reads[-1][0] if self.reads else self.started

    @property
    def is_restored(self) -> bool:
        """Whether the program gave back the screen, the cursor and the mouse that it took."""
        raw = self.raw
        pairs = ((b"1049", True), (b"1000", True), (b"1003", True), (b"1004", True), (b"2004", True), (b"25", False))
        for mode, taken_by_setting in pairs:
            set_at, reset_at = raw.rfind(b"\x1b[?" + mode + b"h"), raw.rfind(b"\x1b[?" + mode + b"l")
            taken, given = (set_at, reset_at) if taken_by_setting else (reset_at, set_at)
            if taken > given:
                return False
        return True

    def cell(self, row: int, column: int) -> Char:
        """A character and how it looks: data, fg, bg, bold, reverse…"""
        self._show()
        return self._screen.buffer[row][column]

    def row_of(self, text: str) -> int:
        """Number of the first row that holds `text`, -1 if none."""
        return next((number for number, line in enumerate(self.lines) if text in line), -1)

    def looks(self) -> list[tuple[tuple[str, str, str, bool, bool], ...]]:
        """Every row with its colours: differs when only a highlight moved."""
        self._show()
        rows = (self._screen.buffer[row] for row in range(self.rows))
        return [
            tuple((c.data, c.fg, c.bg, c.bold, c.reverse) for c in (row[column] for column in range(self.columns)))
            for row in rows
        ]

    # --- acting -----------------------------------------------------------------------------------

    def send(self, keys: str | bytes) -> float:
        """Type; returns the moment."""
        data = keys.encode() if isinstance(keys, str) else keys
        moment = time.perf_counter()
        while data:
            data = data[os.write(self._master, data) :]
        return moment

    def press(self, *names: str) -> float:
        """Press keys by name (`enter`, `ctrl+p`, `j`); returns the moment of the first."""
        return self.send("".join(octets_of(name) for name in names))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as somebody who drags the window."""
        self._show()
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        self._screen.dirty.update(range(rows))
        self._lines = [""] * rows
        self._set_size(columns, rows)

    # --- waiting ----------------------------------------------------------------------------------

    def wait_for(self, condition: Condition, timeout: float = 40.0) -> None:
        """Return once the screen shows it. Raises AssertionError, with the screen, when it does not in time."""
        self.seconds_until(condition, self.started, timeout)

    def seconds_until(self, condition: Condition, since: float, timeout: float = 10.0) -> float:
        """From `since` to the read that made the condition true. Raises AssertionError like `wait_for`."""
        deadline = time.perf_counter() + timeout
        while True:
            self._came.clear()
            if self._holds(condition):
                return max(0.0, self._stamp - since)
            left = deadline - time.perf_counter()
            if left <= 0 or (self.at_end and self._shown == len(self.reads)):
                state = "ended" if self.at_end else f"did not show it within {timeout} s"
                wanted = repr(condition) if isinstance(condition, str) else condition.__doc__ or "the condition"
                raise AssertionError(f"waiting for {wanted}: the program {state}. Its screen:\n{self.text}")
            self._came.wait(min(left, 0.5))

    def seconds_until_quiet(self, since: float, quiet: float = 0.05, timeout: float = 10.0) -> float:
        """From `since` to the last byte that came before `quiet` seconds of silence; 0 when none came."""
        deadline = time.perf_counter() + timeout
        while (now := time.perf_counter()) < deadline:
            idle = now - max(self.last_read, since)
            if idle >= quiet or self.at_end:
                break
            self._came.clear()
            self._came.wait(quiet - idle)
        return max(0.0, self.last_read - since)

    def wait_end(self, timeout: float = 30.0) -> int:
        """The exit status, once the program has ended. Raises AssertionError when it does not in time."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s. Its screen:\n{self.text}") from None
        self._reader.join(2)
        return status

    # --- the process ------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._process.pid

    def memory(self) -> int:
        """Resident octets of the program and its children, now."""
        return sum(process.memory_info().rss for process in self._family())

    def memory_once(self) -> int:
        """The same, with what several of them share counted once (proportional set size)."""
        return sum(process.memory_full_info().pss for process in self._family())

    def cpu_seconds(self) -> float:
        """Processor time of the program and its children so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._family())

    def vanish(self) -> None:
        """The terminal is gone, as when its window is killed; the program is not told otherwise."""
        os.close(self._master)
        self._master = -1

    def end(self) -> None:
        """End the program and close the terminal: SIGTERM, and after 5 s SIGKILL."""
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
        self._reader.join(2)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    # --- how it is done ---------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                data = b""
            now = time.perf_counter()
            if not data:
                self.at_end = True
                self._came.set()
                return
            self.reads.append((now, data))
            if b"\x1b[" in data:
                for question, answer in ANSWERS:
                    if question.search(data):
                        os.write(self._master, answer)
            self._came.set()

    def _show(self, everything: bool = True) -> bool:
        """Bring the screen up to date, or by one read; False when there was nothing new."""
        fed = False
        while self._shown < len(self.reads):
            self._stamp, data = self.reads[self._shown]
            self._shown += 1
            data = self._held + data
            unfinished = _UNFINISHED.search(data)
            cut = unfinished.start() if unfinished else len(data)
            self._held = data[cut:]
            known = _UNKNOWN.sub(b"", data[:cut])
            self._stream.feed(_COLONS.sub(lambda found: found[0].replace(b":", b";"), known))
            fed = True
            if not everything:
                break
        return fed

    def _holds(self, condition: Condition) -> bool:
        """Whether it is true now, or became true with any read that was not looked at yet."""
        while True:
            met = any(condition in line for line in self._display()) if isinstance(condition, str) else condition(self)
            if met:
                return True
            if not self._show(everything=not isinstance(condition, str)):
                return False

    def _display(self) -> list[str]:
        """The rows as they were fed; only those that changed are read from the emulation (5 ms for all)."""
        for row in self._screen.dirty:
            if row < self.rows:
                cells = self._screen.buffer[row]
                self._lines[row] = "".join(cells[column].data for column in range(self.columns)).rstrip()
        self._screen.dirty.clear()
        return self._lines

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _family(self) -> list[psutil.Process]:
        try:
            head = psutil.Process(self._process.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "VIRTUAL_ENV", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "TERM": "xterm-256color", "COLORTERM": "truecolor", **extra}


def octets_of(name: str) -> str:
    """What a terminal sends for a key (`enter`, `ctrl+p`, `j`)."""
    if name in KEYS:
        return KEYS[name]
    if name.startswith("ctrl+") and len(name) == 6:
        return chr(ord(name[5].upper()) & 0x1F)
    if name.startswith("alt+"):
        return "\x1b" + octets_of(name[4:])
    assert len(name) == 1, f"no such key: {name}"
    return name
