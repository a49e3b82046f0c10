"""Every page of the assistant at 80×24: whatever it has to say, its buttons and its problem can be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.ui.world import wait_for
from tui_mail.client.cures import alternatives
from tui_mail.config.oauth import qr_lines
from tui_mail.config.providers import PROVIDERS
from tui_mail.model import Protocol, Security, Server
from tui_mail.paths import paths
from tui_mail.settings import Cure, Step, StepDone
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.login import Login
from tui_mail.ui.screens.setup import Setup
from tui_mail.ui.screens.setup_pages import Page
from tui_mail.ui.setup_app import SetupApp
from tui_mail.ui.widgets.form import Mark, Push

PROBLEM = (
    "The certificate of imap.provider.example is signed by itself, so nobody vouches for it. Nothing was sent, not "
    "even the user name. Your mail is safe. Ask the provider for its fingerprint before you trust it, and compare."
)
"""Three lines of 80."""
SERVER = Server("imap.provider.example", 993, Security.STARTTLS, "anna@provider.example")
SIZES = [(80, 24), (160, 48)]


@asynccontextmanager
async def assistant(home: Path, size: tuple[int, int]) -> AsyncIterator[tuple[Setup, Pilot[str]]]:
    where = paths(home)
    where.prepare()
    app = SetupApp(where)
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: all(page.is_mounted for page in app.setup.pages), 20)  # type: ignore[arg-type]
        yield app.setup, pilot


def hidden(page: Page) -> list[str]:
    """What should be on the screen and is not, or not whole: every button, the problem, the field with the cursor."""
    problem = next(one for one in page.query(Static) if (one.id or "").endswith("-problem"))
    wanted = [problem, *(one for one in page.order if isinstance(one, Push) or one.has_focus)]
    return [str(one) for one in wanted if not is_seen(one)]


def is_seen(widget: Widget) -> bool:
    """Whether all of its lines are on the screen, and all of a button."""
    shown = widget.screen.find_widget(widget).visible_region
    whole = shown.size if isinstance(widget, Push) else shown.size.with_width(widget.outer_size.width)
    return shown.area > 0 and whole == widget.outer_size


def who(setup: Setup) -> None:
    setup.turn_to(setup.who)
    setup.problem("who", PROBLEM)


def settings(setup: Setup, protocol: Protocol = Protocol.IMAP) -> None:
    """The longest card of all providers, another login for sending, ports that do not fit, and a problem."""
    sheet = setup.sheet
    sheet.protocol, sheet.same_login = protocol, False
    sheet.incoming.take(replace(SERVER, port=995 if protocol is Protocol.POP3 else 993))
    sheet.outgoing.take(replace(SERVER, port=587, security=Security.TLS))
    setup.turn_to(setup.settings)
    setup._arrange()
    card = max((one.card for one in PROVIDERS), key=lambda one: len(one.hint_fr + one.link))
    setup.settings.say_card(card, SafeText("MX → Provider · certificate ✓ · IDLE ✓ · sending ✓"), french=True)
    setup.settings.say_log([safe_line(PROBLEM)] * 3)
    setup.problem("settings", PROBLEM)


def settings_of_pop3(setup: Setup) -> None:
    settings(setup, Protocol.POP3)


def looked_at(setup: Setup) -> None:
    """Every step is told, something went wrong, there are ways out, and notes beside."""
    setup.turn_to(setup.test)
    done = [StepDone("incoming", step, step is not Step.MAIL, safe_line(PROBLEM)) for step in Step]
    for leg, one in setup.sheet.legs():
        setup.test.say_steps(leg, one, done, None)
    setup.test.say_problem(f"✗ Outgoing: {PROBLEM}", [safe_line(PROBLEM)] * 2)
    others = alternatives("outgoing", Protocol.IMAP, replace(SERVER, port=25))
    cures = [Cure(f"Use port {one.port} with {one.security.value.upper()}", one, "outgoing") for one in others]
    setup.test.offer(cures)


def secret(setup: Setup) -> None:
    setup.turn_to(setup.secret)
    setup.problem("secret", PROBLEM)


def preset(setup: Setup) -> None:
    setup.turn_to(setup.preset)
    setup.problem("keys", PROBLEM)


def login_by_code(setup: Setup) -> None:
    """A code to type on another device, with its picture, which is of no use in part."""
    setup.sheet.provider = "microsoft"
    setup.turn_to(setup.logging_in)
    login = Login(setup.sheet.oauth(), "anna@example.org", "", lambda then: then())
    login.url, login.code = SafeText("https://login.microsoftonline.com/device"), SafeText("ABCD-EFGH")
    login.qr = qr_lines(login.url)
    setup.logging_in.say(login)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_a_code_can_be_photographed(tmp_path: Path, size: tuple[int, int]) -> None:
    """All of the picture, the code and the buttons are on the screen; afterwards the fields are there again."""
    async with assistant(tmp_path, size) as (setup, pilot):
        login_by_code(setup)
        await pilot.pause()
        page = setup.logging_in
        for one in (page.query_one("#login-qr"), page.query_one("#login-words"), *page.query(Push)):
            assert is_seen(one), one
        page.say(None)
        await pilot.pause()
        assert page.query_one("#client-id").region.area > 0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("turn", [who, settings, settings_of_pop3, looked_at, secret, preset])
async def test_what_matters_can_be_seen(tmp_path: Path, turn: Callable[[Setup], None], size: tuple[int, int]) -> None:
    """All buttons and the whole problem; also with the cursor in any field."""
    async with assistant(tmp_path, size) as (setup, pilot):
        turn(setup)
        await pilot.pause()
        assert hidden(setup.page) == [], str(setup.page)
        for _ in setup.page.order if size == SIZES[0] else ():
            setup.action_step(1)
            await pilot.pause()
            assert hidden(setup.page) == [], setup.focused


AERC = (
    "[{0}]\nsource = imaps://{0}%40x.example@imap.x.example\noutgoing = smtps://smtp.x.example\nfrom = {0}@x.example\n"
)


@pytest.mark.parametrize("size", [*SIZES, (60, 20)], ids=lambda size: "x".join(map(str, size)))
async def test_every_account_of_another_program_can_be_taken(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: each can be reached, the buttons stay, and what is said is about the chosen one."""
    home = tmp_path / "home"
    (home / ".config/aerc").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    names = [f"n{number:02}" for number in range(20)]
    text = "".join(AERC.format(name) + f"only-{name} = x\n" for name in names)
    (home / ".config/aerc/accounts.conf").write_text(text + "[off]\nsource = maildir://x\n")
    async with assistant(tmp_path / "ours", size) as (setup, pilot):
        setup._look_at_others()
        page = setup.importing
        await wait_for(pilot, lambda: len(page.found) == 20, 20)  # type: ignore[arg-type]
        await wait_for(pilot, lambda: isinstance(setup.focused, Mark))  # type: ignore[arg-type]
        for name in names:
            await pilot.press("space")
            await wait_for(pilot, lambda name=name: page.chosen.name == name)  # type: ignore[arg-type, misc]
            await pilot.pause()
            assert [str(one) for one in (setup.focused, *page.query(Push)) if not is_seen(one)] == []
            said = str(page.query_one("#import-remarks", Static).render())
            assert [one for one in names if f"only-{one}" in said] == [name]
            assert "[off] reads mail from the kind maildir" in said
            await pilot.press("down")
        assert "20 were found" in str(page.query_one("#import-words", Static).render())
