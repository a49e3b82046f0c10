"""Finding by a few letters: how well a query fits a text.

What belongs here: pure functions. Letters must come in order; words and their beginnings count more.
"""

from __future__ import annotations

MOST_WORDS = 8
WORD = 50.0
"""Points that a query has at least where it stands as it is."""


def score(query: str, text: str) -> float:
    """0 when the letters of `query` are not in `text` in order; more is better; 1 for an empty query."""
    wanted, within = query.casefold().strip(), text.casefold()
    if not wanted:
        return 1.0
    at = within.find(wanted)
    if at >= 0:
        starts_word = at == 0 or not within[at - 1].isalnum()
        return 100.0 + (50.0 if starts_word else 0.0) - min(at, 40) - min(len(within), 80) / 100
    points, position, run = 0.0, 0, 0
    for letter in wanted:
        if letter == " ":
            run = 0
            continue
        found = within.find(letter, position)
        if found < 0:
            return 0.0
        starts_word = found == 0 or not within[found - 1].isalnum()
        run = run + 1 if found == position else 0
        points += 1.0 + run + (3.0 if starts_word else 0.0) - min(found - position, 10) / 10
        position = found + 1
    return max(0.1, points)


def best_score(query: str, *texts: str) -> float:
    """How well a query fits several texts of one thing; its words may stand in any order, in any of them."""
    words = query.split()[:MOST_WORDS]
    whole = max(score(query, text) for text in texts)
    if len(words) < 2:
        return whole
    each = [max(score(word, text) for text in texts) for word in words]
    return max(whole, sum(each) / len(each) - 1 if min(each) >= WORD else 0.0)
