"""A login with OAuth2 in the assistant, by typing in a terminal: from an address to the first message."""

from __future__ import annotations

import os
import signal
import socket
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.oauth import CLIENT, TokenServer
from tests.servers.token_mail import browse, mail_server, token_server
from tests.terminal.conftest import PROGRAM, letter
from tests.terminal.terminal import Terminal
from tests.terminal.test_setup import keeping_nothing, over
from tui_mail.model import Security

pytestmark = [pytest.mark.server, pytest.mark.terminal]


@pytest.fixture(scope="module")
def tokens_of_anna() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(tokens_of_anna: TokenServer) -> Iterator[Dovecot]:
    with mail_server(tokens_of_anna) as server:
        yield server


def shown_address(terminal: Terminal) -> str:
    """What the browser is to open, put together from the lines that it takes."""
    terminal.wait_for("its address:", 20)
    lines = [line.strip() for line in terminal.lines]
    first = next(at for at, line in enumerate(lines) if line.endswith("its address:")) + 1
    last = next(at for at in range(first, len(lines)) if not lines[at])
    return "".join(lines[first:last])


@contextmanager
def begun(dovecot: Dovecot, tokens_of_anna: TokenServer, home: Path, issuer: str = "") -> Iterator[Terminal]:
    """Address, both servers and the registration are typed, and the login has begun."""
    incoming, outgoing = dovecot.server("anna"), dovecot.outgoing("anna")
    authorities = home.parent / "authorities.pem"
    authorities.write_text("".join(Path(one).read_text() for one in (incoming.ca_file, tokens_of_anna.ca_file)))
    argv = [*PROGRAM, "--home", str(home)]
    with Terminal(argv, columns=80, rows=24, env={"SSL_CERT_FILE": str(authorities)}) as terminal:
        terminal.wait_for("E-mail", 30)
        over(terminal, "Anna Berg")
        terminal.press("enter")
        terminal.send("anna@localhost")
        terminal.press("enter", "enter", "enter")
        terminal.wait_for("2 of 5", 15)
        terminal.wait_for("are a guess", 60)
        over(terminal, incoming.host)
        terminal.press("tab")
        over(terminal, str(incoming.port))
        terminal.press("tab", "tab")
        over(terminal, "anna")
        terminal.press("tab", "right")
        terminal.wait_for("password command", 10)
        terminal.press("right")
        terminal.wait_for("login in a browser", 10)
        terminal.press("tab")
        over(terminal, outgoing.host)
        terminal.press("tab")
        over(terminal, str(outgoing.port))
        terminal.press("tab", *(["right"] if outgoing.security is Security.STARTTLS else []))
        terminal.press("tab", "enter", "enter")
        terminal.wait_for("3 of 6", 15)
        over(terminal, issuer or tokens_of_anna.url)
        terminal.press("enter")
        terminal.send(CLIENT)
        terminal.press("enter", "enter", "enter")
        yield terminal


def test_from_an_address_to_the_first_message(dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path) -> None:
    dovecot.deliver("anna", letter("Welcome on board"))
    with begun(dovecot, tokens_of_anna, tmp_path / "home") as terminal:
        browse(shown_address(terminal), tokens_of_anna.ca_file, to_the_end=True)
        terminal.wait_for("4 of 6", 20)
        terminal.wait_for("Continue", 60)
        terminal.press("enter")
        terminal.wait_for("5 of 6", 15)
        terminal.wait_for("Where is the login kept?", 15)
        keeping_nothing(terminal, "6 of 6", "Welcome on board")
    written = (tmp_path / "home" / "config.toml").read_text()
    assert 'auth = "oauth2"' in written
    assert not any(token in written for token in tokens_of_anna.refresh)


def test_killed_in_the_middle_of_a_login(dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path) -> None:
    """Nothing half-made is left, no login that was not used counts, and the next start has the answers."""
    home = tmp_path / "home"
    with begun(dovecot, tokens_of_anna, home) as terminal:
        address = shown_address(terminal)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_end(10)
    with pytest.raises(urllib.error.URLError):
        browse(address, tokens_of_anna.ca_file, to_the_end=True)
    assert not (home / "config.toml").exists()
    kept = (home / "state" / "setup.json").read_text()
    assert CLIENT in kept
    with Terminal([*PROGRAM, "--home", str(home)], columns=80, rows=24) as terminal:
        terminal.wait_for("anna@localhost", 30)
        terminal.press("escape")
        assert terminal.wait_end(15) == 1


def test_a_provider_that_is_away(dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path) -> None:
    """It is said, nothing is written, and the page is still there for another try."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with begun(dovecot, tokens_of_anna, tmp_path / "home", f"https://localhost:{port}") as terminal:
        terminal.wait_for("✗", 30)
        terminal.wait_for("3 of 6")
        terminal.wait_for("Log in with a browser")
    assert not (tmp_path / "home" / "config.toml").exists()
