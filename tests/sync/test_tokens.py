"""Access tokens and secrets on their way to a real Dovecot: every protocol, a token that ends, two processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from tests.servers.dovecot import Dovecot
from tests.servers.oauth import TokenServer
from tests.servers.token_mail import mail_server, token_server
from tests.sync.conftest import message, shown, wait_for
from tui_mail.client import MailClient
from tui_mail.config import secrets, tokens
from tui_mail.config.changing import add_account
from tui_mail.config.secrets import Place, keep_secret
from tui_mail.errors import AuthenticationRefused, SecretUnavailable
from tui_mail.model import Account, LinkState, Protocol, Server
from tui_mail.net.imap import ImapSession
from tui_mail.net.pop3 import Pop3Session
from tui_mail.net.smtp import SmtpSession
from tui_mail.paths import paths
from tui_mail.text import SafeText

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def tokens_of_anna() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture(scope="module", params=["plain xoauth2", "plain xoauth2 oauthbearer"])
def each(request: pytest.FixtureRequest, tokens_of_anna: TokenServer) -> Iterator[Dovecot]:
    """With XOAUTH2 alone, and with OAUTHBEARER too, which is then preferred."""
    with mail_server(tokens_of_anna, request.param) as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(tokens_of_anna: TokenServer) -> Iterator[Dovecot]:
    with mail_server(tokens_of_anna) as server:
        yield server


@pytest.fixture(autouse=True)
def headless(tmp_path: Path) -> Iterator[None]:
    """No keyring, and nothing remembered."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    secrets.begin(paths(tmp_path))
    yield
    keyring.set_keyring(before)
    secrets._typed.clear()
    secrets._cache.clear()
    tokens._tokens.clear()
    secrets._vault = None


def with_token(server: Server) -> Server:
    return replace(server, auth="oauth2", password_command=())


@pytest.fixture
def account(dovecot: Dovecot, tokens_of_anna: TokenServer) -> Account:
    """Anna's, logged in for this run."""
    tokens_of_anna.lifetime = 3600
    return logged_in(dovecot, tokens_of_anna)


def logged_in(
    dovecot: Dovecot, server: TokenServer, place: Place = Place.SESSION, protocol: Protocol = Protocol.IMAP
) -> Account:
    account = replace(
        dovecot.account("anna", protocol),
        name="work",
        incoming=with_token(dovecot.server("anna", protocol=protocol)),
        outgoing=with_token(dovecot.outgoing("anna")),
        oauth=server.oauth(),
    )
    keep_secret(account, "refresh_token", server.issue()["refresh_token"], place)
    return account


def sessions(dovecot: Dovecot) -> list[Callable[[str], object]]:
    """How to open a line of each protocol with a token, and end it."""

    def imap(token: str) -> None:
        ImapSession.open(with_token(dovecot.server("anna")), token).leave()

    def pop3(token: str) -> None:
        Pop3Session.open(with_token(dovecot.server("anna", protocol="pop3")), token).close()

    def smtp(token: str) -> None:
        SmtpSession.open(with_token(dovecot.outgoing("anna")), token).close()

    return [imap, pop3, smtp]


@pytest.mark.parametrize("number", range(3), ids=["imap", "pop3", "smtp"])
def test_a_token_opens_every_protocol(each: Dovecot, tokens_of_anna: TokenServer, number: int) -> None:
    """A good one is taken, and one that is not is refused with the server's own explanation."""
    open_ = sessions(each)[number]
    open_(tokens_of_anna.issue()["access_token"])
    with pytest.raises(AuthenticationRefused) as refused:
        open_("at-nobody-knows-this-one")
    assert "The access token for anna" in refused.value.sentence
    assert "account login" in refused.value.sentence
    assert "at-nobody" not in refused.value.sentence + refused.value.detail + repr(refused.value)
    expected = "invalid_token" if "oauthbearer" in str(each.options["auth_mechanisms"]) else "401"
    assert f"({expected}" in refused.value.sentence
    open_(tokens_of_anna.issue()["access_token"])


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_a_token_that_ends_is_renewed_behind_the_screen(
    dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path, protocol: Protocol
) -> None:
    """The line breaks, and the token that is in memory is not good any more: mail comes in nevertheless."""
    account = logged_in(dovecot, tokens_of_anna, protocol=protocol)
    client = MailClient(paths(tmp_path), [account])
    try:
        client.start()
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is live")
        before = len(tokens_of_anna.posts("/token"))
        tokens_of_anna.revoke_access()
        dovecot.kill()
        dovecot.start()
        dovecot.deliver("anna", message(900 + len(shown(client)), subject=f"after the end, by {protocol}"))
        client.retry().result(10)
        wait_for(lambda: f"after the end, by {protocol}" in [row.subject for row in shown(client)], "the message")
        assert len(tokens_of_anna.posts("/token")) == before + 1, "renewed once, for all lines"
    finally:
        client.stop()


