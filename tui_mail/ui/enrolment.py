"""The end of the assistant: the account is written with its secrets, then the keys; on a thread.

What belongs here: the thread, and the order of files. What must never be here: widgets, and how an account is written
(client/enrolling).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.model import Account
from tui_mail.records import frozen
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.config.oauth import Tokens
    from tui_mail.config.secrets import Kind
    from tui_mail.paths import Paths


@frozen
class Enrolment:
    """Everything that was answered."""

    account: Account
    secrets: Mapping[Kind, str] = field(repr=False)
    place: str
    """Where the secrets are kept: a value of Place."""
    tokens: Tokens | None = field(repr=False)
    keys: str
    """A preset."""

    def begin(self, paths: Paths, over: Callable[[SafeText], None]) -> None:
        """Write it, all of it or nothing; `over` is given what went wrong, or nothing, on another thread."""

        def work() -> None:
            try:
                self._write(paths)
            except MailError as error:
                over(error.shown)
            else:
                over(SafeText(""))

        threading.Thread(target=work, name="enrol", daemon=True).start()

    def _write(self, paths: Paths) -> None:
        from tui_mail.client.enrolling import enrol
        from tui_mail.config.secrets import Place, ask_again
        from tui_mail.ui.setting import write_preset

        ask_again()  # who declined to type a passphrase has pressed the button once more
        enrol(paths, self.account, self.secrets, Place(self.place), self.tokens)
        if self.keys != "gmail" and not paths.keys_file.exists():  # else its owner knows better
            with contextlib.suppress(MailError):  # the account is there; the keys can be chosen again
                write_preset(paths.keys_file, self.keys)
