"""The engine in a process of its own, seen from the process that shows the mail.

Why: threads share one interpreter, and a screen that shares it with an engine that indexes 20,000 messages a second
answers a key three times later. What belongs here: starting that process, asking it, passing on what it tells, and
starting it again when it died. The store is the only thing that the two share.

That process has nobody to ask for a passphrase. What it cannot have by itself (a secret that was typed for this run, or
one of the vault) it asks this one for, and gets it back over the pipe between the two, which no other process can read:
one secret for one account at a time, never the vault's key, never a refresh token.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from tui_mail.config import secrets
from tui_mail.errors import MailError
from tui_mail.model import Account, AccountStatus, Event, LinkState, Question, SearchAnswered, StatusChanged
from tui_mail.paths import Paths
from tui_mail.sync.wire_format import heard, line
from tui_mail.text import SafeText
from tui_mail.thrift import MALLOC

PAUSE_SECONDS = 2.0
"""Before an engine that died is started again."""
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tui_mail.sync.child import main; main(sys.argv[2:])"
)

log = logging.getLogger(__name__)


class FarWorker:
    """One account of the engine in the other process."""

    def __init__(self, account: Account, ask: Callable[[str, str, object], None]) -> None:
        self.account = account
        self.status = AccountStatus(account.name, LinkState.STARTING)
        self.searching = 0
        """The number of the newest search."""
        self._ask = ask

    def want_body(self, message_id: int) -> None:
        """Have a body fetched before anything else; BodyArrived follows."""
        self._ask("body", self.account.name, message_id)

    def grant(self) -> None:
        """Say that somebody wishes for something of a large message."""
        self._ask("grant", self.account.name, None)

    def search(self, question: Question) -> None:
        """Have the server search folders; SearchAnswered follows for each."""
        self.searching = question.number
        asked = [question.number, question.text, question.now, list(question.folder_ids)]
        self._ask("search", self.account.name, asked)

    def replay(self) -> None:
        """Say that a change was written to the journal."""
        self._ask("replay", self.account.name, None)

    def look_at(self, folder_id: int) -> None:
        """Say which folder is on the screen."""
        self._ask("look", self.account.name, folder_id)

    def refresh(self, folder_id: int | None = None) -> None:
        """Have a folder compared with the server now; all of them when None."""
        self._ask("refresh", self.account.name, folder_id)

    def retry(self) -> None:
        """Try again now."""
        self._ask("retry", self.account.name, secrets.is_typed(self.account))

    def until_idle(self, timeout: float) -> bool:
        """Not known here: nobody who shows a screen waits."""
        return False


class EngineApart:
    """The other process, and its workers by account."""

    def __init__(
        self,
        paths: Paths,
        accounts: Sequence[Account],
        emit: Callable[[Event], None],
        committed: Callable[[], None],
    ) -> None:
        """`committed` is called when the engine changed the store."""
        self._paths = paths
        self._emit = emit
        self._committed = committed
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self._listener: threading.Thread | None = None
        self._looked: tuple[str, int] | None = None
        self.elsewhere = False
        """True while yet another process is the engine of this store."""
        self.workers = {account.name: FarWorker(account, self._ask) for account in accounts}

    def start(self) -> None:
        """Start the process; returns at once."""
        self._begin()
        self._listener = threading.Thread(target=self._listen, name="engine-apart", daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """End the process: it stops by itself within a second when its input ends, else it is made to."""
        self._over.set()
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()
            try:
                process.wait(2.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._listener is not None:
            self._listener.join(1.0)

    def send(self) -> None:
        """Say that the outbox changed."""
        self._ask("send", "", None)

    def retry_sending(self) -> None:
        """Say that a person asks to try again."""
        self._ask("retry_sending", "", None)

    def halt(self) -> None:
        """Say that a person wants no more whole mailboxes to be fetched for now."""
        self._ask("halt", "", None)

    def attend(self) -> None:
        """Nothing to do here: the other process looks by itself for what others left."""

    def _begin(self) -> None:
        where = (self._paths.config, self._paths.data, self._paths.state, self._paths.cache)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, json.dumps(sys.path), *map(str, where)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **MALLOC},
        )
        with self._lock:
            self._process = process
        for name, worker in self.workers.items():
            if secrets.is_typed(worker.account):
                self._ask("typed", name, True)

    def _ask(self, verb: str, account: str, argument: object) -> None:
        if verb == "look" and isinstance(argument, int):
            self._looked = (account, argument)
        with self._lock, contextlib.suppress(OSError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(line(verb, account, argument))
                self._process.stdin.flush()

    def _listen(self) -> None:
        while not self._over.is_set():
            process = self._process
            if process is None or process.stdout is None:
                return
            for words in process.stdout:
                self._hear(words)
            self._close(process)
            if self._over.is_set():
                return
            log.error("the engine's process ended with %s", process.wait())
            self._say_gone()
            if self._over.wait(PAUSE_SECONDS):
                return
            self._begin()

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        """Give the pipes of a process that has ended back."""
        with self._lock:
            if self._process is process:
                self._process = None
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _hear(self, words: bytes) -> None:
        try:
            document = json.loads(words)
        except ValueError:
            return
        match document:
            case ["commit"]:
                self._committed()
            case ["secret", str(question), str(account), "incoming" | "outgoing" as leg, str(refused)]:
                if account in self.workers:
                    answering = (question, self.workers[account].account, leg, refused)
                    threading.Thread(target=self._answer, args=answering, name="secret-answer", daemon=True).start()
            case ["elsewhere"] | ["here"]:
                self.elsewhere = document == ["elsewhere"]
                self._now_engine()
            case _:
                event = heard(document)
                if isinstance(event, StatusChanged) and event.status.account in self.workers:
                    self.workers[event.status.account].status = event.status
                if event is not None:
                    self._emit(event)

    def _answer(self, question: str, account: Account, leg: secrets.Leg, refused: str) -> None:
        """Give the other process a secret, or the sentence why there is none; a person may be asked for it first."""
        try:
            value, sentence = secrets.for_engine(account, leg, refused), ""
        except secrets.NothingStored:
            value, sentence = None, ""
        except MailError as error:
            value, sentence = None, error.sentence
            log.info("account %s: %s", account.name, error.detail or error.sentence)
        except Exception as error:  # a thread's top: the other process must not wait for ever
            log.exception("account %s", account.name)
            value, sentence = None, f"tui-mail met an error of its own ({type(error).__name__}); your mail is safe."
        self._ask("secret", account.name, [question, value, sentence])

    def _now_engine(self) -> None:
        """Who the engine is was decided; say again what was asked for before that."""
        if self._looked is not None and not self.elsewhere:
            self._ask("look", *self._looked)
        for worker in self.workers.values():
            worker.status = AccountStatus(worker.account.name, LinkState.STARTING)
            if not self.elsewhere:  # else what that engine says is told from the store
                self._emit(StatusChanged(worker.status))

    def _say_gone(self) -> None:
        sentence = SafeText("The part that talks to servers stopped; mail is safe, and it is started again.")
        for worker in self.workers.values():
            worker.status = replace(worker.status, state=LinkState.OFFLINE, sentence=sentence, done=0, total=0)
            self._emit(StatusChanged(worker.status))
            if worker.searching:
                self._emit(SearchAnswered(worker.searching, worker.account.name, 0, problem=sentence))
