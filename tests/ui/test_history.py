"""The history on a real store: what it says of every action, and taking back what is on its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.test_triage import listed, stored
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.model import Change, ChangeKind, ChangeState, Flag, Protocol
from tui_mail.text import SafeText
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.history import DeedList, History
from tui_mail.ui.widgets.deed_text import Deed, deed_details, state_run
from tui_mail.ui.widgets.row_text import Calendar

WIDE = (160, 48)
SMALL = (80, 24)
NARROW = (60, 20)
NO = "You may not put messages there."


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Thirty messages, the newest first: Subject 0, Subject 1, …"""
    letters = [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(30)]
    with world(tmp_path, letters) as made:
        yield made


def ids(mail: World) -> list[int]:
    return [row.id for row in mail.client.first_rows(mail.folder().id, 100)]


def lines(app: TuiMailApp) -> list[str]:
    """The lines of the history, the newest first, as far as they are in sight."""
    view = app.screen.query_one(DeedList)
    return [view.render_line(y).text for y in range(min(view.count, view.size.height))]


def test_what_was_gone_before_is_not_said_to_be_on_the_server() -> None:
    """Nothing of it is there."""
    done = Change(1, "work", ChangeKind.MOVE, ChangeState.DONE, SafeText("moved to Trash: 1 message"), 1, 0, 1)
    assert state_run(Deed(done)) == ("✓ on the server", "done")
    gone = Deed(replace(done, error=SafeText("Its messages had been deleted elsewhere before.")))
    assert state_run(gone)[0] == "– was gone there"
    details = deed_details(gone, Calendar.at(0), {"history.undo": "z"})
    details.lay_out(80)
    details.ensure(10)
    text = "\n".join("".join(run for run, _ in line) for line in details.lines)
    assert "deleted elsewhere before" in text
    assert "The server has it" not in text


def deeds(app: TuiMailApp) -> list[str]:
    """What was done, newest first."""
    return [deed.change.summary for deed in app.screen.query_one(DeedList).items]


def details(app: TuiMailApp) -> str:
    """What is said of the line under the cursor."""
    text = screen_text(app).splitlines()
    rule = max(number for number, line in enumerate(text) if line.count("─") > 30)
    return "\n".join(text[rule:])


async def test_nothing_done_yet(mail: World) -> None:
    """An empty history says so, and every key of it survives that."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("H")
        await wait_for(pilot, lambda: "Nothing done yet" in screen_text(app))
        await pilot.press("j", "k", "G", "g", "g", "enter", "u", "r", "Z", "z", "pagedown", "?", "escape")
        assert isinstance(app.screen, History)
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.triage)


@pytest.mark.parametrize("size", [WIDE, SMALL, NARROW])
async def test_every_line_says_what_was_done_and_how_far_it_is(mail: World, size: tuple[int, int]) -> None:
    """Waiting, on the server, refused and undone, each with a mark of its own; what goes further is said at once."""
    client, numbers = mail.client, ids(mail)
    starred = client.mark(numbers[:1], add=Flag.FLAGGED).result()
    archived = client.archive(numbers[1:3]).result()
    moved = client.move(numbers[3:4], mail.folder("Travel").id).result()
    assert starred is not None
    assert archived is not None
    assert moved is not None
    mail.carry_out(archived.batch)
    mail.refuse(moved.batch, NO)
    client.undo(starred.batch).result()
    client.create_folder("work", "Winter").result()
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("H")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        made, refused, done, undone = lines(app)
        assert "made the folder Winter" in made
        assert "⟳ waiting" in made
        assert "moved to Travel:" in refused
        assert refused.strip(" ▌").startswith("✗")
        assert "✗ refused" in refused
        assert "archived 2 messages" in done
        assert "✓ on the server" in done
        assert "↶" in done
        assert "starred" in undone
        assert "– undone" in undone
        assert "↶" not in undone
        assert ("Subject 1 · Subject 2" in done) is (size == WIDE)
        assert "✗ 1 refused" in screen_text(app)
        batch = client.changes(1)[0].batch
        mail.carry_out(batch)
        app.triage.standing.doings.ask()
        await wait_for(pilot, lambda: "✓ on the server" in lines(app)[0])


async def test_the_line_under_the_cursor_is_explained(mail: World) -> None:
    """The server's words whole, which messages, and why something cannot be undone."""
    client, numbers = mail.client, ids(mail)
    gone = client.expunge(numbers[:1]).result()
    moved = client.move(numbers[1:3], mail.folder("Travel").id).result()
    assert gone is not None
    assert moved is not None
    mail.carry_out(gone.batch)
    mail.refuse(moved.batch, NO)
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("H")
        await wait_for(pilot, lambda: NO in details(app))
        assert "“Subject 1” · “Subject 2”" in details(app)
        assert "Can be undone" in details(app)
        await pilot.press("j")
        await wait_for(pilot, lambda: "Cannot be undone: What was deleted for ever cannot come back." in details(app))


