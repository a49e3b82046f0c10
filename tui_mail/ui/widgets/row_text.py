"""How one message reads as one line of the list.

What belongs here: marks, names, dates, and which columns fit. Pure functions of plain values.
What must never be here: Textual, the store.
"""

from __future__ import annotations

import time

from tui_mail.dated import FOLLOW_UP, SNOOZED, moment_of
from tui_mail.mime.addresses import pretends
from tui_mail.model import Address, Conversation, Flag, Role, Row, RowState
from tui_mail.records import frozen
from tui_mail.ui.widgets.cells import clip, fit, right, steady, width
from tui_mail.ui.widgets.keyword_text import chips

Run = tuple[str, str]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY = 86_400


@frozen
class Columns:
    """How wide the parts of a row are, in cells."""

    who: int
    subject: int
    date: int

    @classmethod
    def of(cls, cells: int) -> Columns:
        """The columns of a list that is `cells` wide."""
        date = 10 if cells >= 56 else 6
        who = max(10, min(30, cells * 22 // 100))
        return cls(who, max(4, cells - MARKS - who - date - 5), date)


PLACED = 20
"""Cells of a subject from which on there is room for the folder before it."""
MARKS = 8
"""Cells before the name: cursor, selection, unread, star, attachment, state, and a space."""


@frozen
class Calendar:
    """Which day it is; made anew when the day is over."""

    midnight: int
    """When today began, seconds since the epoch."""
    year: int

    @classmethod
    def at(cls, now: float) -> Calendar:
        """The calendar of the local day of `now`."""
        day = time.localtime(now)
        return cls(int(time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, -1))), day.tm_year)

    def label(self, date: int, short: bool = False) -> str:
        """A date as the list shows it: 14:02, Yesterday, Mon, 12 Mar or 2024-03-12."""
        when = time.localtime(max(0, min(date, 253_402_300_000)))
        days_ago = (self.midnight - date + DAY - 1) // DAY
        if days_ago <= 0 and date < self.midnight + DAY:
            return f"{when.tm_hour:02}:{when.tm_min:02}"
        if days_ago == 1 and not short:
            return "Yesterday"
        if 1 <= days_ago < 7:
            return _DAYS[when.tm_wday]
        if when.tm_year == self.year:
            return f"{when.tm_mday} {_MONTHS[when.tm_mon - 1]}"
        if short:
            return f"{_MONTHS[when.tm_mon - 1]} {when.tm_year % 100:02}"
        return f"{when.tm_year:04}-{when.tm_mon:02}-{when.tm_mday:02}"

    def until_label(self, moment: int, short: bool = False) -> str:
        """Until when a message sleeps: →18:00, →Fri 08:00, →3 Dec or →4 Jan 27."""
        when = time.localtime(moment)
        clock = f"{when.tm_hour:02}:{when.tm_min:02}"
        ahead = (moment - self.midnight) // DAY
        if ahead <= 0:
            return f"→{clock}"
        if ahead < 7:
            return f"→{_DAYS[when.tm_wday]}" + ("" if short else f" {clock}")
        month = _MONTHS[when.tm_mon - 1]
        if when.tm_year == self.year:
            return f"{'' if short and when.tm_mday > 9 else '→'}{when.tm_mday} {month}"
        return f"→{month}{when.tm_year % 100:02}" if short else f"→{when.tm_mday} {month} {when.tm_year % 100:02}"

    def long_label(self, date: int) -> str:
        """A date as the reader shows it: today 14:02, Mon 12 Mar 2024 14:02."""
        when = time.localtime(max(0, min(date, 253_402_300_000)))
        clock = f"{when.tm_hour:02}:{when.tm_min:02}"
        days_ago = (self.midnight - date + DAY - 1) // DAY
        if days_ago <= 0 and date < self.midnight + DAY:
            return f"today {clock}"
        if days_ago == 1:
            return f"yesterday {clock}"
        day = f"{_DAYS[when.tm_wday]} {when.tm_mday} {_MONTHS[when.tm_mon - 1]}"
        return f"{day} {clock}" if when.tm_year == self.year else f"{day} {when.tm_year} {clock}"


