"""What a newcomer stumbled over: words of undo, the list behind the reader, meaningless keys, hanging servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_triage import listed, read, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.model import FoldersChanged
from tui_mail.ui.widgets.cells import steady, width

WIDE = (160, 48)
SMALL = (80, 24)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """A hundred messages, the newest first: Subject 0, Subject 1, …"""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(100)]) as made:
        yield made


async def test_undo_names_what_was_done(mail: World) -> None:
    """And redo is offered where undo was used."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x", "j", "j", "X", "e")
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 3)
        await pilot.press("z")
        await wait_for(pilot, lambda: "Undone: archived 3 messages · Z do again" in screen_text(app))
        await pilot.press("Z")
        await wait_for(pilot, lambda: "Done again: archived 3 messages · z undo" in screen_text(app))


async def test_undo_is_never_about_opening(mail: World) -> None:
    """Reading on after archiving: z brings back what was archived, and what was read stays read."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])
        await pilot.press("enter")
        await wait_for(pilot, lambda: mail.folder().unread == 98)
        await pilot.press("q", "z")
        await wait_for(pilot, lambda: mail.folder().total == 100)
        assert mail.folder().unread == 99


async def test_undo_after_deleting_for_ever_says_that_it_cannot(mail: World) -> None:
    """Once the server has been told, each press says why, and the next one takes back what was done before."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e", "d")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Subject 1"])
        await pilot.press("g", "t", "d", "d")
        await wait_for(pilot, lambda: not stored(mail, "Trash"))
        for change in reversed(mail.client.changes(2)):
            mail.carry_out(change.batch)
        await pilot.press("z")
        await wait_for(pilot, lambda: "for ever cannot come back · z again undoes" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: "The messages are gone from the server · z again undoes" in screen_text(app))
        assert mail.folder().total == 98
        await pilot.press("z")
        await wait_for(pilot, lambda: mail.folder().total == 99)


async def test_undo_brings_back_what_is_not_deleted_for_ever_yet(mail: World) -> None:
    """While no server has been told, for ever has not begun."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("d")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Subject 0"])
        await pilot.press("g", "t", "d", "d")
        await wait_for(pilot, lambda: not stored(mail, "Trash"))
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Subject 0"])


async def test_undo_goes_to_what_came_back_and_else_stays(mail: World) -> None:
    """A message that came back to another folder does not move the cursor here."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 1"])
        await pilot.press("e")
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 2)
        await pilot.press("g", "a", "G")
        await wait_for(pilot, lambda: (row := app.triage.messages.current) is not None and row.subject == "Subject 2")
        await pilot.press("z")
        await wait_for(pilot, lambda: listed(app) == ["Subject 1"])
        await pilot.press("g", "i", "g", "g", "j", "j", "j", "z")
        await wait_for(pilot, lambda: listed(app)[:3] == ["Subject 0", "Subject 1", "Subject 2"])
        await wait_for(pilot, lambda: app.triage.messages.cursor == 1)


async def test_the_list_behind_the_reader_keeps_its_place(mail: World) -> None:
    """With one pane at a time: coming back, the window is where it was, whatever was archived meanwhile."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        for _ in range(40):
            await pilot.press("j")
        for _ in range(10):
            await pilot.press("k")
        before = app.triage.messages.top
        assert 0 < before < 30
        await pilot.press("enter")
        await wait_for(pilot, lambda: "keys with the neighbour" in read(app))
        await pilot.press("e", "J", "q")
        await pilot.pause()
        assert app.triage.messages.top == before
        assert "Subject 32" in screen_text(app)


async def test_new_mail_shows_above_when_the_top_was_seen_before_reading(mail: World) -> None:
    """Nobody scrolled down, so no pill has to be pressed."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("enter")
        (new,) = mail.put([Letter("News", age=1)])
        app.bridge.sink(FoldersChanged(frozenset({mail.folder().id})))
        await wait_for(pilot, lambda: app.triage.messages.listing.ids[0] == new)
        await pilot.press("q")
        await wait_for(pilot, lambda: "News" in screen_text(app))
        assert "▲" not in screen_text(app)


async def test_the_pill_waits_until_the_top_is_seen(mail: World) -> None:
    """New mail does not move who is reading further down; gg goes there."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("G")
        here = app.triage.messages.current_id
        mail.put([Letter("News", age=1), Letter("More news", age=2)])
        app.bridge.sink(FoldersChanged(frozenset({mail.folder().id})))
        await wait_for(pilot, lambda: "▲ 2 new" in screen_text(app))
        assert app.triage.messages.current_id == here
        await pilot.press("g", "g")
        await wait_for(pilot, lambda: "▲" not in screen_text(app))


async def test_a_key_without_a_meaning_says_so(mail: World) -> None:
    """Silence would look like a program that hangs."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("%")
        assert "% does nothing here · ? shows the keys" in screen_text(app)


