"""What each command does that is about moments to come: sleeping messages, and reminders.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: what a moment
is called (ui.later, which the screen reads too), what becomes of the messages (the client).
"""

from __future__ import annotations

from datetime import datetime

from tui_mail.action_commands import acted, meant
from tui_mail.answers import Arguments
from tui_mail.errors import UsageError
from tui_mail.session import opened
from tui_mail.ui.later import snooze_hours, wished_hour

_EXAMPLES = "18:30, tomorrow 9, fri 14:00, 2027-01-04 8:00, in 3 days"


def snooze(given: Arguments) -> int:
    """Have messages sleep until a moment, or bring them back."""
    given.ids, wish = _parted(given.words)
    if given.off and wish:
        raise UsageError("--off brings messages back now, and takes no time; nothing was done.")
    with opened(given) as client:
        meant(given, client)
        if given.off:
            return acted(given, client, client.unsnooze(given.ids), "None of these sleeps.")
        return acted(given, client, client.snooze(given.ids, _moment(wish).timestamp()))


def remind(given: Arguments) -> int:
    """Be reminded of messages unless somebody answers."""
    given.ids, wish = _parted(given.words)
    if given.off and wish:
        raise UsageError("--off takes reminders back, and takes no time; nothing was done.")
    with opened(given) as client:
        meant(given, client)
        if given.off:
            return acted(given, client, client.forget_reminder(given.ids), "There is no reminder of these.")
        return acted(given, client, client.remind(given.ids, _moment(wish).timestamp()))


def _moment(wish: str) -> datetime:
    """The moment that was asked for. Raises UsageError."""
    now = datetime.now().astimezone()
    names = ", ".join(name for name, _, _ in snooze_hours(now))
    if not wish:
        raise UsageError(f"Say until when: {names}, or such as {_EXAMPLES}; nothing was done.")
    moment = wished_hour(wish, now)
    if moment is None:
        raise UsageError(f"{wish!r} is no moment to come: {names}, or such as {_EXAMPLES}; nothing was done.")
    return moment


def _parted(words: list[str]) -> tuple[list[int], str]:
    """The numbers of messages, and the words after them. Raises UsageError."""
    ids = list[int]()
    for word in words:
        if not word.isdecimal() or not 0 < int(word[:20]) < 1 << 63:
            break
        ids.append(int(word))
    if not ids:
        raise UsageError("Say which messages: their numbers come first; `tui-mail list inbox` shows them.")
    wish = " ".join(words[len(ids) :])
    if len(ids) > 1 and wish and _is_day_of(words[len(ids) - 1], wish):
        return ids[:-1], f"{words[len(ids) - 1]} {wish}"
    return ids, wish


def _is_day_of(number: str, wish: str) -> bool:
    """Whether a number belongs to the moment behind it, which is none without it: 24 dec, 3 days."""
    now = datetime.now().astimezone()
    return wished_hour(wish, now) is None and wished_hour(f"{number} {wish}", now) is not None
