"""Labels: keywords that are picked by name, shown in rows and in the reader, taken back in one step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_triage import SMALL, WIDE, read
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.ui.screens.picker import Choice, Picker
from tui_mail.ui.widgets.keyword_text import chips, is_label, keyword_for, label_name, label_names


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Five messages; one has a label, and keywords that are no labels."""
    with world(tmp_path, [Letter(f"Subject {n}", body=f"Body {n}\n", age=60 + n * 60) for n in range(5)]) as made:
        rows = made.client.first_rows(made.folder().id, 10)
        made.client.mark([rows[4].id], add_keywords=["to_do", "$Forwarded", "NonJunk"], undoable=False).result()
        made.client.mark([rows[3].id], add_keywords=["$label2"], undoable=False).result()
        yield made


def words(mail: World, line: int) -> set[str]:
    """The keywords of a message of the inbox."""
    return set(mail.client.first_rows(mail.folder().id, 10)[line].keywords)


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_known_label_is_picked_by_a_few_letters(mail: World, size: tuple[int, int]) -> None:
    """It stands in the row and in the reader; z takes it off again."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        assert "[to do] Subject 4" in screen_text(app)
        assert "[Work] Subject 3" in screen_text(app)
        assert "Forwarded" not in screen_text(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Body 0" in read(app))
        await pilot.press("l")
        await wait_for(pilot, lambda: "Label 1 message" in screen_text(app))
        await wait_for(pilot, lambda: isinstance(app.screen, Picker) and len(app.screen._list.shown) == 2)
        await pilot.press(*"do", "enter")
        await wait_for(pilot, lambda: words(mail, 0) == {"to_do"})
        await wait_for(pilot, lambda: "[to do]" in read(app))
        await wait_for(pilot, lambda: "Label to do on: 1 message · z undo" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: words(mail, 0) == set())
        await pilot.press("q")
        await wait_for(pilot, lambda: "[to do] Subject 0" not in screen_text(app))


async def test_several_messages_one_step_and_a_second_time_takes_it_off(mail: World) -> None:
    """Where some have it, all get it; where all have it, none keeps it; a new name makes a new label."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("G", "x", "k", "x", "l")
        await wait_for(pilot, lambda: "– to do" in screen_text(app))
        await pilot.press(*"to do", "enter")
        await wait_for(pilot, lambda: "to_do" in words(mail, 3))
        assert words(mail, 4) == {"to_do", "$Forwarded", "NonJunk"}
        await pilot.press("l")
        await wait_for(pilot, lambda: "✓ to do" in screen_text(app))
        await pilot.press(*"to do", "enter")
        await wait_for(pilot, lambda: words(mail, 3) == {"$label2"})
        assert words(mail, 4) == {"$Forwarded", "NonJunk"}
        await pilot.press("z", "l", *"Tax 2026")
        await wait_for(pilot, lambda: "+ New label “Tax 2026”" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Tax_2026" in words(mail, 3) and "Tax_2026" in words(mail, 4))
        assert "to_do" in words(mail, 3)
        await wait_for(pilot, lambda: screen_text(app).count("[Tax 2026]") >= 2)


async def test_the_same_again_with_a_point(mail: World) -> None:
    """The label that was put on last, on another message."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("l")
        await wait_for(pilot, lambda: "Label 1 message" in screen_text(app))
        await pilot.press(*"soon", "enter")
        await wait_for(pilot, lambda: words(mail, 0) == {"soon"})
        await pilot.press("j", "full_stop")
        await wait_for(pilot, lambda: words(mail, 1) == {"soon"})


def test_which_keywords_are_labels() -> None:
    """Those of programs are not, whatever their case; names are what people say."""
    hidden = ["$Forwarded", "$MDNSent", "$Junk", "NonJunk", "Junk", "$MailFlagBit0", "\\*", "$SubmitPending"]
    assert label_names([*hidden, "to_do", "$label1", "$Important", "work"]) == [
        "to do",
        "Important",
        "Important",
        "work",
    ]
    assert label_name("bad\x1b[2J").isprintable()
    assert [keyword_for(name) for name in ("To do", "a.b-c", "é", "a&b", "$Junk", "junk", "", "x" * 65)] == [
        "To_do", "a.b-c", "", "", "", "", "", "",
    ]  # fmt: skip
    assert is_label("$LABEL3")


def test_chips_keep_to_their_room() -> None:
    """What does not fit is a …"""
    for room in range(40):
        assert sum(len(text) for text, _ in chips(["one", "two", "three"], room)) <= room
    assert "".join(text for text, _ in chips(["one", "two"], 40)) == "[one] [two] "
    assert "".join(text for text, _ in chips(["a_long_name", "two"], 12)) == "[a long…] … "


def test_the_history_names_the_label(mail: World) -> None:
    """Put on, or taken off."""
    one = mail.client.first_rows(mail.folder().id, 1)[0].id
    mail.client.mark([one], add_keywords=["todo"]).result()
    mail.client.mark([one], remove_keywords=["todo"]).result()
    said = [change.summary for change in mail.client.changes()]
    assert said[:2] == ["no longer todo: 1 message", "labelled todo: 1 message"]


async def test_what_may_be_picked_comes_too_early_or_too_late(mail: World) -> None:
    """Counts that come before the box is on the screen are in it; those that come after it has gone end nothing."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        picker = Picker("Which?", [Choice("a", "apples")])
        app.push_screen(picker)
        picker.offer([Choice("a", "apples"), Choice("p", "pears")])
        await wait_for(pilot, lambda: "pears" in screen_text(app))
        picker.dismiss(None)
        for _ in range(20):
            picker.offer([Choice("p", "plums")])
            await asyncio.sleep(0)
        await wait_for(pilot, lambda: app.screen is app.triage)
        await pilot.press("j")
        assert app.triage.messages.cursor == 1
        assert "plums" not in screen_text(app)
