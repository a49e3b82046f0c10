"""No control character of any content reaches the terminal."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui_mail.ui.guard import TerminalGuard

BLACK = Color(0, 0, 0)


@pytest.mark.parametrize(
    "danger",
    [
        "\x1b]52;c;aGk=\x07",
        "\x1b[2J",
        "\x9b31m",
        "\u202e",
        "\u2066",
        "\x00",
        "\x7f",
        "\x85",
        "\n",
        "\r",
        "\u200f",
        "\U000e0041",
    ],
)
def test_drops_what_a_terminal_obeys(danger: str) -> None:
    """The rest of the text stays, and so does its style."""
    style = Style(bold=True)
    segments = TerminalGuard().apply([Segment("a"), Segment(f"b{danger}c", style)], BLACK)
    text = "".join(segment.text for segment in segments)
    assert text.startswith("ab")
    assert text.endswith("c")
    assert not any(character in text for character in danger if not " " <= character <= "~")
    assert segments[1].style == style


def test_clean_lines_pass_untouched() -> None:
    """Nothing is copied when nothing is wrong."""
    segments = [Segment("Grüße aus 東京 🍷")]
    assert TerminalGuard().apply(segments, BLACK) is segments


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://example.org/a?b=c", True),
        ("mailto:anna@example.org", True),
        ("javascript:alert(1)", False),
        ("https://x/\x1b]52;c;aGk=\x07", False),
        ("file:///etc/passwd", False),
    ],
)
def test_hyperlinks_are_filtered(link: str, kept: bool) -> None:
    """Only web and mail links without anything unusual in them."""
    (segment,) = TerminalGuard().apply([Segment("click", Style(link=link))], BLACK)
    assert segment.style is not None
    assert segment.style.link == (link if kept else None)


def test_control_segments_are_not_passed_on() -> None:
    """A segment that claims to be a control code of Rich is text like any other."""
    (segment,) = TerminalGuard().apply([Segment("\x1b[2J", None, [(1,)])], BLACK)  # type: ignore[list-item]
    assert segment.control is None
    assert segment.text == "[2J"
