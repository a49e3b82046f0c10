"""The tabs of the inbox and the quick filters: which messages are listed, what is counted, where the cursor is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_finding import look_for
from tests.ui.test_triage import SMALL, WIDE, listed, stored
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.store import contacts
from tui_mail.ui.actions import Place
from tui_mail.ui.widgets.choice_line import first_shown

NARROW = (60, 20)


def people(count: int = 3) -> list[Letter]:
    return [Letter(f"Person {n}", age=1000 + n * 1000) for n in range(count)]


def lists(count: int = 4) -> list[Letter]:
    sender = "Harbour <talk@lists.example>\nList-Id: Harbour <harbour.lists.example>"
    return [Letter(f"List {n}", sender, age=1200 + n * 1000) for n in range(count)]


def machines() -> list[Letter]:
    return [Letter("Build 1", "CI <no-reply@ci.example>", age=5000, flags=Flag.SEEN)]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages of people, four of a list, one of a machine, one to the many."""
    bulk = Letter("Sale", "Shop <shop@x.example>\nPrecedence: bulk", age=9000)
    with world(tmp_path, [*people(), *lists(), *machines(), bulk]) as made:
        yield made


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_the_inbox_in_tabs(mail: World, size: tuple[int, int]) -> None:
    """I: what people wrote, with the numbers of what is unread elsewhere; Tab goes on, Shift+Tab back."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        assert len(listed(app)) == 9
        await pilot.press("I")
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])
        await wait_for(pilot, lambda: "▸People 3   Lists 4   Calendar   Notifications   Rest 1" in screen_text(app))
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == ["List 0", "List 1", "List 2", "List 3"])
        assert app.triage.place is Place.LIST
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == [])
        assert "Nothing in Calendar." in screen_text(app)
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == ["Build 1"])
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == ["Sale"])
        await pilot.press("tab", "shift+tab", "shift+tab")
        await wait_for(pilot, lambda: listed(app) == ["Build 1"])
        await pilot.press("I")
        await wait_for(pilot, lambda: len(listed(app)) == 9)
        assert "▸" not in screen_text(app).replace("▸ ", "")


async def test_tabs_are_remembered_and_each_keeps_its_place(mail: World) -> None:
    """The cursor is where it was in this tab, also after another folder."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I", "j", "j")
        await pilot.press("tab", "j")
        await wait_for(pilot, lambda: app.triage.messages.current is not None)
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "List 1"
        await pilot.press("shift+tab")
        assert app.triage.messages.current is not None
        assert app.triage.messages.current.subject == "Person 2"
        await pilot.press("tab", "g", "a", "g", "i")
        await wait_for(pilot, lambda: listed(app) == ["List 0", "List 1", "List 2", "List 3"])
        assert app.triage.messages.cursor == 1
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])


async def test_tab_is_next_pane_where_there_are_no_tabs(mail: World) -> None:
    """And w always is."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("tab")
        assert app.triage.place is Place.READER
        await pilot.press("escape", "I", "w")
        assert app.triage.place is Place.READER
        await pilot.press("tab")
        assert app.triage.place is Place.TREE
        await pilot.press("escape", "W")
        assert app.triage.place is Place.TREE


async def test_new_mail_comes_into_its_tab(mail: World) -> None:
    """The others only count it."""
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I", "j")
        here = app.triage.messages.current_id
        mail.put([Letter("News", "N <n@lists.example>\nList-Id: <n.x.example>", age=5)])
        await wait_for(pilot, lambda: "Lists 5" in screen_text(app))
        assert listed(app) == ["Person 0", "Person 1", "Person 2"]
        mail.put([Letter("Hello you", age=5)])
        await wait_for(pilot, lambda: listed(app)[0] == "Hello you")
        assert app.triage.messages.current_id == here


async def test_archiving_in_a_tab(mail: World) -> None:
    """Only what is in it is meant; undone it is back there."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I", "x", "j", "x", "e")
        await wait_for(pilot, lambda: sorted(stored(mail, "Archive")) == ["Person 0", "Person 1"])
        await wait_for(pilot, lambda: listed(app) == ["Person 2"])
        await pilot.press("tab", "shift+tab")
        await wait_for(pilot, lambda: listed(app) == ["Person 2"])
        await pilot.press("z")
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])


