"""What a server is asked: exactly what was meant, and nothing that was typed is a command."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_query import NOW, day
from tui_mail.errors import UnsafeArgument
from tui_mail.net.searching import criteria
from tui_mail.net.wire import Octets
from tui_mail.query import (
    EVERYTHING,
    In,
    Of,
    Size,
    Words,
    parted,
)
from tui_mail.understanding import understand


def asked(text: str, *, holds: bool = True) -> list[bytes | Octets]:
    return criteria(understand(text, NOW).term, lambda _: holds)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("lunch", [b"TEXT", b'"lunch"']),
        ('from:anna subject:"big plan"', [b"FROM", b'"anna"', b"SUBJECT", b'"big plan"']),
        ("a OR b OR c", [b"OR", b"TEXT", b'"a"', b"OR", b"TEXT", b'"b"', b"TEXT", b'"c"']),
        ("-a", [b"NOT", b"TEXT", b'"a"']),
        ("-(a b)", [b"NOT", b"(TEXT", b'"a"', b"TEXT", b'"b"', b"ALL)"]),
        ("a OR (b is:unread)", [b"OR", b"TEXT", b'"a"', b"(TEXT", b'"b"', b"UNSEEN", b"ALL)"]),
        ("is:answered larger:1k smaller:2M", [b"ANSWERED", b"LARGER 1000", b"SMALLER 2000000"]),
        ("keyword:todo list:dev", [b"KEYWORD", b"todo", b"HEADER LIST-ID", b'"dev"']),
        ("after:2024-03-01 before:2024-12", [b"SENTSINCE 1-Mar-2024", b"SENTBEFORE 1-Dec-2024"]),
        ("in:inbox a", [b"ALL", b"TEXT", b'"a"']),
        ("会议", [b"CHARSET UTF-8", b"TEXT", Octets("会议".encode())]),
        ("Straße a", [b"CHARSET UTF-8", b"TEXT", Octets("Straße".encode()), b"TEXT", b'"a"']),
        ("", [b"ALL"]),
    ],
)
def test_keys(text: str, keys: list[bytes | Octets]) -> None:
    """RFC 9051 6.4.4."""
    assert asked(text) == keys


def test_another_folder_and_sizes_beyond_all_numbers() -> None:
    """What no folder can have finds nothing there."""
    assert asked("in:sent a", holds=False) == [b"NOT ALL", b"TEXT", b'"a"']
    assert criteria(Size(1 << 62, larger=True), lambda _: True) == [b"LARGER 4294967295"]
    with pytest.raises(UnsafeArgument):
        asked('keyword:"no keyword"')
    with pytest.raises(UnsafeArgument):
        asked("has:attachment")


def test_what_a_server_is_asked_and_what_it_is_not() -> None:
    """It knows every text; flags, dates and files are better known here."""
    query = understand("a is:unread newer:7d in:inbox has:attachment (b OR larger:5k)", NOW)
    told = parted(query)
    assert told.server == understand("a (b OR larger:5k)", NOW).term
    assert told.local == understand("is:unread newer:7d in:inbox has:attachment", NOW).term
    assert told.hints == ()
    assert parted(understand("is:unread after:2024", NOW)).server is None
    files = parted(understand("filename:pdf a", NOW))
    assert files.local == understand("filename:pdf", NOW).term
    assert files.hints
    assert parted(understand("", NOW)).local == EVERYTHING
    assert day(2024, 1, 1)


@settings(database=None, max_examples=400, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=8), max_size=6))
def test_nothing_that_is_typed_is_a_key(pieces: list[str]) -> None:
    """Every string is quoted or a literal, whatever is in it; the only words on the line are ours."""
    query = understand(" ".join(pieces), NOW)
    server = parted(query).server
    if server is None:
        return
    try:
        keys = criteria(server, lambda _: True)
    except UnsafeArgument:
        return
    typed = [leaf.said for leaf in query.leaves() if isinstance(leaf, Words)]
    for key in keys:
        if isinstance(key, Octets):
            assert key.data.decode() in typed
            continue
        assert not set(key) & set(b"\r\n\0")
        assert key.isascii()
        if key.startswith(b'"'):
            inner = key[1:-1].replace(b"\\\\", b"").replace(b'\\"', b"")
            assert key.endswith(b'"')
            assert b'"' not in inner
            assert b"\\" not in inner
        else:
            assert key.strip(b"()").split()[0].decode().isupper()


def test_places_are_told_apart() -> None:
    """`holds` is asked for folders and accounts."""
    seen = list[In | Of]()

    def holds(place: In | Of) -> bool:
        seen.append(place)
        return isinstance(place, Of)

    term = understand("(in:sent a) OR (account:work b)", NOW).term
    assert b"NOT ALL" in criteria(term, holds) or b"(NOT ALL" in criteria(term, holds)
    assert In("sent") in seen
    assert Of("work") in seen
