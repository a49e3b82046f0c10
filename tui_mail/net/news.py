"""News from the server: IDLE, NOTIFY, and asking.

What belongs here: waiting on an open line. What must never be here: what to do about the news (sync).
"""

from __future__ import annotations

import time

from tui_mail.errors import CommandRefused
from tui_mail.net.offers import Offers, is_unknown
from tui_mail.net.replies import IdleEvent

DONE_PATIENCE = 15.0
"""Seconds that a server may take to end IDLE; beyond, the line is dead."""
NOOP_PATIENCE = 30.0
"""Seconds that a server may take to answer a question that needs no work."""
SETTLE = 0.02
"""Seconds to wait for more news after the first."""


class News(Offers):
    """A conversation that news may come from."""

    def idle(self, timeout: float, *, keep: bool = False) -> list[IdleEvent]:
        """Wait for news (RFC 2177): returns with events, when `wake` is set, or after `timeout` seconds.

        With `keep`, what vanished is told again by the next `noop`, because the server never tells it again. The wake
        is not cleared. Raises ConnectionLost when the server ends the connection or is silent at DONE.
        """
        with self.translated():
            if self._events:
                return self._told(keep)
            wire, until = self.wire, time.monotonic() + timeout
            if "IDLE" in self._lies:
                wire.wait(timeout, self.wake)
                return self.noop(keep=keep)
            tag = self.begin(b"IDLE", patience=DONE_PATIENCE)
            ended = self._await_news(tag, until)
            wire.begin(patience=DONE_PATIENCE)
            if not ended:
                wire.send(b"DONE\r\n")
            try:
                self.finish(tag, "tell news")
            except CommandRefused as refusal:
                if not is_unknown(refusal):
                    raise
                self.without("IDLE")
        return self._told(keep)

    def noop(self, *, keep: bool = False) -> list[IdleEvent]:
        """Ask for news, and keep the connection alive; `keep` as `idle` has it."""
        self.run("answer", b"NOOP", patience=NOOP_PATIENCE)
        return self._told(keep)

    def watch_all(self) -> bool:
        """Ask to be told of every folder (NOTIFY, RFC 5465); False when the server cannot."""
        if not self.has("NOTIFY"):
            return False
        try:
            self.run(
                "tell news of all folders",
                b"NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))"
                b" (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))",
            )
        except CommandRefused:
            return False
        return True

    def _told(self, keep: bool) -> list[IdleEvent]:
        events = self.drain_events()
        if keep:
            self._events = [event for event in events if event.kind == "vanished"]
        return events

    def _await_news(self, tag: bytes, until: float) -> bool:
        """Read until there are events, the wake is set, or it is `until`; True when the server ended IDLE itself."""
        wire = self.wire
        while True:
            while wire.has_line() or wire.waiting:
                if self.completes(wire.receive(), tag):
                    return True
            left = until - time.monotonic()
            if self._events:
                until = min(until, time.monotonic() + SETTLE) if left > SETTLE else until
                left = until - time.monotonic()
            if left <= 0 or wire.wait(left, self.wake) != "ready":
                return False
            wire.begin(patience=DONE_PATIENCE)
            wire.fill_ready()
