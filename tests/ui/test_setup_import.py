"""An account of another mail program, taken over inside the assistant."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.servers.postfix import Postfix
from tests.ui.assistant import person
from tui_mail.config import accounts, secrets
from tui_mail.paths import Paths, paths

pytestmark = pytest.mark.server


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A person whose home has nothing in it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    place = paths(tmp_path / "ours")
    place.prepare()
    secrets.begin(place)
    return place


def write_muttrc(post: Postfix, user: str) -> None:
    """As somebody has it who used neomutt until today."""
    account = post.account(user)
    assert account.outgoing is not None
    folder = Path.home() / ".config" / "neomutt"
    folder.mkdir(parents=True)
    (folder / "signature").write_text("Ola from neomutt\n")
    (folder / "neomuttrc").write_text(
        f'set from = "{post.address(user)}"\nset realname = "Ola Nilsen"\n'
        f'set folder = "imaps://{user}@{account.incoming.host}:{account.incoming.port}/"\n'
        f'set imap_pass = "`echo secret`"\nset spoolfile = "+INBOX"\n'
        f'set smtp_url = "smtps://{user}@{account.outgoing.host}:{account.outgoing.port}/"\n'
        f'set smtp_pass = "`echo secret`"\nset signature = "{folder / "signature"}"\n'
        'macro index X "<shell-escape>ls<enter>"\n'
    )


async def test_from_neomutt(where: Paths, postfix: Postfix) -> None:
    """Servers, commands, name and signature are there; nothing is looked for, and nothing is written before the end."""
    user = postfix.new_user()
    write_muttrc(postfix, user)
    async with person(where) as ola:
        await ola.until(lambda: isinstance(ola.app.focused, Input), "it begins")
        await ola.press("import")
        await ola.until(lambda: bool(ola.setup.importing.found), "it is found")
        marks = [one.text for one in ola.setup.importing.query("Mark") if one.display]  # type: ignore[attr-defined]
        assert len(marks) == 1
        assert postfix.address(user) in marks[0]
        assert "IMAP" in marks[0]
        assert "passwords never are" in ola.shown()
        await ola.press("go-on")
        await ola.until(lambda: ola.setup.page is ola.setup.settings, "its settings")
        account = postfix.account(user)
        sheet = ola.setup.sheet
        assert (sheet.incoming.host, sheet.incoming.port) == (account.incoming.host, str(account.incoming.port))
        assert sheet.incoming.auth == "command"
        assert not where.config_file.exists()
        ola.know(postfix, user)
        await ola.press("go-on")
        await ola.until(lambda: ola.setup.page is ola.setup.test, "the test")
        await ola.tested()
        assert ola.problems() == [None, None], ola.shown()
        await ola.press("go-on")
        await ola.until(lambda: ola.setup.page is ola.setup.preset, "no password is to be kept")
        await ola.press("go-on")
        await ola.until(lambda: ola.app.return_value is not None, "it ends")
    (written,) = accounts.load(where).accounts
    assert (written.full_name, written.signature.strip()) == ("Ola Nilsen", "Ola from neomutt")
    assert secrets.secret(written) == "secret"
    async with person(where) as ola:
        await ola.until(lambda: isinstance(ola.app.focused, Input), "it begins")
        await ola.press("import")
        await ola.until(lambda: "Nothing of another" in ola.shown(), "what is here already is not offered")


async def test_nobody_else(where: Paths) -> None:
    """Without another program it is said so, and Esc leads back."""
    async with person(where) as ola:
        await ola.until(lambda: isinstance(ola.app.focused, Input), "it begins")
        await ola.press("import")
        await ola.until(lambda: "Nothing of another" in ola.shown(), "it is said")
        assert not ola.setup.importing.query_one("#go-on").display
        await ola.pilot.press("escape")
        await ola.until(lambda: ola.setup.page is ola.setup.who, "back")
