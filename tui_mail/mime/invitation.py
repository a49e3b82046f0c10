"""Invitations: what a text/calendar part asks for, and the answer to it (RFC 5545, 5546, 6047).

The only place that knows icalendar. A calendar is somebody else's text: what it says is made safe, its size is bounded,
and what cannot be read is left out. Nothing is said of other appointments: no calendar of the person's is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from tui_mail.errors import UsageError
from tui_mail.mime.entities import multipart, text_part
from tui_mail.mime.recipients import Typed, is_email
from tui_mail.mime.writing import addresses_field, ids_field, sane_ids, text_field
from tui_mail.model import Address
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_block, safe_line

if TYPE_CHECKING:
    from icalendar import Calendar

SIZE_LIMIT = 300_000
"""Octets of a calendar that are read."""
PEOPLE_LIMIT = 200
DESCRIPTION_LIMIT = 8_000
"""Characters of a description that are shown."""
EXCEPTIONS_LIMIT = 1_000
ANSWERS = {"accept": "ACCEPTED", "tentative": "TENTATIVE", "decline": "DECLINED"}
_SUBJECTS = {"accept": "Accepted", "tentative": "Tentative", "decline": "Declined"}
_SENTENCES = {
    "accept": "accepts this invitation", "tentative": "may come, and answers this invitation as tentative",
    "decline": "declines this invitation",
}  # fmt: skip

Moment = datetime | date


@frozen
class Attendee:
    """Somebody who is invited."""

    address: Address
    status: str
    """NEEDS-ACTION, ACCEPTED, DECLINED, TENTATIVE, DELEGATED; as sent, safe."""
    optional: bool = False


@frozen
class Invitation:
    """One event, as a message tells of it."""

    method: str
    """REQUEST, CANCEL, REPLY, PUBLISH, COUNTER … in capitals; empty when it says none."""
    uid: str
    sequence: int
    summary: SafeText
    where: SafeText
    start: Moment | None
    end: Moment | None
    """For whole days the first day that is no part of it."""
    zone: SafeText
    """The name of the event's own time zone; empty: that of wherever one is, or UTC."""
    organizer: Address | None
    attendees: tuple[Attendee, ...]
    repeats: SafeText
    """In words, with what is left out; empty when it happens once."""
    cancelled: bool
    others: int = 0
    """Events beside this one in the same calendar."""
    instance: Moment | None = None
    """Of a series, the one that this is about (RECURRENCE-ID)."""
    description: SafeText = SafeText("")
    """What its organizer says about it, in lines."""

    @property
    def can_be_answered(self) -> bool:
        """Somebody waits for an answer."""
        return self.method == "REQUEST" and self.organizer is not None and bool(self.uid) and not self.cancelled

    def answers(self, other: Invitation) -> bool:
        """Whether this is somebody's answer to that invitation, in that version of it."""
        instances = [_in_utc(one.instance) if one.instance is not None else None for one in (self, other)]
        return (
            self.method == "REPLY"
            and (self.uid, self.sequence) == (other.uid, other.sequence)
            and instances[0] == instances[1]
        )

    def is_said_in(self, text: str) -> bool:
        """Whether a text, such as that of the message, holds the description."""
        return " ".join(self.description.split()) in " ".join(text.split())


def read_invitation(content: bytes) -> Invitation | None:
    """The first event of a calendar; None when there is none that can be read. Never raises."""
    from icalendar import Calendar

    if len(content) > SIZE_LIMIT:
        return None
    try:
        calendar = Calendar.from_ical(content)
        if not isinstance(calendar, Calendar):
            return None
        return _first_event(calendar)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def answer(
    invitation: Invitation, what: str, sender: Typed, *, comment: str = "", parent: str = "", now: datetime
) -> bytes:
    """The message that answers: `what` is accept, tentative or decline; its Date and Message-ID come with sending.

    Raises UsageError for an invitation that nobody can answer.
    """
    organizer = invitation.organizer
    if not invitation.can_be_answered or organizer is None or not is_email(organizer.email):
        raise UsageError("This invitation names nobody to answer to. Nothing was sent.")
    who = sender.name or sender.email
    text = f"{who} {_SENTENCES[what]}: {invitation.summary}\n" + (f"\n{comment.strip()}\n" if comment.strip() else "")
    sheet = _reply_calendar(invitation, ANSWERS[what], sender, comment.strip(), now)
    head = [
        addresses_field("From", [sender]),
        addresses_field("To", [Typed(organizer.name, organizer.email)]),
        text_field("Subject", f"{_SUBJECTS[what]}: {invitation.summary}"[:400]),
        ids_field("In-Reply-To", sane_ids([parent])),
        ids_field("References", sane_ids([parent])),
        b"MIME-Version: 1.0\r\n",
    ]
    part = [
        b"Content-Type: text/calendar; charset=utf-8; method=REPLY\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        _base64(sheet),
    ]
    return b"".join([*head, *multipart("alternative", [text_part(text, keep_spaces=False), part])])


