"""Real messages, damaged at random: each opens, leaks nothing, and survives the pipe."""

from __future__ import annotations

import unicodedata
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.mail import attacks, with_payload
from tests.hostile.payloads import TERMINAL
from tui_mail.demo.mail import messages
from tui_mail.mime.frames import pack_message, unpack_message
from tui_mail.mime.parse import attachment_bytes, parse_message, words_in
from tui_mail.mime.trust import Known, trust_of
from tui_mail.text import is_safe
from tui_mail.ui.widgets.message_document import message_document
from tui_mail.ui.widgets.row_text import Calendar

LONGEST = 20_000
PIECES = (
    b"\r\n", b"\r\n\r\n", b"\n", b"--", b"--b", b"--b--", b"=", b"=?utf-8?b?", b"?=", b"<", b">", b"&#27;", b"\x1b[2J",
    b"\x00", b"\xff\xfe", b"\xe2\x80\xae", b'"', b"(", b";", b"*0*=", b"From: ", b"begin 644 a\n", b"\x78\x9f\x3e\x22",
    b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n", b"charset=punycode",
    b"Content-Type: application/ms-tnef\r\n", b"<div style=display:none>", b"<table><tr><td>",
    b"Content-Type: text/html\r\n\r\n", b"format=flowed; delsp=yes", b"Authentication-Results: x; dmarc=pass\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
)  # fmt: skip


@cache
def seeds() -> tuple[bytes, ...]:
    """Messages of the demo, of every kind, and the attacks that are not large."""
    made = [one.raw for one in messages(120)][::3]
    hostile = [raw for _, raw in attacks() if 0 < len(raw) < LONGEST]
    return (*(raw[:LONGEST] for raw in made), *hostile, with_payload(TERMINAL["tmux"]))


Change = tuple[int, int, int, bytes]
changes = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, LONGEST),
        st.integers(0, 400),
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)),
    ),
    min_size=1,
    max_size=8,
)


def damaged(raw: bytes, made: list[Change]) -> bytes:
    """Pieces put in, cut out, doubled, moved to the end, written over."""
    for how, at, length, piece in made:
        at %= len(raw) + 1
        if how == 0:
            raw = raw[:at] + piece + raw[at:]
        elif how == 1:
            raw = raw[:at] + raw[at + length :]
        elif how == 2:
            raw = raw[: at + length] + raw[at:]
        elif how == 3:
            raw = raw[:at] + raw[at + length :] + raw[at : at + length]
        else:
            raw = raw[:at] + piece + raw[at + len(piece) :]
    return raw[: 2 * LONGEST]


@settings(database=None, max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), changes)
def test_damaged_messages_open(seed: int, made: list[Change]) -> None:
    """Parsed by the real parser and painted; the attachments come, the words for the index too."""
    raw = damaged(seeds()[seed % len(seeds())], made)
    message = parse_message(raw)
    assert not any("raw text" in warning for warning in message.warnings)
    trust_of(message, Known(servers=("mx.tidewater.example",), is_first=True, domains={"tidewater.example"}))
    assert unpack_message(pack_message(message)) == message
    document = message_document(message, None, Calendar(0, 2026), frozenset(), all_headers=True)
    document.lay_out(60)
    document.ensure(200)
    for line in document.lines:
        text = "".join(run for run, _ in line)
        assert is_safe(text)
        assert "\n" not in text
        assert not any(unicodedata.category(one) in {"Cc", "Cs"} for one in text)
    for part in message.attachments[:3]:
        assert attachment_bytes(raw, part.index)[0].filename == part.filename
    words_in(raw)
