"""What counts as one word, and as the same one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.words import WORD_LIMIT, words_of

_fast = settings(database=None, max_examples=300, deadline=None)
_ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Überraschung STRASSE Straße", ["uberraschung", "strasse", "strasse"]),
        ("naïve cafe\u0301", ["naive", "cafe"]),
        ("ＦＵＬＬ ﬁne ①", ["full", "fine", "1"]),
        ("anna.berg@example.org", ["anna", "berg", "example", "org"]),
        ("snake_case-and/more", ["snake", "case", "and", "more"]),
        ("会议mail時間", ["会", "议", "mail", "時", "間"]),
        ("がか", ["が", "か"]),
        ("한국어로", ["한국어로"]),
        ("हिंदी में", ["हिंदी", "में"]),
        ("zero\u200bwidth", ["zerowidth"]),
        ("שָׁלוֹם", ["שלום"]),
        ("x" * 100, ["x" * WORD_LIMIT]),
        ("!!! --- ***", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """Case, accents and width go; scripts without spaces are parted into characters."""
    assert words_of(text) == words


@_fast
@given(_ANY)
def test_no_word_holds_what_a_database_could_obey(text: str) -> None:
    """Of ASCII only letters and digits are left, whatever came."""
    for word in words_of(text):
        assert word
        assert not re.search(r"[\x00-/:-@A-Z\[-`{-\x7f\s]", word)


@_fast
@given(_ANY)
def test_words_of_words_are_the_same(text: str) -> None:
    """What is indexed and what is asked meet, also after a second time."""
    once = words_of(text)
    assert words_of(" ".join(once)) == once
