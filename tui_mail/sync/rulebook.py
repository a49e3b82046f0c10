"""The rules of config.toml as they are now: who changes them need not begin anew.

What belongs here: noticing that the file is another one, and giving each account its rules. What must never be here:
what rules do (arrivals), anything else of the configuration: a wrong word there must not stop what works.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from tui_mail.config import accounts as configuration
from tui_mail.model import Account
from tui_mail.paths import Paths

log = logging.getLogger(__name__)


class Ruled(Protocol):
    """Who obeys rules."""

    account: Account

    def refresh(self) -> None:
        """Look for mail now."""


class Rulebook:
    """Looks at config.toml whenever it is asked to, and reads it only when it has changed since."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._seen = self._look()

    def keep_up(self, workers: Iterable[Ruled]) -> None:
        """Give each account the rules that it has now; new ones hold for what comes from now on.

        A file that is no TOML, as in the middle of an edit, changes nothing.
        """
        now = self._look()
        if now == self._seen:
            return
        self._seen = now
        config = configuration.load(self._paths)
        rules = {account.name: account.rules for account in config.accounts}
        for worker in workers:
            name = worker.account.name
            if rules.get(name, worker.account.rules) != worker.account.rules:
                worker.account = replace(worker.account, rules=rules[name])
                log.info("account %s: its rules are others now", name)
                worker.refresh()

    def _look(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._paths.config_file)
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)