async def test_what_waits_is_counted_though_no_server_says_a_word(mail: World) -> None:
    """The account's own count may hang with its server."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("s", "j", "s")
        await wait_for(pilot, lambda: "⟳ 2 waiting" in screen_text(app))


async def test_nothing_to_open_stays_in_the_list(tmp_path: Path) -> None:
    """An empty folder opens no empty reader."""
    with world(tmp_path) as made:
        app = made.app()
        async with app.run_test(size=SMALL) as pilot:
            await pilot.press("enter", "e", "d", "v", "u", "s", "x", "X", "J", "n", "o", "V", "h")
            assert app.triage.place.value == "list"


async def test_a_folder_opens_with_one_click(mail: World) -> None:
    """As everywhere; the mark before a name folds instead."""
    mail.put([Letter("Old", age=9000)], "Archive")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        lines = screen_text(app).splitlines()
        at = next(y for y, line in enumerate(lines) if "  Archive" in line[:28])
        await pilot.click(offset=(6, at))
        await wait_for(pilot, lambda: listed(app) == ["Old"])
        at = next(y for y, line in enumerate(lines) if "▾ Projects" in line[:28])
        assert "Garden" in screen_text(app)
        await pilot.click(offset=(lines[at].index("▾"), at))
        await wait_for(pilot, lambda: "Garden" not in screen_text(app))
        assert listed(app) == ["Old"]


@pytest.mark.parametrize("size", [(160, 48), (80, 24), (60, 20), (40, 10)])
async def test_no_line_around_the_mail_is_cut(mail: World, size: tuple[int, int]) -> None:
    """Status, title and footer leave words out instead."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("e")
        await wait_for(pilot, lambda: "⟳ 1 waiting" in screen_text(app))
        app.triage.standing.status.whisper("")
        await pilot.pause()
        lines = screen_text(app).splitlines()
        title = next(line for line in lines if "Inbox ·" in line)
        assert "…" not in lines[0] + title + lines[-1]


def test_emoji_that_terminals_disagree_about_become_simple() -> None:
    """Joined ones, skin, the wish for a picture; other scripts keep their joiners."""
    assert steady("🙌🏽 👨‍🍳 ❤️") == "🙌 👨 ❤"
    assert steady("می‌خواهم") == "می‌خواهم"
    assert width(steady("🌦️")) == 1


async def test_a_move_is_about_what_was_asked_for(mail: World) -> None:
    """Not about what is under the cursor when the folder is picked: the message may have gone meanwhile."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("v", *"travel")
        (asked,) = app.triage.messages.targets()
        app.triage.messages.hide([asked])(True)
        await pilot.press("enter")
        await wait_for(pilot, lambda: stored(mail, "Travel") == ["Subject 0"])
        assert listed(app)[0] == "Subject 1"


async def test_small_windows_show_what_matters(mail: World) -> None:
    """The box of choices uses every line; a word about what was done has the line for itself."""
    app = mail.app()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("v")
        await wait_for(pilot, lambda: "Travel" in screen_text(app))
        await pilot.press("escape", "g", "t")
        mail.put([Letter("Old", age=9000)], "Trash")
        app.bridge.sink(FoldersChanged(frozenset({mail.folder("Trash").id})))
        await wait_for(pilot, lambda: listed(app) == ["Old"])
        await pilot.press("d")
        assert "d again deletes 1 message for ever" in screen_text(app)


async def test_who_reads_acts_on_what_is_read(mail: World) -> None:
    """Undo shows what came back; what has gone from the folder is not mistaken for its neighbour."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("e", "j", "enter")
        await wait_for(pilot, lambda: "Subject 2" in read(app))
        await wait_for(pilot, lambda: mail.folder().unread == 98)
        await pilot.press("u")
        await wait_for(pilot, lambda: mail.folder().unread == 99)
        app.bridge.sink(FoldersChanged(frozenset({mail.folder().id})))
        await pilot.pause(0.1)
        assert mail.folder().unread == 99
        await pilot.press("z")
        await wait_for(pilot, lambda: mail.folder().unread == 98)
        await pilot.press("z")
        await wait_for(pilot, lambda: "Subject 0" in read(app))
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])
        await wait_for(pilot, lambda: "Subject 1" in read(app))
        app.triage.messages.hide([app.triage.messages.current_id])(True)
        await pilot.press("d")
        assert "no longer in this folder" in screen_text(app)
        assert "Subject 1" in read(app)
        assert not stored(mail, "Trash")
