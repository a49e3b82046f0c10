"""Copying, and making, renaming and deleting folders from the tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.test_triage import SMALL, WIDE, listed, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages, the newest first: Subject 0, Subject 1, Subject 2."""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(3)]) as made:
        made.client.start()
        yield made


def names(mail: World) -> list[str]:
    return [folder.name for folder in mail.client.folders()]


async def to_folder(app: TuiMailApp, pilot: Pilot[None], name: str) -> None:
    """Go to the tree, and there to a folder."""
    while app.triage.place is not Place.TREE:
        await pilot.press("shift+tab")
    await pilot.press("g", "g")
    tree = app.triage.folder_tree
    while tree.current is None or tree.current.name != name:
        assert tree.cursor < tree.count - 1, f"no {name} in the tree"
        await pilot.press("j")


async def test_copy_by_typing_a_few_letters(mail: World) -> None:
    """y, part of a name, Enter: the message stays, the copy is there; undo takes the copy away."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("y")
        await pilot.pause()
        assert "Copy 1 message to" in screen_text(app)
        await pilot.press("g", "a", "r", "enter")
        await wait_for(pilot, lambda: stored(mail, "Projects/Garden") == ["Subject 0"])
        assert listed(app)[0] == "Subject 0"
        await wait_for(pilot, lambda: "Copied to Projects/Garden: 1 message · z undo" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "Projects/Garden") == [])


async def test_a_new_folder(mail: World) -> None:
    """n asks for its name in one line; it stands below the folder under the cursor; undo takes it away."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await to_folder(app, pilot, "Projects")
        await pilot.press("n")
        await pilot.pause()
        assert "New folder: Projects/" in " ".join(screen_text(app).splitlines()[-1].split())
        await pilot.press(*"Boat", "enter")
        await wait_for(pilot, lambda: "Projects/Boat" in names(mail))
        await wait_for(pilot, lambda: "Boat" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: "Projects/Boat" not in names(mail))


@pytest.mark.parametrize(("typed", "words"), [("Travel", "there is one of this name"), ("a//b", "a level has no name")])
async def test_a_name_that_cannot_be_is_said_before_enter(mail: World, typed: str, words: str) -> None:
    """Enter does nothing then, Esc leaves."""
    app = mail.app()
    before = names(mail)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("tab", "n", *typed)
        await wait_for(pilot, lambda: words in screen_text(app))
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is not app.triage
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)
        assert names(mail) == before


async def test_rename(mail: World) -> None:
    """The old name stands there to be changed; what is in the folder stays in it."""
    mail.put([Letter("In it")], "Travel")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await to_folder(app, pilot, "Travel")
        await pilot.press("r", "s", "enter")
        await wait_for(pilot, lambda: "Travels" in names(mail))
        assert "Travel" not in names(mail)
        assert stored(mail, "Travels") == ["In it"]
        await wait_for(pilot, lambda: "Travels  " in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: "Travel" in names(mail))


async def test_delete_says_what_becomes_of_the_messages(mail: World) -> None:
    """A folder with mail wants the key twice and its mail is in the trash; undo brings both back."""
    mail.put([Letter("In it"), Letter("In it, too", age=9_000)], "Travel")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await to_folder(app, pilot, "Travel")
        await pilot.press("d")
        await wait_for(pilot, lambda: "d again moves 2 messages to the trash and deletes Travel" in screen_text(app))
        assert "Travel" in names(mail)
        await pilot.press("d")
        await wait_for(pilot, lambda: "Travel" not in names(mail))
        assert stored(mail, "Trash") == ["In it", "In it, too"]
        await wait_for(
            pilot, lambda: not any(line[:28].strip(" ▌").startswith("Travel") for line in screen_text(app).splitlines())
        )
        await pilot.press("z")
        await wait_for(pilot, lambda: "Travel" in names(mail) and stored(mail, "Travel") == ["In it", "In it, too"])


async def test_an_empty_folder_is_deleted_at_once(mail: World) -> None:
    """Nothing asks whether one is sure: undo is there."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await to_folder(app, pilot, "Travel")
        await pilot.press("d")
        await wait_for(pilot, lambda: "Travel" not in names(mail))
        await wait_for(pilot, lambda: "Deleted the folder Travel" in screen_text(app))


async def test_folders_with_a_purpose_stay(mail: World) -> None:
    """The inbox and its like are neither renamed nor deleted; a folder with others inside says so."""
    app = mail.app()
    before = names(mail)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await to_folder(app, pilot, "INBOX")
        await pilot.press("d")
        await wait_for(pilot, lambda: "Inbox has a purpose" in screen_text(app))
        await pilot.press("r")
        assert app.screen is app.triage
        await pilot.press("escape")
        await to_folder(app, pilot, "Projects")
        await pilot.press("d")
        await wait_for(pilot, lambda: "There are folders inside Projects" in screen_text(app))
        assert names(mail) == before


async def test_the_open_folder_goes_and_comes_back(mail: World) -> None:
    """The list shows the inbox when the folder it showed is deleted, and the new name when it is renamed."""
    mail.put([Letter("In it")], "Travel")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await to_folder(app, pilot, "Travel")
        await pilot.press("enter")
        await wait_for(pilot, lambda: listed(app) == ["In it"])
        await to_folder(app, pilot, "Travel")
        await pilot.press("r", "s", "enter")
        await wait_for(pilot, lambda: "Travels · 1 unread" in screen_text(app))
        await pilot.press("d", "d")
        await wait_for(pilot, lambda: "Inbox · 3 unread" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: "Travels" in names(mail))


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_the_folder_to_move_to_is_made_on_the_way(mail: World, size: tuple[int, int]) -> None:
    """The last line makes what was typed; the message is in it then, and each of both is one step back."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("v", *"Projects/2027")
        await wait_for(pilot, lambda: "+ Create “Projects/2027”" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Projects/2027" in names(mail) and stored(mail, "Projects/2027") == ["Subject 0"])
        await wait_for(pilot, lambda: listed(app) == ["Subject 1", "Subject 2"])
        await pilot.press("z")
        await wait_for(pilot, lambda: listed(app)[0] == "Subject 0")
        await pilot.press("z")
        await wait_for(pilot, lambda: "Projects/2027" not in names(mail))


@pytest.mark.parametrize("typed", ["Travel", "travel", "Archive", "a//b"])
async def test_what_is_there_or_cannot_be_is_not_offered_to_be_made(mail: World, typed: str) -> None:
    """Of a folder that exists there is one line, of a name that no folder can have there is none."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("v", *typed)
        await wait_for(pilot, lambda: typed in screen_text(app))
        assert "Create" not in screen_text(app)


async def test_the_folder_that_is_used_most_stands_first(mail: World) -> None:
    """In the next run, too; Enter alone takes it."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("v", *"travel", "enter")
        await wait_for(pilot, lambda: stored(mail, "Travel") == ["Subject 0"])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("v")
        await wait_for(pilot, lambda: "Move 1 message to" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: stored(mail, "Travel") == ["Subject 0", "Subject 1"])
