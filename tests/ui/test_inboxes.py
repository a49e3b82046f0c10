"""All inboxes as one: one list by date, live, with the account in each row, and every action done in its account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_triage import SMALL, WIDE, listed, read
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.model import Flag
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.widgets.whose import Whose

NARROW = (60, 20)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages at work, two at home, in turn by date."""
    letters = [Letter(f"Work {n}", age=1000 + n * 1000) for n in range(3)]
    with world(tmp_path, letters, [account(), account("home")]) as made:
        made.put([Letter(f"Home {n}", age=1500 + n * 1000) for n in range(2)], account_name="home")
        yield made


def there(mail: World, account_name: str, folder: str = "INBOX") -> list[str]:
    """The subjects of a folder in the store."""
    return [row.subject for row in mail.client.first_rows(mail.folder(folder, account_name).id, 100)]


def line_of(app: TuiMailApp, subject: str) -> str:
    """The line of the screen on which a message is listed."""
    return next(line for line in screen_text(app).splitlines() if subject in line)


ALL = ["Work 0", "Home 0", "Work 1", "Home 1", "Work 2"]


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_one_list_by_date_with_the_account_in_each_row(mail: World, size: tuple[int, int]) -> None:
    """Its name where there is room, else its letter; never its colour alone."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        wide = size == WIDE
        assert ("▎work" if wide else "▎W") in line_of(app, "Work 0")
        assert ("▎home" if wide else "▎H") in line_of(app, "Home 0")
        text = screen_text(app)
        assert "All inboxes · 5 unread" in text
        if wide:
            assert "All inboxes" in text.splitlines()[1]
            assert text.splitlines()[1].split("│")[0].split()[2] == "5"


async def test_to_all_inboxes_and_on_to_one(mail: World) -> None:
    """g i: all; once more: that of the account under the cursor; once more: all."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("j", "g", "i")
        await wait_for(pilot, lambda: listed(app) == ["Home 0", "Home 1"])
        assert "▎" not in line_of(app, "Home 0")
        await pilot.press("g", "s")
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.name == "Sent")
        assert app.triage.folder is not None
        assert app.triage.folder.account == "home"
        await pilot.press("g", "i")
        await wait_for(pilot, lambda: listed(app) == ALL)


async def test_it_stands_at_the_top_of_the_tree(mail: World) -> None:
    """And is opened from there; its number follows what is read."""
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("shift+tab")
        assert app.triage.place is Place.TREE
        await pilot.press("G", "g", "g")
        assert app.triage.folder_tree.current is not None
        assert app.triage.folder_tree.current.id == ALL_INBOXES
        await pilot.press("enter")
        assert app.triage.place is Place.LIST
        await pilot.press("enter", "escape", "shift+tab")
        await wait_for(pilot, lambda: line_of(app, "All inboxes").endswith(" 4"))


async def test_every_action_is_done_in_the_account_of_the_message(mail: World) -> None:
    """Archived together, each into its own archive; one undo brings all back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("x", "j", "x", "e")
        await wait_for(pilot, lambda: listed(app) == ALL[2:])
        await wait_for(pilot, lambda: there(mail, "home", "Archive") == ["Home 0"])
        assert there(mail, "work", "Archive") == ["Work 0"]
        await pilot.press("z")
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("g", "g", "d", ".")
        await wait_for(pilot, lambda: there(mail, "home", "Trash") == ["Home 0"])
        assert there(mail, "work", "Trash") == ["Work 0"]


async def test_a_folder_takes_what_is_of_its_account(mail: World) -> None:
    """Of a selection over both accounts the rest stays, on the screen too."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("x", "j", "x", "v")
        await pilot.pause()
        await pilot.press(*"travel", "enter")
        await wait_for(pilot, lambda: there(mail, "home", "Travel") == ["Home 0"])
        await wait_for(pilot, lambda: listed(app) == ["Work 0", "Work 1", "Home 1", "Work 2"])
        assert there(mail, "work", "Travel") == []


async def test_new_mail_of_any_account_appears(mail: World) -> None:
    """Live, in its place by date; the cursor keeps to its message."""
    mail.client.start()
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("j", "j")
        here = app.triage.messages.current_id
        mail.put([Letter("New at home", age=5)], account_name="home")
        await wait_for(pilot, lambda: listed(app) == ["New at home", *ALL])
        mail.put([Letter("Late at work", age=1200)])
        await wait_for(pilot, lambda: listed(app)[2] == "Late at work")
        assert app.triage.messages.current_id == here
        await wait_for(pilot, lambda: "7 unread" in screen_text(app))


