"""Questions of other threads to the person: a password, the passphrase of the vault.

What belongs here: putting a question on the screen, and handing the answer back to the thread that waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from textual.app import App

from tui_mail.model import Account
from tui_mail.settings import Leg
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import Bridge
from tui_mail.ui.screens.secret_prompt import SecretPrompt


class Questions:
    """Asks one after the other; every method but `close` is called on any thread but the screen's, and blocks."""

    def __init__(self, app: App[Any], bridge: Bridge) -> None:
        self._app = app
        self._bridge = bridge
        self._turn = threading.Lock()
        self._over = threading.Event()

    def passphrase(self, new: bool, words: SafeText) -> str | None:
        """The passphrase of the vault, or a new one for it; None when the person does not want to."""
        title = "A passphrase for the encrypted file" if new else "The passphrase of the encrypted file"
        return self._ask(title, words, twice=new)

    def password(self, account: Account, leg: Leg) -> str | None:
        """The password for a server; None when the person does not want to."""
        server = account.outgoing if leg == "outgoing" and account.outgoing is not None else account.incoming
        words = safe_line(f"Of {server.user} on {server.host}. It is kept in memory until the program ends.")
        return self._ask(safe_line(f"The password of {account.name}"), words)

    def close(self) -> None:
        """Nobody will answer any more."""
        self._over.set()

    def _ask(self, title: str, words: SafeText, *, twice: bool = False) -> str | None:
        answered, answers = threading.Event(), list[str | None]()

        def take(answer: str | None) -> None:
            answers.append(answer)
            answered.set()

        with self._turn:
            self._bridge.deliver(lambda: self._push(SecretPrompt(title, words, twice=twice), take))
            while not answered.wait(0.2):
                if self._over.is_set():
                    return None
        return answers[0]

    def _push(self, prompt: SecretPrompt, take: Callable[[str | None], None]) -> None:
        self._app.push_screen(prompt, take)