async def test_tabs_by_conversation(mail: World) -> None:
    """Both together."""
    mail.put([Letter("Re: Person 0", "Ola <o@x.example>\nReferences: <1@test.example>", age=10)])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "I")
        await wait_for(pilot, lambda: listed(app) == ["Re: Person 0", "Person 1", "Person 2"])
        assert "Kirsten, Ola (2)" in screen_text(app)
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == ["List 0", "List 1", "List 2", "List 3"])


async def test_tabs_of_a_persons_own(mail: World) -> None:
    """In config.toml: they are shown from the start; words need the index, and what it does not know is in Rest."""
    mail.client.splits = (("Shop", "from:shop"), ("New", "is:unread kind:list"))
    mail.client.index_now(60)
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "▸Shop 1   New 4   Rest 3" in screen_text(app))
        await wait_for(pilot, lambda: listed(app) == ["Sale"])
        await pilot.press("tab")
        await wait_for(pilot, lambda: listed(app) == ["List 0", "List 1", "List 2", "List 3"])
        await pilot.press("u")
        await wait_for(pilot, lambda: "▸New 3" in screen_text(app))
        assert listed(app) == ["List 0", "List 1", "List 2", "List 3"]
        await pilot.press("tab", "shift+tab")
        await wait_for(pilot, lambda: listed(app) == ["List 1", "List 2", "List 3"])


async def test_no_tabs_are_wanted(mail: World) -> None:
    """[splits] is empty."""
    mail.client.splits = ()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I")
        await wait_for(pilot, lambda: "[splits] in config.toml is empty" in screen_text(app))
        assert len(listed(app)) == 9


async def test_all_inboxes_in_tabs(tmp_path: Path) -> None:
    """Of both accounts."""
    with world(tmp_path, people(1), [account(), account("home")]) as made:
        made.put([*lists(1), Letter("From home", age=10)], account_name="home")
        app = made.app()
        async with app.run_test(size=SMALL) as pilot:
            await pilot.press("I")
            await wait_for(pilot, lambda: listed(app) == ["From home", "Person 0"])
            await wait_for(pilot, lambda: "▸People 2   Lists 1" in screen_text(app))
            await pilot.press("g", "i")
            await wait_for(pilot, lambda: listed(app) == ["From home"])


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_quick_filters(mail: World, size: tuple[int, int]) -> None:
    """Q shows how many there are of each; a number shows only those; together they must all hold; Esc ends it."""
    mail.put([Letter("Starred", age=100, flags=Flag.FLAGGED | Flag.SEEN), Letter("Both", age=200, flags=Flag.FLAGGED)])
    mail.put([Letter("Filed", content_type="multipart/mixed; boundary=x", age=300, flags=Flag.SEEN)])
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("Q")
        line = "1 unread 9   2 starred 2   3 attachment 1   4 contact 0"
        await wait_for(pilot, lambda: line in screen_text(app))
        assert len(listed(app)) == 12
        await pilot.press("2")
        await wait_for(pilot, lambda: listed(app) == ["Starred", "Both"])
        await wait_for(pilot, lambda: "1 unread 1   ✓ starred 2   3 attachment 0" in screen_text(app))
        if size != NARROW:
            assert "2 of 12" in screen_text(app)
        await pilot.press("1")
        await wait_for(pilot, lambda: listed(app) == ["Both"])
        await pilot.press("3")
        await wait_for(pilot, lambda: "No message here is all of that." in screen_text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(app)) == 12)
        assert "unread 9" not in screen_text(app).replace("9 unread", "")


