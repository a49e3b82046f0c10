"""The Date field as senders write it (RFC 5322 section 3.3 and 4.3, ISO 8601, asctime), to seconds.

A date that cannot be is None: a message then sorts by when the server got it.
"""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
    for name in (names, names.capitalize(), names.upper())
}
_ZONES = {
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "CET": 60, "MET": 60, "CEST": 120, "MEST": 120, "BST": 60, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540,
    "KST": 540,
}  # fmt: skip
"""Minutes east; whatever else stands there counts as UTC (RFC 5322 section 4.3)."""

_USUAL = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d\d?) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)(?: \([^()]*\))?"
)
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{1,2}))?(?:[.,]\d+)?\s*(am|pm)?", re.IGNORECASE)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s*([+-])\s*(\d{1,2}):?(\d{2})\b")
_ZONE_NAME = re.compile(r"\b([A-Z]{3,4})\b")
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?[\s\-/.]*([A-Za-z]{3})[a-z]*\.?[\s\-/,]*(\d{4}|\d{2,3})\b")
_MONTH_DAY = re.compile(r"\b([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b,?(?:.*?\b(\d{4})\b)?")
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?=[T\s]|$)")
_COMMENT = re.compile(r"\([^()]*\)")

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LONGEST = 200


def parse_date(text: str) -> int | None:
    """Seconds since the epoch, UTC; None when no date can be read. Years 1900 to 9999."""
    if usual := _USUAL.fullmatch(text):
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = usual.groups()
        number = _MONTHS.get(month)
        if number is not None:
            east = int(zone_hours) * 60 + int(zone_minutes)
            return _seconds(
                int(year), number, int(day), int(hour), int(minute), int(second), -east if sign == "-" else east
            )
    return _parse_loosely(text)


def _parse_loosely(text: str) -> int | None:
    text = _COMMENT.sub(" ", text[:_LONGEST])
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    before, after = text[: clock.start()], text[clock.end() :]
    day = _day(before) or _day(before + " " + after)
    if day is None:
        return None
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    return _seconds(*day, hour, int(clock[2]), int(clock[3] or 0), _minutes_east(after))


def _day(text: str) -> tuple[int, int, int] | None:
    if iso := _ISO.search(text):
        return int(iso[1]), int(iso[2]), int(iso[3])
    for found in _DAY_MONTH.finditer(text):
        if month := _MONTHS.get(found[2].lower()):
            return _full_year(found[3]), month, int(found[1])
    for found in _MONTH_DAY.finditer(text):
        if (month := _MONTHS.get(found[1].lower())) and found[3]:
            return int(found[3]), month, int(found[2])
    return None


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _minutes_east(text: str) -> int:
    if offset := _OFFSET.search(text):
        east = int(offset[2]) * 60 + int(offset[3])
        return -east if offset[1] == "-" else east
    if name := _ZONE_NAME.search(text):
        return _ZONES.get(name[1], 0)
    return 0


def _seconds(year: int, month: int, day: int, hour: int, minute: int, second: int, east: int) -> int | None:
    if hour > 24 or minute > 59 or second > 60 or not -1500 < east < 1500 or year < 1900:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    return days * 86400 + hour * 3600 + (minute - east) * 60 + second
