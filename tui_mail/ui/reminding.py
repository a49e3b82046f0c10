"""Telling a person what came back by itself: messages that slept, and those that nobody answered.

What belongs here: when that is looked for, and the words. What must never be here: when they come back (the engine).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

FOLLOW_UP = ("Follow up", "is:followup OR is:awaiting")
"""The search that stands in the folder tree as soon as something waits for an answer."""
AT_ONCE = 3
"""Subjects that one toast names."""


class Reminding:
    """What came back since the program was started."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._seen = self._client.newest_change()
        self._offered = False

    def look(self) -> None:
        """Something changed; two queries of an index, well below a millisecond."""
        before, self._seen = self._seen, self._client.newest_change()
        if self._seen == before and self._offered:
            return
        rung = self._client.rung_after(before) if self._seen > before else []
        for slept, words in ((True, "Back in the inbox"), (False, "Nobody has answered")):
            ids = list(dict.fromkeys(id_ for was, id_ in rung if was is slept))
            if ids:
                self._tell(words, ids)
        if not self._offered and self._client.has_reminders():
            self._offered = True
            self._screen.folder_tree.offer(FOLLOW_UP)
            self._screen.folder_tree.show(self._client.folders())

    def _tell(self, words: str, ids: list[int]) -> None:
        subjects = [row.subject or "(no subject)" for row in self._client.rows(ids[:AT_ONCE])]
        more = f" and {len(ids) - AT_ONCE:,} more" if len(ids) > AT_ONCE else ""
        said = safe_line(f"{words}: {' · '.join(subjects)}{more}", 300)
        self._screen.notify(SafeText(said), timeout=10, markup=False)
