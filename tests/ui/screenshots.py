"""Pictures of the screen for the README: `python -m tests.ui.screenshots [FOLDER]`.

Runs the real client on the demo server and writes one SVG for each picture (and a PNG where rsvg-convert is there).
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from rich.cells import cell_len

from tests.ui.world import Letter, account, screen_text, wait_for, world
from tui_mail.client import MailClient
from tui_mail.config import secrets
from tui_mail.demo.server import Demo
from tui_mail.model import Account, Flag
from tui_mail.paths import paths
from tui_mail.settings import Candidate, Discovery, Found
from tui_mail.text import SafeText
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer
from tui_mail.ui.setup_app import SetupApp
from tui_mail.ui.sheet import Sheet

ROOT = Path(__file__).parents[2]
ANSWER = "Thank you, that is what we need.\n\nI will bring the numbers on Thursday; can you keep an hour free?\n"
FONTS = '"DejaVu Sans Mono", Menlo, Consolas, monospace'


@dataclass(frozen=True)
class Picture:
    """One picture: how big, after which keys."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "dark"
    written: str = ""
    """Typed once a composer is open."""
    then: tuple[str, ...] = ()
    """Keys after that."""
    shows: str = ""
    """Words that are on the screen when all is done."""


PICTURES = (
    Picture("classic-dark", (160, 48), ("j", "j", "j", "j")),
    Picture("classic-light", (160, 48), ("j", "j", "j", "j"), "light"),
    Picture("classic-contrast", (160, 48), ("j", "j", "x", "j"), "contrast"),
    Picture("classic-mono", (160, 48), ("j", "j", "x", "j"), "mono"),
    Picture("columns", (160, 48), ("ctrl+w", "j", "j")),
    Picture("small-list", (80, 24), ("j",)),
    Picture("small-reader", (80, 24), ("j", "enter")),
    Picture("move", (120, 32), ("v", "m")),
    Picture("commands", (120, 32), (":",)),
    Picture("help", (100, 40), ("?",)),
    Picture("history", (120, 32), ("e", "j", "s", "x", "j", "x", "d", "u", "z", "v", "m", "enter", "H", "j")),
    Picture("compose", (160, 48), ("j", "j", "r"), written=ANSWER, then=("up",) * 3, shows="draft saved"),
    Picture("compose-small", (80, 24), ("j", "j", "r"), written=ANSWER, shows="draft saved"),
    Picture("outbox", (120, 32), ("j", "r"), written=ANSWER, then=("ctrl+s", "g", "o"), shows="sending in"),
    Picture("search", (160, 36), ("ctrl+w", "ctrl+w", "/", *"from:ines", "space", *"harbour"), shows="all texts"),
    Picture("invitation", (120, 36), ("/", *"filename:ics", "enter", "enter"), shows="answers it by mail"),
    Picture("attachments", (120, 32), ("/", *"filename:csv", "enter", "enter", "A"), shows="save all"),
    Picture("threads", (160, 36), ("t", "j", "right", "j")),  # the last: it is remembered
)


INBOXES = (
    Picture("inboxes", (160, 36), ("I", "Q", "j", "j"), shows="1 unread 5"),
    Picture("inboxes-small", (80, 24), ("j",), shows="▸People"),  # the tabs are remembered
)
BOTH = (account("work"), account("home"))
_BULK = "\nList-Id: Harbour news <news.harbour.example>"
LETTERS = {
    "work": [
        Letter("Re: Budget 2027", "Marta Okoye <marta@okoye.example>", "The numbers look right to me.", 600),
        Letter("Draft contract v7", "Jun Watanabe <jun@watanabe.example>", "Please find it attached.", 4_000),
        Letter("Build 812 failed", "CI <no-reply@ci.example>", "3 of 412 tests failed.", 5_000),
        Letter("Review of the quay plans", "Ewan MacLeod <ewan@portmarin.example>", "Two remarks below.", 21_000),
        Letter("The week in the harbour", f"Harbour <news@harbour.example>{_BULK}", "Tides and times.", 30_000),
        Letter("Minutes of Monday", "Ana Paula Reis <ana@reis.example>", "As agreed.", 95_000, Flag.SEEN),
        Letter("Lunch on Friday?", "Samir Haddad <samir@haddad.example>", "The usual place.", 140_000, Flag.SEEN),
    ],
    "home": [
        Letter("Summer house keys", "Kirsten Dahl <kirsten@dahl.example>", "Left with the neighbour.", 1_800),
        Letter("Jantar na sexta?", "Ola Nordmann <ola@nordmann.example>", "Às oito?", 9_000, Flag.FLAGGED),
        Letter("Your parcel arrives tomorrow", "La Poste <notifications@post.example>", "Between 9 and 12.", 15_000),
        Letter("Choir: new pieces", "Lotte Brandt <lotte@brandt.example>", "Three of them.", 80_000, Flag.SEEN),
        Letter("Photographs of Sunday", "Chiara Rossi <chiara@rossi.example>", "Here they are.", 200_000, Flag.SEEN),
    ],
}


