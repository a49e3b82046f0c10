"""An invitation in the reader, answered by mail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.test_compose_screen import WORK
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tests.unit.test_mime_invitation import event
from tui_mail.model import Flag
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.picker import Picker
from tui_mail.ui.screens.prompt import Prompt


def invitation() -> Letter:
    """As Google sends them: text and calendar as alternatives."""
    body = (
        "--b\nContent-Type: text/plain\n\nYou are invited.\n--b\nContent-Type: text/calendar; charset=utf-8; "
        f"method=REQUEST\n\n{event().decode()}\n--b--\n".replace("\r\n", "\n")
    )
    return Letter("Invitation", "Ola <ola@example.org>", body, content_type="multipart/alternative; boundary=b")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """One invitation, and a letter."""
    with world(tmp_path, [invitation(), Letter("Hello", age=7200)], [WORK]) as made:
        yield made


def read(app: TuiMailApp) -> str:
    return "\n".join("".join(text for text, _ in line) for line in app.triage.reader.document.lines)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_an_invitation_is_shown_and_accepted(mail: World, size: tuple[int, int]) -> None:
    """The card first, then the text; the answer is in the outbox, and the message is marked as answered."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Invitation · updated (2)" in read(app))
        text = read(app)
        assert text.index("Garden, plan") < text.index("You are invited.")
        assert "W. Europe Standard Time" in text
        await pilot.press("i")
        await wait_for(pilot, lambda: "a mail from anna@example.org to ola@example.org" in screen_text(app))
        assert isinstance(app.screen, Picker)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.focused is not None)
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(mail.client.outbox()) == 1)
        entry = mail.client.outbox()[0]
        assert [one.email for one in entry.recipients] == ["ola@example.org"]
        assert entry.subject == "Accepted: Garden, plan"
        await wait_for(pilot, lambda: mail.client.first_rows(mail.folder().id, 1)[0].flags & Flag.ANSWERED)
        await pilot.press("h", "h")
        assert "Invitation · updated (2)" in read(app)


async def test_where_there_is_no_invitation_nothing_is_answered(mail: World) -> None:
    """The card of one message is not that of the next."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Invitation · updated (2)" in read(app))
        await pilot.press("J")
        await wait_for(pilot, lambda: "I left the keys" in read(app))
        assert "updated" not in read(app)
        await pilot.press("i")
        await wait_for(pilot, lambda: "There is no invitation in this message." in screen_text(app))
        await pilot.press("K")
        await wait_for(pilot, lambda: "Invitation · updated (2)" in read(app))