def in_words(rule: dict[str, Any]) -> SafeText:
    """A recurrence rule as people say it; what is rarer than that is named as a rule of its own."""
    every = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
    upper = {str(name).upper(): value if isinstance(value, list) else [value] for name, value in rule.items()}
    unit = every.get(str(upper.get("FREQ", [""])[0]).upper())
    known = {"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST", "BYMONTHDAY", "BYMONTH"}
    if unit is None or set(upper) - known:
        return safe_line("by a rule of its own")
    interval = int(upper.get("INTERVAL", [1])[0])
    words = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    days = [str(day).upper() for day in upper.get("BYDAY", [])]
    if days == ["MO", "TU", "WE", "TH", "FR"]:
        words += " on weekdays"
    elif days:
        words += f" on {_and([_day_words(day) for day in days[:7]])}"
    if "BYMONTHDAY" in upper:
        words += f" on day {_and([str(day) for day in upper['BYMONTHDAY'][:7]])}"
    if "BYMONTH" in upper:
        names = [_MONTHS[int(month) - 1] for month in upper["BYMONTH"][:12] if 1 <= int(month) <= 12]
        words += f" in {_and(names)}"
    if "COUNT" in upper:
        words += f", {int(upper['COUNT'][0])} times"
    if "UNTIL" in upper:
        until = upper["UNTIL"][0]
        words += f", until {until.day} {_MONTHS[until.month - 1]} {until.year}"
    return safe_line(words)


_DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_NTH = {"1": "the first", "2": "the second", "3": "the third", "4": "the fourth", "5": "the fifth",
        "-1": "the last"}  # fmt: skip


def _day_words(day: str) -> str:
    number, name = day[:-2].lstrip("+"), _DAYS.get(day[-2:], day[-2:])
    return f"{_NTH.get(number, number + '.')} {name}" if number else name


