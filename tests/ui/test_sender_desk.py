"""The desk of a sender: counts, everything put away at once, leaving the list only after a second Enter, a rule."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.servers.internet import LocalInternet, page
from tests.ui.test_triage import SMALL, WIDE, listed, stored
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.model import Flag
from tui_mail.net import one_click
from tui_mail.net.lookups import Internet
from tui_mail.query import All, In, Where, Words
from tui_mail.text import SafeText
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.desk import Desk
from tui_mail.ui.sender_desk import _from
from tui_mail.understanding import understand

CONFIG = """
[accounts.work]
name = "Anna Berg"
email = "anna@example.org"
protocol = "imap"
[accounts.work.incoming]
host = "imap.example.org"
port = 993
security = "tls"
user = "anna"
"""
NEWS = "Tide News <news@tide.example>"
WEB = "tide.example"
LEAVE = (
    "DKIM-Signature: v=1; d=tide.example; h=from:list-unsubscribe:list-unsubscribe-post; b=x\n"
    "List-Unsubscribe: <https://tide.example/leave?u=1>, <mailto:leave@tide.example?subject=out>\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
)


@dataclass(frozen=True)
class News(Letter):
    """A message of a list that can be left."""

    sender: str = NEWS
    leave: str = LEAVE

    def raw(self, number: int) -> bytes:
        head, blank, body = super().raw(number).partition(b"\r\n\r\n")
        return head + b"\r\n" + self.leave.replace("\n", "\r\n").encode().rstrip() + blank + body


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """Three of one sender in the inbox, one in the archive, one in the trash; one of somebody like them."""
    letters = [News(f"News {n}", age=60 + n * 60, flags=Flag.SEEN if n else Flag.NONE) for n in range(3)]
    with world(tmp_path, [*letters, Letter("Alike", sender="news@tide.example.org", age=4_000)]) as made:
        made.put([News("Old", age=9_000, flags=Flag.SEEN)], "Archive")
        made.put([News("Thrown", age=9_900, flags=Flag.SEEN)], "Trash")
        made.client.start()
        yield made


async def desk(app: TuiMailApp, pilot: Pilot[None]) -> None:
    """Open it, and wait for the numbers."""
    await pilot.press("@")
    await wait_for(pilot, lambda: isinstance(app.screen, Desk))
    await wait_for(pilot, lambda: "5 messages" in screen_text(app))


@pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20)])
async def test_what_there_is_from_a_sender(mail: World, size: tuple[int, int]) -> None:
    """How many, unread, where, since when; what can be done about how many."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await desk(app, pilot)
        await wait_for(pilot, lambda: "Unsubscribe…" in screen_text(app))
        text = screen_text(app)
        assert "5 messages · 1 unread" in text
        assert "3 Inbox" in text
        assert "1 Archive" in text
        for words, number in (("Archive all in the inbox", "3"), ("Move all to the trash", "4"), ("Show all", "5")):
            line = next(line for line in text.splitlines() if words in line)
            assert line.split()[-1] == number
        assert "one click, tide.example" in text


async def test_all_in_the_inbox_are_archived_in_one_step(mail: World) -> None:
    """Those of somebody alike stay; z brings them back."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await desk(app, pilot)
        await pilot.press(*"archive", "enter")
        await wait_for(pilot, lambda: listed(app) == ["Alike"])
        await wait_for(pilot, lambda: len(stored(mail, "Archive")) == 4)
        await pilot.press("z")
        await wait_for(pilot, lambda: len(listed(app)) == 4)


async def test_all_to_the_trash_and_all_read(mail: World) -> None:
    """From every folder."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await desk(app, pilot)
        await pilot.press(*"read", "enter")
        await wait_for(pilot, lambda: mail.folder().unread == 1)
        await desk(app, pilot)
        await pilot.press(*"trash", "enter")
        await wait_for(pilot, lambda: len(stored(mail, "Trash")) == 5)
        assert stored(mail, "Archive") == []


