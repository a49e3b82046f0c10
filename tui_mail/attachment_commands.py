"""The attachments of a message from the command line: listed, and saved where somebody says.

What belongs here: words and printing. What must never be here: taking messages apart (mime), writing files
(`client/saving`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_mail.answers import Arguments, answer
from tui_mail.bringing import counted, readable
from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Part
from tui_mail.session import opened
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.client import MailClient


def attachments(given: Arguments) -> int:
    """List them; with `--save DIR` write them there, each under a name of its own, never over a file."""
    from tui_mail.mime.attached import attached
    from tui_mail.mime.risks import in_words

    with opened(given) as client:
        row = client.row(given.id)
        if row is None:
            raise NotFound(f"There is no message {given.id}; `tui-mail list inbox` shows the numbers.")
        folder = Path(given.save).expanduser() if given.save else None
        if folder is not None and not folder.is_dir():
            raise UsageError(f"There is no folder {folder}. Nothing was saved.")
        parts = list(readable(client, row).attachments)
        if given.index is not None:
            parts = [part for part in parts if part.index == given.index]
            if not parts:
                raise NotFound(f"Message {given.id} has no attachment number {given.index}. Nothing was saved.")
        documents, lines = list[dict[str, Any]](), list[str]()
        for part in parts:
            octets = client.octets_with(given.id, part.index)
            content = attached(octets, part.index).content if octets is not None else None
            saved = _saved(client, given.id, part, content, folder) if folder is not None else None
            warning = in_words(part.risk)
            documents.append(_document(part, warning, saved))
            lines.append(_line(part, warning, saved))
    answer(given, documents, *(lines or ["No attachments."]))
    return 0


def _saved(client: MailClient, message_id: int, part: Part, content: bytes | None, folder: Path) -> Path:
    """Where it is now; what is on the server only is fetched, and nothing else of the message."""
    from tui_mail.client.saving import save_copy, save_new

    if content is not None:
        return save_new(folder, part.filename, content)
    with counted(f"{part.filename}: ", part.size) as count:
        return save_copy(folder, part.filename, client.file(message_id, part.index, count))


def _document(part: Part, warning: str, saved: Path | None) -> dict[str, Any]:
    document = {
        "index": part.index,
        "filename": part.filename,
        "content_type": part.content_type,
        "size": part.size,
        "inline": part.inline,
        "warning": warning,
        "on_server": part.away,
    }
    return document | ({"saved": str(saved)} if saved is not None else {})


def _line(part: Part, warning: str, saved: Path | None) -> str:
    where = f"\t{safe_line(str(saved))}" if saved is not None else ""
    return f"{part.index}\t{part.content_type}\t{part.size}\t{part.filename}{where}{'  ! ' if warning else ''}{warning}"
