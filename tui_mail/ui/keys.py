"""From keys to actions: the presets, a person's own keys.toml, and sequences of two keys.

What belongs here: which action a key means in a place, and what is wrong with a keys.toml.
What must never be here: Textual. A key is its character ("e", "!") or its name ("enter", "ctrl+w").

    preset = "gmail"            # gmail | mutt | aerc
    [keys]
    "message.archive" = ["e", "y"]
    "go.inbox" = "g i"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_mail.errors import ConfigError
from tui_mail.ui.actions import ACTIONS, BY_ID, Action, Place

Chord = tuple[str, ...]
"""One key, or the two of a sequence."""

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "gmail": {},
    "mutt": {
        "message.archive": ("A",),
        "message.trash": ("d", "delete"),
        "message.move": ("s",),
        "message.copy": ("C",),
        "folder.create": ("C", "n"),
        "message.read": ("N",),
        "message.star": ("F",),
        "message.next_unread": ("n",),
        "message.previous_unread": ("P",),
        "reader.shown": ("g P",),
        "select.toggle": ("t",),
        "view.threads": ("D",),
        "select.range": ("X",),
        "undo": ("u",),
        "redo": ("U",),
        "go.folder": ("c", "g l"),
        "quit": ("q", "x"),
        "move.page_up": ("pageup", "-"),
        "mail.compose": ("m",),
        "mail.reply_all": ("a", "g r"),
        "mail.redirect": ("b",),
        "message.snooze": ("z",),
        "mail.edit_as_new": ("e",),
        "outbox.cancel": ("u",),
    },
    "aerc": {
        "message.archive": ("a",),
        "message.trash": ("d", "delete"),
        "message.move": ("m",),
        "select.toggle": ("v",),
        "select.range": ("V",),
        "reader.source": ("S",),
        "reader.headers": ("H",),
        "history": ("g h",),
        "message.open": ("enter", "l"),
        "view.threads": ("T",),
        "view.theme": ("ctrl+t",),
        "back": ("escape", "q", "left", "h"),
        "undo": ("u", "z"),
        "redo": ("ctrl+y",),
        "message.read": ("i",),
        "go.folder": ("c", "g l"),
        "move.page_down": ("pagedown", "ctrl+f", "space"),
        "move.page_up": ("pageup", "ctrl+b"),
        "mail.compose": ("C",),
        "mail.reply_all": ("A",),
    },
}
"""What each preset changes of the default keys in `actions.py`."""

_SHOWN = {
    "enter": "Enter", "escape": "Esc", "space": "Space", "tab": "Tab", "delete": "Del", "home": "Home", "end": "End",
    "pagedown": "PgDn", "pageup": "PgUp", "up": "↑", "down": "↓", "left": "←", "right": "→", "shift+tab": "Shift+Tab",
}  # fmt: skip
_TYPING = frozenset(_SHOWN) - {"escape"} | {"backspace", "insert"}
_NAMED = frozenset(_SHOWN) | {"backspace", "insert", *(f"f{number}" for number in range(1, 13))}


@dataclass(frozen=True)
class Keymap:
    """All keys of the running program."""

    keys: Mapping[str, tuple[Chord, ...]]
    """Of each action id."""
    table: Mapping[Place, Mapping[Chord, str]]
    """Of each place: which action a key or sequence is."""
    prefixes: Mapping[Place, frozenset[str]]
    """Of each place: keys that wait for a second one."""

    def shown(self, action_id: str, place: Place | None = None) -> str:
        """The first key of an action (that means it in `place`) as people write it: "e", "g i", "Ctrl+W"."""
        chords = self._chords_in(action_id, place)
        return show_chord(chords[0]) if chords else ""

    def all_shown(self, action_id: str, place: Place | None = None) -> str:
        """Every key of an action."""
        return "  ".join(show_chord(chord) for chord in self._chords_in(action_id, place))

    def after(self, prefix: str, place: Place) -> Iterator[tuple[str, Action]]:
        """The keys that can follow the first one of a sequence, in the order of the registry."""
        table = self.table[place]
        for action in ACTIONS:
            for chord in self.keys.get(action.id, ()):
                if len(chord) == 2 and chord[0] == prefix and table.get(chord) == action.id:
                    yield chord[1], action

    def _chords_in(self, action_id: str, place: Place | None) -> tuple[Chord, ...]:
        chords = self.keys.get(action_id, ())
        return tuple(chord for chord in chords if place is None or self.table[place].get(chord) == action_id)


class KeyReader:
    """Turns keys into actions, remembering the first key of a sequence."""

    def __init__(self, keymap: Keymap) -> None:
        self.keymap = keymap
        self.waiting = ""
        """The first key of a sequence whose second one has not come yet."""

    def feed(self, key: str, place: Place) -> str | None:
        """The action that `key` completes; None when there is none, or when `waiting` says that one more is due."""
        first, self.waiting = self.waiting, ""
        if first:
            return self.keymap.table[place].get((first, key))
        if key in self.keymap.prefixes[place]:
            self.waiting = key
            return None
        return self.keymap.table[place].get((key,))


def key_name(key: str, character: str | None) -> str:
    """A key event as keys.toml writes it: its character when it prints one, else its name."""
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return key


def is_typing(key: str) -> bool:
    """True for a key that a field or a text needs for itself."""
    return len(key) == 1 or key in _TYPING


def show_chord(chord: Chord) -> str:
    """As people write it: ("g", "i") → "g i", ("ctrl+w",) → "Ctrl+W"."""
    return " ".join(_show_key(key) for key in chord)


def default_keymap(preset: str = "gmail") -> Keymap:
    """The keymap of a preset without anybody's changes."""
    return _keymap(_preset_keys(preset), source=f"preset {preset}")


