"""The private servers out of unpacked packages: what other tests rely on when they use them."""

from __future__ import annotations

import imaplib
import os
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers import debs
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import wait_until
from tests.servers.private import PrivateServer
from tui_mail.model import Security

pytestmark = pytest.mark.server

HELLO = b"From: Bea <bea@example.org>\r\nSubject: hello\r\n\r\nhello\r\n"


def test_delivered_mail_is_in_the_inbox_of_one_user(private: PrivateServer) -> None:
    """A message is seen by the next client at once, and by nobody else."""
    anna, bea = private.new_user(), private.new_user("pa ss:wörd")
    private.deliver(anna, HELLO, HELLO)
    for user, count in ((anna, b"2"), (bea, b"0")):
        client = private.connect(user) if user == anna else _log_in_plain(private, user)
        assert client.select("INBOX")[1] == [count]
        client.logout()


def _log_in_plain(server: PrivateServer, user: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4("localhost", server.server(user, Security.STARTTLS).port, timeout=20)
    client.starttls(ssl.create_default_context(cafile=str(server.ca_file)))
    client.authenticate("PLAIN", lambda _: f"\0{user}\0{server.passwords[user]}".encode())
    return client


def test_a_killed_server_comes_back_with_the_mail_on_the_same_ports(private: PrivateServer) -> None:
    """Connections of before are dead; a new one finds everything."""
    anna = private.new_user()
    private.deliver(anna, HELLO)
    before, ports = private.connect(anna, "INBOX"), dict(private.ports)
    private.kill()
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        before.noop()
    before.shutdown()
    private.start()
    assert private.ports == ports
    client = private.connect(anna, "INBOX")
    assert client.search(None, "ALL")[1] == [b"1"]
    client.logout()


def test_nothing_runs_on_when_the_tests_are_killed(private: PrivateServer) -> None:
    """kill -9 of the process that started a server ends the server too."""
    if not private.is_apart:
        need("the kernel allows no process namespaces here")
    program = (
        "import os, signal\n"
        f"from {type(private).__module__} import {type(private).__name__} as Server\n"
        "server = Server(); server.start(); print(server.root, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    root = done.stdout.strip()
    assert wait_until(lambda: not _mentioning(root), 10), _mentioning(root)
    subprocess.run(["rm", "-rf", "--", root], check=True)


def _mentioning(text: str) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text in command:
                found.append(command)
    return found


def test_cyrus_tells_special_uses_in_lower_case(cyrus: Cyrus) -> None:
    """Which is why roles are compared without case."""
    client = cyrus.connect(cyrus.new_user())
    listed = [line for line in client.list()[1] if isinstance(line, bytes)]
    client.logout()
    assert any(rb"\sent)" in line and line.endswith(b"Sent") for line in listed)


def test_courier_keeps_all_folders_below_the_inbox(courier: Courier) -> None:
    """And says so by NAMESPACE."""
    client = courier.connect(courier.new_user())
    listed = [line for line in client.list()[1] if isinstance(line, bytes)]
    namespace = client.namespace()[1][0]
    client.logout()
    assert all(b'"INBOX' in line for line in listed)
    assert namespace.startswith(b'(("INBOX." ".")')


def test_packages_are_fetched_and_unpacked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What cannot be had says why in one sentence; nothing half made stays behind."""
    monkeypatch.setenv("TUI_MAIL_TEST_CACHE", str(tmp_path))
    with pytest.raises(debs.NotHere, match=r"run\.py test --full"):
        debs.tree("cyrus", fetch=False)
    monkeypatch.setitem(debs.PACKAGES, "cyrus", ("no-such-package-at-all",))
    if debs.shutil.which("apt-get") is not None:
        monkeypatch.setattr(debs.os, "geteuid", lambda: 1000)  # or it would ask for new lists, too
        with pytest.raises(debs.NotHere, match="no-such-package-at-all"):
            debs.tree("cyrus")
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and not file.name.endswith(".lock")]
    assert re.fullmatch(r"[a-z]+-[\w.]+-\w+", debs._system())
