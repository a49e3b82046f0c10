"""An invitation in words, for the screen and the command line: what it is, when it is.

What belongs here: sentences and dates. What must never be here: reading calendars (`invitation`), how lines look.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from tui_mail.mime.invitation import Invitation, Moment

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ANSWERED = {"ACCEPTED": "accepts", "DECLINED": "declines", "TENTATIVE": "may come", "DELEGATED": "sends somebody else"}


def title_of(invitation: Invitation) -> str:
    """What it is: an invitation, an answer to one, a cancellation."""
    again = f" · updated ({invitation.sequence})" if invitation.sequence else ""
    if invitation.cancelled:
        return "✗ Cancelled"
    match invitation.method:
        case "REQUEST":
            return f"Invitation{again}"
        case "REPLY":
            who = invitation.attendees[0] if invitation.attendees else None
            words = _ANSWERED.get(who.status, "answers") if who is not None else "an answer"
            return f"{who.address.name or who.address.email} {words}" if who is not None else "An answer"
        case "COUNTER":
            return "Another time is proposed"
        case _:
            return f"Event{again}"


def when_words(invitation: Invitation, here: tzinfo | None = None) -> tuple[str, str]:
    """When it is in its own zone, and here; the second is empty when that reads the same."""
    start, end = invitation.start, invitation.end
    if start is None:
        return "", ""
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end is not None and end > start else start
        return (_day(start) if last <= start else f"{_day(start)} – {_day(last)}") + ", whole day", ""
    if start.tzinfo is None:
        return f"{_span(start, end)}, wherever you are", ""
    zone = invitation.zone or start.tzname() or "UTC"
    there = f"{_span(start, end)} ({zone})"
    ours_start = start.astimezone(here)
    ours_end = end.astimezone(here) if isinstance(end, datetime) and end.tzinfo is not None else None
    if ours_start.replace(tzinfo=None) == start.replace(tzinfo=None):
        return there, ""
    return there, _span(ours_start, ours_end)


def _span(start: datetime, end: Moment | None) -> str:
    words = f"{_day(start)} {start:%H:%M}"
    if not isinstance(end, datetime) or end <= start:
        return words
    return f"{words}–{end:%H:%M}" if end.date() == start.date() else f"{words} – {_day(end)} {end:%H:%M}"


def _day(moment: Moment) -> str:
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
