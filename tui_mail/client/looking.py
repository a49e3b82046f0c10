"""A look at a picture that came with a message.

What belongs here: the process that reads it, started for one picture and ended behind it. What must never be here:
painting, fetching.
"""

from __future__ import annotations

from tui_mail.mime.pictures import OCTETS_LIMIT, Raster, can_be_read, is_picture
from tui_mail.mime.worker import ParserProcess
from tui_mail.text import SafeText

MISSING = SafeText("To see it here, install the extra tui-mail[pictures].")
UNREADABLE = SafeText("It is damaged, too large, or not what it calls itself; it is not shown.")
OTHER = SafeText("Pictures of this kind are not shown here.")


def look(content: bytes, wide: int, high: int) -> Raster | SafeText:
    """The picture within so many pixels, or why there is none. Blocks for a second or ten: call it on a thread."""
    if not is_picture(content):
        return OTHER
    if not can_be_read():
        return MISSING
    if len(content) > OCTETS_LIMIT:
        return UNREADABLE
    with ParserProcess(answer="picture") as process:
        return process.picture(content, wide, high) or UNREADABLE
