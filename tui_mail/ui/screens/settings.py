"""The settings: every account, its identities and servers, and the screen, one line for each; Enter changes one.

What belongs here: the list, what is said of the line under the cursor, the keys, and the line that asks for a value.
What must never be here: which settings there are (`setting_text`), files (`setting`), rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, Static

from tui_mail.errors import MailError
from tui_mail.text import SafeText, safe_line
from tui_mail.ui import setting as files
from tui_mail.ui.actions import Place
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.keys import PRESETS, KeyReader, key_name
from tui_mail.ui.memory import remember
from tui_mail.ui.screens.picker import LOW, Choice, Picker
from tui_mail.ui.themes import THEMES
from tui_mail.ui.widgets.cells import steady, width
from tui_mail.ui.widgets.key_bar import KeyBar
from tui_mail.ui.widgets.line_view import CursorView
from tui_mail.ui.widgets.one_line import OneLine
from tui_mail.ui.widgets.reader import Reader
from tui_mail.ui.widgets.setting_text import (
    SCREEN,
    Setting,
    SettingLine,
    lines_of,
    setting_details,
    setting_runs,
)

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

SAID_SECONDS = 6.0
"""How long a word about what was just done stands in the title."""
Kept = Callable[[], object]
Refused = Callable[[str], None]
THEME = Setting("theme", "Theme", "Dark or light; at once.", tuple(theme.name for theme in THEMES))
PRESET = Setting("preset", "Keys", "A preset; your own keys stay in keys.toml. From the next start.", tuple(PRESETS))


class SettingList(CursorView):
    """One line for each setting."""

    PREFIX = "setting"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "setting--heading", "setting--value", "setting--quiet", "setting--bar", "setting--cursor", "setting--blurred",
    }  # fmt: skip

    class Moved(Message):
        """The cursor is on another line, or the line reads differently."""

    class Chosen(Message):
        """A line was clicked twice."""

    def __init__(self, *, id: str) -> None:
        self.lines: list[SettingLine] = []
        super().__init__(id=id)

    @property
    def current(self) -> SettingLine | None:
        """What the cursor is on."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def show(self, lines: list[SettingLine]) -> None:
        """Show these; the cursor stays on its line."""
        first = not self.lines
        self.lines = lines
        self.set_count(len(lines))
        self.cursor = min(1 if first else self.cursor, max(0, len(lines) - 1))
        self.reveal()
        self.forget_all()
        self.post_message(self.Moved())

    def paint(self, index: int, cells: int) -> Strip:
        """One line."""
        runs = setting_runs(self.lines[index], cells, cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))

    def cursor_moved(self) -> None:
        """Tell the screen."""
        self.post_message(self.Moved())

    def chosen(self) -> None:
        """Tell the screen."""
        self.post_message(self.Chosen())


