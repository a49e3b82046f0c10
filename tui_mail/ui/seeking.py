"""Looking for the settings of an address while an account is set up: what is being tried, and what was found.

What belongs here: the thread of one search. What must never be here: widgets, and where settings are looked for
(client/discovering).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui_mail.errors import MailError
from tui_mail.settings import Discovery
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Then

Found = Callable[[Discovery, bool], None]
"""Settings were found; True: there will be no others."""


class Seeking:
    """One search; thrown away for the next one."""

    def __init__(self, address: str, later: Callable[[Then], None]) -> None:
        """`later` does something on the screen's thread."""
        self.address = address
        self.found: Discovery | None = None
        self.is_over = True
        """There is nothing to wait for."""
        self.log: list[SafeText] = [SafeText("Looking for the settings…")]
        self._later = later
        self._stop = threading.Event()

    def begin(self, told: Callable[[], None], found: Found) -> None:
        """Look everywhere at once; both are called on the screen's thread, until `stop`."""
        self.is_over = False

        def note(what: Then) -> None:
            self._later(lambda: None if self._stop.is_set() else what())

        def tell(line: SafeText) -> None:
            def then() -> None:
                self.log.append(line)
                told()

            note(then)

        def discovered(discovery: Discovery, over: bool) -> None:
            def then() -> None:
                self.found, self.is_over = discovery, over
                found(discovery, over)

            note(then)

        def work() -> None:
            from tui_mail.client.discovering import discover

            try:
                end = discover(self.address, tell, self._stop, early=lambda early: discovered(early, False))
            except MailError as error:
                tell(error.shown)
                end = Discovery(self.address, problem=error)
            discovered(end, True)

        threading.Thread(target=work, name="discovery", daemon=True).start()

    def stop(self) -> None:
        """Whatever comes now is of no interest."""
        self.is_over = True
        self._stop.set()
