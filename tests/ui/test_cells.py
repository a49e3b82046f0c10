"""Cutting, filling and wrapping by cells."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_mail.ui.widgets.cells import chop, clip, fit, right, wrap

TEXTS = st.text(st.sampled_from("ab cdé 東京語🍷\u0301-x "), max_size=60)
WIDTHS = st.integers(4, 30)


@given(TEXTS, WIDTHS)
def test_fit_is_exactly_as_wide_as_asked(text: str, cells: int) -> None:
    """Columns stay aligned whatever is in them."""
    assert cell_len(fit(text, cells)) == cells
    assert cell_len(right(text, cells)) == cells
    assert cell_len(clip(text, cells)) <= cells


@given(TEXTS, WIDTHS)
def test_wrapping_loses_only_spaces_and_fits(text: str, cells: int) -> None:
    """Every word survives, in order, and no line is too wide."""
    ranges = wrap(text, cells)
    assert all(cell_len(text[start:stop]) <= cells for start, stop in ranges)
    assert "".join(text[start:stop] for start, stop in ranges).replace(" ", "") == text.replace(" ", "")


@given(TEXTS, WIDTHS)
def test_chopping_loses_nothing(text: str, cells: int) -> None:
    """Preformatted lines keep their spaces."""
    ranges = chop(text, cells)
    assert "".join(text[start:stop] for start, stop in ranges) == text
    assert all(cell_len(text[start:stop]) <= cells for start, stop in ranges)


def test_wraps_at_words() -> None:
    """The usual case."""
    text = "the quick brown fox jumps"
    assert [text[a:b] for a, b in wrap(text, 10)] == ["the quick", "brown fox", "jumps"]


def test_a_cut_is_marked() -> None:
    """An ellipsis says that there is more."""
    assert clip("Summer house", 8) == "Summer…"
    assert fit("東京語東京語", 8) == "東京語… "


@given(st.text(st.sampled_from("aé東か한Ж​\u0301🍷👩\u200d1 "), max_size=80), WIDTHS)
@example("\u200d\u200d111か", 4)
def test_chopping_loses_nothing_and_fits(text: str, cells: int) -> None:
    """The fast way and the careful one: every character survives, in order, and no piece is too wide."""
    ranges = chop(text, cells)
    assert "".join(text[start:stop] for start, stop in ranges) == text
    assert all(cell_len(text[start:stop]) <= cells for start, stop in ranges)
