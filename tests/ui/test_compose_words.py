"""Hours, pasted paths, signatures and spelling: plain functions of the composer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui_mail.errors import UsageError
from tui_mail.outgoing import Identity
from tui_mail.ui.later import hour_words, offered_hours, typed_hour
from tui_mail.ui.pasting import pasted_files
from tui_mail.ui.signatures import identity_for, swap_signature
from tui_mail.ui.spelling import lines_to_check, misspelt, read_answers, spell_command
from tui_mail.ui.widgets.address_input import entry_around
from tui_mail.ui.widgets.tab_strip import tab_runs

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("18:30", "2026-11-25 18:30"),
        ("9", "2026-11-26 09:00"),
        ("9:15", "2026-11-26 09:15"),
        ("6 pm", "2026-11-25 18:00"),
        ("12am", "2026-11-26 00:00"),
        ("tomorrow", "2026-11-26 08:00"),
        ("Tomorrow 14:00", "2026-11-26 14:00"),
        ("tomorrow at 9", "2026-11-26 09:00"),
        ("fri 9", "2026-11-27 09:00"),
        ("Wednesday 8", "2026-12-02 08:00"),
        ("wed 16", "2026-11-25 16:00"),
        ("2026-12-24 18:00", "2026-12-24 18:00"),
        ("2026-12-24", "2026-12-24 08:00"),
        ("in 3 hours", "2026-11-25 18:30"),
        ("in 20 min", "2026-11-25 15:50"),
        ("18h30", "2026-11-25 18:30"),
        ("2h", "2026-11-25 17:30"),
        ("30m", "2026-11-25 16:00"),
        ("3d", "2026-11-28 15:30"),
        ("2 weeks", "2026-12-09 15:30"),
        ("in an hour", "2026-11-25 16:30"),
        ("in 1 minute", "2026-11-25 15:31"),
        ("in 2 months", "2027-01-25 15:30"),
        ("3 months", "2027-02-25 15:30"),
        ("in 1 year", "2027-11-25 15:30"),
        ("tonight", "2026-11-25 20:00"),
        ("tonight 9:30", "2026-11-25 21:30"),
        ("24 dec", "2026-12-24 08:00"),
        ("24. December 18:00", "2026-12-24 18:00"),
        ("dec 24th at 9", "2026-12-24 09:00"),
        ("2 jan", "2027-01-02 08:00"),
        ("may 5, 2028 6pm", "2028-05-05 18:00"),
        ("25 nov 16", "2026-11-25 16:00"),
        ("25 nov", "2027-11-25 08:00"),
    ],
)
def test_typed_hours(words: str, expected: str) -> None:
    """What people type for a moment is that moment."""
    moment = typed_hour(words, NOW)
    assert moment is not None
    assert f"{moment:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "25:00",
        "9:75",
        "today 9",
        "2020-01-01",
        "t 9",
        "2026-02-31",
        "13 pm",
        "31 feb",
        "24 ju",
        "9999 y",
        "9999-12-31 23:59",
        "0001-01-01",
        "tonight 13 pm",
        "24 dec 2020",
        "dec",
        "may",
    ],
)
def test_what_is_no_hour(words: str) -> None:
    """Nonsense and what has gone by is no moment."""
    assert typed_hour(words, NOW) is None


def test_words_at_the_end_of_a_month_and_of_a_day() -> None:
    """A month later is never in the month after that; tonight is never yesterday."""
    last = datetime(2026, 1, 31, 22, 15, tzinfo=UTC)
    assert typed_hour("1 month", last) == datetime(2026, 2, 28, 22, 15, tzinfo=UTC)
    assert typed_hour("tonight", last) == datetime(2026, 1, 31, 23, 15, tzinfo=UTC)
    assert typed_hour("tonight 21:00", last) is None


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where clocks are put forward on 29 March 2026."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_eight_is_eight_also_when_the_clocks_are_set_otherwise_by_then() -> None:
    """What is a time of the day is that of the day; what is so much later is so much later."""
    now = datetime(2026, 3, 27, 12).astimezone()
    for words in ("monday 8", "2026-03-30 8", "30 mar 8"):
        moment = typed_hour(words, now)
        assert moment is not None
        assert f"{datetime.fromtimestamp(moment.timestamp()).astimezone():%d %H:%M}" == "30 08:00", words
    for words in ("3 days", "1 week"):
        later = typed_hour(words, now)
        assert later is not None
        assert datetime.fromtimestamp(later.timestamp()).astimezone().hour == 12
    later = typed_hour("72h", now)
    assert later is not None
    assert later - now == timedelta(hours=72)
    assert all(datetime.fromtimestamp(at.timestamp()).astimezone().hour in (8, 13, 18) for _, at in offered_hours(now))


def test_offered_hours_are_ahead_and_in_words() -> None:
    """Each choice is later than now, and Monday is not offered twice."""
    offered = offered_hours(NOW)
    assert [words for words, _ in offered] == [
        "In an hour", "This evening", "Tomorrow morning", "Tomorrow evening", "Monday morning",
    ]  # fmt: skip
    assert all(moment > NOW for _, moment in offered)
    assert [hour_words(moment, NOW) for _, moment in offered[1:]] == [
        "18:00", "tomorrow 08:00", "tomorrow 18:00", "Mon 30 Nov 08:00",
    ]  # fmt: skip
    sunday = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
    assert [words for words, _ in offered_hours(sunday)] == ["In an hour", "Tomorrow morning", "Tomorrow evening"]


def test_pasted_paths(tmp_path: Path) -> None:
    """However a terminal writes them, files are found; text that looks like a path is text."""
    one, two = tmp_path / "one.txt", tmp_path / "two  words & co.txt"
    for path in (one, two):
        path.write_text("x")
    escaped = str(two).replace(" ", "\\ ").replace("&", "\\&")
    url = two.as_uri()
    for text in (f"{one}", f"'{one}' ", f'"{one}"\n', one.as_uri()):
        assert pasted_files(text) == [one], text
    for text in (f"{two}", f"'{two}'", escaped, url):
        assert pasted_files(text) == [two], text
    for text in (f"{one} {escaped}", f"{one}\n{two}\n", f"{one.as_uri()}\r\n{url}\r\n", f"'{one}' '{two}'"):
        assert pasted_files(text) == [one, two], text
    for text in ("hello", "/", f"{one} is the file", f"{tmp_path}", "/no/such/file", "", "~/", f"{one}\nHello", "'/"):
        assert pasted_files(text) == [], text


def test_signatures_are_swapped_only_if_untouched() -> None:
    """Another sender brings another signature; one that was edited, and all text, stays."""
    body = "Hello\n\n> quoted\n\n-- \nAnna\nHouse"
    assert swap_signature(body, "Anna\nHouse", "Me") == "Hello\n\n> quoted\n\n-- \nMe"
    assert swap_signature(body, "Anna\nHouse", "") == "Hello\n\n> quoted\n"
    assert swap_signature("Hello\n", "", "Me") == "Hello\n\n-- \nMe\n"
    assert swap_signature("", "", "Me") == "\n\n-- \nMe\n"
    edited = "Hello\n\n-- \nAnna B.\nHouse"
    assert swap_signature(edited, "Anna\nHouse", "Me") == edited
    assert swap_signature(edited, "", "Me") == edited


def test_identities_by_address() -> None:
    """A named address before a pattern, the account's own before another's."""
    plain, other = Identity("a", "A", "a@x.example"), Identity("b", "B", "a@x.example")
    pattern = Identity("a", "A", "*@y.example")
    assert identity_for([plain, other, pattern], "A@x.example", "b") is other
    assert identity_for([plain, other, pattern], "shop@Y.example") is pattern
    assert identity_for([plain], "z@z.example") is None


def test_only_what_was_written_is_checked() -> None:
    """Neither quotes nor the signature."""
    assert lines_to_check("one\n> two\n\nthree\n-- \nfour") == [(0, "one"), (3, "three")]


def test_answers_of_a_spelling_program() -> None:
    """Words with suggestions, words without, and addresses that are none."""
    lines = [(0, "Helo worlld helo"), (3, "fine"), (4, "xqzt anna@helo.example")]
    said = (
        "@(#) International Ispell\n& Helo 2 1: Hello, Help\n& worlld 1 6: world\n& helo 1 13: hello\n\n\n"
        "# xqzt 1\n& helo 1 10: hello\n\n"
    )
    found = read_answers(lines, said)
    assert [(one.line, one.column, one.word) for one in found] == [
        (0, 0, "Helo"), (0, 5, "worlld"), (0, 12, "helo"), (4, 0, "xqzt"),
    ]  # fmt: skip
    assert found[0].suggestions == ("Hello", "Help")
    assert found[3].suggestions == ()


def test_a_program_that_is_none_is_said() -> None:
    """A wrong spell_command has its sentence."""
    with pytest.raises(UsageError, match="cannot be started"):
        misspelt("x", ["/no/such/program"])
    with pytest.raises(UsageError, match="ispell"):
        misspelt("x", [sys.executable, "-c", "print('hi')"])
    assert spell_command(["mine", "-a"]) == ["mine", "-a"]


@pytest.mark.parametrize(
    ("text", "cursor", "entry"),
    [
        ("ki", 2, "ki"),
        ("a@b.c, ki", 9, " ki"),
        ("a@b.c, ki", 2, "a@b.c"),
        ('"Berg, Anna" <a@b.c>; ki', 24, " ki"),
        ('"Berg, Anna" <a@b.c>', 5, '"Berg, Anna" <a@b.c>'),
        ('"a\\", b" <c@d.e>, f', 19, " f"),
        ("", 0, ""),
    ],
)
def test_the_address_under_the_cursor(text: str, cursor: int, entry: str) -> None:
    """Commas in quotes part nothing."""
    begin, end = entry_around(text, cursor)
    assert text[begin:end] == entry


@pytest.mark.parametrize("cells", [60, 80, 160])
def test_tabs_fit(cells: int) -> None:
    """Long subjects are cut so that every draft is in sight."""
    runs, ends = tab_runs([("A very long subject about everything there is", n == 1) for n in range(5)], cells)
    assert sum(len(text) for text, _ in runs) <= cells
    assert len(ends) == 6
