"""What an action is about: conversations that have messages of other folders, selections that outlive a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_threads import KIRSTEN, ME, OLA, Answer, keys, lines, stored
from tests.ui.test_triage import SMALL, WIDE, listed, read
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """A conversation of two in the inbox, with one of it in Sent and one in the trash; and three others."""
    with world(tmp_path, keys()) as made:
        made.put([Answer("Re: Keys", ME, age=6_000, parent="3@test.example", flags=Flag.SEEN)], "Sent")
        made.put([Answer("Re: Keys", KIRSTEN, age=5_000, parent="3@test.example", flags=Flag.SEEN)], "Trash")
        made.put([Letter("Tram", OLA, age=9_500), Letter("Boat", OLA, age=9_600)])
        made.client.start()
        yield made


def chosen(app: TuiMailApp) -> set[int]:
    return app.triage.messages.listing.selected


async def test_only_what_is_in_the_trash_is_deleted_for_ever(mail: World) -> None:
    """In the list of the trash by conversation, a message of the inbox goes to the trash; the other waits for twice."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "t", "t", "right")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        await pilot.press("G")
        row = app.triage.messages.current
        assert row is not None
        assert (row.subject, row.folder_id) == ("Keys", mail.folder().id)
        await pilot.press("d")
        await wait_for(pilot, lambda: "Moved to Trash: 1 message" in screen_text(app))
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Re: Keys", "Keys"])
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Re: Keys"])
        assert "Keys" in stored(mail, "INBOX")


async def test_the_reader_knows_where_a_message_is(mail: World) -> None:
    """Gone through the conversation, out of the trash: one key does not ask to delete for ever."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("g", "t", "enter")
        await wait_for(pilot, lambda: app.triage.place is Place.READER)
        await pilot.press("(")
        await wait_for(pilot, lambda: "3 of 4 in this conversation" in screen_text(app))
        await pilot.press("(")
        await wait_for(pilot, lambda: "2 of 3 in this conversation" in screen_text(app))
        await pilot.press("d")
        await wait_for(pilot, lambda: stored(mail, "Trash") == ["Re: Keys", "Re: Keys"])
        assert "for ever" not in screen_text(app)


async def test_a_reply_does_not_undo_a_selection(mail: World) -> None:
    """What was selected stays so, and what came later was not: it stays in the inbox."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        await pilot.press("x", "j", "j")
        assert "2 selected" in screen_text(app)
        before = set(chosen(app))
        mail.put([Answer("Re: Keys again", OLA, age=1, parent="3@test.example")])
        await wait_for(pilot, lambda: "Re: Keys again" in lines(app)[0])
        assert chosen(app) == before
        assert "✓" in lines(app)[0]
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Re: Keys", "Keys"])
        assert stored(mail, "INBOX") == ["Re: Keys again", "Lunch", "Tram", "Boat"]


async def test_what_is_selected_and_folded_away_is_still_meant(mail: World) -> None:
    """One message of a conversation; its line has the mark, and only that one is archived."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "right")
        await wait_for(pilot, lambda: len(lines(app)) == 6)
        mine = [at for at, line in enumerate(lines(app)) if "└" in line and "Kirsten" in line]
        for _ in range(mine[-1]):
            await pilot.press("j")
        await pilot.press("x", "left")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        assert "1 selected" in screen_text(app)
        assert "✓" in lines(app)[0]
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Keys"])
        assert stored(mail, "INBOX") == ["Re: Keys", "Lunch", "Tram", "Boat"]


async def test_several_conversations_are_muted_at_once(mail: World) -> None:
    """And the one under the cursor, which is none of them, is not."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        await pilot.press("x", "j", "x", "j", "M")
        await wait_for(pilot, lambda: ["⊘" in line for line in lines(app)] == [True, True, False, False])
        assert "Muted 2 conversations" in screen_text(app)
        await pilot.press("M")
        await wait_for(pilot, lambda: not any("⊘" in line for line in lines(app)))


