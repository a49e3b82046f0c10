"""Waiting for news: a thread with a connection of its own that sits in IDLE and tells the worker where to look.

What belongs here: IDLE and NOTIFY, and making a broken line anew. What must never be here: reading or writing
mail; the watcher only names folders, and the worker compares them, so an event that is lost costs nothing but
time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    CommandRefused,
    ConnectionLost,
    MailError,
    SecretUnavailable,
    ServerBusy,
)
from tui_mail.net.connection import Backoff, Wake
from tui_mail.net.imap import ImapSession

SLICE_SECONDS = 28.0
"""An IDLE is renewed this often (RFC 2177 allows 29 minutes, routers forget quiet lines after five): the answer to
DONE shows that the line lives."""
NOOP_SECONDS = 30.0
"""How often a server without IDLE is asked."""
HEALTHY_SECONDS = 30.0
"""A line that was heard for so long was good: the next one is made without a growing pause."""

log = logging.getLogger(__name__)


class Watcher(threading.Thread):
    """Watches one folder by IDLE (all of them where the server offers NOTIFY)."""

    def __init__(
        self,
        name: str,
        connect: Callable[[Wake], ImapSession],
        folder: str,
        heard: Callable[[str], None],
        unwelcome: Callable[[MailError], None],
        *,
        watch_all: bool,
    ) -> None:
        """`heard(folder name)` is called when something happened there, "" for the list of folders itself.

        `unwelcome(error)` is called when the server wants no such line, before the thread ends.
        """
        super().__init__(name=f"watch-{name}", daemon=True)
        self._connect = connect
        self._folder = folder
        self._heard = heard
        self._unwelcome = unwelcome
        self._watch_all = watch_all
        self._wake = Wake()
        self._backoff = Backoff()
        self._done = threading.Event()
        self._changed = threading.Event()
        """Set when a pause is to end: another folder, another network, the end."""
        self._session: ImapSession | None = None
        self.sees_all = False
        self.live = False
        self.broken = False
        """The line broke, and has not been made anew."""
        self.over = False
        """It has ended by itself, or is about to."""

    @property
    def heard_at(self) -> float:
        """time.time() of the last byte on this line, 0 when there is none."""
        session = self._session
        return session.heard if session is not None and self.live else 0.0

    @property
    def silent_for(self) -> float:
        """Seconds for which the server has owed an answer on this line."""
        session = self._session
        return session.silent_for if session is not None and self.live else 0.0

    def watch(self, folder: str) -> None:
        """Look at another folder from now on."""
        if folder != self._folder:
            self._folder = folder
            self._wake.set()
            self._changed.set()

    def renew(self) -> None:
        """Make the line anew at once."""
        self._backoff.reset()
        self._changed.set()
        session = self._session
        if session is not None:
            session.shut()

    def stop(self) -> None:
        """End soon; returns at once."""
        self._done.set()
        self._wake.set()
        self.renew()

    def run(self) -> None:
        """Connect and watch until stopped; a broken line is renewed with growing pauses."""
        try:
            self._watch_until_stopped()
        finally:
            self._wake.close()

    def _watch_until_stopped(self) -> None:
        while not self._done.is_set():
            self._changed.clear()
            seconds = 0.0
            try:
                self._watch_once()
            except (AuthenticationRefused, CertificateRefused, SecretUnavailable) as error:
                self._end(error)
                return
            except MailError as error:
                log.info("watch %s: %s", self._folder, error.detail or error.sentence)
                if isinstance(error, ServerBusy):
                    if error.too_many:
                        self._end(error)
                        return
                    seconds = error.seconds
                self.broken = True
                self._heard(self._folder)  # the worker looks there and so finds out whether its own line lives
            except Exception:  # a thread's top
                if not self._done.is_set():
                    log.exception("watch %s", self._folder)
            finally:
                self.live = False
                session, self._session = self._session, None
                if session is not None:
                    session.leave()
            if not self._done.is_set():
                self._changed.wait(max(seconds, self._backoff.next()))

    def _end(self, error: MailError) -> None:
        log.info("watch %s: ends, for %s", self._folder, error.detail or error.sentence)
        self.broken, self.over = False, True
        if not self._done.is_set():
            self._unwelcome(error)

    def _watch_once(self) -> None:
        self._session = session = self._connect(self._wake)
        began = time.time()
        try:
            while not self._done.is_set():
                folder = self._folder
                self._wake.clear()
                session.open_folder(folder, read_only=True)
                self.sees_all = self._watch_all and session.watch_all()
                self.live, self.broken = True, False
                self._heard(folder)  # what came between the last sync and this moment
                if self.sees_all:
                    self._heard("")
                if session.has("IDLE"):
                    self._idle(session, folder)
                if self._folder == folder:
                    self._poll(session, folder)
        finally:
            if session.heard - began > HEALTHY_SECONDS:
                self._backoff.reset()

    def _idle(self, session: ImapSession, folder: str) -> None:
        """IDLE until another folder is to be watched, or the server will not."""
        while not self._done.is_set() and self._folder == folder:
            try:
                events = session.idle(SLICE_SECONDS)
            except CommandRefused as refusal:
                log.info("watch %s: %s", folder, refusal.detail)
                return
            if any(event.kind == "bye" for event in events):
                raise ConnectionLost("The server said goodbye; mail is safe, and the line is made anew.")
            names = {
                "" if event.kind == "list" else event.mailbox or folder
                for event in events
                if event.kind in ("exists", "expunge", "vanished", "fetch", "status", "list")
            }
            for name in names:
                self._heard(name)

    def _poll(self, session: ImapSession, folder: str) -> None:
        """Ask now and then, until another folder is to be watched."""
        while not self._done.is_set() and self._folder == folder:
            self._changed.wait(NOOP_SECONDS)
            self._changed.clear()
            if not self._done.is_set() and session.noop():
                self._heard(folder)
