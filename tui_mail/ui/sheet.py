"""What somebody has answered in the assistant: plain values, from what was found to the account that is written.

What belongs here: how answers follow from each other, and keeping them (without secrets) for another run.
What must never be here: widgets, servers.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from tui_mail.config.accounts import account_names, check_account
from tui_mail.config.files import replace_whole
from tui_mail.errors import ConfigError
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import Paths
from tui_mail.settings import Candidate, Cure, Discovery, Leg, mismatch, usual_port

ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)*")
SECRETS = ("password", "outgoing_password")


@dataclass(slots=True)
class LegSheet:
    """One server, as it is being filled in."""

    host: str = ""
    port: str = ""
    security: Security = Security.TLS
    user: str = ""
    auth: str = "password"
    """password | command | oauth2"""
    command: str = ""
    """What a shell would be given; its first output line is the password, or the access token."""
    fingerprint: str = ""
    ca_file: str = ""

    def take(self, server: Server) -> None:
        """Fill everything in from settings that were found, or from a cure."""
        self.host, self.port, self.security, self.user = server.host, str(server.port), server.security, server.user
        self.fingerprint, self.ca_file = server.fingerprint, server.ca_file or self.ca_file
        if self.auth != "command":
            self.auth = server.auth

    def secure(self, security: Security, leg: Leg, protocol: Protocol) -> None:
        """Another security; the port follows, unless somebody chose one of their own."""
        if self.port in ("", str(usual_port(leg, protocol, self.security))):
            self.port = str(usual_port(leg, protocol, security))
        self.security = security

    def server(self) -> Server:
        """The server that these settings are of. Raises ConfigError for what cannot be read as a port or a command."""
        if not re.fullmatch(r"\d{1,5}", self.port):
            raise ConfigError(f'The port "{self.port}" is no number; 993, 995, 465 and 587 are usual ones.')
        try:
            command = tuple(shlex.split(self.command)) if self.auth != "password" else ()
        except ValueError as error:
            raise ConfigError(f"The password command does not read as a command line: {error}.") from None
        if self.auth == "command" and not command:
            raise ConfigError("Say which command prints the password, such as: pass show mail/work")
        if self.auth == "oauth2" and not command:
            raise ConfigError(
                "Say which command prints an access token, such as: oama access anna@example.org. To log in through a "
                "browser instead, add the account with `tui-mail account add --oauth`."
            )
        return Server(
            host=self.host.strip(),
            port=int(self.port),
            security=self.security,
            user=self.user.strip(),
            auth="oauth2" if self.auth == "oauth2" else "password",
            password_command=command,
            ca_file=self.ca_file,
            fingerprint=self.fingerprint,
        )


@dataclass(slots=True)
class Sheet:
    """All answers."""

    full_name: str = ""
    email: str = ""
    password: str = field(default="", repr=False)
    protocol: Protocol = Protocol.IMAP
    delete_from_server: str = "never"
    """POP3 only."""
    incoming: LegSheet = field(default_factory=LegSheet)
    outgoing: LegSheet = field(default_factory=LegSheet)
    same_login: bool = True
    """The outgoing server takes the same user and password."""
    outgoing_password: str = field(default="", repr=False)

    def take(self, candidate: Candidate) -> None:
        """Fill in what was found."""
        self.protocol = candidate.protocol
        self.incoming.take(candidate.incoming)
        if candidate.outgoing is not None:
            self.outgoing.take(candidate.outgoing)
            self.same_login = candidate.outgoing.user == candidate.incoming.user

    def change_protocol(self, protocol: Protocol, found: Discovery | None) -> None:
        """IMAP or POP3: the servers that were found for it, else the usual port and a name that fits."""
        if protocol is self.protocol:
            return
        before, self.protocol = self.protocol, protocol
        candidate = found.best(protocol) if found else None
        if candidate is not None:
            self.take(candidate)
            return
        if self.incoming.port in ("", str(usual_port("incoming", before, self.incoming.security))):
            self.incoming.port = str(usual_port("incoming", protocol, self.incoming.security))
        first, dot, rest = self.incoming.host.partition(".")
        if first in ("imap", "pop", "pop3"):
            self.incoming.host = ("imap" if protocol is Protocol.IMAP else "pop") + dot + rest

    def fill_blanks(self) -> None:
        """With nothing found: the names and ports that are usual, for a person to correct."""
        domain = self.email.rpartition("@")[2]
        usual = {"incoming": "imap" if self.protocol is Protocol.IMAP else "pop", "outgoing": "smtp"}
        for leg, sheet in self.legs():
            sheet.host = sheet.host or (f"{usual[leg]}.{domain}" if domain else "")
            sheet.port = sheet.port or str(usual_port(leg, self.protocol, sheet.security))
            sheet.user = sheet.user or self.email

    def legs(self) -> Iterable[tuple[Leg, LegSheet]]:
        """Both servers."""
        yield "incoming", self.incoming
        yield "outgoing", self.outgoing

    def cures(self) -> list[Cure]:
        """What can be done about ports that usually speak another security."""
        found: list[Cure] = []
        for leg, sheet in self.legs():
            with contextlib.suppress(ConfigError):
                found += mismatch(leg, self.protocol, sheet.server())
        return found

    def apply(self, cure: Cure) -> None:
        """Change what a cure changes, and nothing else."""
        (self.incoming if cure.leg == "incoming" else self.outgoing).take(cure.server)

    def account(self, paths: Paths) -> Account:
        """The account. Raises ConfigError with what is not right, UsageError when there is such an account."""
        email = self.email.strip()
        if not ADDRESS.fullmatch(email):
            raise ConfigError(f'"{email}" is no e-mail address; it looks like anna@example.org.')
        incoming = self.incoming.server()
        outgoing = None
        if self.outgoing.host.strip():
            outgoing = self.outgoing.server()
            if self.same_login:
                outgoing = replace(
                    outgoing, user=incoming.user, auth=incoming.auth, password_command=incoming.password_command
                )
        account = Account(
            name=name_for(email, account_names(paths)),
            full_name=self.full_name.strip(),
            email=email,
            protocol=self.protocol,
            incoming=incoming,
            outgoing=outgoing,
            delete_from_server=self.delete_from_server if self.protocol is Protocol.POP3 else "never",
        )
        check_account(paths, account)
        return account

    def secrets(self) -> dict[Leg, str]:
        """What was typed, for each server that wants it."""
        found: dict[Leg, str] = {}
        if self.incoming.auth == "password" and self.password:
            found["incoming"] = self.password
        outgoing = self.password if self.same_login else self.outgoing_password
        wants = (self.incoming if self.same_login else self.outgoing).auth == "password"
        if self.outgoing.host.strip() and wants and outgoing:
            found["outgoing"] = outgoing
        return found


def name_for(email: str, taken: Iterable[str]) -> str:
    """What the account is called: the domain's own word, with a number when that is taken."""
    labels = email.rpartition("@")[2].lower().split(".")
    word = next((label for label in labels[:-1] if label not in ("mail", "www")), labels[0])
    word = re.sub(r"[^a-z0-9_-]", "", word) or "mail"
    names, number = set(taken), 2
    name = word
    while name in names:
        name, number = f"{word}-{number}", number + 1
    return name


