"""The last line of the screen: which keys matter here, made from the registry of actions.

What belongs here: choosing what fits, and what may follow the first key of a sequence.
"""

from __future__ import annotations

from textual import events
from textual.message import Message

from tui_mail.ui.actions import ACTIONS, PREFIX_LABEL, Place
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.one_line import OneLine, Run

ALWAYS = ("help",)
"""Actions that stay when not everything fits."""
PREFIX_RANK = 8
"""Where the first keys of sequences stand among the ranks of actions."""


class KeyBar(OneLine):
    """The footer."""

    class Pressed(Message):
        """A name in the footer was clicked."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:
        self._keymap = keymap
        self._place = Place.LIST
        self._waiting = ""
        self._spots: list[tuple[int, str]] = []
        super().__init__(id=id)

    def show(self, place: Place, waiting: str = "") -> None:
        """Show the keys of a place, or what may follow the first key of a sequence."""
        self._place, self._waiting = place, waiting
        self._lay_out()

    def on_resize(self) -> None:
        """Other keys may fit."""
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        """A click on a name does what its key does."""
        for end, action_id in self._spots:
            if event.x < end:
                self.post_message(self.Pressed(action_id))
                return

    def _lay_out(self) -> None:
        items = sequence_items(self._keymap, self._waiting, self._place) if self._waiting else None
        items = items or footer_items(self._keymap, self._place, self.size.width)
        runs: list[Run] = [(" ", "")]
        self._spots = []
        used = 1
        for key, label, action_id in items:
            if used + width(key) + 1 + width(label) > self.size.width:
                break
            runs += [*([("  ", "")] if self._spots else []), (key, "key"), (f" {label}", "quiet")]
            used += width(key) + width(label) + 3
            self._spots.append((used, action_id))
        self.write(runs)


def footer_items(keymap: Keymap, place: Place, cells: int) -> list[tuple[str, str, str]]:
    """Key, label and action id of what the footer shows in a place, as many as fit in `cells`."""
    ranked = [
        (action.footer, keymap.shown(action.id, place), action.label, action.id)
        for action in ACTIONS
        if action.footer and place in action.where and keymap.shown(action.id, place)
    ]
    ranked += [
        (PREFIX_RANK, key, PREFIX_LABEL.get(key, "…"), "")
        for key in keymap.prefixes[place]
        if any(not action.id.startswith("move.") for _, action in keymap.after(key, place))
    ]
    items = [(key, label, action_id) for _, key, label, action_id in sorted(ranked)]
    room = cells + 1 - sum(_size(item) for item in items if item[2] in ALWAYS)
    shown: list[tuple[str, str, str]] = []
    for item in items:
        if item[2] not in ALWAYS:
            room -= _size(item)
        if room >= 0 or item[2] in ALWAYS:
            shown.append(item)
    return shown


def sequence_items(keymap: Keymap, prefix: str, place: Place) -> list[tuple[str, str, str]]:
    """Key, label and action id of what may follow the first key of a sequence."""
    return [(key, action.label, action.id) for key, action in keymap.after(prefix, place)]


def _size(item: tuple[str, str, str]) -> int:
    return width(item[0]) + width(item[1]) + 3
