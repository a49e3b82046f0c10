"""The assistant as a program of its own, for who has no account yet: wiring only."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_mail.paths import Paths
from tui_mail.ui.bridge import News
from tui_mail.ui.screens.setup import Setup
from tui_mail.ui.secret_questions import SecretQuestions
from tui_mail.ui.shell import Shell, show


class SetupApp(Shell[str]):
    """Ends with the name of the account that was added."""

    TITLE = "tui_mail"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(self, paths: Paths, address: str = "") -> None:
        super().__init__(paths)
        self.questions = SecretQuestions(self)
        self.setup = Setup(paths, self.bridge, address)

    def on_mount(self) -> None:
        """The assistant is all there is."""
        self.push_screen(self.setup, self._ended)

    def _ended(self, name: str | None) -> None:
        self.exit(name)

    def get_default_screen(self) -> Screen[None]:
        """Nothing; the assistant lies over it."""
        return Screen(id="nothing")

    def on_news(self, _: News) -> None:
        """Other threads left something."""
        for then in self.bridge.take().thens:
            then()


def run(paths: Paths, address: str = "") -> str | None:
    """Show the assistant; gives the name of the account, or None. Raises TerminalError without a terminal."""
    from tui_mail.config import secrets

    paths.prepare()
    app = SetupApp(paths, address)
    secrets.begin(paths, ask_passphrase=app.questions.passphrase)
    try:
        return show(app)
    finally:
        app.questions.close()
