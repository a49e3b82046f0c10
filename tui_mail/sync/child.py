"""The engine as a process of its own: reads what it is asked for on standard input, ends when that ends.

Run by `apart`. It reads the accounts from config.toml and passwords from where they are kept, by itself; nothing
secret passes between the two processes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui_mail.attention import Attention
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.errors import MailError
from tui_mail.model import Event
from tui_mail.paths import Paths
from tui_mail.store import unsent
from tui_mail.store.database import Database
from tui_mail.sync.engine import Engine
from tui_mail.sync.pulse import Pulse
from tui_mail.sync.wire_format import line, told

LOCK_SECONDS = 1.0
"""How often to look whether the process that is the engine now has ended."""


BEHIND = 5
"""How much this process stands behind the screen's where both want the processor."""


class Child:
    """The engine, and the line to the process that shows the mail."""

    def __init__(self, where: Paths) -> None:
        self._out = threading.Lock()
        self._over = threading.Event()
        self._db = Database(where, lambda _folders, _accounts: self._committed())
        self._db.on_outgoing = lambda txn: unsent.note(self._db, txn)
        accounts = configuration.load(where).accounts
        self._engine = Engine(
            where,
            self._db,
            accounts,
            secrets.secret,
            self._tell,
            Attention(),
            sending_secret=lambda account: secrets.secret(account, "outgoing"),
        )
        self._pulse = Pulse(self._db, lambda _: None, self._attend)

    def run(self) -> None:
        """Work until the other process closes the line."""
        threading.Thread(target=self._become_engine, name="engine-start", daemon=True).start()
        for asked in sys.stdin.buffer:
            try:
                self._do(json.loads(asked))
            except (ValueError, MailError) as error:
                logging.getLogger(__name__).warning("asked for %r: %r", asked[:200], error)
        self._over.set()
        self._pulse.stop()
        self._engine.stop()
        self._db.close()

    def _become_engine(self) -> None:
        waiting = False
        while not self._engine.take_lock():
            if not waiting:
                self._say(line("elsewhere"))
            waiting = True
            if self._over.wait(LOCK_SECONDS):
                return
        self._say(line("here"))
        self._engine.start()
        self._pulse.start()

    def _do(self, asked: list[Any]) -> None:
        verb, account, argument = asked
        if verb == "send" and self._engine.running:
            self._engine.send()
        elif verb == "retry_sending" and self._engine.running:
            self._engine.retry_sending()
        elif verb == "halt" and self._engine.running:
            self._engine.halt()
        worker = self._engine.workers.get(account)
        if worker is None or not self._engine.running:
            return
        match verb:
            case "body":
                worker.want_body(argument)
            case "look":
                worker.look_at(argument)
            case "refresh":
                worker.refresh(argument)
            case "replay":
                worker.replay()
            case "retry":
                secrets.invalidate(worker.account)
                worker.retry()

    def _attend(self, changed: bool) -> None:
        if changed:
            self._engine.attend()

    def _committed(self) -> None:
        self._pulse.beat()
        self._say(line("commit"))

    def _tell(self, event: Event) -> None:
        words = told(event)
        if words is not None:
            self._say(words)

    def _say(self, words: bytes) -> None:
        with self._out:
            try:
                sys.stdout.buffer.write(words)
                sys.stdout.buffer.flush()
            except OSError:  # nobody listens any more; the end of standard input follows
                self._over.set()


def main(words: Sequence[str]) -> None:
    """The process: the four directories are its arguments."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.setswitchinterval(0.001)
    with contextlib.suppress(OSError):
        os.nice(BEHIND)
    where = Paths(*(Path(word) for word in words))
    handler = logging.FileHandler(where.log_file, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        Child(where).run()
    except MailError as error:
        logging.getLogger(__name__).error("the engine ended: %s", error.detail or error.sentence)
        os._exit(1)
    os._exit(0)
