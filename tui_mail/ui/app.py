"""The full-screen program: wiring only.

What belongs here: the one Textual App, its themes, its guard, and how it begins and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from tui_mail.config import secrets
from tui_mail.errors import ConfigError
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import News
from tui_mail.ui.keys import Keymap, default_keymap, forgiving_keymap
from tui_mail.ui.screens.triage import Triage
from tui_mail.ui.screens.words import recovered_words
from tui_mail.ui.secret_questions import SecretQuestions
from tui_mail.ui.shell import Shell, show
from tui_mail.ui.turns import Typed
from tui_mail.ui.writing import ANEW

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.notices import Notices
    from tui_mail.ui.noticing import Noticing


class TuiMailApp(Shell[None]):
    """The screen of one MailClient."""

    TITLE = "tui_mail"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(self, client: MailClient, *, title: str = "", notice: SafeText | None = None) -> None:
        super().__init__(client.paths)
        self.client = client
        self._questions = SecretQuestions(self)
        self.title = title or self.TITLE
        self._notice = notice
        self._keymap_problem: SafeText | None = None
        self._noticing: Noticing | None = None
        self.on_first_paint: Callable[[], None] | None = None
        """Called once the screen shows something: the engine's libraries are loaded behind the picture."""

    def get_default_screen(self) -> Screen[None]:
        """The one screen there always is."""
        self.triage = Triage(self.client, self.bridge, self._keys(), self._notice)
        self.triage.use_notices = self.use_notices
        return self.triage

    def on_mount(self) -> None:
        """Listen to the engine, and to the wish to end."""
        self.client.subscribe(self.bridge.sink)
        secrets.begin(self.client.paths, ask_passphrase=self._questions.passphrase, ask=self._questions.password)
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, self.exit)

    def on_unmount(self) -> None:
        """Nobody answers questions any more."""
        self._questions.close()
        if self._noticing is not None:
            self._noticing.close()
        secrets.begin(self.client.paths)

    async def on_event(self, event: Event) -> None:
        """Before a key is answered, the engine gives way."""
        if isinstance(event, Key):
            self.client.attention.demand()
        await super().on_event(event)

    async def answer(self, event: Typed) -> bool:
        """Most keys are for the triage screen, which answers them itself."""
        if isinstance(event, Key) and self.screen is self.triage and await self.triage.takes(event):
            return True
        return await super().answer(event)

    def on_news(self, _: News) -> None:
        """Other threads left something."""
        gathered = self.bridge.take()
        if self._noticing is not None:
            self._noticing.note(gathered.folders, statuses=gathered.statuses)
        self.triage.news(gathered)

    def use_notices(self, notices: Notices) -> None:
        """Tell of new mail like this from now on."""
        if self._noticing is None and notices.by != "off":
            from tui_mail.ui.noticing import Noticing

            self._noticing = Noticing(self.client, self.bridge, self.tell_terminal, self.triage.problem)
        if self._noticing is not None:
            self._noticing.use(notices)

    def action_help_quit(self) -> None:
        """Ctrl+C with nothing selected."""
        self.triage.say(SafeText("Press q in the list to leave."))

    async def action_quit(self) -> None:
        """Ctrl+Q: open drafts are kept first."""
        self.triage.writing.leave()

    def on_ready(self) -> None:
        """Say what is wrong in the files of the person, once there is a screen to say it on."""
        recovered = recovered_words(self.client.recovered)
        for problem in (*self.client.problems, self._keymap_problem, recovered, *self.client.warnings(once=True)):
            if problem:
                self.notify(problem, severity="warning", timeout=12, markup=False)
        if self.on_first_paint is not None:
            self.call_after_refresh(self.on_first_paint)
        self.call_after_refresh(self.triage.beginning.when_idle)
        self.use_notices(self.client.notices)

    def _keys(self) -> Keymap:
        try:
            keymap, problems = forgiving_keymap(self.client.paths.keys_file)
        except ConfigError as error:
            self._keymap_problem = error.shown
            return default_keymap()
        if problems:
            more = f" ({len(problems) - 1} more are wrong)" if len(problems) > 1 else ""
            self._keymap_problem = safe_line(f"{problems[0].sentence}{more} Everything else in it holds.")
        return keymap


def run(client: MailClient, *, title: str = "", notice: SafeText | None = None) -> int | None:
    """Show the screen until the person leaves; gives the exit code, or None when it is to be opened once more.

    Raises TerminalError without a terminal.
    """
    sys.setswitchinterval(0.0005)
    app = TuiMailApp(client, title=title, notice=notice)
    app.on_first_paint = lambda: client.start(apart=True)
    show(app, client.stop)
    if app.fault:
        return 1
    return None if app.return_code == ANEW else app.return_code or 0
