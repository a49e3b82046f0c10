"""Searches that are kept under a name: from the box into config.toml and the folder tree, and out of them again.

What belongs here: asking for the name, and what is said. What must never be here: searching (`finding`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
LONGEST = 60
"""Characters of a name that the tree has room for."""


class Saving:
    """Saved searches of the triage screen."""

    def __init__(self, screen: Triage, rename_folder: Callable[[], None], delete_folder: Callable[[], None]) -> None:
        """`rename_folder` and `delete_folder` are what those mean where the cursor is on no saved search."""
        self._screen = screen
        self._client = screen.client
        self._rename_folder = rename_folder
        self._delete_folder = delete_folder
        self._asked: tuple[float, str] = (0.0, "")

    def save(self) -> None:
        """Keep what is in the search box under a name; under one that there is after a second Enter."""
        query = self._screen.finding.text
        if not query:
            self._say(f"There is no search to keep; {self._screen.keymap.shown('search')} begins one.")
            return

        def answered(name: str) -> None:
            words = f"Kept as “{safe_line(name)}”, below the folders"
            self._write(self._client.save_search(name, query), words)

        self._ask(
            "Keep this search as:", "", lambda name: dict(self._client.searches).get(name, query) != query, answered
        )

    def rename(self) -> None:
        """Another name for the saved search under the cursor of the tree; else for the folder there."""
        name = self._screen.folder_tree.current_search
        if not name:
            self._rename_folder()
            return

        def answered(other: str) -> None:
            if other != name:
                words = f"Renamed the search “{safe_line(name)}” to “{safe_line(other)}”"
                self._write(self._client.rename_search(name, other), words)

        self._ask(
            f"Rename the search {safe_line(name)} to:",
            name,
            lambda other: other != name and other in dict(self._client.searches),
            answered,
        )

    def _ask(self, question: str, value: str, replaces: Callable[[str], bool], answered: Callable[[str], None]) -> None:
        """Ask for a name; where it `replaces` another search, Enter is pressed twice."""
        from tui_mail.ui.screens.prompt import Prompt

        def problem(name: str) -> str:
            return f"{LONGEST} characters at most" if len(name) > LONGEST else ""

        def doubt(name: str) -> str:
            return "taken: Enter again replaces it" if replaces(name) else ""

        def done(name: str | None) -> None:
            if name:
                answered(name)

        self._screen.app.push_screen(Prompt(question, value, problem, doubt=doubt), done)

    def delete(self) -> None:
        """Forget the saved search under the cursor of the tree, at the second press; else delete the folder there."""
        name = self._screen.folder_tree.current_search
        if not name:
            self._delete_folder()
            return
        asked, about = self._asked
        if about == name and time.monotonic() - asked < AGAIN_SECONDS:
            self._asked = (0.0, "")
            self._write(self._client.save_search(name, None), f"Forgot the search “{safe_line(name)}”")
        else:
            self._asked = (time.monotonic(), name)
            key = self._screen.keymap.shown("folder.delete")
            self._say(f"{key} again forgets the search “{safe_line(name)}”; no mail is touched")

    def _write(self, written: Future[None], words: str) -> None:
        def done(_: None) -> None:
            self._screen.folder_tree.use_searches(self._client.searches, self._client.folders())
            self._say(words)

        self._screen.bridge.when_done(written, done, self._screen.problem)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
