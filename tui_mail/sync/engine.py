"""The engine of one store: the lock that makes it the only one, and a worker for every account.

Any number of processes may read the store and write changes into it; the one that holds the lock talks to
servers. The others leave their changes in the journal and wake it through a datagram socket beside the lock.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_mail.attention import Attention
from tui_mail.errors import MailError, StoreError
from tui_mail.model import Account, Event, LinkState, Protocol, StatusChanged
from tui_mail.net.connection import source_address
from tui_mail.paths import Paths
from tui_mail.store import excerpts, folders, links, messages, parts
from tui_mail.store.database import Database
from tui_mail.sync.account import AccountWorker
from tui_mail.sync.alarms import Alarms, ring
from tui_mail.sync.arrivals import obey
from tui_mail.sync.lock import beat, take_engine_lock
from tui_mail.sync.pop_account import PopWorker
from tui_mail.sync.pulse import private_socket, wake_path
from tui_mail.sync.rulebook import Rulebook
from tui_mail.sync.sending import Sender
from tui_mail.sync.settling import settle
from tui_mail.sync.vigil import Vigil

if TYPE_CHECKING:
    from tui_mail.sync.indexer import Indexer


class Engine:
    """Workers for every account; `start` only once `take_lock` said yes."""

    elsewhere = False
    """As EngineApart has it."""

    def __init__(
        self,
        paths: Paths,
        db: Database,
        accounts: Sequence[Account],
        secret: Callable[[Account], str],
        emit: Callable[[Event], None],
        attention: Attention,
        *,
        sending_secret: Callable[[Account], str] | None = None,
        clock: Callable[[], float] = time.time,
        source: Callable[[str], str] = source_address,
    ) -> None:
        """`sending_secret` gives passwords for sending, else `secret` does. `clock` and `source` as Vigil has them."""
        self._paths = paths
        self._db = db
        self._emit = emit
        self._down = set[str]()
        """Accounts whose incoming server is not reached."""
        self._lock_file: int | None = None
        self._socket: socket.socket | None = None
        self.workers: dict[str, AccountWorker | PopWorker] = {
            account.name: AccountWorker(account, db, secret, self._heard, attention)
            if account.protocol is Protocol.IMAP
            else PopWorker(account, db, secret, self._heard)
            for account in accounts
        }
        self.senders = [
            Sender(account, db, sending_secret or secret, self.workers.get(account.name))
            for account in accounts
            if account.can_send
        ]
        self._attention = attention
        self._indexer: Indexer | None = None
        self._alarms = Alarms(db, self.workers.values(), Rulebook(paths), clock)
        self._vigil = Vigil([*self.workers.values(), *self.senders], clock=clock, source=source, beat=self._live)

    @property
    def running(self) -> bool:
        """True in the process that talks to the servers."""
        return self._lock_file is not None

    def take_lock(self) -> bool:
        """Become the engine of this store; False when another process is. Raises StoreReadOnly."""
        self._lock_file = take_engine_lock(self._paths)
        return self._lock_file is not None

    def start(self) -> None:
        """Start every account's threads, and listen for other processes."""
        statuses = [worker.status for worker in self.workers.values()]
        self._db.write(lambda txn: links.begin(txn, statuses, time.time()))
        self._listen()
        with contextlib.suppress(MailError):
            excerpts.sweep(self._db)
            parts.sweep(self._db)
        for worker in self.workers.values():
            with contextlib.suppress(MailError):  # the worker says what is wrong
                settle(self._db, worker.account)
        with contextlib.suppress(MailError):
            ring(self._db, time.time())  # what was due while nothing ran goes out with the rest
            for worker in self.workers.values():
                obey(self._db, worker.account)  # what comes from now on is new to rules that are new
        for worker in self.workers.values():
            worker.start()
        for sender in self.senders:
            sender.start()
        self._alarms.start()
        self._vigil.start()
        self._start_indexer()

    def stop(self) -> None:
        """Stop everything within a second; what is not finished goes on at the next start."""
        self._vigil.stop()
        threads: list[AccountWorker | PopWorker | Sender | Indexer | Alarms] = [
            self._alarms,
            *self.workers.values(),
            *self.senders,
            *([self._indexer] if self._indexer is not None else []),
        ]
        for thread in threads:
            thread.stop()
        for thread in threads:
            if thread.is_alive():
                thread.join(timeout=1.0)
        if self._socket is not None:
            self._socket.close()
            wake_path(self._paths).unlink(missing_ok=True)
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def attend(self) -> None:
        """Look for what other processes left: changes in the journal, bodies they want."""
        self.send()
        wanted = {account for _, account in messages.wanted(self._db.read())}
        for worker in self.workers.values():
            if worker.account_id and folders.has_work(self._db.read(), worker.account_id):
                worker.replay()
        if wanted:
            for message_id, account in self._db.run(messages.take_wanted):
                for worker in self.workers.values():
                    if worker.account_id == account:
                        worker.want_body(message_id)
        for name in excerpts.wishing(self._db.read_bodies()) & self.workers.keys():
            self.workers[name].grant()

    def send(self) -> None:
        """The outbox changed."""
        for sender in self.senders:
            sender.wake()

    def _heard(self, event: Event) -> None:
        """Tell it, and have an account's sender try again when the account is live again."""
        self._emit(event)
        if not isinstance(event, StatusChanged):
            return
        name, state = event.status.account, event.status.state
        if state.is_down:
            self._down.add(name)
        elif state is LinkState.LIVE and name in self._down:
            self._down.discard(name)
            for sender in self.senders:
                if sender.account.name == name:
                    sender.incoming_is_back()

    def retry_sending(self) -> None:
        """A person asks to try again."""
        for sender in self.senders:
            sender.retry()

    def _live(self) -> None:
        if self._lock_file is not None:
            beat(self._lock_file)

    def halt(self) -> None:
        """A person wants no more whole mailboxes to be fetched for now."""
        for worker in self.workers.values():
            if isinstance(worker, PopWorker):
                worker.halt()

    def _start_indexer(self) -> None:
        from tui_mail.sync.indexer import Indexer  # after everything else: nobody waits for it

        self._indexer = Indexer(self._paths, self._db, self._attention)
        self._indexer.start()

    def _listen(self) -> None:
        listener = private_socket(wake_path(self._paths), socket.SOCK_DGRAM)
        if listener is None:
            return  # the pulse finds what other processes leave, half a second later
        self._socket = listener
        threading.Thread(target=self._hear, args=(listener,), name="engine-wake", daemon=True).start()

    def _hear(self, listener: socket.socket) -> None:
        while True:
            try:
                word = listener.recv(64)
            except OSError:
                return
            with contextlib.suppress(StoreError):  # what is missed now, the pulse finds
                self.attend()
            if word == b"halt":
                self.halt()
            if word == b"sync":
                for worker in self.workers.values():
                    worker.refresh()
