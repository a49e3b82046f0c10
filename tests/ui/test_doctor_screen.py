"""The doctor on the screen: what is right, what is not, and what can be pasted, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.servers.dovecot import Dovecot
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.config import secrets
from tui_mail.config.changing import add_account
from tui_mail.config.secrets import Place
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.doctor import Doctor, finding_runs

pytestmark = pytest.mark.server


@pytest.fixture
def place(dovecot: Dovecot, tmp_path: Path) -> Iterator[World]:
    """One account on a real server, whose password is known to this run."""
    user = dovecot.new_user()
    server = replace(dovecot.server(user), password_command=())
    one = replace(dovecot.account(user), email="anna.berg@example.org", full_name="Anna Berg", incoming=server)
    with world(tmp_path, [Letter()], [one]) as made:
        add_account(made.client.paths, one)
        secrets.begin(made.client.paths)
        secrets.keep_secret(one, "incoming", dovecot.passwords[user], Place.SESSION)
        yield made


async def examined(app: TuiMailApp, pilot: Pilot[None]) -> Doctor:
    """The doctor, once it has looked at everything."""
    await wait_for(pilot, lambda: app.triage.messages.count)
    await pilot.press("g", "e")
    await wait_for(pilot, lambda: isinstance(app.screen, Doctor))
    box = app.screen
    assert isinstance(box, Doctor)
    await wait_for(pilot, lambda: "looking…" not in screen_text(app) and box.report.strip(), 60)
    return box


@pytest.mark.parametrize("size", [(160, 48), (80, 24), (60, 16)])
async def test_everything_is_looked_at_and_can_be_pasted(place: World, size: tuple[int, int]) -> None:
    """Versions, terminal, disk, keyring and each step of the server; nobody is named; Esc goes back to the mail."""
    app = place.app()
    async with app.run_test(size=size) as pilot:
        box = await examined(app, pilot)
        for word in ("versions: tui-mail", "terminal: ", "disk: free", "secrets: ", "1 message is whole", "✓ login"):
            assert word in box.report, box.report
        assert "everything works" in screen_text(app)
        user = place.accounts[0].incoming.user
        assert not any(name in box.report for name in ("anna.berg", "Anna Berg", f"as {user}"))
        await pilot.press("Y")
        assert app.clipboard == box.report
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)


async def test_what_does_not_work_has_the_cursor(place: World, dovecot: Dovecot) -> None:
    """A wrong password and a line of config.toml that is wrong: both are said, in whole below the list."""
    (one,) = place.accounts
    secrets.keep_secret(one, "incoming", "wrong", Place.SESSION)
    file = place.client.paths.config_file
    file.write_text(f'{file.read_text()}\n[accounts.other]\nemial = "a@b.example"\n')
    app = place.app()
    async with app.run_test(size=(120, 40)) as pilot:
        box = await examined(app, pilot)
        assert "✗ login" in box.report
        assert "emial" in box.report
        await wait_for(pilot, lambda: "did you mean" in screen_text(app).lower())
        secrets.keep_secret(one, "incoming", dovecot.passwords[one.incoming.user], Place.SESSION)
        await pilot.press("r")
        await wait_for(pilot, lambda: "✓ login" in box.report and "looking…" not in screen_text(app), 60)


async def test_leaving_it_early_stops_it(place: World) -> None:
    """Esc while it looks: nothing comes afterwards, and the mail is there."""
    app = place.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.count)
        await pilot.press("g", "e", "escape")
        await wait_for(pilot, lambda: app.screen is app.triage)


def test_a_finding_is_painted_with_its_mark() -> None:
    """Marks have their looks; what is said below a step is quiet."""
    assert finding_runs("✗ It is broken.", 40)[0] == (" ✗", "bad")
    assert finding_runs("  ✓ name       a → b", 40)[0] == ("   ✓", "good")
    assert finding_runs("    more\n    of it", 40) == [("     more of it", "quiet")]
    assert finding_runs("disk: free 3 MB", 40) == [(" disk", "heading"), ("  free 3 MB", "quiet")]
