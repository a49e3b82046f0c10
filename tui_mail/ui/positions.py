"""Where the cursor was in each folder, over a restart.

What belongs here: which message that was, and going there. What must never be here: lists of this run (`shelf`).

Who left a folder at its top finds the newest at the top. A message is remembered, not a line: what came since stands
above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.model import Folder
from tui_mail.ui.memory import recall, remember

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


def keep_position(screen: Triage) -> None:
    """The folder on the screen is left."""
    folder, messages, paths = screen.folder, screen.messages, screen.client.paths
    if folder is None or not messages.listing.ids or screen.narrowing.is_on:
        return
    at = str(messages.current_id) if messages.cursor else ""
    if at != recall(paths, _key(folder)):
        remember(paths, _key(folder), at)


def restore_position(screen: Triage, folder: Folder) -> None:
    """The newest of a folder are on the screen: go to where it was left, at once or when all of it was read."""
    kept = recall(screen.client.paths, _key(folder))
    message_id = int(kept) if kept.isdecimal() else 0
    messages = screen.messages
    line = messages.listing.line_of(message_id, 0) if message_id else -1
    if line > 0:
        messages.move_to(line)
    elif (
        message_id and line < 0 and (row := screen.client.row(message_id)) is not None and _is_in(row.folder_id, folder)
    ):
        messages.note_displaced()
        screen.reload(urgent=True, onto=[message_id])


def _is_in(folder_id: int | None, folder: Folder) -> bool:
    """In this very folder; a list of several has it or not."""
    return folder_id == folder.id or folder.id < 0


def _key(folder: Folder) -> str:
    return f"at:{folder.account}:{folder.name}"
