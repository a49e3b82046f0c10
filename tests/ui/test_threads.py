"""The list by conversation: folding, what an action is about, and a cursor that stays with its conversation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, wait_for, world
from tui_mail.model import Flag
from tui_mail.ui.app import TuiMailApp


@dataclass(frozen=True)
class Answer(Letter):
    """A letter that names the one it answers."""

    parent: str = ""

    def raw(self, number: int) -> bytes:
        """With In-Reply-To."""
        return super().raw(number).replace(b"MIME-Version", b"In-Reply-To: <%s>\r\nMIME-Version" % self.parent.encode())


WIDE = (160, 48)
KIRSTEN, OLA = "Kirsten Dahl <kirsten@dahl.example>", "Ola Nordmann <ola@nordmann.example>"
ME = "Anna Berg <anna@example.org>"
KEYS_AT = (("INBOX", 2), ("INBOX", 0), ("Sent", 0))
"""Folder and line of each message of the conversation, the oldest first."""


def keys() -> list[Letter]:
    """Two messages of one conversation, with another message between them; numbers 1 to 3."""
    return [
        Letter("Keys", KIRSTEN, age=9_000),
        Letter("Lunch", OLA, age=8_000, flags=Flag.SEEN),
        Answer("Re: Keys", OLA, age=7_000, parent="1@test.example"),
    ]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """A conversation of two messages here and one in Sent, listed by conversation."""
    with world(tmp_path, keys()) as made:
        made.put([Answer("Re: Keys", ME, age=6_000, parent="3@test.example", flags=Flag.SEEN)], "Sent")
        made.client.start()
        yield made


def lines(app: TuiMailApp) -> list[str]:
    """What stands in the list."""
    messages = app.triage.messages
    return [messages.render_line(y).text for y in range(len(messages.listing))]


def stored(mail: World, folder: str) -> list[str]:
    """The subjects in a folder, newest first."""
    return [row.subject for row in mail.client.first_rows(mail.folder(folder).id, 100)]


async def test_a_key_lists_by_conversation_and_it_is_remembered(mail: World) -> None:
    """One line for each, with who wrote and how many there are; the next run lists the folder the same way."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        assert len(lines(app)) == 3
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        assert "Ola, Kirsten" not in lines(app)[0]
        assert "Kirsten, Ola, me (3)" in lines(app)[0]
        assert "▸ Re: Keys" in lines(app)[0]
        assert "●" in lines(app)[0]
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        assert len(lines(app)) == 2
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 3)


async def test_a_conversation_unfolds_and_folds(mail: World) -> None:
    """Its messages stand below it, what was sent among them; Enter goes to the oldest that is not read."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "right")
        assert [line.count("└") for line in lines(app)] == [0, 1, 1, 0]
        assert "▾ Re: Keys" in lines(app)[0]
        await pilot.press("j", "left")
        assert len(lines(app)) == 2
        assert app.triage.messages.cursor == 0
        await pilot.press("enter")
        row = app.triage.messages.current
        assert row is not None
        assert row.subject == "Keys"
        await wait_for(pilot, lambda: mail.folder().unread == 1)
        assert len(app.triage.messages.targets()) == 1


async def test_an_action_is_about_the_whole_conversation_here_and_one_undo_step(mail: World) -> None:
    """What is in Sent stays there."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "e")
        assert len(lines(app)) == 1
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Re: Keys", "Keys"])
        assert stored(mail, "Sent") == ["Re: Keys"]
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "INBOX") == ["Re: Keys", "Lunch", "Keys"])
        await wait_for(pilot, lambda: len(lines(app)) == 2 and app.triage.messages.cursor == 0)


async def test_what_comes_later_is_not_swept_along(mail: World) -> None:
    """A message that came after the line was painted stays, unread."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t")
        await wait_for(pilot, lambda: len(lines(app)) == 2)
        before = app.triage.messages.targets()
        mail.put([Answer("Re: Keys, late", KIRSTEN, age=10, parent="4@test.example")])
        app.triage.commands.perform("message.archive")
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == len(before) == 2)
        assert stored(mail, "INBOX") == ["Re: Keys, late", "Lunch"]
        await wait_for(pilot, lambda: len(lines(app)) == 2 and "late" in lines(app)[0])


async def test_read_and_star_show_at_once(mail: World) -> None:
    """All of it is read then; one star is enough, and taking it away takes all."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "u")
        assert "●" not in lines(app)[0]
        await wait_for(pilot, lambda: mail.folder().unread == 0)
        await pilot.press("s")
        assert "★" in lines(app)[0]
        await pilot.press("s")
        assert "★" not in lines(app)[0]
        await pilot.press("z", "z")
        await wait_for(pilot, lambda: "●" not in lines(app)[0] and "★" not in lines(app)[0])
        await pilot.press("z")
        await wait_for(pilot, lambda: "●" in lines(app)[0])


async def test_the_cursor_stays_with_its_conversation(mail: World) -> None:
    """While others arrive, and while an answer to it brings it to the top."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "j")
        mail.put([Letter("Another", OLA, age=20)])
        await wait_for(pilot, lambda: len(lines(app)) == 3)
        assert "Lunch" in lines(app)[app.triage.messages.cursor]
        mail.put([Answer("Re: Lunch", KIRSTEN, age=10, parent="2@test.example")])
        await wait_for(pilot, lambda: "Re: Lunch" in lines(app)[0])
        assert app.triage.messages.cursor == 0
        assert "(2)" in lines(app)[0]


async def test_an_unfolded_conversation_stays_so(mail: World) -> None:
    """While its newest message is archived alone, and while an answer comes."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "right", "e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Re: Keys"])
        assert stored(mail, "INBOX") == ["Lunch", "Keys"]
        await wait_for(pilot, lambda: sum("└" in line for line in lines(app)) == 2)
        mail.put([Answer("Re: Keys again", KIRSTEN, age=10, parent="1@test.example")])
        await wait_for(pilot, lambda: "▾ Re: Keys again" in lines(app)[0])
        assert sum("└" in line for line in lines(app)) == 3


async def test_what_comes_to_a_muted_conversation_counts_as_read(mail: World) -> None:
    """It is marked read for the server too; the same key ends it."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("t", "M")
        await wait_for(pilot, lambda: "⊘" in lines(app)[0])
        mail.put([Answer("Re: Keys, noise", OLA, age=10, parent="1@test.example")])
        await wait_for(pilot, lambda: "noise" in lines(app)[0])
        assert mail.folder().unread == 2
        await pilot.press("M")
        await wait_for(pilot, lambda: "⊘" not in lines(app)[0])
        mail.put([Answer("Re: Keys, news", OLA, age=5, parent="1@test.example")])
        await wait_for(pilot, lambda: mail.folder().unread == 3)


async def test_who_reads_goes_through_the_conversation_wherever_its_messages_are(mail: World) -> None:
    """The answer in Sent too; the list keeps its cursor where it has no line for it."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        first, second, sent = (app.client.first_rows(mail.folder(name).id)[at].id for name, at in KEYS_AT)
        app.triage.messages.move_to(next(n for n, id_ in enumerate(app.triage.messages.listing.ids) if id_ == first))
        await pilot.press("enter")
        for key, wanted in ((")", second), (")", sent), (")", sent), ("(", second), ("(", first)):
            await pilot.press(key)
            await wait_for(pilot, lambda wanted=wanted: app.triage.reading.message_id == wanted)
            await wait_for(pilot, lambda: app.triage.reading.message is not None)
