"""A person at a terminal who can send: an account on a Dovecot that sends through a Postfix."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers.postfix import Postfix
from tests.terminal.conftest import PROGRAM, ROOT, Person, Said


class Writer(Person):
    """A person who can send."""

    def __init__(self, server: Postfix, home: Path) -> None:
        super().__init__(server.dovecot, home)
        self.post = server
        outgoing = server.server(self.user)
        added = self.add(
            email=server.address(self.user),
            smtp_host=outgoing.host,
            smtp_port=outgoing.port,
            smtp_user=outgoing.user,
            smtp_ca_file=outgoing.ca_file,
            smtp_password_command="printf %s " + server.dovecot.passwords[self.user],
        )
        assert added.code == 0, added.words
        self.synced()

    def send(self, raw: bytes, *words: str) -> Said:
        """Give a message to `send` on its standard input."""
        argv = [*PROGRAM, "--home", str(self.home), "send", "-", *words]
        done = subprocess.run(argv, input=raw, capture_output=True, timeout=90, check=False, cwd=ROOT)
        return Said(subprocess.CompletedProcess(argv, done.returncode, done.stdout.decode(), done.stderr.decode()))
