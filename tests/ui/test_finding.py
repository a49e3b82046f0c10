"""Searching on the screen, over a real store and its index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.test_triage import SMALL, WIDE, listed, read, stored
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Thirty messages in the inbox, three of which are about a boat, and one in the archive; all in the index."""
    letters = [
        Letter("A boat" if n in (3, 7, 20) else f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(30)
    ]
    with world(tmp_path, letters) as made:
        made.put([Letter("Old boat", age=90_000), Letter("会议通知", age=95_000, flags=Flag.SEEN)], "Archive")
        made.client.index_now(60)
        yield made


async def look_for(app: TuiMailApp, pilot: Pilot[None], words: str, found: list[str]) -> None:
    """Type a query, and wait for what it finds."""
    await pilot.press("/")
    await wait_for(pilot, lambda: app.triage.place is Place.SEARCH)
    for letter in words:
        await pilot.press("space" if letter == " " else letter)
    await wait_for(pilot, lambda: listed(app) == found)


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_results_while_typing_and_back_to_where_one_was(mail: World, size: tuple[int, int]) -> None:
    """All folders are looked into; Esc ends it, with the cursor where it was before."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("j", "j", "j", "j", "j")
        await look_for(app, pilot, "boat", ["A boat", "A boat", "A boat", "Old boat"])
        text = screen_text(app)
        assert "4 found" in text
        assert "all headers, all texts" in text
        assert "in Inbox" in text
        await pilot.press("enter")
        assert app.triage.place is Place.LIST
        await pilot.press("G")
        await wait_for(pilot, lambda: "in Archive" in screen_text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(app)) == 30)
        assert app.triage.messages.cursor == 5
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Subject 5"
        assert "30 messages" in screen_text(app)


async def test_a_result_is_read_and_handled_like_any_message(mail: World) -> None:
    """Archived: away from the results, and not back with the next reading; undone: back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "subject:boat", ["A boat", "A boat", "A boat", "Old boat"])
        await pilot.press("enter", "j", "enter")
        await wait_for(pilot, lambda: "Body 7" in read(app))
        await pilot.press("escape")
        first = app.triage.messages.listing.ids[0]
        await pilot.press("g", "g", "e")
        await wait_for(pilot, lambda: "A boat" in stored(mail, "Archive"))
        assert len(listed(app)) == 3
        asked = app.triage.messages.listing.reloads
        app.triage.reload(urgent=True)
        await wait_for(pilot, lambda: app.triage.messages.listing.reloads > asked)
        await pilot.pause()
        assert first not in app.triage.messages.listing.ids
        await pilot.press("z")
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        assert stored(mail, "Archive") == ["Old boat", "会议通知"]


async def test_all_that_was_found_is_handled_with_one_key(mail: World) -> None:
    """* selects every result; what they have in common is done to them."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "boat in:inbox", ["A boat", "A boat", "A boat"])
        await pilot.press("enter", "*")
        assert "3 selected" in screen_text(app)
        await pilot.press("d")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["A boat"] * 3)
        await wait_for(pilot, lambda: "Nothing found" in screen_text(app))
        await pilot.press("q")
        await wait_for(pilot, lambda: len(listed(app)) == 27)


async def test_what_is_in_the_trash_and_elsewhere_is_never_deleted_for_ever_together(mail: World) -> None:
    """Twice d deletes for ever only where all of it is in the trash."""
    mail.put([Letter("Sunk boat", age=30)], "Trash")
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "boat", ["Sunk boat", "A boat", "A boat", "A boat", "Old boat"])
        await pilot.press("enter", "*", "d")
        await wait_for(pilot, lambda: len(stored(mail, "Trash")) == 5)


async def test_a_wrong_term_is_named_and_the_rest_is_searched_for(mail: World) -> None:
    """In the line above the list."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "boat is:lost in:archive", ["Old boat"])
        assert "is:lost" in screen_text(app)


async def test_an_emptied_box_shows_the_folder(mail: World) -> None:
    """And Esc in the box closes it; a second search begins empty."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await look_for(app, pilot, "会议", ["会议通知"])
        await pilot.press("backspace", "backspace")
        await wait_for(pilot, lambda: len(listed(app)) == 30)
        assert app.triage.place is Place.SEARCH
        await pilot.press("escape")
        assert app.triage.place is Place.LIST
        await look_for(app, pilot, "old", ["Old boat"])


async def test_new_mail_is_found_while_it_is_looked_for(mail: World) -> None:
    """The cursor stays on its message."""
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "boat", ["A boat", "A boat", "A boat", "Old boat"])
        await pilot.press("enter", "j")
        here = app.triage.messages.current_id
        mail.put([Letter("New boat", age=10)])
        await wait_for(pilot, lambda: listed(app)[0] == "New boat")
        assert app.triage.messages.current_id == here


async def test_moving_results_of_several_accounts(tmp_path: Path) -> None:
    """A folder takes what is of its account; the rest stays where it is, and on the screen."""
    with world(tmp_path, [Letter("A boat")], [account(), account("home")]) as made:
        made.put([Letter("Their boat", age=9_000)], account_name="home")
        made.client.index_now(60)
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            await look_for(app, pilot, "boat", ["A boat", "Their boat"])
            await pilot.press("enter", "*", "v")
            await pilot.pause()
            await pilot.press(*"travel", "enter")
            await wait_for(pilot, lambda: stored(made, "Travel") == ["A boat"])
            assert listed(app) == ["Their boat"]
            assert [row.subject for row in made.client.first_rows(made.folder("INBOX", "home").id)] == ["Their boat"]


async def test_a_folder_that_is_opened_ends_the_search(mail: World) -> None:
    """Its own list is shown, and what the search had hidden is seen again."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "boat", ["A boat", "A boat", "A boat", "Old boat"])
        await pilot.press("enter", "g", "a")
        await wait_for(pilot, lambda: listed(app) == ["Old boat", "会议通知"])
        assert not app.triage.finding.active
        await pilot.press("g", "i")
        await wait_for(pilot, lambda: len(listed(app)) == 30)


async def test_a_saved_search_stands_in_the_tree(mail: World) -> None:
    """Below the accounts; chosen, it shows what it finds."""
    mail.client.searches = (("Boats", "boat in:inbox"), ("Empty", "nothing"))
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        assert "Searches" in screen_text(app)
        while app.triage.place is not Place.TREE:
            await pilot.press("shift+tab")
        await pilot.press("G", "k", "enter")
        await wait_for(pilot, lambda: listed(app) == ["A boat"] * 3)
        assert app.triage.place is Place.LIST
        assert "boat in:inbox" in screen_text(app)
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(app)) == 30)


async def test_a_hint_has_room_in_a_small_window(mail: World) -> None:
    """It stands where else is how much was looked at."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await look_for(app, pilot, "old frm:boat", [])
        assert "there is no “frm:”" in screen_text(app)