async def test_by_message_or_by_conversation_the_selection_stays(mail: World) -> None:
    """The other order shows the same messages."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("x")
        before = set(chosen(app))
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 4)
        assert chosen(app) == before
        assert "✓" in lines(app)[0]


async def test_who_reads_alone_means_what_is_read(mail: World) -> None:
    """In a narrow window the marks of a selection are not to be seen from the reader."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("x", "j", "enter")
        await wait_for(pilot, lambda: app.triage.place is Place.READER)
        before = set(chosen(app))
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Lunch"])
        assert chosen(app) == before


async def test_a_wider_window_shows_what_is_under_the_cursor(mail: World) -> None:
    """The reader was not to be seen meanwhile."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: read(app).startswith("Re: Keys"))
        await pilot.resize_terminal(*SMALL)
        await wait_for(pilot, lambda: app.triage.one_pane)
        await pilot.press("j")
        await pilot.resize_terminal(*WIDE)
        await wait_for(pilot, lambda: read(app).startswith("Lunch"))


async def test_nothing_is_done_to_what_is_out_of_sight(tmp_path: Path) -> None:
    """The wheel left it behind: the first key shows it, the second is about it."""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(200)]) as mail:
        app = mail.app()
        async with app.run_test(size=SMALL) as pilot:
            await wait_for(pilot, lambda: len(app.triage.messages.listing) == 200)
            app.triage.messages.scroll_lines(60)
            await pilot.press("e")
            await wait_for(pilot, lambda: "out of sight" in screen_text(app))
            assert app.triage.messages.top == 0
            assert stored(mail, "Archive") == []
            await pilot.press("e")
            await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])


async def test_what_is_in_the_archive_already_is_not_counted(mail: World) -> None:
    """Of what was found some is there: the others are archived, and undone, and the list has all of them."""
    mail.put([Letter("Keys of old", KIRSTEN, age=99_000)], "Archive")
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("/", *"subject:keys", "enter")
        await wait_for(pilot, lambda: len(listed(app)) == 5)
        await pilot.press("*")
        assert "5 selected" in screen_text(app)
        await pilot.press("e")
        await wait_for(pilot, lambda: "Archived 4 messages" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: len(listed(app)) == 5)


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20)])
async def test_what_was_not_understood_is_named_where_there_is_little_room(mail: World, size: tuple[int, int]) -> None:
    """And Enter does not throw away a query of which nothing was understood; the number of the selected is seen."""
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("/", *"is:unraed", "space", *"subject:keys")
        await wait_for(pilot, lambda: "4 found" in screen_text(app) and "is:unr" in screen_text(app))
        await pilot.press("enter", "*")
        await wait_for(pilot, lambda: "4 selected" in screen_text(app))
        await pilot.press("escape", "escape", "/", *"is:unraed", "enter")
        await wait_for(pilot, lambda: app.triage.place is Place.SEARCH)
        assert app.triage.finding.text == "is:unraed"


async def test_what_is_brought_back_begins_with_the_newest(tmp_path: Path) -> None:
    """After undo the cursor is on the uppermost of the messages that came back, however they were chosen."""
    with world(
        tmp_path, [Letter(f"Subject {number}", OLA, age=number * 100) for number in reversed(range(30))]
    ) as mail:
        mail.client.start()
        app = mail.app()
        async with app.run_test(size=WIDE) as pilot:
            await wait_for(pilot, lambda: len(listed(app)) >= 20)
            await pilot.press(*"jjjjjjjj", "x", *"kkk", "x", "k", "x")
            await pilot.press("e")
            await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 3)
            await pilot.press("z")
            await wait_for(pilot, lambda: len(app.triage.messages.listing) == 30)
            assert app.triage.messages.cursor == 4


async def test_what_is_in_another_folder_says_in_which(mail: World) -> None:
    """Of a conversation that is unfolded, and of what was found."""
    mail.client.index_now(60)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await wait_for(pilot, lambda: "Keys" in screen_text(app))
        assert "(Sent)" not in screen_text(app)
        await pilot.press("t", "right")
        await wait_for(pilot, lambda: "└ (Sent) Re: Keys" in screen_text(app))
        assert "└ Keys" in screen_text(app)
        assert "(Inbox)" not in screen_text(app)
        await pilot.press("/", *"keys", "enter")
        await wait_for(pilot, lambda: "(Inbox) Keys" in screen_text(app))
        assert "(Sent) Re: Keys" in screen_text(app)