async def test_show_all_is_a_search(mail: World) -> None:
    """It can be refined like any other."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await desk(app, pilot)
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.triage.finding._box is not None)
        assert app.triage.finding._box is not None
        assert app.triage.finding._box.value == 'from:"news@tide.example"'


async def test_one_click_only_after_the_host_was_named(
    mail: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at the desk asks nobody; the second Enter sends one POST."""
    (folder := tmp_path / "net").mkdir()
    with LocalInternet(folder, monkeypatch, WEB) as net:
        net.pages[f"{WEB}/leave?u=1"] = page("", "204 No Content")
        leave = one_click.leave
        here = Internet(ca_file=net.internet.ca_file)
        monkeypatch.setattr(one_click, "leave", lambda url: leave(url, here, allowed=lambda _: True))
        app = mail.app()
        async with app.run_test(size=WIDE, notifications=True) as pilot:
            await desk(app, pilot)
            await wait_for(pilot, lambda: "Unsubscribe…" in screen_text(app))
            await pilot.press(*"unsub", "enter")
            await wait_for(pilot, lambda: "Unsubscribe from tide.example?" in screen_text(app))
            assert "One https request to tide.example; nothing else is sent." in screen_text(app)
            assert "Signed by tide.example; not checked by your server." in screen_text(app)
            assert net.web.seen == []
            await pilot.press("enter")
            await wait_for(pilot, lambda: "tide.example has taken it (204)" in screen_text(app))
            assert net.web.seen[0].split()[0] == b"POST"


async def test_the_other_ways_out(mail: World) -> None:
    """A message that is looked over before it goes; and staying."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        for keys in (("escape",), (*"no stay", "enter")):
            await desk(app, pilot)
            await wait_for(pilot, lambda: "Unsubscribe…" in screen_text(app))
            await pilot.press(*"unsub", "enter")
            await wait_for(pilot, lambda: "Unsubscribe from tide.example?" in screen_text(app))
            await pilot.press(*keys)
            await wait_for(pilot, lambda: app.screen is app.triage)


async def test_a_page_is_opened_or_copied(mail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a desktop the address of the page is in the clipboard."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    mail.put([News("Page", age=10, leave="List-Unsubscribe: <https://tide.example/out>\n")])
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("g", "g", "@")
        await wait_for(pilot, lambda: "a page to open" in screen_text(app))
        await pilot.press(*"unsub", "enter")
        await wait_for(pilot, lambda: "Open https://tide.example/out" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.clipboard == "https://tide.example/out")


async def test_a_private_host_is_refused_in_words(mail: World) -> None:
    """With the real rule: the name leads to this computer."""
    mail.put([News("Here", age=10, leave=LEAVE.replace("//tide.example/", "//localhost/"))])
    app = mail.app()
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.press("g", "g", "@")
        await wait_for(pilot, lambda: "Unsubscribe…" in screen_text(app))
        await pilot.press(*"unsub", "enter")
        await wait_for(pilot, lambda: "tell localhost now" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "private network" in screen_text(app))


@pytest.mark.parametrize(("typed", "goes"), [("travel", {"move": "Travel"}), ("archive", {"archive": True})])
async def test_always_move_to_writes_a_rule(mail: World, typed: str, goes: dict[str, object]) -> None:
    """A table of [[rules]] for this account; a second one for the same sender takes its place."""
    file = mail.client.paths.config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONFIG)
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        for folder in ("projects", typed):
            await desk(app, pilot)
            await pilot.press(*"always", "enter")
            await wait_for(pilot, lambda: "Always move mail from" in screen_text(app))
            await pilot.press(*folder, "enter")
            await wait_for(pilot, lambda: app.screen is app.triage)
        query = {"account": "work", "query": 'in:inbox from:"news@tide.example"'}
        rule = {"name": "From news@tide.example (work)", **query, **goes}
        await wait_for(pilot, lambda: tomllib.loads(file.read_text()).get("rules") == [rule])


def test_an_address_is_no_query() -> None:
    """What a sender calls themselves makes no rule about anybody else."""
    hostile = SafeText('"x" OR is:read" OR in:inbox -(@evil.example')
    query = understand(f"in:inbox {_from(hostile)}")
    assert isinstance(query.term, All)
    inbox, sender = query.term.terms
    assert isinstance(inbox, In)
    assert isinstance(sender, Words)
    assert sender.where is Where.FROM
