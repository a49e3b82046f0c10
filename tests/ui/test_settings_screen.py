"""The settings screen on a real config.toml: everything is there, one value changes, nothing wrong is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.config.accounts import load
from tui_mail.config.changing import add_account, set_account
from tui_mail.config.notice_rules import notice_words
from tui_mail.errors import ConfigError
from tui_mail.model import OAuth, Protocol, Role, Security, Server
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.keys import read_keymap
from tui_mail.ui.screens.help import Help
from tui_mail.ui.screens.picker import Picker
from tui_mail.ui.screens.settings import Change, Settings
from tui_mail.ui.setting import write_keys, write_preset
from tui_mail.ui.widgets.setting_text import SettingLine, Shown, lines_of, setting_details

WIDE, SMALL, NARROW = (160, 48), (80, 24), (60, 16)
HOST = Server("imap.example.org", 993, Security.TLS, "anna")
WORK = replace(
    account(),
    incoming=HOST,
    outgoing=replace(HOST, host="smtp.example.org", port=465),
    aliases=("Club <club@lake.example>", "*@berg.example"),
    signature="Anna\nBerg",
)
OLD = replace(account("old"), protocol=Protocol.POP3, incoming=replace(HOST, port=995), delete_from_server="14 days")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[World]:
    """A store, and a config.toml with two accounts and a comment."""
    with world(tmp_path, [Letter()], [WORK, OLD]) as made:
        for one in (WORK, OLD):
            add_account(made.client.paths, one)
        file = made.client.paths.config_file
        file.write_text(f"# mine\n{file.read_text()}")
        yield made


def settings_of(app: TuiMailApp) -> Settings:
    assert isinstance(app.screen, Settings), app.screen
    return app.screen


async def opened(app: TuiMailApp, pilot: Pilot[None]) -> Settings:
    """The settings, read."""
    await wait_for(pilot, lambda: app.triage.messages.count)
    await pilot.press("comma")
    await wait_for(pilot, lambda: isinstance(app.screen, Settings))
    screen = settings_of(app)
    await wait_for(pilot, lambda: screen._list.items)
    return screen


async def goto(pilot: Pilot[None], screen: Settings, key: str, owner: str = "work") -> SettingLine:
    """The cursor on one setting."""
    lines = screen._list.items
    at = next(i for i, one in enumerate(lines) if one.owner == owner and one.setting and one.setting.key == key)
    screen._list.move_to(at)
    await pilot.pause()
    return lines[at]


async def typed(pilot: Pilot[None], app: TuiMailApp, value: str) -> Change:
    """Enter, another value, Enter."""
    await pilot.press("enter")
    await wait_for(pilot, lambda: isinstance(app.screen, Change))
    change = app.screen
    assert isinstance(change, Change)
    change.query_one("#change-input", Input).value = value
    await pilot.press("enter")
    return change


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_every_setting_is_reached(place: World, size: tuple[int, int]) -> None:
    """At every size: each line comes into view with its name; help and the way back work."""
    app = place.app()
    async with app.run_test(size=size) as pilot:
        screen = await opened(app, pilot)
        seen = set[str]()
        for _ in range(len(screen._list.items)):
            line = screen._list.current
            assert line is not None
            assert line.label[:12] in screen_text(app), line
            if line.setting is not None:
                seen.add(f"{line.owner} {line.setting.key}")
            await pilot.press("j")
        assert {"work signatures.club@lake.example", "old incoming.delete_from_server", "screen theme"} <= seen
        assert "work incoming.delete_from_server" not in seen
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, Help))
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, Settings))
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.triage)


async def test_a_value_is_changed(place: World) -> None:
    """It is in config.toml, the comment is too, and the screen shows it; what runs is left alone."""
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        await goto(pilot, screen, "name")
        change = await typed(pilot, app, "Änna B.")
        await wait_for(pilot, lambda: app.screen is screen)
        assert not change.is_running
        await wait_for(pilot, lambda: "Änna B." in screen_text(app))
        assert "from the next start" in screen_text(app)
    config = load(place.client.paths)
    assert config.account("work") == replace(WORK, full_name="Änna B.")
    assert config.account("old") == OLD
    assert place.client.paths.config_file.read_text().startswith("# mine\n")
    assert place.client.accounts == (WORK, OLD)


async def test_a_text_of_lines_and_an_empty_one(place: World) -> None:
    """A signature is typed on one line; emptied, it is gone from the file."""
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        line = await goto(pilot, screen, "signature")
        assert line.value == "Anna\nBerg"
        assert "Anna\\nBerg" in screen_text(app)
        await typed(pilot, app, "A\\nB\\nC")
        await wait_for(pilot, lambda: load(place.client.paths).account("work").signature == "A\nB\nC")
        await wait_for(pilot, lambda: app.screen is screen)
        await typed(pilot, app, "")
        await wait_for(pilot, lambda: app.screen is screen)
    assert "signature" not in tomllib.loads(place.client.paths.config_file.read_text())["accounts"]["work"]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("incoming.port", "99999", "1 to 65535"),
        ("email", "nobody", "anna@example.org"),
        ("aliases", "x", "must be an address"),
        ("keep_bodies", "some", "90 days"),
        ("incoming.host", "", "needs a host"),
        ("incoming.ca_file", "/no/such", "is not there"),
        ("incoming.user", "somebody", "may mean another mailbox"),
    ],
)
async def test_what_is_wrong_is_said_beside_it(place: World, key: str, value: str, words: str) -> None:
    """The line stays open with one sentence; nothing is written; Esc gives up."""
    app = place.app()
    before = place.client.paths.config_file.read_bytes()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        await goto(pilot, screen, key)
        change = await typed(pilot, app, value)
        await wait_for(pilot, lambda: words in " ".join(screen_text(app).split()))
        assert app.screen is change
        assert place.client.paths.config_file.read_bytes() == before
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is screen)
    assert place.client.paths.config_file.read_bytes() == before


async def test_one_of_several_words_is_picked(place: World) -> None:
    """Security by its list; the port goes with it."""
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        await goto(pilot, screen, "outgoing.security")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"start", "enter")
        await wait_for(pilot, lambda: "587" in screen_text(app))
    outgoing = load(place.client.paths).account("work").outgoing
    assert outgoing is not None
    assert (outgoing.security, outgoing.port) == (Security.STARTTLS, 587)


async def test_a_folder_is_chosen_for_the_archive(place: World) -> None:
    """By its list; the file has it, archiving obeys at once, and a folder that is for something else is refused."""
    app = place.app()
    [id_] = place.put([Letter("Put away")])
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        line = await goto(pilot, screen, "folders.archive")
        assert (line.value, line.by_itself) == ("", "Archive  (by itself)")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"sent", "enter")
        await wait_for(pilot, lambda: any("the folder for sent" in one.message for one in app._notifications))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"garden", "enter")
        await wait_for(pilot, lambda: "Kept · at once" in screen_text(app))
        current = screen._list.current
        assert current is not None
        assert current.value == "Projects/Garden"
    config = load(place.client.paths)
    assert config.account("work") == replace(WORK, folders=((Role.ARCHIVE, "Projects/Garden"),))
    assert place.client.paths.config_file.read_text().startswith("# mine\n")
    place.client.archive([id_]).result(10)
    garden = place.folder("Projects/Garden")
    assert garden.role is Role.ARCHIVE
    assert [row.subject for row in place.client.first_rows(garden.id)] == ["Put away"]
    assert place.folder("Archive").role is Role.NONE


async def test_theme_and_keys(place: World) -> None:
    """The theme changes at once; the preset is written to keys.toml."""
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        for key, word in (("theme", "light"), ("preset", "aerc")):
            await goto(pilot, screen, key, "screen")
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Picker))
            await pilot.press(*word, "enter")
            await wait_for(pilot, lambda: app.screen is screen)
        assert app.theme == "tui-mail-light"
        await wait_for(pilot, lambda: place.client.paths.keys_file.exists())
    assert read_keymap(place.client.paths.keys_file).shown("message.archive") == "a"


async def test_a_single_key(place: World) -> None:
    """An action gets another key, which keys.toml keeps beside comments; one that is none is refused with a reason."""
    file = place.client.paths.keys_file
    file.write_text("# mine\n[keys]\n")
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        await goto(pilot, screen, "keys.message.archive", "screen")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Change))
        app.screen.query_one(Input).value = "nokey"
        await pilot.press("enter")
        await wait_for(pilot, lambda: "is no key" in str(app.screen.query_one("#change-problem").render()))
        assert file.read_text() == "# mine\n[keys]\n"
        app.screen.query_one(Input).value = "E or g k"
        await pilot.press("enter")
        await wait_for(pilot, lambda: "no key then" in str(app.screen.query_one("#change-problem").render()))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is screen)
        assert "E or g k" in screen_text(app)
    assert file.read_text() == '# mine\n[keys]\n"message.archive" = ["E", "g k"]\n'
    assert read_keymap(file).shown("message.archive") == "E"


async def test_a_key_of_another_action(place: World) -> None:
    """Whose it is so far is said before anything is kept; Enter once more takes it, and Esc does not."""
    file = place.client.paths.keys_file
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        await goto(pilot, screen, "keys.quit", "screen")
        for key in ("escape", "enter"):
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, Change))
            app.screen.query_one(Input).value = "e"
            await pilot.press("enter")
            await wait_for(pilot, lambda: "“e” is “" in str(app.screen.query_one("#change-problem").render()))
            assert not file.exists()
            await pilot.press(key)
            await wait_for(pilot, lambda: app.screen is screen)
    assert read_keymap(file).shown("quit") == "e"
    assert "e" not in read_keymap(file).all_shown("message.archive").split()


def test_keys_of_an_action(tmp_path: Path) -> None:
    """None, those of the preset again, and a clash that is refused."""
    file = tmp_path / "keys.toml"
    write_keys(file, "message.junk", "none")
    assert read_keymap(file).keys["message.junk"] == ()
    write_keys(file, "message.junk", "")
    assert read_keymap(file).shown("message.junk") == "!"
    write_keys(file, "undo", "U")
    with pytest.raises(ConfigError, match="given to both"):
        write_keys(file, "redo", "U")
    assert read_keymap(file).shown("redo") == "Z"


async def test_a_file_that_cannot_be_read_is_said(place: World) -> None:
    """The screen opens, says what is wrong with file and line, and writes nothing."""
    file = place.client.paths.config_file
    file.write_text(f"{file.read_text()}\n[accounts.bad]\nemail = 'x@y.example'\n")
    app = place.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        assert 'account "bad": incoming needs a host' in screen_text(app)


def test_a_preset_keeps_own_keys_and_comments(tmp_path: Path) -> None:
    """What would clash is refused, with the file as it was."""
    file = tmp_path / "keys.toml"
    write_preset(file, "mutt")
    assert read_keymap(file).shown("undo") == "u"
    file.write_text('# mine\npreset = "gmail"  # so far\n[keys]\n"undo" = "U"\n')
    write_preset(file, "aerc")
    assert file.read_text() == '# mine\npreset = "aerc"  # so far\n[keys]\n"undo" = "U"\n'
    assert file.stat().st_mode & 0o777 == 0o600
    for broken in ("[", '[keys]\n"undo" = "e"\n"redo" = "e"\n'):
        file.write_text(broken)
        with pytest.raises(ConfigError, match=r"keys\.toml.*Nothing was changed"):
            write_preset(file, "mutt")
        assert file.read_text() == broken
        assert [one.name for one in tmp_path.iterdir()] == ["keys.toml"]


def test_hostile_values_are_shown_harmless() -> None:
    """Names and values come from a file; a terminal obeys none of them."""
    lines = lines_of([Shown("a\x1b[31m", {"name": "x\x1b]0;y\x07", "aliases": "a\u202eb@c.example"})], [])
    for line in lines:
        document = setting_details(line, {"settings.change": "Enter"})
        document.lay_out(80)
        document.ensure(100)
        said = "".join(run for one in document.lines for run, _ in one)
        assert not set("\x1b\x07\u202e") & set(said)


async def test_values_of_oauth(place: World) -> None:
    """Shown where an account has them, and changed; what makes no sense is refused."""
    changes = {"oauth.provider": "google", "oauth.client_id": "me.apps.example", "incoming.auth": "oauth2"}
    set_account(place.client.paths, "work", changes)
    app = place.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(app, pilot)
        assert not any(one.owner == "old" and one.label == "OAuth2" for one in screen._list.items)
        line = await goto(pilot, screen, "oauth.client_id")
        assert line.value == "me.apps.example"
        await typed(pilot, app, "")
        await wait_for(pilot, lambda: "needs the client_id" in " ".join(screen_text(app).split()))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is screen)
        await goto(pilot, screen, "oauth.scope")
        await typed(pilot, app, "https://mail.example/")
        await wait_for(pilot, lambda: app.screen is screen)
    assert load(place.client.paths).account("work").oauth == OAuth("google", "me.apps.example", "https://mail.example/")


async def test_how_new_mail_is_told(place: World) -> None:
    """A way is picked and a wrong hour is refused; both of it at once, and written below the comments."""
    app = place.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        assert app._noticing is None, "nothing is loaded while it is off"
        await goto(pilot, screen, "by", "screen")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"bell", "enter")
        await wait_for(pilot, lambda: "Kept · at once" in screen_text(app))
        assert app._noticing is not None
        await goto(pilot, screen, "quiet", "screen")
        change = await typed(pilot, app, "at night")
        await wait_for(pilot, lambda: 'must be hours such as "22:00-07:00"' in screen_text(app))
        change.query_one("#change-input", Input).value = "22:00-7:00"
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is screen)
        await goto(pilot, screen, "notify")
        await typed(pilot, app, "inbox, Projects")
        await wait_for(pilot, lambda: app.screen is screen)
    config = load(place.client.paths)
    assert (config.notices.by, config.account("work").notify) == ("bell", ("inbox", "Projects"))
    assert notice_words(config.notices)["quiet"] == "22:00-07:00"
    assert place.client.paths.config_file.read_text().startswith("# mine\n")


async def test_the_inbox_in_tabs_from_the_settings(place: World) -> None:
    """At once, and remembered."""
    app = place.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        line = await goto(pilot, screen, "splits", "screen")
        assert line.value == "off"
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.narrowing.has_tabs)
        await pilot.press("escape")
        await wait_for(pilot, lambda: "▸People" in screen_text(app))
