"""Waiting for news: a thread with a connection of its own that sits in IDLE and tells the worker where to look.

What belongs here: IDLE and NOTIFY, noticing sleep and dead lines. What must never be here: reading or writing
mail; the watcher only names folders, and the worker compares them, so an event that is lost costs nothing but
time.
"""

from __future__ import annotations

import contextlib
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
    StoreError,
)
from tui_mail.net.connection import Backoff, Wake
from tui_mail.net.imap import ImapSession

SLICE_SECONDS = 28.0
"""An IDLE is renewed this often (RFC 2177 allows 29 minutes, routers forget quiet lines after five): the answer to
DONE shows that the line lives, and a computer that slept notices at once."""
SLEPT_SECONDS = 20.0

log = logging.getLogger(__name__)


class Watcher(threading.Thread):
    """Watches one folder by IDLE (all of them where the server offers NOTIFY)."""

    def __init__(
        self,
        name: str,
        connect: Callable[[Wake], ImapSession],
        folder: str,
        heard: Callable[[str], None],
        slept: Callable[[], None],
        *,
        watch_all: bool,
    ) -> None:
        """`heard(folder name)` is called when something happened there, "" for the list of folders itself."""
        super().__init__(name=f"watch-{name}", daemon=True)
        self._connect = connect
        self._folder = folder
        self._heard = heard
        self._slept = slept
        self._watch_all = watch_all
        self._wake = Wake()
        self._done = threading.Event()
        self._changed = threading.Event()
        """Set when a pause is to end: another folder, the end."""
        self._session: ImapSession | None = None
        self.sees_all = False
        self.live = False

    @property
    def heard_at(self) -> float:
        """time.time() of the last byte on this line, 0 when there is none."""
        session = self._session
        return session.heard if session is not None and self.live else 0.0

    def watch(self, folder: str) -> None:
        """Look at another folder from now on."""
        if folder != self._folder:
            self._folder = folder
            self._wake.set()
            self._changed.set()

    def stop(self) -> None:
        """End soon; returns at once."""
        self._done.set()
        self._wake.set()
        self._changed.set()
        session = self._session
        if session is not None:
            session.shut()

    def run(self) -> None:
        """Connect and watch until stopped; a broken line is renewed with growing pauses."""
        try:
            self._watch_until_stopped()
        finally:
            self._wake.close()

    def _watch_until_stopped(self) -> None:
        backoff = Backoff()
        while not self._done.is_set():
            began = time.monotonic()
            self._changed.clear()
            try:
                self._watch_once()
            except (AuthenticationRefused, CertificateRefused, SecretUnavailable) as error:
                log.info("watch %s: %s", self._folder, error.detail or error.sentence)
                return  # the worker meets the same refusal and asks the person; if not, it starts another watcher
            except MailError as error:
                log.info("watch %s: %s", self._folder, error.detail or error.sentence)
                with contextlib.suppress(StoreError):
                    self._heard(self._folder)  # the worker looks there and so finds out whether its own line lives
            except Exception:  # a thread's top
                if not self._done.is_set():
                    log.exception("watch %s", self._folder)
            finally:
                self.live = False
                session, self._session = self._session, None
                if session is not None:
                    session.leave()
            if time.monotonic() - began > 60:
                backoff.reset()
            if not self._done.is_set():
                self._changed.wait(backoff.next())

    def _watch_once(self) -> None:
        self._session = session = self._connect(self._wake)
        while not self._done.is_set():
            folder = self._folder
            self._wake.clear()
            session.open_folder(folder, read_only=True)
            self.sees_all = self._watch_all and session.watch_all()
            self.live = True
            self._heard(folder)  # what came between the last sync and this moment
            if self.sees_all:
                self._heard("")
            self._idle(session, folder)

    def _idle(self, session: ImapSession, folder: str) -> None:
        """IDLE until another folder is to be watched."""
        if not session.has("IDLE"):
            self._poll(session, folder)
            return
        while not self._done.is_set() and self._folder == folder:
            clock, ticks = time.time(), time.monotonic()
            events = session.idle(SLICE_SECONDS)
            if (time.time() - clock) - (time.monotonic() - ticks) > SLEPT_SECONDS:
                self._slept()
                raise ConnectionLost("The computer slept; mail is safe, and the line is made anew.")
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
        while not self._done.is_set() and self._folder == folder:
            self._changed.wait(30)
            self._changed.clear()
            try:
                if session.noop():
                    self._heard(folder)
            except CommandRefused:
                return
