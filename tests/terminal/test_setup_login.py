"""A login with OAuth2 in the assistant, by typing in a terminal: from an address to the first message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.oauth import CLIENT, TokenServer
from tests.servers.token_mail import browse, mail_server, token_server
from tests.terminal.conftest import PROGRAM, letter
from tests.terminal.terminal import Terminal
from tests.terminal.test_setup import over
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


def test_from_an_address_to_the_first_message(dovecot: Dovecot, tokens_of_anna: TokenServer, tmp_path: Path) -> None:
    dovecot.deliver("anna", letter("Welcome on board"))
    incoming, outgoing = dovecot.server("anna"), dovecot.outgoing("anna")
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("".join(Path(one).read_text() for one in (incoming.ca_file, tokens_of_anna.ca_file)))
    argv = [*PROGRAM, "--home", str(tmp_path / "home")]
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
        over(terminal, tokens_of_anna.url)
        terminal.press("enter")
        terminal.send(CLIENT)
        terminal.press("enter", "enter", "enter")
        browse(shown_address(terminal), tokens_of_anna.ca_file, to_the_end=True)
        terminal.wait_for("4 of 6", 20)
        terminal.wait_for("Continue", 60)
        terminal.press("enter")
        terminal.wait_for("5 of 6", 15)
        terminal.wait_for("Where is the login kept?", 15)
        terminal.wait_for("Not at all", 15)
        terminal.press("up")
        terminal.send(" ")
        terminal.wait_for("● Not at all", 10)
        terminal.press("tab", "enter")
        terminal.wait_for("6 of 6", 15)
        terminal.press("enter")
        terminal.wait_for("Welcome on board", 60)
        terminal.press("q")
        terminal.wait_end(15)
    written = (tmp_path / "home" / "config.toml").read_text()
    assert 'auth = "oauth2"' in written
    assert not any(token in written for token in tokens_of_anna.refresh)
