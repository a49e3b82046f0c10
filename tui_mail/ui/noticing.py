"""Telling a person of new mail: a thread that waits for changes, and says in one notification what came.

What belongs here: when there is one, and handing it to the terminal or to a program. What must never be here: which
mail is new (client/newcomers), octets (terminal_notice), widgets.

The thread begins with the first change, and only when notifications are wanted.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tui_mail.errors import ConfigError, MailError
from tui_mail.notices import Newcomer, Notice, Notices, notice_of
from tui_mail.ui.bridge import Bridge
from tui_mail.ui.terminal_notice import octets_of

if TYPE_CHECKING:
    from tui_mail.client import MailClient

GATHER_SECONDS = 1.0
"""How long more may come that belongs into the same notification."""
REST_SECONDS = 10.0
"""Least time between two notifications; what comes meanwhile is in the next one."""
COMMAND_SECONDS = 20.0
"""How long the program may take."""


class Noticing:
    """New mail on its way to a person."""

    def __init__(
        self, client: MailClient, bridge: Bridge, write: Callable[[str], object], failed: Callable[[MailError], None]
    ) -> None:
        """`write` takes octets for the terminal; it and `failed` are called on the UI thread."""
        self._client = client
        self._bridge = bridge
        self._write = write
        self._failed = failed
        self._condition = threading.Condition()
        self._notices = Notices()
        self._is_other = False
        self._changed = set[int]()
        self._statuses = False
        self._thread: threading.Thread | None = None
        self._over = False
        self._complained = False

    def use(self, notices: Notices) -> None:
        """From now on like this."""
        with self._condition:
            self._is_other |= notices != self._notices
            self._notices = notices
            self._complained = False
            self._wake(statuses=True)

    def note(self, folders: set[int], *, statuses: bool) -> None:
        """These folders changed, or an account is in another state; on the UI thread, returns at once."""
        if self._notices.by == "off" or not (folders or statuses):
            return
        with self._condition:
            self._changed |= folders
            self._wake(statuses=statuses)

    def close(self) -> None:
        """End the thread soon; nothing is told any more."""
        with self._condition:
            self._over = True
            self._condition.notify()

    def _wake(self, *, statuses: bool) -> None:
        self._statuses |= statuses
        if self._thread is None and self._notices.by != "off":
            self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
            self._thread.start()
        self._condition.notify()

    # --- the thread

    def _run(self) -> None:
        newcomers = self._client.newcomers()
        waiting, tell_at, told_at = list[Newcomer](), 0.0, -REST_SECONDS
        while True:
            with self._condition:
                while not (self._over or self._changed or self._statuses):
                    left = tell_at - time.monotonic() if waiting else None
                    if left is not None and left <= 0:
                        break
                    self._condition.wait(left)
                if self._over:
                    return
                notices, is_other = self._notices, self._is_other
                changed, self._changed = self._changed, set()
                self._statuses = self._is_other = False
            if is_other:
                newcomers.want(notices.folders)
            with contextlib.suppress(MailError):  # a store that cannot be read now has no news
                newcomers.begin({one.account: one.state for one in self._client.statuses()})
                came = newcomers.look(changed)
                if notices.by == "off" or (notices.quiet is not None and notices.quiet.holds(datetime.now().time())):  # noqa: DTZ005
                    came, waiting = [], []
                if came and not waiting:
                    tell_at = max(time.monotonic() + GATHER_SECONDS, told_at + REST_SECONDS)
                waiting += came
            if waiting and time.monotonic() >= tell_at:
                told_at = time.monotonic()
                self._tell(notices, notice_of(waiting))
                waiting = []

    def _tell(self, notices: Notices, notice: Notice) -> None:
        if notices.by == "command":
            threading.Thread(target=self._start, args=(notices, notice), name="notify-command", daemon=True).start()
            return
        octets = octets_of(notice, notices.by, os.environ)

        def write() -> None:
            if not self._over:
                self._write(octets)

        self._bridge.deliver(write)

    def _start(self, notices: Notices, notice: Notice) -> None:
        """Run the program, without a shell and a terminal; that it does not work is said once."""
        one = notice.newcomers[0]
        words = {"{title}": _word(notice.title), "{body}": _word(notice.body)}
        argv = [os.path.expanduser(notices.command[0]), *(words.get(word, word) for word in notices.command[1:])]
        if argv[1:] == list(notices.command[1:]):
            argv += words.values()
        about = {
            "TUI_MAIL_COUNT": str(len(notice.newcomers)),
            "TUI_MAIL_ACCOUNT": one.account,
            "TUI_MAIL_FOLDER": one.folder,
            "TUI_MAIL_SENDER": one.sender,
            "TUI_MAIL_SUBJECT": one.subject,
        }
        quiet, why = subprocess.DEVNULL, ""
        try:
            done = subprocess.run(
                argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, check=False,
                timeout=COMMAND_SECONDS, env=os.environ | about,
            )  # fmt: skip
            why = f"it ended with {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            why = f"it took longer than {COMMAND_SECONDS:.0f} seconds"
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or "it cannot be started"
        with self._condition:
            silent, self._complained = self._complained or self._over, bool(why) or self._complained
        if why and not silent:
            name = os.path.basename(argv[0])
            sentence = f"New mail is here, but notify_command ({name}) did not tell: {why}. Correct it in config.toml."
            self._bridge.deliver(lambda: self._failed(ConfigError(sentence)))


def _word(words: str) -> str:
    """Words of a message as an argument: never an option, never anything a terminal obeys."""
    plain = "".join(one for one in words if one.isprintable())
    return f" {plain}" if plain.startswith("-") else plain
