"""The last line of the screen: which keys matter here, made from the registry of actions.

What belongs here: choosing what fits, what may follow the first key of a sequence, and when the box says more of it.
"""

from __future__ import annotations

from collections.abc import Collection

from textual import events
from textual.message import Message
from textual.timer import Timer

from tui_mail.ui.actions import ACTIONS, PREFIX_LABEL, Place
from tui_mail.ui.keys import Keymap
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.key_box import KeyBox, following
from tui_mail.ui.widgets.one_line import OneLine, Run

ALWAYS = ("help",)
"""Actions that stay when not everything fits."""
PREFIX_RANK = 8
"""Where the first keys of sequences stand among the ranks of actions."""


THINKING = 0.4
"""Seconds after the first key of a sequence until a box says what may follow; who types on never sees it."""


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
        self._left_out: Collection[str] = []
        self._spots: list[tuple[int, str, str]] = []
        self._box: KeyBox | None = None
        self._timer: Timer | None = None
        super().__init__(id=id)

    def show(self, place: Place, waiting: str = "") -> None:
        """Show the keys of a place, or what may follow the first key of a sequence."""
        self._place, self._waiting = place, waiting
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(THINKING, self._open_box) if waiting else None
        if self._box is not None and not waiting:
            self._box.display = False
        self._lay_out()

    def leave_out(self, action_ids: Collection[str]) -> None:
        """Name all actions of the place but these, which do nothing now."""
        if action_ids != self._left_out:
            self._left_out = action_ids
            self._lay_out()

    def on_resize(self) -> None:
        """Other keys may fit."""
        self._lay_out()

    def on_click(self, event: events.Click) -> None:
        """A click on a name does what its key does; what is a key of a sequence is typed."""
        for end, action_id, key in self._spots:
            if event.x < end:
                if key:
                    self.app.simulate_key(key)
                else:
                    self.post_message(self.Pressed(action_id))
                return

    async def _open_box(self) -> None:
        """The keys that may follow, with their words."""
        waiting = self._waiting
        if self._box is None:
            self._box = KeyBox()
            await self.screen.mount(self._box)
        entries = following(self._keymap, waiting, self._place) if waiting else []
        if entries and waiting == self._waiting:
            self._box.show(waiting, entries)

    def _lay_out(self) -> None:
        entries = following(self._keymap, self._waiting, self._place) if self._waiting else []
        items = [(one.shown, one.label, "") for one in entries]
        items = items or footer_items(self._keymap, self._place, self.size.width, self._left_out)
        typed = [one.key for one in entries] or ["" if action_id else key for key, _, action_id in items]
        runs: list[Run] = [(" ", "")]
        self._spots = []
        used = 1
        for (key, label, action_id), type_it in zip(items, typed, strict=True):
            if used + width(key) + 1 + width(label) > self.size.width:
                break
            runs += [*([("  ", "")] if self._spots else []), (key, "key"), (f" {label}", "quiet")]
            used += width(key) + width(label) + 3
            self._spots.append((used, action_id, type_it))
        self.write(runs)


def footer_items(
    keymap: Keymap, place: Place, cells: int, left_out: Collection[str] = ()
) -> list[tuple[str, str, str]]:
    """Key, label and action id of what the footer shows in a place, as many as fit in `cells`."""
    ranked = [
        (action.footer, keymap.shown(action.id, place), action.label, action.id)
        for action in ACTIONS
        if action.footer and place in action.where and action.id not in left_out and keymap.shown(action.id, place)
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


def _size(item: tuple[str, str, str]) -> int:
    return width(item[0]) + width(item[1]) + 3
