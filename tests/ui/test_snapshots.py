"""Every state of the screen, letter by letter, at 160×48, 80×24 and 60 columns, as it was when somebody looked at it.

After a change that is meant: TUI_MAIL_UPDATE_SNAPSHOTS=1 python3 run.py test tests/ui/test_snapshots.py, and look at
the difference.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.test_threads import Answer
from tests.ui.world import Letter, World, account, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.store import messages
from tui_mail.ui.app import TuiMailApp

KEPT = Path(__file__).parent / "snapshots"
UPDATE = bool(os.environ.get("TUI_MAIL_UPDATE_SNAPSHOTS"))
SIZES = ((160, 48), (80, 24), (60, 20))
SECONDS = 60.0
"""Until it is believed that a picture will not come; a busy machine needs some."""
READ, STAR = Flag.SEEN, Flag.SEEN | Flag.FLAGGED


@dataclass(frozen=True)
class State:
    """A state, the keys that lead to it, and words by which it is known to be there."""

    name: str
    keys: tuple[str, ...]
    shows: str
    accounts: tuple[str, ...] = ("work",)
    empty: bool = False


STATES = (
    State("inbox", (), "Tides of 2020"),
    State("cursor-and-selection", ("j", "x", "j", "x"), "2 selected"),
    State("reader", ("j", "j", "enter"), "neighbour has them"),
    State("conversations", ("t",), "▸"),
    State("unfolded", ("t", "j", "j", "right"), "└"),
    State("filters", ("Q", "1"), "unread"),
    State("tabs", ("I",), "Notifications"),
    State("all-inboxes", (), "All inboxes", accounts=("work", "home")),
    State("move", ("v",), "Move"),
    State("label", ("l",), "abel"),
    State("desk", ("@",), "Always move"),
    State("copy", ("Y",), "Message-ID"),
    State("commands", (":",), "Commands"),
    State("help", ("?",), "andle mail"),
    State("history", ("H",), "History"),
    State("outbox", ("g", "o"), "Outbox"),
    State("settings", (",",), "Settings"),
    State("sent", ("g", "s"), "Sent"),
    State("empty", (), "Inbox", empty=True),
)


def letters() -> list[Letter]:
    """Mail of long ago, whose dates read the same every day."""

    def on(day: int, subject: str, sender: str, body: str, flags: Flag = READ, parent: int = 0) -> Letter:
        age = datetime.now(UTC).timestamp() - datetime(2020, 3, day, 12, 0, tzinfo=UTC).timestamp()
        if parent:
            return Answer(subject, sender, body, age, flags, parent=f"{parent}@test.example")
        return Letter(subject, sender, body, age, flags)

    keys = "Hi Anna,\n\nThe neighbour has them.\n\n-- \nKirsten\n"
    return [
        on(20, "Tides of 2020", "Harbour office <noreply@harbour.example>", "High water at noon.\n", Flag.NONE),
        on(19, "会議の議題", "渡辺 純 <jun@watanabe.example>", "よろしくお願いします。\n", Flag.NONE),
        on(18, "Summer house keys", "Kirsten Dahl <kirsten@dahl.example>", keys, STAR),
        on(
            17,
            "Re: Summer house keys 🔑",
            "Ola Nordmann <ola@nordmann.example>",
            "> Where?\n\nUnder the mat.\n",
            parent=3,
        ),
        on(16, "A subject that is much too long for any list, " * 3, "Marta Okoye <marta@okoye.example>", "Long.\n"),
        on(15, "Jantar na sexta?", "Ana Paula Reis <ana@reis.example>", "Às oito.\n", Flag.NONE),
    ]


def know(mail: World, ids: list[int]) -> None:
    """Have messages parsed and their first words in their rows, as after a while: nothing comes while one looks."""
    words = [(one, message.snippet) for one in ids if (message := mail.client.message(one)) is not None]
    assert len(words) == len(ids)
    mail.db.run(lambda txn: messages.set_snippets(txn, words))


async def settled(pilot: Pilot[None], app: TuiMailApp) -> None:
    """The picture stays the same for a while: for a person who will look at it, not for a test."""
    before, since = "", time.monotonic()
    while time.monotonic() - since < 1.5:
        await pilot.pause(0.05)
        if (now := screen_text(app)) != before or not now.startswith(" work"):
            before, since = now, time.monotonic()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_state(state: State, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person sees, without its colours; no line is wider than the screen."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    with world(tmp_path, [], [account(name) for name in state.accounts]) as mail:
        if not state.empty:
            for name in state.accounts:
                know(mail, mail.put(letters(), account_name=name))
        app = mail.app()
        async with app.run_test(size=size) as pilot:
            for key in state.keys:
                await pilot.press(key)
            await wait_for(pilot, lambda: state.shows in screen_text(app), SECONDS)
            kept = KEPT / f"{state.name}-{size[0]}.txt"
            if UPDATE:
                await settled(pilot, app)
                KEPT.mkdir(exist_ok=True)
                kept.write_text(f"{screen_text(app)}\n", "utf-8")
            wanted = kept.read_text("utf-8").removesuffix("\n")
            try:
                await wait_for(pilot, lambda: screen_text(app) == wanted, SECONDS)
            except AssertionError:
                assert screen_text(app) == wanted  # with the difference
