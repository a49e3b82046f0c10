"""Parsed messages after the end."""

from __future__ import annotations

import psutil

from tui_mail.attention import Attention
from tui_mail.client.parsed import ParsedMessages


def test_who_comes_too_late_starts_no_process() -> None:
    """A thread that still reads while the program ends gets the raw text, and leaves no child behind."""
    parsed = ParsedMessages(lambda _: b"Subject: late\r\n\r\nHi\r\n", lambda _: None, Attention())
    parsed.close()
    before = set(psutil.Process().children())
    message = parsed.get(1)
    assert message is not None
    assert message.warnings
    assert set(psutil.Process().children()) == before
