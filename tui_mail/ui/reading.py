"""What the reader shows: which message, how, and where it is while its body is not here.

What belongs here: asking for a parsed message in a thread, newest wins; falling back to what the list knows.
What must never be here: keys, and marking as read; the screen decides what being shown means.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui_mail.errors import MailError, NotFound
from tui_mail.model import BodyArrived, Message, Row
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Bridge, Errands, Then
from tui_mail.ui.cards import Answered, cards, has_card
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.message_document import message_document, source_document, waiting_document
from tui_mail.ui.widgets.reader import Reader
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.mime.invitation import Invitation

PREVIEW_DELAY = 0.06
"""Seconds the cursor must rest before its message is shown: while a key is held, only the last one is."""
AHEAD_LIMIT = 200_000
"""Octets of a message that may be parsed before anybody asked for it."""


class Reading:
    """Fills a Reader with the message under the cursor."""

    def __init__(
        self, client: MailClient, bridge: Bridge, reader: Reader, shown: Callable[[int], None],
        failed: Callable[[MailError], None], keymap: Keymap,
    ) -> None:  # fmt: skip
        self._client = client
        self._reader = reader
        self._shown = shown
        self._failed = failed
        self._keymap = keymap
        self._bridge = bridge
        self._errands = Errands("reader", bridge, self._has_failed)
        self._others = Errands("reader-otherwise", bridge, failed)
        """What is asked about a message does not keep it from being shown."""
        self._me = frozenset(one.email.lower() for one in client.identities())
        self._timer: Timer | None = None
        self._is_loading = False
        """What was opened last is being read from the store just now."""
        self._awaited: list[tuple[Then, Then]] = []
        """What is to be done when it is there, and what is to be called after that."""
        self._row: Row | None = None
        self._next_row: Row | None = None
        self.message: Message | None = None
        """What is shown, parsed; None while it is not here."""
        self.as_source = False
        self.all_headers = False
        self.reasons = False
        self.shows_hidden = False
        self.tail: list[Paragraph] = []
        """What stands below the text: pictures that were asked for."""
        self._cards: list[Paragraph] = []
        self._otherwise: bytes | None = None
        """The octets that it was read from, when those are not the stored ones: another charset, decrypted."""

        self.is_decrypted = False
        """What is shown was encrypted, and is open in memory only."""
        self.changed: Callable[[], None] = lambda: None
        """Called when another message is to be shown, before it is."""

    @property
    def is_otherwise(self) -> bool:
        """It is read from other octets than the stored ones."""
        return self._otherwise is not None

    @property
    def message_id(self) -> int:
        """The message that is shown or being fetched; 0 for none."""
        return self._row.id if self._row is not None else 0

    def preview(self, row: Row | None, next_row: Row | None = None) -> None:
        """Show a message once the cursor has rested on it."""
        if row is not None and self._row is not None and row.id == self._row.id:
            self.renew(row)
            return
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._reader.set_timer(PREVIEW_DELAY, lambda: self.open(row, next_row))

    def open(self, row: Row | None, next_row: Row | None = None) -> None:
        """Show a message now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if row is None or self._row is None or row.id != self._row.id:
            self._end_loading(gave_way=True)
        if row is None:
            self._row = self.message = None
            self.changed()
            self._reader.show(Reader.EMPTY)
            return
        if self._row is not None and row.id == self._row.id and self.message is not None:
            self._row = row
            self._shown(row.id)
            return
        self._row, self._next_row, self.message, self._otherwise = row, next_row, None, None
        self.as_source = self.all_headers = self.reasons = self.shows_hidden = self.is_decrypted = False
        self._cards, self.tail = [], []
        self.changed()
        known = self._client.cached_message(row.id)
        if known is not None and not has_card(known):
            self._show(row, known)
        else:
            self._load(row)

    def when_read(self, then: Then) -> None:
        """Do something with the message that was opened last: at once, or when it has been read from the store."""
        if self._is_loading:
            self._awaited.append((then, self._bridge.opens()))
        else:
            then()

    def _end_loading(self, *, gave_way: bool = False) -> None:
        """It was read; or another message is opened, and nothing that was meant for this one is done to that."""
        self._is_loading = False
        awaited, self._awaited = self._awaited, []
        for then, after in awaited:
            if not gave_way:
                then()
            after()

    def _has_failed(self, error: MailError) -> None:
        self._end_loading()
        self._failed(error)

    def renew(self, row: Row | None) -> None:
        """The row of what is shown is another one by now; its labels are shown."""
        before = self._row
        if row is None or before is None or row.id != before.id or row.keywords == before.keywords:
            return
        if self.message is None:  # what is being fetched for it is still to be shown
            return
        self._row = row
        if self.message is not None and not self.as_source:
            document = self._document(self.message, row, self._cards)
            document.unfolded = self._reader.document.unfolded
            self._reader.show(document, keep_place=True)

    def arrived(self, event: BodyArrived) -> None:
        """A body came, or cannot be had."""
        row = self._row
        if row is None or event.message_id != row.id or self.message is not None:
            return
        if event.problem:
            self._wait(row, f"This message cannot be fetched: {event.problem}")
        else:
            self._load(row)

    def show_source(self) -> None:
        """The message as it came, or as it reads."""
        row = self._row
        if row is None:
            return
        if self.as_source:
            self.as_source = False
            self._again()
            return

        away = self.message is not None and bool(self.message.away)

        def errand() -> Then:
            raw = self._client.raw(row.id)
            if raw is None and away:
                raise NotFound(self.not_whole)
            document = source_document(raw) if raw is not None else None

            def then() -> None:
                if document is not None and row is self._row:
                    self.as_source = True
                    self._reader.show(document)

            return then

        self._others.ask(errand)

    @property
    def not_whole(self) -> str:
        """Why something cannot be done with a message of which only the text is here."""
        key = self._keymap.shown("message.whole")
        return f"Only the text of this message is here; {key} fetches all of it first."

    def reload(self) -> None:
        """More of the message that is shown is here by now: read it anew."""
        if self._row is not None and self._otherwise is None:
            self._load(self._row)

    def show_headers(self) -> None:
        """All headers, or the few."""
        self.all_headers = not self.all_headers
        self.as_source = False
        self._again()

    def show_reasons(self) -> None:
        """All that speaks for and against the message in sentences, or the strip."""
        self.reasons = not self.reasons
        self.as_source = False
        self._again()

    def show_hidden(self) -> bool:
        """What the sender made invisible, or no longer; False when there is nothing of the kind."""
        if self.message is None or not self.message.hidden:
            return False
        self.shows_hidden = not self.shows_hidden
        self.as_source = False
        self._again(keep_place=True)
        return True

    def show_tail(self, lines: list[Paragraph]) -> None:
        """Have something below the text, or nothing."""
        self.tail = lines
        self.as_source = False
        self._again(keep_place=True)

    def other_octets(self, message_id: int) -> bytes:
        """What a message is shown from when those are not the stored octets, as long as it is shown; else empty."""
        return self._otherwise or b"" if message_id == self.message_id else b""

    def octets(self) -> bytes | None:
        """What the message that is shown was read from. Blocks: call it on a thread."""
        return self._otherwise if self._otherwise is not None else self._client.raw(self.message_id)

    def read_otherwise(
        self, octets: Callable[[bytes], bytes], then_say: Callable[[], None], *, decrypted: bool = False
    ) -> None:
        """Read the message that is shown out of what `octets`, called in a thread, makes of those it is read from."""
        row, client, me, otherwise = self._row, self._client, self._me, self._otherwise
        self.tail = []

        def errand() -> Then | None:
            raw = otherwise if otherwise is not None or row is None else client.raw(row.id)
            if row is not None and raw is None:
                raise NotFound(self.not_whole)
            if row is None or raw is None:
                return None
            made = octets(raw)
            message = client.parse(made)
            found = cards(message, lambda: made, self._keymap, me, self._answered(row))
            document = self._document(message, row, found)

            def then() -> None:
                if row.id == self.message_id:
                    self.message, self._otherwise, self._cards = message, made, found
                    self.as_source = self.all_headers = False
                    self.is_decrypted = decrypted or self.is_decrypted
                    self._reader.show(document)
                    then_say()

            return then

        self._others.ask(errand)

    def close(self) -> None:
        """End the threads."""
        self._errands.close()
        self._others.close()

    def _again(self, *, keep_place: bool = False) -> None:
        if self._row is not None and self.message is not None:
            self._show(self._row, self.message, keep_place=keep_place)

    def _load(self, row: Row) -> None:
        client, me = self._client, self._me
        self._is_loading = True

        def errand() -> Then:
            message, found = client.message(row.id), list[Paragraph]()
            document = None
            if message is not None:
                answered = self._answered(row)
                found = cards(message, lambda: client.readable_octets(row.id), self._keymap, me, answered)
                document = self._document(message, row, found)

            def then() -> None:
                if row is not self._row:
                    return
                if message is None or document is None:
                    self._wait(row, "Loading the message…")
                    client.request_text(row.id)
                    self._end_loading()
                    return
                self.message, self._cards = message, found
                if not self.as_source:
                    self._reader.show(document)
                self._shown(row.id)
                self._end_loading()
                self._look_ahead()

            return then

        self._errands.ask(errand)

    def _answered(self, row: Row) -> Answered:
        """What was answered to the invitation in a message; for the thread that makes its card."""
        client, me = self._client, self._me

        def answered(invitation: Invitation) -> str:
            from tui_mail.client.answered import answer_to

            return answer_to(client, client.row(row.id) or row, invitation, me)

        return answered

    def _look_ahead(self) -> None:
        """Have the next message parsed before it is asked for."""
        following, client = self._next_row, self._client
        if following is None or not following.has_body or following.size > AHEAD_LIMIT:
            return
        if client.cached_message(following.id) is None:
            self._errands.ask(lambda: _parsed(client, following.id), urgent=True)

    def _show(self, row: Row, message: Message, *, keep_place: bool = False) -> None:
        self.message = message
        self._reader.show(self._document(message, row, self._cards), keep_place=keep_place)
        self._shown(row.id)

    def _document(self, message: Message, row: Row, found: list[Paragraph]) -> Document:
        calendar, headers, reasons = Calendar.at(time.time()), self.all_headers, self.reasons
        return message_document(
            message, row, calendar, self._me,
            all_headers=headers, reasons=reasons, hidden=self.shows_hidden, cards=found, tail=self.tail,
            files_key=self._keymap.shown("message.attachments"),
        )  # fmt: skip

    def _wait(self, row: Row, words: str) -> None:
        self._reader.show(waiting_document(row, Calendar.at(time.time()), self._me, SafeText(words)))


def _parsed(client: MailClient, message_id: int) -> None:
    client.message(message_id)
