"""The pictures that came with the message that is read, below its text, when a key asks for them.

What belongs here: which of them, and handing them to the reader. What must never be here: decoding (`client/looking`),
pictures from elsewhere: those are never fetched (`picturing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.errors import MailError, UsageError
from tui_mail.model import Message, Part
from tui_mail.text import SafeText
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.widgets.document import Paragraph

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage
    from tui_mail.ui.widgets.raster import Canvas

WIDEST = 160
"""Cells of the widest one."""
MANY = 12
"""Pictures of a message that are shown; the others are in the box of its attachments."""
LINES = 60
"""Lines of the highest one."""


class Showing:
    """The key, and what it does."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen

    def toggle(self) -> None:
        """Show them, or no longer."""
        screen, message = self._screen, at_hand(self._screen)
        if message is None:
            return
        if screen.reading.tail:
            screen.reading.show_tail([])
            return
        parts = pictures_of(message)
        if not parts:
            screen.say(SafeText("No pictures came with this message."))
            return
        cells = min(screen.reader.cells - 1, WIDEST)
        octets, shown, not_whole = screen.reading.octets, screen.reading.message_id, screen.reading.not_whole

        def work() -> list[Paragraph]:
            from tui_mail.ui.placing import placing_of

            canvas = placing_of(screen.app).canvas(cells, LINES, screen.client.pictures)
            if not canvas.cells:
                raise UsageError("This terminal has no colours to show pictures in.")
            whole, lines = octets(), list[Paragraph]()
            for part in parts:
                raw = whole if whole is not None else screen.client.octets_with(shown, part.index)
                lines += _lines(raw, part, canvas, not_whole)
            return lines

        def done(lines: list[Paragraph]) -> None:
            if screen.reading.message_id == shown:
                screen.reading.show_tail(lines)
                screen.say(SafeText(f"{len(parts)} below the text" + (f", of {len(all_)}" if len(all_) > MANY else "")))

        all_ = pictures_of(message, limit=len(message.attachments))
        screen.say(SafeText("Reading the pictures…"))
        aside(screen.bridge, work, done, screen.problem)


def pictures_of(message: Message, limit: int = MANY) -> list[Part]:
    """Those that came with it, those in the text first."""
    found = [part for part in message.attachments if part.content_type.startswith("image/")]
    return sorted(found, key=lambda part: not part.inline)[:limit]


def _lines(raw: bytes | None, part: Part, canvas: Canvas, not_whole: str) -> list[Paragraph]:
    """A picture below its name, or why it is not there."""
    from tui_mail.client.looking import look
    from tui_mail.mime.attached import attached

    lines = [Paragraph(()), Paragraph(((part.filename, "quiet"),), (("⎘ ", "mark"),))]
    try:
        found = look(attached(raw, part.index).content, *canvas.pixels) if raw is not None else not_whole
    except MailError as error:
        found = error.shown
    return lines + ([Paragraph(((found, "quiet"),))] if isinstance(found, str) else canvas.painted(found))
