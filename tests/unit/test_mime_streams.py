"""Transfer encodings undone while they arrive."""

from __future__ import annotations

import base64
import quopri

from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.mime.streams import stream_of


def through(encoding: str, octets: bytes, size: int) -> bytes:
    """What comes out when it arrives in pieces of that size."""
    stream = stream_of(encoding)
    return b"".join(stream.take(octets[at : at + size]) for at in range(0, len(octets), size)) + stream.end()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 90))
def test_a_file_comes_out_as_it_went_in(content: bytes, size: int) -> None:
    """Wherever the pieces are cut."""
    assert through("base64", base64.encodebytes(content).replace(b"\n", b"\r\n"), size) == content
    assert through("8bit", content, size) == content
    words = content.replace(b"\r", b"").replace(b"\n", b"\r\n")
    assert through("quoted-printable", quopri.encodestring(words.replace(b"\r\n", b"\n")), size) == words.replace(
        b"\r\n", b"\n"
    )


def test_what_is_no_base64_is_left_out() -> None:
    """Foreign characters and a missing end, as lenient clients read them."""
    assert through("base64", b"SGVs\r\n!bG8=", 3) == b"Hello"
    assert through("base64", b"SGVsbG8", 2) == b"Hello"


def test_a_line_without_an_end_is_not_held() -> None:
    """Quoted-printable in one line of megabytes comes out, too."""
    octets = b"=41b" * 800_000
    assert through("quoted-printable", octets, 65_536) == b"Ab" * 800_000