async def take(picture: Picture, client: MailClient, folder: Path) -> None:
    """Start the screen, press the keys, write the picture."""
    os.environ["TUI_MAIL_THEME"] = picture.theme
    app = TuiMailApp(client)
    async with app.run_test(size=picture.size) as pilot:
        await wait_for(pilot, lambda: app.triage.messages.listing.ids and app.triage.folder, 30)
        await wait_for(pilot, lambda: app.triage.folder is not None and app.triage.folder.complete, 60)
        await wait_for(pilot, lambda: not app.triage.messages.wordless(), 20)
        await pilot.press("g", "g")
        for key in picture.keys:
            await pilot.press(key)
        if picture.written:
            await wait_for(pilot, lambda: isinstance(app.screen, Composer), 20)
            await pilot.press(*("enter" if one == "\n" else one for one in picture.written))
        for key in picture.then:
            await pilot.press(key)
        await wait_for(pilot, lambda: picture.shows in screen_text(app), 20)
        await wait_for(pilot, lambda: app.triage.one_pane or app.triage.reading.message is not None)
        await asyncio.sleep(0.3)
        await pilot.pause()
        keep(app.export_screenshot(title="tui-mail"), picture.name, folder)


async def take_inboxes(folder: Path) -> None:
    """Two accounts as one inbox, in tabs, with quick filters."""
    os.environ["TUI_MAIL_THEME"] = "dark"
    with tempfile.TemporaryDirectory() as home, world(Path(home), LETTERS["work"], BOTH) as made:
        made.put(LETTERS["home"], account_name="home")
        made.put([Letter("Keys", to="Ola <ola@nordmann.example>", age=90_000, flags=Flag.SEEN)], "Sent")
        for picture in INBOXES:
            await take_listed(picture, made.app(), folder)


async def take_listed(picture: Picture, app: TuiMailApp, folder: Path) -> None:
    """A picture of a store that nothing comes to."""
    async with app.run_test(size=picture.size) as pilot:
        await wait_for(pilot, lambda: len(app.triage.messages.listing), 20)
        for key in picture.keys:
            await pilot.press(key)
        await wait_for(pilot, lambda: picture.shows in screen_text(app), 20)
        await pilot.pause(0.3)
        keep(app.export_screenshot(title="tui-mail"), picture.name, folder)


async def take_setup(account: Account, folder: Path) -> None:
    """The assistant: its settings as they are found, and its test, on the demo's own servers."""
    os.environ["TUI_MAIL_THEME"] = "dark"
    assert account.outgoing is not None
    with tempfile.TemporaryDirectory() as home:
        where = paths(home)
        where.prepare()
        secrets.begin(where)
        app = SetupApp(where, "anna@example.org")
        async with app.run_test(size=(100, 26)) as pilot:
            setup = app.setup
            await wait_for(pilot, lambda: all(page.is_mounted for page in setup.pages), 20)
            setup.sheet = Sheet("Anna Berg", "anna@example.org", "secret")
            setup.who.show(setup.sheet)
            imap, smtp = (
                replace(one, host=host, port=port, user="anna@example.org")
                for one, host, port in (
                    (account.incoming, "imap.example.org", 993),
                    (account.outgoing, "smtp.example.org", 465),
                )
            )
            setup.turn_to(setup.settings)
            why = SafeText("autoconfig.example.org · certificate ✓ · IDLE ✓ · sending ✓")
            found = Candidate(account.protocol, imap, smtp, Found.DOMAIN, why, verified=True)
            setup._discovered(Discovery("anna@example.org", (found,)), True)
            setup.settings.say_log([
                SafeText("Known providers: example.org is none"),
                SafeText("autoconfig.example.org: IMAP, POP3 and sending"),
                SafeText("IMAP imap.example.org:993 TLS: TLS 1.3, certificate valid, IDLE"),
            ])  # fmt: skip
            await pilot.pause(0.3)
            keep(app.export_screenshot(title="tui-mail"), "setup", folder)


def keep(svg: str, name: str, folder: Path) -> None:
    """Write a picture."""
    written = folder / f"{name}.svg"
    written.write_text(plain_svg(svg), encoding="utf-8")
    if shutil.which("rsvg-convert"):
        subprocess.run(["rsvg-convert", str(written), "-o", str(written.with_suffix(".png"))], check=True)


def plain_svg(svg: str) -> str:
    """The picture without fonts from the network, and with leading spaces moved into positions."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono").replace("font-family: DejaVu Sans Mono", f"font-family: {FONTS}")
    return re.sub(r'x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>([^<]*)</text>', _moved, svg)


def _moved(match: re.Match[str]) -> str:
    x, between, length, after, text = match.groups()
    plain = html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
    cell = float(length) / max(1, cell_len(plain))
    words = plain.strip(" ")
    start = float(x) + cell * (len(plain) - len(plain.lstrip(" ")))
    shown = html.escape(words).replace(" ", "&#160;")
    return f'x="{start:.2f}"{between}textLength="{cell * cell_len(words):.2f}"{after}>{shown}</text>'


async def take_all(folder: Path) -> None:
    """Every picture, on one server."""
    folder.mkdir(parents=True, exist_ok=True)
    with Demo(messages=400, every=3600) as demo:
        client = MailClient(paths(demo.home))
        client.start()
        try:
            await take_setup(client.accounts[0], folder)
            await take_inboxes(folder)
            for picture in PICTURES:
                await take(picture, client, folder)
        finally:
            client.stop()


if __name__ == "__main__":
    asyncio.run(take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots"))
