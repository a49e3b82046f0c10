"""Files inside of other parts: winmail.dat, and uuencoded in a text."""

from __future__ import annotations

import struct
from binascii import b2a_uu
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.mime import tnef
from tui_mail.mime.attached import attached
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.rtf import rtf_text, unpacked_rtf

RTF = rb"{\rtf1\ansi\ansicpg1251 {\fonttbl{\f0 Arial;}}\b Hello\b0\par \'cf\'f0\u8364?\tab{\*\generator x}end}"


def attribute(level: int, key: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, key, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of variable length: (type, id, value)."""
    out = struct.pack("<I", len(values))
    for kind, name, value in values:
        out += struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def winmail(*, body: bytes = b"", message: bytes = b"", files: Sequence[tuple[str, bytes]] = ()) -> bytes:
    out = tnef.SIGNATURE + b"\x01\x00"
    if body:
        out += attribute(1, 0x02800C, body)
    if message:
        out += attribute(1, 0x069003, message)
    for name, content in files:
        out += attribute(2, 0x069002, b"\0" * 14) + attribute(2, 0x018010, b"SHORT~1.TXT\0")
        out += attribute(2, 0x06800F, content)
        out += attribute(2, 0x069005, properties((0x1F, 0x3707, (name + "\0").encode("utf-16-le"))))
    return out


def letter(content: bytes, *, text: str = "") -> bytes:
    from base64 import encodebytes

    return (
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="b"\n\n'
        + (f"--b\nContent-Type: text/plain\n\n{text}\n".encode() if text else b"")
        + b'--b\nContent-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64\n\n'
        + encodebytes(content)
        + b"\n--b--\n"
    )


def stored(rtf: bytes) -> bytes:
    """Rich text in its container, not compressed."""
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def test_the_files_of_winmail_dat_are_attachments() -> None:
    """With their long names; the container itself is only listed when there is nothing else."""
    raw = letter(winmail(files=[("Übersicht 2027.pdf", b"%PDF-1.7"), ("b.txt", b"two")]), text="Hello")
    message = parse_message(raw)
    assert [(part.filename, part.inline) for part in message.attachments] == [
        ("winmail.dat", True), ("Übersicht 2027.pdf", False), ("b.txt", False),
    ]  # fmt: skip
    assert message.text == "Hello"
    part, content = attachment_bytes(raw, 2)
    assert (part.filename, part.content_type, content) == ("Übersicht 2027.pdf", "application/pdf", b"%PDF-1.7")
    assert attached(raw, 3).content == b"two"


@pytest.mark.parametrize(
    "content",
    [
        winmail(body=b"Gr\xfc\xdfe\0"),
        winmail(message=properties((0x1F, 0x1000, "Grüße\0".encode("utf-16-le")))),
        winmail(message=properties((0x102, 0x1013, b"<p>Gr&uuml;&szlig;e</p>"))),
        winmail(message=properties((0x102, 0x1009, stored(rb"{\rtf1\ansi Gr\'fc\'dfe}")))),
    ],
)
def test_the_text_of_winmail_dat_is_shown_when_there_is_no_other(content: bytes) -> None:
    assert parse_message(letter(content)).text.strip() == "Grüße"
    assert parse_message(letter(content, text="Outer")).text == "Outer"


def test_rich_text_becomes_words() -> None:
    assert rtf_text(RTF) == "Hello\nПр€\tend"


def test_compressed_rich_text() -> None:
    """The example of MS-OXRTFCP section 4.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.integers(0, 255), st.integers(0, 600))
def test_damaged_containers_never_raise(position: int, octet: int, end: int) -> None:
    whole = winmail(body=b"x", message=properties((0x1F, 0x1000, b"a\0b\0")), files=[("a.txt", b"abc" * 30)])
    damaged = bytearray(whole)
    damaged[position % len(whole)] = octet
    tnef.unpack(bytes(damaged[: end or None]))
    unpacked_rtf(struct.pack("<IIII", 99, end * 1000, 0x75465A4C, 0) + bytes(damaged))


def test_a_nest_of_claims_costs_nothing() -> None:
    """Counts and lengths that the octets do not bear out."""
    absurd = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x101E, 0x1000, 0xFFFFFFFF) + b"\0" * 64
    assert tnef.unpack(winmail(message=absurd)) is not None
    assert rtf_text(b"{" * 200_000 + b"x") == "x"


def uu(name: str, content: bytes) -> str:
    lines = [b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    raw = f"Subject: x\n\nBefore.\n{uu('cat.png', b'PNG' * 40)}Between.\n{uu('b.txt', b'b')}After.\n".encode()
    message = parse_message(raw)
    assert message.text.split() == ["Before.", "Between.", "After."]
    assert [(part.filename, part.content_type, part.size) for part in message.attachments] == [
        ("cat.png", "image/png", 120), ("b.txt", "text/plain", 1),
    ]  # fmt: skip
    assert attachment_bytes(raw, 1)[1] == b"PNG" * 40


def test_a_letter_that_begins_a_line_with_begin_stays_whole() -> None:
    text = "begin 644 is what I typed\nTHEN THIS\nend\n"
    message = parse_message(f"Subject: x\n\n{text}".encode())
    assert message.text == text.rstrip("\n")
    assert not message.attachments
