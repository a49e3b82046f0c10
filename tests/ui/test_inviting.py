"""An invitation in the reader, answered by mail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.ui.test_compose_screen import WORK
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tests.unit.test_mime_invitation import event
from tui_mail.mime.invitation import answer, read_invitation
from tui_mail.mime.recipients import Typed
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
    """The card first, then the text; the answer is in the outbox."""
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
        await wait_for(pilot, lambda: "“Accepted: Garden, plan” ·" in screen_text(app))
        await pilot.press("h", "h")
        assert "Invitation · updated (2)" in read(app)


async def test_an_answer_can_be_taken_back(mail: World) -> None:
    """It waits as any message does; z takes it back, not what was done before, and nothing is marked."""
    mail.client.compose = replace(mail.client.compose, undo_send=60)
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("s")
        await wait_for(pilot, lambda: mail.client.first_rows(mail.folder().id, 1)[0].starred)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Invitation · updated (2)" in read(app))
        await pilot.press("i")
        await wait_for(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.focused is not None)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "z undo" in screen_text(app).splitlines()[0])
        (entry,) = mail.client.outbox()
        assert entry.not_before >= entry.created + 60
        await pilot.press("z")
        await wait_for(pilot, lambda: "Taken back: nobody has got it." in screen_text(app))
        assert not mail.client.outbox()
        row = mail.client.first_rows(mail.folder().id, 1)[0]
        assert row.starred
        assert not row.flags & Flag.ANSWERED


@dataclass(frozen=True)
class Sent(Letter):
    """An answer as it lies in Sent, to the first message of a world."""

    what: str = "accept"
    calendar: bytes = b""

    def raw(self, number: int) -> bytes:
        """With what sending adds."""
        asked = read_invitation(self.calendar or event())
        assert asked is not None
        sender = Typed("Anna Berg", "anna@example.org")
        made = answer(asked, self.what, sender, parent="1@test.example", now=datetime.now(UTC))
        date = format_datetime(datetime.fromtimestamp(int(time.time() - self.age), UTC))
        return f"Message-ID: <{number}@test.example>\r\nDate: {date}\r\n".encode() + made


@pytest.mark.parametrize(
    ("flags", "letters", "words"),
    [
        (Flag.ANSWERED, [Sent(age=90)], "✓ you answered: accepted"),
        (Flag.ANSWERED, [Sent(age=90), Sent(age=30, what="decline")], "✗ you answered: declined"),
        (Flag.ANSWERED, [Sent(age=90, calendar=event("SEQUENCE:1"))], ""),
        (Flag.ANSWERED, [Sent(age=90, calendar=event("UID:other"))], ""),
        (Flag.ANSWERED, [], ""),
        (Flag.NONE, [Sent(age=90)], ""),
    ],
)
async def test_what_was_answered_is_said_where_it_is_known(
    tmp_path: Path, flags: Flag, letters: list[Sent], words: str
) -> None:
    """The last answer to this version of it, once it was accepted; it can be answered anew."""
    with world(tmp_path, [replace(invitation(), flags=flags)], [WORK]) as made:
        made.put(letters, "Sent")
        app = made.app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "Invitation · updated (2)" in read(app))
            assert words in read(app)
            assert ("you answered" in read(app)) is bool(words)
            assert ("i answers it anew by mail" in read(app)) is bool(words)


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


async def test_an_alias_is_me(tmp_path: Path) -> None:
    """In the head, and among those who are invited."""
    body = event("ATTENDEE;CN=Anna:mailto:CLUB@other.example").decode().replace("\r\n", "\n")
    letter = Letter(body=body, to="Anna Berg <Club@other.example>", content_type="text/calendar; method=REQUEST")
    with world(tmp_path, [letter], [WORK]) as made:
        app = made.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "Garden, plan" in read(app))
            assert "to me" in read(app)
            assert "· you" in read(app)
            assert "not named" not in read(app)
