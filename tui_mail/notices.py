"""Notifications of new mail: how a person wants them, and their words. Plain data and pure functions.

What belongs here: what stands in them, and when there is quiet. What must never be here: which mail is new
(store/newcomers), terminals and programs (ui).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import time

from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line

WAYS = ("off", "terminal", "bell", "command", "osc9", "osc99", "osc777")
"""How notifications are shown. `off` is where everybody begins: who writes and about what would be read by whoever
stands beside the screen, and stays in the lists of the desktop."""

LONGEST = 200
"""Characters of a line."""


@frozen
class Quiet:
    """Hours of every day without notifications; they may go over midnight."""

    begin: time
    end: time

    def holds(self, now: time) -> bool:
        """It is such an hour."""
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


@frozen
class Notices:
    """How a person wants to be told: the table [notifications], and the folders of each account."""

    by: str = "off"
    command: tuple[str, ...] = ()
    """argv of the program that shows them."""
    quiet: Quiet | None = None
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Account to the names, or roles, of its folders."""


@frozen
class Newcomer:
    """A message that has just come."""

    account: str
    folder: SafeText
    sender: SafeText
    subject: SafeText


@frozen
class Notice:
    """One notification."""

    title: SafeText
    body: SafeText
    newcomers: tuple[Newcomer, ...]


def notice_of(newcomers: Sequence[Newcomer]) -> Notice:
    """One notification of everything that has come."""
    if len(newcomers) == 1:
        one = newcomers[0]
        title, body = f"Mail from {one.sender or 'somebody'}", one.subject or "(no subject)"
    else:
        counts = Counter(one.folder for one in newcomers)
        where = ", ".join(f"{number} in {folder}" for folder, number in counts.most_common())
        only = next(iter(counts)) if len(counts) == 1 else ""
        title = f"{len(newcomers)} new messages in {only}" if only else f"{len(newcomers)} new messages: {where}"
        senders = list(dict.fromkeys(one.sender for one in newcomers if one.sender))
        body = SafeText(", ".join(senders[:3]) + (" and others" if len(senders) > 3 else ""))
    return Notice(SafeText(safe_line(title)[:LONGEST]), SafeText(safe_line(body)[:LONGEST]), tuple(newcomers))
