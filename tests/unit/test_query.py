"""The language of searches: what is meant, and that nothing a person can type goes wrong."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.query import (
    EVERYTHING,
    All,
    Either,
    Flagged,
    HasAttachment,
    In,
    Keyword,
    Not,
    Of,
    OnList,
    Size,
    Term,
    When,
    Where,
    Words,
    lasting,
)
from tui_mail.understanding import FIELDS, LENGTH_LIMIT, TERMS_LIMIT, understand

NOW = datetime(2026, 3, 15, 12, 0).timestamp()  # noqa: DTZ001  # a person's days are this computer's
DAY = 86_400


def day(year: int, month: int, day_: int) -> int:
    return int(datetime(year, month, day_).timestamp())  # noqa: DTZ001


def word(text: str, where: Where = Where.ANY, *, exact: bool = False, said: str = "") -> Words:
    return Words(text, where, exact, said or text)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("", EVERYTHING),
        ("lunch", word("lunch")),
        ("lunch Friday", All((word("lunch"), word("friday", said="Friday")))),
        ('"lunch on Friday"', word("lunch on friday", exact=True, said="lunch on Friday")),
        ("“lunch here”", word("lunch here", exact=True)),
        ('"never closed', word("never closed", exact=True)),
        ("from:anna", word("anna", Where.FROM)),
        ("FROM:anna", word("anna", Where.FROM)),
        ("from: anna", word("anna", Where.FROM)),
        ('subject:"big plan"', word("big plan", Where.SUBJECT, exact=True)),
        ("from:(anna OR bert)", Either((word("anna", Where.FROM), word("bert", Where.FROM)))),
        ("anna@example.org", word("anna example org", said="anna@example.org")),
        ("a OR b c", Either((word("a"), All((word("b"), word("c")))))),
        ("(a OR b) c", All((Either((word("a"), word("b"))), word("c")))),
        ("a AND b", All((word("a"), word("b")))),
        ("or and not", All((word("or"), word("and"), word("not")))),
        ("-lunch", Not(word("lunch"))),
        ("NOT lunch", Not(word("lunch"))),
        ("NOT -lunch", word("lunch")),
        ("-from:bob", Not(word("bob", Where.FROM))),
        ("-(a b)", Not(All((word("a"), word("b"))))),
        ("e-mail", word("e mail", said="e-mail")),
        ("in:sent", In("sent")),
        ('in:"My Folder"', In("My Folder")),
        ("in:work:Sent", In("work:Sent")),
        ("in:anywhere", EVERYTHING),
        ("account:work", Of("work")),
        ("is:unread", Flagged("seen", is_set=False)),
        ("is:STARRED", Flagged("flagged")),
        ("is:muted", Keyword("$muted")),
        ("keyword:todo", Keyword("todo")),
        ("has:attachment", HasAttachment()),
        ("list:python-dev", OnList("python-dev")),
        ("filename:report.pdf", word("report pdf", Where.FILENAME, said="report.pdf")),
        ("larger:5M", Size(5_000_000, larger=True)),
        ("larger:1.5mb", Size(1_500_000, larger=True)),
        ("smaller:20k", Size(20_000, larger=False)),
        ("before:2024-03-01", When(day(2024, 3, 1), after=False)),
        ("after:2024-03", When(day(2024, 3, 1), after=True)),
        ("after:2024", When(day(2024, 1, 1), after=True)),
        ("since:1.3.2024", When(day(2024, 3, 1), after=True)),
        ("before:today", When(day(2026, 3, 15), after=False)),
        ("after:yesterday", When(day(2026, 3, 14), after=True)),
        ("newer:7d", When(int(NOW) - 7 * DAY, after=True)),
        ("newer:7", When(int(NOW) - 7 * DAY, after=True)),
        ("older:1y", When(int(NOW) - 365 * DAY, after=False)),
        ("older:2024-01-01", When(day(2024, 1, 1), after=False)),
        ("https://example.org/a", word("https example org a", said="https://example.org/a")),
        ("会议", word("会 议", said="会议")),
    ],
)
def test_what_is_meant(text: str, term: Term) -> None:
    """Read without a hint."""
    query = understand(text, NOW)
    assert query.term == term
    assert query.hints == ()


@pytest.mark.parametrize(
    ("text", "remains"),
    [
        ("is:unread", ""),
        ("lunch is:unread in:inbox", "lunch in:inbox"),
        ("lunch -keyword:todo", "lunch"),
        ("lunch OR is:starred", ""),
        ("(lunch is:starred) OR dinner", "lunch OR dinner"),
        ("from:bob -(lunch is:unread)", "from:bob"),
        ("from:bob -lunch larger:5M", "from:bob -lunch larger:5M"),
    ],
)
def test_what_lasts_of_a_term(text: str, remains: str) -> None:
    """What a key may change is let be, and never makes it narrower."""
    assert lasting(understand(text, NOW).term) == understand(remains, NOW).term


@pytest.mark.parametrize(
    ("text", "term", "hint"),
    [
        ("a is:lost", word("a"), "is:lost"),
        ("a before:soon", word("a"), "no day"),
        ("before:2024-02-31", EVERYTHING, "no day"),
        ("larger:big a", word("a"), "no size"),
        ("has:legs", EVERYTHING, "has:attachment"),
        ("a OR", word("a"), "OR"),
        ("OR OR", EVERYTHING, "OR"),
        ("a NOT", word("a"), "NOT"),
        ("a)", word("a"), "closes nothing"),
        ("colour:red", word("colour red", said="colour:red"), "colour:"),
        ("a !!!", word("a"), "no letter"),
    ],
)
def test_what_is_not_understood_is_named_and_the_rest_is_searched_for(text: str, term: Term, hint: str) -> None:
    """Never an empty screen because of one wrong word."""
    query = understand(text, NOW)
    assert query.term == term
    assert any(hint in one for one in query.hints)


_pieces = st.one_of(
    st.sampled_from(
        [*(f"{name}:" for name in FIELDS), "(", ")", "-", "OR", "AND", "NOT", '"', "a", "7d", "2024-13-45"]
    ),
    st.text(st.characters(), max_size=6),
    st.sampled_from(["\x00", "\r\n", "\ud800", "*", "'", ";", "{5}", "\\", "会", "99999999999999999999", "9999y"]),
)


@settings(database=None, max_examples=800, deadline=None)
@given(st.lists(_pieces, max_size=30), st.sampled_from(["", " "]))
def test_every_text_is_read(pieces: list[str], between: str) -> None:
    """No exception, no endless loop, no more terms than the limit, and the same tree each time."""
    text = between.join(pieces)
    query = understand(text, NOW)
    assert query == understand(text, NOW)
    assert len(list(query.leaves())) <= TERMS_LIMIT
    query.text.encode()  # it goes over a pipe
    for leaf in query.leaves():
        if isinstance(leaf, Words):
            assert leaf.text.split()
            assert leaf.said.isprintable() or not leaf.said.isascii()
            assert not set(leaf.said) & set("\r\n\0")


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "-" * 5_000, "NOT " * 5_000, "a " * 50_000, '"' * 999, "from:" * 999, "(a OR " * 900, ")" * 9_999],
)
def test_what_is_out_of_all_bounds_is_cut(text: str) -> None:
    """It costs no stack and no time."""
    query = understand(text, NOW)
    assert len(list(query.leaves())) <= TERMS_LIMIT
    assert len(text) <= LENGTH_LIMIT or query.hints