def read_keymap(path: Path) -> Keymap:
    """The keymap that keys.toml asks for; the default one if there is no such file. Raises ConfigError."""
    keymap, problems = forgiving_keymap(path)
    if problems:
        raise problems[0]
    return keymap


def forgiving_keymap(path: Path) -> tuple[Keymap, list[ConfigError]]:
    """What keys.toml asks for as far as it makes sense, and what is wrong in it: a line that is wrong is left out.

    Raises ConfigError for a file that cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            settings = tomllib.load(file)
    except FileNotFoundError:
        return default_keymap(), []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}. The default keys are used.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}. The default keys are used.") from error
    problems = [
        ConfigError(f"{path.name}: “{unknown}” is not known here; use preset and [keys].")
        for unknown in sorted(set(settings) - {"preset", "keys"})
    ]
    preset = settings.get("preset", "gmail")
    if not isinstance(preset, str) or preset not in PRESETS:
        choice = ", ".join(PRESETS)
        problems.append(ConfigError(f"{path.name}: there is no preset “{preset}”; choose one of {choice}."))
        preset = "gmail"
    own = settings.get("keys", {})
    if not isinstance(own, dict):
        problems.append(ConfigError(f"{path.name}: keys must be a table, as in [keys]."))
        own = {}
    chosen: dict[str, tuple[Chord, ...]] = {}
    for action_id, wish in own.items():
        try:
            chosen[_known_action(action_id, path.name)] = _chords(wish, action_id, path.name)
        except ConfigError as error:
            problems.append(error)
    try:
        return _changed(preset, chosen, path.name), problems
    except ConfigError as error:
        return _agreeing(preset, chosen, path.name), [*problems, error]


def _changed(preset: str, chosen: Mapping[str, tuple[Chord, ...]], source: str) -> Keymap:
    """A preset with these changes. Raises ConfigError when two actions want the same keys."""
    keys = {**_preset_keys(preset), **chosen}
    _free_taken_defaults(keys, set(chosen))
    return _keymap(keys, source=source)


def _agreeing(preset: str, chosen: Mapping[str, tuple[Chord, ...]], source: str) -> Keymap:
    """A preset with those of the changes that agree with the ones before them."""
    kept: dict[str, tuple[Chord, ...]] = {}
    keymap = default_keymap(preset)
    for action_id, chords in chosen.items():
        try:
            keymap = _changed(preset, {**kept, action_id: chords}, source)
        except ConfigError:
            continue
        kept[action_id] = chords
    return keymap


def _preset_keys(preset: str) -> dict[str, tuple[Chord, ...]]:
    changes = PRESETS[preset]
    keys = {a.id: tuple(_chord(key) for key in changes.get(a.id, a.keys)) for a in ACTIONS}
    _free_taken_defaults(keys, set(changes))
    return keys


def _free_taken_defaults(keys: dict[str, tuple[Chord, ...]], chosen: set[str]) -> None:
    """Take keys away from actions that only have them by default when a chosen action wants them there."""
    for action_id in chosen:
        where = BY_ID[action_id].where
        wanted = set(keys[action_id])
        for other in ACTIONS:
            if other.id not in chosen and other.where & where:
                keys[other.id] = tuple(chord for chord in keys[other.id] if chord not in wanted)


def _keymap(keys: dict[str, tuple[Chord, ...]], source: str) -> Keymap:
    table: dict[Place, dict[Chord, str]] = {place: {} for place in Place}
    for action in ACTIONS:
        for chord in keys[action.id]:
            for place in action.where:
                if place is Place.COMPOSE and is_typing(chord[0]):
                    continue
                if place is Place.SEARCH and len(chord[0]) == 1:
                    continue
                other = table[place].setdefault(chord, action.id)
                if other != action.id:
                    raise ConfigError(
                        f"{source}: “{show_chord(chord)}” is given to both {other} and {action.id} "
                        f"in the {place}. Give one of them another key."
                    )
    prefixes = {place: frozenset(chord[0] for chord in of if len(chord) == 2) for place, of in table.items()}
    for place, firsts in prefixes.items():
        for first in firsts:
            if (first,) in table[place]:
                raise ConfigError(
                    f"{source}: “{first}” is {table[place][(first,)]} and also begins sequences in the {place}. "
                    "Give that action another key."
                )
    return Keymap(keys, table, prefixes)


def _known_action(action_id: str, source: str) -> str:
    if action_id in BY_ID:
        return action_id
    import difflib

    near = difflib.get_close_matches(action_id, BY_ID, 1)
    hint = f" Did you mean “{near[0]}”?" if near else " The help page (?) lists them all."
    raise ConfigError(f"{source}: there is no action “{action_id}”.{hint}")


def _chords(wish: object, action_id: str, source: str) -> tuple[Chord, ...]:
    wishes = [wish] if isinstance(wish, str) else wish
    if not isinstance(wishes, list) or not all(isinstance(key, str) for key in wishes):
        raise ConfigError(f"{source}: the keys of “{action_id}” must be a text or a list of texts.")
    chords = tuple(_chord(key) for key in wishes)
    for chord in chords:
        if not 1 <= len(chord) <= 2 or not all(_is_key(key) for key in chord):
            raise ConfigError(
                f"{source}: “{' '.join(chord)}” (for {action_id}) is no key; "
                "write one character, or a name such as enter, space, f5, ctrl+w, or two of them: g i."
            )
    return chords


def _chord(keys: str) -> Chord:
    return tuple(keys.split())


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable()
    modifier, plus, name = key.rpartition("+")
    if plus:
        return set(modifier.split("+")) <= {"ctrl", "alt", "shift"} and (len(name) == 1 or name in _NAMED)
    return key in _NAMED


def _show_key(key: str) -> str:
    if key in _SHOWN:
        return _SHOWN[key]
    if "+" in key and len(key) > 1:
        *modifiers, last = key.split("+")
        return "+".join([m.capitalize() for m in modifiers] + [_SHOWN.get(last, last.upper())])
    return key.upper() if len(key) > 1 else key
