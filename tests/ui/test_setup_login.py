"""A login with OAuth2 inside the assistant: a real token server whose tokens a real Dovecot takes."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.servers.dovecot import Dovecot
from tests.servers.oauth import CLIENT, TokenServer
from tests.servers.token_mail import browse, mail_server, token_server
from tests.ui.assistant import Person, person
from tui_mail.config import accounts, secrets, tokens
from tui_mail.net.imap import ImapSession
from tui_mail.paths import Paths, paths
from tui_mail.ui.widgets.form import Pick
from tui_mail.ui.widgets.typing import Line

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def tokens_of_anna() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(tokens_of_anna: TokenServer) -> Iterator[Dovecot]:
    with mail_server(tokens_of_anna) as server:
        yield server


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Paths]:
    place = paths(tmp_path)
    place.prepare()
    secrets.begin(place)
    yield place
    secrets._typed.clear()
    secrets._cache.clear()
    tokens._tokens.clear()


@pytest.fixture
def authorities(tmp_path: Path, dovecot: Dovecot, tokens_of_anna: TokenServer) -> str:
    """One file with the authorities of all servers."""
    file = tmp_path / "authorities.pem"
    files = (dovecot.server("anna").ca_file, tokens_of_anna.ca_file)
    file.write_text("".join(Path(name).read_text() for name in files))
    return str(file)


async def at_the_login(anna: Person, dovecot: Dovecot, server: TokenServer, authorities: str) -> None:
    """Address and servers are typed, a login is chosen, the registration is typed."""
    await anna.until(lambda: isinstance(anna.app.focused, Input), "it begins")
    await anna.fill("full-name", "Anna Berg")
    await anna.fill("email", "anna@localhost")
    await anna.press("go-on")
    await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
    await anna.searched()
    for leg, one in (("incoming", dovecot.server("anna")), ("outgoing", dovecot.outgoing("anna"))):
        await anna.fill(f"{leg}-host", one.host)
        await anna.fill(f"{leg}-port", str(one.port))
        anna.setup.settings.query_one(f"#{leg}-security", Pick).set(one.security)
        sheet = anna.setup.sheet.incoming if leg == "incoming" else anna.setup.sheet.outgoing
        sheet.security, sheet.ca_file = one.security, authorities
    await anna.fill("incoming-user", "anna")
    anna.setup.set_focus(anna.setup.query_one("#incoming-auth", Pick))
    await anna.pilot.press("right", "right")
    await anna.press("go-on")
    await anna.until(lambda: anna.setup.page is anna.setup.logging_in, "the page for the login")
    assert anna.setup.query_one("#oauth-provider", Pick).value == ""
    await anna.fill("oauth-issuer", server.url)
    await anna.fill("client-id", CLIENT)


async def address(anna: Person) -> str:
    """What the browser is to open."""
    await anna.until(lambda: anna.setup.logging_in.login is not None, "a login begins")
    login = anna.setup.logging_in.login
    assert login is not None
    await anna.until(lambda: bool(login.url), "the address is shown")
    return login.url


async def finish(anna: Person) -> None:
    """From the test to the end."""
    await anna.until(lambda: anna.setup.page is anna.setup.test, "the test")
    await anna.tested()
    assert anna.problems() == [None, None], anna.shown()
    await anna.press("go-on")
    await anna.until(lambda: anna.setup.page is anna.setup.secret, "where it is kept")
    assert "login kept" in anna.shown()
    await anna.pilot.click("#place-session")
    await anna.until(lambda: "tui-mail account login" in anna.shown(), "what this means for the next run")
    await anna.press("go-on")
    await anna.until(lambda: anna.setup.page is anna.setup.preset, "the last page")
    await anna.press("go-on")
    await anna.until(lambda: anna.app.return_value is not None, "it ends")


def check(where: Paths, server: TokenServer) -> None:
    """The account logs in again by itself, once the access token of the login is no more."""
    (account,) = accounts.load(where).accounts
    assert account.oauth is not None
    assert (account.oauth.provider, account.oauth.client_id) == (server.url, CLIENT)
    assert account.incoming.auth == "oauth2"
    assert account.outgoing is not None
    assert account.outgoing.auth == "oauth2"
    assert "token" not in where.config_file.read_text().replace("token_command", "")
    server.revoke_access()
    tokens._tokens.clear()
    ImapSession.open(account.incoming, secrets.secret(account)).leave()


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_with_a_browser(
    where: Paths, dovecot: Dovecot, tokens_of_anna: TokenServer, authorities: str, elsewhere: bool
) -> None:
    """One on this computer comes back by itself; the end of one on another computer is pasted."""
    async with person(where, (80, 24)) as anna:
        await at_the_login(anna, dovecot, tokens_of_anna, authorities)
        await anna.press("go-on")
        url = await address(anna)
        assert "client_id=test-client" in anna.shown().replace("\n", "")
        end = browse(url, tokens_of_anna.ca_file, to_the_end=not elsewhere)
        if elsewhere:
            await anna.until(lambda: anna.setup.query_one("#pasted-row").display, "a place for it")
            await anna.fill("pasted", "http://127.0.0.1/?code=1&state=2")
            await anna.press("go-on")
            await anna.until(lambda: "not the address" in anna.shown(), "another address is no good")
            pasted = anna.setup.query_one("#pasted", Line)
            anna.setup.set_focus(pasted)
            await anna.pilot.press("enter")
            await anna.until(lambda: "Paste the address" in anna.shown(), "Enter without one")
            pasted.value = end
            await anna.pilot.press("enter")
        await finish(anna)
    check(where, tokens_of_anna)


async def test_with_a_code(where: Paths, dovecot: Dovecot, tokens_of_anna: TokenServer, authorities: str) -> None:
    async with person(where, (160, 60)) as anna:
        await at_the_login(anna, dovecot, tokens_of_anna, authorities)
        await anna.press("device")
        await address(anna)
        login = anna.setup.logging_in.login
        assert login is not None
        assert login.code in anna.shown()
        assert "█" in anna.shown()
        with tokens_of_anna.lock:
            tokens_of_anna.devices.update(dict.fromkeys(tokens_of_anna.devices, True))
        await finish(anna)
    check(where, tokens_of_anna)


async def test_refused_and_tried_again(
    where: Paths, dovecot: Dovecot, tokens_of_anna: TokenServer, authorities: str
) -> None:
    """The reason is said, nothing is written; another try works. Esc gives the port back."""
    async with person(where, (80, 24)) as anna:
        await at_the_login(anna, dovecot, tokens_of_anna, authorities)
        tokens_of_anna.deny = {"error": "access_denied"}
        await anna.press("go-on")
        url = await address(anna)
        browse(url, tokens_of_anna.ca_file, to_the_end=True)
        await anna.until(lambda: "✗" in anna.shown(), "the reason")
        assert not where.config_file.exists()
        first = anna.setup.logging_in.login
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.logging_in.login is not first, "another try")
        url = await address(anna)
        await anna.pilot.press("escape")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "back")
        with pytest.raises(urllib.error.URLError):
            browse(url, tokens_of_anna.ca_file, to_the_end=True)
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.logging_in, "the login again")
        second = anna.setup.logging_in.login
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.logging_in.login is not second, "a third try")
        browse(await address(anna), tokens_of_anna.ca_file, to_the_end=True)
        await finish(anna)
    check(where, tokens_of_anna)


async def test_without_a_registration(where: Paths, dovecot: Dovecot, tokens_of_anna: TokenServer) -> None:
    """It is said what is missing, before anything is asked of anybody."""
    before = len(tokens_of_anna.log)
    async with person(where, (80, 24)) as anna:
        await at_the_login(anna, dovecot, tokens_of_anna, "")
        await anna.fill("client-id", "")
        await anna.press("go-on")
        await anna.until(lambda: "✗" in anna.shown(), "the reason")
        assert "client_id" in anna.shown()
    assert len(tokens_of_anna.log) == before
