"""When a message is to be sent: the hours that are offered, and the ones that can be typed. Pure functions."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta

EVENING = 18
NIGHT = 20
MORNING = 8
LAST_YEAR = 9998
"""Beyond it not every clock of the world can say the moment."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_CLOCK = r"\s*(?:at\s+)?(?:(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})?)?(?P<half>\s*[ap]m)?)?"
_TIME = re.compile(_CLOCK)
_WISH = re.compile(r"(?:(?P<date>\d{4}-\d{1,2}-\d{1,2})|(?P<day>today|tonight|tomorrow|[a-z]{2,9}))?" + _CLOCK)
_IN_MONTH = re.compile(
    r"(?:(?P<before>\d{1,2})(?:\.|st|nd|rd|th)?\s+)?(?P<month>[a-z]{3,9})"
    r"(?(before)|\s+(?P<after>\d{1,2})(?:st|nd|rd|th)?)(?:,?\s+(?P<year>\d{4}))?(?:\s+|$)(?P<clock>.*)"
)
_SPAN = re.compile(
    r"(?:in\s+(?P<one>an?)\s+|(?:in\s+)?(?P<number>\d{1,4})\s*)"
    r"(?P<unit>m|min|minute|h|hr|hour|d|day|w|week|month|y|year)s?"
)
_STEPS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def offered_hours(now: datetime) -> list[tuple[str, datetime]]:
    """What can be picked, the nearest first."""
    offered = [("In an hour", now + timedelta(hours=1))]
    if now.hour < EVENING - 1:
        offered.append(("This evening", _at(now, now, EVENING)))
    tomorrow = now + timedelta(days=1)
    offered.append(("Tomorrow morning", _at(now, tomorrow, MORNING)))
    offered.append(("Tomorrow evening", _at(now, tomorrow, EVENING)))
    monday = now + timedelta(days=7 - now.weekday())
    if monday.date() != tomorrow.date():
        offered.append(("Monday morning", _at(now, monday, MORNING)))
    return offered


def typed_hour(words: str, now: datetime) -> datetime | None:
    """The moment that was typed ("18:30", "tomorrow 9", "24 dec 14:00", "2026-12-24 18:00", "3h"); None: none.

    An hour that has gone by today is tomorrow's; a day of the week is the next of that name, a day of a month too.
    """
    try:
        moment = _meant(words, now)
    except (OverflowError, ValueError, OSError):  # before the first year that there is, or after the last
        return None
    return moment if moment is not None and moment.year < LAST_YEAR else None


def _meant(words: str, now: datetime) -> datetime | None:
    wish = " ".join(words.lower().split())
    if span := _SPAN.fullmatch(wish):
        return _after(now, int(span["number"] or 1), span["unit"])
    if (found := _IN_MONTH.fullmatch(wish)) and (moment := _in_month(found, now)):
        return moment
    found = _WISH.fullmatch(wish)
    if found is None or not wish:
        return None
    tonight = found["day"] == "tonight"
    day, clock = _day(found["date"], found["day"], now), _clock(found, evening=tonight)
    if day is None or clock is None:
        return None
    if tonight and not found["hour"] and now.hour >= NIGHT:
        return now + timedelta(hours=1)
    moment = _at(now, day, *clock)
    if moment <= now and not found["date"] and found["day"] not in ("today", "tonight"):
        moment = _at(now, day + timedelta(days=7 if found["day"] else 1), *clock)
    return moment if moment > now else None


def is_begun(words: str) -> bool:
    """Two letters may be the beginning of anything: no day is meant yet."""
    return len(words) < 3 and not any(letter.isdigit() for letter in words)


def snooze_hours(now: datetime) -> list[tuple[str, str, datetime]]:
    """Until when a message may sleep, the nearest first: (name on the command line, words, moment)."""
    tomorrow = _at(now, now + timedelta(days=1), MORNING)
    saturday = _at(now, now + timedelta(days=(5 - now.weekday()) % 7 or 7), MORNING)
    monday = _at(now, now + timedelta(days=7 - now.weekday()), MORNING)
    month = _at(now, (now.replace(day=1) + timedelta(days=32)).replace(day=1), MORNING)
    today = now + timedelta(hours=3)
    if now.hour < EVENING - 1:
        today = _at(now, now, EVENING)
    return [
        ("later", "Later today" if today.date() == now.date() else "In three hours", today),
        ("tomorrow", "Tomorrow morning", tomorrow),
        ("weekend", "This weekend" if now.weekday() < 5 else "Next weekend", saturday),
        ("next week", "Next week", monday),
        ("next month", "Next month", month),
    ]


