"""The help page: the keys of a place, made from the registry of actions."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_mail.ui.actions import ACTIONS, GROUPS, Place
from tui_mail.ui.keys import Keymap
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.picker import LOW
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.reader import Reader

PLACE_NAME = {
    Place.LIST: "the list",
    Place.READER: "the reader",
    Place.TREE: "the folders",
    Place.HISTORY: "the history",
    Place.COMPOSE: "the composer",
    Place.OUTBOX: "the outbox",
    Place.SETTINGS: "the settings",
    Place.DOCTOR: "the doctor",
    Place.SEARCH: "the search box",
    Place.ATTACHMENTS: "the attachments",
}
MARKS = (
    ("●", "unread"), ("★", "starred"), ("⎘", "has attachments"), ("↩", "answered"),
    ("⟳", "waits for the server"), ("✗", "the server refused"), ("✓", "selected"), ("⊘", "muted"),
    ("↶", "can be undone, in the history"),
)  # fmt: skip
SEARCHING = (
    ("lunch friday", "both words, or words with them inside"),
    ('"lunch on friday"', "these whole words, in this order"),
    ("from: to: cc: subject:", "in that field: from:(anna OR bob)"),
    ("body: filename: list:", "in text, file names, name of a list"),
    ("in:sent  account:work", "in a folder or role, of an account"),
    ("is:unread", "read, starred, answered, draft, muted"),
    ("has:attachment  keyword:todo", "with a file, with a keyword"),
    ("larger:5M  smaller:20k", "by size"),
    ("before:2024-03-01  after:2024-03", "by day, month or year"),
    ("newer:7d  older:1y", "by age: h, d, w, m, y"),
    ("-word  a OR b  (a b)", "not, or, together"),
)
TYPING = (
    ("Ctrl+Z  Ctrl+Y", "take back what was typed, type it again"), ("Ctrl+←  Ctrl+→", "word by word"),
    ("Ctrl+W", "delete the word before the cursor"), ("Shift+arrows", "select"),
    ("Ctrl+C Ctrl+X Ctrl+V", "copy, cut, paste"), ("Tab  ↑  ↓", "from field to field"),
    ("↓  Enter", "take an address that is offered; a comma ends one"),
    ("a file's path", "pasted or dragged in, it becomes an attachment"),
)  # fmt: skip

_BELOW = {Place.COMPOSE: ("While you type", TYPING), Place.SEARCH: ("What can be asked", SEARCHING)}


class Help(ModalScreen[None]):
    """All keys of one place; any of Esc, q, ? closes it."""

    def __init__(self, keymap: Keymap, place: Place) -> None:
        super().__init__(classes="help")
        self._keymap = keymap
        self._place = place

    def compose(self) -> ComposeResult:
        """A title and the text."""
        with Vertical(id="help-box"):
            yield OneLine(id="help-title")
            yield Reader(id="help-text")

    def on_mount(self) -> None:
        """Fill it."""
        title = f" Keys in {PLACE_NAME[self._place]}"
        self.query_one(OneLine).write([(title, "strong")], [("Esc closes ", "quiet")])
        self.query_one(Reader).show(help_document(self._keymap, self._place))

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    def on_key(self, event: events.Key) -> None:
        """Scroll, or close."""
        text = self.query_one(Reader)
        match event.key:
            case "escape" | "q" | "question_mark" | "enter" | "left":
                self.dismiss()
            case "j" | "down":
                text.scroll_lines(1)
            case "k" | "up":
                text.scroll_lines(-1)
            case "pagedown" | "space":
                text.page_by(1)
            case "pageup" | "b":
                text.page_by(-1)
            case "home" | "g":
                text.scroll_line_to_top(0)
            case "end" | "G":
                text.to_end()
            case _:
                return
        event.stop()


def help_document(keymap: Keymap, place: Place) -> Document:
    """The keys of a place by group, then what the marks mean."""
    here = [action for action in ACTIONS if place in action.where and keymap.shown(action.id, place)]
    column = max((width(keymap.all_shown(action.id, place)) for action in here), default=0) + 3
    body: list[Paragraph] = []
    for group in GROUPS:
        actions = [action for action in here if action.group == group]
        if not actions:
            continue
        body += [Paragraph(()), Paragraph(((group, "heading"),))]
        for action in actions:
            keys = keymap.all_shown(action.id, place)
            first = (("  ", ""), (keys, "strong"), (" " * (column - width(keys)), ""))
            body.append(Paragraph(((action.help, ""),), first, ((" " * (column + 2), ""),)))
    heading, lines = _BELOW.get(place, ("Marks", MARKS))
    column = max(width(mark) for mark, _ in lines) + 2
    body += [Paragraph(()), Paragraph(((heading, "heading"),))]
    body += [
        Paragraph(((words, ""),), (("  ", ""), (mark, "strong"), (" " * (column - width(mark)), "")))
        for mark, words in lines
    ]
    return Document([], body)
