"""Somebody in front of the assistant: types, presses and waits."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widgets import Static

from tests.servers.postfix import Postfix
from tui_mail.errors import MailError
from tui_mail.paths import Paths
from tui_mail.ui.screens.setup import Setup
from tui_mail.ui.setup_app import SetupApp
from tui_mail.ui.trial import Trial
from tui_mail.ui.widgets.form import Lines, Push
from tui_mail.ui.widgets.typing import Line


class Person:
    """Somebody in front of the assistant."""

    def __init__(self, app: SetupApp, pilot: Pilot[str]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def setup(self) -> Setup:
        return self.app.setup

    @property
    def trial(self) -> Trial:
        assert self.setup.trial is not None
        return self.setup.trial

    def problems(self) -> list[MailError | None]:
        """What went wrong with each server."""
        return [report.problem for report in self.trial.reports.values()]

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{what}: {self.shown()}"
            await self.pilot.pause(0.02)

    def shown(self) -> str:
        """Everything that the page says."""
        page = self.setup.page
        texts = [str(one.render()) for one in page.query(Static) if one.display]
        return "\n".join([*texts, *(one.text for one in page.query(Lines)), *(one.value for one in page.query(Line))])

    async def fill(self, name: str, value: str) -> None:
        """Type into a field."""
        line = self.setup.query_one(f"#{name}", Line)
        self.setup.set_focus(line)
        await self.pilot.press("end", *["backspace"] * len(line.value), *value)

    async def press(self, name: str) -> None:
        """Press a button of the page."""
        self.setup.set_focus(self.setup.page.query_one(f"#{name}", Push))
        await self.pilot.press("enter")

    async def enter_by_hand(self, post: Postfix, user: str, password: str = "secret") -> None:
        """Name, address, password, then both servers."""
        await self.until(lambda: isinstance(self.app.focused, Line), "it begins")
        await self.fill("full-name", "Ola Nilsen")
        await self.fill("email", post.address(user))
        await self.fill("password", password)
        await self.press("go-on")
        await self.until(lambda: self.setup.page is self.setup.settings, "the second page")
        await self.searched()
        account = post.account(user)
        assert account.outgoing is not None
        for leg, server in (("incoming", account.incoming), ("outgoing", account.outgoing)):
            await self.fill(f"{leg}-host", server.host)
            await self.fill(f"{leg}-port", str(server.port))
        await self.fill("incoming-user", user)
        await self.press("go-on")

    async def searched(self) -> None:
        """No field changes by itself any more."""
        seeking = self.setup.seeking
        await self.until(lambda: seeking is not None and seeking.is_over, "nothing more is found", 60)

    def know(self, post: Postfix, user: str) -> None:
        """Trust the authorities of the test servers, which no field is for."""
        account = post.account(user)
        assert account.outgoing is not None
        self.setup.sheet.incoming.ca_file = account.incoming.ca_file
        self.setup.sheet.outgoing.ca_file = account.outgoing.ca_file

    async def again(self, name: str) -> None:
        """Press what tests once more, and wait for that."""
        before = self.setup.trial
        await self.press(name)
        await self.until(lambda: self.setup.trial is not before, "it is tested again")
        await self.tested()

    async def tested(self) -> None:
        """Both servers have been looked at."""
        await self.until(lambda: self.setup.trial is not None and self.setup.trial.is_over, "both are tested", 60)


@asynccontextmanager
async def person(where: Paths, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Person]:
    app = SetupApp(where)
    async with app.run_test(size=size) as pilot:
        yield Person(app, pilot)
