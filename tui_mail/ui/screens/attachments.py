"""The attachments of a message: a list with type and size, a look into each, and saving or opening it.

What belongs here: the list, the keys, asking twice before another program gets a file. What must never be here: taking
messages apart (mime), writing files (`client/saving`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.strip import Strip

from tui_mail.errors import MailError, NotFound
from tui_mail.model import Message, Part
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import Place
from tui_mail.ui.aside import aside
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.screens.prompt import Prompt
from tui_mail.ui.widgets.cells import clip, right, steady, width
from tui_mail.ui.widgets.document import Document, Paragraph, size_label
from tui_mail.ui.widgets.one_line import Run
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.mime.attached import Attached
    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 8.0
"""How long "press again" waits."""
SAVED_IN = "save-folder"
"""Under which name the folder is remembered that files were saved in last."""
NAMED = ("attached.open", "attached.save", "attached.save_all", "attached.run")


class FileList(ItemList[Part]):
    """One line for each attachment."""

    PREFIX = "file"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "file--what", "file--quiet", "file--bar", "file--failed", "file--cursor", "file--blurred",
    }  # fmt: skip

    def paint(self, index: int, cells: int) -> Strip:
        """Name, type, size."""
        part = self.items[index]
        size, kind = size_label(part.size), steady(part.content_type)
        name = clip(f"{part.index} {steady(part.filename)}", max(12, cells - 46))
        inside = " · in the text" if part.inline else ""
        inside = f" · ⚠ {part.risk}" if part.risk else inside
        runs = [("▌ " if index == self.cursor else "  ", "bar"), (name, "what")]
        used = 2 + width(name)
        runs.append((f"  {clip(kind + inside, max(0, cells - used - 14))}", "failed" if part.risk else "quiet"))
        used = sum(width(text) for text, _ in runs)
        runs.append((right(f"{size} ", cells - used), "quiet"))
        return self.strip(runs, cells, self.ground(index))


class Attachments(ListBox):
    """A box over the reader."""

    NAME = "attachments"
    PLACE = Place.ATTACHMENTS

    def __init__(self, screen: Triage, message: Message, raw: Callable[[], bytes | None]) -> None:
        """`raw` gives the octets that the message was read from; it is called in a thread."""
        self._screen = screen
        self._client = screen.client
        self._message = message
        self._raw = raw
        self._list = FileList(id="attachments-list")
        self._shown: tuple[int, Document] | None = None
        self._run_asked: tuple[int, float] = (0, 0.0)
        self._errands = Errands("preview", screen.bridge, self._problem)
        super().__init__(screen.keymap, self._list)

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        return {
            "attached.open": self._enlarge,
            "attached.save": self._save_one,
            "attached.save_all": self._save_all,
            "attached.run": self._run,
            "attached.inside": self._inside,
        }

    def begin(self) -> None:
        """All of them, those first that are no part of the text."""
        parts = sorted(self._message.attachments, key=lambda part: part.inline)
        self._list.styles.height = max(1, len(parts))
        self._list.show_items(parts, 0)
        self.write_title()

    def on_unmount(self) -> None:
        """End the thread."""
        self._errands.close()

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """How many, and how large they are together."""
        parts = self._message.attachments
        total = size_label(sum(part.size for part in parts))
        many = f" {len(parts)} attachment{'s' * (len(parts) != 1)}"
        return [(many, "strong"), (f" · {total} · {self._message.subject or '(no subject)'}", "quiet")], []

    def describe(self) -> None:
        """A look into the one under the cursor."""
        part = self._list.current
        if part is None:
            return
        self.details.show(Document([], [Paragraph((("…", "quiet"),))]))
        parse, raw, me = self._client.parse, self._raw, self._screen.messages.me

        def errand() -> Then:
            from tui_mail.ui.widgets.preview import preview

            document = preview(taken(raw(), part.index), parse, Calendar.at(time.time()), me)

            def then() -> None:
                if self._list.current is part:
                    self._shown = part.index, document
                    self.details.show(document)

            return then

        self._errands.ask(errand)

    def choose(self) -> None:
        """What Enter does."""
        self._enlarge()

    # --- what can be done

    def _enlarge(self) -> None:
        """The look into it, on all of the screen."""
        from tui_mail.ui.screens.text_page import TextPage

        part, shown = self._list.current, self._shown
        if part is not None and shown is not None and shown[0] == part.index:
            old = shown[1]
            self.app.push_screen(TextPage(part.filename, Document(old.head, old.body, old.folded)))

    def _inside(self) -> None:
        """The attachments of an attached message."""
        part, raw, parse = self._list.current, self._raw, self._client.parse
        if part is None or not part.content_type.startswith("message/"):
            self.say("Only an attached message has attachments of its own.")
            return

        def work() -> tuple[bytes, Message]:
            content = taken(raw(), part.index).content
            return content, parse(content)

        def done(found: tuple[bytes, Message]) -> None:
            content, message = found
            if message.attachments:
                self.app.push_screen(Attachments(self._screen, message, lambda: content))
            else:
                self.say("This message has no attachments.")

        aside(self._screen.bridge, work, done, self._problem)

    def _save_one(self) -> None:
        part = self._list.current
        if part is not None:
            self._ask_where([part])

    def _save_all(self) -> None:
        parts = [part for part in self._message.attachments if not part.inline] or list(self._message.attachments)
        self._ask_where(parts)

    def _ask_where(self, parts: list[Part]) -> None:
        from tui_mail.client.saving import usual_folder

        what = parts[0].filename if len(parts) == 1 else f"{len(parts)} files"
        folder = recall(self._client.paths, SAVED_IN) or usual_folder()
        self.app.push_screen(Prompt(f"Save {what} in", folder), lambda typed: self._save(parts, typed))

    def _save(self, parts: list[Part], typed: str | None) -> None:
        if typed is None:
            return
        raw = self._raw

        def work() -> list[Path]:
            from tui_mail.client.saving import destination, save_new

            whole, saved = raw(), list[Path]()
            for part in parts:
                folder, name = destination(typed, part.filename)
                saved.append(
                    save_new(folder, part.filename if len(parts) > 1 else name, taken(whole, part.index).content)
                )
            return saved

        def done(saved: list[Path]) -> None:
            remember(self._client.paths, SAVED_IN, f"{saved[0].parent}/")
            words = saved[0] if len(saved) == 1 else f"{len(saved)} files in {saved[0].parent}"
            self.say(safe_line(f"Saved: {words}"))

        aside(self._screen.bridge, work, done, self._problem)

    def _run(self) -> None:
        """With the program that the desktop has for it, after a second press."""
        from tui_mail.ui.opener import can_open

        part = self._list.current
        if part is None:
            return
        if not can_open():
            key = self.keymap.shown("attached.save", Place.ATTACHMENTS)
            self.say(SafeText(f"There is no desktop here that opens files; {key} saves it."))
            return
        about, asked = self._run_asked
        if about == part.index and time.monotonic() - asked < AGAIN_SECONDS:
            self._run_asked = (0, 0.0)
            self._hand_over(part)
            return
        self._run_asked = (part.index, time.monotonic())
        raw, key = self._raw, self.keymap.shown("attached.run", Place.ATTACHMENTS)

        def work() -> SafeText:
            from tui_mail.mime.attached import danger

            return danger(part, taken(raw(), part.index).content[:100])

        def done(warning: SafeText) -> None:
            what = warning or f"with your program for {part.content_type}"
            self.say(safe_line(f"{key} again opens it · {what}"), "error" if warning else "accent")

        aside(self._screen.bridge, work, done, self._problem)

    def _hand_over(self, part: Part) -> None:
        raw, paths = self._raw, self._client.paths

        def work() -> bool:
            from tui_mail.client.saving import put_aside
            from tui_mail.ui.opener import open_file

            return open_file(put_aside(paths, part.filename, taken(raw(), part.index).content))

        def done(opened: bool) -> None:
            self.say(safe_line(f"Opening {part.filename}" if opened else "There is no desktop here that opens files."))

        aside(self._screen.bridge, work, done, self._problem)

    def _problem(self, error: MailError) -> None:
        self.say(error.shown, "error")


def taken(raw: bytes | None, index: int) -> Attached:
    """An attachment out of the octets of a message. Raises NotFound."""
    from tui_mail.mime.attached import attached

    if raw is None:
        raise NotFound("This message is not on this computer yet; open it first.")
    return attached(raw, index)
