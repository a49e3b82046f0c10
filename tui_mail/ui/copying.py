"""Copying something of the message that is read: what was selected, an address, the Message-ID, a link, the text.

What belongs here: what can be copied. What must never be here: clipboards (`clipboard`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_mail.model import Message, Row
from tui_mail.sizes import size_label
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.taking import Shown, told

if TYPE_CHECKING:
    from tui_mail.ui.screens.picker import Choice
    from tui_mail.ui.screens.triage import Triage

LINKS = 50
"""Links offered at most."""


def pick_copy(screen: Triage) -> None:
    """Let the person pick what to copy."""
    row = screen.client.row(screen.commands.current_message())
    if row is None:
        screen.say(SafeText("There is no message here."))
        return
    message = screen.reading.message if screen.reading.message_id == row.id else None
    selected, shown = screen.get_selected_text() or "", Shown.on(screen)

    def work() -> list[Choice[str]]:
        text = told(message, shown.text_octets()) if message is not None else ""
        return list(_choices(row, message, selected, text))

    aside(screen.bridge, work, lambda choices: _ask(screen, choices), screen.problem, opens=True)


def _ask(screen: Triage, choices: list[Choice[str]]) -> None:
    from tui_mail.ui.screens.picker import Picker

    def picked(text: str | None) -> None:
        if text is not None:
            screen.app.copy_to_clipboard(text)
            octets = len(text.encode())
            what = text if "\n" not in text and len(text) <= 60 else f"{octets:,} octets"
            screen.say(safe_line(f"Copied {what}"))

    screen.app.push_screen(Picker("Copy", choices), picked)


def _choices(row: Row, message: Message | None, selected: str, text: str) -> Iterator[Choice[str]]:
    from tui_mail.ui.screens.picker import Choice

    if selected:
        yield Choice(selected, "What is selected", size_label(len(selected.encode())))
    for one in row.from_[:3]:
        if one.email:
            yield Choice(str(one.email), "Address of the sender", one.email)
    yield Choice(str(row.subject), "Subject", row.subject)
    if message is not None:
        yield Choice(text, "Text of the message", size_label(len(text.encode())))
    if row.message_id:
        yield Choice(f"<{row.message_id}>", "Message-ID", SafeText(row.message_id))
    for number, link in enumerate(message.links[:LINKS] if message is not None else (), 1):
        yield Choice(str(link.url), f"Link [{number}]", link.url)
