"""OAuth2 against a real token server: both flows, renewal and rotation, and each refusal as a sentence."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pyrage
import pytest

from tests.servers.oauth import TokenServer
from tui_mail.config import secrets, tokens
from tui_mail.config.accounts import load, parse
from tui_mail.config.changing import add_account
from tui_mail.config.oauth import BrowserLogin, DeviceLogin, qr_lines, renew
from tui_mail.config.oauth_refusals import refusal
from tui_mail.config.oauth_server import GOOGLE, MICROSOFT_SCOPE, endpoints
from tui_mail.config.secrets import Place, keep_secret
from tui_mail.config.vault import Vault
from tui_mail.errors import AuthenticationRefused, ConfigError, SecretUnavailable, ServerBusy, Unreachable, UsageError
from tui_mail.model import Account, OAuth, Protocol, Security, Server
from tui_mail.paths import paths
from tui_mail.redaction import redacted

NO_REDIRECT = type("NoRedirect", (urllib.request.HTTPRedirectHandler,), {"redirect_request": lambda *_: None})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with TokenServer(tmp_path_factory.mktemp("tokens")) as server:
        yield server


@pytest.fixture
def server(running: TokenServer) -> TokenServer:
    """As new."""
    running.client_secret, running.rotate, running.without_refresh, running.deny = None, True, False, None
    running.granted, running.lifetime = "mail", 3600
    running.errors.clear()
    running.log.clear()
    return running


@pytest.fixture
def account(server: TokenServer) -> Iterator[Account]:
    """One whose refresh token is kept for this run only."""
    leg = Server("localhost", 993, Security.TLS, "anna", auth="oauth2")
    made = Account("work", "Anna", "anna@example.org", Protocol.IMAP, leg, leg, oauth=server.oauth())
    keep_secret(made, "refresh_token", server.issue()["refresh_token"], Place.SESSION)
    tokens.forget(made)
    yield made
    secrets._typed.clear()
    tokens.forget(made)


def browse(server: TokenServer, address: str) -> str:
    """What a browser does with the address; where it is sent to in the end."""
    context = ssl.create_default_context(cafile=server.ca_file)
    opener = urllib.request.build_opener(NO_REDIRECT, urllib.request.HTTPSHandler(context=context))
    try:
        opener.open(address, timeout=10)
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["Location"])
    raise AssertionError("no redirect")


# --- the flows --------------------------------------------------------------------------------


def test_the_browser_comes_back(server: TokenServer) -> None:
    """PKCE is checked by the server, the state by us; the page tells the person to go back."""
    login = BrowserLogin(server.oauth(), "anna@example.org")
    asked = parse_qs(urlsplit(login.url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["login_hint"] == ["anna@example.org"]
    page = urllib.request.urlopen(browse(server, login.url), timeout=10).read()
    assert b"You can close this page" in page
    found = login.wait(seconds=10)
    assert found.access_token in server.access
    assert found.refresh_token in server.refresh
    assert len(server.posts("/token")) == 1
    assert "code_verifier" in server.posts("/token")[0]
    assert found.access_token not in repr(found)
    assert found.refresh_token not in repr(found)


def test_an_address_is_pasted(server: TokenServer) -> None:
    """As from a browser on another computer, after a wrong one was pasted first."""
    login = BrowserLogin(server.oauth())
    with pytest.raises(UsageError, match="not the address"):
        login.pasted("https://example.org/?code=1&state=2")
    assert login.pasted(f"  {browse(server, login.url)}\n").refresh_token in server.refresh


def test_requests_that_are_not_ours_do_not_end_the_login(server: TokenServer) -> None:
    """A wrong state, a line that says nothing, nonsense: then comes the right one."""
    login = BrowserLogin(server.oauth())
    port = urlsplit(login.redirect).port
    assert port is not None
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
    for request in (b"GET /?code=stolen&state=wrong HTTP/1.1\r\n\r\n", b"\xff\x00\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(request)
            answer = line.recv(4096)
            assert b"404" in answer
            assert b"stolen" not in answer
    urllib.request.urlopen(browse(server, login.url), timeout=10).close()
    assert login.wait(seconds=10).access_token in server.access
    for one in silent:
        one.close()


def test_it_listens_on_this_computer_alone_and_no_longer_than_needed(server: TokenServer) -> None:
    login = BrowserLogin(server.oauth())
    port = urlsplit(login.redirect).port
    assert port is not None
    login.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_login_that_is_given_up(server: TokenServer) -> None:
    stop = threading.Event()
    login = BrowserLogin(server.oauth())
    stop.set()
    with pytest.raises(UsageError, match="Nobody logged in"):
        login.wait(stop)


def test_consent_is_declined(server: TokenServer) -> None:
    login = BrowserLogin(server.oauth(), account="my work")
    server.deny = {"error": "access_denied"}
    with pytest.raises(AuthenticationRefused, match=r"declined.*account login 'my work'"):
        login.pasted(browse(server, login.url))


def test_an_answer_of_somebody_else(server: TokenServer) -> None:
    """RFC 9207: the issuer in the redirect is another one."""
    login = BrowserLogin(server.oauth())
    address = browse(server, login.url)
    mixed = address.replace(urlencode({"iss": server.url}), urlencode({"iss": "https://evil.example"}))
    assert mixed != address
    with pytest.raises(AuthenticationRefused, match=r"evil\.example"):
        login.pasted(mixed)
    assert server.posts("/token") == []


def test_a_code_of_another_login_is_worth_nothing(server: TokenServer) -> None:
    """The verifier is that of this login alone."""
    theirs, ours = BrowserLogin(server.oauth()), BrowserLogin(server.oauth())
    code = parse_qs(urlsplit(browse(server, theirs.url)).query)["code"][0]
    state = parse_qs(urlsplit(ours.url).query)["state"][0]
    server.codes[code]["redirect_uri"] = ours.redirect
    with pytest.raises(AuthenticationRefused, match="PKCE"):
        ours.pasted(f"{ours.redirect}/?{urlencode({'code': code, 'state': state})}")
    theirs.close()


def test_a_client_secret(server: TokenServer) -> None:
    server.client_secret = "hush-hush"
    login = BrowserLogin(server.oauth(), client_secret="hush-hush")
    assert login.pasted(browse(server, login.url)).refresh_token
    login = BrowserLogin(server.oauth())
    with pytest.raises(AuthenticationRefused, match="client_id or its client secret"):
        login.pasted(browse(server, login.url))


def test_a_login_that_would_not_last(server: TokenServer) -> None:
    server.without_refresh = True
    login = BrowserLogin(server.oauth())
    with pytest.raises(AuthenticationRefused, match="offline_access"):
        login.pasted(browse(server, login.url))


def test_a_code_on_another_device(server: TokenServer) -> None:
    """It asks until the person has agreed."""
    login = DeviceLogin(server.oauth())
    assert login.code == "WDJB-MJHT"
    assert login.url == f"{server.url}/verify"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(login.wait)
        while len(server.posts("/token")) < 2:
            threading.Event().wait(0.02)
        server.devices.update(dict.fromkeys(server.devices, True))
        assert waiting.result(20).refresh_token in server.refresh


def test_a_device_code_that_is_declined(server: TokenServer) -> None:
    login = DeviceLogin(server.oauth())
    server.devices.update(dict.fromkeys(server.devices, False))
    with pytest.raises(AuthenticationRefused, match="declined"):
        login.wait()


def test_google_has_no_device_codes_for_mail() -> None:
    with pytest.raises(ConfigError, match="without --device"):
        DeviceLogin(OAuth("google", "1.apps"))


def test_a_qr_code_can_be_read() -> None:
    """Two rows a line, with a quiet zone, and the finder pattern in three corners."""
    lines = qr_lines("https://microsoft.com/devicelogin")
    assert len({len(line) for line in lines}) == 1
    assert set("".join(lines)) <= set("█▀▄ ")
    assert len(lines[0]) < 40
    assert lines[1][2:9] == " ▄▄▄▄▄ " or lines[1][2:9] == " ▀▀▀▀▀ "


# --- renewing ---------------------------------------------------------------------------------


def test_a_token_is_used_until_shortly_before_its_end(server: TokenServer, account: Account) -> None:
    first = secrets.secret(account)
    assert secrets.secret(account, "outgoing") == first, "one login for both legs"
    assert len(server.posts("/token")) == 1
    server.lifetime = 200  # less than the margin: each use renews
    tokens.forget(account)
    assert secrets.secret(account) != secrets.secret(account)


def test_what_was_refused_is_renewed_once(server: TokenServer, account: Account) -> None:
    """Three threads whose token is refused at the same time get the same new one."""
    old = secrets.secret(account)
    secrets.invalidate(account, old)
    new = secrets.secret(account)
    assert new != old
    secrets.invalidate(account, old)
    assert secrets.secret(account) == new
    assert len(server.posts("/token")) == 2


def test_a_rotated_refresh_token_is_kept(server: TokenServer, account: Account) -> None:
    """Each is good once; the newest is the one that is kept."""
    for _ in range(3):
        secrets.invalidate(account)
        secrets.secret(account)
    kept = secrets.stored(account, "refresh_token")
    assert kept is not None
    assert kept[0] in server.refresh
    assert kept[1] is Place.SESSION


def test_many_threads_renew_once(server: TokenServer, account: Account) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secrets.secret(account), range(16)))
    assert len(found) == 1
    assert len(server.posts("/token")) == 1


RENEWER = """
import sys
from pathlib import Path
import keyring, pyrage
from keyring.backends import fail
from tui_mail.config import accounts, secrets, tokens
from tui_mail.paths import paths
keyring.set_keyring(fail.Keyring())
where = paths(sys.argv[1])
secrets.begin(where)
secrets._vault._identity = pyrage.x25519.Identity.from_str(sys.stdin.readline().strip())
account = accounts.load(where).account("work")
for _ in range(8):
    secrets.invalidate(account)
    secrets.secret(account)