# --- another run ---------------------------------------------------------------------------------


def keep(paths: Paths, sheet: Sheet) -> None:
    """Keep the answers, without secrets, should the program end before the account is written."""
    with contextlib.suppress(OSError):
        replace_whole(_file(paths), json.dumps(_plain(sheet)).encode())


def kept(paths: Paths) -> Sheet | None:
    """The answers of a run that was not finished; None when there are none that can be read."""
    try:
        found = json.loads(_file(paths).read_text("utf-8"))
        return _sheet(found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def forget(paths: Paths) -> None:
    """It is finished, or was given up."""
    _file(paths).unlink(missing_ok=True)


def _file(paths: Paths) -> Path:
    return paths.state / "setup.json"


def _plain(sheet: Sheet | LegSheet) -> dict[str, object]:
    return {
        one.name: _plain(value) if isinstance(value := getattr(sheet, one.name), LegSheet) else value
        for one in fields(sheet)
        if one.name not in SECRETS
    }


def _sheet(found: Mapping[str, object]) -> Sheet:
    sheet = Sheet()
    for name in ("full_name", "email", "delete_from_server"):
        setattr(sheet, name, str(found[name]))
    sheet.protocol, sheet.same_login = Protocol(str(found["protocol"])), bool(found["same_login"])
    for leg, one in sheet.legs():
        values = found[leg]
        if not isinstance(values, dict):
            raise TypeError(leg)
        for item in fields(LegSheet):
            setattr(one, item.name, str(values[item.name]))
        one.security = Security(one.security)
    return sheet
