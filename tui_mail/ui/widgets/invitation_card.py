"""An invitation as lines of the reader: what, when (there and here), where, who.

What belongs here: words. Pure functions. What must never be here: reading calendars (`mime/invitation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from tui_mail.mime.invitation import Attendee, Invitation, Moment
from tui_mail.model import Address
from tui_mail.text import safe_line
from tui_mail.ui.widgets.document import Paragraph, Run

SHOWN = 12
"""People named."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATUS = {
    "ACCEPTED": "✓", "DECLINED": "✗", "TENTATIVE": "?", "DELEGATED": "→", "NEEDS-ACTION": "·",
}  # fmt: skip
_ANSWERED = {"ACCEPTED": "accepts", "DECLINED": "declines", "TENTATIVE": "may come", "DELEGATED": "sends somebody else"}


def card(
    invitation: Invitation,
    senders: Sequence[Address],
    me: frozenset[str],
    key: str,
    here: tzinfo | None = None,
    text: str = "",
) -> list[Paragraph]:
    """The lines of an invitation; `here` is our time zone, None this computer's.

    `key` answers it, where it can be answered; `text` stands below: what is said there is not said twice.
    """
    lines = [Paragraph((), ()), _row("", [(_title(invitation), "heading")])]
    lines.append(_row("", [(invitation.summary, "strong")]))
    there, ours = when_words(invitation, here)
    if there:
        lines.append(_row("when", [(there, "")]))
    if ours:
        lines.append(_row("", [(ours, "strong"), (" here", "quiet")]))
    if invitation.repeats:
        one = " · this is about one of them" if invitation.instance is not None else ""
        lines.append(_row("repeats", [(invitation.repeats, ""), (one, "quiet")]))
    elif invitation.instance is not None:
        lines.append(_row("", [("one of a series", "quiet")]))
    if invitation.where:
        lines.append(_row("where", [(invitation.where, "")]))
    lines += _people(invitation, me)
    organizer = invitation.organizer
    strange = organizer is not None and organizer.email.lower() not in {one.email.lower() for one in senders}
    if strange and invitation.method in ("REQUEST", "CANCEL"):
        lines.append(_row("", [("⚠ whoever sent this message is not the organizer", "warning")]))
    if invitation.others:
        lines.append(_row("", [(f"and {invitation.others} more events in the same file", "quiet")]))
    if invitation.description and " ".join(invitation.description.split()) not in " ".join(text.split()):
        lines += [_row("", []), *(_row("", [(line, "")]) for line in invitation.description.split("\n")), _row("", [])]
    if invitation.can_be_answered and key:
        words = " answers it by mail · no calendar was looked at"
        lines.append(_row("", [(key, "link"), (words, "quiet")]))
    return lines


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


def _title(invitation: Invitation) -> str:
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


def _people(invitation: Invitation, me: frozenset[str]) -> list[Paragraph]:
    lines = []
    if invitation.organizer is not None:
        lines.append(_row("from", [(_named(invitation.organizer), "")]))
    people = sorted(invitation.attendees, key=lambda one: one.address.email.lower() not in me)
    if people and invitation.method != "REPLY":
        runs: list[Run] = []
        for one in people[:SHOWN]:
            runs += [(", ", "quiet")] if runs else []
            runs.append((_attendee(one, me), "strong" if one.address.email.lower() in me else ""))
        if len(people) > SHOWN:
            runs.append((f" and {len(people) - SHOWN} more", "quiet"))
        lines.append(_row("with", runs))
        if me and not any(one.address.email.lower() in me for one in people):
            lines.append(_row("", [("you are not named among them", "quiet")]))
    return lines


def _attendee(one: Attendee, me: frozenset[str]) -> str:
    name = "you" if one.address.email.lower() in me else one.address.name or one.address.email
    return safe_line(f"{_STATUS.get(one.status, '·')} {name}{' (optional)' if one.optional else ''}")


def _named(address: Address) -> str:
    return f"{address.name} <{address.email}>" if address.name else str(address.email)


def _span(start: datetime, end: Moment | None) -> str:
    words = f"{_day(start)} {start:%H:%M}"
    if not isinstance(end, datetime) or end <= start:
        return words
    return f"{words}–{end:%H:%M}" if end.date() == start.date() else f"{words} – {_day(end)} {end:%H:%M}"


def _day(moment: Moment) -> str:
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _row(name: str, runs: list[Run]) -> Paragraph:
    kept = tuple(run for run in runs if run[0])
    return Paragraph(kept, (("┃ ", "sender"), (f"{name:<8}", "quiet")), (("┃ ", "sender"), (" " * 8, "")))
