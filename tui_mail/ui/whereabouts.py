"""Where a message of a list is, when the list is not of its folder: a conversation and a search have mail of many.

What belongs here: the name that stands before its subject. What must never be here: how it is painted (row_text).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.model import Folder, Role
from tui_mail.ui.widgets.folder_tree import folder_label

if TYPE_CHECKING:
    from tui_mail.client import MailClient


def elsewhere(client: MailClient, shown: Folder | None) -> Callable[[int], str]:
    """Gives the name of a folder by its id, and nothing for the one that is listed; `shown` None: of what was found."""

    @lru_cache(500)
    def name(folder_id: int) -> str:
        folder = client.folder(folder_id)
        if folder is None or (shown is not None and (shown.id == folder_id or _is_one(shown, folder))):
            return ""
        return folder_label(folder)

    return name


def _is_one(shown: Folder, folder: Folder) -> bool:
    return shown.id == ALL_INBOXES and folder.role is Role.INBOX
