"""The files of one message wherever they are: in the octets that are here, fetched before, or on the server only.

What belongs here: having a file's content, one fetch at a time, its progress, and stopping it. What must never be here:
the list of files (`screens/attachments`), fetching (the client). Everything that takes a part blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.errors import MailError, NotFound
from tui_mail.mime.attached import Attached, attached
from tui_mail.model import Part
from tui_mail.sizes import size_label
from tui_mail.text import SafeText
from tui_mail.ui.widgets.cells import clip

if TYPE_CHECKING:
    from tui_mail.client import MailClient

LOOKED_INTO = 20_000_000
"""Octets of a fetched file up to which it is looked into as a whole."""
BEGINNING = 1_000_000


class FarFiles:
    """The files of a message; `message_id` 0: it is no message of the store, and all of it is here."""

    def __init__(self, client: MailClient, message_id: int, raw: Callable[[], bytes | None]) -> None:
        """`raw` gives the octets that the message was read from; it is called in a thread."""
        self._client = client
        self._message_id = message_id
        self._raw = raw
        self._part: Part | None = None
        self._came = 0
        self._is_stopped = False

    @property
    def words(self) -> str:
        """How far the file is that is being fetched; empty when none is."""
        part = self._part
        if part is None:
            return ""
        if self._is_stopped:
            return "Stopping…"
        came = size_label(min(self._came, part.size))
        return f"Fetching {clip(part.filename, 40)}: {came} of {size_label(part.size)} · Esc stops it"

    def stop(self) -> bool:
        """Fetch it no further; False when nothing is being fetched."""
        self._is_stopped = True
        return self._part is not None

    def here(self, part: Part) -> Attached | None:
        """A file, if that needs no server. Raises NotFound."""
        raw = self._octets(part)
        if raw is not None:
            return attached(raw, part.index)
        path = self._client.fetched_file(self._message_id, part.index) if self._message_id else None
        return _read(part, path) if path is not None else None

    def content(self, part: Part) -> Attached:
        """A file, or if it is very large its beginning, fetched if need be. Raises MailError."""
        raw = self._octets(part)
        return attached(raw, part.index) if raw is not None else _read(part, self._fetched(part))

    def given(self, part: Part) -> bytes | Path:
        """All of a file, or where it is, fetched if need be. Raises MailError."""
        raw = self._octets(part)
        return attached(raw, part.index).content if raw is not None else self._fetched(part)

    def _octets(self, part: Part) -> bytes | None:
        raw = self._raw()
        return self._client.octets_with(self._message_id, part.index) if raw is None and self._message_id else raw

    def _fetched(self, part: Part) -> Path:
        if not self._message_id:
            raise NotFound("This message is not on this computer yet; open it first.")
        if self._part is not None:
            raise MailError(f"{self._part.filename} is still being fetched. Wait for it, or stop it with Esc.")
        self._part, self._came, self._is_stopped = part, 0, False
        try:
            return self._client.file(self._message_id, part.index, self._count, lambda: self._is_stopped)
        finally:
            self._part = None

    def _count(self, octets: int) -> None:
        self._came = octets


def where_it_is(part: Part, look: str, save: str) -> SafeText:
    """What is said of a file that is on the server only."""
    size = size_label(part.size)
    return SafeText(f"{size}, on the server. {look} fetches it and looks into it, {save} saves it; nothing else comes.")


def _read(part: Part, path: Path) -> Attached:
    size = path.stat().st_size
    with path.open("rb") as file:
        content = file.read(size if size <= LOOKED_INTO else BEGINNING)
    return Attached(replace(part, size=size, away=False), content)
