"""Text → the words that are searched for: folded, parted, the same in the index and in a question.

What belongs here: what counts as one word, and what counts as the same one. What must never be here: where words are
kept (store.search_index) or what a person asks (understanding).

Case, accents and width do not matter. Scripts that put no spaces between words (Chinese, Japanese, Thai …) are parted
into characters, so that any run of them is found. What comes out holds no ASCII but letters and digits, which is what
makes it harmless inside a query of a database.
"""

from __future__ import annotations

import re
from unicodedata import category, combining, normalize

WORD_LIMIT = 40
"""Characters of a word that count; what is longer is no word of a person."""

_MARKS = re.compile(r"[^\w\s!-~]+")
_VOICED = "\u3099\u309a"
"""Marks that make another letter of a kana, not an accent."""
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u312f\u3190-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # CJK without Hangul
    "\U00020000-\U0003ffff"
)
_WORDS = re.compile(rf"[{_UNSPACED}]|[^\x00-/:-@\[-`{{-\x7f\s{_UNSPACED}]+")
_ASCII_WORDS = re.compile(r"[0-9a-z]+")
_UNSPACED_ONE = re.compile(f"[{_UNSPACED}]")


def words_of(text: str) -> list[str]:
    """The words of a text in their order. Any text; never raises."""
    if text.isascii():
        found = _ASCII_WORDS.findall(text.lower())
    else:
        apart = normalize("NFKD", text.casefold()).casefold()
        found = _WORDS.findall(normalize("NFC", _MARKS.sub(_letters, apart)))
    return [word[:WORD_LIMIT] for word in found]


def is_unspaced(word: str) -> bool:
    """Whether it is a character of a script without spaces, which is a word of its own."""
    return _UNSPACED_ONE.fullmatch(word) is not None


def _letters(run: re.Match[str]) -> str:
    """Of what is no plain letter: accents go, vowel signs stay, all else parts words."""
    kept = list[str]()
    for sign in run[0]:
        if category(sign)[0] != "M":
            kept.append(" " if category(sign) != "Cf" else "")
        elif sign in _VOICED or not combining(sign):
            kept.append(sign)
    return "".join(kept)
