"""What may reach a terminal, and what may not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.text import LINE_LIMIT, MARKS_LIMIT, PLACEHOLDER, is_safe, safe_block, safe_line, safe_link

_fast = settings(database=None, max_examples=150, deadline=None)
_nasty = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\x00\x07\x1b\x7f\x85\x9b\xad\t\n\r\u0301\u200b\u200d\u202e\u2028\u2066\ufeff\U000e0041\ud800a "
        ),
    ),
    max_size=80,
)


@pytest.mark.parametrize("character", [chr(code) for code in [*range(32), *range(0x7F, 0xA0)]])
def test_no_control_character_survives(character: str) -> None:
    """Neither in a line nor in a block, alone or in the middle."""
    line = safe_line(f"a{character}b")
    assert all(unicodedata.category(one) != "Cc" for one in line)
    block = safe_block(f"a{character}b")
    assert all(unicodedata.category(one) != "Cc" or one == "\n" for one in block)


@pytest.mark.parametrize("character", "\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_bidi_controls_are_shown_as_a_mark(character: str) -> None:
    """The reader sees that something was there."""
    assert safe_line(f"{character}exe.fdp") == f"{PLACEHOLDER}exe.fdp"
    assert not is_safe(character)


@pytest.mark.parametrize("character", "\u00ad\u200b\u200e\u200f\u2060\ufeff\U000e0041")
def test_invisible_characters_are_dropped(character: str) -> None:
    """What shows nothing hides something."""
    assert safe_line(f"pay{character}pal") == "paypal"


@given(_nasty)
@_fast
def test_safe_text_is_safe_and_stays_as_it_is(text: str) -> None:
    """Making safe text safe again changes nothing, and is_safe agrees."""
    line, block = safe_line(text), safe_block(text)
    assert is_safe(line)
    assert is_safe(block)
    assert "\n" not in line
    assert safe_line(line) == line
    assert safe_block(block) == block
    line.encode("utf-8")


@given(_nasty)
@_fast
def test_is_safe_is_what_safe_block_leaves_alone(text: str) -> None:
    """is_safe means exactly: safe_block would not change it."""
    assert is_safe(text) == (safe_block(text) == text)


def test_line_breaks_become_one_space() -> None:
    """A subject cannot draw a second row."""
    assert safe_line("a\r\n b\u2028c") == "a b c"


def test_blocks_have_one_kind_of_line_end() -> None:
    """CRLF, CR, NEL, LS and PS all end a line."""
    assert safe_block("a\r\nb\rc\x85d\u2028e\u2029f") == "a\nb\nc\nd\ne\nf"


def test_tabs_become_columns() -> None:
    """Eight-column stops, but a line of nothing but tabs does not grow."""
    assert safe_block("a\tb") == "a       b"
    assert len(safe_block("\t" * 10_000)) == 10_000


@pytest.mark.parametrize("mark", ["\u0301", "\u0e49", "\u200d", "\ufe0f", "\u0943"])
def test_floods_of_marks_are_cut(mark: str) -> None:
    """A character carries a few marks, never a tower of them."""
    assert safe_line("a" + mark * 500) == "a" + mark * MARKS_LIMIT


@pytest.mark.parametrize("text", ["Việt Nam", "שָׁלוֹם", "ภาษาไทย", "हिन्दी", "👩‍👩‍👧‍👦 ❤️", "日本語", "═══════════"])
def test_real_writing_is_left_alone(text: str) -> None:
    """Scripts that need marks and joiners keep them."""
    assert safe_line(text) == text


def test_a_line_has_a_limit() -> None:
    """A header of a megabyte is an attack."""
    assert len(safe_line("x" * 1_000_000)) == LINE_LIMIT


@pytest.mark.parametrize(
    "link", ["https://example.org/a?b=c#d", "http://x", "mailto:a@example.org", "HTTPS://EXAMPLE.ORG"]
)
def test_links_that_may_be_opened(link: str) -> None:
    """http, https and mailto."""
    assert safe_link(link) == link


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "https://", "https:///x", "-https://x",
        "https://x\x1b[31m", "https://x\ny", "https://x y", "mailto:a%00b", "https://ex\u202eample.org", "ftp://x", "",
        "https://" + "x" * 9000,
    ],
)  # fmt: skip
def test_links_that_may_not(link: str) -> None:
    """Everything else is shown and nothing more."""
    assert safe_link(link) is None