def row_runs(
    row: Row,
    columns: Columns,
    calendar: Calendar,
    role: Role,
    *,
    cursor: bool,
    selected: bool,
    who: list[Run] | None = None,
    fold: str = "",
    whose: list[Run] | None = None,
    where: str = "",
) -> list[Run]:
    """One message as runs of (text, look), `columns` wide.

    `who`: instead of its sender, exactly as wide. `fold`: before the subject, what a line of a thread is.
    `whose`: before the sender, whose account it is. `where`: the folder that it is in, where that is another one.
    """
    strength = "unread" if row.unread else "read"
    if who is None:
        who = _who(row, role, columns.who)
    subject = steady(row.subject) or "(no subject)"
    labels = chips(row.keywords, columns.subject // 2) if row.keywords else []
    if where and columns.subject >= PLACED:
        labels = [(f"({clip(steady(where), columns.subject // 3)}) ", "quiet"), *labels]
    if fold:
        labels = [(f"{fold} ", strength), *labels]
    space = columns.subject - sum(width(text) for text, _ in labels)
    room = space - width(subject)
    runs: list[Run] = [
        ("▌" if cursor else " ", "bar"),
        ("✓" if selected else " ", "mark"),
        _news_mark(row),
        ("★" if row.starred else " ", "star"),
        ("⎘" if row.has_attachments else " ", "quiet"),
        _state_mark(row),
        *(whose or [("  ", "")]),
        *([(text, strength if look == "name" else look) for text, look in who]),
        ("  ", ""),
        *labels,
    ]
    if room > 6 and row.snippet:
        runs += [(subject, strength), (fit(f"  {steady(row.snippet)}", room), "quiet")]
    else:
        runs.append((fit(subject, space), strength))
    until = moment_of(SNOOZED, row.keywords) or moment_of(FOLLOW_UP, row.keywords) if row.keywords else None
    label = calendar.label if until is None else calendar.until_label
    date = label(row.date if until is None else until, short=columns.date < 10)
    runs += [("  ", ""), (right(date, columns.date), "fresh" if row.unread else "quiet"), (" ", "")]
    return runs


def waiting_runs() -> list[Run]:
    """A line whose message has not been read from the store yet."""
    return [(" " * MARKS, ""), ("…", "quiet")]


def shown_name(address: Address) -> str:
    """The name someone goes by here; the address when the name is missing or pretends to be another address."""
    if not address.name or pretends(address):
        return address.email or address.name or "(nobody)"
    return address.name


def _who(row: Row, role: Role, cells: int) -> list[Run]:
    outgoing = role in (Role.SENT, Role.DRAFTS)
    people = row.to if outgoing else row.from_
    prefix = "To: " if outgoing else ""
    if not people:
        return [(fit(prefix + "(nobody)", cells), "quiet")]
    first = people[0]
    names = steady(prefix + ", ".join(shown_name(one) for one in people))
    if len(people) > 1:
        return [(fit(names, cells), "name")]
    aside = ""
    if pretends(first) and first.email:
        aside = f"“{steady(first.name)}”"
    elif first.name and first.email:
        aside = first.email if width(names) + width(first.email) + 2 <= cells else first.email.rpartition("@")[2]
    used = width(names)
    if aside and (used + width(aside) + 2 <= cells or (pretends(first) and used + 8 <= cells)):
        return [(names, "name"), (fit(f"  {clip(aside, cells - used - 2)}", cells - used), "quiet")]
    return [(fit(names, cells), "name")]


def people_runs(said: Conversation, me: frozenset[str], cells: int) -> list[Run]:
    """Who wrote a conversation, and how many messages: Kirsten, me, Ola (6); the first and the last when it is long."""
    count = f" ({said.count:,})"
    room = cells - len(count)
    names = [
        "me" if one.email.casefold() in me else steady(shown_name(one) if len(said.people) == 1 else _first_name(one))
        for one in said.people
    ]
    text = ", ".join(names) or "(nobody)"
    if width(text) > room and len(names) > 2:
        text = f"{names[0]} … {names[-1]}"
    return [(text := clip(text, room), "name"), (count, "quiet"), (" " * (room - width(text)), "")]


def _first_name(address: Address) -> str:
    name = shown_name(address)
    return name if "@" in name or "," in name else name.split(" ")[0] or name


def _news_mark(row: Row) -> Run:
    if row.unread:
        return ("●", "bar")
    return ("↩", "quiet") if row.flags & Flag.ANSWERED else (" ", "")


def _state_mark(row: Row) -> Run:
    if row.state is RowState.FAILED:
        return ("✗", "failed")
    return ("⟳", "quiet") if row.state is RowState.PENDING else (" ", "")
