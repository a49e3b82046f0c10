"""INTERNALDATE, read quickly: a folder has few days, and each is reckoned once.

What belongs here: that one form of date (RFC 9051 date-time). What must never be here: the dates in headers (mime).
"""

from __future__ import annotations

from datetime import date

_MONTHS = {name: number for number, name in enumerate((b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC").split(), 1)}
_days: dict[bytes, int] = {}


def internaldate(text: bytes) -> int:
    """Seconds since the epoch of ` 1-Jan-2026 00:00:00 +0000`; 0 when it is no such date."""
    try:
        day, clock, zone = text.rsplit(b" ", 2)
        start = _days.get(day)
        if start is None:
            if len(_days) > 16_384:
                _days.clear()
            number, month, year = day.split(b"-")
            start = _days[day] = (date(int(year), _MONTHS[month.upper()], int(number)).toordinal() - 719_163) * 86_400
        offset = int(zone[1:3]) * 3_600 + int(zone[3:5]) * 60
        moment = start + int(clock[:2]) * 3_600 + int(clock[3:5]) * 60 + int(clock[6:8])
    except (ValueError, KeyError):
        return 0
    return moment + offset if zone[:1] == b"-" else moment - offset
