"""Pictures → few pixels, in a process of their own that has nothing else to lose (`worker`).

The only place that knows Pillow, which is an extra (`tui-mail[pictures]`). What it reads is hostile: only four kinds,
told by their first octets and not by what a message calls them, only the first frame, never more than PIXELS_LIMIT
pixels. What comes out is colours and nothing that a terminal could obey. Nothing is ever fetched.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tui_mail.records import frozen

if TYPE_CHECKING:
    from PIL.Image import Image

OCTETS_LIMIT = 30_000_000
PIXELS_LIMIT = 40_000_000
SIDE_LIMIT = 2_400
"""Most pixels that are asked for in a direction."""
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_SIZE = struct.Struct("!HH")
_TURNED = range(5, 9)
"""Values of the EXIF orientation that exchange width and height."""
_ORIENTATION = 0x0112
_PLAIN = frozenset({"L", "LA", "RGB", "RGBA"})
"""Kinds of pixels that can be averaged as they are."""
_GROUND = (255, 255, 255)


@frozen
class Raster:
    """Red, green and blue of every pixel, row by row."""

    wide: int
    high: int
    colours: bytes

    def at(self, x: int, y: int) -> tuple[int, int, int]:
        """The colour of a pixel; of one below the last row, that of the ground."""
        if y >= self.high:
            return _GROUND
        start = 3 * (y * self.wide + x)
        red, green, blue = self.colours[start : start + 3]
        return red, green, blue


def is_picture(content: bytes) -> bool:
    """Whether its first octets are those of a kind that is read here."""
    return content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")) or (
        content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    )


def can_be_read() -> bool:
    """Whether Pillow is installed."""
    from importlib.util import find_spec

    return find_spec("PIL") is not None


def load() -> None:
    """Import all that is needed, before the process is bounded. Raises ImportError."""
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401


def pack_raster(content: bytes, wide: int, high: int) -> bytes:
    """The picture within so many pixels as a frame; an empty one when it cannot be read."""
    try:
        image = _reduced(content, min(wide, SIDE_LIMIT), min(high, SIDE_LIMIT))
        return _SIZE.pack(*image.size) + image.tobytes()
    except Exception:  # whatever Pillow raises: it is many decoders, and has no common error
        return b""


def unpack_raster(frame: bytes, wide: int, high: int) -> Raster | None:
    """What the process answered, which has read hostile octets; None when it is not what was asked for."""
    if len(frame) < _SIZE.size:
        return None
    found_wide, found_high = _SIZE.unpack(frame[: _SIZE.size])
    colours = frame[_SIZE.size :]
    if not (0 < found_wide <= wide and 0 < found_high <= high) or len(colours) != 3 * found_wide * found_high:
        return None
    return Raster(found_wide, found_high, colours)


def _reduced(content: bytes, wide: int, high: int) -> Image:
    from io import BytesIO

    from PIL import Image as Images

    Images.MAX_IMAGE_PIXELS = PIXELS_LIMIT // 2  # it raises beyond twice that
    if len(content) > OCTETS_LIMIT or not is_picture(content):
        raise ValueError("no such picture")
    with Images.open(BytesIO(content), formats=_FORMATS) as image:
        if image.width * image.height > PIXELS_LIMIT:
            raise ValueError("too many pixels")
        image.draft("RGB", (2 * wide, 2 * high))
        turned = image.getexif().get(_ORIENTATION, 1)
        box = (high, wide) if turned in _TURNED else (wide, high)
        ratio = min(1.0, box[0] / image.width, box[1] / image.height)
        size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
        whole = image if image.mode in _PLAIN else image.convert("RGBA")
        small = whole.resize(size, Images.Resampling.BOX).convert("RGBA")
    ground = Images.new("RGBA", small.size, (*_GROUND, 255))
    return _upright(Images.alpha_composite(ground, small).convert("RGB"), turned)


def _upright(image: Image, turned: int) -> Image:
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(ways[turned]) if turned in ways else image
