"""Secrets at a terminal: what is asked, that typing does not show, where it ends up, and a login with OAuth2."""

from __future__ import annotations

import os
import pty
import re
import select
import ssl
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.servers.oauth import TokenServer
from tests.servers.scripted import Peer, Scripted
from tui_mail.config.changing import add_account
from tui_mail.config.vault import Vault
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import paths

PASSPHRASE = "correct horse"
LEG = Server("localhost", 993, Security.TLS, "anna")


class Typed:
    """A command at a terminal of its own, without a keyring; Ctrl+C is heard even if these tests run behind a shell."""

    def __init__(self, home: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        argv = [sys.executable, "-m", "tui_mail", "--home", str(home), *words]
        argv = ["setsid", "--ctty", "env", "--default-signal=INT,QUIT", *argv]
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=environ)
        os.close(slave)
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def sees(self, pattern: str, seconds: float = 60.0) -> str:
        """Wait until the terminal shows it; what comes before it is read away."""
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.seen)) is None:
            ready = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0]
            try:
                octets = os.read(self._master, 65536) if ready else b""
            except OSError:
                octets = b""
            assert octets, f"no {pattern!r} in {self.seen!r}"
            self.seen += octets.decode("utf-8", "replace")
        self.seen = self.seen[found.end() :]
        return found[0]

    @property
    def echoes(self) -> bool:
        """Typing is shown."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def types(self, line: str) -> None:
        os.write(self._master, f"{line}\r".encode())

    def interrupts(self, seconds: float = 60.0) -> None:
        """Ctrl+C, until it is heard: one that comes just before Python begins to read is only seen at the next key."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and not select.select([self._master], [], [], 1.0)[0]:
            assert time.monotonic() < deadline, f"Ctrl+C is not heard: {self._state()}"
            os.write(self._master, b"\x03")

    def ends(self) -> int:
        """Its exit code, once all of its output was read."""
        while select.select([self._master], [], [], 1.0)[0] or self.process.poll() is None:
            try:
                octets = os.read(self._master, 65536)
            except OSError:
                break
            if not octets:
                break
            self.seen += octets.decode("utf-8", "replace")
        return self.process.wait(60)

    def _state(self) -> str:
        """What the kernel says of the command, and who has the terminal."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        wanted = ("State", "SigBlk", "SigIgn", "SigCgt", "Threads")
        lines = [line for line in status.splitlines() if line.startswith(wanted)]
        return f"{lines}, in front {os.tcgetpgrp(self._master)}, this {self.process.pid}"


def vault_of(home: Path) -> Vault:
    vault = Vault(paths(home).data)
    vault.open(PASSPHRASE)
    return vault


def everything(home: Path) -> bytes:
    return b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


def test_a_password_goes_to_the_vault_where_there_is_no_keyring(tmp_path: Path) -> None:
    """It says why, makes the vault, and shows nothing of what is typed; the next time, one may mistype."""
    add_account(paths(tmp_path), Account("work", "", "anna@example.org", Protocol.IMAP, LEG))
    with Typed(tmp_path, "account", "set-password", "work") as command:
        command.sees("Password of anna on localhost:")
        command.types("zebra-one")
        command.sees("No keyring runs.*The vault is used instead")
        command.sees("New passphrase for the vault:")
        command.types(PASSPHRASE)
        command.sees("The same again:")
        command.types("something else")
        command.sees("two different ones")
        command.sees("New passphrase for the vault:")
        command.types(PASSPHRASE)
        command.sees("The same again:")
        command.types(PASSPHRASE)
        assert "zebra" not in command.sees("The vault keeps the password of work now")
        assert command.ends() == 0
    assert vault_of(tmp_path).get("work/imap") == "zebra-one"
    with Typed(tmp_path, "account", "set-password", "work", "--vault") as command:
        command.sees("Password of anna on localhost:")
        command.types("zebra-two")
        command.sees("Passphrase of the vault:")
        command.types("mistyped")
        command.sees("does not open the vault")
        command.sees("Passphrase of the vault:")
        command.types(PASSPHRASE)
        command.sees("keeps the password")
        assert command.ends() == 0
    assert vault_of(tmp_path).get("work/imap") == "zebra-two"
    for secret in (b"zebra", PASSPHRASE.encode(), b"mistyped"):
        assert secret not in everything(tmp_path)


@pytest.mark.parametrize("words", [("account", "check"), ("doctor",)], ids=["check", "doctor"])
def test_what_looks_whether_all_works_asks_for_the_passphrase(tmp_path: Path, words: tuple[str, ...]) -> None:
    """The vault is asked as by `sync`: at a terminal by its passphrase, and without one it is locked."""
    with Scripted(refusing) as server:
        add_account(paths(tmp_path), Account("work", "", "anna@example.org", Protocol.IMAP, server.server()))
        vault_of(tmp_path).put("work/imap", "zebra-one")
        with Typed(tmp_path, *words) as command:
            command.sees("Passphrase of the vault:")
            command.types(PASSPHRASE)
            command.sees("was not accepted")
            assert command.ends() == 77
        environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        argv = ["setsid", sys.executable, "-m", "tui_mail", "--home", str(tmp_path), *words]
        alone = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, check=False)
        assert "The vault is locked" in alone.stdout
        assert alone.returncode == 77


def refusing(peer: Peer) -> None:
    """A server that accepts no password."""
    peer.say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready")
    while True:
        tag, text = peer.command()
        login = text.upper().startswith((b"LOGIN", b"AUTHENTICATE"))
        peer.say(tag + (b" NO [AUTHENTICATIONFAILED] no" if login else b" OK done"))


def test_the_keyring_cannot_be_had(tmp_path: Path) -> None:
    """Asked for by name, it is not replaced by anything."""
    add_account(paths(tmp_path), Account("work", "", "anna@example.org", Protocol.IMAP, LEG))
    with Typed(tmp_path, "account", "set-password", "work", "--keyring") as command:
        command.sees("Password of anna")
        command.types("zebra-one")
        command.sees("No keyring runs")
        assert command.ends() == 77
    assert b"zebra" not in everything(tmp_path)
    assert not vault_exists(tmp_path)


def vault_exists(home: Path) -> bool:
    return Vault(paths(home).data).exists


def test_the_terminal_shows_typing_again_after_ctrl_c(tmp_path: Path) -> None:
    add_account(paths(tmp_path), Account("work", "", "anna@example.org", Protocol.IMAP, LEG))
    with Typed(tmp_path, "account", "set-password", "work") as command:
        command.sees("Password of anna")
        assert not command.echoes
        command.interrupts()
        assert command.ends() == 130
        assert command.echoes


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with TokenServer(tmp_path_factory.mktemp("tokens")) as running:
        yield running


def test_a_login_with_a_pasted_address(tmp_path: Path, server: TokenServer) -> None:
    """The vault is opened first; the refresh token, and nothing else, is kept there."""
    account = Account("work", "", "anna@example.org", Protocol.IMAP, Server(**_oauth_leg()), oauth=server.oauth())
    add_account(paths(tmp_path), account)
    with Typed(tmp_path, "account", "login", "work", "--vault") as command:
        for question in ("New passphrase for the vault:", "The same again:"):
            command.sees(question)
            command.types(PASSPHRASE)
        command.sees("Open this address in a browser")
        address = command.sees(r"https://localhost:\S+")
        command.sees("paste its address here")
        command.types("https://example.org/?code=1&state=2")
        command.sees("not the address")
        context = ssl.create_default_context(cafile=server.ca_file)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context)).open(
                address, timeout=10
            )
        with answer.value as error:
            command.types(str(error.headers["Location"]))
        command.sees("work is logged in; the vault keeps the login")
        assert command.ends() == 0
    kept = vault_of(tmp_path).get("work/oauth")
    assert kept in server.refresh
    assert not any(token.encode() in everything(tmp_path) for token in (*server.access, *server.refresh))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _oauth_leg() -> dict[str, object]:
    return {"host": "localhost", "port": 993, "security": Security.TLS, "user": "anna", "auth": "oauth2"}
