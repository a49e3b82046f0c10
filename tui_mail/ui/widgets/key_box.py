"""The box above the footer that says what may follow the first key of a sequence, for whoever stops to think.

What belongs here: laying it out, and a click on it. What must never be here: what sequences there are (`keys`), and
when it is shown (`key_bar`).
"""

from __future__ import annotations

from textual import events
from textual.strip import Strip

from tui_mail.records import frozen
from tui_mail.ui.actions import PREFIX_LABEL, Place
from tui_mail.ui.keys import Keymap, show_chord
from tui_mail.ui.widgets.cells import clip, fit, width
from tui_mail.ui.widgets.one_line import OneLine, Run

GAP = 3
"""Cells between two columns."""


@frozen
class Following:
    """A key that may follow, and what it does then."""

    key: str
    label: str
    help: str
    has_shorter: bool = False
    """One key does the same; where there is little room, this one is left out."""

    @property
    def shown(self) -> str:
        """The key as people write it."""
        return show_chord((self.key,))


def following(keymap: Keymap, prefix: str, place: Place) -> list[Following]:
    """What may follow the first key of a sequence: places first, then the rest in the order of the registry."""
    return [
        Following(key, action.label, action.help, _has_shorter(keymap, action.id, place))
        for key, action in sorted(keymap.after(prefix, place), key=lambda one: not one[1].id.startswith("go."))
    ]


def _has_shorter(keymap: Keymap, action_id: str, place: Place) -> bool:
    table = keymap.table[place]
    return any(len(chord) == 1 and table.get(chord) == action_id for chord in keymap.keys.get(action_id, ()))


@frozen
class Grid:
    """Entries in columns, filled from above: their words, and how wide a column is."""

    words: tuple[str, ...]
    cells: int
    """Of a column."""
    rows: int

    @classmethod
    def of(cls, entries: list[Following], cells: int, most: int) -> Grid:
        """Whole sentences if they fit into `most` rows, else a word or two for each."""
        for words in ([one.help for one in entries], [one.label for one in entries]):
            widest = max(width(one.shown) + 2 + width(word) for one, word in zip(entries, words, strict=True))
            columns = max(1, (cells - 1) // (widest + GAP))
            rows = -(-len(entries) // columns)
            if rows <= most:
                break
        return cls(tuple(words), min(widest + GAP, cells - 1), rows)


class KeyBox(OneLine):
    """As many lines as the keys need, over the panes."""

    def __init__(self) -> None:
        self._entries: list[Following] = []
        self._grid = Grid((), 1, 0)
        self._prefix = ""
        super().__init__(id="key-box")
        self.display = False

    def show(self, prefix: str, entries: list[Following]) -> None:
        """Show what may follow."""
        screen = self.screen.size
        self._prefix, self._entries = prefix, entries
        self._grid = Grid.of(entries, screen.width, max(3, screen.height // 2 - 3))
        if self._grid.rows + 1 > screen.height - 2:
            self._entries = [one for one in entries if not one.has_shorter] or entries
            self._grid = Grid.of(self._entries, screen.width, screen.height - 3)
        height = min(self._grid.rows + 1, screen.height - 2)
        self.styles.height = height
        self.styles.offset = (0, screen.height - 1 - height)
        self.display = True
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The title, or one line of entries."""
        cells = self.size.width
        segments, used = self._segments(self._title() if not y else self._row(y - 1), cells)
        return Strip(segments, used).adjust_cell_length(cells, self.look(""))

    def on_click(self, event: events.Click) -> None:
        """A click on an entry is its key."""
        event.stop()
        at = (event.x - 1) // self._grid.cells * self._grid.rows + event.y - 1
        if event.y and event.x and 0 <= at < len(self._entries):
            self.app.simulate_key(self._entries[at].key)

    def _title(self) -> list[Run]:
        meaning = PREFIX_LABEL.get(self._prefix, "")
        return [
            (f" {show_chord((self._prefix,))}", "key"),
            (f" {meaning}…" if meaning else " …", "strong"),
            ("   Esc: nothing", "quiet"),
        ]

    def _row(self, row: int) -> list[Run]:
        runs: list[Run] = [(" ", "")]
        for at in range(row, len(self._entries), self._grid.rows):
            entry = self._entries[at]
            room = self._grid.cells - GAP - width(entry.shown) - 2
            runs += [(entry.shown, "key"), (f"  {fit(clip(self._grid.words[at], room), room)}", "quiet")]
            runs.append((" " * GAP, ""))
        return runs
