"""Pictures that the terminal itself holds, and paints where the screen has their placeholders.

What belongs here: their numbers, handing them over so slowly that no key waits behind one, and how many are kept.
What must never be here: the commands (`terminal_pictures`), decoding (`client/looking`).
"""

from __future__ import annotations

import os
import random
import threading
from collections import deque

from textual.app import App

from tui_mail.mime.pictures import Raster
from tui_mail.ui import terminal_pictures
from tui_mail.ui.shell import Shell
from tui_mail.ui.widgets.raster import NO_CANVAS, Canvas

KEPT = 40
"""Pictures that the terminal holds at most: the oldest is taken back for a new one."""
TURN = 16
"""Commands (of four kilobytes) that are written at once…"""
PAUSE_SECONDS = 0.02
"""…and how long keys and frames have the line for themselves then."""
FAR_TURN = 1
"""The same over a network."""


def placing_of(app: App[object]) -> Placing:
    """The pictures of the app that is running."""
    assert isinstance(app, Shell)
    if app.placing is None:
        app.placing = Placing(app)
    return app.placing


class Placing:
    """The pictures of one app."""

    def __init__(self, app: Shell[None]) -> None:
        self._app = app
        self._numbers = deque[int]()
        self._waiting = deque[str]()
        self._lock = threading.Lock()
        self._is_at_work = False
        self._next = random.randrange(1 << 16, 1 << 24)  # noqa: S311 -- so that two programs seldom meet
        self._turn = FAR_TURN if os.environ.get("SSH_CONNECTION") else TURN

    def canvas(self, cells: int, lines: int, wish: str) -> Canvas:
        """The room for a picture; `wish` is `pictures` of config.toml. May start a program: call it on a thread."""
        colours = self._app.console.color_system
        if self._app.no_color or colours is None:
            return NO_CANVAS
        asked = wish == "terminal" or (wish == "auto" and terminal_pictures.can_place(os.environ))
        if not asked or colours != "truecolor" or self._app.is_headless:
            return Canvas(cells, lines)
        most = terminal_pictures.most()
        return Canvas(min(cells, most), min(lines, most), self._take)

    def end(self) -> None:
        """The program leaves: nothing of what it showed stays behind."""
        with self._lock:
            ending = terminal_pictures.ENDING if self._waiting else ""
            self._waiting.clear()
            numbers, self._numbers = self._numbers, deque()
        if numbers:
            self._app.tell_terminal(ending + "".join(map(terminal_pictures.taking_back, numbers)))

    def _take(self, raster: Raster, cells: int, lines: int) -> int:
        """Have a picture handed over; gives its number. On any thread."""
        with self._lock:
            number = self._next = self._next % ((1 << 24) - 1) + 1
            if len(self._numbers) == KEPT:
                self._waiting.append(terminal_pictures.taking_back(self._numbers.popleft()))
            self._numbers.append(number)
            self._waiting.extend(terminal_pictures.handing_over(number, raster, cells, lines))
        self._app.bridge.deliver(self._begin)
        return number

    def _begin(self) -> None:
        if not self._is_at_work:
            self._is_at_work = True
            self._go_on()

    def _go_on(self) -> None:
        with self._lock:
            some = [self._waiting.popleft() for _ in range(min(self._turn, len(self._waiting)))]
        self._is_at_work = bool(some)
        if some:
            self._app.tell_terminal("".join(some))
            self._app.set_timer(PAUSE_SECONDS, self._go_on)