def _and(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else ""


def _first_event(calendar: Calendar) -> Invitation | None:
    events = [one for one in calendar.subcomponents if one.name == "VEVENT"]
    if not events:
        return None
    event = events[0]
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if end is None and start is not None:
        lasting = getattr(event.get("DURATION"), "dt", None)
        if isinstance(lasting, timedelta):
            end = start + lasting
    rule = event.get("RRULE")
    return Invitation(
        method=safe_line(str(calendar.get("METHOD", "")), 40).upper(),
        uid=str(event.get("UID", ""))[:1000],
        sequence=_number(event.get("SEQUENCE")),
        summary=safe_line(str(event.get("SUMMARY", "")), 300) or safe_line("(no title)"),
        where=safe_line(" ".join(str(event.get("LOCATION", "")).split()), 300),
        start=start,
        end=end,
        zone=safe_line(str(getattr(event.get("DTSTART"), "params", {}).get("TZID", "")), 80),
        organizer=_person(event.get("ORGANIZER")),
        attendees=tuple(_attendees(event.get("ATTENDEE"))),
        repeats=_series_words(rule[0] if isinstance(rule, list) else rule, _left_out(event, start)),
        cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED" or str(calendar.get("METHOD", "")) == "CANCEL",
        others=len({str(one.get("UID", "")) for one in events} - {str(event.get("UID", ""))}),
        instance=_moment(event, "RECURRENCE-ID"),
        description=_description(event),
    )


def _moment(event: Any, name: str) -> Moment | None:
    value = event.get(name)
    found = getattr(value[0] if isinstance(value, list) else value, "dt", None)
    return found if isinstance(found, date) and 1900 <= found.year <= 9000 else None


def _number(value: object) -> int:
    try:
        return max(0, min(int(str(value or 0)), 1_000_000))
    except ValueError:
        return 0


def _description(event: Any) -> SafeText:
    value = event.get("DESCRIPTION", "")
    text = str(value[0] if isinstance(value, list) and value else value)
    return SafeText(safe_block(text[:DESCRIPTION_LIMIT] + ("…" if len(text) > DESCRIPTION_LIMIT else "")).strip())


def _left_out(event: Any, start: Moment | None) -> list[date]:
    """The days of a series on which it does not happen (EXDATE), in the event's own zone, in order."""
    value = event.get("EXDATE")
    zone = start.tzinfo if isinstance(start, datetime) else None
    found = set()
    for one in value if isinstance(value, list) else [value]:
        for each in getattr(one, "dts", ())[:EXCEPTIONS_LIMIT]:
            with suppress(ArithmeticError, ValueError):
                found.add(_day_in(each.dt, zone))
    return sorted(found)


def _day_in(moment: Moment, zone: tzinfo | None) -> date:
    if not isinstance(moment, datetime):
        return moment
    return (moment.astimezone(zone) if zone is not None and moment.tzinfo is not None else moment).date()


def _series_words(rule: Any, left_out: Sequence[date]) -> SafeText:
    words = _rule_words(rule)
    if not words or not left_out:
        return words
    day = left_out[0]
    except_ = f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if len(left_out) == 1 else f"{len(left_out)} dates"
    return safe_line(f"{words}, except {except_}")


def _rule_words(rule: Any) -> SafeText:
    if rule is None:
        return SafeText("")
    try:
        return in_words(dict(rule))
    except (AttributeError, LookupError, TypeError, ValueError):
        return safe_line("by a rule of its own")


def _person(value: Any) -> Address | None:
    value = value[0] if isinstance(value, list) else value
    if value is None:
        return None
    text = str(value)
    email = text[7:] if text.lower().startswith("mailto:") else text
    name = str(getattr(value, "params", {}).get("CN", ""))
    return Address(safe_line(name, 200), safe_line(email.strip(), 254))


def _attendees(value: Any) -> list[Attendee]:
    found = []
    for one in (value if isinstance(value, list) else [value])[:PEOPLE_LIMIT] if value is not None else ():
        person, params = _person(one), getattr(one, "params", {})
        if person is not None:
            status = safe_line(str(params.get("PARTSTAT", "NEEDS-ACTION")), 40).upper()
            found.append(Attendee(person, status, str(params.get("ROLE", "")).upper() == "OPT-PARTICIPANT"))
    return found


def _reply_calendar(invitation: Invitation, status: str, sender: Typed, comment: str, now: datetime) -> bytes:
    from icalendar import Calendar, Event, vCalAddress, vText

    event = Event()
    event.add("UID", invitation.uid)
    event.add("SEQUENCE", invitation.sequence)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("SUMMARY", str(invitation.summary))
    for name, moment in (
        ("DTSTART", invitation.start),
        ("DTEND", invitation.end),
        ("RECURRENCE-ID", invitation.instance),
    ):
        if moment is not None:
            event.add(name, _in_utc(moment))
    if invitation.organizer is not None:
        organizer = vCalAddress(f"mailto:{invitation.organizer.email}")
        if invitation.organizer.name:
            organizer.params["CN"] = vText(invitation.organizer.name)
        event.add("ORGANIZER", organizer, encode=False)
    attendee = vCalAddress(f"mailto:{sender.email}")
    attendee.params["PARTSTAT"] = vText(status)
    if sender.name:
        attendee.params["CN"] = vText(sender.name)
    event.add("ATTENDEE", attendee, encode=False)
    if comment:
        event.add("COMMENT", comment)
    calendar = Calendar()
    calendar.add("PRODID", "-//tui_mail//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "REPLY")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _in_utc(moment: Moment) -> Moment:
    """So that no description of a time zone has to travel along; what has none is left as it is."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo is not None else moment


def _base64(content: bytes) -> bytes:
    from tui_mail.mime.entities import base64_lines

    return b"".join(base64_lines(content))
