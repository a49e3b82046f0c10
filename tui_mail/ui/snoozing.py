"""Until when a message is to be out of sight: the moments that are offered, and the one that is typed.

What belongs here: asking, and saying what was done. What must never be here: what sleeping is (the client).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui_mail.dated import FOLLOW_UP, SNOOZED, kept, moment_of
from tui_mail.model import Change
from tui_mail.text import SafeText
from tui_mail.ui.later import MORNING, hour_words, is_begun, snooze_hours, wished_hour
from tui_mail.ui.screens.picker import Choice, Picker
from tui_mail.ui.screens.prompt import Prompt
from tui_mail.ui.screens.words import messages_words

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

Send = Callable[[list[int]], Future[Change | None]]
SendOff = Callable[[Send, str, list[int]], None]
"""Take messages out of the list at once, and do it."""
NOW, TYPED, NO_REMINDER = "now", "typed", "no reminder"
REMINDERS = (("If nobody answers in 3 days", 3), ("If nobody answers in a week", 7))
"""What is offered besides: the message stays, and a person is reminded of it."""


def pick_moment(screen: Triage, ids: list[int], send_off: SendOff) -> None:
    """Ask until when these messages are to sleep; what sleeps already can be woken, or given another moment."""
    if not ids:
        return
    now = datetime.now().astimezone()
    asleep = is_snoozed(screen)
    choices: list[Choice[datetime | str | int]] = [
        Choice(moment, words, "", hour_words(_kept(moment), now)) for _, words, moment in snooze_hours(now)
    ]
    choices.append(Choice(TYPED, "Another time…", "18:30, fri 9, tomorrow 14:00, 24 dec, in 3 days"))
    for words, days in REMINDERS:
        choices.append(Choice(days, words, "it stays here", hour_words(_in_days(days), now)))
    if asleep:
        choices.insert(0, Choice(NOW, "Back to the inbox now"))
    if has_reminder(screen):
        choices.append(Choice(NO_REMINDER, "No reminder any more"))

    def until(moment: datetime) -> None:
        words = f"Snoozed until {hour_words(_kept(moment), datetime.now().astimezone())}:"
        if asleep:
            _in_place(screen, screen.client.snooze(ids, moment.timestamp()), words, ids)
        else:
            send_off(lambda them: screen.client.snooze(them, moment.timestamp()), words, ids)

    def picked(choice: datetime | str | int | None) -> None:
        if isinstance(choice, int):
            moment = _in_days(choice)
            words = f"You are reminded {hour_words(moment, datetime.now().astimezone())} unless somebody answers:"
            _in_place(screen, screen.client.remind(ids, moment.timestamp()), words, ids)
        elif choice == NO_REMINDER:
            _in_place(screen, screen.client.forget_reminder(ids), "No reminder:", ids)
        elif isinstance(choice, datetime):
            until(choice)
        elif choice == NOW:
            send_off(screen.client.unsnooze, "Back in the inbox:", ids)
        elif choice == TYPED:
            _type_moment(screen, until)

    title = f"Snooze {messages_words(len(ids))} until"
    screen.app.push_screen(Picker(title, choices, make=_typed, makes_first=True), picked)


def is_snoozed(screen: Triage) -> bool:
    """Whether the message under the cursor sleeps, in the folder of those that do."""
    row, here = screen.messages.current, screen.here
    leaf = here.name.rpartition(here.delimiter)[2] if here is not None and here.delimiter else here and here.name
    return row is not None and leaf == "Snoozed" and moment_of(SNOOZED, row.keywords) is not None


def has_reminder(screen: Triage) -> bool:
    """Whether the message under the cursor waits for an answer, or has waited in vain."""
    row = screen.messages.current
    return row is not None and ("$FollowUp" in row.keywords or moment_of(FOLLOW_UP, row.keywords) is not None)


def _kept(moment: datetime) -> datetime:
    """When it comes back, to the quarter of an hour."""
    return datetime.fromtimestamp(kept(moment.timestamp())).astimezone()


def _typed(words: str) -> Choice[datetime | str | int] | None:
    """The moment that was typed instead of chosen."""
    now = datetime.now().astimezone()
    moment = None if is_begun(words) else wished_hour(words, now)
    return None if moment is None else Choice(moment, f"Until {hour_words(_kept(moment), now)}")


def _in_days(days: int) -> datetime:
    day = datetime.now().astimezone() + timedelta(days=days)
    return day.replace(hour=MORNING, minute=0, second=0, microsecond=0)


def _in_place(screen: Triage, future: Future[Change | None], words: str, ids: list[int]) -> None:
    """Say what was done to messages that stay in the list."""

    def done(change: Change | None) -> None:
        screen.standing.acted()
        screen.reload(urgent=True)
        undo = f" · {screen.keymap.shown('undo')} undo" if change is not None else ""
        screen.say(SafeText(f"{words} {messages_words(len(ids))}{undo}"))

    screen.outcome.follow(future, done, words)


def _type_moment(screen: Triage, then: Callable[[datetime], None]) -> None:
    def moment(words: str) -> datetime | None:
        return wished_hour(words, datetime.now().astimezone())

    def answered(words: str | None) -> None:
        if words and (at := moment(words)) is not None:
            then(at)

    problem = "for example 18:30, fri 9, tomorrow 14:00"
    screen.app.push_screen(Prompt("Snooze until:", "", lambda words: "" if moment(words) else problem), answered)
