"""The settings: every account, its identities and servers, and the screen, one line for each; Enter changes one.

What belongs here: the list, what is said of the line under the cursor, the keys, and the line that asks for a value.
What must never be here: which settings there are (`setting_text`), files (`setting`), rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widgets import Input, Static

from tui_mail.config.notice_rules import NOTICE_KEYS, notice_words
from tui_mail.errors import MailError
from tui_mail.text import safe_line
from tui_mail.ui import setting as files
from tui_mail.ui.actions import Place
from tui_mail.ui.bridge import Errands, Then
from tui_mail.ui.keys import PRESETS
from tui_mail.ui.memory import remember
from tui_mail.ui.screens.dialog import ModalScreen
from tui_mail.ui.screens.list_box import ItemList, ListBox
from tui_mail.ui.screens.picker import Choice, Picker
from tui_mail.ui.themes import THEMES
from tui_mail.ui.widgets.cells import steady, width
from tui_mail.ui.widgets.one_line import OneLine, Run
from tui_mail.ui.widgets.setting_text import (
    ADVANCE,
    KEYS,
    NOTICES,
    SCREEN,
    Setting,
    SettingLine,
    key_settings,
    lines_of,
    setting_details,
    setting_runs,
)

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

Kept = Callable[[], object]
Refused = Callable[[str], None]
THEME = Setting("theme", "Theme", "Dark or light; at once.", tuple(theme.name for theme in THEMES))
TABS = Setting(
    "splits", "Inbox tabs", "The inbox in tabs, as [splits] says or by kind of mail; at once.", ("on", "off")
)
PRESET = Setting("preset", "Keys", "A preset; your own keys stay in keys.toml. From the next start.", tuple(PRESETS))


class SettingList(ItemList[SettingLine]):
    """One line for each setting."""

    PREFIX = "setting"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "setting--heading", "setting--value", "setting--quiet", "setting--bar", "setting--cursor", "setting--blurred",
    }  # fmt: skip

    def show(self, lines: list[SettingLine]) -> None:
        """Show these; the cursor stays on its line."""
        self.show_items(lines, self.cursor if self.items else 1)

    def paint(self, index: int, cells: int) -> Strip:
        """One line."""
        runs = setting_runs(self.items[index], cells, cursor=index == self.cursor)
        return self.strip(runs, cells, self.ground(index))


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


class Settings(ListBox):
    """A box over whatever is in front."""

    NAME = "settings"
    PLACE = Place.SETTINGS

    def __init__(self, triage: Triage) -> None:
        self._client = triage.client
        self._use_notices = triage.use_notices
        self._narrowing = triage.narrowing
        self._errands = Errands("settings", triage.bridge, self._problem)
        self._list = SettingList(id="settings-list")
        self._known: files.Known | None = None
        self._warned: tuple[str, str] | None = None
        """A setting and the value that would take something from another; the same once more is meant."""
        super().__init__(triage.keymap, self._list)

    def begin(self) -> None:
        """Read the files."""
        self.write_title()
        self._errands.ask(self._read)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._errands.close()

    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What every action of this place does."""
        return {"settings.change": self._change}

    def title_runs(self) -> tuple[list[Run], list[Run]]:
        """What is wrong in the file, if anything is."""
        left = [(" Settings", "strong")]
        if self._known is not None and self._known.problems:
            left.append((f"  ! {self._known.problems[0]}", "warning"))
        return left, [("config.toml ", "quiet")]

    def describe(self) -> None:
        """What the setting means."""
        keys = {"settings.change": self.keymap.shown("settings.change")}
        self.details.show(setting_details(self._list.current, keys), keep_place=True)

    def choose(self) -> None:
        """What Enter does."""
        self._change()

    # --- reading and writing

    def _read(self) -> Then:
        known = files.read(self._client)

        def show() -> None:
            self._known = known
            self._show()

        return show

    def _show(self) -> None:
        if self._known is not None:
            told = notice_words(self._known.notices)
            notices = ((one, told[one.key]) for one in NOTICES)
            tabs = "on" if self._narrowing.tabs_wanted else "off"
            mine = ((THEME, self.app.theme), (TABS, tabs), (PRESET, self._known.preset), (ADVANCE, self._known.advance))
            screen = (*mine, *notices)
            self._list.show(lines_of(self._known.accounts, screen, key_settings(self._known.keys)))
            self.write_title()

    def _change(self) -> None:
        line = self._list.current
        if line is None or line.setting is None:
            return
        self._warned = None
        if not line.setting.choices:
            self.app.push_screen(Change(line, lambda text, kept, refused: self._keep(line, text, kept, refused)))
            return
        unset = "by itself" if line.by_itself else "not set"
        choices = [
            Choice(one, steady(safe_line(one)) or unset, "now" if one == line.value else "")
            for one in line.setting.choices
        ]

        def picked(value: str | None) -> None:
            if value is not None and value != line.value:
                self._keep(line, value, lambda: None, self._say_refused)

        self.app.push_screen(Picker(line.label, choices), picked)

    def _keep(self, line: SettingLine, text: str, kept: Kept, refused: Refused) -> None:
        """Write one value on the thread, and read everything again."""
        assert line.setting is not None
        key = line.setting.key
        taking, self._warned = self._warned == (key, text), None

        def warned(words: str) -> None:
            self._warned = (key, text)
            refused(words)

        if line.owner == SCREEN and key == THEME.key:
            self.app.theme = text
            remember(self._client.paths, "theme", text)
            self._show()
            return
        if line.owner == SCREEN and key == TABS.key:
            self._narrowing.toggle_tabs()
            self._show()
            return

        def work() -> Then:
            try:
                if line.owner == SCREEN and key == PRESET.key:
                    files.write_preset(self._client.paths.keys_file, text)
                elif line.owner == SCREEN and key.startswith(KEYS):
                    files.write_keys(self._client.paths.keys_file, key.removeprefix(KEYS), text, taking=taking)
                elif line.owner == SCREEN and key == ADVANCE.key:
                    files.write_advance(self._client, text)
                elif line.owner == SCREEN:
                    files.write_notice(self._client, key, text)
                else:
                    files.write(self._client, line.owner, key, text)
            except files.KeyTaken as error:
                question = error.shown
                return lambda: warned(question)
            except MailError as error:
                words = error.shown
                return lambda: refused(words)
            known = files.read(self._client)

            def done() -> None:
                kept()
                self._known = known
                self._use_notices(known.notices)
                self._show()
                soon = key.startswith("folders.") or key in ("notify", ADVANCE.key, *NOTICE_KEYS)
                when = "at once" if soon else "from the next start of tui-mail on"
                self.say(f"Kept · {when}", "success")

            return done

        self._errands.ask(work)

    def _say_refused(self, words: str) -> None:
        self.notify(words, severity="error", timeout=10, markup=False)

    def _problem(self, error: MailError) -> None:
        self.say(error.shown, "error")