"""


def test_processes_that_renew_at_the_same_time(server: TokenServer, account: Account, tmp_path: Path) -> None:
    """Each refresh token is good once, and none of three processes ever uses an old one."""
    where = paths(tmp_path)
    where.prepare()
    add_account(where, account)
    vault, key = Vault(where.data), pyrage.x25519.Identity.generate()
    vault._identity = key
    (where.data / "vault-key.age").write_bytes(b"not needed: the key is handed over")
    vault.put("work/oauth", server.issue()["refresh_token"])
    argv = [sys.executable, "-c", RENEWER, str(tmp_path)]
    running = [subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{key}\n")
        process.stdin.flush()
    for process in running:
        _, complaints = process.communicate(timeout=100)
        assert process.returncode == 0, complaints
    assert len(server.posts("/token")) == 24
    assert vault.get("work/oauth") in server.refresh


def test_a_server_that_does_not_rotate(server: TokenServer, account: Account) -> None:
    server.rotate = False
    before = secrets.stored(account, "refresh_token")
    secrets.secret(account)
    assert secrets.stored(account, "refresh_token") == before


def test_a_login_that_was_ended(server: TokenServer, account: Account) -> None:
    server.refresh.clear()
    with pytest.raises(AuthenticationRefused, match=r"expired or revoked.*account login work"):
        secrets.secret(account)


def test_nobody_logged_in_yet(account: Account) -> None:
    with pytest.raises(SecretUnavailable, match="account login other"):
        tokens.access_token(replace(account, name="other"), keyring=False)


def test_a_token_command_needs_nothing_else(account: Account) -> None:
    """It runs for each line, for it renews by itself."""
    with_command = replace(account, oauth=OAuth(token_command=("sh", "-c", "printf at-; date +%N")))
    assert secrets.secret(with_command).startswith("at-")
    assert secrets.secret(with_command) != secrets.secret(with_command)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((503, {"error": "temporarily_unavailable"}), ServerBusy, "tried again later"),
        ((429, b""), ServerBusy, "tried again later"),
        ((500, b"<html>"), ServerBusy, "tried again later"),
        ((200, b"no json"), ServerBusy, "no sense"),
        ((200, {"access_token": "a\r\nQUIT", "token_type": "Bearer"}), ServerBusy, "no sense"),
        ((200, {"access_token": ["a"], "token_type": "Bearer"}), ServerBusy, "no sense"),
        ((200, {"access_token": "good", "token_type": "mac"}), AuthenticationRefused, "no bearer tokens"),
        ((302, b""), AuthenticationRefused, "302"),
        ((400, {"error": "invalid_scope"}), AuthenticationRefused, "Correct scope"),
    ],
)
def test_what_a_token_server_may_answer(
    server: TokenServer, answer: tuple[int, object], error: type[Exception], words: str
) -> None:
    server.errors.append(answer)
    with pytest.raises(error, match=words):
        renew(server.oauth(), "rt-1234567890")


def test_a_token_server_that_is_gone(tmp_path: Path, server: TokenServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gone = OAuth("", "id", authorization_url=f"https://localhost:{port}/a", token_url=f"https://localhost:{port}/t")
    with pytest.raises(Unreachable, match="cannot be reached"):
        renew(gone, "rt-1234567890")
    with pytest.raises(Unreachable, match="not trusted"):
        renew(
            replace(server.oauth(token_url=f"{server.url}/token", authorization_url=server.url), ca_file=""),
            "rt-123456",
        )
    with pytest.raises(ConfigError, match="not an https address"):
        renew(OAuth("", "id", authorization_url="http://localhost/", token_url="http://localhost/t"), "rt-1234567890")


# --- sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("AADSTS65001: The user or administrator has not consented", "administrator has to allow"),
        ("AADSTS50105: Your administrator has configured", "chosen people"),
        ("AADSTS7000112: Application 'x' is disabled.", "register one of your own"),
        ("AADSTS53003: Access has been blocked by Conditional Access", "without --device"),
        ("AADSTS700082: The refresh token has expired due to inactivity.", "log in again"),
        ("AADSTS7000218: must contain client_assertion or client_secret", "Allow public client flows"),
        ("AADSTS50011: The redirect URI does not match", "http://localhost"),
    ],
)
def test_what_an_organisation_refuses(words: str, expected: str) -> None:
    """Microsoft's number is told, with what to do; its trace numbers are not."""
    error = refusal(OAuth("microsoft", "id"), {"error": "invalid_grant", "error_description": f"{words} Trace ID: 77"})
    assert isinstance(error, AuthenticationRefused)
    assert expected in error.sentence
    assert words.split(":")[0] in error.sentence
    assert "Trace" not in error.sentence


