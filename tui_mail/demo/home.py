"""The temporary home of a demo: its configuration, and what the demo's server tells of itself."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from tui_mail.demo.sample.cast import ROBIN
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.records import frozen

NAME = "tidewater"
"""Of the account, in config.toml and in the tree."""
USER = "robin"
PASSWORD = "demo"  # noqa: S105  (it opens nothing but this demo)


@frozen
class Ports:
    """Where the demo's server listens on loopback, and how to log in there."""

    imap: int
    """IMAP over TLS."""
    smtp: int
    """SMTP over TLS."""
    user: str
    password: str
    ca: str
    """PEM file of the authority to trust."""
    home: str
    """Value for TUI_MAIL_HOME: there is a config.toml with this account."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> Ports:
        """The inverse of `to_json`."""
        return Ports(**json.loads(line))

    def account(self) -> Account:
        """The account that config.toml describes."""
        incoming = Server(
            "localhost",
            self.imap,
            Security.TLS,
            self.user,
            password_command=("printf", "%s", self.password),
            ca_file=self.ca,
        )
        outgoing = Server(
            "localhost",
            self.smtp,
            Security.TLS,
            self.user,
            password_command=incoming.password_command,
            ca_file=self.ca,
        )
        return Account(NAME, ROBIN.name, ROBIN.email, Protocol.IMAP, incoming, outgoing)

    def configuration(self) -> str:
        """The text of config.toml."""
        command = json.dumps(["printf", "%s", self.password])
        ca_file = json.dumps(self.ca)
        return (
            "# Made by the demo, and removed with it.\n"
            f"[accounts.{NAME}]\n"
            f'name = "{ROBIN.name}"\nemail = "{ROBIN.email}"\nprotocol = "imap"\n\n'
            f"[accounts.{NAME}.incoming]\n"
            f'host = "localhost"\nport = {self.imap}\nsecurity = "tls"\nuser = "{self.user}"\nauth = "password"\n'
            f"password_command = {command}\nca_file = {ca_file}\n\n"
            f"[accounts.{NAME}.outgoing]\n"
            f'host = "localhost"\nport = {self.smtp}\nsecurity = "tls"\n'
        )


def write_whole(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half, 0600."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(text)
    partial.replace(path)
