"""The triage screen on a real store: what keys do to what is seen and to what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.model import Flag, Message, Role
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp

WIDE = (160, 48)
SMALL = (80, 24)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Thirty messages, the newest first: Subject 0, Subject 1, …"""
    letters = [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(30)]
    with world(tmp_path, letters) as made:
        yield made


def listed(app: TuiMailApp) -> list[str]:
    """The subjects in the list, in order."""
    listing = app.triage.messages.listing
    listing.read(app.client, 0, len(listing))
    return [row.subject for at in range(len(listing)) if (row := listing.row_at(at)) is not None]


def read(app: TuiMailApp) -> str:
    """What the reader shows."""
    return "\n".join("".join(text for text, _ in line) for line in app.triage.reader.document.lines)


def stored(mail: World, folder: str) -> list[str]:
    """The subjects in a folder, as the store has them."""
    return [row.subject for row in mail.client.first_rows(mail.folder(folder).id, 100)]


async def test_the_first_frame_shows_the_newest_mail(mail: World) -> None:
    """Without waiting for anything: rows are there when the screen is mounted."""
    app = mail.app()
    async with app.run_test(size=WIDE):
        assert app.triage.messages.current_id == mail.client.first_rows(mail.folder().id, 1)[0].id
        text = screen_text(app)
        assert "Subject 0" in text
        assert "Inbox · 30 unread · 30 messages" in text


async def test_moving_shows_a_preview_and_does_not_mark_read(mail: World) -> None:
    """Only Enter opens."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j")
        await wait_for(pilot, lambda: "Body 2" in read(app))
        assert mail.folder().unread == 30
        await pilot.press("enter")
        await wait_for(pilot, lambda: mail.folder().unread == 29)
        assert app.triage.place is Place.READER
        await pilot.press("q")
        assert app.triage.place.value == "list"


async def test_while_a_key_is_held_only_the_last_message_is_parsed(mail: World) -> None:
    """The reader waits until the cursor rests."""
    app, asked, message = mail.app(), set[int](), mail.client.message

    def noted(message_id: int) -> Message | None:
        asked.add(message_id)
        return message(message_id)

    mail.client.message = noted  # type: ignore[method-assign]
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "Body 0" in read(app))
        for _ in range(20):
            app.simulate_key("j")
        await wait_for(pilot, lambda: "Body 20" in read(app))
        assert len(asked) < 15  # a busy machine may rest in between, but not at each


async def test_archive_disappears_at_once_and_undo_brings_it_back(mail: World) -> None:
    """The cursor goes to the next message, and back to the one that returns."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "e")
        assert listed(app)[:2] == ["Subject 0", "Subject 2"]
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 1"])
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 2"
        await pilot.press("z")
        await wait_for(pilot, lambda: listed(app)[:3] == ["Subject 0", "Subject 1", "Subject 2"])
        await wait_for(pilot, lambda: app.triage.messages.cursor == 1)
        await pilot.press("Z")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 1"])
        await wait_for(pilot, lambda: "Subject 1" not in listed(app))


async def test_actions_are_about_the_selection(mail: World) -> None:
    """x here, X there, then one key for all of them."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x", "j", "j", "X", "j")
        assert "3 selected" in screen_text(app)
        await pilot.press("d")
        await wait_for(pilot, lambda: sorted(stored(mail, "Trash")) == ["Subject 0", "Subject 1", "Subject 2"])
        assert listed(app)[0] == "Subject 3"
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 3"
        assert not app.triage.messages.listing.selected


async def test_star_and_read_change_the_mark_at_once(mail: World) -> None:
    """And the store a moment later."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("s", "u")
        current = app.triage.messages.current
        assert current is not None
        assert (current.starred, current.unread) == (True, False)
        wanted = Flag.SEEN | Flag.FLAGGED
        await wait_for(pilot, lambda: mail.client.rows([current.id])[0].flags == wanted)
        await pilot.press("u")
        await wait_for(pilot, lambda: mail.client.rows([current.id])[0].flags == Flag.FLAGGED)


async def test_deleting_for_ever_asks_for_a_second_press(mail: World) -> None:
    """In the trash, the only action without a way back."""
    mail.put([Letter("Old one"), Letter("Older one", age=9_000)], "Trash")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "t", "d")
        assert listed(app) == ["Old one", "Older one"]
        assert "d again deletes 1 message" in screen_text(app)
        await pilot.press("j", "d")
        assert listed(app) == ["Old one", "Older one"]
        await pilot.press("d")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Old one"])


