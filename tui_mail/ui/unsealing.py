"""Signed and encrypted messages in the reader: a line of the program's own above the message says what was found out.

What belongs here: when a signature is checked, the key that opens a message, the words of the line. What must never be
here: cryptography (`client/unsealing`); and that line never shows a word that the message could choose to look like it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.mime.at_sight import may_be_sealed
from tui_mail.model import Account, Message
from tui_mail.text import SafeText
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.widgets.one_line import OneLine, Run

if TYPE_CHECKING:
    from tui_mail.client.unsealing import Unsealed
    from tui_mail.mime.seals import Seal
    from tui_mail.ui.screens.triage import Triage

KEPT = 64
"""Messages whose signature need not be checked again when they are shown again."""
_MARKS = {"good": ("✓ ", "success"), "unproven": ("~ ", "warning"), "unknown": ("? ", "quiet"), "bad": ("✗ ", "error")}

_MEANINGS = {
    "good": "It covers all that is shown, and the key is the sender's, as far as you or an authority vouch for it.",
    "unproven": "It covers all that is shown. Anybody can make a key with any name: ask the sender another way, and "
    "tell your gpg, or put the certificate into smime_folder.",
    "unknown": "It could not be checked here: take it for a message without a signature.",
    "bad": "Take it for a message that somebody tampered with, until its sender says otherwise.",
}


class Unsealing:
    """The protection of the message that is read."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._known: dict[int, Unsealed] = {}
        self._asked = 0
        self.line = OneLine(id="seal")
        screen.reading.changed = self._clear

    def look(self, message_id: int) -> None:
        """A message is shown: say what is known of its protection, and find it out."""
        message = self._screen.reading.message
        if message is None or self._screen.reading.is_decrypted:
            return
        if not may_be_sealed(message):
            if not self._screen.reading.is_otherwise:  # else the line speaks of what this was unwrapped from
                self._clear()
        elif message.away:
            self._write(
                [(" ? ", "quiet"), (f"It may be signed or encrypted. {self._screen.reading.not_whole}", "quiet")]
            )
        elif message_id in self._known:
            self._say(message_id, self._known[message_id])
        elif message_id != self._asked:
            self._asked = message_id
            self._write([(" … ", "quiet"), ("the signature is looked at", "quiet")])
            self._check(message_id, message)

    def open(self) -> None:
        """Open an encrypted message with the person's own key, in memory; of a signed one, say all that is known."""
        screen, message = self._screen, at_hand(self._screen)
        if message is None:
            return
        if screen.reading.is_decrypted:
            screen.say(SafeText("It is open already."))
            return
        message_id, client = screen.reading.message_id, self._client
        known = self._known.get(message_id)
        if known is not None and known.seal is not None:
            self._tell(known.seal)
            return
        senders, account = _senders(message), self._account(message_id)

        def work() -> Unsealed:
            from tui_mail.client.unsealing import unseal

            return unseal(client.whole(message_id), senders, account)

        def done(found: Unsealed) -> None:
            octets = found.octets
            if message_id == screen.reading.message_id and octets is not None:
                screen.reading.read_otherwise(lambda _: octets, lambda: self._say(message_id, found), decrypted=True)

        screen.say(SafeText("Opening it…"))
        aside(screen.bridge, work, done, screen.problem)

    def _tell(self, seal: Seal) -> None:
        """All of the sentence, which may be longer than the line, and what the mark means."""
        from tui_mail.ui.screens.text_page import TextPage
        from tui_mail.ui.widgets.document import Document, Paragraph

        mark, _ = _MARKS[seal.trust]
        lines = [Paragraph(((seal.sentence, "strong"),), ((mark, "sender"),), (("  ", ""),)), Paragraph(())]
        lines.append(Paragraph(((_MEANINGS[seal.trust], "quiet"),)))
        self._screen.app.push_screen(TextPage("The signature of this message", Document([], lines)))

    def _check(self, message_id: int, message: Message) -> None:
        client, senders, account = self._client, _senders(message), self._account(message_id)

        def work() -> Unsealed | None:
            from tui_mail.client.unsealing import look

            raw = client.raw(message_id)
            return look(raw, senders, account) if raw is not None else None

        def done(found: Unsealed | None) -> None:
            self._asked = 0
            if found is not None:
                while len(self._known) >= KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[message_id] = found
                self._say(message_id, found)

        def failed(error: MailError) -> None:
            self._asked = 0
            if message_id == self._screen.reading.message_id:
                self._write([(" ? ", "quiet"), (error.shown, "quiet")])

        aside(self._screen.bridge, work, done, failed)

    def _say(self, message_id: int, found: Unsealed) -> None:
        from tui_mail.mime.seals import SEALED

        reading = self._screen.reading
        if message_id != reading.message_id:
            return
        octets = found.octets
        if found.kind not in SEALED and octets is not None and not reading.is_otherwise:
            reading.read_otherwise(lambda _: octets, lambda: None)
        signature = _seal_runs(found.seal)
        if found.kind not in SEALED:
            self._write(signature)
        elif octets is None:
            key = self._screen.keymap.shown("reader.decrypt")
            self._write([(" ◆ ", "accent"), (found.kind, ""), (f" · {key}", "key"), (" opens it", "quiet")])
        else:
            opened: list[Run] = [(" ◇ ", "accent"), (f"{found.kind}, open here", "")]
            self._write([*opened, (" ·", "quiet"), *(signature or [(" not signed", "quiet")])])

    def _write(self, runs: list[Run]) -> None:
        self.line.display = bool(runs)
        self.line.write(runs)

    def _clear(self) -> None:
        if self.line.display:
            self._write([])

    def _account(self, message_id: int) -> Account | None:
        row = self._client.row(message_id)
        return next((one for one in self._client.accounts if row is not None and one.name == row.account), None)


def _seal_runs(seal: Seal | None) -> list[Run]:
    if seal is None:
        return []
    mark, look = _MARKS[seal.trust]
    return [(f" {mark}", look), (seal.sentence, look if look in ("error", "success") else "")]


def _senders(message: Message) -> list[str]:
    return [one.email for one in message.from_]
