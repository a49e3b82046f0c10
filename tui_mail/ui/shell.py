"""What every Textual app of ours has: themes, the guard, the way it ends. Wiring only."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from rich.console import RenderableType
from textual.app import App
from textual.events import Event, Key, Paste
from textual.filter import LineFilter
from textual.worker import WorkerFailed

from tui_mail.errors import TerminalError
from tui_mail.paths import Paths
from tui_mail.redaction import redacted
from tui_mail.text import SafeText, safe_block
from tui_mail.ui.bridge import Bridge
from tui_mail.ui.clipboard import hand_over
from tui_mail.ui.guard import TerminalGuard
from tui_mail.ui.held_terminal import held
from tui_mail.ui.memory import recall
from tui_mail.ui.themes import THEMES, first_theme, wants_stillness
from tui_mail.ui.turns import Turns, Typed

if TYPE_CHECKING:
    from tui_mail.ui.placing import Placing

T = TypeVar("T")
WRITER = "textual-output"
"""What Textual calls the thread that writes to the terminal."""

log = logging.getLogger(__name__)


class Shell(App[T]):
    """An app in our looks, that nothing from mail can paint over."""

    CSS_PATH = "tui.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        self._guard = TerminalGuard()
        self.bridge = Bridge(self)
        self._turns = Turns(self, self.answer, self.bridge)
        self.placing: Placing | None = None
        """The pictures that the terminal holds, once there was one (`placing_of`)."""
        self.fault: SafeText | None = None
        """Where the program failed, when it did."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = first_theme(os.environ, recall(paths, "theme"))
        if wants_stillness(os.environ):
            self.animation_level = "none"

    async def on_event(self, event: Event) -> None:
        """What is typed waits for its turn."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self._turns.take(event)
        else:
            await super().on_event(event)

    async def answer(self, event: Typed) -> bool:
        """Hand on what was typed; True when it is answered to its end."""
        await super().on_event(event)
        return False

    def exit(self, result: T | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End the program; no key is answered any more."""
        self._turns.end()
        if self.placing is not None:
            self.placing.end()
        super().exit(result, return_code, message)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and the guard behind them."""
        return [*super().get_line_filters(), self._guard]

    def tell_terminal(self, octets: str) -> None:
        """Write what the terminal is to obey, and not to show. Nothing of a message may be in it but what was coded."""
        if not self.is_headless and self._driver is not None:
            self._driver.write(octets)

    def copy_to_clipboard(self, text: str) -> None:
        """Into the clipboard, by the terminal and by whoever else can."""
        super().copy_to_clipboard(text)
        if not self.is_headless:
            hand_over(text)

    def _fatal_error(self) -> None:
        """A fault of ours: say where, never what was in the variables (mail, secrets)."""
        error = self._exception.error if isinstance(self._exception, WorkerFailed) else self._exception
        where = "".join(traceback.format_exception(error, limit=-6)) if error is not None else "unknown"
        self.fault = safe_block(redacted(where))
        log.error("the screen ended: %s", self.fault)
        self._close_messages_no_wait()


def show(app: Shell[T], stop: Callable[[], None] = lambda: None) -> T | None:
    """Show an app until the person leaves it; gives what it ended with. Raises TerminalError without a terminal.

    `stop` is called when the terminal vanishes in the middle. A fault is printed for a report.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TerminalError("The full screen needs a terminal; `tui-mail list inbox` reads mail without one.")
    threading.excepthook = _ending_without_terminal(stop, threading.excepthook)
    with held():
        result = app.run()
    if app.fault:
        sys.stderr.write(
            f"{app.fault}\ntui_mail failed here; your mail is safe on disk. Please report the lines above.\n"
        )
    return result


def _ending_without_terminal(
    stop: Callable[[], None], otherwise: Callable[[threading.ExceptHookArgs], object]
) -> Callable[[threading.ExceptHookArgs], None]:
    """A hook for threads that fail: when the terminal is gone, so is the thread that writes to it.

    The main thread would wait for that one for ever, and no signal would reach it.
    """

    def hook(failure: threading.ExceptHookArgs) -> None:
        otherwise(failure)
        if failure.thread is not None and failure.thread.name == WRITER and isinstance(failure.exc_value, OSError):
            stop()
            os._exit(1)

    return hook