async def test_a_conversation_of_both_accounts_is_one_line(tmp_path: Path) -> None:
    """What came to both is counted once for what is behind it, and an action is about all of it."""
    with world(tmp_path, [Letter("Alone", age=9000)], [account(), account("home")]) as made:
        first = Letter("Keys", "Kirsten Dahl <kirsten@dahl.example>", age=500)
        answer = Letter("Re: Keys", "Ola <ola@x.example>\nReferences: <2@test.example>", age=100)
        made.put([first])
        made.put([answer], account_name="home")
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            await pilot.press("t")
            await wait_for(pilot, lambda: "Kirsten, Ola (2)" in screen_text(app))
            await pilot.press("e")
            await wait_for(pilot, lambda: there(made, "home", "Archive") == ["Re: Keys"])
            assert there(made, "work", "Archive") == ["Keys"]
            await wait_for(pilot, lambda: listed(app) == ["Alone"])


async def test_reading_and_marking(mail: World) -> None:
    """What is opened is read, whoever it belongs to."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("j", "enter")
        await wait_for(pilot, lambda: "I left the keys" in read(app))
        await wait_for(pilot, lambda: mail.folder("INBOX", "home").unread == 1)
        await pilot.press("s")
        rows = mail.client.first_rows(mail.folder("INBOX", "home").id)
        await wait_for(
            pilot,
            lambda: mail.client.first_rows(mail.folder("INBOX", "home").id, 1)[0].flags == Flag.SEEN | Flag.FLAGGED,
        )
        assert rows[0].subject == "Home 0"


async def test_an_answer_comes_from_the_account_that_received_it(mail: World) -> None:
    """Not from the first one."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("j", "r")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer) and app.screen.drafting.snapshot().to)
        assert isinstance(app.screen, Composer)
        assert app.screen.drafting.snapshot().account == "home"
        await pilot.press("escape")


async def test_one_account_has_no_such_line(tmp_path: Path) -> None:
    """Nothing is added to what one mailbox needs."""
    with world(tmp_path, [Letter("Alone")]) as made:
        app = made.app()
        async with app.run_test(size=WIDE):
            assert "All inboxes" not in screen_text(app)
            assert "▎" not in screen_text(app)


async def test_a_folder_of_another_account_takes_nothing(mail: World) -> None:
    """The last action once more, on a message that cannot go there: it is said."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("v")
        await pilot.pause()
        await pilot.press(*"travel", "enter")
        await wait_for(pilot, lambda: listed(app) == ALL[1:])
        await pilot.press(".")
        await wait_for(pilot, lambda: "Travel is of work; nothing was done." in screen_text(app))
        assert listed(app) == ALL[1:]


def test_letters_that_tell_accounts_apart() -> None:
    """Whatever they are called."""
    whose = Whose(["work", "Wales", "w", "会议", "", "work@x", "12345"])
    letters = [
        text for one in ["work", "Wales", "w", "会议", "", "work@x", "12345"] for text, _ in whose.runs(one, 60)[1:2]
    ]
    assert len(set(letters)) == 7
    assert {len(one) for one in letters if one.isascii()} == {2}
    assert whose.runs("work", 160)[1][0].strip() == "work"


async def test_all_of_this_folder_is_of_this_account(mail: World) -> None:
    """* looks in the folder that is listed and in no other, with OR too, and says so; kept, the search is the same."""
    mail.put([Letter("Work 9", age=9_000), Letter("Home 9", age=9_100)], "Archive")
    mail.put([Letter("Work 8", age=9_000)], account_name="home")
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "i")
        await wait_for(pilot, lambda: listed(app) == ["Work 0", "Work 1", "Work 2"])
        await pilot.press("*")
        await wait_for(pilot, lambda: "3 found in Inbox · work" in screen_text(app))
        await pilot.press(*"work", "space", *"OR", "space", *"home", "enter", "*")
        await wait_for(pilot, lambda: "3 selected" in screen_text(app))
        assert app.triage.finding.text == 'in:"=work:INBOX" (work OR home)'
        await pilot.press("e")
        await wait_for(pilot, lambda: there(mail, "work") == [])
        assert len(there(mail, "home")) == 3


async def test_all_inboxes_are_looked_into_as_one(mail: World) -> None:
    """There * means the inboxes of all accounts, and nothing else."""
    mail.put([Letter("Work 9", age=9_000)], "Archive")
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: listed(app) == ALL)
        await pilot.press("*", "enter", "*")
        await wait_for(pilot, lambda: "5 found in All inboxes · 5 selected" in screen_text(app))