async def test_move_by_typing_a_few_letters(mail: World) -> None:
    """v, part of a name, Enter."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("v", "g", "a", "r", "enter")
        await wait_for(pilot, lambda: stored(mail, "Projects/Garden") == ["Subject 0"])
        assert listed(app)[0] == "Subject 1"


async def test_the_last_action_once_more(mail: World) -> None:
    """With the same folder, on what is meant now; never deleting for ever, and not where it makes no sense."""
    mail.put([Letter("Old one")], "Trash")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press(".")
        assert "nothing to repeat" in screen_text(app)
        await pilot.press("v", "g", "a", "r", "enter", "j", ".")
        await wait_for(pilot, lambda: stored(mail, "Projects/Garden") == ["Subject 0", "Subject 2"])
        assert listed(app)[:2] == ["Subject 1", "Subject 3"]
        await pilot.press("d", "x", "j", "x", ".")
        await wait_for(pilot, lambda: len(stored(mail, "Trash")) == 4)
        assert not app.triage.messages.listing.selected
        await pilot.press("g", "t")
        await wait_for(pilot, lambda: "Old one" in listed(app))
        await pilot.press(".", ".")
        assert "not repeated" in screen_text(app)
        assert len(stored(mail, "Trash")) == 4


async def test_the_same_flag_once_more(mail: World) -> None:
    """What was set is set, and not turned round: also where it is so already."""
    app = mail.app()

    def marked() -> list[tuple[bool, bool]]:
        return [(row.starred, row.unread) for row in mail.client.first_rows(mail.folder().id, 3)]

    async with app.run_test(size=WIDE) as pilot:
        before = marked()
        await pilot.press("s", ".", "j", ".", ".")
        await wait_for(pilot, lambda: [star for star, _ in marked()] == [True, True, before[2][0]])
        await pilot.press("g", "g", "u")
        await wait_for(pilot, lambda: marked()[0][1] != before[0][1])
        now = marked()[0][1]
        await pilot.press(".", "j", ".", ".")
        await wait_for(pilot, lambda: [unread for _, unread in marked()][:2] == [now, now])


async def test_go_to_folders_and_come_back_to_where_one_was(mail: World) -> None:
    """A folder is shown as it was left."""
    mail.put([Letter("In the archive")], "Archive")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 30)
        await pilot.press("j", "j", "j", "g", "a")
        assert listed(app) == ["In the archive"]
        assert app.triage.folder is not None
        assert app.triage.folder.role is Role.ARCHIVE
        await pilot.press("g", "i")
        assert app.triage.messages.cursor == 3


async def test_new_mail_does_not_move_the_cursor_from_its_message(mail: World) -> None:
    """It appears above; the cursor stays on what it was on."""
    app = mail.app()
    mail.client.start()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "j")
        mail.put([Letter("Brand new", age=1)])
        await wait_for(pilot, lambda: listed(app)[0] == "Brand new")
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 2"
        assert "Brand new" in screen_text(app)


async def test_new_mail_above_the_window_is_announced(mail: World) -> None:
    """The window stays where it is; a pill says how many came."""
    app = mail.app()
    mail.client.start()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("G")
        before = [line[:78] for line in screen_text(app).splitlines()[3:20]]
        mail.put([Letter(f"New {n}", age=1) for n in range(3)])
        await wait_for(pilot, lambda: "▲ 3 new" in screen_text(app))
        assert [line[:78] for line in screen_text(app).splitlines()[3:20]] == before
        await pilot.press("g", "g")
        await wait_for(pilot, lambda: "▲" not in screen_text(app))


async def test_eighty_columns_show_one_pane_at_a_time(mail: World) -> None:
    """Enter opens the reader over the list, q goes back, Tab leads to the folders."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        assert "Projects" not in screen_text(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Body 0" in screen_text(app))
        assert "Subject 1" not in screen_text(app)
        await pilot.press("e")
        await wait_for(pilot, lambda: "Body 1" in screen_text(app))
        await pilot.press("q")
        await wait_for(pilot, lambda: "Subject 2" in screen_text(app))
        await pilot.press("tab")
        await wait_for(pilot, lambda: "Projects" in screen_text(app))


async def test_a_window_too_small_says_so(mail: World) -> None:
    """A sentence instead of a broken screen, and back when there is room again."""
    app = mail.app()
    async with app.run_test(size=(20, 5)) as pilot:
        assert "Window too small" in screen_text(app)
        await pilot.resize_terminal(60, 20)
        await wait_for(pilot, lambda: "Subject 0" in screen_text(app))
        assert "too small" not in screen_text(app)


