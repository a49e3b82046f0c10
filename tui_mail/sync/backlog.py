"""What of a folder is still to be read downwards, and the writes that are under way meanwhile.

What belongs here: one folder's way down, as plain values. What must never be here: reading it (folder).
"""

from __future__ import annotations

from array import array
from concurrent.futures import Future
from dataclasses import dataclass, field

from tui_mail.sync import plan


@dataclass(slots=True)
class Backlog:
    """`uids` ascending, as the server listed them."""

    uids: array[int]
    above: int
    """Every UID from it up is stored, or on its way there."""
    size: int = plan.WINDOW_FIRST
    stored: list[Future[None]] = field(default_factory=list)
    """The writes of the window before, which run while the next window is read."""

    def finish(self) -> None:
        """Wait for the window that is being stored. Raises what went wrong with it."""
        stored, self.stored = self.stored, []
        for write in stored:
            write.result()
