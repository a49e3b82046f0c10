"""One person at a terminal: a user of a real server, a home of their own, and the program as others start it."""

from __future__ import annotations

import imaplib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.dovecot import Dovecot, wait_until
from tests.servers.postfix import Postfix
from tests.terminal.terminal import Terminal

if TYPE_CHECKING:
    from tests.terminal.writer import Writer

PROGRAM = (sys.executable, "-m", "tui_mail")
ROOT = Path(__file__).resolve().parents[2]


def letter(subject: str, *, text: str = "", number: int = 1, sender: str = "Anna Berg <anna@example.org>") -> bytes:
    """A small message; a higher number is a later one."""
    return (
        f"From: {sender}\r\nTo: Ola <ola@example.org>\r\nSubject: {subject}\r\n"
        f"Date: Mon, 02 Nov 2026 10:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        f"Message-ID: <{subject.encode().hex()[:60]}.{number}@test.example>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text or f'What {subject} says.'}\r\n"
    ).encode()


class Said:
    """What a command answered."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.out, self.words = done.stdout, done.stderr

    @property
    def json(self) -> Any:
        """The one document on stdout; fails when there is none, or more than one."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line for people. Fails when it is none, several, or a traceback."""
        lines = self.words.splitlines()
        assert len(lines) == 1, f"not one line: {self.words!r}"
        assert "Traceback" not in self.words
        assert lines[0].rstrip().endswith((".", "?", ")")), f"not a sentence: {lines[0]!r}"
        return lines[0]


class Person:
    """A user of the server, their home, and other clients of theirs."""

    def __init__(self, server: Dovecot, home: Path) -> None:
        self.server = server
        self.user = server.new_user()
        self.home = home

    def run(self, *words: str | int, env: Mapping[str, str] | None = None, **popen: Any) -> Said:
        """Carry out one command in this home."""
        argv = [*PROGRAM, "--home", str(self.home), *map(str, words)]
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            **popen,
        )
        return Said(done)

    def add(self, name: str = "work", /, **options: str | int) -> Said:
        """Set the account up as a person does; options with underscores replace the right ones."""
        server = self.server.server(self.user)
        settings: dict[str, str | int] = {
            "email": f"{self.user}@example.org",
            "user": self.user,
            "host": server.host,
            "port": server.port,
            "ca_file": server.ca_file,
            "password_command": "printf %s " + self.server.passwords[self.user],
            **options,
        }
        words = [f"--{key.replace('_', '-')}={value}" for key, value in settings.items()]
        return self.run("account", "add", name, *words)

    def synced(self) -> None:
        """Read everything once."""
        said = self.run("sync", "--bodies")
        assert said.code == 0, said.words

    def rows(self, folder: str = "inbox") -> list[dict[str, Any]]:
        """What `list` knows, newest first."""
        said = self.run("list", folder, "--json")
        assert said.code == 0, said.words
        rows: list[dict[str, Any]] = said.json
        return rows

    def deliver(self, *messages: bytes) -> None:
        """Mail comes in."""
        self.server.deliver(self.user, *messages)

    @contextmanager
    def elsewhere(self, folder: str = "INBOX") -> Iterator[imaplib.IMAP4_SSL]:
        """Another client of the same person, with a folder open."""
        client = self.server.connect(self.user, folder)
        try:
            yield client
        finally:
            client.logout()

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """What the server has, sorted."""
        with self.elsewhere(folder) as client:
            _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        found = [part[1] for part in data if isinstance(part, tuple)]
        return sorted(line.split(b":", 1)[1].strip().decode() for line in found)

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each message on the server, in order."""
        with self.elsewhere(folder) as client:
            _, data = client.uid("FETCH", "1:*", "(FLAGS)")
        return [part.decode().split("FLAGS (")[1].split(")")[0] for part in data if isinstance(part, bytes)]

    def until_server_has(self, folder: str, *subjects: str) -> None:
        """Wait until the server's folder holds exactly these."""
        held = wait_until(lambda: self.subjects(folder) == sorted(subjects), 10)
        assert held, f"{folder} has {self.subjects(folder)}, not {sorted(subjects)}"

    def screen(
        self,
        *words: str,
        columns: int = 160,
        rows: int = 48,
        argv: Sequence[str] = PROGRAM,
        env: Mapping[str, str] | None = None,
    ) -> Terminal:
        """The full screen of this home."""
        return Terminal([*argv, "--home", str(self.home), *words], columns=columns, rows=rows, cwd=ROOT, env=env)


@pytest.fixture
def writer(postfix: Postfix, tmp_path: Path) -> Writer:
    from tests.terminal.writer import Writer  # which needs what is above

    return Writer(postfix, tmp_path / "home")


@pytest.fixture
def person(dovecot: Dovecot, tmp_path: Path) -> Person:
    return Person(dovecot, tmp_path / "home")
