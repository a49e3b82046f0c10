"""What a message leaves this program as: a file, a text, the clipboard, another program's input.

What belongs here: asking where to, and what is said afterwards. What must never be here: writing files
(`client/saving`), running programs (`client/piping`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.model import Message
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.widgets.document import Document, Paragraph

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.client.piping import Answered
    from tui_mail.ui.screens.triage import Triage

SAVED_IN = "message-folder"
PIPED = "pipe"
"""Under which names it is remembered where messages were saved, and through what they went."""


class Taking:
    """Saving, copying and piping the message that is read."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen

    def save(self) -> None:
        """As it came (.eml), or as text when the name ends in .txt."""
        from tui_mail.client.saving import safe_name, usual_folder
        from tui_mail.ui.screens.prompt import Prompt

        message = at_hand(self._screen)
        if message is None:
            return
        screen, shown = self._screen, Shown.on(self._screen)
        folder = recall(screen.client.paths, SAVED_IN) or usual_folder()
        name = safe_name(f"{message.subject or 'message'}.eml", "message.eml")
        screen.app.push_screen(
            Prompt("Save as (.eml, or .txt)", f"{folder}{name}"),
            lambda typed: self._save(message, shown, name, typed),
        )

    def _save(self, message: Message, shown: Shown, name: str, typed: str | None) -> None:
        if typed is None:
            return
        client = self._screen.client

        def work() -> Path:
            from tui_mail.client.saving import destination, save_new

            folder, called = destination(typed, name)
            if called.lower().endswith(".txt"):
                return save_new(folder, called, written(message, shown.text_octets()).encode())
            return save_new(folder, called, client.whole(shown.message_id))

        def done(saved: Path) -> None:
            remember(client.paths, SAVED_IN, f"{saved.parent}/")
            self._screen.say(safe_line(f"Saved: {saved}"))

        if message.away:
            self._screen.say(SafeText("Fetching all of the message…"))
        aside(self._screen.bridge, work, done, self._screen.problem)

    def pipe(self, *, raw: bool = False) -> None:
        """To a command that is typed: the text, or the message as it came."""
        from tui_mail.ui.screens.prompt import Prompt

        message = at_hand(self._screen)
        if message is None:
            return
        what = "message as it came" if raw else "text"
        shown, last = Shown.on(self._screen), recall(self._screen.client.paths, PIPED)
        prompt = Prompt(f"Pipe the {what} to (no shell)", last, selects=True)
        self._screen.app.push_screen(prompt, lambda typed: self._pipe(message, shown, typed, raw=raw))

    def _pipe(self, message: Message, shown: Shown, typed: str | None, *, raw: bool) -> None:
        if not typed:
            return
        screen = self._screen

        def work() -> Answered:
            from tui_mail.client.piping import pipe

            return pipe(typed, shown.octets() if raw else written(message, shown.text_octets()).encode())

        def done(answered: Answered) -> None:
            remember(screen.client.paths, PIPED, typed)
            words = "done" if answered.code == 0 else f"ended with {answered.code}"
            if not answered.text.strip():
                screen.say(safe_line(f"{typed}: {words}."))
                return
            from tui_mail.ui.screens.text_page import TextPage

            lines = [Paragraph(((line, ""),) if line else (), kept=True) for line in answered.text.split("\n")]
            screen.app.push_screen(TextPage(safe_line(f"{typed}: {words}"), Document([], lines)))

        screen.say(safe_line(f"Running {typed} …"))
        aside(screen.bridge, work, done, screen.problem, opens=True)


@frozen
class Shown:
    """The message that was in the reader when it was asked for; another one may be there by the time of the answer."""

    client: MailClient
    message_id: int
    otherwise: bytes
    """What it is read from, when those are not the stored octets; else empty."""

    @staticmethod
    def on(screen: Triage) -> Shown:
        """What is in the reader now."""
        message_id = screen.reading.message_id
        return Shown(screen.client, message_id, screen.reading.other_octets(message_id))

    def octets(self) -> bytes:
        """All of it, fetched if need be. Blocks. Raises MailError."""
        return self.otherwise or self.client.whole(self.message_id)

    def text_octets(self) -> bytes | None:
        """As much as it was read from. Blocks."""
        return self.otherwise or self.client.readable_octets(self.message_id)


def written(message: Message, octets: bytes | None) -> str:
    """A message as text: who, to whom, when, about what, and what it says. Blocks.

    `octets`: what it was read from, for its own line ends and tabs.
    """
    head = ""
    for name, addresses in (("From", message.from_), ("To", message.to), ("Cc", message.cc)):
        people = [f"{one.name} <{one.email}>".strip() if one.email else one.name for one in addresses]
        head += f"{name}: {', '.join(people)}\n" if people else ""
    date = time.strftime("%Y-%m-%d %H:%M %z", time.localtime(message.date)) if message.date is not None else ""
    head += f"Date: {date}\n" if date else ""
    files = "".join(f"Attachment: {part.filename}\n" for part in message.attachments if not part.inline)
    return f"{head}Subject: {message.subject}\n{files}\n{told(message, octets)}\n"


def told(message: Message, octets: bytes | None) -> str:
    """What a message says, with the addresses that its links lead to; `octets` as for `written`. Blocks."""
    from tui_mail.mime.drafts import shown_text
    from tui_mail.mime.linked import linked_text

    text = shown_text(octets, message) if octets is not None else linked_text(message)
    return text.strip("\n")
