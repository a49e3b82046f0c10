"""The order of the list: chosen by a letter, kept for each folder, and the cursor keeps to its message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_displaced import current
from tests.ui.test_triage import SMALL, WIDE, listed
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.ui.app import TuiMailApp

SENDERS = ("Zoe", "anna", "Émile", "Bert")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Four messages, the newest first: of Zoe, anna, Émile and Bert; the oldest two are read."""
    letters = [
        Letter(f"Hello {n}", f"{name} <{n}@x.example>", "x" * n * 10, 60 + n * 60, Flag.SEEN if n > 1 else Flag.NONE)
        for n, name in enumerate(SENDERS)
    ]
    with world(tmp_path, letters) as made:
        made.client.start()
        yield made


def shown(app: TuiMailApp) -> list[str]:
    """Whose messages the list shows, from above."""
    return [row.from_[0].name for row in app.triage.client.rows(app.triage.messages.listing.ids)]


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20)])
async def test_a_letter_chooses_and_the_same_one_turns(mail: World, size: tuple[int, int]) -> None:
    """It is to be seen behind the box at once; the line above says it; the cursor is on its message all the time."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: shown(app) == list(SENDERS))
        here = current(app)
        await pilot.press("=")
        await wait_for(pilot, lambda: "Order of this list" in screen_text(app))
        await pilot.press("f")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        assert current(app) == here
        await pilot.press("f")
        await wait_for(pilot, lambda: shown(app) == ["Zoe", "Émile", "Bert", "anna"])
        assert app.triage.messages.above == 0
        await pilot.press("=", "d")
        await wait_for(pilot, lambda: shown(app) == list(SENDERS))
        assert not mail.client.changes(1), "the letter is for the box, which the key that opens it does not close"
        await pilot.press("f", "f", "escape")
        await wait_for(pilot, lambda: "Order of this list" not in screen_text(app))
        assert "by sender, Z to A" in screen_text(app) or size[0] == 60
        assert current(app) == here


@pytest.mark.parametrize("keys", ["d", "z", "s", "a", "u", "t", "p"])
async def test_every_order_lists_everything(mail: World, keys: str) -> None:
    """From both ends."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        for _ in range(2):
            await pilot.press("=", *keys)
            order = app.triage.narrowing.sorting.order
            await pilot.press("escape")
            await wait_for(pilot, lambda: list(app.triage.messages.listing.ids) == wanted(app))
            assert order == app.triage.narrowing.sorting.order


def wanted(app: TuiMailApp) -> list[int]:
    """The ids as the store puts them."""
    client, folder = app.triage.client, app.triage.folder
    assert folder is not None
    return list(client.arranged(client.ids(folder.id), app.triage.narrowing.sorting.order))


async def test_it_is_kept_for_each_folder_over_a_restart(mail: World) -> None:
    """Of the inbox; another folder has its own."""
    mail.put([Letter("Plan", "Bea <b@x.example>"), Letter("Older", "Al <a@x.example>", age=9999)], "Projects")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("=", "f", "escape")
        await wait_for(pilot, lambda: shown(app)[0] == "anna")
        await pilot.press("g", "l", *"projects", "enter")
        await wait_for(pilot, lambda: shown(app) == ["Bea", "Al"])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        assert "by sender, A to Z" in screen_text(app)


async def test_new_mail_comes_where_it_belongs(mail: World) -> None:
    """And neither the cursor nor what is under it changes."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("=", "f", "escape")
        await wait_for(pilot, lambda: shown(app)[0] == "anna")
        here = current(app)
        mail.put([Letter("New", "Carl <c@x.example>", age=1), Letter("Newer", "Aaron <a@x.example>", age=1)])
        await wait_for(pilot, lambda: shown(app) == ["Aaron", "anna", "Bert", "Carl", "Émile", "Zoe"])
        assert current(app) == here


async def test_what_is_read_stays_where_it_is_until_the_list_is_another(mail: World) -> None:
    """Unread first: reading takes nothing away from under the eyes, and new mail comes above."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("=", "u", "escape", "u")
        mail.put(
            [Letter("New", "Carl <c@x.example>", age=1), Letter("Read", "Dora <d@x.example>", age=2, flags=Flag.SEEN)]
        )
        await wait_for(pilot, lambda: shown(app) == ["Carl", "Zoe", "anna", "Dora", "Émile", "Bert"])
        assert current(app) == "Hello 0"
        await pilot.press("g", "s", "g", "i")
        await wait_for(pilot, lambda: shown(app) == ["Carl", "anna", "Dora", "Zoe", "Émile", "Bert"])


async def test_conversations_stand_by_their_newest_message(mail: World) -> None:
    """By sender: that of the newest; an order by marks counts all of it."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("t", "=", "f", "escape")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        assert app.triage.messages.listing.folding is not None
        await pilot.press("=", "u", "escape")
        await wait_for(pilot, lambda: shown(app) == ["Zoe", "anna", "Émile", "Bert"])
        await pilot.press("=", "u", "escape")
        await wait_for(pilot, lambda: shown(app) == ["Émile", "Bert", "Zoe", "anna"])


async def test_what_is_found_in_tabs_and_with_filters(mail: World) -> None:
    """An order holds there, too."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("=", "f", "escape", "1")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Zoe"])
        await pilot.press("1")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        await pilot.press("escape", "I")
        await wait_for(pilot, lambda: "People" in screen_text(app) and shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        await pilot.press("tab", "tab", "tab", "tab", "tab")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        mail.client.index_now(10)
        await pilot.press("/", *"hello")
        await wait_for(pilot, lambda: "4 found" in screen_text(app))
        await pilot.press("enter", "=", "f", "escape")
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        assert "by sender" in screen_text(app)
        await pilot.press("=", "f", "escape")
        await wait_for(pilot, lambda: shown(app) == ["Zoe", "Émile", "Bert", "anna"])


async def test_all_inboxes(tmp_path: Path) -> None:
    """Two accounts, one order."""
    with world(tmp_path, [], [account("work"), account("home")]) as mail:
        for name, senders in (("work", ("Zoe", "Anna")), ("home", ("Bert", "Émile"))):
            mail.put([Letter("x", f"{who} <x@x.example>", age=n) for n, who in enumerate(senders)], account_name=name)
        app = mail.app()
        async with app.run_test(size=WIDE) as pilot:
            await wait_for(pilot, lambda: len(listed(app)) == 4)
            await pilot.press("=", "f", "escape")
            await wait_for(pilot, lambda: shown(app) == ["Anna", "Bert", "Émile", "Zoe"])


async def test_a_big_folder_says_that_it_is_being_sorted(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And shows everything then, at the message where it was left."""
    monkeypatch.setattr("tui_mail.ui.sorting.AT_ONCE", 2)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: len(listed(app)) == 4)
        await pilot.press("=", "f", "escape")
        await wait_for(pilot, lambda: shown(app)[0] == "anna")
        assert current(app) == "Hello 0"
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: shown(app) == ["anna", "Bert", "Émile", "Zoe"])
        await wait_for(pilot, lambda: current(app) == "Hello 0")
