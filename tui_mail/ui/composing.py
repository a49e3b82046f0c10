"""What the keys of the composer do.

What belongs here: one function per action. What must never be here: key names, layouts, sending (`dispatch`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.outgoing import Attachment, Draft
from tui_mail.sizes import size_label
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import ACTIONS, GROUPS, Place
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.choosing import Choosing
from tui_mail.ui.screens.picker import Choice, Picker
from tui_mail.ui.signatures import identity_for
from tui_mail.ui.widgets.cells import steady

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.ui.screens.compose import Composer
    from tui_mail.ui.spelling import SpellRound

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
Done = Callable[[], None]


class ComposeCommands:
    """The actions of one composer."""

    def __init__(self, screen: Composer) -> None:
        self._screen = screen
        self._client: MailClient = screen.client
        self._discard_asked = 0.0
        self._spelling: SpellRound | None = None
        self._errands = Errands("composer", screen.bridge, screen.problem)
        self.choosing = Choosing(screen)
        self.table = self._table()

    def perform(self, action_id: str) -> None:
        """Do an action."""
        if not self._screen.dispatch.state:
            self.table[action_id]()

    def close(self) -> None:
        """End the threads."""
        self._errands.close()
        if self._spelling is not None:
            self._spelling.close()

    def _table(self) -> dict[str, Done]:
        writing, choosing = self._screen.writing, self.choosing
        return {
            "compose.send": lambda: self._screen.dispatch.send(),
            "compose.close": self._close,
            "compose.discard": self._discard,
            "compose.attach": self._pick_files,
            "compose.detach": self._detach,
            "compose.editor": self._edit,
            "compose.later": choosing.later,
            "compose.options": choosing.options,
            "compose.from": choosing.sender,
            "compose.template": self._template,
            "compose.spelling": self._spell,
            "compose.understood": self._understood,
            "compose.next": lambda: writing.step(1),
            "compose.previous": lambda: writing.step(-1),
            "go.outbox": writing.show_outbox,
            "palette": self._palette,
            "help": self._help,
        }

    # --- leaving

    def _close(self) -> None:
        if self._screen.dispatch.is_asking:
            self._screen.dispatch.withdraw()
        else:
            self._screen.writing.keep(self._screen)

    def _discard(self) -> None:
        drafting = self._screen.drafting
        worth_asking = drafting.changed and not drafting.snapshot().is_blank
        if worth_asking and time.monotonic() - self._discard_asked > AGAIN_SECONDS:
            self._discard_asked = time.monotonic()
            self._screen.say(SafeText(f"{self._key('compose.discard')} again throws this draft away"), look="warning")
            return
        self._screen.writing.discard(self._screen)

    # --- files

    def attach(self, paths: Sequence[Path]) -> None:
        """Let files go along."""
        names = ", ".join(path.name for path in paths)
        self._screen.fetching = f"reading {safe_line(names)}…"
        self._screen.say_files()

        def done(files: list[Attachment]) -> None:
            self._screen.fetching = ""
            self._screen.attachments = (*self._screen.attachments, *files)
            self._files_changed(f"attached {', '.join(safe_line(file.filename) for file in files)}")

        def failed(error: MailError) -> None:
            self._screen.fetching = ""
            self._screen.say_files()
            self._screen.problem(error)

        self._screen.bridge.when_done(self._client.attach(paths), done, failed)

    def _pick_files(self) -> None:
        from tui_mail.ui.screens.path_picker import PathPicker

        def picked(paths: list[Path] | None) -> None:
            if paths:
                self.attach(paths)

        self._screen.app.push_screen(PathPicker(self._screen.bridge), picked)

    def _detach(self) -> None:
        files = self._screen.attachments
        if not files:
            self._say("No file is attached.")
            return
        choices = [
            Choice(at, steady(safe_line(file.filename)), "", size_label(file.size)) for at, file in enumerate(files)
        ]

        def picked(at: int | None) -> None:
            if at is not None:
                self._screen.attachments = files[:at] + files[at + 1 :]
                self._files_changed(f"took out {safe_line(files[at].filename)}")

        self._screen.app.push_screen(Picker("Take a file out", choices), picked)

    def _files_changed(self, words: str) -> None:
        self._screen.say_files()
        self._say(words)
        self._screen.note()

    # --- the text

    def _edit(self) -> None:
        from tui_mail.ui.editor import edit

        self._screen.run_worker(edit(self._screen, self._came_back), exclusive=True, exit_on_error=False)

    def _came_back(self, draft: Draft, problems: Sequence[str]) -> None:
        """From the editor, or out of a template."""
        screen = self._screen
        if draft != screen.drafting.snapshot():
            identity = identity_for(self._client.identities(), draft.from_email, draft.account)
            screen.fill(replace(draft, account=identity.account if identity else draft.account))
            screen.note()
        if problems:
            screen.say(safe_line(" ".join(problems)), look="warning")

    def _template(self) -> None:
        folder = self._client.compose.template_folder
        if not folder:
            self._say("No templates: template_folder in [compose] of config.toml says where they are.")
            return

        def errand() -> Then:
            files = sorted(
                path for path in Path(folder).expanduser().glob("*") if path.is_file() and path.name[0] != "."
            )
            return lambda: self._pick_template(files, folder)

        self._errands.ask(errand)

    def _pick_template(self, files: Sequence[Path], folder: str) -> None:
        if not files:
            self._say(f"There is no template in {safe_line(folder)}.")
            return

        def picked(path: Path | None) -> None:
            if path is not None:
                self._errands.ask(lambda: self._read_template(path))

        choices = [Choice(path, steady(safe_line(path.stem))) for path in files]
        self._screen.app.push_screen(Picker("Begin with", choices), picked)

    def _read_template(self, path: Path) -> Then:
        """On a thread: a template's fields fill empty ones, its text comes before what is there."""
        from tui_mail.mime.editing import from_text

        try:
            text = path.read_text("utf-8", "replace")
        except OSError as error:
            raise MailError(f"{path.name} cannot be read ({error.strerror}).") from error
        edited = from_text(replace(Draft(""), subject=""), text)

        def then() -> None:
            now, new = self._screen.drafting.snapshot(), edited.draft
            filled = {name: getattr(now, name) or getattr(new, name) for name in ("to", "cc", "bcc", "subject")}
            self._came_back(replace(now, body=new.body.rstrip("\n") + "\n" + now.body, **filled), edited.problems)

        return then

    def _spell(self) -> None:
        from tui_mail.ui.spelling import SpellRound

        if self._spelling is None:
            self._spelling = SpellRound(self._screen, self._client.compose.spell_command)
        self._spelling.begin()

    def _understood(self) -> None:
        self._screen.notes = ()
        self._screen.say_notes()

    # --- the program

    def _palette(self) -> None:
        keymap = self._screen.keymap
        choices = [
            Choice(action.id, action.help, action.label, keymap.shown(action.id, Place.COMPOSE))
            for action in sorted(ACTIONS, key=lambda one: GROUPS.index(one.group))
            if Place.COMPOSE in action.where and action.id != "palette"
        ]

        def picked(action_id: str | None) -> None:
            if action_id is not None:
                self.perform(action_id)

        self._screen.app.push_screen(Picker("Commands", choices), picked)

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self._screen.app.push_screen(Help(self._screen.keymap, Place.COMPOSE))

    # --- helpers

    def _key(self, action_id: str) -> str:
        return self._screen.keymap.shown(action_id, Place.COMPOSE)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))
