"""What somebody has answered in the assistant: plain values, from what was found to the account that is written.

What belongs here: how answers follow from each other, and keeping them (without secrets) for another run.
What must never be here: widgets, servers.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from tui_mail.config.accounts import load
from tui_mail.config.changing import account_names, check_account
from tui_mail.config.files import replace_whole
from tui_mail.errors import ConfigError
from tui_mail.model import Account, OAuth, Protocol, Security, Server
from tui_mail.paths import Paths
from tui_mail.settings import Candidate, Cure, Discovery, Leg, mismatch, usual_port

ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)*")
FIRST_PERSON = 1000
"""User numbers below are the system's own."""
LEFT_OUT = ("password", "outgoing_password", "imported")
"""What another run does not find again."""


@dataclass(slots=True)
class LegSheet:
    """One server, as it is being filled in."""

    host: str = ""
    port: str = ""
    security: Security = Security.TLS
    user: str = ""
    auth: str = "password"
    """password | command | oauth2, which is a login in a browser | token, which a command prints"""
    command: str = ""
    """What a shell would be given; its first output line is the password, or the access token."""
    fingerprint: str = ""
    ca_file: str = ""

    def take(self, server: Server) -> None:
        """Fill everything in from settings that were found, or from a cure."""
        self.host, self.port, self.security, self.user = server.host, str(server.port), server.security, server.user
        self.fingerprint, self.ca_file = server.fingerprint, server.ca_file or self.ca_file
        if server.auth == "oauth2":
            self.auth = "token" if self.command else "oauth2"
        elif self.auth != "command":
            self.auth = "password"

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
            command = tuple(shlex.split(self.command)) if self.auth in ("command", "token") else ()
        except ValueError as error:
            raise ConfigError(f"The password command does not read as a command line: {error}.") from None
        if self.auth == "command" and not command:
            raise ConfigError("Say which command prints the password, such as: pass show mail/work")
        if self.auth == "token" and not command:
            raise ConfigError("Say which command prints an access token, such as: oama access anna@example.org")
        return Server(
            host=self.host.strip(),
            port=int(self.port),
            security=self.security,
            user=self.user.strip(),
            auth="oauth2" if self.auth in ("oauth2", "token") else "password",
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
    provider: str = ""
    """Of a login in a browser: google | microsoft | the address of an issuer."""
    client_id: str = ""
    tenant: str = ""
    """Microsoft only."""
    account_name: str = ""
    """What the account is called; empty: `name_for` finds a name."""
    imported: Account | None = field(default=None, repr=False)
    """What another program knows, for everything that has no field here: aliases, signature, sendmail."""

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
        names = account_names(paths)
        known = self.imported if self.imported is not None and self.imported.email == email else None
        proposed = known.name if known is not None and known.name not in names else name_for(email, names)
        account = Account(
            name=self.account_name or proposed,
            full_name=self.full_name.strip(),
            email=email,
            protocol=self.protocol,
            incoming=incoming,
            outgoing=outgoing,
            delete_from_server=self.delete_from_server if self.protocol is Protocol.POP3 else "never",
            oauth=self.oauth() if self.logs_in else None,
        )
        if known is not None:
            account = _with_the_rest(account, known)
        check_account(paths, account)
        return account

    @property
    def logs_in(self) -> bool:
        """A login in a browser is wanted."""
        sending = self.outgoing.host.strip() and not self.same_login and self.outgoing.auth == "oauth2"
        return self.incoming.auth == "oauth2" or bool(sending)

    def oauth(self) -> OAuth:
        """How one logs in."""
        own = self.provider not in ("google", "microsoft")
        return OAuth(
            provider=self.provider.strip(),
            client_id=self.client_id.strip(),
            tenant=self.tenant.strip() if self.provider == "microsoft" else "",
            ca_file=self.incoming.ca_file if own else "",
        )

    def guess_provider(self) -> None:
        """Who is asked for a login, by the server's name."""
        host = self.incoming.host.lower()
        if not self.provider:
            known = (("google", ("gmail.com", "googlemail.com")), ("microsoft", ("office365.com", "outlook.com")))
            self.provider = next((name for name, ends in known if host.endswith(ends)), "")

    def import_from(self, account: Account) -> None:
        """Fill in what another program knows of an account."""
        self.email, self.full_name = account.email, account.full_name or self.full_name
        self.protocol, self.delete_from_server = account.protocol, account.delete_from_server
        self.imported = account
        for (_, sheet), server in zip(self.legs(), (account.incoming, account.outgoing), strict=True):
            sheet.command, sheet.auth = "", "password"
            if server is None:
                sheet.host = sheet.port = sheet.user = ""
                continue
            token = server.auth == "oauth2" and account.oauth is not None and account.oauth.token_command
            sheet.command = shlex.join(server.password_command or token or ())
            sheet.auth = "command" if sheet.command else "password"
            sheet.take(server)
        self.same_login = account.outgoing is None or (
            (account.outgoing.user, account.outgoing.auth, account.outgoing.password_command)
            == (account.incoming.user, account.incoming.auth, account.incoming.password_command)
        )
        if account.oauth is not None:
            self.provider, self.client_id = account.oauth.provider, account.oauth.client_id
            self.tenant = account.oauth.tenant

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


def _with_the_rest(account: Account, known: Account) -> Account:
    """With what has no field in the assistant; folders are those of one server."""
    same_place = (account.protocol, account.incoming.host) == (known.protocol, known.incoming.host)
    return replace(
        account,
        aliases=known.aliases,
        signature=known.signature,
        signatures=known.signatures,
        save_sent=known.save_sent,
        folders=known.folders if same_place else (),
        sendmail_command=() if account.outgoing is not None else known.sendmail_command,
    )


def own_name() -> str:
    """What the system calls the person; empty for its own users."""
    import pwd

    if os.getuid() >= FIRST_PERSON:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_gecos.partition(",")[0].strip()
    return ""


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
    """The answers of a run that did not come to its end; None when there are none that can be read."""
    try:
        sheet = _sheet(json.loads(_file(paths).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    mine = (sheet.email, sheet.incoming.host, sheet.incoming.user)
    if any((one.email, one.incoming.host, one.incoming.user) == mine for one in load(paths).accounts):
        forget(paths)  # it ended after it had written the account
        return None
    return sheet


def forget(paths: Paths) -> None:
    """It is finished, or was given up."""
    _file(paths).unlink(missing_ok=True)


def _file(paths: Paths) -> Path:
    return paths.state / "setup.json"


def _plain(sheet: Sheet | LegSheet) -> dict[str, object]:
    return {
        one.name: _plain(value) if isinstance(value := getattr(sheet, one.name), LegSheet) else value
        for one in fields(sheet)
        if one.name not in LEFT_OUT
    }


def _sheet(found: Mapping[str, object]) -> Sheet:
    sheet = Sheet()
    for name in ("full_name", "email", "delete_from_server", "provider", "client_id", "tenant", "account_name"):
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
