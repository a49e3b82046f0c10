"""The doctor: this computer, the store, the settings and every server, looked at a line at a time as they come.

What belongs here: the list, what is said of the line under the cursor, copying all of it. What must never be here: what
is looked at, and taking out what names a person (client/examining).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.strip import Strip

from tui_mail.errors import MailError
from tui_mail.text import safe_line
from tui_mail.ui.actions import Place
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.widgets.cells import clip
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.one_line import Run

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

MARKS = {"✓": "good", "!": "warning", "✗": "bad", "→": "bar"}
"""What a finding begins with, and how that looks."""
LINE = 2_000


class FindingList(ItemList[str]):
    """One line for each finding."""

    PREFIX = "finding"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "finding--word", "finding--heading", "finding--quiet", "finding--bar", "finding--good", "finding--warning",
        "finding--bad", "finding--cursor", "finding--blurred",
    }  # fmt: skip

    def add(self, words: str) -> None:
        """One more; the cursor stays."""
        self.show_items([*self.items, words], self.cursor)

    def paint(self, index: int, cells: int) -> Strip:
        """One line."""
        bar: Run = ("▌" if index == self.cursor else " ", "bar")
        return self.strip([bar, *finding_runs(self.items[index], cells - 1)], cells, self.ground(index))


class Doctor(ListBox):
    """A box over the triage screen."""

    NAME = "doctor"
    PLACE = Place.DOCTOR

    def __init__(self, triage: Triage) -> None:
        self._client = triage.client
        self._keymap_file = triage.client.paths.keys_file
        self._bridge = triage.bridge
        self._list = FindingList(id="doctor-list")
        self._errands = Errands("doctor", triage.bridge, self._failed)
        self._stop = threading.Event()
        self._looking = False
        super().__init__(triage.keymap, self._list)

    def begin(self) -> None:
        """Look at everything."""
        self._again()

    def on_unmount(self) -> None:
        """Nobody wants to know any more."""
        self._stop.set()
        self._errands.close()

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        return {"doctor.copy": self._copy, "doctor.again": self._again}

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """How far it is, and what came of it."""
        marks = [line.lstrip()[:1] for line in self._list.items]
        bad, warnings = marks.count("✗"), marks.count("!")
        if bad:
            said: Run = (f"  ✗ {bad} {'thing does' if bad == 1 else 'things do'} not work", "error")
        elif warnings:
            said = (f"  ! {warnings} {'thing' if warnings == 1 else 'things'} to know", "warning")
        else:
            said = ("", "") if self._looking else ("  ✓ everything works", "success")
        looking: list[Run] = [("  looking…", "accent")] if self._looking else []
        return [(" Doctor", "strong"), said, *looking], [("without names and addresses ", "quiet")]

    def describe(self) -> None:
        """All of the line under the cursor."""
        words = safe_line(" ".join((self._list.current or "").split()), LINE)
        self.details.show(Document([], [Paragraph(((words, "quiet"),))]), keep_place=True)

    def choose(self) -> None:
        """What Enter would do."""

    @property
    def report(self) -> str:
        """Everything that was found, to be pasted."""
        return "\n".join(self._list.items) + "\n"

    def _copy(self) -> None:
        self.app.copy_to_clipboard(self.report)
        self.say("Copied; look it over before you paste it" if not self._looking else "Copied what is known by now")

    def _again(self) -> None:
        if self._looking:
            return
        self._looking = True
        self._list.show_items([], 0)
        self.write_title()
        self._errands.ask(self._examine)

    def _examine(self) -> Then:
        """On a thread."""
        from tui_mail.client import surroundings
        from tui_mail.client.examining import examine
        from tui_mail.ui.keys import read_keymap
        from tui_mail.ui.terminal_notice import way_of

        troubles = []
        try:
            read_keymap(self._keymap_file)
        except MailError as error:
            troubles.append(str(error.shown))
        terminal = surroundings.terminal(ask=False) | {"notifications": way_of(os.environ)}
        examine(self._client.paths, self._client, self._tell, terminal=terminal, troubles=troubles, stop=self._stop)
        return self._over

    def _tell(self, words: str) -> None:
        shown = "\n".join(safe_line(line, LINE) for line in words.split("\n"))

        def then() -> None:
            if self.is_attached:
                self._list.add(shown)
                self.write_title()

        self._bridge.deliver(then)

    def _over(self) -> None:
        self._looking = False
        if not self.is_attached:
            return
        marks = [line.lstrip()[:1] for line in self._list.items]
        if self._list.cursor == 0 and (worst := next((mark for mark in "✗!" if mark in marks), "")):
            self._list.move_to(marks.index(worst))
        self.write_title()

    def _failed(self, error: MailError) -> None:
        self._looking = False
        self.say(error.shown, "error")


def finding_runs(words: str, cells: int) -> list[Run]:
    """A finding as it is painted: its mark, and as much as there is room for."""
    flat = " ".join(words.split())
    room = max(0, cells)
    if flat[:1] in MARKS:
        inset = "  " * (len(words) - len(words.lstrip()) > 0)
        return [(f" {inset}{flat[:1]}", MARKS[flat[:1]]), (clip(flat[1:], room - len(inset) - 2), "word")]
    if words[:1].isspace():
        return [(clip(f"     {flat}", room), "quiet")]
    title, colon, rest = flat.partition(": ")
    return [(clip(f" {title}", room), "heading"), (clip(f"{colon and ' '} {rest}", room - len(title) - 1), "quiet")]