async def test_undo_newest_first_and_redo(mail: World) -> None:
    """z takes the first line back, Z does it again, and the list behind follows."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e", "s")
        await wait_for(pilot, lambda: len(mail.client.changes()) == 2)
        await pilot.press("H")
        await wait_for(pilot, lambda: "z undoes the first line" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: "– undone" in lines(app)[0])
        await pilot.press("z")
        await wait_for(pilot, lambda: "– undone" in lines(app)[1])
        await wait_for(pilot, lambda: "Undone: archived 1 message · Z do again" in screen_text(app))
        await wait_for(pilot, lambda: listed(app)[0] == "Subject 0")
        await pilot.press("Z")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])
        await wait_for(pilot, lambda: deeds(app)[0] == "archived 1 message")


@pytest.mark.parametrize("key", ["enter", "u"])
async def test_undo_just_one_line(mail: World, key: str) -> None:
    """What came after it stays done."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e", "e", "e")
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 3)
        await pilot.press("H")
        await wait_for(pilot, lambda: len(lines(app)) == 3)
        await pilot.press("j", key)
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0", "Subject 2"])
        await wait_for(pilot, lambda: "– undone" in lines(app)[1])
        await pilot.press(key)
        await wait_for(pilot, lambda: "It has been undone already." in screen_text(app))
        assert stored(mail, "Archive") == ["Subject 0", "Subject 2"]


async def test_what_was_refused_is_announced_and_tried_again(mail: World) -> None:
    """A line below the status line says so, H shows it, r sends it again and the line is gone."""
    moved = mail.client.move(ids(mail)[:1], mail.folder("Travel").id).result()
    assert moved is not None
    mail.refuse(moved.batch, NO)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "✗ 1 change refused: moved to Travel: 1 message" in screen_text(app))
        notice = screen_text(app).splitlines()[1]
        assert NO in notice
        assert "H shows it  R try again" in notice
        await pilot.press("H")
        await wait_for(pilot, lambda: len(lines(app)) == 1)
        await pilot.press("r")
        await wait_for(pilot, lambda: stored(mail, "Travel") == ["Subject 0"])
        await wait_for(pilot, lambda: "⟳ waiting" in lines(app)[0])
        await pilot.press("r")
        await wait_for(pilot, lambda: "refused nothing" in screen_text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: "refused" not in screen_text(app))


async def test_hundreds_scroll_at_once(mail: World) -> None:
    """The newest are there with the first frame, the oldest a moment later; the cursor stays on its action."""
    numbers = ids(mail)
    for round_ in range(300):
        flags = {"add": Flag.FLAGGED} if round_ % 2 == 0 else {"remove": Flag.FLAGGED}
        last = mail.client.mark(numbers[:1], **flags)
    last.result()
    mail.client.archive(numbers[1:2]).result()
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await wait_for(pilot, lambda: app.triage.standing.doings.deeds)
        await pilot.press("H")
        assert "archived 1 message" in screen_text(app)
        await wait_for(pilot, lambda: len(deeds(app)) == 301)
        await pilot.press("G")
        view = app.screen.query_one(DeedList)
        assert view.cursor == 300
        await pilot.press("k", "k")
        before = view.current
        assert before is not None
        mail.client.archive(numbers[2:3]).result()
        app.triage.standing.doings.ask(urgent=True)
        await wait_for(pilot, lambda: len(deeds(app)) == 302)
        assert view.current is not None
        assert view.current.change.batch == before.change.batch


async def test_several_accounts_are_named(tmp_path: Path) -> None:
    """One line for one key, with all accounts that it touched."""
    with world(tmp_path, [Letter("At work")], [account("work"), account("home")]) as made:
        (there,) = made.put([Letter("At home")], account_name="home")
        made.client.archive([*ids(made), there]).result()
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            await pilot.press("H")
            await wait_for(pilot, lambda: len(lines(app)) == 1)
            assert "archived 2 messages  At work · At home" in lines(app)[0]
            assert "work, home" in lines(app)[0]


async def test_where_there_is_no_server_to_tell(tmp_path: Path) -> None:
    """What was done in a POP3 account is done on this computer, and no server is said to have it."""
    local = replace(account("club"), protocol=Protocol.POP3)
    with world(tmp_path, [Letter("Subject 0")], [local]) as mail:
        change = mail.client.mark(ids(mail)[:1], add=Flag.FLAGGED).result(10)
        assert change is not None
        mail.carry_out(change.batch)
        app = mail.app()
        async with app.run_test(size=WIDE) as pilot:
            await pilot.press("H")
            await wait_for(pilot, lambda: lines(app))
            assert "✓ on this computer" in lines(app)[0]
            assert "Done, on this computer." in details(app)


async def test_opening_a_message_is_no_entry(mail: World) -> None:
    """That it is read now is nothing that anybody asked for."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: mail.folder().unread == 29)
        await pilot.press("q", "H")
        await wait_for(pilot, lambda: "Nothing done yet" in screen_text(app))


async def test_hostile_words_of_a_server_stay_words(mail: World) -> None:
    """Neither an escape nor markup in an error or a folder's name reaches the terminal."""
    made = mail.client.create_folder("work", "[red]Gar\u202eden[/red]").result()
    moved = mail.client.move(ids(mail)[:1], mail.folder("Travel").id).result()
    assert made is not None
    assert moved is not None
    mail.refuse(moved.batch, "No \x1b[2J\x9b31m [bold]way[/bold]\u202e.")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("H")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        text = screen_text(app)
        assert not set(text) & {"\x1b", "\x9b", "\u202e"}
        assert "[bold]way[/bold]" in text
        assert "made the folder [red]Gar" in text
