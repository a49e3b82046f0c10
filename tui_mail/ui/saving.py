"""Searches that are kept under a name: from the box into config.toml and the folder tree, and out of them again.

What belongs here: asking for the name, and what is said. What must never be here: searching (`finding`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
LONGEST = 60
"""Characters of a name that the tree has room for."""


class Saving:
    """Saved searches of the triage screen."""

    def __init__(self, screen: Triage, delete_folder: Callable[[], None]) -> None:
        """`delete_folder` is what deleting means where the cursor is on no saved search."""
        self._screen = screen
        self._client = screen.client
        self._delete_folder = delete_folder
        self._asked: tuple[float, str] = (0.0, "")

    def save(self) -> None:
        """Keep what is in the search box under a name."""
        from tui_mail.ui.screens.prompt import Prompt

        query = self._screen.finding.text
        if not query:
            self._say(f"There is no search to keep; {self._screen.keymap.shown('search')} begins one.")
            return
        known = dict(self._client.searches)

        def problem(name: str) -> str:
            if len(name) > LONGEST:
                return f"{LONGEST} characters at most"
            return "there is one of this name" if known.get(name, query) != query else ""

        def answered(name: str | None) -> None:
            if name:
                words = f"Kept as “{safe_line(name)}”, below the folders"
                self._write(name, query, words)

        self._screen.app.push_screen(Prompt("Keep this search as:", "", problem), answered)

    def delete(self) -> None:
        """Forget the saved search under the cursor of the tree, at the second press; else delete the folder there."""
        name = self._screen.folder_tree.current_search
        if not name:
            self._delete_folder()
            return
        asked, about = self._asked
        if about == name and time.monotonic() - asked < AGAIN_SECONDS:
            self._asked = (0.0, "")
            self._write(name, None, f"Forgot the search “{safe_line(name)}”")
        else:
            self._asked = (time.monotonic(), name)
            key = self._screen.keymap.shown("folder.delete")
            self._say(f"{key} again forgets the search “{safe_line(name)}”; no mail is touched")

    def _write(self, name: str, query: str | None, words: str) -> None:
        def done(_: None) -> None:
            self._screen.folder_tree.use_searches(self._client.searches, self._client.folders())
            self._say(words)

        self._screen.bridge.when_done(self._client.save_search(name, query), done, self._screen.problem)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
