"""Pictures, hostile ones above all: a few pixels come out, or nothing."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tui_mail.client.looking import OTHER, UNREADABLE, look
from tui_mail.mime.pictures import Raster, pack_raster, unpack_raster
from tui_mail.mime.worker import ParserProcess
from tui_mail.ui.guard import _OBEYED
from tui_mail.ui.widgets.raster import coloured, raster_lines

EVIL = "\x1b]0;PWN\x07\x9b2J\u202e"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    """Red above, blue below."""
    image = Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (0, size[1] // 2, *size))
    file = BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def bomb(wide: int, high: int) -> bytes:
    """A PNG that says it is so large, of a few kilobytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 5_000_000, 9)) + chunk(b"IEND", b"")


def with_words(*more: bytes) -> bytes:
    """A PNG with words for a terminal in its metadata, and further chunks."""
    plain = picture()
    at = plain.index(b"IDAT") - 4
    return b"".join([plain[:at], chunk(b"tEXt", b"Title\0" + EVIL.encode()), *more, plain[at:]])


def with_text() -> bytes:
    """One with a flood of compressed words."""
    return with_words(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 50_000_000, 9)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_the_four_kinds_become_pixels_within_what_was_asked_for(kind: str) -> None:
    """In the process, by what they are and not by what they are called."""
    found = look(picture(kind), 20, 20)
    assert isinstance(found, Raster)
    assert (found.wide, found.high) == (20, 10)
    red, _, blue = found.at(10, 1)
    assert red > 240
    assert blue < 15
    red, _, blue = found.at(10, 8)
    assert red < 15
    assert blue > 240


def test_small_ones_stay_small_turned_ones_are_upright_and_clear_ones_are_on_white() -> None:
    """Also a single pixel, and one that is a line."""
    found = look(picture(size=(3, 2)), 80, 80)
    assert isinstance(found, Raster)
    assert (found.wide, found.high) == (3, 2)
    exif = Image.Exif()
    exif[0x0112] = 6
    found = look(picture("JPEG", (40, 20), exif=exif), 80, 80)
    assert isinstance(found, Raster)
    assert (found.wide, found.high) == (20, 40)
    file = BytesIO()
    Image.new("RGBA", (1, 1000), (0, 0, 0, 0)).save(file, "PNG")
    found = look(file.getvalue(), 80, 40)
    assert isinstance(found, Raster)
    assert (found.wide, found.high) == (1, 40)
    assert found.at(0, 0) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        picture()[:60], picture("JPEG")[:200], picture("GIF")[:30], picture("WEBP")[:40],
        bomb(60_000, 60_000), bomb(2**31 - 1, 2**31 - 1), bomb(0, 5), bomb(5, 0), with_text(),
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000, b"GIF89a" + b"\xff" * 1000, b"\xff\xd8\xff" + b"\xff" * 100_000,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 100, b"\xff\xd8\xff" + b"\0" * 31_000_000,
        picture().replace(b"IDAT", b"IDAX"),
    ],
)  # fmt: skip
def test_hostile_ones_are_refused_in_a_sentence(content: bytes) -> None:
    """Cut off, bombs of pixels and of text, nonsense behind the right beginning."""
    assert look(content, 80, 40) == UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://a.test/x'/></svg>", b"%PDF-1.7", b"BM" * 99,
        b"%!PS-Adobe-3.0 EPSF-3.0\n", b"II*\0" * 99, b"P6 1 1 255 abc",
    ],
)  # fmt: skip
def test_other_kinds_are_not_even_handed_to_the_process(content: bytes) -> None:
    """SVG fetches and PostScript is a program; no decoder of them is asked."""
    assert look(content, 80, 40) == OTHER
    assert pack_raster(content, 80, 40) == b""


def test_only_the_first_of_many_frames_is_read() -> None:
    """A film of a thousand frames costs one."""
    frames = [Image.new("P", (50, 50), number % 250) for number in range(1000)]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    found = look(file.getvalue(), 10, 10)
    assert isinstance(found, Raster)
    assert (found.wide, found.high) == (10, 10)


@pytest.mark.parametrize(
    "frame",
    [b"", b"\0", struct.pack("!HH", 2, 2), struct.pack("!HH", 2, 2) + b"x" * 13, struct.pack("!HH", 9, 1) + b"x" * 27,
     struct.pack("!HH", 0, 0)],
)  # fmt: skip
def test_a_process_that_was_taken_over_can_answer_with_colours_only(frame: bytes) -> None:
    """As many as were asked for, and no other octet is believed."""
    assert unpack_raster(frame, 4, 4) is None


def test_the_process_ends_with_its_picture() -> None:
    process = ParserProcess(answer="picture")
    with process:
        assert process.picture(picture(), 10, 10)
        assert process.pid
    assert not process.pid


def test_lines_are_half_blocks_and_nothing_that_a_terminal_obeys() -> None:
    """Two pixels in a cell; an odd last row has the ground below it."""
    colours = bytes(EVIL.encode()[:9]) * 2
    lines = raster_lines(Raster(2, 3, colours))
    assert len(lines) == 2
    for line in lines:
        assert "".join(text for text, _ in line.runs) == "▀▀"
        for text, look_name in line.runs:
            assert not _OBEYED.search(text + look_name)
            assert coloured(look_name)
    assert not coloured("quiet")
    assert not coloured("#ff0000#zz0000")
