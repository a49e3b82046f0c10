"""Folders: picking one to go, move or copy to, and making, renaming and deleting them.

What belongs here: which folders can be picked, which names can be, and what is said of it.
What must never be here: how a server is told; the client knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui_mail.model import Change, Folder, Role
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.habits import note_use, uses
from tui_mail.ui.screens.words import folder_aside, messages_words
from tui_mail.ui.widgets.folder_tree import folder_label, namespace_of

if TYPE_CHECKING:
    from tui_mail.ui.screens.picker import Choice
    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""


@frozen
class NewFolder:
    """One that is not there yet."""

    account: str
    name: str


JUDGED = 500
"""Messages that are looked at to tell whether all are in one folder."""


class Filing:
    """What the triage screen does with folders."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen
        self._client = screen.client
        self._delete_asked: tuple[float, int] = (0.0, 0)

    # --- picking

    def go(self) -> None:
        """To a folder that is picked."""

        def picked(folder: Folder | NewFolder | None) -> None:
            if isinstance(folder, Folder):
                self._screen.open_folder(folder)
                self._screen.show_list()

        self._ask("Go to folder", [one for one in self._client.places() if one.selectable], picked)

    def pick_target(self, verb: str, ids: list[int], then: Callable[[Folder, list[int]], None]) -> None:
        """Where to move or copy messages: a folder of their account; of several accounts, of that under the cursor.

        Whatever is of another account stays, and the question says so.
        """
        here = self._screen.here
        if here is None or not ids:
            return
        ours = ids
        if self._screen.spans_accounts:
            ours = self._screen.finding.of_account(ids, here.account)
            if not ours:  # what is selected is of others than the message under the cursor
                row = self._client.row(ids[0])
                first = self._client.folder(row.folder_id) if row is not None else None
                if first is None:
                    return
                here, ours = first, self._screen.finding.of_account(ids, first.account)
        account, stays = here.account, {row.folder_id for row in self._client.rows(ours[:JUDGED])} == {here.id}

        def picked(folder: Folder | NewFolder | None) -> None:
            if isinstance(folder, NewFolder):
                self._make_and(folder, picked)
            elif folder is not None:
                note_use(self._client.paths, account, folder.name)
                then(folder, ours)

        def made(typed: str) -> Choice[Folder | NewFolder] | None:
            return self._new(account, typed)

        targets = [one for one in self._most_used(account) if one.id != here.id or not stays]
        others = len(ids) - len(ours)
        which = f" of {safe_line(account)} ({others:,} of others stay)" if others else ""
        self._ask(f"{verb} {messages_words(len(ours))}{which} to", targets, picked, made)

    def pick_of(self, account: str, title: str, then: Callable[[Folder], None]) -> None:
        """A folder of an account, or a new one."""

        def picked(folder: Folder | NewFolder | None) -> None:
            if isinstance(folder, NewFolder):
                self._make_and(folder, then)
            elif folder is not None:
                then(folder)

        its = [one for one in self._most_used(account) if one.role is not Role.INBOX]
        self._ask(title, its, picked, lambda typed: self._new(account, typed))

    def _most_used(self, account: str) -> list[Folder]:
        used = uses(self._client.paths, account)
        its = [one for one in self._client.folders() if one.selectable and one.account == account]
        return sorted(its, key=lambda one: -used.get(one.name, 0.0))

    def _new(self, account: str, typed: str) -> Choice[Folder | NewFolder] | None:
        """The last line of the folders to pick from: to make the one that was typed, if it can be made."""
        from tui_mail.ui.screens.picker import Choice

        its = [one for one in self._client.folders() if one.account == account]
        delimiter, prefix = next((one.delimiter for one in its if one.delimiter), ""), namespace_of(its)
        name = typed.replace("/", delimiter) if delimiter else typed
        name = name if name.startswith(prefix) else prefix + name
        called = {text.casefold() for one in its for text in (one.name, one.shown, folder_label(one))}
        if called & {typed.casefold(), name.casefold()} or self._client.name_problem(account, name):
            return None
        return Choice(NewFolder(account, name), f"+ Create “{safe_line(name.removeprefix(prefix))}”")

    def _make_and(self, new: NewFolder, then: Callable[[Folder], None]) -> None:
        """Make a folder, and go on with it."""

        def done(change: Change | None) -> None:
            self._screen.standing.acted()
            found = [one for one in self._client.folders() if (one.account, one.name) == (new.account, new.name)]
            if change is not None and found:
                then(found[0])

        future = self._client.create_folder(new.account, new.name)
        self._screen.outcome.follow(future, done, f"Made the folder {safe_line(new.name)}")

    def _ask(
        self,
        title: str,
        folders: list[Folder],
        picked: Callable[[Folder | NewFolder | None], None],
        made: Callable[[str], Choice[Folder | NewFolder] | None] | None = None,
    ) -> None:
        from tui_mail.ui.screens.picker import Choice, Picker

        several = len({folder.account for folder in folders}) > 1
        choices: list[Choice[Folder | NewFolder]] = [
            Choice(one, folder_label(one), folder_aside(one, several), f"{one.unread:,}" if one.unread else "")
            for one in folders
        ]
        self._screen.app.push_screen(Picker(title, choices, "No such folder.", made), picked)

    # --- making, renaming, deleting

    def create(self) -> None:
        """Make a folder in the account under the cursor; below the folder under the cursor, unless that has a role."""
        account = self._screen.folder_tree.account
        if not account:
            return
        inside = self._own_folder(say=False)
        above = f"{inside.name}{inside.delimiter}" if inside is not None and inside.delimiter else ""
        several = len(self._client.accounts) > 1
        question = f"New folder in {safe_line(account)}:" if several else "New folder:"
        self._prompt(
            question, account, above, lambda name: self._client.create_folder(account, name), "Made the folder"
        )

    def rename(self) -> None:
        """Another name for the folder under the cursor."""
        folder = self._own_folder()
        if folder is None:
            return
        question = f"Rename {folder.shown} to:"
        self._prompt(
            question, folder.account, folder.name, lambda name: self._client.rename_folder(folder.id, name),
            f"Renamed {folder.shown} to",
        )  # fmt: skip

    def delete(self) -> None:
        """Delete the folder under the cursor; one that is not empty says first what becomes of its messages."""
        folder = self._own_folder()
        if folder is None:
            return
        inside = f"{folder.name}{folder.delimiter}"
        if folder.delimiter and any(
            one.account == folder.account and one.name.startswith(inside) for one in self._client.folders()
        ):
            self._say(f"There are folders inside {folder.shown}; delete those first.")
            return
        asked, about = self._delete_asked
        if folder.total and not (about == folder.id and time.monotonic() - asked < AGAIN_SECONDS):
            self._delete_asked = (time.monotonic(), folder.id)
            key = self._screen.keymap.shown("folder.delete")
            self._say(f"{key} again moves {messages_words(folder.total)} to the trash and deletes {folder.shown}")
            return
        self._delete_asked = (0.0, 0)
        first = f", its {messages_words(folder.total)} to the trash" if folder.total else ""
        self._do(self._client.delete_folder(folder.id), f"Deleted the folder {folder.shown}{first}")

    def _prompt(
        self, question: str, account: str, value: str, act: Callable[[str], Future[Change | None]], words: str
    ) -> None:
        from tui_mail.ui.screens.prompt import Prompt

        def problem(name: str) -> str:
            return self._client.name_problem(account, name, old=value)

        def answered(name: str | None) -> None:
            if name is not None and name != value:
                self._do(act(name), f"{words} {safe_line(name)}")

        self._screen.app.push_screen(Prompt(question, value, problem), answered)

    def _do(self, future: Future[Change | None], words: str) -> None:
        def done(change: Change | None) -> None:
            if change is not None:
                self._screen.standing.acted()
                self._say(f"{words} · {self._screen.keymap.shown('undo')} undo")

        self._screen.outcome.follow(future, done, words)

    def _own_folder(self, *, say: bool = True) -> Folder | None:
        """The folder under the cursor of the tree, if it is one of the person's own: without a role."""
        folder = self._screen.folder_tree.current
        if folder is not None and folder.role is Role.NONE:
            return folder
        if say:
            label = folder_label(folder) if folder is not None else "This"
            self._say(f"{label} has a purpose and stays as it is." if folder is not None else "This is no folder.")
        return None

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
