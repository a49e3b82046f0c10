"""Finding by a few letters."""

from __future__ import annotations

import pytest

from tui_mail.ui.fuzzy import best_score, score

FOLDERS = [
    ("Inbox", "anna"),
    ("Inbox", "bert"),
    ("Very long name of a folder, an inbox of sorts", "anna"),
    ("Ann", "x"),
]


@pytest.mark.parametrize("query", ["anna inbox", "inbox anna", "inb an", "anna  inb"])
def test_words_in_any_order_over_all_that_is_shown(query: str) -> None:
    """A folder and its account, whichever is typed first."""
    best = max(FOLDERS, key=lambda texts: best_score(query, *texts))
    assert best == ("Inbox", "anna")
    assert best_score(query, "Inbox", "bert") < best_score(query, *best)


def test_letters_in_order_and_beginnings_of_words() -> None:
    """What is called so goes before what only has the letters; what lacks one does not fit."""
    assert score("gar", "Projects/Garden") > score("gar", "Gone after rain") > 0
    assert score("gar", "Sugar") < score("gar", "Projects/Garden")
    assert score("", "anything") == 1
    assert best_score("xq", "Inbox", "anna") == 0
    assert best_score("anna nowhere", "Inbox", "anna") == 0
