"""What servers say when they want fewer connections, or to be left alone: each text is one that a server has sent."""

from __future__ import annotations

import pytest

from tui_mail.net.busy import LONGEST, THROTTLED, Busy, busy, seconds_told

TOO_MANY = (
    ("LIMIT", "Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"),
    ("ALERT", "Too many simultaneous connections. (Failure)"),
    ("", "Too many open connections (12) from your host"),
    ("", "Maximum connection limit reached for ::1"),
    ("UNAVAILABLE", "Too many concurrent connections"),
    ("LIMIT", "Connection limit exceeded"),
)
ALONE = (
    ("", "Request is throttled. Suggested Backoff Time: 92415 milliseconds", 92.415),
    ("", "Suggested Backoff Time: 30", 30.0),
    ("", "Suggested Backoff Time: 299000", 299.0),
    ("LIMIT", "LOGIN Rate limit hit.", THROTTLED),
    ("OVERQUOTA", "Account exceeded command or bandwidth limits. (Failure)", THROTTLED),
    ("THROTTLED", "Please come back later", THROTTLED),
    ("", "Too many commands, try again in 5 minutes", 300.0),
)
OTHERS = (
    ("NONEXISTENT", "Mailbox doesn't exist: rate limit hit"),
    ("OVERQUOTA", "Quota exceeded (mailbox for user is full)"),
    ("UNAVAILABLE", "Temporary authentication failure."),
    ("TRYCREATE", "Mailbox is throttled"),
    ("", "Maximum message size exceeded"),
    ("", ""),
)


@pytest.mark.parametrize(("code", "text"), TOO_MANY)
def test_too_many_connections(code: str, text: str) -> None:
    assert busy(code, text) == Busy(too_many=True, seconds=0.0)


@pytest.mark.parametrize(("code", "text", "seconds"), ALONE)
def test_to_be_left_alone(code: str, text: str, seconds: float) -> None:
    assert busy(code, text) == Busy(too_many=False, seconds=pytest.approx(seconds))


@pytest.mark.parametrize(("code", "text"), OTHERS)
def test_something_else(code: str, text: str) -> None:
    assert busy(code, text) is None


def test_nobody_is_sent_away_for_ever() -> None:
    """A server that names a year is tried after a day."""
    assert seconds_told("Suggested Backoff Time: 999999 hours") == LONGEST
