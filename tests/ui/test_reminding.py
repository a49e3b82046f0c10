"""Reminders and what comes back by itself, on the screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_triage import WIDE, listed, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.model import LinkState
from tui_mail.store import folders, reminding, snoozing
from tui_mail.ui.snoozing import REMINDERS

DAY = 86_400


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three messages, the newest first: Subject 0, Subject 1, Subject 2."""
    with world(tmp_path, [Letter(f"Subject {n}", age=60 + n * 60) for n in range(3)]) as made:
        made.client.start()
        yield made


async def test_a_reminder_by_key(mail: World) -> None:
    """b, "nobody answers": it stays, says until when, and stands below Follow up in the tree; b takes it back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        assert "Follow up" not in screen_text(app)
        await pilot.press("b", *"nobody 3", "enter")
        await wait_for(pilot, lambda: "unless somebody answers: 1 message · z undo" in screen_text(app))
        assert stored(mail, "INBOX") == ["Subject 0", "Subject 1", "Subject 2"]
        await wait_for(pilot, lambda: "Follow up" in screen_text(app) and "→" in screen_text(app))
        await pilot.press("b", *"no reminder any", "enter")
        await wait_for(pilot, lambda: mail.client.rows(mail.client.ids(mail.folder().id))[0].keywords == ())
    assert [days for _, days in REMINDERS] == [3, 7]


async def test_what_nobody_answered_is_said(mail: World) -> None:
    """When it is time: a toast with its subject, a star, and it is found below Follow up."""
    ids = list(mail.client.ids(mail.folder().id))
    mail.client.remind(ids[:1], time.time() + DAY).result()
    app = mail.app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await wait_for(pilot, lambda: "Follow up" in screen_text(app))
        account = folders.known_account(mail.db.read(), "work")
        mail.db.run(lambda txn: reminding.ring(txn, account, time.time() + 2 * DAY, lambda _: False))
        await wait_for(pilot, lambda: "Nobody has answered: Subject 0" in screen_text(app))
        await wait_for(pilot, lambda: "★" in screen_text(app))


async def test_what_wakes_is_said(mail: World) -> None:
    """When it is time, it is in the list again, and a toast says so."""
    ids = list(mail.client.ids(mail.folder().id))
    mail.client.snooze(ids[1:2], time.time() + DAY).result()
    app = mail.app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await wait_for(pilot, lambda: listed(app) == ["Subject 0", "Subject 2"])
        mail.db.run(lambda txn: snoozing.wake(txn, time.time() + 2 * DAY))
        await wait_for(pilot, lambda: listed(app) == ["Subject 0", "Subject 1", "Subject 2"])
        await wait_for(pilot, lambda: "Back in the inbox: Subject 1" in screen_text(app))


def test_what_wakes_is_told_like_new_mail(mail: World) -> None:
    """A notification, where they are wanted for the inbox; once."""
    ids = list(mail.client.ids(mail.folder().id))
    mail.client.snooze(ids[:2], time.time() + DAY).result()
    newcomers = mail.client.newcomers()
    newcomers.want({"work": ("inbox",)})
    newcomers.begin({"work": LinkState.LIVE})
    mail.db.run(lambda txn: snoozing.wake(txn, time.time() + 2 * DAY))
    assert [(one.folder, one.subject) for one in newcomers.look([])] == [("Inbox", "Subject 0"), ("Inbox", "Subject 1")]
    assert newcomers.look([mail.folder().id]) == []