def wished_hour(words: str, now: datetime) -> datetime | None:
    """A moment by the name of `snooze_hours`, or as it is typed; None when it is neither, or has gone by."""
    wish = " ".join(words.lower().split())
    named = {name: moment for name, _, moment in snooze_hours(now)}
    aliases = {"week": "next week", "month": "next month", "this weekend": "weekend", "later today": "later"}
    return named.get(aliases.get(wish, wish)) or typed_hour(words, now)


def hour_words(moment: datetime, now: datetime) -> str:
    """As people say it: "18:00", "tomorrow 08:00", "Mon 30 Nov 08:00"."""
    time = f"{moment:%H:%M}"
    days = (moment.date() - now.date()).days
    if days == 0:
        return time
    if days == 1:
        return f"tomorrow {time}"
    return f"{moment:%a} {moment.day} {moment:%b} {time}" if days < 300 else f"{moment.day} {moment:%b %Y} {time}"


def _at(now: datetime, day: datetime, hour: int, minute: int = 0) -> datetime:
    """That time of a day."""
    return _by_the_clock(now, day.replace(hour=hour, minute=minute, second=0, microsecond=0))


def _by_the_clock(now: datetime, moment: datetime) -> datetime:
    """What the clock says, where `now` is: it may be set otherwise then than it is now."""
    return moment.replace(tzinfo=None).astimezone() if _is_here(now) else moment


def _is_here(now: datetime) -> bool:
    return now.utcoffset() == now.replace(tzinfo=None).astimezone().utcoffset()


def _day(date: str | None, name: str | None, now: datetime) -> datetime | None:
    if date:
        try:
            return datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=now.tzinfo)
        except ValueError:
            return None
    if name in (None, "today", "tonight"):
        return now
    if name == "tomorrow":
        return now + timedelta(days=1)
    found = [number for number, day in enumerate(_DAYS) if day.startswith(str(name)) and len(str(name)) >= 2]
    if len(found) != 1:
        return None
    return now + timedelta(days=(found[0] - now.weekday()) % 7)


def _clock(found: re.Match[str], *, evening: bool = False) -> tuple[int, int] | None:
    """Hour and minute of what `_CLOCK` found; None when there is no such time."""
    hour, minute = int(found["hour"] or (NIGHT if evening else MORNING)), int(found["minute"] or 0)
    half = (found["half"] or "").strip()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif evening and hour < 12:
        hour += 12
    return (hour, minute) if hour <= 23 and minute <= 59 else None


def _in_month(found: re.Match[str], now: datetime) -> datetime | None:
    """The next such day of a month, at the hour that stands behind it; None when there is none."""
    months = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(found["month"])]
    at = _TIME.fullmatch(found["clock"])
    clock = _clock(at) if at is not None else None
    if len(months) != 1 or clock is None:
        return None
    for year in [int(found["year"])] if found["year"] else range(now.year, now.year + 9):  # 29 Feb may be far
        try:
            moment = _at(
                now, datetime(year, months[0], int(found["before"] or found["after"]), tzinfo=now.tzinfo), *clock
            )
        except ValueError:
            continue
        if moment > now:
            return moment
    return None


def _after(now: datetime, number: int, unit: str) -> datetime | None:
    """So much later; on the last day of a month that has no such day."""
    try:
        if unit in ("month", "y", "year"):
            months = now.year * 12 + now.month - 1 + number * (1 if unit == "month" else 12)
            year, month = divmod(months, 12)
            day = min(now.day, monthrange(year, month + 1)[1])
            return _by_the_clock(now, now.replace(year=year, month=month + 1, day=day))
        later = now + number * _STEPS[unit[0]]
        if unit[0] in "dw":
            return _by_the_clock(now, later)
        return later.astimezone() if _is_here(now) else later
    except (OverflowError, ValueError):  # after the last year that there is
        return None
