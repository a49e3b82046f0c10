"""Whether mail is safe and fresh: one piece per account, what waits, what failed.

What belongs here: the words for every state of an account. Pure functions, and the line that shows them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.timer import Timer

from tui_mail.model import AccountStatus, LinkState
from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.one_line import OneLine, Run

_STEPS = (1, 2, 3, 4, 5, 10, 15, 20, 30, 45)
ENOUGH = 70
"""Cells from which on the beginning of a reason says more than no reason."""
WHISPER_SECONDS = 6.0
"""How long a word about what was just done stays."""
COUNTER_SECONDS = 0.25
"""Least time between two numbers of a counter that runs."""


class StatusLine(OneLine):
    """The first line of the screen."""

    def __init__(self, *, id: str | None = None) -> None:
        self._statuses: Sequence[AccountStatus] = ()
        self._shape: list[tuple[object, ...]] = []
        self._told = 0.0
        self._timer: Timer | None = None
        self._whisper = ""
        self._whispered = 0.0
        super().__init__(id=id)

    def show(self, statuses: Sequence[AccountStatus]) -> None:
        """Show these accounts: another state at once, another number four times a second."""
        shape: list[tuple[object, ...]] = [(s.account, s.state, s.pending, s.failed, s.sentence) for s in statuses]
        self._statuses = statuses
        wait = self._told + COUNTER_SECONDS - time.monotonic()
        if shape != self._shape or wait <= 0:
            self._shape = shape
            self.tick()
        elif self._timer is None:
            self._timer = self.set_timer(wait, self.tick)

    def whisper(self, words: str) -> None:
        """Say what was just done, for a few seconds, at the right."""
        self._whisper, self._whispered = words, time.monotonic()
        self.tick()

    def tick(self) -> None:
        """Time went by: say it anew if it reads differently."""
        self._told = time.monotonic()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._whisper and time.monotonic() - self._whispered > WHISPER_SECONDS:
            self._whisper = ""
        right = waiting_runs(self._statuses)
        if self._whisper:
            right = [(self._whisper, "strong"), *([("   ", ""), *right] if right else [])]
        if right:
            right.append((" ", ""))
        room = self.size.width - sum(width(text) for text, _ in right)
        self.write(status_runs(self._statuses, time.time(), room), right)

    def on_resize(self) -> None:
        """Other words may fit."""
        self.tick()


def status_runs(statuses: Sequence[AccountStatus], now: float, room: int) -> list[Run]:
    """What the line says of the accounts, in at most about `room` cells."""
    runs: list[Run] = []
    if not statuses:
        return [(" no account", "quiet")]
    share = max(16, (room - 2) // len(statuses))
    for status in statuses:
        runs.append(("  " if runs else " ", ""))
        name = clip(safe_line(status.account), max(6, share // 2))
        mark, look, words = state_words(status, now)
        runs += [(name, "strong"), (" ", ""), (mark, look)]
        left = share - width(name) - 3
        too_long = width(words) > left
        if too_long and (status.state is LinkState.REFUSED or (status.state is LinkState.OFFLINE and left < ENOUGH)):
            words = _short(status, now)
        runs.append((f" {clip(words, max(8, left))}", look if status.state is LinkState.REFUSED else "quiet"))
    return runs


def state_words(status: AccountStatus, now: float) -> tuple[str, str, str]:
    """Of an account: its mark, the mark's look, and its words."""
    match status.state:
        case LinkState.LIVE:
            return "●", "success", f"live {ago(now - status.heard)}" if status.heard else "live"
        case LinkState.SYNCING:
            if status.total:
                return "⟳", "accent", f"syncing {min(status.done, status.total):,}/{status.total:,}"
            return "⟳", "accent", "syncing"
        case LinkState.OFFLINE:
            since = f" since {clock(status.heard)}" if status.heard else ""
            why = f" · {status.sentence}" if status.sentence else ""
            return "✗", "warning", f"offline{since} · {_again(status, now)}{why}"
        case LinkState.REFUSED:
            return "✗", "error", f"refused: {status.sentence}" if status.sentence else "refused"
        case LinkState.CONNECTING:
            return "◌", "quiet", "connecting"
        case _:
            return "◌", "quiet", "starting"


def waiting_runs(statuses: Sequence[AccountStatus]) -> list[Run]:
    """How many actions wait for a server, and how many failed."""
    pending = sum(status.pending for status in statuses)
    failed = sum(status.failed for status in statuses)
    runs: list[Run] = []
    if pending:
        runs.append((f"⟳ {pending:,} waiting", "quiet"))
    if failed:
        runs += [("  " if runs else "", ""), (f"✗ {failed:,} failed", "error")]
    return runs


def ago(seconds: float) -> str:
    """How long since, in few steps so that a quiet line stays still: 4 s, 30 s, 5 min, 2 h."""
    if seconds < 60:
        return f"{max((step for step in _STEPS if step <= seconds), default=1)} s"
    return f"{int(seconds // 60)} min" if seconds < 3_600 else f"{int(seconds // 3_600)} h"


def clock(when: float) -> str:
    """The time of day."""
    return time.strftime("%H:%M", time.localtime(when))


def _again(status: AccountStatus, now: float) -> str:
    seconds = int(status.retry_at - now)
    if seconds <= 0:
        return "trying again"
    return f"again in {seconds} s" if seconds < 90 else f"again in {seconds // 60} min"


def _short(status: AccountStatus, now: float) -> str:
    if status.state is LinkState.REFUSED:
        return "refused"
    return f"offline, {_again(status, now)}"