def test_a_login_that_was_revoked_is_said_and_mended(
    dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path
) -> None:
    """The state says how to log in again; after that it goes on."""
    account = logged_in(dovecot, tokens_of_anna)
    tokens_of_anna.refresh.clear()
    client = MailClient(paths(tmp_path), [account])
    try:
        client.start()
        wait_for(lambda: client.statuses()[0].state is LinkState.REFUSED, "it is refused")
        assert "tui-mail account login work" in client.statuses()[0].sentence
        keep_secret(account, "refresh_token", tokens_of_anna.issue()["refresh_token"], Place.SESSION)
        client.retry().result(10)
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is live")
    finally:
        client.stop()


def test_a_login_for_one_run_is_over_after_it(dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path) -> None:
    """On a computer without a keyring too, it is said how to log in again, by this process and by another."""
    account = logged_in(dovecot, tokens_of_anna)
    secrets._typed.clear()
    with pytest.raises(SecretUnavailable, match="tui-mail account login work"):
        secrets.secret(account)
    with apart(tmp_path, account) as client:
        wait_for(lambda: client.statuses()[0].state is LinkState.REFUSED, "it is refused")
        assert "tui-mail account login work" in client.statuses()[0].sentence


@contextmanager
def apart(home: Path, account: Account) -> Iterator[MailClient]:
    """A client whose engine is another process, as beside a screen."""
    add_account(paths(home), account)
    client = MailClient(paths(home))
    client.start(apart=True)
    try:
        yield client
    finally:
        client.stop()


def test_the_other_process_gets_what_was_typed_here(dovecot: Dovecot, tmp_path: Path) -> None:
    """A password for this run only: the engine asks for it, and a new one is taken after a retry."""
    dovecot.passwords["anna"] = "right-one"
    dovecot._write_user("anna")
    server = replace(dovecot.server("anna"), password_command=())
    account = replace(dovecot.account("anna"), name="work", incoming=server)
    keep_secret(account, "incoming", "wrong-one", Place.SESSION)
    with apart(tmp_path, account) as client:
        wait_for(lambda: client.statuses()[0].state is LinkState.REFUSED, "it is refused")
        keep_secret(account, "incoming", "right-one", Place.SESSION)
        client.retry().result(10)
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is live")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"right-one" not in file.read_bytes()


def test_the_other_process_asks_the_person_through_this_one(dovecot: Dovecot, tmp_path: Path) -> None:
    """Nobody keeps the password: the question comes up here, once."""
    dovecot.passwords["anna"] = "right-one"
    dovecot._write_user("anna")
    asked: list[str] = []

    def ask(account: Account, leg: secrets.Leg) -> str:
        asked.append(f"{account.name} {leg}")
        return "right-one"

    secrets.begin(paths(tmp_path), ask=ask)
    server = replace(dovecot.server("anna"), password_command=())
    with apart(tmp_path, replace(dovecot.account("anna"), name="work", incoming=server)) as client:
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is live")
    assert asked == ["work incoming"]


def test_the_vault_is_opened_here_and_the_token_goes_there(
    dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path
) -> None:
    """The passphrase is asked for once; the refresh token is rotated in the vault and never in the other process."""
    asked: list[bool] = []

    def ask(new: bool, _: SafeText) -> str:
        asked.append(new)
        return "correct horse"

    secrets.begin(paths(tmp_path), ask_passphrase=ask)
    paths(tmp_path).prepare()
    account = logged_in(dovecot, tokens_of_anna, Place.VAULT)
    first = secrets.stored_in(Place.VAULT, account, "refresh_token")
    with apart(tmp_path, account) as client:
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "it is live", 60)
        second = secrets.stored_in(Place.VAULT, account, "refresh_token")
        assert second != first
        assert second in tokens_of_anna.refresh
    assert asked == [True]
