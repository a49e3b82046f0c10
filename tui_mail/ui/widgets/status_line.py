"""Whether mail is safe and fresh: one piece per account, what waits, what failed.

What belongs here: the words for every state of an account. Pure functions, and the line that shows them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from textual.timer import Timer

from tui_mail.model import AccountStatus, LinkState
from tui_mail.sizes import size_label
from tui_mail.text import safe_line
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.one_line import OneLine, Run

_STEPS = (1, 2, 3, 4, 5, 10, 15, 20, 30, 45)
_MARKS = {
    LinkState.LIVE: ("●", "success"), LinkState.SYNCING: ("⟳", "accent"), LinkState.OFFLINE: ("✗", "warning"),
    LinkState.REFUSED: ("✗", "error"), LinkState.CONNECTING: ("◌", "quiet"), LinkState.STARTING: ("◌", "quiet"),
    LinkState.WAITING: ("◌", "warning"), LinkState.STOPPED: ("‖", "warning"),
    LinkState.DISK_FULL: ("✗", "error"), LinkState.DISK_FAILS: ("✗", "error"), LinkState.UNANSWERED: ("✗", "error"),
}  # fmt: skip
_SENTENCE_END = re.compile(r"[.!?][”\"')]*(?=\s)")
LEAST = 14
"""Cells that the accounts keep when a whisper wants more than there are."""
ALONE = 60
"""Cells below which a whisper has the line for itself rather than being cut."""
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
        self._waiting = 0
        self._sending: list[list[Run]] = []
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

    def wait_for(self, actions: int) -> None:
        """So many actions wait, whether or not the accounts have come to say so."""
        self._waiting = actions

    def send_runs(self, wordings: list[list[Run]]) -> None:
        """Say this of drafts and sending: the first wording that leaves room for the accounts."""
        if wordings != self._sending:
            self._sending = wordings
            self.tick()

    def tick(self) -> None:
        """Time went by: say it anew if it reads differently."""
        self._told = time.monotonic()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._whisper and time.monotonic() - self._whispered > WHISPER_SECONDS:
            self._whisper = ""
        right = waiting_runs(self._statuses, self._waiting)
        if self._sending and self._sending[0]:
            beside = [("  ", ""), *right] if right else []
            right = next((said for said in self._sending if self._fits([*said, *beside])), self._sending[-1]) + beside
        whisper = self._whisper if not self._sending or self._fits([*right, (" " * LEAST, "")]) else ""
        if whisper and self.size.width < ALONE and width(self._whisper) + LEAST > self.size.width:
            self.write([(f" {self._whisper}", "strong")])
            return
        if whisper:
            taken = sum(width(text) for text, _ in right)
            whisper = clip(whisper, max(LEAST, self.size.width - taken - LEAST - 5))
            right = [(whisper, "strong"), *([("   ", ""), *right] if right else [])]
        if right:
            right.append((" ", ""))
        room = self.size.width - sum(width(text) for text, _ in right) - bool(right)
        self.write(status_runs(self._statuses, time.time(), room), right)

    def _fits(self, right: list[Run]) -> bool:
        """Whether the accounts have room enough beside these words."""
        return sum(width(text) for text, _ in right) + 2 * LEAST <= self.size.width

    def on_resize(self) -> None:
        """Other words may fit."""
        self.tick()


def status_runs(statuses: Sequence[AccountStatus], now: float, room: int) -> list[Run]:
    """What the line says of the accounts, in `room` cells: what does not fit whole is said shorter, never cut."""
    if not statuses:
        return [(" no account", "quiet")]
    names = [str(safe_line(status.account)) for status in statuses]
    said = [state_words(status, now) for status in statuses]
    while sum(width(name) + 5 + width(words[0]) for name, words in zip(names, said, strict=True)) > room:
        longest = max(range(len(said)), key=lambda at: (len(said[at]) > 1, _weight(statuses[at], said[at][0])))
        if len(said[longest]) == 1:
            names = [clip(name, max(3, room // len(names) - 4)) for name in names]
            break
        del said[longest][0]
    runs: list[Run] = []
    for status, name, words in zip(statuses, names, said, strict=True):
        mark, look = _MARKS[status.state]
        runs += [("  " if runs else " ", ""), (name, "strong"), (" ", ""), (mark, look)]
        if words[0]:
            runs.append((f" {words[0]}", look if status.state is LinkState.REFUSED else "quiet"))
    return runs


def state_words(status: AccountStatus, now: float) -> list[str]:
    """What can be said of an account, from the longest to nothing: its mark always stands before it."""
    match status.state:
        case LinkState.LIVE if status.heard:
            since = ago(now - status.heard)
            if status.retry_at > now:
                visited = f"live · checked {since} ago"
                return [f"{visited}, {_again(status, now)}", visited, "live", ""]
            return [f"live · heard {since} ago", f"live {since}", "live", ""]
        case LinkState.WAITING:
            words = "waiting for the server"
            whole = [f"{words} · heard {ago(now - status.heard)} ago"] if status.heard else []
            return [*whole, words, "waiting", ""]
        case LinkState.SYNCING | LinkState.STOPPED if status.octets_total:
            verb = "fetching" if status.state is LinkState.SYNCING else "stopped at"
            count = f"{verb} {status.done:,} of {status.total:,}"
            return [f"{count} · {_octets(status.octets, status.octets_total)}", count, verb.split()[0], ""]
        case LinkState.SYNCING if status.total:
            return [f"syncing {min(status.done, status.total):,}/{status.total:,}", "syncing", ""]
        case LinkState.OFFLINE:
            since = f" since {clock(status.heard)}" if status.heard else ""
            again = _again(status, now)
            state = f"offline{since} · {again}"
            whole = [f"{state} · {reason}" for reason in _reasons(status.sentence)]
            return [*whole, state, f"offline, {again}", "offline", ""]
        case LinkState.DISK_FULL | LinkState.DISK_FAILS:
            state = f"{status.state} · {_again(status, now)}"
            return [*(f"{state} · {reason}" for reason in _reasons(status.sentence)), state, str(status.state), ""]
        case LinkState.UNANSWERED:
            return [*_reasons(status.sentence), str(status.state), ""]
        case LinkState.REFUSED:
            return [*(f"refused: {reason}" for reason in _reasons(status.sentence)), "refused", ""]
        case _:
            return [str(status.state), ""]


def _octets(here: int, total: int) -> str:
    """How much of a download is here: 12.3 of 140.0 MB, 812 kB of 2.1 MB."""
    some, _, unit = size_label(here).partition(" ")
    whole = size_label(total)
    return f"{some} of {whole}" if whole.endswith(f" {unit}") else f"{some} {unit} of {whole}"


def _reasons(sentence: str) -> list[str]:
    """A reason whole, then without its last sentence, and so on to its first."""
    shorter = [sentence[: found.end()] for found in _SENTENCE_END.finditer(sentence)]
    return [sentence, *reversed(shorter)] if sentence else []


def _weight(status: AccountStatus, words: str) -> int:
    """Who is shortened first: the longest, but "live" goes before "offline" does."""
    return width(words) - (8 if status.state.is_down else 0)


def waiting_runs(statuses: Sequence[AccountStatus], at_least: int = 0) -> list[Run]:
    """How many actions wait for a server (as its account says, or `at_least`), and how many failed."""
    pending = max(at_least, sum(status.pending for status in statuses))
    failed = sum(status.failed for status in statuses)
    runs: list[Run] = []
    if pending:
        runs.append((f"⟳ {pending:,} waiting", "quiet"))
    if failed:
        runs += [("  " if runs else "", ""), (f"✗ {failed:,} refused", "error")]
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
