"""Questions about secrets, from other threads to the person at the screen: one at a time.

What belongs here: the way from a thread that waits to a prompt and back. What must never be here: what becomes of an
answer, and a wait on the screen's own thread.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from tui_mail.config.secrets import was_refused
from tui_mail.model import Account
from tui_mail.settings import Leg
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.screens.secret_prompt import SecretPrompt

if TYPE_CHECKING:
    from textual.app import App


class SecretQuestions:
    """Shows a prompt for each question, and answers None to all once the screen is gone."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._turn = threading.Lock()
        self._open: Future[str | None] | None = None
        self._over = False

    def passphrase(self, new: bool, problem: SafeText) -> str | None:
        """The passphrase of the vault, typed twice for a new one."""
        if not new:
            return self._ask(SafeText("Passphrase of the vault:"), problem)
        while True:
            first = self._ask(SafeText("New passphrase (nobody can recover it):"), problem)
            again = self._ask(SafeText("The same passphrase again:"), SafeText("")) if first else None
            if not (first and again) or first == again:
                return again
            problem = SafeText("These were two different ones.")

    def password(self, account: Account, leg: Leg) -> str | None:
        """A password that is kept nowhere."""
        server = account.incoming if leg == "incoming" or account.outgoing is None else account.outgoing
        problem = SafeText("Refused" if was_refused(account, leg) else "")
        return self._ask(safe_line(f"Password of {server.user} on {server.host}:"), problem)

    def close(self) -> None:
        """The screen ends: who waits gets no answer."""
        self._over = True
        if self._open is not None and not self._open.done():
            self._open.set_result(None)

    def _ask(self, question: SafeText, problem: SafeText) -> str | None:
        with self._turn:
            if self._over:
                return None
            answer: Future[str | None] = Future()
            self._open = answer
            try:
                self._app.call_from_thread(self._show, question, problem, answer)
            except RuntimeError:  # it ended in this moment
                return None
            return answer.result()

    def _show(self, question: SafeText, problem: SafeText, answer: Future[str | None]) -> None:
        def answered(typed: str | None) -> None:
            if not answer.done():
                answer.set_result(typed)

        self._app.push_screen(SecretPrompt(question, problem), answered)
