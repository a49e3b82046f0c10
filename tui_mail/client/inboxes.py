"""All inboxes as one place: what the screen and `list inbox` show where there is more than one account.

What belongs here: which folders that is of, and its numbers. What must never be here: reading mail (reading), widgets.

It is no folder of the store: its number is negative, and it belongs to no account. What is done to a message is done
in the account of that message.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui_mail.model import Folder, Role
from tui_mail.text import SafeText

ALL_INBOXES = -1
"""Stands for all inboxes where the number of a folder is asked for."""
_NAME = "All inboxes"


def inboxes(folders: Sequence[Folder]) -> list[Folder]:
    """The inbox of each account."""
    return [one for one in folders if one.role is Role.INBOX and one.selectable]


def all_inboxes(folders: Sequence[Folder]) -> Folder | None:
    """All of them as one folder; None where there is one account."""
    its = inboxes(folders)
    if len(its) < 2:
        return None
    return Folder(
        ALL_INBOXES, "", _NAME, SafeText(_NAME), "", Role.INBOX, True,
        total=sum(one.total for one in its),
        unread=sum(one.unread for one in its),
        on_server=sum(one.on_server for one in its),
        version=sum(one.version for one in its),
        complete=all(one.complete for one in its),
        arrangement=sum(one.arrangement for one in its),
    )  # fmt: skip


def widened(changed: Collection[int], folders: Sequence[Folder]) -> set[int]:
    """The folders that changed, and all inboxes when one of those did."""
    return {*changed, *([ALL_INBOXES] if any(one.id in changed for one in inboxes(folders)) else [])}
