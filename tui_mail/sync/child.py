"""The engine as a process of its own: reads what it is asked for on standard input, ends when that ends.

Run by `apart`. It reads the accounts from config.toml, and asks password commands and the keyring by itself. What needs
a person (the vault's passphrase, a password that is typed) it asks the other process for: see `apart`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tui_mail.attention import Attention
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets, tokens
from tui_mail.errors import MailError, SecretUnavailable
from tui_mail.model import Account, AccountStatus, Event, LinkState, Question, StatusChanged
from tui_mail.paths import Paths
from tui_mail.redaction import RedactingFormatter, hide
from tui_mail.store import unsent
from tui_mail.store.database import Database
from tui_mail.sync.account import AccountWorker
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
        self._questions: dict[str, SimpleQueue[tuple[str | None, str]]] = {}
        secrets.ask_elsewhere(self._ask_for_secret)
        self._db = Database(where, lambda _folders, _accounts: self._committed())
        self._pulse = Pulse(self._db, lambda _: None, self._attend)  # before the first commit, which is told to it
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

    def run(self) -> None:
        """Work until the other process closes the line."""
        threading.Thread(target=self._become_engine, name="engine-start", daemon=True).start()
        for asked in sys.stdin.buffer:
            try:
                self._do(json.loads(asked))
            except (ValueError, MailError) as error:  # what was asked may hold a secret
                logging.getLogger(__name__).warning("%d octets asked for something: %r", len(asked), error)
        self._over.set()
        self._pulse.stop()
        self._engine.stop()
        self._db.close()

    def _become_engine(self) -> None:
        waiting = False
        try:
            while not self._engine.take_lock():
                if not waiting:
                    self._say(line("elsewhere"))
                waiting = True
                if self._over.wait(LOCK_SECONDS):
                    return
        except MailError as error:
            for name in self._engine.workers:
                refused = AccountStatus(name, LinkState.REFUSED, sentence=error.shown, exit_code=error.exit_code)
                self._tell(StatusChanged(refused))
            return
        self._say(line("here"))
        self._engine.start()
        self._pulse.start()

    def _do(self, asked: list[Any]) -> None:
        verb, account, argument = asked
        if verb == "secret":
            self._take_secret(*argument)
            return
        if verb in ("typed", "retry"):
            secrets.ask_elsewhere_first(account, argument is True)
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
            case "grant":
                worker.grant()
            case "look":
                worker.look_at(argument)
            case "refresh":
                worker.refresh(argument)
            case "search" if isinstance(worker, AccountWorker):
                number, text, now, folder_ids = argument
                worker.search(Question(number, text, now, tuple(folder_ids)))
            case "replay":
                worker.replay()
            case "retry":
                secrets.invalidate(worker.account)
                worker.retry()

    def _ask_for_secret(self, account: Account, leg: secrets.Leg, refused: str) -> str:
        """Have the other process say it; waits as long as a person takes. Raises SecretUnavailable."""
        question = uuid.uuid4().hex
        answer: SimpleQueue[tuple[str | None, str]] = SimpleQueue()
        self._questions[question] = answer
        self._say(line("secret", question, account.name, leg, refused))
        value, sentence = answer.get()
        if value is None:
            raise SecretUnavailable(sentence) if sentence else secrets.NothingStored(sentence)
        return value

    def _take_secret(self, question: str, value: str | None, sentence: str) -> None:
        """The answer to a question of ours; one to a process that was here before is nobody's."""
        if value is not None:
            hide(value)
        answer = self._questions.pop(question, None)
        if answer is not None:
            answer.put((value, sentence))

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
    tokens.lock_in(where.state)
    handler = logging.FileHandler(where.log_file, encoding="utf-8", delay=True)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        Child(where).run()
    except MailError as error:
        logging.getLogger(__name__).error("the engine ended: %s", error.detail or error.sentence)
        os._exit(1)
    os._exit(0)
