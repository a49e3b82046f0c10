"""Messages that a server counts and does not show yet: Exchange does so for some seconds after they came.

What belongs here: when such a folder is looked at again. What must never be here: looking (the worker).
"""

from __future__ import annotations

import time

from tui_mail.store import folders, places
from tui_mail.sync.folder import FolderSync

LOOKS = (1.0, 3.0, 10.0)
"""Seconds after which a folder is looked at again; a message that is not there then comes with the next news."""


class LateMail:
    """Which folders of a line are to be looked at again. Not thread-safe: the worker's own."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._looks: dict[int, tuple[int, int, int]] = {}
        """(counted by the server, stored, looks in vain) by folder."""

    def after_refresh(self, sync: FolderSync, folder_id: int) -> None:
        """The folder, which is open, was just compared: is it to be looked at again?"""
        self._due.pop(folder_id, None)
        if sync.selected is None or sync.selected[0] != folder_id:
            return
        counted, before = sync.session.exists, self._looks.pop(folder_id, (0, 0, 0))
        state, stored = folders.state(sync.db.read(), folder_id), places.stored_count(sync.db.read(), folder_id)
        if state is None or not state.complete or counted <= stored:
            return
        looks = before[2] + 1 if before[:2] == (counted, stored) else 0
        self._looks[folder_id] = (counted, stored, looks)
        if looks < len(LOOKS):
            self._due[folder_id] = time.monotonic() + LOOKS[looks]

    def seconds(self) -> float:
        """Until the next look; infinite when there is none."""
        return max(0.0, min(self._due.values(), default=float("inf")) - time.monotonic())

    def take(self, sync: FolderSync) -> list[int]:
        """The folders whose time has come; they are opened anew, which tells what is there by now."""
        now = time.monotonic()
        ready = [folder_id for folder_id, when in self._due.items() if when <= now]
        for folder_id in ready:
            del self._due[folder_id]
            sync.look_anew(folder_id)
        return ready