async def test_layouts_cycle(mail: World) -> None:
    """Classic, three columns, list only, and classic again."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        sizes = []
        for _ in range(4):
            sizes.append((app.triage.messages.size.width > 100, app.triage.folder_tree.display))
            await pilot.press("ctrl+w")
            await pilot.pause()
        assert sizes == [(True, True), (False, True), (True, False), (True, True)]


async def test_next_unread_and_source_and_headers(mail: World) -> None:
    """n skips what is read; V and h show more of the message."""
    ids = [row.id for row in mail.client.first_rows(mail.folder().id, 30)]
    mail.client.mark(ids[:5], add=Flag.SEEN).result(5)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("n")
        assert app.triage.messages.cursor == 5
        await wait_for(pilot, lambda: "Body 5" in read(app))
        await pilot.press("h")
        assert "Message-ID" in read(app)
        await pilot.press("V")
        await wait_for(pilot, lambda: "MIME-Version: 1.0" in read(app))
        await pilot.press("V")
        await wait_for(pilot, lambda: "MIME-Version: 1.0" not in read(app) or "Message-ID" in read(app))


async def test_a_message_whose_body_is_not_here_says_so(mail: World) -> None:
    """What the list knows is shown at once; the body when it comes."""
    (missing,) = mail.put([Letter("Not here yet", body="Here now\n", age=1, here=False)])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "Loading the message…" in read(app))
        assert "Not here yet" in read(app)
        assert app.triage.reading.message_id == missing


async def test_a_server_that_is_away_leaves_everything_usable(mail: World) -> None:
    """The status line says since when and when it is tried again; the list stays."""
    app = mail.app()
    mail.client.start()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "offline" in screen_text(app).splitlines()[0])
        assert "Subject 0" in screen_text(app)
        await pilot.press("e")
        await wait_for(pilot, lambda: "1 waiting" in screen_text(app).splitlines()[0])


async def test_an_empty_inbox_is_something_to_be_proud_of(tmp_path: Path) -> None:
    """The last message handled leaves a sentence, not a hole."""
    with world(tmp_path, [Letter("The last one")]) as made:
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            await pilot.press("e")
            await wait_for(pilot, lambda: "Nothing left. 1 handled today." in screen_text(app))
            await pilot.press("j", "k", "enter", "e", "d", "x", "X", "n", "G", "g", "g", "q")


async def test_every_key_survives_an_empty_store(tmp_path: Path) -> None:
    """No folder, no message: nothing to do, nothing to break."""
    with world(tmp_path) as made:
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            for place in ("tab", "tab", "tab"):
                await pilot.press(place)
                for key in "jkedu!sxXzZnNGhVoJK":
                    await pilot.press(key)
            assert app.is_running


async def test_palette_and_help_name_the_keys(mail: World) -> None:
    """Ctrl+P finds by name and shows the key; ? lists this place."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("ctrl+p", *"star")
        await pilot.pause()
        assert "Add or remove the star" in screen_text(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "★" in screen_text(app))
        await pilot.press("?")
        await pilot.pause()
        assert "Keys in the list" in screen_text(app)
        await pilot.press("escape")
        assert app.screen is app.triage


async def test_the_footer_shows_what_follows_g(mail: World) -> None:
    """And its usual keys again afterwards."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("g")
        await pilot.pause()
        assert "i inbox  s sent  d drafts" in screen_text(app).splitlines()[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert "e archive" in screen_text(app).splitlines()[-1]


async def test_q_leaves(mail: World) -> None:
    """At once, from the list."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("q")
        await wait_for(pilot, lambda: not app.is_running)


async def test_own_keys_count_and_their_mistakes_are_said(mail: World) -> None:
    """keys.toml lies beside config.toml."""
    mail.client.paths.keys_file.write_text('preset = "mutt"\n[keys]\n"message.archiv" = "y"\n')
    app = mail.app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await wait_for(pilot, lambda: "there is no action" in screen_text(app))
        assert app.triage.keymap.shown("undo") == "u"


async def test_the_stylesheet_stays_small(mail: World) -> None:
    """Textual parses everything anew at each mount beyond 64 sources."""
    app = mail.app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        for keys in (("?", "escape"), (":", "escape"), ("v", "escape"), ("g", "l", "escape")):
            await pilot.press(*keys)
        app.notify("a toast", markup=False)
        await pilot.pause()
        assert len(app.stylesheet.source) < 30
