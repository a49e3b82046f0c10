"""Messages, parsed: a small memory of them, the process that parses, and a thread that reads ahead.

What belongs here: turning stored bodies into `Message`, once. What must never be here: where bodies come from.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_mail.attention import Attention
from tui_mail.errors import MailError
from tui_mail.model import Message, Part
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.excerpt import Excerpt
    from tui_mail.mime.worker import ParserProcess

KEPT = 64
"""Parsed messages kept in memory, so that going back to one is instant."""


class ParsedMessages:
    """Parsed messages by id. Any thread."""

    def __init__(
        self,
        raw: Callable[[int], bytes | None],
        found_words: Callable[[list[tuple[int, SafeText]]], None],
        attention: Attention,
        judged: Callable[[int, Message], Message] = lambda _, message: message,
        excerpt: Callable[[int], Excerpt | None] = lambda _: None,
    ) -> None:
        """`raw` gives a body or None; `found_words` is told the first words of messages that were parsed.

        `judged` adds what speaks for and against a message. `excerpt` gives what is here of one that has no body here.
        """
        self._judged = judged
        self._excerpt = excerpt
        self._raw = raw
        self._found_words = found_words
        self._attention = attention
        self._kept: OrderedDict[int, Message] = OrderedDict()
        self._lock = threading.Lock()
        self._process: ParserProcess | None = None
        self._ahead: list[int] = []
        self._reading_ahead = False
        self._closed = False

    def kept(self, message_id: int) -> Message | None:
        """The message if it was parsed a short while ago."""
        with self._lock:
            message = self._kept.get(message_id)
            if message is not None:
                self._kept.move_to_end(message_id)
            return message

    def drop(self, message_id: int) -> None:
        """Parse this one anew when it is asked for."""
        with self._lock:
            self._kept.pop(message_id, None)

    def forget(self) -> None:
        """Parse anew what is asked for from now on."""
        with self._lock:
            self._kept.clear()

    def get(self, message_id: int, charset: str = "") -> Message | None:
        """The message; None when its body is not here. Blocks on the parser.

        `charset`: what its text is read as from now on, whatever it says itself; "auto": what it says.
        """
        message = None if charset else self.kept(message_id)
        if message is None or (message.away and self._raw(message_id) is not None):
            message = self._parse(message_id, "" if charset == "auto" else charset)
            if message is not None and message.snippet:
                self._found_words([(message_id, message.snippet)])
        return message

    def parse(self, raw: bytes) -> Message:
        """Octets of no stored message: an attached one, a decrypted one. Blocks on the parser; nothing is kept."""
        return self._parser().parse(raw)

    def read_ahead(self, ids: Sequence[int]) -> None:
        """Parse these in the background until a key is pressed; what an earlier call had not reached is left."""
        with self._lock:
            self._ahead = list(ids)
            if self._reading_ahead or self._closed:
                return
            self._reading_ahead = True
        threading.Thread(target=self._read_ahead, name="read-ahead", daemon=True).start()

    def warm(self) -> None:
        """Start the process that parses, before the first message is opened."""
        if not self._closed:
            self._parser().warm()

    def close(self) -> None:
        """End the process that parses."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            process.close()

    def _parser(self) -> ParserProcess:
        with self._lock:
            if self._process is None:
                from tui_mail.mime.worker import ParserProcess

                self._process = ParserProcess()
                if self._closed:  # a thread that comes too late starts no child that nobody would end
                    self._process.close()
            return self._process

    def _read_ahead(self) -> None:
        words = list[tuple[int, SafeText]]()
        with contextlib.suppress(MailError):
            while not self._attention.is_demanded:
                with self._lock:
                    if not self._ahead or self._closed:
                        break
                    message_id = self._ahead.pop(0)
                message = self.kept(message_id) or self._parse(message_id)
                if message is not None and message.snippet:
                    words.append((message_id, message.snippet))
        if words:
            self._found_words(words)
        with self._lock:
            self._reading_ahead = False

    def attachment(self, message_id: int, index: int) -> tuple[Part, bytes] | None:
        """An attachment and its content; None when the body is not here. Blocks on the parser. Raises NotFound."""
        raw = self._raw(message_id)
        return None if raw is None else self._parser().attachment(raw, index)

    def _parse(self, message_id: int, charset: str = "") -> Message | None:
        raw = self._raw(message_id)
        excerpt = self._excerpt(message_id) if raw is None else None
        octets = raw if excerpt is None else excerpt.octets
        if octets is None:
            return None
        message = self._judged(message_id, self._parser().parse(octets, charset))
        if excerpt is not None:
            from tui_mail.client.portions import with_files_away

            message = with_files_away(message, excerpt)
        with self._lock:
            self._kept[message_id] = message
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return message
