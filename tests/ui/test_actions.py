"""The registry of actions is complete and free of clashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.world import world
from tui_mail.mime.parse import parse_message
from tui_mail.outgoing import Begun, Draft
from tui_mail.ui.actions import ACTIONS, BY_ID, GROUPS, Place
from tui_mail.ui.keys import PRESETS, default_keymap, is_typing
from tui_mail.ui.screens.attachments import Attachments
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.screens.doctor import Doctor
from tui_mail.ui.screens.help import help_document
from tui_mail.ui.screens.history import History
from tui_mail.ui.screens.outbox import Outbox
from tui_mail.ui.screens.settings import Settings
from tui_mail.ui.widgets.key_bar import footer_items

NO_MESSAGE = parse_message(b"")


def test_every_action_has_keys_a_label_help_and_a_place() -> None:
    """Nothing in the registry is half an action."""
    for action in ACTIONS:
        assert action.keys, action
        assert action.label, action
        assert action.help, action
        assert action.where, action
        assert action.group in GROUPS, action
    assert len(BY_ID) == len(ACTIONS)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_have_no_clashes_and_reach_everything(preset: str) -> None:
    """Each preset gives every action at least one key, and no key two meanings in one place."""
    keymap = default_keymap(preset)
    for action in ACTIONS:
        assert keymap.shown(action.id), f"{preset}: {action.id} has no key"


def test_no_action_needs_altgr() -> None:
    """Keys that a German or French keyboard has only on AltGr carry nothing on their own."""
    for preset in PRESETS:
        for chords in default_keymap(preset).keys.values():
            assert any(not set("@[]{}|\\~") & set(chord) for chord in chords)


def test_every_action_does_something(tmp_path: Path) -> None:
    """What the registry names, the commands know, and nothing more."""
    with world(tmp_path) as made:
        app = made.app()
        app.get_default_screen()
        known = set(app.triage.commands.table)
        for place, table in (
            (Place.HISTORY, History(app.triage).table),
            (Place.OUTBOX, Outbox(app.triage.writing).table),
            (Place.SETTINGS, Settings(app.triage).table),
            (Place.DOCTOR, Doctor(app.triage).table),
            (Place.ATTACHMENTS, Attachments(app.triage, NO_MESSAGE, lambda: None).table),
            (Place.COMPOSE, Composer(app.triage.writing, Begun(Draft("work"))).commands.table),
        ):
            assert set(table) == {action.id for action in ACTIONS if place in action.where}
            known |= set(table)
        assert known == set(BY_ID)


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("cells", [60, 80, 160])
def test_footer_fits_and_always_offers_help(place: Place, cells: int) -> None:
    """The footer never grows wider than the screen, and help stays in it."""
    items = footer_items(default_keymap(), place, cells)
    assert sum(len(key) + len(label) + 3 for key, label, _ in items) <= cells + 1
    assert items[-1][2] == "help"


def test_the_footer_of_the_list_shows_what_matters_at_80_columns() -> None:
    """Archive, trash, reply, write, search and undo are all there."""
    shown = [label for _, label, _ in footer_items(default_keymap(), Place.LIST, 80)]
    assert shown == ["open", "archive", "trash", "reply", "write", "search", "undo", "help"]


@pytest.mark.parametrize("place", Place)
def test_help_lists_every_action_of_its_place(place: Place) -> None:
    """The help page is the registry, filtered."""
    document = help_document(default_keymap(), place)
    document.lay_out(200)
    document.ensure(10_000)
    text = "\n".join("".join(run for run, _ in line) for line in document.lines)
    for action in ACTIONS:
        here = place in action.where and bool(default_keymap().shown(action.id, place))
        assert (action.help in text) is here, action.id


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_that_prints_acts_in_the_composer(preset: str) -> None:
    """There it is text; everything that can be done has another key, and can be found by its name."""
    keymap = default_keymap(preset)
    for chord, action_id in keymap.table[Place.COMPOSE].items():
        assert not is_typing(chord[0]), action_id
    without = {action.id for action in ACTIONS if Place.COMPOSE in action.where} - set(
        keymap.table[Place.COMPOSE].values()
    )
    assert without <= {"go.outbox"}
