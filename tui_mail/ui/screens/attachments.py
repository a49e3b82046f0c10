"""The attachments of a message: a list with type and size, a look into each, and saving or opening it.

What belongs here: the list, the keys, asking twice before another program gets a file. What must never be here: taking
messages apart (mime), writing files (`client/saving`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.strip import Strip

from tui_mail.errors import MailError
from tui_mail.model import Message, Part
from tui_mail.sizes import size_label
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import Place
from tui_mail.ui.aside import aside
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.far_files import FarFiles, where_it_is
from tui_mail.ui.memory import recall, remember
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.screens.prompt import Prompt
from tui_mail.ui.showing import WIDEST
from tui_mail.ui.widgets.cells import clip, right, steady, width
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.one_line import Run
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.mime.attached import Attached
    from tui_mail.ui.screens.triage import Triage

T = TypeVar("T")
AGAIN_SECONDS = 8.0
"""How long "press again" waits."""
SAVED_IN = "save-folder"
"""Under which name the folder is remembered that files were saved in last."""
HIGHEST = 200
"""Lines of the highest one that is scrolled."""
BESIDE = 7
"""Cells of a wide page that are no part of a picture, beside the margins of the screen."""
AROUND = 12
"""Lines of the screen that are no part of a picture."""
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
        inside += " · on the server" if part.away else ""
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

    def __init__(self, screen: Triage, message: Message, raw: Callable[[], bytes | None], message_id: int = 0) -> None:
        """`raw` gives the octets that the message was read from; it is called in a thread.

        `message_id`: the message of the store whose files may be on the server.
        """
        self._screen = screen
        self._client = screen.client
        self._message = message
        self._files = FarFiles(self._client, message_id, raw)
        self._list = FileList(id="attachments-list")
        self._shown: tuple[int, Document] | None = None
        self._run_asked: tuple[int, float] = (0, 0.0)
        self._errands = Errands("preview", screen.bridge, self._problem)
        super().__init__(screen.keymap, self._list)

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        return {
            "back": self._back,
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
        """End the thread; nobody waits for a file any more."""
        self._files.stop()
        self._errands.close()

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """What is being fetched, else how many there are, and how large they are together."""
        if self._files.words:
            return [(f" {self._files.words}", "accent")], []
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
        look, save = (self.keymap.shown(f"attached.{what}", Place.ATTACHMENTS) for what in ("open", "save"))
        room = min(self.details.cells - 1, WIDEST), max(4, self.app.size.height - AROUND)

        def errand() -> Then:
            file = self._files.here(part)
            words = where_it_is(part, look, save) if file is None else SafeText("")
            document = (
                self._preview(file, *room) if file is not None else Document([], [Paragraph(((words, "quiet"),))])
            )

            def then() -> None:
                if self._list.current is part:
                    self._shown = (part.index, document) if file is not None else None
                    self.details.show(document)

            return then

        self._errands.ask(errand)

    def choose(self) -> None:
        """What Enter does."""
        self._enlarge()

    # --- what can be done

    def _back(self) -> None:
        """Stop what is being fetched, else leave."""
        if self._files.stop():
            self.write_title()
        else:
            self.dismiss()

    def _preview(self, file: Attached, cells: int, lines: int) -> Document:
        from tui_mail.ui.placing import placing_of
        from tui_mail.ui.widgets.preview import preview

        canvas = placing_of(self._screen.app).canvas(cells, lines, self._client.pictures)
        return preview(file, self._client.parse, Calendar.at(time.time()), self._screen.messages.me, canvas)

    def _enlarge(self) -> None:
        """The look into it, on all of the screen; a picture as wide as that, and scrolled when it is higher."""
        part, shown = self._list.current, self._shown
        if part is None:
            return
        is_picture = part.content_type.startswith("image/")
        if shown is not None and shown[0] == part.index and not is_picture:
            self._show_large(part, shown[1])
            return
        cells = min(self.app.size.width * 96 // 100 - BESIDE, WIDEST)

        def done(document: Document) -> None:
            if self._list.current is part:
                if not is_picture:
                    self._shown = part.index, document
                    self.details.show(document)
                self._show_large(part, document)

        self._aside(lambda: self._preview(self._files.content(part), cells, HIGHEST), done, opens=not part.away)

    def _show_large(self, part: Part, document: Document) -> None:
        from tui_mail.ui.screens.text_page import TextPage

        is_picture = part.content_type.startswith("image/")
        text = Document(document.head, document.body, document.folded)
        self.app.push_screen(TextPage(part.filename, text, wide=is_picture))

    def _aside(self, work: Callable[[], T], done: Callable[[T], None], *, opens: bool = False) -> None:
        """Work that may fetch a file: what it comes to is shown if somebody is still here."""

        def shown(result: T) -> None:
            if self.is_mounted:
                self._said = ("", "", 0.0)
                done(result)
                self.write_title()

        aside(self._screen.bridge, work, shown, self._problem, opens=opens)
        self.set_timer(0.2, self.write_title)

    def _inside(self) -> None:
        """The attachments of an attached message."""
        part, parse = self._list.current, self._client.parse
        if part is None or not part.content_type.startswith("message/"):
            self.say("Only an attached message has attachments of its own.")
            return

        def work() -> tuple[bytes, Message]:
            content = self._files.content(part).content
            return content, parse(content)

        def done(found: tuple[bytes, Message]) -> None:
            content, message = found
            if message.attachments:
                self.app.push_screen(Attachments(self._screen, message, lambda: content))
            else:
                self.say("This message has no attachments.")

        self._aside(work, done, opens=not part.away)

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

        def work() -> list[Path]:
            from tui_mail.client.saving import destination, save_copy, save_new

            destination(typed, parts[0].filename)  # refused before anything is fetched
            saved = list[Path]()
            for part in parts:
                content = self._files.given(part)
                folder, name = destination(typed, part.filename)
                called = part.filename if len(parts) > 1 else name
                if isinstance(content, Path):
                    saved.append(save_copy(folder, called, content))
                else:
                    saved.append(save_new(folder, called, content))
            return saved

        def done(saved: list[Path]) -> None:
            remember(self._client.paths, SAVED_IN, f"{saved[0].parent}/")
            words = saved[0] if len(saved) == 1 else f"{len(saved)} files in {saved[0].parent}"
            self.say(safe_line(f"Saved: {words}"))

        self._aside(work, done)

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
        from tui_mail.mime.risks import in_words

        warning, key = in_words(part.risk), self.keymap.shown("attached.run", Place.ATTACHMENTS)
        what = warning or f"with your program for {part.content_type}"
        self.say(safe_line(f"{key} again opens it · {what}"), "error" if warning else "accent")

    def _hand_over(self, part: Part) -> None:
        paths = self._client.paths

        def work() -> bool:
            from tui_mail.client.saving import put_aside
            from tui_mail.ui.opener import open_file

            return open_file(put_aside(paths, part.filename, self._files.given(part)))

        def done(opened: bool) -> None:
            self.say(safe_line(f"Opening {part.filename}" if opened else "There is no desktop here that opens files."))

        self._aside(work, done)

    def _problem(self, error: MailError) -> None:
        if self.is_mounted:
            self.say(error.shown, "error")
