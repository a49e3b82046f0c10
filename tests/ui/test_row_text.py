"""How a message reads as a line."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tui_mail.model import Address, Flag, Role, Row, RowState
from tui_mail.text import SafeText
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.row_text import Calendar, Columns, row_runs

NOW = time.mktime((2026, 11, 24, 15, 0, 0, 0, 0, -1))
TODAY = Calendar.at(NOW)
ROW = Row(
    id=1, account="work", folder_id=1, uid=1, date=int(NOW) - 60,
    from_=(Address(SafeText("Kirsten Dahl"), SafeText("kirsten@dahl.example")),),
    to=(Address(SafeText("Ola"), SafeText("ola@example.org")),), subject=SafeText("Keys"),
    snippet=SafeText("I left them with the neighbour"), flags=Flag.NONE, keywords=(), size=1, has_attachments=False,
    has_body=True, message_id="x", thread=1, state=RowState.SYNCED,
)  # fmt: skip


def line(row: Row, cells: int = 120, role: Role = Role.INBOX, *, cursor: bool = False, selected: bool = False) -> str:
    runs = row_runs(row, Columns.of(cells), TODAY, role, cursor=cursor, selected=selected)
    return "".join(text for text, _ in runs)


@pytest.mark.parametrize("cells", [60, 80, 134, 160])
def test_a_row_is_as_wide_as_the_list(cells: int) -> None:
    """Whatever the width."""
    assert width(line(ROW, cells)) == cells


def test_every_state_has_a_sign() -> None:
    """State is never told by colour alone."""
    busy = replace(ROW, flags=Flag.FLAGGED, has_attachments=True, state=RowState.PENDING)
    text = line(busy, cursor=True, selected=True)
    assert [text.count(mark) for mark in "▌✓●★⎘⟳"] == [1] * 6
    assert "✗" in line(replace(ROW, state=RowState.FAILED))
    assert "↩" in line(replace(ROW, flags=Flag.SEEN | Flag.ANSWERED))


def test_a_name_that_is_another_address_gives_way_to_the_real_one() -> None:
    """A sender who calls himself security@paypal.example is shown by his own address."""
    liar = (Address(SafeText("security@paypal.example"), SafeText("collect@evil.example")),)
    text = line(replace(ROW, from_=liar), 160)
    assert text.index("collect@evil.example") < text.index("“secur")


def test_the_address_stands_beside_the_name_when_there_is_room() -> None:
    """At least its domain."""
    assert "kirsten@dahl.example" in line(ROW, 160) or "dahl.example" in line(ROW, 160)


def test_sent_mail_shows_to_whom() -> None:
    """In the folder of sent mail the sender says nothing."""
    assert "To: Ola" in line(ROW, role=Role.SENT)


@pytest.mark.parametrize(
    ("days", "label"), [(0, "14:59"), (1, "Yesterday"), (2, "Sun"), (6, "Wed"), (8, "16 Nov"), (400, "2025-10-20")]
)
def test_dates_read_as_people_say_them(days: int, label: str) -> None:
    """Today by the clock, then by day, then by date."""
    assert TODAY.label(int(NOW) - 60 - days * 86_400) == label


def test_absurd_dates_do_not_break_the_line() -> None:
    """A date before the epoch or in the year 9999."""
    for date in (-5, 10**15):
        assert width(line(replace(ROW, date=date))) == 120