def test_where_the_big_ones_are() -> None:
    assert endpoints(OAuth("google", "id")) == GOOGLE
    found = endpoints(OAuth("microsoft", "id", tenant="example.org"))
    assert found.token == "https://login.microsoftonline.com/example.org/oauth2/v2.0/token"
    assert found.scope == MICROSOFT_SCOPE
    assert "/common/" in endpoints(OAuth("microsoft", "id")).device


def test_what_is_learnt_is_never_logged(server: TokenServer, account: Account) -> None:
    value = secrets.secret(account)
    kept = secrets.stored(account, "refresh_token")
    assert kept is not None
    assert redacted(f"said {value} and {kept[0]}") == "said ••• and •••"


# --- config.toml ------------------------------------------------------------------------------

TABLE = """
[accounts.work]
email = "anna@example.org"
[accounts.work.incoming]
host = "outlook.office365.com"
auth = "oauth2"
[accounts.work.oauth]
"""


def test_the_table_is_written_and_read(tmp_path: Path, account: Account) -> None:
    where = paths(tmp_path)
    written = replace(account, oauth=OAuth("microsoft", "id", tenant="example.org", token_command=("a", "b c")))
    add_account(where, written)
    assert load(where).accounts == (written,)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('provider = "gogle"\nclient_id = "1"', "must be"),
        ('provider = "http://issuer.example"\nclient_id = "1"', "must be"),
        ('provider = "google"', "needs the client_id"),
        ('client_id = "1"', "needs provider"),
        ('provider = "google"\nclient_id = "1"\nclient_secret = "x"', "account login work asks for it"),
        ('provider = "google"\nclient_id = "1"\ntoken_url = "ftp://x"', "must be an https address"),
        ('provider = "microsoft"\nclient_id = "1"\ntenant = "../x"', "tenant must be"),
        ('provider = "google"\nclient_id = 1', "text in quotation marks"),
        ('provider = "google"\nclientid = "1"', 'did you mean "client_id"'),
    ],
)
def test_what_the_table_may_not_say(lines: str, words: str) -> None:
    config = parse(TABLE + lines, Path("/nowhere"))
    assert config.accounts == ()
    assert words in " ".join(problem.sentence for problem in config.problems)
