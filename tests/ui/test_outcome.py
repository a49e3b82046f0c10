"""An action that could not be done: what the line says, and what undo is about."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.errors import StoreFull
from tui_mail.model import Change
from tui_mail.text import SafeText
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.outcome import not_done

WIDE = (160, 48)
FULL = StoreFull("The disk is full; nothing was lost.")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Five messages, the newest first: Subject 0, Subject 1, …"""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(5)]) as made:
        yield made


def stored(mail: World, folder: str) -> list[str]:
    """The subjects in a folder, as the store has them."""
    return [row.subject for row in mail.client.first_rows(mail.folder(folder).id, 100)]


def listed(app: TuiMailApp) -> list[str]:
    """The subjects in the list, in order."""
    listing = app.triage.messages.listing
    listing.read(app.client, 0, len(listing))
    return [row.subject for at in range(len(listing)) if (row := listing.row_at(at)) is not None]


class FullDisk:
    """Nothing can be written any more; `answer` says so, at once or when a test wants it."""

    def __init__(self, mail: World, *, late: bool = False) -> None:
        self.answer = Future[Change | None]()
        mail.client.archive = mail.client.mark = self._do  # type: ignore[method-assign, assignment]
        if not late:
            self.answer.set_exception(FULL)

    def _do(self, *_: object, **__: object) -> Future[Change | None]:
        return self.answer


@pytest.mark.parametrize(("key", "words"), [("e", "Not archived: The disk is full"), ("s", "Not marked: The disk is")])
async def test_it_is_said_and_undo_is_about_nothing_else(key: str, words: str, mail: World) -> None:
    """The line says that it was not done; z takes back nothing, and only z again what was done before that."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])
        FullDisk(mail)
        await pilot.press(key)
        await wait_for(pilot, lambda: words in screen_text(app))
        assert listed(app) == [f"Subject {n}" for n in range(1, 5)]
        await pilot.press("z")
        await wait_for(pilot, lambda: "so nothing was undone · z again undoes what was done before" in screen_text(app))
        assert stored(mail, "Archive") == ["Subject 0"]
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "Archive") == [])


async def test_undo_waits_until_it_is_known(mail: World) -> None:
    """z that comes before the disk has answered is about that action."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e")
        await wait_for(pilot, lambda: stored(mail, "Archive") == ["Subject 0"])
        disk = FullDisk(mail, late=True)
        await pilot.press("e", "z")
        disk.answer.set_exception(FULL)
        await wait_for(pilot, lambda: "Not archived, so nothing was undone" in screen_text(app))
        assert stored(mail, "Archive") == ["Subject 0"]


async def test_what_is_done_after_it_is_undone_at_once(mail: World) -> None:
    """A failure is forgotten when something was done since."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        archive = mail.client.archive
        FullDisk(mail)
        await pilot.press("s")
        await wait_for(pilot, lambda: "Not marked: The disk is full" in screen_text(app))
        mail.client.archive = archive  # type: ignore[method-assign]
        await pilot.press("e")
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 1)
        await wait_for(pilot, lambda: "Archived 1 message · z undo" in screen_text(app))
        await pilot.press("z")
        await wait_for(pilot, lambda: stored(mail, "Archive") == [])


async def test_one_toast_for_many_keys(mail: World) -> None:
    """The same problem is put up once while it is to be seen; another one beside it."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        FullDisk(mail)
        for count in range(1, 4):
            await pilot.press("s")
            await wait_for(pilot, lambda: "Not marked: The disk is full" in screen_text(app))
            app.triage.say(SafeText(f"said {count}"))
            await wait_for(pilot, lambda count=count: f"said {count}" in screen_text(app))  # type: ignore[misc]
        app.triage.problem(StoreFull("Another problem."))
        await wait_for(pilot, lambda: "Another problem." in [one.message for one in app._notifications])
        assert [one.message for one in app._notifications] == [FULL.sentence, "Another problem."]


def test_words() -> None:
    """Those for what was done, turned round."""
    assert not_done("Moved to Trash:") == "Not moved to Trash"
    assert not_done("Made the folder Plans") == "Not made the folder Plans"


async def test_every_undo_that_waits_is_done(mail: World) -> None:
    """Two of them, one after the other; and nothing is waited for afterwards."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e", "e")
        await wait_for(pilot, lambda: sorted(stored(mail, "Archive")) == ["Subject 0", "Subject 1"])
        slow = Future[None]()
        app.triage.outcome.follow(slow, lambda _: None, "Archived")
        for _ in range(2):
            app.triage.outcome.before_undo(app.triage.commands.revising.undo)
        slow.set_result(None)
        await wait_for(pilot, lambda: stored(mail, "Archive") == [])
        await wait_for(pilot, lambda: not app.triage.bridge.is_opening)


async def test_what_was_done_since_is_what_undo_is_about(mail: World) -> None:
    """A message that is sent after an action failed is taken back by the first z."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        failed = Future[None]()
        app.triage.outcome.follow(failed, lambda _: None, "Moved to Trash:")
        failed.set_exception(FULL)
        await wait_for(pilot, lambda: "Not moved to Trash" in screen_text(app))
        app.triage.outcome.forget()
        undone = list[bool]()
        app.triage.outcome.before_undo(lambda: undone.append(True))
        assert undone == [True]
