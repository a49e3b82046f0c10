"""When a message is to be sent: the hours that are offered, and the ones that can be typed. Pure functions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

EVENING = 18
MORNING = 8
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WISH = re.compile(
    r"(?:(?P<date>\d{4}-\d{1,2}-\d{1,2})|(?P<day>today|tomorrow|[a-z]{2,9}))?\s*(?:at\s+)?"
    r"(?:(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})?)?(?P<half>\s*[ap]m)?)?"
)
_SPAN = re.compile(r"in\s+(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)")


def offered_hours(now: datetime) -> list[tuple[str, datetime]]:
    """What can be picked, the nearest first."""
    offered = [("In an hour", now + timedelta(hours=1))]
    if now.hour < EVENING - 1:
        offered.append(("This evening", _at(now, EVENING)))
    tomorrow = now + timedelta(days=1)
    offered.append(("Tomorrow morning", _at(tomorrow, MORNING)))
    offered.append(("Tomorrow evening", _at(tomorrow, EVENING)))
    monday = now + timedelta(days=7 - now.weekday())
    if monday.date() != tomorrow.date():
        offered.append(("Monday morning", _at(monday, MORNING)))
    return offered


def typed_hour(words: str, now: datetime) -> datetime | None:
    """The moment that was typed ("18:30", "tomorrow 9", "fri 14:00", "2026-12-24 18:00", "in 3 hours"); None: none.

    An hour that has gone by today is tomorrow's; a day of the week is the next of that name.
    """
    wish = words.strip().lower()
    if span := _SPAN.fullmatch(wish):
        number, unit = int(span[1]), span[2][0]
        step = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
        return now + number * step[unit]
    found = _WISH.fullmatch(wish)
    if found is None or not wish:
        return None
    day = _day(found["date"], found["day"], now)
    hour = int(found["hour"]) if found["hour"] else MORNING
    half = (found["half"] or "").strip()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    minute = int(found["minute"] or 0)
    if day is None or hour > 23 or minute > 59:
        return None
    moment = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if moment <= now and not found["date"] and found["day"] != "today":
        moment += timedelta(days=7 if found["day"] else 1)
    return moment if moment > now else None


def snooze_hours(now: datetime) -> list[tuple[str, str, datetime]]:
    """Until when a message may sleep, the nearest first: (name on the command line, words, moment)."""
    tomorrow = _at(now + timedelta(days=1), MORNING)
    saturday = _at(now + timedelta(days=(5 - now.weekday()) % 7 or 7), MORNING)
    monday = _at(now + timedelta(days=7 - now.weekday()), MORNING)
    month = _at((now.replace(day=1) + timedelta(days=32)).replace(day=1), MORNING)
    today = now + timedelta(hours=3)
    if now.hour < EVENING - 1:
        today = _at(now, EVENING)
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


def _at(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _day(date: str | None, name: str | None, now: datetime) -> datetime | None:
    if date:
        try:
            return datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=now.tzinfo)
        except ValueError:
            return None
    if name in (None, "today"):
        return now
    if name == "tomorrow":
        return now + timedelta(days=1)
    found = [number for number, day in enumerate(_DAYS) if day.startswith(str(name)) and len(str(name)) >= 2]
    if len(found) != 1:
        return None
    return now + timedelta(days=(found[0] - now.weekday()) % 7)
