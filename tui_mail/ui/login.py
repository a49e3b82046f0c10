"""A login with OAuth2 while an account is set up: the address to open, the code to type, the tokens that come.

What belongs here: the threads of one login. What must never be here: widgets, and the steps of each flow
(config/oauth).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.errors import MailError, UsageError
from tui_mail.model import OAuth
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.bridge import Then

if TYPE_CHECKING:
    from tui_mail.config.oauth import BrowserLogin, Tokens


class Login:
    """One login; thrown away for the next one."""

    def __init__(self, oauth: OAuth, email: str, client_secret: str, later: Callable[[Then], None]) -> None:
        """`later` does something on the screen's thread."""
        self.oauth, self.email, self.client_secret = oauth, email, client_secret
        self.url = SafeText("")
        """The page to open."""
        self.code = SafeText("")
        """What is typed there; empty for a login in a browser."""
        self.qr: list[SafeText] = []
        self.problem: MailError | None = None
        self.tokens: Tokens | None = None
        self.is_over = False
        self._later = later
        self._stop = threading.Event()
        self._flow: BrowserLogin | None = None

    def begin(self, changed: Callable[[], None], *, device: bool) -> None:
        """Log in; `changed` is called on the screen's thread whenever there is something new, until `stop`."""
        self._changed = changed
        self._start(self._by_device if device else self._by_browser)

    def paste(self, address: str) -> None:
        """The address that a browser on another computer ended at."""
        flow = self._flow
        if flow is not None and not self.is_over:
            self._start(lambda: self._came(flow.pasted(address)), ends=False)

    def stop(self) -> None:
        """Whatever comes now is of no interest."""
        self._stop.set()
        if self._flow is not None:
            self._flow.close()

    def is_for(self, oauth: OAuth, email: str) -> bool:
        """True when somebody has logged in, as this person at this provider."""
        return self.tokens is not None and (self.oauth, self.email) == (oauth, email)

    def _start(self, work: Callable[[], None], *, ends: bool = True) -> None:
        def run() -> None:
            problem: MailError
            try:
                work()
            except MailError as error:
                problem = error
            except Exception as error:  # a thread's top: the person gets a sentence
                problem = MailError("The login itself failed; nothing was changed.", repr(error))
            else:
                return
            over = ends or not isinstance(problem, UsageError)  # another address may be pasted

            def then() -> None:
                self.problem, self.is_over = problem, self.is_over or over

            self._note(then)

        threading.Thread(target=run, name="login", daemon=True).start()

    def _note(self, what: Then) -> None:
        def then() -> None:
            if not self._stop.is_set() and self.tokens is None:
                what()
                self._changed()
            if self.tokens is not None:
                self._stop.set()

        self._later(then)

    def _show(self, url: str, code: SafeText, qr: list[SafeText]) -> None:
        def then() -> None:
            self.url, self.code, self.qr = safe_line(url, 4000), code, qr

        self._note(then)

    def _came(self, tokens: Tokens) -> None:
        def then() -> None:
            self.tokens, self.problem, self.is_over = tokens, None, True

        self._note(then)

    def _by_browser(self) -> None:
        from tui_mail.config.oauth import BrowserLogin

        self._flow = flow = BrowserLogin(self.oauth, self.email, self.client_secret)
        if self._stop.is_set():
            flow.close()
            return
        self._show(flow.url, SafeText(""), [])
        self._came(flow.wait(self._stop))

    def _by_device(self) -> None:
        from tui_mail.config.oauth import DeviceLogin, qr_lines

        flow = DeviceLogin(self.oauth, self.client_secret)
        self._show(flow.url, flow.code, qr_lines(flow.complete_url))
        self._came(flow.wait(self._stop))