class Change(ModalScreen[bool]):
    """Asks for a value at the bottom; what is wrong with it stands above, and the line stays until it is right."""

    AUTO_FOCUS = "Input"

    def __init__(self, line: SettingLine, keep: Callable[[str, Kept, Refused], None]) -> None:
        """`keep(text, kept, refused)` writes a value, and calls one of the two later."""
        super().__init__(classes="change")
        self._line = line
        self._keep = keep
        self._busy = False
        self._wrong = Static("", id="change-problem", markup=False)
        self._label = OneLine(id="change-label")

    def compose(self) -> ComposeResult:
        """What is wrong, the name, the value."""
        with Vertical(id="change-box"):
            yield self._wrong
            with Horizontal(id="change-line"):
                yield self._label
                value = self._line.value.replace("\n", "\\n")
                yield Input(value, id="change-input", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """As wide as the name."""
        label = steady(safe_line(self._line.label))
        self._label.styles.width = width(label) + 2
        self._label.write([(f" {label} ", "strong")])
        self._say(self._line.setting.help if self._line.setting else "", "quiet")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Have it written, unless it is what it was."""
        if self._busy:
            return
        if event.value.strip() == self._line.value.replace("\n", "\\n").strip():
            self.dismiss(False)
            return
        self._busy = True
        self._keep(event.value, lambda: self.dismiss(True), self._refused)

    def on_key(self, event: events.Key) -> None:
        """Esc takes nothing."""
        if event.key == "escape":
            event.stop()
            self.dismiss(False)

    def _refused(self, words: str) -> None:
        self._busy = False
        self._say(f"✗ {words}", "error")

    def _say(self, words: str, look: str) -> None:
        self._wrong.update(words)
        self._wrong.set_class(look == "error", "-error")


class Settings(ModalScreen[None]):
    """A box over whatever is in front."""

    def __init__(self, triage: Triage) -> None:
        super().__init__(classes="settings")
        self._client = triage.client
        self._keymap = triage.keymap
        self._bridge = triage.bridge
        self._reader = KeyReader(triage.keymap)
        self._errands = Errands("settings", triage.bridge, self._problem)
        self._list = SettingList(id="settings-list")
        self._title = OneLine(id="settings-title")
        self._details = Reader(id="settings-details")
        self._details.can_focus = False
        self._key_bar = KeyBar(triage.keymap, id="settings-keys")
        self._said: tuple[str, str, float] = ("", "", 0.0)
        self._known: files.Known | None = None
        self.table = self._actions()

    def compose(self) -> ComposeResult:
        """Title, list, details, keys."""
        with Vertical(id="settings-box"):
            yield self._title
            yield self._list
            yield self._details
            yield self._key_bar

    def on_mount(self) -> None:
        """Read the files."""
        self._key_bar.show(Place.SETTINGS)
        self._list.focus()
        self._write_title()
        self._errands.ask(self._read)
        self.set_interval(1.0, self._write_title)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._errands.close()

    def on_resize(self) -> None:
        """A low window gets a box without air."""
        self.set_class(self.size.height < LOW, "-low")

    async def on_key(self, event: events.Key) -> None:
        """Every key of this screen."""
        action_id = self._reader.feed(key_name(event.key, event.character), Place.SETTINGS)
        self._key_bar.show(Place.SETTINGS, self._reader.waiting)
        event.stop()
        event.prevent_default()
        if action_id is not None:
            self.table[action_id]()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A click in the footer."""
        if event.action_id:
            self.table[event.action_id]()

    def on_setting_list_moved(self) -> None:
        """Say what there is to say of the line."""
        keys = {"settings.change": self._keymap.shown("settings.change")}
        self._details.show(setting_details(self._list.current, keys), keep_place=True)

    def on_setting_list_chosen(self) -> None:
        """A second click does what Enter does."""
        self._change()

    def _actions(self) -> dict[str, Callable[[], object]]:
        """What every action of this place does."""
        lines = self._list
        return {
            "settings.change": self._change,
            "back": self.dismiss,
            "move.down": lambda: lines.move_by(1),
            "move.up": lambda: lines.move_by(-1),
            "move.page_down": lambda: lines.page_by(1),
            "move.page_up": lambda: lines.page_by(-1),
            "move.top": lambda: lines.move_to(0),
            "move.bottom": lambda: lines.move_to(lines.count),
            "help": self._help,
        }

    # --- reading and writing

    def _read(self) -> Then:
        known = files.read(self._client)

        def show() -> None:
            self._known = known
            self._show()

        return show

    def _show(self) -> None:
        if self._known is not None:
            screen = ((THEME, self.app.theme), (PRESET, self._known.preset))
            self._list.show(lines_of(self._known.accounts, screen))
            self._write_title()

    def _change(self) -> None:
        line = self._list.current
        if line is None or line.setting is None:
            return
        if not line.setting.choices:
            self.app.push_screen(Change(line, lambda text, kept, refused: self._keep(line, text, kept, refused)))
            return
        choices = [Choice(one, one or "not set", "now" if one == line.value else "") for one in line.setting.choices]

        def picked(value: str | None) -> None:
            if value is not None and value != line.value:
                self._keep(line, value, lambda: None, self._say_refused)

        self.app.push_screen(Picker(line.label, choices), picked)

    def _keep(self, line: SettingLine, text: str, kept: Kept, refused: Refused) -> None:
        """Write one value on the thread, and read everything again."""
        assert line.setting is not None
        key = line.setting.key
        if line.owner == SCREEN and key == THEME.key:
            self.app.theme = text
            remember(self._client.paths, "theme", text)
            self._show()
            return

        def work() -> Then:
            try:
                if line.owner == SCREEN:
                    files.write_preset(self._client.paths.keys_file, text)
                else:
                    files.write(self._client, line.owner, key, text)
            except MailError as error:
                words = error.shown
                return lambda: refused(words)
            known = files.read(self._client)

            def done() -> None:
                kept()
                self._known = known
                self._show()
                self._say("Kept · from the next start of tui-mail on", "success")

            return done

        self._errands.ask(work)

    def _help(self) -> None:
        from tui_mail.ui.screens.help import Help

        self.app.push_screen(Help(self._keymap, Place.SETTINGS))

    # --- what is said

    def _say_refused(self, words: str) -> None:
        self.notify(words, severity="error", timeout=10, markup=False)

    def _problem(self, error: MailError) -> None:
        self._say(error.shown, "error")

    def _say(self, words: str, look: str) -> None:
        self._said = (words, look, time.monotonic())
        self._write_title()

    def _write_title(self) -> None:
        words, look, since = self._said
        left = [(" Settings", "strong")]
        if words and time.monotonic() - since < SAID_SECONDS:
            left = [(f" {words}", look)]
        elif self._known is not None and self._known.problems:
            left = [(" Settings", "strong"), (f"  ! {self._known.problems[0]}", "warning")]
        self._title.write(left, [(SafeText("config.toml "), "quiet")])
