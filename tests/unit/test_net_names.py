"""Folder names between servers and us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import UnsafeArgument
from tui_mail.net.names import MARK, decode_name, encode_name, quoted
from tui_mail.text import safe_line


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"Sent", "Sent"),
        (b"inbox", "INBOX"),
        (b"Entw&APw-rfe", "Entwürfe"),
        (b"R&-D", "R&D"),
        (b"&U,BTFw-", "台北"),
        (b"&2D3eAA-", "😀"),
        ("Entwürfe".encode(), "Entwürfe"),
        (b'a"b\\c', 'a"b\\c'),
    ],
)
def test_names_are_read(raw: bytes, name: str) -> None:
    """Modified UTF-7 and, where an octet has its high bit, UTF-8."""
    assert decode_name(raw) == name


@given(st.binary(min_size=1, max_size=40).filter(bytes.isascii))
def test_every_ascii_name_goes_back_as_the_same_octets(raw: bytes) -> None:
    """Whatever a server calls a folder, we can call it the same again."""
    if raw.upper() != b"INBOX":
        assert encode_name(decode_name(raw)) == raw


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_name_of_a_person_survives(name: str) -> None:
    """A name made here comes back as it was made."""
    if name.upper() != "INBOX" and not name.startswith(MARK):
        assert decode_name(encode_name(name)) == name


@pytest.mark.parametrize("raw", [b"&", b"&ab", b"&AGE-", b"&2D0-", b"\xff\xfe", b"&!!-", b"a&-&"])
def test_a_name_that_cannot_be_read_is_still_a_name(raw: bytes) -> None:
    """It keeps its octets, and what a person sees of it is plain."""
    name = decode_name(raw)
    assert encode_name(name) == raw
    assert MARK not in safe_line(name)


def test_what_no_name_can_hold_is_refused() -> None:
    """A lone surrogate is no text."""
    with pytest.raises(UnsafeArgument):
        encode_name("\ud800")


def test_quotes_and_backslashes_are_escaped() -> None:
    """A quoted string ends where it should."""
    assert quoted(b'a"b\\') == b'"a\\"b\\\\"'