async def test_what_is_read_meanwhile_stays_where_it_is(mail: World) -> None:
    """Until the filter is another one; but what is archived goes."""
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1")
        await wait_for(pilot, lambda: "✓ unread 8" in screen_text(app))
        await pilot.press("u")
        await wait_for(pilot, lambda: "✓ unread 7" in screen_text(app))
        assert listed(app)[0] == "Person 0"
        assert len(listed(app)) == 8
        await pilot.press("j", "e")
        await wait_for(pilot, lambda: "✓ unread 6" in screen_text(app))
        assert len(listed(app)) == 7
        await pilot.press("1", "1")
        await wait_for(pilot, lambda: len(listed(app)) == 6)


async def test_contacts_are_people_one_wrote_to(mail: World) -> None:
    """4."""
    mail.db.run(lambda txn: contacts.written_to(txn, [("Kirsten", "kirsten@dahl.example")], 1, ""))
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("4")
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])


async def test_filters_in_a_tab_and_by_click(mail: World) -> None:
    """They count what is in the tab; clicks do what keys do."""
    mail.put([Letter("Star", age=100, flags=Flag.FLAGGED)])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I", "Q")
        await wait_for(pilot, lambda: "1 unread 4   2 starred 1" in screen_text(app))
        await pilot.click("#list-chips", offset=(15, 0))
        await wait_for(pilot, lambda: listed(app) == ["Star"])
        await pilot.click("#list-tabs", offset=(13, 0))
        await wait_for(pilot, lambda: "▸Lists" in screen_text(app) and listed(app) == [])
        await pilot.press("escape")
        await wait_for(pilot, lambda: listed(app) == ["List 0", "List 1", "List 2", "List 3"])


async def test_filters_of_search_results(mail: World) -> None:
    """What was found, narrowed; Esc ends the filter first, the search then."""
    mail.put([Letter("Old person", age=90_000, flags=Flag.SEEN)], "Archive")
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await look_for(app, pilot, "person", ["Person 0", "Person 1", "Person 2", "Old person"])
        await pilot.press("enter", "Q")
        await wait_for(pilot, lambda: "1 unread 3   2 starred 0" in screen_text(app))
        await pilot.press("1")
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])
        assert "3 of 4" in screen_text(app)
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(listed(app)) == 9)


async def test_another_folder_is_not_filtered(mail: World) -> None:
    """A filter is of the list that it was set on."""
    mail.put([Letter("Seen", age=50, flags=Flag.SEEN)], "Archive")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("1")
        await wait_for(pilot, lambda: len(listed(app)) == 8)
        await pilot.press("g", "a")
        await wait_for(pilot, lambda: listed(app) == ["Seen"])
        await pilot.press("g", "i")
        await wait_for(pilot, lambda: len(listed(app)) == 9)
        assert "unread 8  " not in screen_text(app)


async def test_all_of_a_tab_or_a_filter_is_selected(mail: World) -> None:
    """* means what is listed, and no more."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I", "tab")
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("*")
        assert "4 selected" in screen_text(app)
        await pilot.press("d")
        await wait_for(pilot, lambda: sorted(stored(mail, "Trash")) == ["List 0", "List 1", "List 2", "List 3"])
        assert len(stored(mail, "INBOX")) == 5


async def test_another_tab_has_another_selection_and_says_so(mail: World) -> None:
    """What was selected in the tab before is not meant in this one."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("I")
        await wait_for(pilot, lambda: listed(app) == ["Person 0", "Person 1", "Person 2"])
        await pilot.press("x", "j", "x", "tab")
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        assert "2 selected in the list before; here nothing is" in screen_text(app)
        assert not app.triage.messages.listing.selected


def test_the_tab_in_front_is_never_left_out() -> None:
    """In a line that is too short for all."""
    assert first_shown([10, 10, 10], 2, 100) == 0
    assert first_shown([10, 10, 10], 0, 5) == 0
    assert first_shown([10, 10, 10], 2, 20) == 1
    assert first_shown([10, 10, 10], 2, 5) == 2
